//! Arrays expanded: each value becomes terms, powers, partial sums or one sum.
//!
//! For a value `x`, `t = scale*x + shift - center` and coefficients `a_k`:
//!
//! | [`Kind`] | for each degree `k` |
//! |---|---|
//! | `Powers` | `t^k` |
//! | `Terms` | `a_k t^k` |
//! | `PartialSums` | `a_0 + a_1 t + ... + a_k t^k` |
//! | `Sum` | once: `a_0 + ... + a_p t^p` |
//!
//! Instead of powers it may be the polynomials of a three-term recurrence ([`Recurrence`]), such as orthogonal ones
//! ([`PolynomialBasis`]).
//!
//! This module knows coefficients and recurrences only, not where they come from. The memory of the output is
//! always (outer, degree, inner), where the new axis stands between the outer and the inner axes
//! of the input: stacking and concatenation differ in the shape alone.

mod basis;
pub(crate) mod element;
mod error;
#[allow(unsafe_code)]
pub(crate) mod kernel;
#[allow(unsafe_code)]
pub(crate) mod memory;
mod polynomial;
mod recurrence;
#[allow(unsafe_code)]
mod strided;
mod tanh;

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis, Slice};

pub use basis::{BasisError, Family, LARGEST_DEGREE_OF_BASIS, PolynomialBasis};
pub use element::{Element, Float};
pub use error::ExpandError;
use kernel::instructions::Level;
use kernel::{Backward, Destination, Forward, Gradient, Plan};
pub use polynomial::Polynomial;
pub use recurrence::{Recurrence, Squash};
use strided::Strided;

/// The instruction set that arrays are computed by: `"avx512"`, `"avx2"` or `"baseline"` (what every
/// processor of the architecture has). All give the same bits in expansions. It is the best one that the
/// machine has, unless the variable `MACLAURIN_INSTRUCTIONS`, which is read once, names another one:
/// for tests and benchmarks.
///
/// # Errors
///
/// [`ExpandError::Instructions`] if the variable names none that the machine has: then nothing is
/// expanded.
///
/// # Examples
///
/// ```
/// assert!(maclaurin::instruction_sets().contains(&maclaurin::instructions()?));
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
pub fn instructions() -> Result<&'static str, ExpandError> {
    Level::chosen().map(Level::name)
}

/// The instruction sets that this machine has, the best one first.
#[must_use]
pub fn instruction_sets() -> Vec<&'static str> {
    Level::all().into_iter().map(Level::name).collect()
}

/// How many threads work on an expansion that names no number of them.
///
/// # Errors
///
/// [`ExpandError::Threads`] if a forked process cannot start its own.
///
/// # Examples
///
/// ```
/// assert!(maclaurin::threads()? >= 1);
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
pub fn threads() -> Result<usize, ExpandError> {
    kernel::pool::Pool::of(None).map(kernel::pool::Pool::threads).map_err(ExpandError::Threads)
}

/// What each value becomes, for each degree `k` of the expansion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `t^k`
    Powers,
    /// `a_k t^k`
    #[default]
    Terms,
    /// `a_0 + a_1 t + ... + a_k t^k`
    PartialSums,
    /// The whole polynomial: one value for each value, no new axis.
    Sum,
}

/// The degrees of the output, 1 and up; the constant is requested separately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Degrees {
    /// Those whose coefficient is not zero: the others are dead channels.
    #[default]
    NonZero,
    /// All from 1 to the order.
    All,
    /// These, in this order.
    List(Vec<usize>),
}

/// How an array is expanded.
///
/// # Examples
///
/// ```
/// use maclaurin::{Degrees, Expansion, Kind};
///
/// let expansion = Expansion { kind: Kind::Powers, degrees: Degrees::All, ..Expansion::default() };
/// assert_eq!((expansion.axis, expansion.stack, expansion.scale), (-1, true, 1.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// What each value becomes.
    pub kind: Kind,
    /// The degrees that come out.
    pub degrees: Degrees,
    /// Whether degree 0 comes out too, before the others: `1`, `a_0`, `a_0`.
    pub constant: bool,
    /// The axis of the output that holds the degrees (`stack`), or along which the input's axis
    /// is repeated degree after degree; negative counts from the end.
    pub axis: isize,
    /// A new axis (true), or the degrees one after the other along an axis that is there (false).
    pub stack: bool,
    /// The value expanded is `scale * x + shift`.
    pub scale: f64,
    /// The value expanded is `scale * x + shift`.
    pub shift: f64,
    /// The number of threads, or `None` for rayon's pool.
    pub threads: Option<usize>,
}

