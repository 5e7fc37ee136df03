//! Balls: a midpoint of a fixed number of limbs and a radius.
//!
//! A ball `(m, r, e)` contains every `x` with `|x - m 2^e| <= r 2^e`. The midpoint `m` has `64 N`
//! bits at most and `r` is below `2^32`, so that a coefficient costs no allocation and a dot
//! product is one run over fixed-point integers (Johansson, *Faster arbitrary-precision dot
//! product and matrix multiplication*, ARITH 26, 2019; the layout is that of Arb's `arb_dot`).
//!
//! Each operation forms a [`Sum`]: an integer of `2 N` limbs at a common exponent `s`, and an
//! error in units of `2^(s + 64 (N - 1))`. [`Sum::ball`] cuts it to a ball and counts what it cuts
//! off. A result that nothing was cut off from, of operands with radius zero, has radius zero:
//! zeros that follow from dyadic arithmetic alone are exact.

mod functions;
mod reciprocal;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use dashu_base::Sign;
use dashu_float::Repr;
use dashu_int::{IBig, UBig};

use super::interval::round_leading_to_f64;
use super::{Arithmetic, Exact, Interval, Interval64, Rational};
use crate::cancel::spend;

/// Exponents of balls are at most this large; beyond, nothing is known of a result.
const LARGEST_EXPONENT: i64 = 1 << 58;

/// The exponent of exact zero: a product with it is below [`SMALLEST_OF_PRODUCT`], whatever the
/// other factor's.
const OF_ZERO: i64 = -(1 << 61);

/// The exponent of a ball of which nothing is known: a product with it, but for that with exact
/// zero, is above [`LARGEST_OF_PRODUCT`].
const OF_UNKNOWN: i64 = 1 << 60;

const LARGEST_OF_PRODUCT: i64 = 2 * LARGEST_EXPONENT;
const SMALLEST_OF_PRODUCT: i64 = -2 * LARGEST_EXPONENT;

/// Radii have at most this many bits once rounded, and one unit more.
const RADIUS_BITS: i64 = 31;

/// A ball with fewer bits of accuracy is coarse: rounding takes 53, and some more where later
/// operations lose bits.
const COARSE: i64 = 84;

/// Rationals with a larger power of two than this are not formed.
const LARGEST_RATIONAL_EXPONENT: u64 = 1 << 12;

/// A real number to within a radius.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ball<const N: usize> {
    negative: bool,
    /// Least significant limb first.
    magnitude: [u64; N],
    exponent: i64,
    /// In units of `2^exponent`.
    radius: u64,
}

/// Arithmetic of balls with `N` limbs, two at least.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balls<const N: usize>;

/// An integer of `2 N` limbs, least significant first.
#[derive(Clone, Copy)]
struct Wide<const N: usize>([[u64; N]; 2]);

impl<const N: usize> Wide<N> {
    const ZERO: Self = Self([[0; N]; 2]);

    fn limbs(&self) -> &[u64] {
        self.0.as_flattened()
    }

    fn limbs_mut(&mut self) -> &mut [u64] {
        self.0.as_flattened_mut()
    }

    #[inline]
    fn product(a: &[u64; N], b: &[u64; N]) -> Self {
        let mut product = Self::ZERO;
        let limbs = product.limbs_mut();
        for (i, &a) in a.iter().enumerate() {
            let mut carry = 0;
            for (limb, &b) in limbs[i..i + N].iter_mut().zip(b) {
                let sum = u128::from(a) * u128::from(b) + u128::from(*limb) + u128::from(carry);
                *limb = sum as u64;
                carry = (sum >> 64) as u64;
            }
            limbs[i + N] = carry;
        }
        product
    }

    fn bits(&self) -> i64 {
        let top = self.limbs().iter().rposition(|&limb| limb != 0);
        top.map_or(0, |top| 64 * top as i64 + 64 - i64::from(self.limbs()[top].leading_zeros()))
    }

