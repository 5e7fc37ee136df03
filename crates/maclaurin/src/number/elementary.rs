//! Elementary functions, powers and constants over intervals.
//!
//! `dashu-float` rounds each function correctly in the direction asked (its Ziv loop carries a
//! certified radius), so a monotone function needs its two ends and no more.

use std::cell::RefCell;
use std::cmp::Ordering;

use dashu_float::round::mode::{Down, Up};
use dashu_float::{ConstCache, Context, FBig, Repr};
use dashu_int::IBig;

use super::interval::{binary_magnitude, down, outward, up};
use super::{Interval, Rational, half};

thread_local! {
    /// `pi` and `log 2` to the largest precision asked so far.
    static CONSTANTS: RefCell<ConstCache> = const { RefCell::new(ConstCache::new()) };

    /// Euler's constant to the largest precision asked so far.
    static EULER_GAMMA: RefCell<(usize, Interval)> =
        RefCell::new((0, Interval::integer(IBig::ZERO)));
}

/// Beyond this binary magnitude a trigonometric argument is not reduced: that would need as many
/// bits of pi as the argument has.
const LARGEST_TRIGONOMETRIC_MAGNITUDE: isize = 1 << 14;

/// Beyond this binary magnitude the exponential's own exponent does not fit in 64 bits.
const LARGEST_EXPONENTIAL_MAGNITUDE: isize = 62;

/// Integer exponents up to here are multiplied out; larger ones go through the logarithm.
const LARGEST_MULTIPLIED_EXPONENT: i64 = 1 << 20;

/// A function rounded down at one end and up at the other.
macro_rules! directed {
    ($method:ident, $lower:expr, $upper:expr, $bits:expr) => {
        CONSTANTS.with_borrow_mut(|cache| {
            let lower = down($bits).$method($lower, Some(cache));
            outward(lower, up($bits).$method($upper, Some(cache)))
        })
    };
}

/// Odd rising functions with slope 1 at zero.
macro_rules! rising {
    ($($name:ident)*) => {$(
        pub(crate) fn $name(&self, bits: usize) -> Self {
            self.odd(bits, || directed!($name, self.lower(), self.upper(), bits))
        }
    )*};
}

impl Interval {
    /// The tightest interval of `bits` bits around pi.
    pub(crate) fn pi(bits: usize) -> Self {
        CONSTANTS.with_borrow_mut(|cache| {
            let lower = down(bits).pi::<2>(Some(cache));
            outward(Ok(lower), Ok(up(bits).pi::<2>(Some(cache))))
        })
    }

    /// Euler's constant: `S/I - log n - K` with `I = sum_k (n^k/k!)^2`, `S = sum_k H_k (n^k/k!)^2`
    /// and `0 < K < pi e^(-4n)` (Brent and `McMillan`, *Some new algorithms for high-precision
    /// computation of Euler's constant*, Math. Comp. 34, 1980, algorithm B1).
    pub(crate) fn euler_gamma(bits: usize) -> Self {
        EULER_GAMMA.with_borrow_mut(|known| {
            if known.0 < bits {
                *known = (bits, brent_mcmillan(bits + 16));
            }
            known.1.clone()
        })
    }

    rising! { asin atan tanh asinh }

    pub(crate) fn exp(&self, bits: usize) -> Self {
        self.image(bits, Self::clone, || {
            self.bounded(|x| directed!(exp, x.lower(), x.upper(), bits))
        })
    }

    /// The whole line where the interval is not positive.
    pub(crate) fn log(&self, bits: usize) -> Self {
        if self.is_whole_line() || self.sign() != Some(Ordering::Greater) {
            return Self::whole_line();
        }
        directed!(ln, self.lower(), self.upper(), bits)
    }

    pub(crate) fn sin(&self, bits: usize) -> Self {
        self.odd(bits, || self.wave(false, bits))
    }

    pub(crate) fn cos(&self, bits: usize) -> Self {
        self.image(bits, Self::clone, || self.wave(true, bits))
    }

    pub(crate) fn tan(&self, bits: usize) -> Self {
        self.odd(bits, || self.wave(false, bits).divide(&self.wave(true, bits), bits))
    }

    pub(crate) fn acos(&self, bits: usize) -> Self {
        let near_zero = |one: &Self| {
            let right_angle = Self::pi(bits).multiply(&Self::rational(&half(), bits), bits);
            right_angle.add(&self.multiply(one, bits).negate(), bits)
        };
        self.image(bits, near_zero, || directed!(acos, self.upper(), self.lower(), bits))
    }