impl Default for Expansion {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            degrees: Degrees::default(),
            constant: false,
            axis: -1,
            stack: true,
            scale: 1.0,
            shift: 0.0,
            threads: None,
        }
    }
}

/// The output's shape and the three extents of its memory.
struct Layout {
    shape: Vec<usize>,
    /// The axis of the degrees.
    axis: usize,
    /// Elements of one block of inner axes: how far apart two degrees of one value lie.
    inner: usize,
}

impl Expansion {
    /// The degrees that come out for `polynomial`, the constant included; none for
    /// [`Kind::Sum`].
    ///
    /// # Errors
    ///
    /// [`ExpandError::DegreeOutOfRange`] for a listed degree that is 0 or above the order,
    /// [`ExpandError::NoDegrees`] where nothing would come out, [`ExpandError::SumOfBasis`] for sums of a basis.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Expansion, Polynomial};
    ///
    /// let sine = Polynomial::new(0.0, vec![0.0, 1.0, 0.0, -1.0 / 6.0]);
    /// assert_eq!(Expansion::default().degrees_of(&sine)?, [1, 3]);
    /// # Ok::<(), maclaurin::ExpandError>(())
    /// ```
    pub fn degrees_of(&self, polynomial: &Polynomial) -> Result<Vec<usize>, ExpandError> {
        let sums = matches!(self.kind, Kind::Sum | Kind::PartialSums);
        if sums && polynomial.recurrence().is_some() {
            return Err(ExpandError::SumOfBasis);
        }
        if self.kind == Kind::Sum {
            return Ok(Vec::new());
        }
        let order = polynomial.order();
        let mut degrees: Vec<usize> = match &self.degrees {
            Degrees::NonZero => polynomial.degrees().to_vec(),
            Degrees::All => (1..=order).collect(),
            Degrees::List(list) => {
                if let Some(&degree) = list.iter().find(|&&degree| degree == 0 || degree > order) {
                    return Err(ExpandError::DegreeOutOfRange { degree, order });
                }
                list.clone()
            }
        };
        if self.constant {
            degrees.insert(0, 0);
        }
        if degrees.is_empty() { Err(ExpandError::NoDegrees) } else { Ok(degrees) }
    }

    /// The shape of the output for an input of shape `input`.
    ///
    /// # Errors
    ///
    /// As [`Expansion::degrees_of`], [`ExpandError::AxisOutOfBounds`], and
    /// [`ExpandError::TooLarge`] where the number of values overflows.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Expansion, Polynomial};
    ///
    /// let sine = Polynomial::new(0.0, vec![0.0, 1.0, 0.0, -1.0 / 6.0]);
    /// let stacked = Expansion::default();
    /// assert_eq!(stacked.shape(&sine, &[32, 32, 3])?, [32, 32, 3, 2]);
    /// let joined = Expansion { stack: false, ..Expansion::default() };
    /// assert_eq!(joined.shape(&sine, &[32, 32, 3])?, [32, 32, 6]);
    /// # Ok::<(), maclaurin::ExpandError>(())
    /// ```
    pub fn shape(
        &self,
        polynomial: &Polynomial,
        input: &[usize],
    ) -> Result<Vec<usize>, ExpandError> {
        Ok(self.layout(self.degrees_of(polynomial)?.len(), input)?.shape)
    }

    /// An array of zeros for the expansion of an input of shape `input`, as [`fn@expand`] makes
    /// it: in large pages where that pays, which [`expand_into`] then fills.
    ///
    /// # Errors
    ///
    /// As [`Expansion::shape`]; [`ExpandError::TooLarge`] beyond the machine's memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Expansion, Polynomial};
    ///
    /// let line = Polynomial::new(0.0, vec![0.0, 1.0]);
    /// let out = Expansion::default().output::<f32>(&line, &[4, 5])?;
    /// assert_eq!(out.shape(), [4, 5, 1]);
    /// # Ok::<(), maclaurin::ExpandError>(())
    /// ```
    pub fn output<U: Float>(
        &self,
        polynomial: &Polynomial,
        input: &[usize],
    ) -> Result<ArrayD<U>, ExpandError> {
        memory::zeros(&self.shape(polynomial, input)?)
    }

