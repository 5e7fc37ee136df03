//! Convolution over the powers of the input, without writing them down.

mod error;
mod geometry;
#[allow(unsafe_code)]
mod kernel;

use std::borrow::Cow;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, ArrayViewMut4, Axis, Ix4};

use crate::expand::element::sealed;
use crate::expand::kernel::instructions::Level;
use crate::expand::kernel::pool::Pool;
use crate::expand::memory;
use crate::{ExpandError, Float};
pub use error::ConvolutionError;
use geometry::Geometry;
use kernel::{Forward, InputGradient, Picture, WeightGradient};

/// How the powers of an array's values are convolved:
///
/// `y = b + sum_k W_k * (x - center)^k`, `k` from 1 to `order`
///
/// where `*` is the convolution of neural networks (a correlation). This is the generative neuron
/// of self-organised operational networks (Kiranyaz et al. 2021, arXiv 2004.11778). The weights
/// have shape (output channels, `order` * input channels / `groups`, rows, columns): in each
/// group those of all channels of degree 1 first, then of degree 2, and so on. Padding adds
/// values equal to `center`, whose powers are zero. A convolution over the terms `a_k (x-x0)^k` is
/// this one with weights `V_k = a_k W_k`: from the gradient of `V_k`, that of `W_k` is `a_k` times as
/// much, and that of `a_k` its inner product with `W_k`. One of signals has arrays of one row; a
/// linear layer has kernels of one value.
///
/// # Examples
///
/// ```
/// use maclaurin::Convolution;
///
/// let convolution = Convolution { order: 3, padding: [[1, 1], [1, 1]], ..Convolution::default() };
/// let shape = convolution.output_shape(&[1, 8, 28, 28], &[16, 24, 3, 3])?;
/// assert_eq!(shape, [1, 16, 28, 28]);
/// # Ok::<(), maclaurin::ConvolutionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// The highest power.
    pub order: usize,
    /// The expansion point.
    pub center: f64,
    /// Pixels between two outputs, along rows and along columns.
    pub stride: [usize; 2],
    /// Padding above and below, to the left and to the right.
    pub padding: [[usize; 2]; 2],
    /// Pixels between two taps of the kernel.
    pub dilation: [usize; 2],
    /// Parts of the channels that have nothing to do with each other.
    pub groups: usize,
    /// The number of threads, or `None` for rayon's pool.
    pub threads: Option<usize>,
}

impl Default for Convolution {
    fn default() -> Self {
        Self {
            order: 1,
            center: 0.0,
            stride: [1; 2],
            padding: [[0; 2]; 2],
            dilation: [1; 2],
            groups: 1,
            threads: None,
        }
    }
}

/// The gradients of a convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvolutionGradients<T: Float> {
    /// With respect to the input.
    pub x: Array4<T>,
    /// With respect to the weights.
    pub weight: Array4<T::Lane>,
    /// With respect to the bias.
    pub bias: Array1<T::Lane>,
}

/// The gradients with respect to the weights and to the bias.
pub type WeightGradients<T> =
    (Array4<<T as sealed::Narrow>::Lane>, Array1<<T as sealed::Narrow>::Lane>);

impl Convolution {
    /// The shape of the output (images, channels, rows, columns).
    ///
    /// # Errors
    ///
    /// All of [`ConvolutionError`] that shapes can cause.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = maclaurin::Convolution::default().output_shape(&[1, 3, 2, 2], &[8, 3, 3, 3]);
    /// assert!(error.unwrap_err().to_string().contains("a kernel of 3 rows"));
    /// ```
    pub fn output_shape(
        &self,
        input: &[usize; 4],
        weight: &[usize; 4],
    ) -> Result<[usize; 4], ConvolutionError> {
        Ok(Geometry::new(self, input, weight)?.shape())
    }

    /// An array of zeros for an output of a shape, in large pages where that pays, which
    /// [`convolve_into`] then fills.
    ///
    /// # Errors
    ///
    /// [`ConvolutionError::Overflow`] and [`ExpandError::TooLarge`], before anything is allocated.
    ///
    /// # Examples
    ///
    /// ```
    /// // Channels-last: the axes of the memory, then in the order of all arrays here.
    /// let array = maclaurin::Convolution::output::<f32>([2, 4, 5, 3])?;
    /// assert_eq!(array.permuted_axes([0, 3, 1, 2]).shape(), [2, 3, 4, 5]);
    /// # Ok::<(), maclaurin::ConvolutionError>(())
    /// ```
    pub fn output<T: Float>(shape: [usize; 4]) -> Result<Array4<T>, ConvolutionError> {
        let mut count = 1usize;
        for extent in shape {
            count = count.checked_mul(extent.max(1)).ok_or(ConvolutionError::Overflow)?;
        }
        if isize::try_from(count).is_err() {
            return Err(ConvolutionError::Overflow);
        }
        let array = memory::zeros(&shape)?.into_dimensionality::<Ix4>();
        array.map_err(|_| ConvolutionError::Overflow)
    }
}

