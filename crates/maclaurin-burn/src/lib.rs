//! Taylor expansions and convolutions over the powers of their input as modules of [Burn](https://burn.dev):
//! `y = b + sum_k W_k * (x - x0)^k`.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use maclaurin_burn::TaylorConv2dConfig;
//!
//! let device = Device::flex().autodiff();
//! let layer = TaylorConv2dConfig::new([3, 16], [3, 3])
//!     .with_order(3)
//!     .with_padding([1, 1])
//!     .init(&device)?;
//! let x = Tensor::<4>::ones([2, 3, 8, 8], &device).require_grad();
//! let y = layer.forward(x.clone());
//! assert_eq!(y.dims(), [2, 16, 8, 8]);
//! let gradients = y.sum().backward();
//! assert_eq!(x.grad(&gradients).unwrap().dims(), [2, 3, 8, 8]);
//! # Ok::<(), maclaurin_burn::StartError>(())
//! ```
//!
//! [`TaylorConv2d`], [`TaylorConv1d`] and [`TaylorLinear`] use the kernels of the crate `maclaurin` on
//! Burn's CPU back-end, Flex, forward and backward, and keep nothing but the input in between; other
//! back-ends panic, as Burn's extensions do where they are not implemented. All other layers are made of
//! Burn's own operations and work on every back-end: [`TaylorExpansion`], [`TaylorActivation`],
//! [`TaylorConv3d`] and the transposed convolutions.

mod backend;
mod constants;
mod convolution;
mod expansion;
mod initial;
mod linear;
mod operations;
mod transposed;

pub use backend::ConvolutionBackend;
pub use constants::Constants;
pub use convolution::{
    TaylorConv1d, TaylorConv1dConfig, TaylorConv2d, TaylorConv2dConfig, TaylorConv3d,
    TaylorConv3dConfig,
};
pub use expansion::{
    Degrees, Kind, TaylorActivation, TaylorActivationConfig, TaylorExpansion, TaylorExpansionConfig,
};
pub use initial::{Start, StartError};
pub use linear::{TaylorLinear, TaylorLinearConfig};
pub use operations::{
    taylor_conv_transpose1d, taylor_conv_transpose2d, taylor_conv_transpose3d, taylor_conv2d,
    taylor_conv3d,
};
pub use transposed::{
    TaylorConvTranspose1d, TaylorConvTranspose1dConfig, TaylorConvTranspose2d,
    TaylorConvTranspose2dConfig, TaylorConvTranspose3d, TaylorConvTranspose3dConfig,
};
