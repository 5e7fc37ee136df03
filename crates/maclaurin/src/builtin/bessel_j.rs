//! The Bessel function of the first kind and integer order, `J_n(z) = (z/2)^n sum_k (-z^2/4)^k/(k!
//! (n+k)!)` (DLMF 10.2.2), an entire function.

use super::composition::compose;
use super::taylor::{enclosed, integer, magnitude, mean_value, point, rational, within};
use super::{Analytic, Interval};
use crate::number::{IBig, half};

use dashu_float::Repr;

/// The largest modulus for which the series about zero is summed in the given arithmetic, whose
/// bits cannot make up for cancellation: `e^|z|` at the most.
const REACH: f64 = 8.0;

/// The same in the complex plane, where there is no other way.
const REACH_IN_PLANE: f64 = 16.0;

/// The largest argument for which the series about zero is summed with more bits.
const LARGEST_ARGUMENT: f64 = 20_000.0;

/// `J_n(u)`
pub(crate) fn value<A: Analytic>(a: &A, u: &A::Number, n: u32) -> A::Number {
    orders(a, u, n, n).swap_remove(0)
}

/// [`value`] in double precision.
pub(crate) fn double(x: f64, n: u32) -> f64 {
    libm::jn(i32::try_from(n).unwrap_or(i32::MAX), x)
}

/// The Taylor coefficients at `f_0`, and `f` put in: `J_m' = (J_(m-1) - J_(m+1))/2` (DLMF 10.6.1),
/// again and again.
pub(crate) fn series<A: Analytic>(a: &A, f: &[A::Number], n: u32) -> Vec<A::Number> {
    let order = f.len() as i64 - 1;
    let (first, last) = (i64::from(n) - order, i64::from(n) + order);
    let least = if first <= 0 { 0 } else { first.min(last) };
    let values = orders(a, &f[0], least as u32, last as u32);
    // J_(-m) = (-1)^m J_m (DLMF 10.4.1)
    let mut row: Vec<_> = (first..=last)
        .map(|m| {
            let value = &values[(m.abs() - least) as usize];
            if m < 0 && m % 2 != 0 { a.negate(value) } else { value.clone() }
        })
        .collect();
    let mut outer = vec![row[order as usize].clone()];
    for k in 1..=order {
        let divisor = a.integer(2 * k);
        row = row.windows(3).map(|w| a.divide(&a.subtract(&w[0], &w[2]), &divisor)).collect();
        outer.push(row[(order - k) as usize].clone());
    }
    compose(a, &outer, f)
}

/// `J_m(u)` from `m = first` to `last`.
fn orders<A: Analytic>(a: &A, u: &A::Number, first: u32, last: u32) -> Vec<A::Number> {
    if a.is_zero(u) {
        return (first..=last).map(|m| a.integer((m == 0).into())).collect();
    }
    let (re, im) = a.rectangle(u);
    let modulus = re.magnitude().hypot(im.magnitude());
    if modulus.is_nan() || modulus > if A::REAL { REACH } else { REACH_IN_PLANE } {
        return (first..=last).map(|m| a.image(u, &|x, bits| interval(x, m, bits))).collect();
    }
    let halved = a.multiply(&enclosed(a, u), &rational(a, &half()));
    let square = a.negate(&a.multiply(&halved, &halved));
    let size = 2.0 * (modulus / 2.0).max(1e-30).log2();
    let mut leading = a.integer(1);
    let mut values = Vec::with_capacity((last - first) as usize + 1);
    for m in 0..=i64::from(last) {
        if m > 0 {
            leading = a.divide(&a.multiply(&leading, &halved), &a.integer(m));
        }
        if m < i64::from(first) {
            continue;
        }
        // The terms halve once (|z|/2)^2 <= k (m + k)/2, and then what follows is less than the last.
        let (mut k, mut left) = (0i64, 0.0);
        let ratio = |k: i64| size - ((k * (m + k)) as f64).log2();
        while left > -(a.bits() as f64) - 8.0 || ratio(k) > -1.0 {
            k += 1;
            left += ratio(k);
        }
        let mut sum = a.integer(1);
        for k in (1..=k).rev() {
            let term = a.divide(&a.multiply(&sum, &square), &a.integer(k * (m + k)));
            sum = a.add(&a.integer(1), &term);
        }
        let sum = a.add(&sum, &within(a, left.ceil() as i64 + 1));
        values.push(a.multiply(&leading, &sum));
    }
    values
}

