//! Taylor coefficients of `log Gamma` and of `1/Gamma` at a point, by Stirling's series.
//!
//! `log Gamma(w) = (w - 1/2) log w - w + log(2 pi)/2 + sum_(m<n) B_2m/(2m(2m-1) w^(2m-1)) + R_n(w)`
//! with `|R_n(w)| <= |B_2n|/(2n(2n-1)|w|^(2n-1)) sec^(2n)(ph(w)/2)` (DLMF 5.11.1, 5.11.11), at a
//! `w = u + N` large enough for the bits (DLMF 5.5.1). The Taylor coefficients of the remainder are
//! bounded by Cauchy's estimate in the disc of radius `|w|/2` about `w`, in which
//! `|B_2n| <= 4 (2n)!/(2 pi)^(2n)` (DLMF 24.9.8) bounds it.
//!
//! Every sum here but that of Stirling's small terms has terms of one sign, each monotone in a
//! positive `u`, so that the coefficients over an interval are tight.

use std::cell::RefCell;
use std::f64::consts::{PI, TAU};

use super::Rgamma;
use crate::builtin::recurrence::{derivative, multiply, negate};
use crate::builtin::taylor::{enclosed, known_bits, rational, variable, within};
use crate::builtin::{Analytic, Builtin, Exp, Log, Sin};
use crate::cancel::spend;
use crate::number::{Exact, IBig, Rational, UBig, cost_of_tangent_numbers, half, tangent_numbers};

/// Steps down from a point in the right half-plane; further to the left, the function is reflected.
pub(super) const MOST_STEPS: f64 = 64.0;

/// How large `w` is, in units of the bits wanted: a balance of the steps to it and the terms there.
const DISTANCE: f64 = 0.35;

thread_local! {
    /// `B_2m/(2m(2m-1))` from `m = 1` on.
    static COEFFICIENTS: RefCell<Vec<Rational>> = const { RefCell::new(Vec::new()) };
}

/// The first `count` of Stirling's coefficients, with `B_2m = (-1)^(m-1) 2m T_m/(4^m (4^m - 1))`
/// (DLMF 24.15.4).
pub(in crate::builtin) fn coefficients<T>(count: usize, to: impl Fn(&Rational) -> T) -> Vec<T> {
    let all = count.next_power_of_two();
    // Whether they are known already makes no difference to a limit of work.
    spend(cost_of_tangent_numbers(all));
    COEFFICIENTS.with_borrow_mut(|known| {
        if known.len() < count {
            let numbers = tangent_numbers(all);
            let coefficient = |(m, number): (usize, UBig)| {
                let power = UBig::ONE << (2 * m);
                let below = (&power - UBig::ONE) * power * UBig::from(2 * m - 1);
                let sign = if m % 2 == 1 { 1 } else { -1 };
                Rational::from_parts(IBig::from(number) * IBig::from(sign), below)
            };
            *known = (1..).zip(numbers).map(coefficient).collect();
        }
        known[..count].iter().map(to).collect()
    })
}

/// How many terms bring the remainder on the disc below `2^-bits`, and the binary logarithm of its
/// bound then: `None` where no number of terms does.
fn remainder(modulus: f64, angle: f64, bits: f64) -> Option<(usize, f64)> {
    // On the disc the phase is larger by asin(1/2) at most.
    let angle = angle + PI / 6.0 + 1e-9;
    let secant = 2.0 / (1.0 + angle.cos());
    let step = 2.0 * ((modulus / 2.0).log2() + TAU.log2()) - secant.log2();
    let mut size = 2.0 + (modulus / 2.0).log2();
    for n in 1..usize::MAX {
        // From (2n - 4)! to (2n - 2)!.
        let growth = ((2 * n - 2).max(1) as f64 * (2 * n).saturating_sub(3).max(1) as f64).log2();
        size += growth - step;
        if size <= -bits {
            // One bit for the rounding of these doubles.
            return Some((n, size + 1.0));
        }
        if growth > step || !size.is_finite() {
            return None;
        }
    }
    None
}

