//! Bounds of the rounding errors of a program, for all arguments of an interval.
//!
//! **A running error analysis** (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
//! section 3.3), in interval arithmetic. Beside the interval of each exact value `a`, a bound `e_a` of
//! its distance from the computed `a'`; with the unit roundoff `u` and, for underflow, half the
//! smallest positive number `eta`:
//!
//! ```text
//! a + b:  e_a + e_b + u (|a + b| + e_a + e_b)
//! a b:    e_a (|b| + e_b) + |a| e_b + u |a' b'| + eta
//! a / b:  (e_a + |a/b| e_b) / (|b| - e_b) + (2 u + u^2) |a' / b'| + eta (2 |a'| + 1)
//! ```
//!
//! The last from `a'/b' - a/b = (a' - a)/b' - (a/b) (b' - b)/b'`, and for a quotient that is rounded once
//! or is a product by the rounded reciprocal, `a' (1/b' (1 + d) + f) (1 + d') + f'` with `|d|, |d'| <= u`
//! and `|f|, |f'| <= eta`: PyTorch divides so by a number on CUDA. `a + a` is exact.
//!
//! **Clenshaw's recurrence** would have intervals that widen by `1 + sqrt(2)` in each step. Its errors
//! are bounded from its linearity instead. Let `u'` be the computed argument; `2 u'` is exact. The
//! recurrence with rounded coefficients computes
//!
//! ```text
//! b'_k = c_k + e_k + 2 u' b'_(k+1) - b'_(k+2),   y = c_0 + e_0 + u' b'_1 - b'_2
//! ```
//!
//! where `e_k` is the error of the coefficient and those of the step's three operations. That is the
//! exact recurrence for the coefficients `c_k + e_k`, and therefore
//!
//! ```text
//! y = sum_k (c_k + e_k) T_k(u'),   b'_k = sum_(j >= k) (c_j + e_j) U_(j-k)(u')
//! ```
//!
//! with no terms of second order. The second equation bounds the sizes that `e_k` is relative to, from
//! `k = n` down; the first gives `|y - p(u)| <= |p(u') - p(u)| + sum_k |e_k| |T_k(u')|`, and
//! `T'_k = k U_(k-1)` bounds what is left. With `|u'| = (z + 1/z)/2`, `z >= 1`, the sums
//! `U_m = z^m + z^(m-2) + ... + z^(-m)` and `2 T_m = z^m + z^(-m)` give `|U_m| <= (m + 1) z^m` and
//! `|T_m| <= z^m`; inside `[-1, 1]` these hold with `z = 1`, and `|U_m| <= 1/sqrt(1 - u'^2)` too, since
//! `U_m(cos t) = sin((m + 1) t) / sin t`.

use crate::number::{Format, Interval64};
use crate::program::{ChebyshevSum, Program, Step};

/// An exact value, and how far the computed one is from it at most.
#[derive(Clone, Copy)]
struct Running {
    exact: Interval64,
    error: f64,
}

impl Running {
    /// The largest magnitude of the computed value.
    fn size(self) -> f64 {
        sum([self.exact.magnitude(), self.error])
    }
}

/// The rounding errors of a format.
#[derive(Clone, Copy)]
struct Rounding {
    unit: f64,
    eta: f64,
    largest: f64,
}

impl Rounding {
    fn of(format: Format) -> Self {
        Self { unit: format.unit(), eta: format.eta(), largest: format.largest() }
    }

    /// The error of a sum of that magnitude before it is rounded: infinite where it may overflow.
    fn added(self, size: f64) -> f64 {
        self.checked(size, product(self.unit, size))
    }

    /// The error of a quotient with a numerator of the second magnitude, or of the product by the
    /// reciprocal.
    fn divided(self, size: f64, numerator: f64) -> f64 {
        if numerator == 0.0 {
            return 0.0;
        }
        let relative = product(sum([2.0 * self.unit, product(self.unit, self.unit)]), size);
        let underflow = product(self.eta, sum([product(2.0, numerator), 1.0]));
        self.checked(size, sum([relative, underflow]))
    }

