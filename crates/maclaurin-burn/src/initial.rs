//! Initialization: the weights of all layers.

use burn::config::Config;
use burn::tensor::{Device, Distribution, Tensor};
use maclaurin::taylor;

use crate::Constants;

/// How the weights of a layer are initialized.
///
/// # Examples
///
/// ```
/// use burn::tensor::Device;
/// use maclaurin_burn::{Start, TaylorLinearConfig};
///
/// // The coefficients of exp(x) about 0 are 1, 1, 1/2.
/// let layer = TaylorLinearConfig::new(1, 1).with_function("exp(x)".into()).with_order(2);
/// let weight = layer.with_start(Start::Series).init(&Device::flex())?.convolution.weight.val();
/// let [first, second] = weight.try_into_vec_as::<f32>().unwrap()[..] else { panic!() };
/// assert_eq!(second, first / 2.0);
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Start {
    /// As a layer over the values of the function: `W_k = a_k W`, and `a_0 W` added up in the bias.
    Series,
    /// All drawn, with variances `1 / (order fan_in (2k - 1)!!)`, which keep a standard normal
    /// input's scale: `(2k - 1)!!` is the moment `E t^(2k)` of the normal distribution.
    Random,
}

/// Why a layer cannot be made.
///
/// # Examples
///
/// ```
/// use burn::tensor::Device;
/// use maclaurin_burn::{StartError, TaylorConv2dConfig};
///
/// let error = TaylorConv2dConfig::new([3, 4], [3, 0]).init(&Device::flex()).unwrap_err();
/// assert_eq!(error, StartError::Zero { what: "kernel_size" });
/// assert_eq!(error.to_string(), "kernel_size is 0; it must be at least 1");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StartError {
    /// A function that cannot be read, or has no series at the point.
    Series(maclaurin::Error),
    /// Degrees that the series does not have.
    Degrees(maclaurin::ExpandError),
    /// An option that is 0.
    Zero {
        /// Its name.
        what: &'static str,
    },
    /// Channels that cannot be split into the groups.
    Groups {
        /// Channels of the input and of the output.
        channels: [usize; 2],
        /// The number of groups.
        groups: usize,
    },
    /// Output padding that is not smaller than the stride or the dilation.
    PaddingOut {
        /// The output padding.
        padding_out: usize,
        /// The stride along the same axis.
        stride: usize,
        /// The dilation along the same axis.
        dilation: usize,
    },
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Series(error) => error.fmt(f),
            Self::Degrees(error) => error.fmt(f),
            Self::Zero { what } => write!(f, "{what} is 0; it must be at least 1"),
            Self::Groups { channels: [inputs, outputs], groups } => {
                write!(f, "{inputs} and {outputs} channels cannot be split into {groups} groups")
            }
            Self::PaddingOut { padding_out, stride, dilation } => write!(
                f,
                "padding_out must be smaller than the stride {stride} or the dilation {dilation}, \
                 not {padding_out}"
            ),
        }
    }
}

impl std::error::Error for StartError {}

/// What every layer with weights is made with.
pub(crate) struct Initial<'a> {
    pub function: &'a str,
    pub order: usize,
    pub at: &'a str,
    pub start: &'a Start,
    /// Channels of the input and of the output.
    pub channels: [usize; 2],
    pub groups: usize,
    pub kernel: &'a [usize],
    pub stride: &'a [usize],
    pub dilation: &'a [usize],
    /// Output padding, of a transposed convolution.
    pub padding_out: Option<&'a [usize]>,
}

/// Initial weights, bias and the expansion point.
pub(crate) struct Weights<const D: usize> {
    pub weight: Tensor<D>,
    pub bias: Tensor<1>,
    pub center: Constants,
}

impl Initial<'_> {
    fn check(&self) -> Result<(), StartError> {
        let numbers = [
            ("order", &[self.order][..]),
            ("groups", &[self.groups]),
            ("the number of channels", &self.channels),
            ("kernel_size", self.kernel),
            ("stride", self.stride),
            ("dilation", self.dilation),
        ];
        if let Some((what, _)) = numbers.into_iter().find(|(_, values)| values.contains(&0)) {
            return Err(StartError::Zero { what });
        }
        if self.channels.iter().any(|channels| channels % self.groups != 0) {
            return Err(StartError::Groups { channels: self.channels, groups: self.groups });
        }
        let axes = self.stride.iter().zip(self.dilation);
        for (&padding_out, (&stride, &dilation)) in self.padding_out.into_iter().flatten().zip(axes)
        {
            if padding_out >= stride.max(dilation) {
                return Err(StartError::PaddingOut { padding_out, stride, dilation });
            }
        }
        Ok(())
    }

    /// The weights (outputs, order * inputs / groups, kernel...), or of a transposed convolution
    /// (order * inputs, outputs / groups, kernel...), degree after degree, and the bias.
    pub fn draw<const D: usize>(&self, device: &Device) -> Result<Weights<D>, StartError> {
        self.check()?;
        let series = taylor(self.function, self.order, self.at).map_err(StartError::Series)?;
        let polynomial = series.polynomial();
        let (coefficients, center) = (polynomial.coefficients(), vec![polynomial.center()]);
        let center = Constants::new(center);
        let ([inputs, outputs], groups) = (self.channels, self.groups);
        let transposed = self.padding_out.is_some();
        let mut shape = [0; D];
        let first =
            if transposed { [inputs, outputs / groups] } else { [outputs, inputs / groups] };
        shape[..2].copy_from_slice(&first);
        shape[2..].copy_from_slice(self.kernel);
        let axis = usize::from(!transposed);
        let taps: usize = self.kernel.iter().product();
        if *self.start == Start::Random {
            // Of a transposed convolution an output has one tap of each stride.
            let shared: usize = if transposed { self.stride.iter().product() } else { 1 };
            let fan_in = ((inputs / groups * taps) as f64 / shared as f64).max(1.0);
            let mut moment = 1.0;
            let part = |k: usize| {
                moment *= (2 * k - 1) as f64;
                let deviation = (self.order as f64 * fan_in * moment).sqrt().recip();
                Tensor::random(shape, Distribution::Normal(0.0, deviation), device)
            };
            let weight = Tensor::cat((1..=self.order).map(part).collect(), axis);
            return Ok(Weights { weight, bias: Tensor::zeros([outputs], device), center });
        }
        // As Burn's own layers draw theirs.
        let bound = (shape[1..].iter().product::<usize>() as f64).sqrt().recip();
        let range = Distribution::Uniform(-bound, bound);
        let first = Tensor::<D>::random(shape, range, device);
        let parts = coefficients[1..].iter().map(|&a| first.clone().mul_scalar(a)).collect();
        let total = if transposed {
            let apart = [groups, inputs / groups, outputs / groups, taps];
            first.reshape(apart).sum_dim(3).sum_dim(1)
        } else {
            first.reshape([outputs, 1, 1, inputs / groups * taps]).sum_dim(3)
        };
        let constant = total.reshape([outputs]).mul_scalar(coefficients[0]);
        let bias = Tensor::random([outputs], range, device) + constant;
        Ok(Weights { weight: Tensor::cat(parts, axis), bias, center })
    }
}