/// The Taylor coefficients of `log Gamma` at `w` in the right half-plane.
pub(super) fn stirling<A: Analytic>(a: &A, w: &A::Number, terms: usize) -> Option<Vec<A::Number>> {
    let (re, im) = a.rectangle(w);
    let modulus = re.mignitude().hypot(im.mignitude()) * (1.0 - 1e-12);
    let angle = im.magnitude().atan2(re.low);
    let bits = known_bits(a, w, 1.0) as f64 + terms as f64 + 8.0;
    if !(re.low > 0.0 && modulus.is_finite()) {
        return None;
    }
    let (count, size) = remainder(modulus, angle, bits)?;
    let inverse = a.divide(&a.integer(1), w);
    let square = a.multiply(&inverse, &inverse);
    let mut power = inverse.clone();
    let mut small: Vec<_> = coefficients(count - 1, |c| rational(a, c));
    for c in &mut small {
        *c = a.multiply(c, &power);
        power = a.multiply(&power, &square);
    }
    let log = a.apply::<Log>(w);
    let one_half = rational(a, &half());
    // w^(1-k)
    let mut power = w.clone();
    let mut found = Vec::with_capacity(terms);
    for k in 0..terms {
        let error = size + k as f64 * (1.0 - modulus.log2());
        let sum = small.iter().fold(within(a, error.ceil() as i64), |sum, c| a.add(&sum, c));
        let next = a.multiply(&power, &inverse);
        let main = match k {
            0 => {
                let constant = a.apply::<Log>(&a.multiply(&a.integer(2), &a.pi()));
                let constant = a.multiply(&constant, &one_half);
                let linear = a.multiply(&a.subtract(w, &one_half), &log);
                a.add(&a.subtract(&linear, w), &constant)
            }
            1 => a.subtract(&a.multiply(&next, &one_half), &log),
            _ => {
                let k = k as i64;
                let first = a.divide(&power, &a.integer(k * (k - 1)));
                a.add(&first, &a.divide(&next, &a.integer(2 * k)))
            }
        };
        let value = a.add(&main, &sum);
        found.push(if k % 2 == 0 { value } else { a.negate(&value) });
        // C(2m-2+k, k) w^(1-2m-k), from one k to the next.
        let scale = a.divide(&inverse, &a.integer(k as i64 + 1));
        for (m, c) in (1i64..).zip(&mut small) {
            *c = a.multiply(&a.multiply(c, &a.integer(2 * m - 1 + k as i64)), &scale);
        }
        power = if k == 0 { a.integer(1) } else { next };
    }
    Some(found)
}

/// The number of steps to the right after which Stirling's series gives the given number of terms.
pub(super) fn steps_to<A: Analytic>(a: &A, u: &A::Number, terms: usize) -> Option<i64> {
    let low = a.rectangle(u).0.low;
    let goal = DISTANCE * (known_bits(a, u, 1.0) + terms + 8) as f64 + 4.0;
    (low > -MOST_STEPS - 1.0).then(|| (goal - low).ceil().max(0.0) as i64)
}

/// How many terms of `sum_j (u + j)^-k` are needed for the bits wanted, with `low` at most the real part of
/// `u`: one of `low + 1, low + 2, ...` at least is 1, so that it bounds the rest.
fn terms_of_sum(low: f64, k: usize, bits: usize) -> i64 {
    let nearest = low.max(0.5);
    let goal = ((bits + 2) as f64 + k as f64 * nearest.log2()) / (k - 1) as f64;
    (goal.exp2() - low).ceil().max(1.0 - low.floor()) as i64
}