    /// The error of a product.
    fn multiplied(self, size: f64) -> f64 {
        if size == 0.0 {
            0.0
        } else {
            self.checked(size, sum([product(self.unit, size), self.eta]))
        }
    }

    fn checked(self, size: f64, error: f64) -> f64 {
        if size + error < self.largest { error } else { f64::INFINITY }
    }
}

/// A bound of the rounding errors for every `x` of the format from `low` to `high`, in arithmetic of
/// the format or of a wider one.
pub(super) fn rounding(program: &Program, format: Format, low: f64, high: f64) -> f64 {
    let bound = match &program.sum {
        Some(sum) => chebyshev(program, sum, format, low, high),
        None => running(program, format, low, high, program.steps.len()),
    };
    let Some(Running { exact, error }) = bound else { return f64::INFINITY };
    if error.is_nan() || error == f64::INFINITY {
        return f64::INFINITY;
    }
    // Where wider numbers are rounded once at the end: their own last rounding, and underflow.
    let wider = match format {
        Format::F16 | Format::BF16 => Format::F32,
        Format::F32 => Format::F64,
        Format::F64 => return error,
    };
    let last = sum([exact.magnitude(), error]);
    sum([error, product(2.0 * wider.unit(), last), format.eta()])
}

/// The last of the first `count` steps' values; `None` where one may overflow.
fn running(
    program: &Program,
    format: Format,
    low: f64,
    high: f64,
    count: usize,
) -> Option<Running> {
    let rounding = Rounding::of(format);
    let mut values: Vec<Running> = Vec::with_capacity(count);
    for step in &program.steps[..count] {
        let value = match *step {
            Step::Input => Running { exact: Interval64::between(low, high), error: 0.0 },
            Step::Constant(index) => {
                let number = &program.constants[index];
                Running { exact: number.exact, error: number.error_in(format) }
            }
            Step::Add(a, b) if a == b => {
                let Running { exact, error } = values[a];
                Running { exact: exact.add(exact), error: product(2.0, error) }
            }
            Step::Add(a, b) | Step::Subtract(a, b) => {
                let (a, b) = (values[a], values[b]);
                let exact = if matches!(step, Step::Add(..)) {
                    a.exact.add(b.exact)
                } else {
                    a.exact.subtract(b.exact)
                };
                let before = sum([a.error, b.error]);
                let added = rounding.added(sum([exact.magnitude(), before]));
                Running { exact, error: sum([before, added]) }
            }
            Step::Multiply(a, b) => {
                let same = a == b;
                let (a, b) = (values[a], values[b]);
                let exact = if same { a.exact.square() } else { a.exact.multiply(b.exact) };
                let carried =
                    sum([product(a.error, b.size()), product(a.exact.magnitude(), b.error)]);
                let inexact = rounding.multiplied(product(a.size(), b.size()));
                Running { exact, error: sum([carried, inexact]) }
            }
            Step::Divide(a, b) => {
                let (a, b) = (values[a], values[b]);
                let exact = a.exact.divide(b.exact);
                let below = (b.exact.mignitude() - b.error).next_down();
                if below <= 0.0 || below.is_nan() {
                    return None;
                }
                let off = sum([a.error, product(exact.magnitude(), b.error)]);
                let carried = if off == 0.0 { 0.0 } else { (off / below).next_up() };
                if (1.0 / below).next_up() >= rounding.largest {
                    return None;
                }
                let inexact = rounding.divided(sum([exact.magnitude(), carried]), a.size());
                Running { exact, error: sum([carried, inexact]) }
            }
        };
        let size = value.size();
        if size.is_nan() || size >= rounding.largest {
            return None;
        }
        values.push(value);
    }
    values.pop()
}