    /// Whether one of the `count` lowest bits is set.
    fn has_bits_below(&self, count: u64) -> bool {
        let whole = usize::try_from(count / 64).unwrap_or(usize::MAX);
        let limbs = self.limbs();
        if whole >= limbs.len() {
            return limbs.iter().any(|&limb| limb != 0);
        }
        limbs[..whole].iter().any(|&limb| limb != 0)
            || limbs[whole] & ((1 << (count % 64)) - 1) != 0
    }

    #[inline]
    fn shift_right(&mut self, count: u64) {
        let (whole, bits) = ((count / 64) as usize, count % 64);
        let limbs = self.limbs_mut();
        if whole >= limbs.len() {
            *self = Self::ZERO;
            return;
        }
        if N <= 4 {
            // Few limbs move faster by constant steps, in registers.
            for _ in 0..whole {
                for i in 1..limbs.len() {
                    limbs[i - 1] = limbs[i];
                }
                limbs[2 * N - 1] = 0;
            }
        } else {
            limbs.copy_within(whole.., 0);
            let kept = limbs.len() - whole;
            limbs[kept..].fill(0);
        }
        for i in 0..2 * N {
            let next = if i + 1 < 2 * N { limbs[i + 1] } else { 0 };
            // Two shifts: a shift by 64 bits overflows.
            limbs[i] = limbs[i] >> bits | (next << 1) << (63 - bits);
        }
    }

    fn shift_left(&mut self, count: u64) {
        let (whole, bits) = ((count / 64) as usize, count % 64);
        let limbs = self.limbs_mut();
        for i in (0..limbs.len()).rev() {
            let limb = |back: usize| i.checked_sub(whole + back).map_or(0, |index| limbs[index]);
            limbs[i] = limb(0) << bits | (limb(1) >> 1) >> (63 - bits);
        }
    }

    #[inline]
    fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (own, &other) in self.limbs_mut().iter_mut().zip(other.limbs()) {
            let (sum, first) = own.overflowing_add(other);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*own, carry) = (sum, first | second);
        }
    }

    /// In two's complement.
    #[inline]
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (own, &other) in self.limbs_mut().iter_mut().zip(other.limbs()) {
            let (difference, first) = own.overflowing_sub(other);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            (*own, borrow) = (difference, first | second);
        }
    }
}

/// `limbs * 2^exponent`, in two's complement, to within `error * 2^(exponent + 64 (N - 1))`.
struct Sum<const N: usize> {
    limbs: Wide<N>,
    exponent: i64,
    error: u128,
    /// Whether bits were cut off: fewer than `2^64` times less than `2^exponent`, which one unit
    /// of the error covers.
    cut: bool,
}

impl<const N: usize> Sum<N> {
    /// The binary exponent of a unit of the error.
    const UNIT: i64 = 64 * (N as i64 - 1);

    fn new(exponent: i64) -> Self {
        Self { limbs: Wide::ZERO, exponent, error: 0, cut: false }
    }

    /// Adds `term * 2^exponent`, known to within `error * 2^(exponent + UNIT)`; its exponent is at
    /// most the sum's.
    #[inline]
    fn add(&mut self, negative: bool, mut term: Wide<N>, exponent: i64, error: u128) {
        let shift = (self.exponent - exponent) as u64;
        // Once something was cut off, more of it changes nothing.
        self.cut = self.cut || term.has_bits_below(shift);
        term.shift_right(shift);
        if negative {
            self.limbs.subtract(&term);
        } else {
            self.limbs.add(&term);
        }
        if error != 0 {
            self.error += error.checked_shr(shift.min(128) as u32).unwrap_or(0) + 1;
        }
    }

