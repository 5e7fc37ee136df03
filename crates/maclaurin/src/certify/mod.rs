//! Proofs about series: where they converge, and how far a Taylor polynomial is from its
//! function.
//!
//! Everything is interval arithmetic with outward rounding: a bound may be wide, it is never
//! wrong.

mod bound;
mod choose;
mod code;
mod cover;
mod difference;
mod enclosure;
mod form;
mod hole;
mod image;
mod inherited;
mod inverse;
mod nearest;
mod outside;
mod pade;
mod path;
mod pole;
mod quotient;
mod radius;
mod region;
mod removable;
mod root;
mod rounding;
mod running;
mod singularity;
mod vanishing;

pub use bound::{ErrorBound, ErrorProfile};
pub(crate) use bound::{check_finite, error_of};
pub(crate) use code::in_python;
pub(crate) use difference::Measure;
pub(crate) use enclosure::{first_not_positive, limit_at, value_at};
pub use form::Basis;
pub(crate) use form::Form;
pub(crate) use hole::{Hole, Holes};
pub use nearest::SingularPoint;
pub use outside::OutsideRadius;
pub use pade::Poles;
pub(crate) use region::degree;
pub(crate) use rounding::{Evaluation, total};