/// The bound for Clenshaw's recurrence.
fn chebyshev(
    program: &Program,
    sum_of: &ChebyshevSum,
    format: Format,
    low: f64,
    high: f64,
) -> Option<Running> {
    let rounding = Rounding::of(format);
    let u = running(program, format, low, high, sum_of.argument + 1)?;
    let size = u.size();
    let twice = product(2.0, size);
    if twice >= rounding.largest {
        return None;
    }
    let growth = Growth::new(size);
    let count = sum_of.coefficients.len();
    // |U_m| z^0 and |T_m|, for all m that occur.
    let (second, first): (Vec<f64>, Vec<f64>) =
        (0..count).map(|m| (growth.second(m), growth.first(m))).unzip();
    // |c_k| and |c_k| + |e_k|, from degree k up.
    let mut perturbed = vec![0.0; count];
    let mut sizes = vec![0.0; count + 2];
    let (mut error, mut whole, mut slope) = (0.0, 0.0, 0.0);
    for (k, number) in sum_of.coefficients.iter().enumerate().rev() {
        let own = number.exact.magnitude();
        let inexact = number.error_in(format);
        let factor = if k == 0 { size } else { twice };
        let (next, after) = (sizes[k + 1], sizes[k + 2]);
        let multiplied = product(factor, next);
        let mut local = sum([inexact, rounding.multiplied(multiplied)]);
        if k + 1 < count {
            // In any order of the two sums, each is at most this large before it is rounded.
            let added = rounding.added(sum([own, multiplied, after, local]));
            local = sum([local, added]);
            if k + 2 < count {
                local = sum([local, rounding.added(sum([own, multiplied, after, local]))]);
            }
        }
        perturbed[k] = sum([own, local]);
        sizes[k] =
            (k..count).fold(0.0, |size, j| sum([size, product(perturbed[j], second[j - k])]));
        if sizes[k].is_nan() || sizes[k] >= rounding.largest {
            return None;
        }
        error = sum([error, product(local, first[k])]);
        whole = sum([whole, product(own, first[k])]);
        if k > 0 {
            slope = sum([slope, product(product(k as f64, own), second[k - 1])]);
        }
    }
    error = sum([error, product(u.error, slope)]);
    Some(Running { exact: Interval64::symmetric(whole), error })
}

/// Bounds of Chebyshev polynomials for arguments up to a magnitude.
struct Growth {
    /// At least `z`, of which `(z + 1/z)/2` is the magnitude.
    z: f64,
    /// At least `1/sqrt(1 - u^2)`.
    inside: f64,
}

impl Growth {
    fn new(size: f64) -> Self {
        if size > 1.0 {
            // (u - 1)(u + 1), where the difference is exact for u < 2.
            let root = ((size - 1.0).next_up() * (size + 1.0).next_up()).next_up().sqrt().next_up();
            return Self { z: (size + root).next_up(), inside: f64::INFINITY };
        }
        let square = ((1.0 - size) * (1.0 + size) * (1.0 - 4.0 * f64::EPSILON)).next_down();
        let inside =
            if square > 0.0 { (1.0 / square.sqrt().next_down()).next_up() } else { f64::INFINITY };
        Self { z: 1.0, inside }
    }

    /// At least `|T_m|`.
    fn first(&self, m: usize) -> f64 {
        power(self.z, m)
    }

    /// At least `|U_m|`.
    fn second(&self, m: usize) -> f64 {
        product((m + 1) as f64, power(self.z, m)).min(self.inside)
    }
}

/// `z^n` for `z >= 1`, rounded up.
fn power(z: f64, n: usize) -> f64 {
    if z == 1.0 {
        return 1.0;
    }
    let square = |x: f64| product(x, x);
    let half = if n < 2 { 1.0 } else { square(power(z, n / 2)) };
    if n.is_multiple_of(2) { half } else { product(half, z) }
}

/// The sum of numbers that are not negative, rounded up.
pub(super) fn sum<const N: usize>(terms: [f64; N]) -> f64 {
    let add = |sum: f64, x: f64| {
        if x == 0.0 {
            sum
        } else if sum == 0.0 {
            x
        } else {
            (sum + x).next_up()
        }
    };
    terms.into_iter().fold(0.0, add)
}

/// The product of numbers that are not negative, rounded up.
fn product(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_up() }
}