/// The binary logarithm of a bound of what is left of that sum: where `v = low + count >= 1`,
/// `sum_(j>=count) (low + j)^-k <= v^-k + v^(1-k)/(k-1) <= 2 v^(1-k)`.
fn rest_of_sum(low: f64, k: usize, count: i64) -> i64 {
    let log = (low + count as f64).log2() * (1.0 - 1e-12);
    (1.0 + 1e-6 - (k - 1) as f64 * log).ceil() as i64
}

/// `u (u+1) ... (u+N-1)` and the Taylor coefficients of `log Gamma` at `u` from degree 1 on, with
/// the constant of `log Gamma(u + N)` before them.
pub(super) fn log_gamma<A: Analytic>(
    a: &A,
    u: &A::Number,
    terms: usize,
) -> Option<(A::Number, Vec<A::Number>)> {
    let u = enclosed(a, u);
    // From some degree on the sums over the poles converge at once.
    let (low, bits) = (a.rectangle(&u).0.low, known_bits(a, &u, 1.0));
    let mut head = terms.min(bits + 64);
    let mut steps = steps_to(a, &u, head)?;
    let mut counts: Vec<_> = (head..terms).map(|k| terms_of_sum(low, k, bits)).collect();
    // Fewer for each degree, in spite of rounding.
    for k in (1..counts.len()).rev() {
        counts[k - 1] = counts[k - 1].max(counts[k]);
    }
    if counts.first().is_some_and(|count| *count > steps) {
        counts.clear();
        head = terms;
        steps = steps_to(a, &u, terms)?;
    }
    let mut found = stirling(a, &a.add(&u, &a.integer(steps)), head)?;
    let rests = (head..terms).zip(&counts).map(|(k, count)| rest_of_sum(low, k, *count));
    found.extend(rests.map(|rest| within(a, rest)));
    let mut product = a.integer(1);
    let mut sums = vec![a.integer(0); terms];
    for j in 0..steps {
        let factor = a.add(&u, &a.integer(j));
        product = a.multiply(&product, &factor);
        if terms == 1 {
            continue;
        }
        let inverse = a.divide(&a.integer(1), &factor);
        let mut power = inverse.clone();
        let end = head + counts.partition_point(|count| j < *count);
        for sum in &mut sums[1..end] {
            *sum = a.add(sum, &power);
            power = a.multiply(&power, &inverse);
        }
    }
    for (k, (own, sum)) in found.iter_mut().zip(&sums).enumerate().skip(1) {
        let sum = a.divide(sum, &a.integer(k as i64));
        *own = if k % 2 == 0 { a.add(own, &sum) } else { a.subtract(own, &sum) };
    }
    Some((product, found))
}

/// `y = y_0 e^(s f)`, `s = 1` or `-1`, from `y' = s f' y`.
fn exponential<A: Analytic>(
    a: &A,
    constant: A::Number,
    f: &[A::Number],
    negative: bool,
) -> Vec<A::Number> {
    let mut series = f.to_vec();
    series[0] = a.integer(0);
    if negative {
        series = negate(a, &series);
    }
    let slope = derivative(a, &series);
    let mut y = vec![constant];
    for k in 1..f.len() {
        y.push(a.divide(&a.convolve(&slope[..k], &y), &a.integer(k as i64)));
    }
    y
}

/// The integer nearest to a number's real part, and the number less that.
pub(in crate::builtin) fn nearest_integer<A: Analytic>(
    a: &A,
    u: &A::Number,
) -> Option<(i64, A::Number)> {
    let middle = a.rectangle(u).0.middle().round();
    (middle.abs() < 9e15).then(|| (middle as i64, a.subtract(u, &a.integer(middle as i64))))
}

/// The Taylor coefficients of the gamma function at `u` in the right half-plane.
pub(in crate::builtin) fn gamma_at<A: Analytic>(
    a: &A,
    u: &A::Number,
    terms: usize,
) -> Option<Vec<A::Number>> {
    let (_, log) = log_gamma(a, u, terms)?;
    let constant = a.divide(&a.integer(1), &a.apply::<Rgamma>(u));
    Some(exponential(a, constant, &log, false))
}