    /// The ball around the sum.
    ///
    /// With `L` the bits of the sum and `E` its error in units, a shift by `s >= L - 64 N` leaves
    /// `N` limbs, and `s >= UNIT + bits(E) - 31` a radius of 31 bits. The radius is `E 2^(UNIT - s)`
    /// rounded up, and one more where the midpoint was cut.
    fn ball(mut self) -> Ball<N> {
        let negative = self.limbs.0[1][N - 1] >> 63 == 1;
        if negative {
            let mut opposite = Wide::ZERO;
            opposite.subtract(&self.limbs);
            self.limbs = opposite;
        }
        let error = self.error + u128::from(self.cut);
        let bits = self.limbs.bits();
        if bits == 0 && error == 0 {
            return Ball::ZERO;
        }
        let mut shift = bits - 64 * N as i64;
        if error != 0 {
            let error_bits = i64::from(128 - error.leading_zeros());
            shift = shift.max(Self::UNIT + error_bits - RADIUS_BITS);
        }
        let mut radius = 0;
        if shift > 0 {
            radius += u64::from(self.limbs.has_bits_below(shift as u64));
            self.limbs.shift_right(shift as u64);
        } else {
            self.limbs.shift_left(shift.unsigned_abs());
        }
        if error != 0 {
            let back = shift - Self::UNIT;
            radius += if back > 0 {
                let whole = error.checked_shr(back.min(128) as u32).unwrap_or(0);
                let rest = back >= 128 || error & ((1 << back) - 1) != 0;
                whole as u64 + u64::from(rest)
            } else {
                (error as u64) << back.unsigned_abs()
            };
        }
        let exponent = self.exponent.saturating_add(shift);
        if exponent.abs() > LARGEST_EXPONENT {
            return Ball::UNKNOWN;
        }
        Ball { negative, magnitude: self.limbs.0[0], exponent, radius }
    }
}

impl<const N: usize> Ball<N> {
    const ZERO: Self = Self { negative: false, magnitude: [0; N], exponent: OF_ZERO, radius: 0 };

    /// A ball around every number.
    const UNKNOWN: Self =
        Self { negative: false, magnitude: [0; N], exponent: OF_UNKNOWN, radius: 1 };

    fn is_zero(&self) -> bool {
        self.exponent == OF_ZERO
    }

    fn is_unknown(&self) -> bool {
        self.exponent == OF_UNKNOWN
    }

    pub(crate) fn integer(value: i64) -> Self {
        if value == 0 {
            return Self::ZERO;
        }
        let mut magnitude = [0; N];
        let zeros = value.unsigned_abs().leading_zeros();
        magnitude[N - 1] = value.unsigned_abs() << zeros;
        let exponent = -64 * (N as i64 - 1) - i64::from(zeros);
        Self { negative: value < 0, magnitude, exponent, radius: 0 }
    }

    /// The number that a finite double is.
    pub(crate) fn double(value: f64) -> Self {
        let bits = value.to_bits();
        let (biased, fraction) = ((bits >> 52 & 0x7ff) as i64, (bits & ((1 << 52) - 1)) as i64);
        let whole = if biased == 0 { fraction } else { fraction | 1 << 52 };
        let signed = if value < 0.0 { -whole } else { whole };
        Self::integer(signed).scaled(biased.max(1) - 1075)
    }

    /// The midpoint's magnitude as an integer.
    fn whole(&self) -> UBig {
        let mut bytes = Vec::with_capacity(8 * N);
        bytes.extend(self.magnitude.iter().flat_map(|limb| limb.to_le_bytes()));
        UBig::from_le_bytes(&bytes)
    }

