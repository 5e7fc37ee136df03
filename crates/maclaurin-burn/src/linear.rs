//! The module of a linear layer.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::{Start, StartError, TaylorConv2d, TaylorConv2dConfig};

/// Configuration of [`TaylorLinear`], with the fields of Burn's `LinearConfig`.
#[derive(Config, Debug)]
pub struct TaylorLinearConfig {
    /// Features of the input.
    pub d_input: usize,
    /// Features of the output.
    pub d_output: usize,
    /// Whether a bias is added.
    #[config(default = true)]
    pub bias: bool,
    /// The function whose series initializes the weights.
    #[config(default = "String::from(\"softplus\")")]
    pub function: String,
    /// The highest power.
    #[config(default = "4")]
    pub order: usize,
    /// The expansion point, as text.
    #[config(default = "String::from(\"0\")")]
    pub at: String,
    /// How the weights are initialized.
    #[config(default = "Start::Series")]
    pub start: Start,
}

/// A linear layer over the powers of its input: `y = b + sum_k W_k (x - x0)^k`.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::TaylorLinearConfig;
///
/// let layer = TaylorLinearConfig::new(10, 3).with_order(2).init(&Device::flex())?;
/// assert_eq!(layer.forward(Tensor::<2>::zeros([5, 10], &Device::flex())).dims(), [5, 3]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Module, Debug)]
pub struct TaylorLinear {
    /// The convolution of pictures of one pixel.
    pub convolution: TaylorConv2d,
}

impl TaylorLinearConfig {
    /// A layer with initial weights.
    ///
    /// # Errors
    ///
    /// As [`TaylorConv2dConfig::init`].
    pub fn init(&self, device: &Device) -> Result<TaylorLinear, StartError> {
        let config = TaylorConv2dConfig::new([self.d_input, self.d_output], [1, 1])
            .with_bias(self.bias)
            .with_function(self.function.clone())
            .with_order(self.order)
            .with_at(self.at.clone())
            .with_start(self.start.clone());
        Ok(TaylorLinear { convolution: config.init(device)? })
    }
}

impl TaylorLinear {
    /// The layer's output for `x` of shape (..., `d_input`).
    ///
    /// # Panics
    ///
    /// As [`TaylorConv2d::forward`].
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = x.dims();
        let features = shape[D - 1];
        let lines: usize = shape[..D - 1].iter().product();
        let weight = &self.convolution.weight;
        if lines == 0 {
            // Burn's reshape takes a 0 for the extent that was there; gradients are sums over nothing.
            shape[D - 1] = weight.dims()[0];
            let nothing = (x.sum() + weight.val().sum()).reshape([1; D]);
            return Tensor::zeros(shape, &nothing.device()) + nothing;
        }
        let y = self.convolution.forward(x.reshape([lines, features, 1, 1]));
        shape[D - 1] = y.dims()[1];
        y.reshape(shape)
    }
}
