//! Convolutions over the powers of their input as modules of [Burn](https://burn.dev):
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
//! On Burn's CPU back-end, Flex, the kernels of the crate `maclaurin` do the work, forward and
//! backward, and nothing but the input is kept in between. Other back-ends panic, as Burn's
//! extensions do where they are not implemented.

mod backend;
mod convolution;

pub use backend::ConvolutionBackend;
pub use convolution::{
    Start, StartError, TaylorConv1d, TaylorConv1dConfig, TaylorConv2d, TaylorConv2dConfig,
    TaylorLinear, TaylorLinearConfig, taylor_conv2d,
};
