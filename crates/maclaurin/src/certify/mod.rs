//! Proofs about series: where they converge, and how far a Taylor polynomial is from its
//! function.
//!
//! Everything is interval arithmetic with outward rounding: a bound may be wide, it is never
//! wrong.

mod bound;
mod choose;
mod cover;
mod difference;
mod form;
mod hole;
mod outside;
mod path;
mod radius;
mod region;
mod removable;
mod rounding;
mod singularity;

pub use bound::{ErrorBound, ErrorProfile};
pub(crate) use bound::{degree, error_of, value_at};
pub use form::Basis;
pub(crate) use form::Form;
pub use outside::OutsideRadius;
pub use radius::Radius;
pub use rounding::Format;
