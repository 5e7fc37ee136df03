//! Modules of transposed convolutions.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Device, Tensor};

use crate::initial::{Initial, Weights};
use crate::{
    Constants, Start, StartError, taylor_conv_transpose1d, taylor_conv_transpose2d,
    taylor_conv_transpose3d,
};

/// A layer for a number of spatial axes, with its configuration.
macro_rules! transposed {
    (
        $layer:ident, $config:ident, $convolve:ident, $rank:literal, $size:ty, $one:literal, $zero:literal,
        $of:literal, $example:literal, |$value:ident| $each:expr
    ) => {
        #[doc = concat!("Configuration of [`", stringify!($layer), "`], with the fields of Burn's own.")]
        #[derive(Config, Debug)]
        pub struct $config {
            /// Channels of the input and of the output.
            pub channels: [usize; 2],
            /// Extents of the kernel.
            pub kernel_size: $size,
            /// Outputs between two inputs.
            #[config(default = $one)]
            pub stride: $size,
            /// Outputs between two taps.
            #[config(default = $one)]
            pub dilation: $size,
            /// The number of groups that channels are split into.
            #[config(default = "1")]
            pub groups: usize,
            /// Outputs left out on both sides.
            #[config(default = $zero)]
            pub padding: $size,
            /// Outputs added after the last.
            #[config(default = $zero)]
            pub padding_out: $size,
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

        #[doc = concat!("A transposed convolution over the powers of ", $of, ": `y = b + sum_k W_k^T * (x - x0)^k`.")]
        ///
        /// # Examples
        ///
        /// ```
        /// use burn::tensor::{Device, Tensor};
        #[doc = concat!("use maclaurin_burn::", stringify!($config), ";")]
        ///
        #[doc = $example]
        /// # Ok::<(), maclaurin_burn::StartError>(())
        /// ```
        #[derive(Module, Debug)]
        pub struct $layer {
            /// (order * inputs, outputs / groups, kernel...): all channels of degree 1 first.
            pub weight: Param<Tensor<$rank>>,
            /// (outputs), if there is one.
            pub bias: Option<Param<Tensor<1>>>,
            /// The highest power.
            pub order: usize,
            /// The expansion point.
            pub center: Constants,
            /// Outputs between two inputs.
            pub stride: $size,
            /// Outputs between two taps.
            pub dilation: $size,
            /// The number of groups that channels are split into.
            pub groups: usize,
            /// Outputs left out on both sides.
            pub padding: $size,
            /// Outputs added after the last.
            pub padding_out: $size,
        }

        impl $config {
            /// A layer with initial weights.
            ///
            /// # Errors
            ///
            /// [`StartError`] for a function without a series at the point, or options that do not fit.
            pub fn init(&self, device: &Device) -> Result<$layer, StartError> {
                let each = |$value: $size| $each;
                let initial = Initial {
                    function: &self.function,
                    order: self.order,
                    at: &self.at,
                    start: &self.start,
                    channels: self.channels,
                    groups: self.groups,
                    kernel: &each(self.kernel_size),
                    stride: &each(self.stride),
                    dilation: &each(self.dilation),
                    padding_out: Some(&each(self.padding_out)),
                };
                let Weights { weight, bias, center } = initial.draw(device)?;
                Ok($layer {
                    weight: Param::from_tensor(weight),
                    bias: self.bias.then(|| Param::from_tensor(bias)),
                    order: self.order,
                    center,
                    stride: self.stride,
                    dilation: self.dilation,
                    groups: self.groups,
                    padding: self.padding,
                    padding_out: self.padding_out,
                })
            }
        }

        impl $layer {
            #[doc = concat!("The transposed convolution of ", $of, ".")]
            ///
            /// # Panics
            ///
            /// Where shapes do not fit, as Burn's own modules do.
            #[must_use]
            pub fn forward(&self, x: Tensor<$rank>) -> Tensor<$rank> {
                let each = |$value: $size| $each;
                let options = ConvTransposeOptions::new(
                    each(self.stride),
                    each(self.padding),
                    each(self.padding_out),
                    each(self.dilation),
                    self.groups,
                );
                let bias = self.bias.as_ref().map(Param::val);
                $convolve(x, self.weight.val(), bias, self.order, self.center.values()[0], options)
            }
        }
    };
}

transposed!(
    TaylorConvTranspose1d,
    TaylorConvTranspose1dConfig,
    taylor_conv_transpose1d,
    3,
    usize,
    "1",
    "0",
    "signals (signals, channels, length)",
    "let layer = TaylorConvTranspose1dConfig::new([4, 2], 4).with_stride(2).init(&Device::flex())?;
let y = layer.forward(Tensor::zeros([1, 4, 10], &Device::flex()));
assert_eq!(y.dims(), [1, 2, 22]);",
    |size| [size]
);
transposed!(
    TaylorConvTranspose2d, TaylorConvTranspose2dConfig, taylor_conv_transpose2d, 4, [usize; 2], "[1, 1]", "[0, 0]",
    "images (images, channels, rows, columns)",
    "let layer = TaylorConvTranspose2dConfig::new([4, 2], [4, 2]).with_stride([2, 2]).init(&Device::flex())?;
let y = layer.forward(Tensor::zeros([1, 4, 10, 5], &Device::flex()));
assert_eq!(y.dims(), [1, 2, 22, 10]);",
    |size| size
);
transposed!(
    TaylorConvTranspose3d,
    TaylorConvTranspose3dConfig,
    taylor_conv_transpose3d,
    5,
    [usize; 3],
    "[1, 1, 1]",
    "[0, 0, 0]",
    "volumes (images, channels, depth, rows, columns)",
    "let layer = TaylorConvTranspose3dConfig::new([4, 2], [2, 2, 2]).init(&Device::flex())?;
let y = layer.forward(Tensor::zeros([1, 4, 3, 4, 5], &Device::flex()));
assert_eq!(y.dims(), [1, 2, 4, 5, 6]);",
    |size| size
);