    pub(crate) fn sinh(&self, bits: usize) -> Self {
        self.odd(bits, || self.bounded(|x| directed!(sinh, x.lower(), x.upper(), bits)))
    }

    pub(crate) fn cosh(&self, bits: usize) -> Self {
        let image = |x: &Self| {
            let magnitude = x.magnitude();
            directed!(cosh, magnitude.lower(), magnitude.upper(), bits)
        };
        self.image(bits, Self::clone, || self.bounded(image))
    }

    pub(crate) fn acosh(&self, bits: usize) -> Self {
        if self.is_whole_line() {
            return Self::whole_line();
        }
        directed!(acosh, self.lower(), self.upper(), bits)
    }

    pub(crate) fn atanh(&self, bits: usize) -> Self {
        self.odd(bits, || {
            if self.magnitude().upper() >= &Repr::one() {
                return Self::whole_line();
            }
            directed!(atanh, self.lower(), self.upper(), bits)
        })
    }

    /// The image under a function: for an interval so close to zero that one term says it all, what
    /// `near_zero` makes of the factor `1 - 2^(-2 bits) .. 1 + 2^(-2 bits)`. (The general way
    /// would need as many bits as the argument has zeros behind the point.)
    ///
    /// For `|x| < 2^(-2 bits - 2)`: `|e^x - 1|`, `|cos x - 1|`, `|cosh x - 1|` and, for the odd
    /// functions with slope 1, `|f(x)/x - 1|` are all below `2^(-2 bits)` (DLMF 4.2.19, 4.19,
    /// 4.24, 4.33, 4.38).
    pub(crate) fn image(
        &self,
        bits: usize,
        near_zero: impl Fn(&Self) -> Self,
        image: impl FnOnce() -> Self,
    ) -> Self {
        if self.is_whole_line() {
            return Self::whole_line();
        }
        let magnitude = self.magnitude();
        let top = magnitude.upper();
        if top.significand().is_zero() || binary_magnitude(top) > -(2 * bits as isize) - 2 {
            return image();
        }
        let gap = Repr::new(IBig::ONE, -(2 * bits as isize));
        near_zero(&outward(down(bits).sub(&Repr::one(), &gap), up(bits).add(&Repr::one(), &gap)))
    }

    /// [`Self::image`] under an odd function with slope 1 at zero.
    fn odd(&self, bits: usize, image: impl FnOnce() -> Self) -> Self {
        self.image(bits, |one| self.multiply(one, bits), image)
    }

    /// An image that exponents of 64 bits hold.
    fn bounded(&self, image: impl FnOnce(&Self) -> Self) -> Self {
        if binary_magnitude(self.magnitude().upper()) > LARGEST_EXPONENTIAL_MAGNITUDE {
            return Self::whole_line();
        }
        image(self)
    }

    /// `x^exponent`: for an integer exponent anywhere, for another where the interval is positive.
    pub(crate) fn power(&self, exponent: &Rational, bits: usize) -> Self {
        let Ok(numerator) = i64::try_from(exponent.numerator()) else {
            return self.power_by_logarithm(exponent, bits);
        };
        let Ok(root) = usize::try_from(exponent.denominator()) else {
            return self.power_by_logarithm(exponent, bits);
        };
        if numerator.abs() > LARGEST_MULTIPLIED_EXPONENT || root > 64 {
            return self.power_by_logarithm(exponent, bits);
        }
        if root == 1 {
            return self.integer_power(numerator, bits);
        }
        if self.sign() != Some(Ordering::Greater) {
            return Self::whole_line();
        }
        outward(down(bits).nth_root(root, self.lower()), up(bits).nth_root(root, self.upper()))
            .integer_power(numerator, bits)
    }

    fn integer_power(&self, exponent: i64, bits: usize) -> Self {
        if exponent < 0 {
            let power = self.integer_power(-exponent, bits);
            return Self::integer(IBig::ONE).divide(&power, bits);
        }
        if self.is_whole_line() {
            return Self::whole_line();
        }
        let base = if exponent % 2 == 0 { self.magnitude() } else { self.clone() };
        outward(
            down(bits).powi(base.lower(), exponent.into()),
            up(bits).powi(base.upper(), exponent.into()),
        )
    }

