//! Intervals of doubles: the same enclosures as [`Interval`] gives, narrower in bits and a
//! hundred times as fast, for searches that look at thousands of boxes.
//!
//! A result is the operation's nearest double moved outward by one. The elementary functions that
//! searches spend their time in are proven here from nothing but IEEE arithmetic: a series summed
//! in interval arithmetic with its remainder, or a guess of the system's library corrected by a
//! proven residual. The others ask `dashu`.

use std::cmp::Ordering;

use super::{Arithmetic, Exact, Interval, Rational};

/// A closed interval between two doubles, either of which may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval64 {
    pub low: f64,
    pub high: f64,
}

/// Interval arithmetic in doubles, rounded outward.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outward64;

/// `log 2` as a double of few digits and the rest, each product with a small integer exact or
/// enclosed.
const LOG_2: (f64, Interval64) =
    (f64::from_bits(0x3fe6_2e42_fee0_0000), around(f64::from_bits(0x3dea_39ef_3579_3c76)));

/// `pi/2` likewise.
const RIGHT_ANGLE: (f64, Interval64) =
    (f64::from_bits(0x3ff9_21fb_5440_0000), around(f64::from_bits(0x3dd0_b461_1a62_6331)));

/// The doubles beside a constant that was rounded to nearest.
const fn around(nearest: f64) -> Interval64 {
    Interval64 { low: nearest.next_down(), high: nearest.next_up() }
}

pub(crate) const PI: Interval64 = around(std::f64::consts::PI);

impl Interval64 {
    pub(crate) const WHOLE_LINE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    pub(crate) const fn point(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// Between two bounds; nothing is known where one is NaN.
    pub(crate) fn between(low: f64, high: f64) -> Self {
        if low <= high { Self { low, high } } else { Self::WHOLE_LINE }
    }

    pub(crate) fn symmetric(magnitude: f64) -> Self {
        Self::between(-magnitude, magnitude)
    }

    /// The nearest interval of doubles around one of more bits.
    pub(crate) fn around(interval: &Interval) -> Self {
        let (low, high) = interval.to_f64_outward();
        Self::between(low, high)
    }

    pub(crate) fn middle(self) -> f64 {
        self.low / 2.0 + self.high / 2.0
    }

    /// The largest `|x|`.
    pub(crate) fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The smallest `|x|`.
    pub(crate) fn mignitude(self) -> f64 {
        if self.contains(0.0) { 0.0 } else { self.low.abs().min(self.high.abs()) }
    }

    pub(crate) fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    pub(crate) fn intersects(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }

    pub(crate) fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    pub(crate) fn negate(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Self::between(sum_down(self.low, other.low), -sum_down(-self.high, -other.high))
    }

    pub(crate) fn subtract(self, other: Self) -> Self {
        self.add(other.negate())
    }

    fn is_exactly(self, value: f64) -> bool {
        self.low == value && self.high == value
    }

    pub(crate) fn multiply(self, other: Self) -> Self {
        for (a, b) in [(self, other), (other, self)] {
            if a.is_exactly(0.0) && b.magnitude() < f64::INFINITY {
                return Self::point(0.0);
            }
            if a.is_exactly(1.0) {
                return b;
            }
        }
        self.corners(other, |a, b| rounded(a * b, is_short(a) && is_short(b)))
    }

    pub(crate) fn divide(self, other: Self) -> Self {
        if other.contains(0.0) {
            return Self::WHOLE_LINE;
        }
        if other.is_exactly(1.0) || self.is_exactly(0.0) {
            return self;
        }
        self.corners(other, |a, b| {
            let quotient = a / b;
            rounded(quotient, is_short(quotient) && is_short(b) && quotient * b == a)
        })
    }

    /// The hull of an operation's enclosures at the ends of two intervals.
    fn corners(self, other: Self, operation: impl Fn(f64, f64) -> Self) -> Self {
        let mut result = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };
        for (a, b) in [
            (self.low, other.low),
            (self.low, other.high),
            (self.high, other.low),
            (self.high, other.high),
        ] {
            let value = operation(a, b);
            if value.low.is_nan() {
                return Self::WHOLE_LINE;
            }
            result = result.hull(value);
        }
        result
    }

