//! The layers against Burn's own operations, its autodiff and the native expansion.

mod common;
mod convolution;
mod expansion;
mod transposed;