/// Convolves the powers of `x` (images, channels, rows, columns, in any memory order; a view of
/// transposed axes makes channels-last arrays).
///
/// `f16`, `bf16` and `f32` are computed in `f32`, `f64` in `f64`. Each sum is made in one order, so
/// the result does not depend on the number of threads, bit for bit.
///
/// # Errors
///
/// [`ConvolutionError`] for shapes that do not fit, and for an output that memory cannot hold.
///
/// # Examples
///
/// ```
/// use maclaurin::{Convolution, convolve};
/// use ndarray::array;
///
/// // x + 10 x^2, summed over two neighbours.
/// let x = array![[[[1.0, 2.0, 3.0]]]];
/// let weight = array![[[[1.0, 1.0]], [[10.0, 10.0]]]];
/// let convolution = Convolution { order: 2, ..Convolution::default() };
/// let y = convolve(&x.view(), &weight.view(), None, &convolution)?;
/// assert_eq!(y, array![[[[53.0, 135.0]]]]);
/// # Ok::<(), maclaurin::ConvolutionError>(())
/// ```
pub fn convolve<T: Float>(
    x: &ArrayView4<'_, T>,
    weight: &ArrayView4<'_, T::Lane>,
    bias: Option<&ArrayView1<'_, T::Lane>>,
    convolution: &Convolution,
) -> Result<Array4<T>, ConvolutionError> {
    let geometry = Geometry::new(convolution, x.shape(), weight.shape())?;
    let mut out = Convolution::output(geometry.shape())?;
    convolve_into(x, weight, bias, convolution, &mut out.view_mut())?;
    Ok(out)
}

/// [`convolve`] into an array that is there, of any memory order.
///
/// # Errors
///
/// As [`convolve`]; [`ConvolutionError::WrongShape`] if `out` has another shape than the output.
///
/// # Examples
///
/// ```
/// use maclaurin::{Convolution, convolve_into};
/// use ndarray::{Array4, array};
///
/// let x = Array4::from_elem((1, 1, 2, 2), 3.0f32);
/// let weight = Array4::from_elem((1, 2, 1, 1), 1.0f32);
/// let mut out = Array4::zeros((1, 1, 2, 2));
/// let convolution = Convolution { order: 2, ..Convolution::default() };
/// let bias = array![0.5];
/// convolve_into(
///     &x.view(), &weight.view(), Some(&bias.view()), &convolution, &mut out.view_mut(),
/// )?;
/// assert_eq!(out[[0, 0, 1, 1]], 12.5);
/// # Ok::<(), maclaurin::ConvolutionError>(())
/// ```
pub fn convolve_into<T: Float>(
    x: &ArrayView4<'_, T>,
    weight: &ArrayView4<'_, T::Lane>,
    bias: Option<&ArrayView1<'_, T::Lane>>,
    convolution: &Convolution,
    out: &mut ArrayViewMut4<'_, T>,
) -> Result<(), ConvolutionError> {
    convolve_with(Level::chosen()?, x, weight, bias, convolution, out)
}

fn convolve_with<T: Float>(
    level: Level,
    x: &ArrayView4<'_, T>,
    weight: &ArrayView4<'_, T::Lane>,
    bias: Option<&ArrayView1<'_, T::Lane>>,
    convolution: &Convolution,
    out: &mut ArrayViewMut4<'_, T>,
) -> Result<(), ConvolutionError> {
    let geometry = Geometry::new(convolution, x.shape(), weight.shape())?;
    check_shape("the output", &geometry.shape(), out.shape())?;
    if let Some(bias) = bias {
        check_shape("the bias", &weight.shape()[..1], bias.shape())?;
    }
    if out.is_empty() {
        return Ok(());
    }
    let (mut x, mut out) = (x.view(), out.view_mut());
    for (take, into) in joins(convolution, &weight.shape()[2..], [x.view(), out.view()]) {
        x.merge_axes(take, into);
        out.merge_axes(take, into);
    }
    let geometry = Geometry::new(convolution, x.shape(), weight.shape())?;
    let weights = in_order(weight);
    let forward = Forward {
        level,
        geometry: &geometry,
        center: convolution.center,
        input: Picture::new(&x),
        weight: &weights,
        bias: bias.map(|bias| bias.view()),
        out: Picture::new_mut(&mut out),
    };
    on_threads(convolution, || forward.run())
}

