//! Proofs about series: where they converge, and how far a Taylor polynomial is from its
//! function.
//!
//! Everything is interval arithmetic with outward rounding: a bound may be wide, it is never
//! wrong.

mod bound;
mod choose;
mod cover;
mod hole;
mod outside;
mod path;
mod radius;
mod region;
mod removable;
mod singularity;

pub use bound::ErrorBound;
pub use outside::OutsideRadius;
pub use radius::Radius;