    pub(crate) fn square(self) -> Self {
        let square = |x: f64| rounded(x * x, is_short(x));
        Self::between(square(self.mignitude()).low.max(0.0), square(self.magnitude()).high)
    }

    pub(crate) fn integer_power(self, exponent: u64) -> Self {
        match exponent {
            0 => Self::point(1.0),
            1 => self,
            _ => {
                let square = self.square().integer_power(exponent / 2);
                if exponent.is_multiple_of(2) { square } else { square.multiply(self) }
            }
        }
    }

    fn scale(self, factor: f64) -> Self {
        self.multiply(Self::point(factor))
    }

    /// `phi` of an interval from `phi` of its ends, for a rising `phi`.
    pub(crate) fn monotone(self, phi: impl Fn(f64) -> Self) -> Self {
        let (low, high) = (phi(self.low), phi(self.high));
        Self::between(low.low, high.high)
    }

    pub(crate) fn exp(self) -> Self {
        self.monotone(exp_at)
    }

    pub(crate) fn log(self) -> Self {
        if self.low <= 0.0 {
            // The logarithm of what may be zero is bounded from above alone.
            let high = if self.high > 0.0 { log_at(self.high).high } else { f64::INFINITY };
            return Self { low: f64::NEG_INFINITY, high };
        }
        self.monotone(log_at)
    }

    pub(crate) fn atan(self) -> Self {
        self.monotone(atan_at)
    }

    pub(crate) fn sin(self) -> Self {
        // Extrema at pi/2 + n pi.
        self.wave(|x| if is_near(x) { sin_cos_at(x).0 } else { by_bits(x, Interval::sin) }, 0.5)
    }

    pub(crate) fn cos(self) -> Self {
        self.wave(|x| if is_near(x) { sin_cos_at(x).1 } else { by_bits(x, Interval::cos) }, 0.0)
    }

    /// The hull of both ends and of the extrema `(-1)^n` at `(n + phase) pi` between them.
    fn wave(self, at: impl Fn(f64) -> Self, phase: f64) -> Self {
        let turns = self.divide(PI).subtract(Self::point(phase));
        let (first, last) = (turns.low.ceil(), turns.high.floor());
        // From there on doubles do not tell an extremum from the next.
        if self.magnitude() >= 1e15 || last > first {
            return Self { low: -1.0, high: 1.0 };
        }
        let mut image = at(self.low).hull(at(self.high));
        if first == last {
            image = image.hull(Self::point(if first % 2.0 == 0.0 { 1.0 } else { -1.0 }));
        }
        Self { low: image.low.max(-1.0), high: image.high.min(1.0) }
    }

    pub(crate) fn cosh(self) -> Self {
        let magnitude = Self::between(self.mignitude(), self.magnitude());
        magnitude.monotone(|x| {
            let grow = exp_at(x);
            grow.add(Self::point(1.0).divide(grow)).scale(0.5)
        })
    }

    pub(crate) fn sinh(self) -> Self {
        self.monotone(|x| {
            if x.abs() < 0.5 {
                // What the series leaves out is below x^21/21! * 1.1 < 1e-26 |x|.
                let x = Self::point(x);
                let rest = Self::symmetric(1e-25);
                return x.multiply(horner(x.square(), &SERIES.sinh).add(rest));
            }
            let grow = exp_at(x);
            grow.subtract(Self::point(1.0).divide(grow)).scale(0.5)
        })
    }
}