/// The gradients of a convolution: with respect to `x`, the weights and the bias, from that of
/// the output. Nothing but `x` is needed from the way forward.
///
/// # Errors
///
/// As [`convolve`]; [`ConvolutionError::WrongShape`] if `gradient` has another shape than the
/// output.
///
/// # Examples
///
/// ```
/// use maclaurin::{Convolution, convolve_backward};
/// use ndarray::array;
///
/// // y = 2 x + 5 x^2
/// let (x, weight) = (array![[[[3.0]]]], array![[[[2.0]], [[5.0]]]]);
/// let convolution = Convolution { order: 2, ..Convolution::default() };
/// let found =
///     convolve_backward(&array![[[[1.0]]]].view(), &x.view(), &weight.view(), &convolution)?;
/// assert_eq!(found.x, array![[[[32.0]]]]);
/// assert_eq!(found.weight, array![[[[3.0]], [[9.0]]]]);
/// assert_eq!(found.bias, array![1.0]);
/// # Ok::<(), maclaurin::ConvolutionError>(())
/// ```
pub fn convolve_backward<T: Float>(
    gradient: &ArrayView4<'_, T>,
    x: &ArrayView4<'_, T>,
    weight: &ArrayView4<'_, T::Lane>,
    convolution: &Convolution,
) -> Result<ConvolutionGradients<T>, ConvolutionError> {
    let shape = [x.shape()[0], x.shape()[1], x.shape()[2], x.shape()[3]];
    let mut of_x = Convolution::output(shape)?;
    convolve_backward_input_into(gradient, x, weight, convolution, &mut of_x.view_mut())?;
    let shape = [weight.shape()[0], weight.shape()[1], weight.shape()[2], weight.shape()[3]];
    let (weight, bias) = convolve_backward_weight(gradient, x, &shape, convolution)?;
    Ok(ConvolutionGradients { x: of_x, weight, bias })
}

/// The gradient with respect to `x` alone, into an array that is there, of any memory order.
///
/// # Errors
///
/// As [`convolve_backward`].
///
/// # Examples
///
/// ```
/// use maclaurin::{Convolution, convolve_backward_input_into};
/// use ndarray::{Array4, array};
///
/// let (x, weight) = (array![[[[3.0]]]], array![[[[2.0]], [[5.0]]]]);
/// let convolution = Convolution { order: 2, ..Convolution::default() };
/// let mut out = Array4::zeros((1, 1, 1, 1));
/// convolve_backward_input_into(
///     &array![[[[1.0]]]].view(), &x.view(), &weight.view(), &convolution, &mut out.view_mut(),
/// )?;
/// assert_eq!(out, array![[[[32.0]]]]);
/// # Ok::<(), maclaurin::ConvolutionError>(())
/// ```
pub fn convolve_backward_input_into<T: Float>(
    gradient: &ArrayView4<'_, T>,
    x: &ArrayView4<'_, T>,
    weight: &ArrayView4<'_, T::Lane>,
    convolution: &Convolution,
    out: &mut ArrayViewMut4<'_, T>,
) -> Result<(), ConvolutionError> {
    input_gradient_with(Level::chosen()?, gradient, x, weight, convolution, out)
}

fn input_gradient_with<T: Float>(
    level: Level,
    gradient: &ArrayView4<'_, T>,
    x: &ArrayView4<'_, T>,
    weight: &ArrayView4<'_, T::Lane>,
    convolution: &Convolution,
    out: &mut ArrayViewMut4<'_, T>,
) -> Result<(), ConvolutionError> {
    let geometry = Geometry::new(convolution, x.shape(), weight.shape())?;
    check_shape("the gradient", &geometry.shape(), gradient.shape())?;
    check_shape("the gradient of the input", x.shape(), out.shape())?;
    if gradient.is_empty() {
        out.fill(T::default());
        return Ok(());
    }
    let (mut x, mut gradient, mut out) = (x.view(), gradient.view(), out.view_mut());
    let views = [x.view(), gradient.view(), out.view()];
    for (take, into) in joins(convolution, &weight.shape()[2..], views) {
        x.merge_axes(take, into);
        gradient.merge_axes(take, into);
        out.merge_axes(take, into);
    }
    let geometry = Geometry::new(convolution, x.shape(), weight.shape())?;
    let weights = in_order(weight);
    let job = InputGradient {
        level,
        geometry: &geometry,
        center: convolution.center,
        input: Picture::new(&x),
        weight: &weights,
        gradient: Picture::new(&gradient),
        out: Picture::new_mut(&mut out),
    };
    on_threads(convolution, || job.run())
}