    /// `lower * 2^exponent` and `upper * 2^exponent`, in a ball.
    fn around(lower: &IBig, upper: &IBig, exponent: i64) -> Self {
        use dashu_base::BitTest;
        if lower == upper && *lower == IBig::ZERO {
            return Self::ZERO;
        }
        let bits = lower.bit_len().max(upper.bit_len()) as i64;
        let width = (upper - lower).bit_len() as i64;
        // Ends of `64 N - 1` bits, so that they and their mean still fit once rounded outward.
        let mut shift = bits - (64 * N as i64 - 1);
        if width > 0 {
            shift = shift.max(width - RADIUS_BITS);
        }
        let (low, high) = if shift > 0 {
            // Shifts of integers round down.
            (lower >> shift as usize, -(-upper >> shift as usize))
        } else {
            let back = shift.unsigned_abs() as usize;
            (lower << back, upper << back)
        };
        let middle: IBig = (&low + &high) >> 1;
        let radius = u64::try_from(&high - &middle).unwrap_or(u64::MAX);
        let exponent = exponent.saturating_add(shift);
        if exponent.abs() > LARGEST_EXPONENT || radius >= 1 << 32 {
            return Self::UNKNOWN;
        }
        let (sign, whole) = middle.into_parts();
        let mut magnitude = [0; N];
        for (limb, bytes) in magnitude.iter_mut().zip(whole.to_le_bytes().chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            *limb = u64::from_le_bytes(padded);
        }
        let negative = sign == Sign::Negative;
        Self { negative, magnitude, exponent, radius }
    }

    /// The smallest ball that is easily found around an interval.
    pub(crate) fn enclosing(interval: &Interval) -> Self {
        if interval.is_whole_line() {
            return Self::UNKNOWN;
        }
        let (lower, upper) = (interval.lower(), interval.upper());
        let top = |end: &Repr<2>| crate::number::interval::binary_magnitude(end) as i64;
        let used = [lower, upper].into_iter().filter(|end| !end.significand().is_zero());
        let Some(highest) = used.map(top).max() else { return Self::ZERO };
        if highest.abs() > LARGEST_EXPONENT / 2 {
            return Self::UNKNOWN;
        }
        // Bits below this exponent are cut off outward.
        let exponent = highest - 64 * N as i64 - 64;
        let at = |end: &Repr<2>, up: bool| {
            let shift = end.exponent() as i64 - exponent;
            let value = end.significand();
            if value.is_zero() {
                IBig::ZERO
            } else if shift >= 0 {
                value << shift as usize
            } else if up {
                -(-value >> shift.unsigned_abs() as usize)
            } else {
                value >> shift.unsigned_abs() as usize
            }
        };
        Self::around(&at(lower, false), &at(upper, true), exponent)
    }

    /// The interval between the ball's ends.
    pub(crate) fn to_interval(self) -> Interval {
        if self.is_unknown() {
            return Interval::whole_line();
        }
        if self.is_zero() {
            return Interval::integer(IBig::ZERO);
        }
        let sign = if self.negative { Sign::Negative } else { Sign::Positive };
        let middle = IBig::from_parts(sign, self.whole());
        let end = |value: IBig| Repr::new(value, self.exponent as isize);
        let radius = IBig::from(self.radius);
        Interval::between(end(&middle - &radius), end(middle + radius))
    }

    /// The midpoint alone, unless nothing is known of the ball.
    pub(crate) fn without_radius(self) -> Self {
        if self.is_unknown() {
            self
        } else if self.magnitude == [0; N] {
            Self::ZERO
        } else {
            Self { radius: 0, ..self }
        }
    }

    /// The radius, roughly.
    pub(crate) fn radius(&self) -> f64 {
        let exponent = self.exponent.clamp(-2000, 2000) as i32;
        if self.is_unknown() { f64::INFINITY } else { self.radius as f64 * 2f64.powi(exponent) }
    }

    /// The ball between doubles.
    pub(crate) fn to_interval64(self) -> Interval64 {
        if self.is_unknown() {
            return Interval64::WHOLE_LINE;
        }
        if self.is_zero() {
            return Interval64::point(0.0);
        }
        // An end's nearest double is less than one double away from it.
        let (lower, upper) = (self.end_to_f64(false), self.end_to_f64(true));
        Interval64::between(lower.next_down(), upper.next_up())
    }

    /// Whether the midpoint is further from zero than the radius.
    fn excludes_zero(&self) -> bool {
        !self.is_unknown()
            && (self.magnitude[1..].iter().any(|&limb| limb != 0)
                || self.magnitude[0] > self.radius)
    }

