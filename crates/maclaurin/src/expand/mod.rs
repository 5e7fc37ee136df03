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
//! This module knows coefficients only, not where they come from. The memory of the output is
//! always (outer, degree, inner), where the new axis stands between the outer and the inner axes
//! of the input: stacking and concatenation differ in the shape alone.

mod element;
mod error;
mod kernel;
mod polynomial;

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};
use rayon::prelude::*;

pub use element::{Element, Float};
pub use error::ExpandError;
use kernel::{Plan, Rows};
pub use polynomial::Polynomial;

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

/// The degrees that come out, from 1 on; the constant is asked for apart.
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
    /// Elements of one block of inner axes: how far apart two degrees of one value lie.
    inner: usize,
}

/// Outputs of fewer values than this are computed on the calling thread.
const SMALLEST_PARALLEL_OUTPUT: usize = 1 << 15;

/// Values of one unit of parallel work.
const UNIT: usize = 1 << 14;

/// Outputs of more bytes than this are compared with the machine's memory before they are
/// allocated.
const UNCHECKED_BYTES: usize = 1 << 28;

impl Expansion {
    /// The degrees that come out for `polynomial`, the constant included; none for
    /// [`Kind::Sum`].
    ///
    /// # Errors
    ///
    /// [`ExpandError::DegreeOutOfRange`] for a listed degree that is 0 or above the order,
    /// [`ExpandError::NoDegrees`] where nothing would come out.
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

    fn layout(&self, degrees: usize, input: &[usize]) -> Result<Layout, ExpandError> {
        if self.kind == Kind::Sum {
            return Ok(Layout { shape: input.to_vec(), inner: 1 });
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
        Ok(Layout { shape, inner: input[axis..].iter().product() })
    }
}

/// Expands every value of `x`; see [`Expansion`] for what comes out and [`Float`] for the types.
///
/// Computed in `f64` where the input or the output is, in `f32` otherwise. NaN stays NaN and
/// infinities follow IEEE arithmetic. Equal inputs give equal outputs whatever the strides and
/// the number of threads.
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
    let shape = expansion.shape(polynomial, x.shape())?;
    let count: usize = shape.iter().product();
    let bytes = count.checked_mul(size_of::<U>()).ok_or(ExpandError::Overflow)?;
    check_memory(bytes)?;
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| ExpandError::TooLarge { bytes, limit: 0 })?;
    values.resize(count, U::from_f64(0.0));
    let mut out =
        ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|_| ExpandError::Overflow)?;
    expand_into(x, polynomial, expansion, &mut out.view_mut())?;
    Ok(out)
}

/// Refuses what the machine's memory cannot hold.
fn check_memory(bytes: usize) -> Result<(), ExpandError> {
    if bytes <= UNCHECKED_BYTES {
        return Ok(());
    }
    let kind = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let refresh = sysinfo::RefreshKind::nothing().with_memory(kind);
    let limit = sysinfo::System::new_with_specifics(refresh)
        .map_or(0, |system| usize::try_from(system.available_memory()).unwrap_or(usize::MAX));
    // A system that does not tell answers 0.
    if limit > 0 && bytes > limit { Err(ExpandError::TooLarge { bytes, limit }) } else { Ok(()) }
}

/// [`expand`] into an array that is there.
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
    let degrees = expansion.degrees_of(polynomial)?;
    let layout = expansion.layout(degrees.len(), x.shape())?;
    if out.shape() != layout.shape {
        return Err(ExpandError::WrongShape {
            expected: layout.shape,
            found: out.shape().to_vec(),
        });
    }
    let input = x.as_standard_layout();
    let input = input.as_slice().unwrap_or_default();
    let plan = Plan::new(polynomial, expansion, degrees);
    let work = |output: &mut [U]| {
        in_threads(expansion.threads, || {
            fill(input, &plan, layout.inner, output);
        })
    };
    if let Some(output) = out.as_slice_mut() {
        return work(output);
    }
    let mut dense = vec![U::from_f64(0.0); out.len()];
    work(&mut dense)?;
    for (to, from) in out.iter_mut().zip(dense) {
        *to = from;
    }
    Ok(())
}

fn in_threads(threads: Option<usize>, work: impl FnOnce() + Send) -> Result<(), ExpandError> {
    let Some(threads) = threads else {
        work();
        return Ok(());
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .build()
        .map_err(|error| ExpandError::Threads(error.to_string()))?;
    pool.install(work);
    Ok(())
}

/// Computes all of `output`, laid out as (outer, degree, inner), in units of work that own
/// disjoint parts of it.
fn fill<T: Element, U: Float>(input: &[T], plan: &Plan, inner: usize, output: &mut [U]) {
    if output.is_empty() {
        return;
    }
    let rows = plan.rows();
    let parallel = output.len() >= SMALLEST_PARALLEL_OUTPUT;
    if inner < UNIT {
        // Whole blocks of (degree, inner), so many that a unit is worth its start.
        let blocks = (UNIT / inner.max(1)).max(1);
        let unit = |(input, output): (&[T], &mut [U])| {
            if inner == 1 {
                kernel::expand(input, plan, Rows::Interleaved(output));
            } else {
                let blocks = input.chunks(inner).zip(output.chunks_mut(inner * rows));
                for (input, output) in blocks {
                    kernel::expand(input, plan, Rows::Planes(output.chunks_mut(inner).collect()));
                }
            }
        };
        let (step, wide) = (blocks * inner, blocks * inner * rows);
        if parallel {
            input.par_chunks(step).zip(output.par_chunks_mut(wide)).for_each(unit);
        } else {
            input.chunks(step).zip(output.chunks_mut(wide)).for_each(unit);
        }
        return;
    }
    // Tiles of one block: each owns the same range of every plane.
    let tiles = inner.div_ceil(UNIT);
    let mut units: Vec<Vec<&mut [U]>> = Vec::with_capacity(input.len() / inner * tiles);
    for block in output.chunks_mut(inner * rows) {
        let first = units.len();
        units.resize_with(first + tiles, || Vec::with_capacity(rows));
        for plane in block.chunks_mut(inner) {
            for (unit, tile) in units[first..].iter_mut().zip(plane.chunks_mut(UNIT)) {
                unit.push(tile);
            }
        }
    }
    let inputs: Vec<&[T]> = input.chunks(inner).flat_map(|block| block.chunks(UNIT)).collect();
    let unit = |(planes, input): (Vec<&mut [U]>, &[T])| {
        kernel::expand(input, plan, Rows::Planes(planes));
    };
    if parallel {
        units.into_par_iter().zip(inputs).for_each(unit);
    } else {
        units.into_iter().zip(inputs).for_each(unit);
    }
}
