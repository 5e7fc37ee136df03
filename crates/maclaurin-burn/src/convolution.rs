//! Modules, and how their weights begin.

use burn::backend::Dispatch;
use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use maclaurin::{Convolution, taylor};

use crate::ConvolutionBackend;

/// How the weights of a layer begin.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Start {
    /// As a layer over the values of the function: `W_k = a_k W`, and `a_0 W` added up in the bias.
    Series,
    /// All drawn, with variances `1 / (order fan_in (2k - 1)!!)`, which keep a standard normal
    /// input's scale: `(2k - 1)!!` is the moment `E t^(2k)` of the normal distribution.
    Random,
}

/// Why a layer cannot begin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StartError {
    /// A function that cannot be read, or has no series at the point.
    Series(maclaurin::Error),
    /// An order of 0.
    NoOrder,
    /// Channels that cannot be split into the groups.
    Groups {
        /// Channels of the input and of the output.
        channels: [usize; 2],
        /// The number of groups.
        groups: usize,
    },
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Series(error) => error.fmt(f),
            Self::NoOrder => write!(f, "the order is 0; it must be at least 1"),
            Self::Groups { channels: [inputs, outputs], groups } => {
                write!(f, "{inputs} and {outputs} channels cannot be split into {groups} groups")
            }
        }
    }
}

impl std::error::Error for StartError {}

/// Convolves the powers of `x` (images, channels, rows, columns): see [`maclaurin::convolve`].
///
/// # Panics
///
/// Where shapes do not fit, as Burn's own operations do, and on back-ends other than Flex.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use maclaurin::Convolution;
///
/// let device = Device::flex();
/// let x = Tensor::<4>::from_data([[[[3.0f32]]]], &device);
/// let weight = Tensor::<4>::from_data([[[[2.0f32]], [[5.0]]]], &device);
/// let bias = Tensor::<1>::zeros([1], &device);
/// let convolution = Convolution { order: 2, ..Convolution::default() };
/// let y = maclaurin_burn::taylor_conv2d(x, weight, bias, convolution);
/// assert_eq!(y.into_scalar::<f32>(), 51.0);
/// ```
#[must_use]
pub fn taylor_conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    convolution: Convolution,
) -> Tensor<4> {
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as ConvolutionBackend>::taylor_conv2d(
        x,
        weight,
        bias,
        convolution,
    ))
}

/// What every layer is made with.
struct First<'a> {
    function: &'a str,
    order: usize,
    at: &'a str,
    start: Start,
    /// Channels of the input and of the output.
    channels: [usize; 2],
    groups: usize,
    kernel: [usize; 2],
}

impl First<'_> {
    /// The first weights (outputs, order * inputs / groups, rows, columns) and bias, and the
    /// expansion point.
    fn draw(&self, device: &Device) -> Result<(Tensor<4>, Tensor<1>, f64), StartError> {
        let [inputs, outputs] = self.channels;
        if self.order == 0 {
            return Err(StartError::NoOrder);
        }
        if self.groups == 0 || inputs % self.groups != 0 || outputs % self.groups != 0 {
            return Err(StartError::Groups { channels: self.channels, groups: self.groups });
        }
        let series = taylor(self.function, self.order, self.at).map_err(StartError::Series)?;
        let polynomial = series.polynomial();
        let (center, coefficients) = (polynomial.center(), polynomial.coefficients());
        let shape = [outputs, inputs / self.groups, self.kernel[0], self.kernel[1]];
        let fan_in: usize = shape[1..].iter().product();
        let fan_in = fan_in.max(1) as f64;
        if self.start == Start::Random {
            let mut moment = 1.0;
            let part = |k: usize| {
                moment *= (2 * k - 1) as f64;
                let deviation = (self.order as f64 * fan_in * moment).sqrt().recip();
                Tensor::random(shape, Distribution::Normal(0.0, deviation), device)
            };
            let parts = (1..=self.order).map(part).collect();
            return Ok((Tensor::cat(parts, 1), Tensor::zeros([outputs], device), center));
        }
        let bound = fan_in.sqrt().recip();
        let range = Distribution::Uniform(-bound, bound);
        let first = Tensor::<4>::random(shape, range, device);
        let parts = coefficients[1..].iter().map(|&a| first.clone().mul_scalar(a)).collect();
        let total = first.reshape([outputs, fan_in as usize]).sum_dim(1).reshape([outputs]);
        let bias = Tensor::random([outputs], range, device) + total.mul_scalar(coefficients[0]);
        Ok((Tensor::cat(parts, 1), bias, center))
    }
}

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
    /// Parts of the channels that have nothing to do with each other.
    #[config(default = "1")]
    pub groups: usize,
    /// Whether a bias is added.
    #[config(default = true)]
    pub bias: bool,
    /// The function whose series the weights begin with.
    #[config(default = "String::from(\"softplus\")")]
    pub function: String,
    /// The highest power.
    #[config(default = "4")]
    pub order: usize,
    /// The expansion point, as text.
    #[config(default = "String::from(\"0\")")]
    pub at: String,
    /// How the weights begin.
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
    pub center: f64,
    /// Pixels between two outputs.
    pub stride: [usize; 2],
    /// Padding above and below, and left and right.
    pub padding: [usize; 2],
    /// Pixels between two taps.
    pub dilation: [usize; 2],
    /// Parts of the channels that have nothing to do with each other.
    pub groups: usize,
}

impl TaylorConv2dConfig {
    /// A layer with fresh weights.
    ///
    /// # Errors
    ///
    /// [`StartError`] for a function without a series at the point, or channels that do not fit.
    pub fn init(&self, device: &Device) -> Result<TaylorConv2d, StartError> {
        let first = First {
            function: &self.function,
            order: self.order,
            at: &self.at,
            start: self.start.clone(),
            channels: self.channels,
            groups: self.groups,
            kernel: self.kernel_size,
        };
        let (weight, bias, center) = first.draw(device)?;
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
            center: self.center,
            stride: self.stride,
            padding: [[rows; 2], [columns; 2]],
            dilation: self.dilation,
            groups: self.groups,
            threads: None,
        };
        taylor_conv2d(x, weight, bias, convolution)
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
    /// Parts of the channels that have nothing to do with each other.
    #[config(default = "1")]
    pub groups: usize,
    /// Whether a bias is added.
    #[config(default = true)]
    pub bias: bool,
    /// The function whose series the weights begin with.
    #[config(default = "String::from(\"softplus\")")]
    pub function: String,
    /// The highest power.
    #[config(default = "4")]
    pub order: usize,
    /// The expansion point, as text.
    #[config(default = "String::from(\"0\")")]
    pub at: String,
    /// How the weights begin.
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
    /// A layer with fresh weights.
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
    /// The function whose series the weights begin with.
    #[config(default = "String::from(\"softplus\")")]
    pub function: String,
    /// The highest power.
    #[config(default = "4")]
    pub order: usize,
    /// The expansion point, as text.
    #[config(default = "String::from(\"0\")")]
    pub at: String,
    /// How the weights begin.
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
    /// A layer with fresh weights.
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
        let y = self.convolution.forward(x.reshape([lines, features, 1, 1]));
        shape[D - 1] = y.dims()[1];
        y.reshape(shape)
    }
}