    /// The `f64` nearest to the end of larger or smaller value, ties to even.
    fn end_to_f64(&self, upper: bool) -> f64 {
        let mut magnitude = self.magnitude;
        let mut negative = self.negative;
        // The end away from zero may need a bit more than the limbs have; then it is the one
        // below the next power of two whose rounding is the same or infinite either way.
        let mut carried = false;
        if negative == upper {
            let mut borrow = self.radius;
            for limb in &mut magnitude {
                let (difference, under) = limb.overflowing_sub(borrow);
                (*limb, borrow) = (difference, u64::from(under));
            }
            if borrow != 0 {
                // The ball reaches over zero: the end is `radius - |m|` on the other side.
                negative = !negative;
                magnitude = [0; N];
                magnitude[0] = self.radius - self.magnitude[0];
            }
        } else {
            let mut carry = self.radius;
            for limb in &mut magnitude {
                let (sum, over) = limb.overflowing_add(carry);
                (*limb, carry) = (sum, u64::from(over));
            }
            carried = carry != 0;
        }
        let rounded = if carried {
            // 2^(64 N) + small: one limb more.
            let sticky = magnitude.iter().any(|&limb| limb != 0);
            round_leading_to_f64(1 << 63, sticky, self.exponent + 64 * N as i64 + 1)
        } else {
            let Some(top) = magnitude.iter().rposition(|&limb| limb != 0) else { return 0.0 };
            let zeros = magnitude[top].leading_zeros();
            let below = if top > 0 { magnitude[top - 1] } else { 0 };
            let leading = magnitude[top] << zeros | (below >> 1) >> (63 - zeros);
            let sticky = below << zeros != 0
                || magnitude[..top.saturating_sub(1)].iter().any(|&limb| limb != 0);
            round_leading_to_f64(
                leading,
                sticky,
                self.exponent + 64 * (top as i64 + 1) - i64::from(zeros),
            )
        };
        if negative { -rounded } else { rounded }
    }

    /// The `f64` that every point of the ball rounds to, or `None` where its points round apart;
    /// as [`Interval::to_f64`].
    pub(crate) fn to_f64(self) -> Option<f64> {
        if self.is_unknown() {
            return None;
        }
        if self.is_zero() {
            return Some(0.0);
        }
        let (lower, upper) = (self.end_to_f64(false), self.end_to_f64(true));
        (lower.to_bits() == upper.to_bits()).then_some(lower)
    }

    /// Whether every point of the ball rounds to one of the zeros.
    pub(crate) fn is_negligible(self) -> bool {
        !self.is_unknown()
            && (self.is_zero() || (self.end_to_f64(false) == 0.0 && self.end_to_f64(true) == 0.0))
    }

    /// The error of a product in units of `2^(64 (N - 1))`, for magnitudes `a` and `b` with top
    /// limbs `h`: `|a| s + |b| r + r s`, where `|a| < (h_a + 1) 2^(64 (N - 1))` and
    /// `r s < 2^64 <= 2^(64 (N - 1))`.
    #[inline]
    fn product_error(&self, other: &Self) -> u128 {
        let (r, s) = (self.radius, other.radius);
        if r | s == 0 {
            return 0;
        }
        let own = (u128::from(self.magnitude[N - 1]) + 1) * u128::from(s);
        let others = (u128::from(other.magnitude[N - 1]) + 1) * u128::from(r);
        own + others + 1
    }

    /// `2^zeros` times the magnitude, with the top bit set.
    fn normalised(&self) -> ([u64; N], u64) {
        let mut wide = Wide([self.magnitude, [0; N]]);
        let zeros = (64 * N as i64 - wide.bits()) as u64;
        wide.shift_left(zeros);
        (wide.0[0], zeros)
    }

