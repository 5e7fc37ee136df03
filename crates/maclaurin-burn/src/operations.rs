//! Convolutions of powers and polynomials, as functions of Burn's tensors.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::module::{conv_transpose1d, conv_transpose2d, conv_transpose3d, conv3d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use maclaurin::Convolution;

use crate::ConvolutionBackend;

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

/// Convolves the powers `x - center`, ..., `(x - center)^order` of volumes (images, channels, depth,
/// rows, columns) by Burn's own convolution, one power after the other.
///
/// `weight` is (outputs, order * channels / groups, depth, rows, columns): in each group all channels
/// of degree 1, then of degree 2. Burn's autodiff keeps the powers for the backward pass, except on a
/// device with `gradient_checkpointing()`, where it computes them again.
///
/// # Panics
///
/// Where shapes do not fit, as Burn's own operations do.
///
/// # Examples
///
/// ```
/// use burn::tensor::ops::ConvOptions;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<5>::full([1, 1, 1, 1, 1], 3.0, &device);
/// let weight = Tensor::<1>::from_data([2.0f32, 5.0], &device).reshape([1, 2, 1, 1, 1]);
/// let options = ConvOptions::new([1; 3], [0; 3], [1; 3], 1);
/// let y = maclaurin_burn::taylor_conv3d(x, weight, None, 2, 0.0, options);
/// assert_eq!(y.into_scalar::<f32>(), 51.0);
/// ```
#[must_use]
pub fn taylor_conv3d(
    x: Tensor<5>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
    order: usize,
    center: f64,
    options: ConvOptions<3>,
) -> Tensor<5> {
    let ([_, channels, extents @ ..], [_, found, kernel @ ..]) = (x.dims(), weight.dims());
    check_channels(found * options.groups, order, channels);
    for axis in 0..3 {
        let padded = extents[axis] + options.padding[axis].0 + options.padding[axis].1;
        let (kernel, dilation) = (kernel[axis], options.dilation[axis]);
        assert!(
            kernel > 0 && padded > (kernel - 1) * dilation,
            "a kernel of {kernel} at dilation {dilation} does not fit into the {padded} values of the \
             padded input along spatial axis {axis}"
        );
    }
    of_powers(x, weight, bias, order, center, 1, |power, weight, bias| {
        conv3d(power, weight, bias, options.clone())
    })
}

/// A transposed convolution of powers, for a number of spatial axes.
macro_rules! transposed {
    ($name:ident, $convolve:ident, $axes:literal, $rank:literal, $of:literal, $shape:literal) => {
        #[doc = concat!("Convolves, transposed, the powers `x - center`, ..., `(x - center)^order` of ", $of)]
        /// by Burn's own operation, one power after the other.
        ///
        /// `weight` is (order * channels, outputs / groups, kernel...): all channels of degree 1, then
        /// of degree 2. Of the powers in the backward pass see [`taylor_conv3d`].
        ///
        /// # Panics
        ///
        /// Where shapes do not fit, as Burn's own operations do.
        ///
        /// # Examples
        ///
        /// ```
        /// use burn::tensor::ops::ConvTransposeOptions;
        /// use burn::tensor::{Device, Tensor};
        ///
        /// let device = Device::flex();
        #[doc = concat!("const AXES: usize = ", $axes, ";")]
        #[doc = concat!("let x = Tensor::<", $rank, ">::full(", $shape, ", 3.0, &device);")]
        #[doc = concat!("let weight = Tensor::cat(vec![x.clone(), x.clone() + 2.0], 0);")]
        /// let options = ConvTransposeOptions::new([1; AXES], [0; AXES], [0; AXES], [1; AXES], 1);
        #[doc = concat!("let y = maclaurin_burn::", stringify!($name), "(x, weight, None, 2, 0.0, options);")]
        /// assert_eq!(y.into_scalar::<f32>(), 54.0);
        /// ```
        #[must_use]
        pub fn $name(
            x: Tensor<$rank>,
            weight: Tensor<$rank>,
            bias: Option<Tensor<1>>,
            order: usize,
            center: f64,
            options: ConvTransposeOptions<$axes>,
        ) -> Tensor<$rank> {
            check_transposed(x.dims(), weight.dims(), order, &options);
            of_powers(x, weight, bias, order, center, 0, |power, weight, bias| {
                $convolve(power, weight, bias, options.clone())
            })
        }
    };
}

transposed!(
    taylor_conv_transpose1d,
    conv_transpose1d,
    1,
    3,
    "signals (signals, channels, length)",
    "[1, 1, 1]"
);
transposed!(
    taylor_conv_transpose2d,
    conv_transpose2d,
    2,
    4,
    "images (images, channels, rows, columns)",
    "[1, 1, 1, 1]"
);
transposed!(
    taylor_conv_transpose3d,
    conv_transpose3d,
    3,
    5,
    "volumes (images, channels, depth, rows, columns)",
    "[1, 1, 1, 1, 1]"
);

fn check_channels(found: usize, order: usize, channels: usize) {
    assert!(
        order > 0 && found == order * channels,
        "the weights have {found} input channels in all groups where {channels} channels at order \
         {order} need {}",
        order * channels
    );
}

fn check_transposed<const AXES: usize, const D: usize>(
    x: [usize; D],
    weight: [usize; D],
    order: usize,
    options: &ConvTransposeOptions<AXES>,
) {
    check_channels(weight[0], order, x[1]);
    assert!(
        x[1].is_multiple_of(options.groups),
        "{} channels cannot be split into {} groups",
        x[1],
        options.groups
    );
    for axis in 0..AXES {
        let (extent, kernel, padding) = (x[2 + axis], weight[2 + axis], options.padding[axis]);
        let full = extent.saturating_sub(1) * options.stride[axis]
            + kernel.saturating_sub(1) * options.dilation[axis]
            + options.padding_out[axis]
            + 1;
        assert!(
            extent > 0 && kernel > 0 && full > 2 * padding,
            "an input of {extent} and a kernel of {kernel} along spatial axis {axis} leave no output at \
             padding {padding}"
        );
    }
}

/// The sum of convolutions of powers, by weights that lie degree after degree along an axis.
fn of_powers<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<D>,
    bias: Option<Tensor<1>>,
    order: usize,
    center: f64,
    axis: usize,
    convolve: impl Fn(Tensor<D>, Tensor<D>, Option<Tensor<1>>) -> Tensor<D>,
) -> Tensor<D> {
    let width = weight.dims()[axis] / order;
    let part = |degree: usize| weight.clone().narrow(axis, (degree - 1) * width, width);
    let t = away(x, center);
    let mut power = t.clone();
    let mut y = convolve(power.clone(), part(1), bias);
    for degree in 2..=order {
        power = power * t.clone();
        y = y + convolve(power.clone(), part(degree), None);
    }
    y
}

/// `x - center`.
pub(crate) fn away<const D: usize>(x: Tensor<D>, center: f64) -> Tensor<D> {
    if center == 0.0 { x } else { x.sub_scalar(center) }
}