/// `tanh x`, by its quotient; beyond 20 it is 1 to within `1e-17`.
pub(crate) fn tanh_at(x: f64) -> Interval64 {
    if x.abs() >= 20.0 {
        let one = Interval64 { low: 1f64.next_down(), high: 1.0 };
        return if x > 0.0 { one } else { one.negate() };
    }
    let x = Interval64::point(x);
    x.sinh().divide(x.cosh())
}

/// Whether a number has at most 24 significant bits, so that the product of two such is exact: where
/// functions end, at the zero of `1 - x^2` say, an outward step would leave their domain.
fn is_short(x: f64) -> bool {
    f64::from(x as f32) == x
}

/// A rounded result with room for its rounding, unless it is exact.
fn rounded(value: f64, exact: bool) -> Interval64 {
    if exact {
        return Interval64::point(value);
    }
    Interval64 { low: value.next_down(), high: value.next_up() }
}

/// A lower bound of `a + b`, the sum itself where it is exact: the rounding error of a sum is a
/// double (Knuth, *The Art of Computer Programming* 2, 4.2.2, theorem B).
fn sum_down(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let back = sum - a;
    let error = (a - (sum - back)) + (b - back);
    if error >= 0.0 { sum } else { sum.next_down() }
}

/// `sum_k coefficients[k] x^k`
fn horner(x: Interval64, coefficients: &[Interval64]) -> Interval64 {
    coefficients.iter().rev().fold(Interval64::point(0.0), |sum, a| sum.multiply(x).add(*a))
}

/// `1/(first!)`, `1/((first+step)!)`, ... with the signs `sign^k`.
fn factorials(first: u32, step: u32, count: u32, sign: f64) -> Vec<Interval64> {
    let mut term = Interval64::point(1.0);
    let mut n = 0;
    let mut coefficients = Vec::with_capacity(count as usize);
    for k in 0..count {
        while n < first + k * step {
            n += 1;
            term = term.divide(Interval64::point(n.into()));
        }
        coefficients.push(if k % 2 == 1 { term.scale(sign) } else { term });
    }
    coefficients
}

/// The series that are summed, as intervals, made once.
struct Series {
    exp: Vec<Interval64>,
    sin: Vec<Interval64>,
    sinh: Vec<Interval64>,
    cos: Vec<Interval64>,
}

static SERIES: std::sync::LazyLock<Series> = std::sync::LazyLock::new(|| Series {
    exp: factorials(0, 1, 15, 1.0),
    sin: factorials(1, 2, 10, -1.0),
    sinh: factorials(1, 2, 10, 1.0),
    cos: factorials(0, 2, 10, -1.0),
});

/// `e^x = 2^k e^r`, `|r| <= 0.36`; what the series leaves out is below `2 r^15/15! < 4e-19`.
fn exp_at(x: f64) -> Interval64 {
    if x > 709.0 {
        return Interval64 { low: 8e307, high: f64::INFINITY };
    }
    if x < -740.0 {
        return Interval64 { low: 0.0, high: 1e-320 };
    }
    let k = (x * std::f64::consts::LOG2_E).round();
    // The first product and difference are exact: 33 bits of log 2, few of k.
    let r =
        Interval64::point(x).subtract(Interval64::point(k * LOG_2.0)).subtract(LOG_2.1.scale(k));
    let e = horner(r, &SERIES.exp).add(Interval64::symmetric(4e-19));
    // In two steps, for 2^-1074 is the smallest power of two.
    let half = (k / 2.0).trunc();
    e.scale(half.exp2()).scale((k - half).exp2())
}

/// `log x = y + log(x e^-y)` for the library's `y`; `d - d^2 <= log(1 + d) <= d` for `|d| <= 1/2`.
fn log_at(x: f64) -> Interval64 {
    if !(1e-300..1e300).contains(&x) {
        return log_by_bits(x);
    }
    let y = x.ln();
    let d = Interval64::point(x).multiply(exp_at(-y)).subtract(Interval64::point(1.0));
    if d.magnitude() > 0.5 {
        return log_by_bits(x);
    }
    Interval64::point(y).add(d.subtract(d.square()).hull(d))
}

