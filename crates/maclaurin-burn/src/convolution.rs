//! Modules of convolutions.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use maclaurin::Convolution;

use crate::initial::{Initial, Weights};
use crate::{Constants, Start, StartError, taylor_conv2d, taylor_conv3d};

/// Configuration of [`TaylorConv2d`], with the fields of Burn's `Conv2dConfig`.
#[derive(Config, Debug)]
pub struct TaylorConv2dConfig {
    /// Channels of the input and of the output.
    pub channels: [usize; 2],
    /// Rows and columns of the kernel.
    pub kernel_size: [usize; 2],
    /// Pixels between two outputs.
    #[config(default = "[1, 1]")]
    pub stride: [usize; 2],
    /// Padding above and below, and left and right, by values equal to the expansion point.
    #[config(default = "[0, 0]")]
    pub padding: [usize; 2],
    /// Pixels between two taps.
    #[config(default = "[1, 1]")]
    pub dilation: [usize; 2],
    /// The number of groups that channels are split into.
    #[config(default = "1")]
    pub groups: usize,
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

/// A convolution over the powers of its input: `y = b + sum_k W_k * (x - x0)^k`.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::{Start, TaylorConv2dConfig};
///
/// let config = TaylorConv2dConfig::new([3, 8], [3, 3]).with_order(3).with_start(Start::Random);
/// let layer = config.init(&Device::flex())?;
/// assert_eq!(layer.forward(Tensor::zeros([1, 3, 5, 5], &Device::flex())).dims(), [1, 8, 3, 3]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Module, Debug)]
pub struct TaylorConv2d {
    /// (outputs, order * inputs / groups, rows, columns): all channels of degree 1 first.
    pub weight: Param<Tensor<4>>,
    /// (outputs), if there is one.
    pub bias: Option<Param<Tensor<1>>>,
    /// The highest power.
    pub order: usize,
    /// The expansion point.
    pub center: Constants,
    /// Pixels between two outputs.
    pub stride: [usize; 2],
    /// Padding above and below, and left and right.
    pub padding: [usize; 2],
    /// Pixels between two taps.
    pub dilation: [usize; 2],
    /// The number of groups that channels are split into.
    pub groups: usize,
}

impl TaylorConv2dConfig {
    /// A layer with initial weights.
    ///
    /// # Errors
    ///
    /// [`StartError`] for a function without a series at the point, or channels that do not fit.
    pub fn init(&self, device: &Device) -> Result<TaylorConv2d, StartError> {
        let initial = Initial {
            function: &self.function,
            order: self.order,
            at: &self.at,
            start: &self.start,
            channels: self.channels,
            groups: self.groups,
            kernel: &self.kernel_size,
            stride: &self.stride,
            dilation: &self.dilation,
            padding_out: None,
        };
        let Weights { weight, bias, center } = initial.draw(device)?;
        Ok(TaylorConv2d {
            weight: Param::from_tensor(weight),
            bias: self.bias.then(|| Param::from_tensor(bias)),
            order: self.order,
            center,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
        })
    }
}

impl TaylorConv2d {
    /// The convolution of `x` (images, channels, rows, columns).
    ///
    /// # Panics
    ///
    /// Where shapes do not fit, as Burn's own modules do.
    #[must_use]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        let bias = match &self.bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([weight.dims()[0]], &weight.device()),
        };
        let [rows, columns] = self.padding;
        let convolution = Convolution {
            order: self.order,
            center: self.center.values()[0],
            stride: self.stride,
            padding: [[rows; 2], [columns; 2]],
            dilation: self.dilation,
            groups: self.groups,
            threads: None,
        };
        taylor_conv2d(x, weight, bias, convolution)
    }
}