    fn layout(&self, degrees: usize, input: &[usize]) -> Result<Layout, ExpandError> {
        if self.kind == Kind::Sum {
            return Ok(Layout { shape: input.to_vec(), axis: 0, inner: 1 });
        }
        let dimensions = input.len() + usize::from(self.stack);
        let axis = usize::try_from(self.axis)
            .ok()
            .or_else(|| dimensions.checked_sub(self.axis.unsigned_abs()))
            .filter(|&axis| axis < dimensions)
            .ok_or(ExpandError::AxisOutOfBounds { axis: self.axis, dimensions })?;
        let mut shape = input.to_vec();
        if self.stack {
            shape.insert(axis, degrees);
        } else {
            shape[axis] = shape[axis].checked_mul(degrees).ok_or(ExpandError::Overflow)?;
        }
        let count = |axes: &[usize]| {
            axes.iter().try_fold(1usize, |product, &n| product.checked_mul(n.max(1)))
        };
        // ndarray needs the product of the non-zero axes to fit, also of an empty array.
        count(&shape).filter(|&n| isize::try_from(n).is_ok()).ok_or(ExpandError::Overflow)?;
        Ok(Layout { shape, axis, inner: input[axis..].iter().product() })
    }
}

/// Expands every value of `x`; see [`Expansion`] for what comes out and [`Float`] for the types.
///
/// Computed in the type of the output, `f16` and `bf16` by way of `f32`, each operation rounded once: with `x`, `scale`,
/// `shift - center` and the coefficients rounded to that type, `t = scale x + shift`, `p_k = p_(k-1) t` from `p_0 = 1`,
/// terms `a_k p_k`, partial sums `s_k = s_(k-1) + a_k p_k` over the degrees whose coefficient is not zero, and the sum by
/// Horner's rule, `h_k = h_(k+1) t + a_k`. So a loop in NumPy gives the same bits, and so do all machines, strides and
/// numbers of threads. NaN stays NaN and infinities follow IEEE arithmetic: where a power overflows in `f32`, ask for
/// `f64`. In terms and partial sums of degrees above 8, though, a term whose power overflows while it does not, such as
/// `50^200/200!`, is the power with an exponent of any size times the coefficient in double precision. A basis is computed
/// as [`Recurrence`] says.
///
/// # Errors
///
/// As [`Expansion::shape`]; [`ExpandError::TooLarge`] before an output that the machine's memory
/// cannot hold is allocated.
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, expand, taylor};
/// use ndarray::array;
///
/// let softplus = taylor("log(1 + exp(x))", 4, "0")?.polynomial();
/// let pixels = array![[0u8, 51], [102, 255]].into_dyn();
/// let expansion = Expansion { scale: 1.0 / 255.0, ..Expansion::default() };
/// let terms = expand::<u8, f32>(&pixels.view(), &softplus, &expansion)?;
/// assert_eq!(terms.shape(), [2, 2, 3]);
/// assert_eq!(terms[[1, 1, 0]], 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn expand<T: Element, U: Float>(
    x: &ArrayViewD<'_, T>,
    polynomial: &Polynomial,
    expansion: &Expansion,
) -> Result<ArrayD<U>, ExpandError> {
    let mut out = expansion.output(polynomial, x.shape())?;
    expand_into(x, polynomial, expansion, &mut out.view_mut())?;
    Ok(out)
}

/// [`expand`] into an array that is there, of any strides; allocates nothing that grows with it.
///
/// # Errors
///
/// As [`Expansion::shape`], [`ExpandError::WrongShape`] if `out` has another shape, and
/// [`ExpandError::Threads`] if the threads asked for cannot be started.
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, Polynomial, expand_into};
/// use ndarray::{ArrayD, IxDyn, array};
///
/// let square = Polynomial::new(0.0, vec![0.0, 0.0, 1.0]);
/// let x = array![1.0f32, 2.0, 3.0].into_dyn();
/// let mut out = ArrayD::<f32>::zeros(IxDyn(&[3, 1]));
/// expand_into(&x.view(), &square, &Expansion::default(), &mut out.view_mut())?;
/// assert_eq!(out.into_raw_vec_and_offset().0, [1.0, 4.0, 9.0]);
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
pub fn expand_into<T: Element, U: Float>(
    x: &ArrayViewD<'_, T>,
    polynomial: &Polynomial,
    expansion: &Expansion,
    out: &mut ArrayViewMutD<'_, U>,
) -> Result<(), ExpandError> {
    forward(x, None, polynomial, expansion, out)
}