/// By way of `dashu`.
fn log_by_bits(x: f64) -> Interval64 {
    if x.is_infinite() { Interval64::WHOLE_LINE } else { by_bits(x, Interval::log) }
}

/// The image of a double by way of more bits.
fn by_bits(x: f64, f: fn(&Interval, usize) -> Interval) -> Interval64 {
    Interval64::around(&f(&Interval::from_f64(x, x), 64))
}

/// Whether [`sin_cos_at`] reduces `x`: the multiple of a part of `pi/2` is exact.
fn is_near(x: f64) -> bool {
    x.abs() < 1e5
}

/// Sine and cosine of `x = n pi/2 + r`, `|r| <= 0.8`; what the series leave out is below
/// `r^20/20! < 5e-21`.
fn sin_cos_at(x: f64) -> (Interval64, Interval64) {
    let n = (x * std::f64::consts::FRAC_2_PI).round();
    let r = Interval64::point(x)
        .subtract(Interval64::point(n * RIGHT_ANGLE.0))
        .subtract(RIGHT_ANGLE.1.scale(n));
    let square = r.square();
    let rest = Interval64::symmetric(5e-21);
    let sine = r.multiply(horner(square, &SERIES.sin).add(rest));
    let cosine = horner(square, &SERIES.cos).add(rest);
    match n.rem_euclid(4.0) as u8 {
        0 => (sine, cosine),
        1 => (cosine, sine.negate()),
        2 => (sine.negate(), cosine.negate()),
        _ => (cosine.negate(), sine),
    }
}

/// `atan x = y + atan((x - tan y)/(1 + x tan y))` for the library's `y`;
/// `|atan d - d| <= |d|^3` (DLMF 4.24.3).
fn atan_at(x: f64) -> Interval64 {
    if x.abs() > 1.0 {
        let right = Interval64::point(std::f64::consts::FRAC_PI_2.copysign(x));
        let right = Interval64 { low: right.low.next_down(), high: right.high.next_up() };
        return right.subtract(atan_between(Interval64::point(1.0).divide(Interval64::point(x))));
    }
    atan_between(Interval64::point(x))
}

/// [`atan_at`] for an interval of a few roundings' width inside `[-1, 1]`.
fn atan_between(x: Interval64) -> Interval64 {
    let y = x.middle().atan();
    let (sine, cosine) = sin_cos_at(y);
    let tangent = sine.divide(cosine);
    let d = x.subtract(tangent).divide(Interval64::point(1.0).add(x.multiply(tangent)));
    let magnitude = d.magnitude();
    let cube = (magnitude * magnitude * magnitude * 1.01).next_up();
    Interval64::point(y).add(d).add(Interval64::symmetric(cube))
}

impl Arithmetic for Outward64 {
    type Number = Interval64;

    fn exact(&self, value: &Exact) -> Interval64 {
        let small = value.as_rational().and_then(|q| {
            let parts = (i64::try_from(q.numerator()).ok()?, i64::try_from(q.denominator()).ok()?);
            (parts.0.unsigned_abs().max(parts.1.unsigned_abs()) <= 1 << 53).then_some(parts)
        });
        match small {
            Some((p, q)) => Interval64::point(p as f64).divide(Interval64::point(q as f64)),
            None => Interval64::around(&value.enclose(64)),
        }
    }

    fn pi(&self) -> Interval64 {
        PI
    }

    fn integer(&self, value: i64) -> Interval64 {
        if value.unsigned_abs() <= 1 << 53 {
            Interval64::point(value as f64)
        } else {
            self.exact(&value.into())
        }
    }

    fn add(&self, a: &Interval64, b: &Interval64) -> Interval64 {
        a.add(*b)
    }

    fn negate(&self, a: &Interval64) -> Interval64 {
        a.negate()
    }