/// The gradients with respect to the weights, of shape `weight`, and the bias alone.
///
/// # Errors
///
/// As [`convolve_backward`].
///
/// # Examples
///
/// ```
/// use maclaurin::{Convolution, convolve_backward_weight};
/// use ndarray::array;
///
/// let convolution = Convolution { order: 2, ..Convolution::default() };
/// let (gradient, x) = (array![[[[1.0, 10.0]]]], array![[[[3.0, 4.0]]]]);
/// let (weight, bias) =
///     convolve_backward_weight(&gradient.view(), &x.view(), &[1, 2, 1, 1], &convolution)?;
/// assert_eq!(weight, array![[[[43.0]], [[169.0]]]]);
/// assert_eq!(bias, array![11.0]);
/// # Ok::<(), maclaurin::ConvolutionError>(())
/// ```
pub fn convolve_backward_weight<T: Float>(
    gradient: &ArrayView4<'_, T>,
    x: &ArrayView4<'_, T>,
    weight: &[usize; 4],
    convolution: &Convolution,
) -> Result<WeightGradients<T>, ConvolutionError> {
    weight_gradient_with(Level::chosen()?, gradient, x, weight, convolution)
}

fn weight_gradient_with<T: Float>(
    level: Level,
    gradient: &ArrayView4<'_, T>,
    x: &ArrayView4<'_, T>,
    weight: &[usize; 4],
    convolution: &Convolution,
) -> Result<WeightGradients<T>, ConvolutionError> {
    let geometry = Geometry::new(convolution, x.shape(), weight)?;
    check_shape("the gradient", &geometry.shape(), gradient.shape())?;
    let (mut x, mut gradient) = (x.view(), gradient.view());
    for (take, into) in joins(convolution, &weight[2..], [x.view(), gradient.view()]) {
        x.merge_axes(take, into);
        gradient.merge_axes(take, into);
    }
    let geometry = Geometry::new(convolution, x.shape(), weight)?;
    let job = WeightGradient {
        level,
        geometry: &geometry,
        center: convolution.center,
        input: Picture::new(&x),
        gradient: Picture::new(&gradient),
    };
    on_threads(convolution, || job.run())
}

/// Axes that can be made one: where each output reads one pixel, rows and images are a longer row,
/// if memory allows it. A linear layer's batch becomes pixels.
fn joins<T, const N: usize>(
    convolution: &Convolution,
    kernel: &[usize],
    mut views: [ArrayView4<'_, T>; N],
) -> Vec<(Axis, Axis)> {
    // An axis without values joined to one of the kernel's would leave it too short for the kernel.
    let pointwise = kernel == [1, 1]
        && convolution.stride == [1, 1]
        && convolution.padding == [[0, 0], [0, 0]]
        && !views.iter().any(ArrayView4::is_empty);
    let mut found = Vec::new();
    for (take, into) in [(Axis(2), Axis(3)), (Axis(0), Axis(3))] {
        if pointwise && views.iter().all(|view| view.clone().merge_axes(take, into)) {
            for view in &mut views {
                view.merge_axes(take, into);
            }
            found.push((take, into));
        }
    }
    found
}

/// The weights, contiguous, in the order of their axes.
fn in_order<'a, L: Clone>(weight: &'a ArrayView4<'_, L>) -> Cow<'a, [L]> {
    match weight.as_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(weight.iter().cloned().collect()),
    }
}

fn on_threads<R: Send>(
    convolution: &Convolution,
    work: impl FnOnce() -> R + Send,
) -> Result<R, ConvolutionError> {
    let pool = Pool::of(convolution.threads);
    Ok(pool.map_err(ExpandError::Threads)?.run(work))
}

fn check_shape(
    what: &'static str,
    expected: &[usize],
    found: &[usize],
) -> Result<(), ConvolutionError> {
    if expected == found {
        return Ok(());
    }
    Err(ConvolutionError::WrongShape { what, expected: expected.to_vec(), found: found.to_vec() })
}

#[cfg(test)]
mod tests;