/// The Taylor coefficients of `1/Gamma` at `u`: those at `u + m` in the right half-plane times
/// `(u + t) (u+1 + t) ... (u+m-1 + t)`, or far to the left `sin(pi z) Gamma(1 - z)/pi` (DLMF 5.5.3).
pub(super) fn reciprocal<A: Analytic>(
    a: &A,
    u: &A::Number,
    terms: usize,
) -> Option<Vec<A::Number>> {
    let low = a.rectangle(u).0.low;
    if low < -MOST_STEPS {
        let (integer, rest) = nearest_integer(a, u)?;
        let mirrored = a.subtract(&a.integer(1), u);
        let mut gamma = gamma_at(a, &mirrored, terms)?;
        for c in gamma.iter_mut().skip(1).step_by(2) {
            *c = a.negate(c);
        }
        let mut angle = variable(a, &rest, terms);
        angle = angle.iter().map(|c| a.multiply(c, &a.pi())).collect();
        let sign = a.integer(if integer % 2 == 0 { 1 } else { -1 });
        let factor = a.divide(&sign, &a.pi());
        let sine: Vec<_> = Sin::series(a, &angle).iter().map(|c| a.multiply(c, &factor)).collect();
        return Some(multiply(a, &sine, &gamma));
    }
    let steps = (0.5 - low).ceil().max(0.0) as i64;
    let above = a.add(u, &a.integer(steps));
    let (_, log) = log_gamma(a, &above, terms)?;
    let mut y = exponential(a, a.apply::<Rgamma>(&above), &log, true);
    for j in (0..steps).rev() {
        let factor = a.add(u, &a.integer(j));
        for k in (0..terms).rev() {
            let scaled = a.multiply(&y[k], &factor);
            y[k] = if k == 0 { scaled } else { a.add(&scaled, &y[k - 1]) };
        }
    }
    Some(y)
}

/// `1/Gamma(u)` and its derivative from Stirling's series without a division, `u` anywhere but far
/// to the left.
pub(super) fn value_and_slope<A: Analytic>(a: &A, u: &A::Number) -> Option<(A::Number, A::Number)> {
    let u = enclosed(a, u);
    let steps = steps_to(a, &u, 2)?;
    let log = stirling(a, &a.add(&u, &a.integer(steps)), 2)?;
    let (mut product, mut slope) = (a.integer(1), a.integer(0));
    for j in 0..steps {
        let factor = a.add(&u, &a.integer(j));
        slope = a.add(&a.multiply(&slope, &factor), &product);
        product = a.multiply(&product, &factor);
    }
    let decay = a.apply::<Exp>(&a.negate(&log[0]));
    let slope = a.subtract(&slope, &a.multiply(&product, &log[1]));
    Some((a.multiply(&product, &decay), a.multiply(&slope, &decay)))
}

/// `Gamma(n + 1/2)/sqrt(pi)` or `Gamma(n)`, where twice the argument is an integer that is not too
/// large, and no pole.
pub(super) fn at_halves(x: &Exact, largest: i64) -> Option<(Rational, bool)> {
    let doubled = x.as_rational()? * Rational::from(2);
    let n = i64::try_from(doubled.numerator()).ok().filter(|_| doubled.is_int())?;
    if n.abs() > 2 * largest || (n <= 0 && n % 2 == 0) {
        return None;
    }
    let whole = n % 2 == 0;
    let mut value = Rational::ONE;
    // From Gamma(1) or Gamma(1/2), in steps of 1.
    let mut at = if whole { 2 } else { 1 };
    while at < n {
        value *= Rational::from(at) / Rational::from(2);
        at += 2;
    }
    while at > n {
        at -= 2;
        value /= Rational::from(at) / Rational::from(2);
    }
    Some((value, whole))
}