/// The forward derivative: how the expansion of `x` changes in the direction `tangent`, laid out
/// as the expansion (a Jacobian-vector product).
///
/// # Errors
///
/// As [`expand`], and [`ExpandError::WrongShape`] if `tangent` has another shape than `x`.
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, Polynomial, expand_tangent};
/// use ndarray::array;
///
/// let square = Polynomial::new(0.0, vec![0.0, 0.0, 1.0]);
/// let (x, direction) = (array![1.0, 3.0].into_dyn(), array![1.0, 10.0].into_dyn());
/// let change = expand_tangent::<f64, f64>(
///     &x.view(), &direction.view(), &square, &Expansion::default(),
/// )?;
/// assert_eq!(change.into_raw_vec_and_offset().0, [2.0, 60.0]);
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
pub fn expand_tangent<T: Element, U: Float>(
    x: &ArrayViewD<'_, T>,
    tangent: &ArrayViewD<'_, T>,
    polynomial: &Polynomial,
    expansion: &Expansion,
) -> Result<ArrayD<U>, ExpandError> {
    check_shape(x.shape(), tangent.shape())?;
    let mut out = expansion.output(polynomial, x.shape())?;
    forward(x, Some(tangent), polynomial, expansion, &mut out.view_mut())?;
    Ok(out)
}

fn check_shape(expected: &[usize], found: &[usize]) -> Result<(), ExpandError> {
    if expected == found {
        return Ok(());
    }
    Err(ExpandError::WrongShape { expected: expected.to_vec(), found: found.to_vec() })
}

fn forward<T: Element, U: Float>(
    x: &ArrayViewD<'_, T>,
    tangent: Option<&ArrayViewD<'_, T>>,
    polynomial: &Polynomial,
    expansion: &Expansion,
    out: &mut ArrayViewMutD<'_, U>,
) -> Result<(), ExpandError> {
    let degrees = expansion.degrees_of(polynomial)?;
    let layout = expansion.layout(degrees.len(), x.shape())?;
    check_shape(&layout.shape, out.shape())?;
    if out.is_empty() {
        return Ok(());
    }
    let plan = Plan::new(polynomial, expansion, &degrees);
    let plan = if tangent.is_some() { plan.derivative() } else { plan };
    let all = Strided::new_mut(out);
    let output = match all.contiguous() {
        Some(start) => Destination::Dense(start),
        None => Destination::Rows(
            (0..plan.count())
                .map(|row| {
                    let mut view = out.view_mut();
                    layout.select(row, expansion, x.shape(), |axis, slice| {
                        view.slice_axis_inplace(axis, slice);
                    });
                    Strided::new_mut(&mut view)
                })
                .collect(),
        ),
    };
    let job = Forward {
        plan: &plan,
        input: Strided::new(x),
        tangent: tangent.map(Strided::new),
        count: x.len(),
        inner: layout.inner,
        output,
    };
    kernel::expand(&job, expansion.threads)
}

impl Layout {
    /// Narrows a view of the output to one row, in the input's shape but for an axis of length 1.
    fn select(
        &self,
        row: usize,
        expansion: &Expansion,
        input: &[usize],
        mut narrow: impl FnMut(Axis, Slice),
    ) {
        if expansion.kind == Kind::Sum {
            return;
        }
        let length = if expansion.stack { 1 } else { input[self.axis] };
        let (first, last) = ((row * length) as isize, ((row + 1) * length) as isize);
        narrow(Axis(self.axis), Slice::new(first, Some(last), 1));
    }
}

/// The gradients of a scalar through an expansion.
#[derive(Clone, Debug)]
pub struct Gradients<U> {
    /// With respect to the values of `x`, in its shape.
    pub values: ArrayD<U>,
    /// With respect to the coefficients, from degree 0 to the order; zeros of a basis, which has none.
    pub coefficients: Vec<f64>,
}