    /// `self / other`; nothing is known where the divisor may be zero.
    ///
    /// With integers `A`, `B` (`B` shifted up so that its top bit is set) and radii `r`, `s`:
    /// `|a/b - A/B| <= (r + s A/B) / (B - s)`. The quotient is formed as
    /// `q = floor(2^(64 N) A / B) < 2^(64 N + 1)`, so in its units that error is at most
    /// `(r + s q / 2^(64 N)) 2^64 / g`, where `g 2^(64 (N - 1)) <= B - s`.
    pub(crate) fn divide(&self, other: &Self) -> Self {
        if self.is_zero() {
            return Self::ZERO;
        }
        if self.is_unknown() || !other.excludes_zero() {
            return Self::UNKNOWN;
        }
        let (divisor, zeros) = other.normalised();
        // A radius so shifted is kept below 2^61.
        if other.radius != 0 && zeros > 28 {
            return self.divide_coarsely(other);
        }
        let spread = other.radius << if other.radius == 0 { 0 } else { zeros };
        let single = divisor[..N - 1].iter().all(|&limb| limb == 0);
        let mut quotient = Wide::<N>::ZERO;
        let exact = if single {
            // A 2^64 / (top limb): schoolbook division by one limb.
            let top = u128::from(divisor[N - 1]);
            let mut rest = 0u128;
            let limbs = quotient.limbs_mut();
            for i in (0..=N).rev() {
                let digit = if i > 0 { self.magnitude[i - 1] } else { 0 };
                rest = rest << 64 | u128::from(digit);
                limbs[N - 1 + i] = (rest / top) as u64;
                rest %= top;
            }
            rest == 0
        } else {
            let by = Self { magnitude: divisor, ..*other }.whole();
            let dividend = self.whole() << (64 * N);
            let whole = &dividend / &by;
            let exact = &whole * &by == dividend;
            let bytes = whole.to_le_bytes();
            for (limb, bytes) in quotient.limbs_mut()[N - 1..].iter_mut().zip(bytes.chunks(8)) {
                let mut padded = [0; 8];
                padded[..bytes.len()].copy_from_slice(bytes);
                *limb = u64::from_le_bytes(padded);
            }
            exact
        };
        let mut error = u128::from(!exact);
        if self.radius | spread != 0 {
            let top = u128::from(quotient.0[1][N - 1]) << 64 | u128::from(quotient.0[1][N - 2]);
            // Two roundings up: of the quotient's lower limbs, and of the product.
            let scaled = (((top + 1) * u128::from(spread)) >> 64) + u128::from(spread != 0);
            let least = divisor[N - 1] - u64::from(spread != 0);
            let numerator = (u128::from(self.radius) + scaled) << 64;
            error += numerator / u128::from(least) + 1;
        }
        // The quotient's units are those of the error: N - 1 limbs above the sum's.
        let exponent = self.exponent - (other.exponent - zeros as i64) - 64 * N as i64;
        let mut sum = Sum::new(exponent - Sum::<N>::UNIT);
        sum.limbs = quotient;
        sum.error = error;
        let mut ball = sum.ball();
        if !ball.is_zero() && !ball.is_unknown() {
            ball.negative = self.negative != other.negative;
        }
        ball
    }

    /// Division by way of intervals, for divisors of which few bits are known.
    fn divide_coarsely(&self, other: &Self) -> Self {
        Self::enclosing(&self.to_interval().divide(&other.to_interval(), 64 * N))
    }
}

impl<const N: usize> Balls<N> {
    /// Bits of the intervals in which functions of constants are evaluated.
    pub(crate) const BITS: usize = 64 * N + 8;

    /// What a product takes, in the units of [`spend`].
    pub(super) const COST: u64 = 10 + (N * N) as u64;
}

impl<const N: usize> Arithmetic for Balls<N> {
    type Number = Ball<N>;

    fn exact(&self, value: &Exact) -> Ball<N> {
        match value.as_rational() {
            Some(rational) => Ball::enclosing(&Interval::rational(rational, Self::BITS)),
            None => Ball::enclosing(&value.enclose(Self::BITS)),
        }
    }