/// Configuration of [`TaylorConv3d`], with the fields of Burn's `Conv3dConfig`.
#[derive(Config, Debug)]
pub struct TaylorConv3dConfig {
    /// Channels of the input and of the output.
    pub channels: [usize; 2],
    /// Depth, rows and columns of the kernel.
    pub kernel_size: [usize; 3],
    /// Voxels between two outputs.
    #[config(default = "[1, 1, 1]")]
    pub stride: [usize; 3],
    /// Padding above and below, and left and right, by values equal to the expansion point.
    #[config(default = "[0, 0, 0]")]
    pub padding: [usize; 3],
    /// Voxels between two taps.
    #[config(default = "[1, 1, 1]")]
    pub dilation: [usize; 3],
    /// The number of groups that channels are split into.
    #[config(default = "1")]
    pub groups: usize,
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

/// [`TaylorConv2d`] for volumes (images, channels, depth, rows, columns), by Burn's own convolution: on
/// every back-end, see [`taylor_conv3d`].
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::TaylorConv3dConfig;
///
/// let layer = TaylorConv3dConfig::new([3, 8], [3, 3, 3]).with_order(2).init(&Device::flex())?;
/// let y = layer.forward(Tensor::zeros([1, 3, 4, 5, 6], &Device::flex()));
/// assert_eq!(y.dims(), [1, 8, 2, 3, 4]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Module, Debug)]
pub struct TaylorConv3d {
    /// (outputs, order * inputs / groups, depth, rows, columns): all channels of degree 1 first.
    pub weight: Param<Tensor<5>>,
    /// (outputs), if there is one.
    pub bias: Option<Param<Tensor<1>>>,
    /// The highest power.
    pub order: usize,
    /// The expansion point.
    pub center: Constants,
    /// Voxels between two outputs.
    pub stride: [usize; 3],
    /// Padding in front and behind, above and below, and left and right.
    pub padding: [usize; 3],
    /// Voxels between two taps.
    pub dilation: [usize; 3],
    /// The number of groups that channels are split into.
    pub groups: usize,
}

impl TaylorConv3dConfig {
    /// A layer with initial weights.
    ///
    /// # Errors
    ///
    /// [`StartError`] for a function without a series at the point, or channels that do not fit.
    pub fn init(&self, device: &Device) -> Result<TaylorConv3d, StartError> {
        let initial = Initial {
            function: &self.function,
            order: self.order,
            at: &self.at,
            start: &self.start,
            channels: self.channels,
            groups: self.groups,
            kernel: &self.kernel_size,
            stride: &self.stride,
            dilation: &self.dilation,
            padding_out: None,
        };
        let Weights { weight, bias, center } = initial.draw(device)?;
        Ok(TaylorConv3d {
            weight: Param::from_tensor(weight),
            bias: self.bias.then(|| Param::from_tensor(bias)),
            order: self.order,
            center,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
        })
    }
}

impl TaylorConv3d {
    /// The convolution of `x` (images, channels, depth, rows, columns).
    ///
    /// # Panics
    ///
    /// Where shapes do not fit, as Burn's own modules do.
    #[must_use]
    pub fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        let bias = self.bias.as_ref().map(Param::val);
        let options = ConvOptions::new(self.stride, self.padding, self.dilation, self.groups);
        taylor_conv3d(x, self.weight.val(), bias, self.order, self.center.values()[0], options)
    }
}

/// Configuration of [`TaylorConv1d`], with the fields of Burn's `Conv1dConfig`.
#[derive(Config, Debug)]
pub struct TaylorConv1dConfig {
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Values of the kernel.
    pub kernel_size: usize,
    /// Values between two outputs.
    #[config(default = "1")]
    pub stride: usize,
    /// Padding before and after.
    #[config(default = "0")]
    pub padding: usize,
    /// Values between two taps.
    #[config(default = "1")]
    pub dilation: usize,
    /// The number of groups that channels are split into.
    #[config(default = "1")]
    pub groups: usize,
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

/// [`TaylorConv2d`] for signals (signals, channels, length).
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::TaylorConv1dConfig;
///
/// let layer = TaylorConv1dConfig::new(2, 4, 5).with_padding(2).init(&Device::flex())?;
/// assert_eq!(layer.forward(Tensor::zeros([8, 2, 100], &Device::flex())).dims(), [8, 4, 100]);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Module, Debug)]
pub struct TaylorConv1d {
    /// The convolution of a picture of one row.
    pub convolution: TaylorConv2d,
}

impl TaylorConv1dConfig {
    /// A layer with initial weights.
    ///
    /// # Errors
    ///
    /// As [`TaylorConv2dConfig::init`].
    pub fn init(&self, device: &Device) -> Result<TaylorConv1d, StartError> {
        let kernel = [1, self.kernel_size];
        let config = TaylorConv2dConfig::new([self.channels_in, self.channels_out], kernel)
            .with_stride([1, self.stride])
            .with_padding([0, self.padding])
            .with_dilation([1, self.dilation])
            .with_groups(self.groups)
            .with_bias(self.bias)
            .with_function(self.function.clone())
            .with_order(self.order)
            .with_at(self.at.clone())
            .with_start(self.start.clone());
        Ok(TaylorConv1d { convolution: config.init(device)? })
    }
}

impl TaylorConv1d {
    /// The convolution of `x` (signals, channels, length).
    ///
    /// # Panics
    ///
    /// As [`TaylorConv2d::forward`].
    #[must_use]
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.convolution.forward(x.unsqueeze_dim(2)).squeeze_dim(2)
    }
}