    fn multiply(&self, a: &Interval64, b: &Interval64) -> Interval64 {
        a.multiply(*b)
    }

    fn divide(&self, a: &Interval64, b: &Interval64) -> Interval64 {
        a.divide(*b)
    }

    fn convolve(&self, a: &[Interval64], b: &[Interval64]) -> Interval64 {
        let products = a.iter().zip(b.iter().rev()).map(|(a, b)| a.multiply(*b));
        products.fold(Interval64::point(0.0), Interval64::add)
    }

    fn power(&self, base: &Interval64, exponent: &Rational) -> Interval64 {
        match i64::try_from(exponent.numerator()) {
            Ok(n) if exponent.is_int() && n.unsigned_abs() <= 1 << 20 => {
                let power = base.integer_power(n.unsigned_abs());
                if n < 0 { Interval64::point(1.0).divide(power) } else { power }
            }
            _ if *base == Self::Number::point(0.0) && *exponent > Rational::ZERO => *base,
            _ if base.low >= 0.0 => {
                let power = base.log().multiply(self.exact(&exponent.clone().into())).exp();
                // The logarithm of zero is minus infinity.
                Interval64 { low: power.low.max(0.0), high: power.high }
            }
            _ => Interval64::WHOLE_LINE,
        }
    }

    fn at_most(&self, magnitude: f64) -> Interval64 {
        Interval64::symmetric(magnitude)
    }

    fn sign(&self, a: &Interval64) -> Option<Ordering> {
        if a.low > 0.0 {
            Some(Ordering::Greater)
        } else if a.high < 0.0 {
            Some(Ordering::Less)
        } else if a.is_exactly(0.0) {
            Some(Ordering::Equal)
        } else {
            None
        }
    }

    fn as_rational(&self, a: &Interval64) -> Option<Rational> {
        (a.low == a.high).then(|| Rational::try_from(a.low).ok()).flatten()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exactly(value: f64) -> Rational {
        Rational::try_from(value).unwrap()
    }

    fn holds(interval: Interval64, value: &Rational) -> bool {
        let below = interval.low == f64::NEG_INFINITY || exactly(interval.low) <= *value;
        below && (interval.high == f64::INFINITY || exactly(interval.high) >= *value)
    }

    pub(crate) fn double() -> impl Strategy<Value = f64> {
        prop_oneof![
            -4.0..4.0,
            (-4i32..=4).prop_map(f64::from),
            // Of few bits: their products are exact.
            (-2000i32..2000, -30i32..30).prop_map(|(m, e)| f64::from(m) * 2f64.powi(e)),
            (-1.0..1.0, -320i32..308).prop_map(|(m, e)| m * 10f64.powi(e)),
        ]
    }

    /// A part of a number that is the other end of an interval.
    fn part() -> impl Strategy<Value = f64> {
        prop_oneof![0.0..1.0, Just(1.0), Just(0.5), Just(0.25), Just(0.0)]
    }

    proptest! {
        #[test]
        fn rational_operations_contain_the_exact_result(
            a in double(), b in double(), t in part(), u in part()
        ) {
            let (x, y) = (Interval64::between(a.min(a * t), a.max(a * t)), Interval64::between(b.min(b * u), b.max(b * u)));
            for p in [x.low, x.high] {
                for q in [y.low, y.high] {
                    let (r, s) = (exactly(p), exactly(q));
                    prop_assert!(holds(x.add(y), &(&r + &s)));
                    prop_assert!(holds(x.subtract(y), &(&r - &s)));
                    prop_assert!(holds(x.multiply(y), &(&r * &s)));
                    prop_assert!(holds(x.square(), &(&r * &r)));
                    prop_assert!(holds(x.integer_power(3), &(&r * &r * &r)));
                    if !y.contains(0.0) {
                        prop_assert!(holds(x.divide(y), &(&r / &s)));
                    }
                }
            }
        }
    }
}