/// Takes the gradient of a scalar with respect to the expansion of `x` back to `x` and to the
/// coefficients, in one pass over memory (a vector-Jacobian product).
///
/// The sums over all values are taken pairwise in a fixed shape: the same bits for any number of
/// threads. (For gradients with respect to weights see [`Polynomial::weighted_gradients`].)
///
/// # Errors
///
/// As [`expand`], and [`ExpandError::WrongShape`] if `gradient` has not the expansion's shape.
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, Polynomial, expand_backward};
/// use ndarray::{array, ArrayD, IxDyn};
///
/// let square = Polynomial::new(0.0, vec![0.0, 0.0, 1.0]);
/// let x = array![1.0, 3.0].into_dyn();
/// let gradient = ArrayD::<f64>::ones(IxDyn(&[2, 1]));
/// let back = expand_backward(&gradient.view(), &x.view(), &square, &Expansion::default())?;
/// assert_eq!(back.values.into_raw_vec_and_offset().0, [2.0, 6.0]);
/// assert_eq!(back.coefficients, [0.0, 0.0, 10.0]);
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
pub fn expand_backward<T: Element, U: Float>(
    gradient: &ArrayViewD<'_, U>,
    x: &ArrayViewD<'_, T>,
    polynomial: &Polynomial,
    expansion: &Expansion,
) -> Result<Gradients<U>, ExpandError> {
    let mut values = memory::zeros(x.shape())?;
    let out = Some(&mut values.view_mut());
    let coefficients = expand_backward_into(gradient, x, polynomial, expansion, out, true)?;
    Ok(Gradients { values, coefficients })
}

/// [`expand_backward`] into an array that is given, contiguous in memory, and only what is
/// wanted: `values` for the gradient of `x`, `coefficients` for that of the coefficients, which
/// is returned (zeros where it is not wanted).
///
/// # Errors
///
/// As [`expand_backward`]; [`ExpandError::NotContiguous`] if `values` has gaps.
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, Polynomial, expand_backward_into};
/// use ndarray::{array, ArrayD, IxDyn};
///
/// let line = Polynomial::new(0.0, vec![0.0, 5.0]);
/// let (x, gradient) = (array![1.0, 3.0].into_dyn(), array![[1.0], [2.0]].into_dyn());
/// let sums = expand_backward_into::<f64, f64>(
///     &gradient.view(), &x.view(), &line, &Expansion::default(), None, true,
/// )?;
/// assert_eq!(sums, [0.0, 7.0]);
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
pub fn expand_backward_into<T: Element, U: Float>(
    gradient: &ArrayViewD<'_, U>,
    x: &ArrayViewD<'_, T>,
    polynomial: &Polynomial,
    expansion: &Expansion,
    values: Option<&mut ArrayViewMutD<'_, U>>,
    coefficients: bool,
) -> Result<Vec<f64>, ExpandError> {
    let degrees = expansion.degrees_of(polynomial)?;
    let layout = expansion.layout(degrees.len(), x.shape())?;
    check_shape(&layout.shape, gradient.shape())?;
    if x.is_empty() {
        return Ok(vec![0.0; polynomial.order() + 1]);
    }
    let values = match values {
        None => None,
        Some(values) => {
            check_shape(x.shape(), values.shape())?;
            let place = Strided::new_mut(values).contiguous();
            Some(place.ok_or(ExpandError::NotContiguous)?)
        }
    };
    let plan = Plan::new(polynomial, expansion, &degrees);
    let all = Strided::new(gradient);
    let gradient = if all.contiguous().is_some() {
        Gradient::Dense(all)
    } else {
        let row = |row: usize| {
            let mut view = gradient.view();
            layout.select(row, expansion, x.shape(), |axis, slice| {
                view.slice_axis_inplace(axis, slice);
            });
            Strided::new(&view)
        };
        Gradient::Rows((0..plan.count()).map(row).collect())
    };
    let job = Backward {
        plan: &plan,
        input: Strided::new(x),
        gradient,
        count: x.len(),
        inner: layout.inner,
        values,
        coefficients,
    };
    kernel::gradient(&job, expansion.threads)
}