    fn integer(&self, value: i64) -> Ball<N> {
        Ball::integer(value)
    }

    fn add(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        if a.is_zero() {
            return *b;
        }
        if b.is_zero() {
            return *a;
        }
        if a.is_unknown() || b.is_unknown() {
            return Ball::UNKNOWN;
        }
        // Midpoints in the upper limbs, two bits of headroom; a radius is 2^64 units of error.
        let lowest = |ball: &Ball<N>| ball.exponent - 64 * N as i64;
        let mut sum = Sum::new(lowest(a).max(lowest(b)) + 2);
        for ball in [a, b] {
            let term = Wide([[0; N], ball.magnitude]);
            sum.add(ball.negative, term, lowest(ball), u128::from(ball.radius) << 64);
        }
        sum.ball()
    }

    fn negate(&self, a: &Ball<N>) -> Ball<N> {
        Ball { negative: !a.negative && !a.is_zero(), ..*a }
    }

    fn multiply(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        self.convolve(&[*a], &[*b])
    }

    fn divide(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        a.divide(b)
    }

    fn convolve(&self, a: &[Ball<N>], b: &[Ball<N>]) -> Ball<N> {
        spend(a.len() as u64 * Self::COST);
        let exponents = a.iter().zip(b.iter().rev()).map(|(a, b)| a.exponent + b.exponent);
        let highest = exponents.max().unwrap_or(i64::MIN);
        if highest < SMALLEST_OF_PRODUCT {
            return Ball::ZERO;
        }
        if highest > LARGEST_OF_PRODUCT {
            return Ball::UNKNOWN;
        }
        // Each product is below 2^(128 N): with this headroom their sum leaves the sign free.
        let headroom = i64::from(usize::BITS - a.len().leading_zeros()) + 1;
        let mut sum = Sum::new(highest + headroom);
        for (a, b) in a.iter().zip(b.iter().rev()) {
            let exponent = a.exponent + b.exponent;
            if exponent < SMALLEST_OF_PRODUCT {
                continue;
            }
            let product = Wide::product(&a.magnitude, &b.magnitude);
            sum.add(a.negative != b.negative, product, exponent, a.product_error(b));
        }
        sum.ball()
    }

    fn power(&self, base: &Ball<N>, exponent: &Rational) -> Ball<N> {
        Ball::enclosing(&base.to_interval().power(exponent, Self::BITS))
    }

    fn is_coarse(&self, a: &Ball<N>) -> bool {
        let accuracy =
            Wide([a.magnitude, [0; N]]).bits() - i64::from(64 - a.radius.leading_zeros());
        a.radius != 0 && accuracy < COARSE
    }

    fn reciprocal(&self, series: &[Ball<N>]) -> Option<Vec<Ball<N>>> {
        reciprocal::reciprocal(series)
    }

    fn at_most(&self, magnitude: f64) -> Ball<N> {
        Ball::enclosing(&Interval::from_f64(-magnitude, magnitude))
    }

    fn sign(&self, a: &Ball<N>) -> Option<Ordering> {
        if a.is_zero() {
            return Some(Ordering::Equal);
        }
        let sign = if a.negative { Ordering::Less } else { Ordering::Greater };
        a.excludes_zero().then_some(sign)
    }

    fn as_rational(&self, a: &Ball<N>) -> Option<Rational> {
        if a.is_zero() {
            return Some(Rational::ZERO);
        }
        let beyond = a.exponent.unsigned_abs() > LARGEST_RATIONAL_EXPONENT;
        if a.radius != 0 || a.is_unknown() || beyond {
            return None;
        }
        let sign = if a.negative { Sign::Negative } else { Sign::Positive };
        let power = UBig::ONE << a.exponent.unsigned_abs() as usize;
        let whole = IBig::from_parts(sign, a.whole());
        Some(if a.exponent < 0 {
            Rational::from_parts(whole, power)
        } else {
            Rational::from(whole * IBig::from(power))
        })
    }
}