/// `J_m` of an interval: its slope is at most 1 (DLMF 10.14.1), and half of `|x/2|^(m-1)/(m-1)!`
/// and `|x/2|^(m+1)/(m+1)!` together (DLMF 10.14.4).
fn interval(x: &Interval, m: u32, bits: usize) -> Interval {
    mean_value(
        x,
        bits,
        |x| at(x, m, bits),
        || {
            let modulus = x.magnitude().to_f64_outward().1;
            let log = f64::from(m.saturating_sub(1)) * (modulus / 2.0).max(1e-300).log2()
                - (2..m).map(|j| f64::from(j).log2()).sum::<f64>();
            let next = 2.0 * (modulus / 2.0).max(1e-300).log2() - 2.0 * f64::from(m.max(1)).log2();
            let slope =
                if m == 0 { 1.0 } else { (log + next.max(0.0) + 1e-6).exp2().next_up().min(1.0) };
            Interval::from_f64(-slope, slope)
        },
    )
}

fn at(x: &Repr<2>, m: u32, bits: usize) -> Interval {
    let x = point(x);
    let size = x.magnitude().to_f64_outward().1;
    let value = if size > f64::from(m) && size > 16.0 { hankel(&x, m, bits) } else { None };
    value.or_else(|| (size < LARGEST_ARGUMENT).then(|| power_series(&x, m, bits))).unwrap_or_else(
        || {
            // DLMF 10.14.1
            Interval::from_f64(-1.0, 1.0)
        },
    )
}

/// The series about zero, with bits for what cancels.
fn power_series(x: &Interval, m: u32, bits: usize) -> Interval {
    let size = x.magnitude().to_f64_outward().1;
    let bits = bits + 32 + (3.0 * size) as usize;
    let halved = x.multiply(&Interval::from_f64(0.5, 0.5), bits);
    let square = halved.multiply(&halved, bits).negate();
    let mut term = integer(1);
    for j in 1..=u64::from(m) {
        term = term.multiply(&halved, bits).divide(&integer(j), bits);
    }
    let mut sum = term.clone();
    let mut goal = magnitude(&term);
    for k in 1u64.. {
        let divisor = k * (u64::from(m) + k);
        term = term.multiply(&square, bits).divide(&integer(divisor), bits);
        sum = sum.add(&term, bits);
        goal = goal.max(magnitude(&term));
        if divisor as f64 > size * size / 2.0 && magnitude(&term) < goal - bits as isize {
            break;
        }
    }
    sum.add(&term.hull(&term.negate()), bits)
}

/// Hankel's expansion (DLMF 10.17.3): for real arguments either sum's error is below its first term
/// left out once that is the term of a degree from `m` on (DLMF 10.17(iii)). `None` where that is
/// not small enough.
fn hankel(x: &Interval, m: u32, bits: usize) -> Option<Interval> {
    let order = i64::from(m);
    let size = usize::try_from(magnitude(x)).ok()?.min(1 << 14);
    let growth = (0.75 * f64::from(m) * f64::from(m) / x.magnitude().to_f64_outward().0) as usize;
    let goal = -(bits as isize) - 16;
    let bits = bits + size + 32 + growth;
    // x > 0, for J_m(-x) = (-1)^m J_m(x).
    let positive = x.magnitude();
    let inverse = integer(1).divide(&positive.multiply(&integer(8), bits), bits);
    let mut term = integer(1);
    let mut sums = [integer(1), integer(0)];
    let mut last = isize::MAX;
    for k in 1i64.. {
        let factor = 4 * order * order - (2 * k - 1) * (2 * k - 1);
        let factor = Interval::integer(IBig::from(factor));
        term =
            term.multiply(&factor, bits).multiply(&inverse, bits).divide(&integer(k as u64), bits);
        let size = if term.upper() == term.lower() && term.contains_zero() {
            isize::MIN
        } else {
            magnitude(&term)
        };
        // Signs of terms: + + - - ...
        let signed = if k % 4 >= 2 { term.negate() } else { term.clone() };
        let sum = &mut sums[(k % 2) as usize];
        if k >= order.max(2) && size < goal {
            // Either sum is cut before this term or the next, which is smaller for k + 1 <= 2x.
            if (k + 1) as f64 > 2.0 * positive.to_f64_outward().0 {
                return None;
            }
            let gap = term.hull(&term.negate());
            sums = sums.map(|sum| sum.add(&gap, bits));
            break;
        }
        if k > order && size >= last {
            return None;
        }
        last = size;
        *sum = sum.add(&signed, bits);
    }
    let pi = Interval::pi(bits);
    let quarter = Interval::from_f64(0.25, 0.25);
    let turn = pi.multiply(&quarter, bits).multiply(&integer(2 * u64::from(m) + 1), bits);
    let angle = positive.add(&turn.negate(), bits);
    let [even, odd] = sums;
    let wave = even
        .multiply(&angle.cos(bits), bits)
        .add(&odd.multiply(&angle.sin(bits), bits).negate(), bits);
    let scale = integer(2).divide(&pi.multiply(&positive, bits), bits).power(&half(), bits);
    let value = wave.multiply(&scale, bits);
    let negative = x.sign() == Some(std::cmp::Ordering::Less) && m % 2 == 1;
    Some(if negative { value.negate() } else { value })
}