    /// `exp(exponent * log|x|)` with the sign that an integer exponent gives.
    fn power_by_logarithm(&self, exponent: &Rational, bits: usize) -> Self {
        let positive = match (self.sign(), exponent.is_int()) {
            (Some(Ordering::Greater), _) => self.clone(),
            (Some(Ordering::Less), true) => self.negate(),
            _ => return Self::whole_line(),
        };
        let power = positive.log(bits).multiply(&Self::rational(exponent, bits), bits).exp(bits);
        let odd = exponent.numerator() % 2 != 0;
        if odd && self.sign() == Some(Ordering::Less) { power.negate() } else { power }
    }

    /// `|x|`
    pub(crate) fn magnitude(&self) -> Self {
        if self.lower() >= &Repr::zero() {
            self.clone()
        } else if self.upper() <= &Repr::zero() {
            self.negate()
        } else {
            let upper = self.upper().clone().max(-self.lower().clone());
            Self::between(Repr::zero(), upper)
        }
    }

    /// Sine or cosine: the hull of the values at both ends and of the extrema between them.
    fn wave(&self, cosine: bool, bits: usize) -> Self {
        let everything = Self::between(Repr::neg_one(), Repr::one());
        if self.is_whole_line() {
            return everything;
        }
        let magnitude = self.magnitude();
        let top = magnitude.upper();
        if binary_magnitude(top) > LARGEST_TRIGONOMETRIC_MAGNITUDE {
            return everything;
        }
        let at = |end: &Repr<2>| {
            if cosine { directed!(cos, end, end, bits) } else { directed!(sin, end, end, bits) }
        };
        let mut image = at(self.lower());
        if self.lower() == self.upper() {
            return image;
        }
        image = image.hull(&at(self.upper()));
        // Extrema lie where x/pi (less a half for the sine) is an integer n, with value (-1)^n.
        let shift = Rational::from_parts(IBig::from(if cosine { 0 } else { -1 }), 2u8.into());
        let guard = bits + LARGEST_TRIGONOMETRIC_MAGNITUDE as usize;
        let guard = guard.min(bits + top.digits() + top.exponent().max(0) as usize);
        let turns = self.divide(&Self::pi(guard), guard).add(&Self::rational(&shift, guard), guard);
        let round = |value: &Repr<2>, up: bool| -> IBig {
            let precision = value.digits().max(1);
            if up {
                let context = Context::<Up>::new(precision);
                FBig::<Up, 2>::from_repr(value.clone(), context).to_int().value()
            } else {
                let context = Context::<Down>::new(precision);
                FBig::<Down, 2>::from_repr(value.clone(), context).to_int().value()
            }
        };
        let first = round(turns.lower(), true);
        let last = round(turns.upper(), false);
        if &last - &first >= IBig::ONE {
            return everything;
        }
        if first == last {
            let even = &first % 2 == 0;
            image = image.hull(&Self::integer(if even { IBig::ONE } else { IBig::NEG_ONE }));
        }
        image
    }
}

/// Euler's constant, less accurate than `bits` by a few.
fn brent_mcmillan(bits: usize) -> Interval {
    // pi e^(-4n) < 2^-bits
    let n = bits as u64 * 100 / 577 + 2;
    let integer = |value: u64| Interval::integer(IBig::from(value));
    let square = integer(n * n);
    let (mut weight, mut harmonic) = (integer(1), integer(0));
    let (mut over, mut under) = (integer(0), integer(1));
    let mut k = 0u64;
    // From k = 2n on a term of either sum is less than half the one before.
    while k < 2 * n || binary_magnitude(weight.upper()) > -(bits as isize) {
        k += 1;
        weight = weight.multiply(&square, bits).divide(&integer(k * k), bits);
        harmonic = harmonic.add(&integer(1).divide(&integer(k), bits), bits);
        over = over.add(&harmonic.multiply(&weight, bits), bits);
        under = under.add(&weight, bits);
    }
    let rest = |last: &Interval| Interval::between(Repr::zero(), last.upper().clone());
    over = over.add(&rest(&harmonic.multiply(&weight, bits)), bits);
    under = under.add(&rest(&weight), bits);
    let gap = Interval::between(Repr::new(IBig::NEG_ONE, -(bits as isize)), Repr::zero());
    let log = integer(n).log(bits).negate();
    over.divide(&under, bits).add(&log, bits).add(&gap, bits)
}
