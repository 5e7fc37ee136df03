//! Elementary functions, powers and constants over intervals.
//!
//! `dashu-float` rounds each function correctly in the direction asked (its Ziv loop carries a
//! certified radius), so a monotone function needs its two ends and no more. What `dashu` lacks,
//! `erf`, is summed here with its remainder.

use std::cell::RefCell;
use std::cmp::Ordering;

use dashu_base::Sign;
use dashu_float::round::mode::{Down, Up};
use dashu_float::{ConstCache, Context, FBig, Repr};
use dashu_int::IBig;

use super::interval::{binary_magnitude, down, outward, up};
use super::{Elementary, Interval, Rational};

thread_local! {
    /// `pi` and `log 2` to the largest precision asked so far.
    static CONSTANTS: RefCell<ConstCache> = const { RefCell::new(ConstCache::new()) };
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

impl Interval {
    /// The tightest interval of `bits` bits around pi.
    pub(super) fn pi(bits: usize) -> Self {
        CONSTANTS.with_borrow_mut(|cache| {
            let lower = down(bits).pi::<2>(Some(cache));
            outward(Ok(lower), Ok(up(bits).pi::<2>(Some(cache))))
        })
    }

    /// The image of the interval under `function`; the whole line where the interval leaves the
    /// function's domain.
    pub(crate) fn elementary(&self, function: Elementary, bits: usize) -> Self {
        if self.is_whole_line() {
            return Self::whole_line();
        }
        if let Some(image) = self.near_zero(function, bits) {
            return image;
        }
        let (a, b) = (self.lower(), self.upper());
        match function {
            Elementary::Exp | Elementary::Sinh | Elementary::Cosh
                if binary_magnitude(self.magnitude().upper()) > LARGEST_EXPONENTIAL_MAGNITUDE =>
            {
                Self::whole_line()
            }
            Elementary::Exp => directed!(exp, a, b, bits),
            Elementary::Log if self.sign() != Some(Ordering::Greater) => Self::whole_line(),
            Elementary::Log => directed!(ln, a, b, bits),
            Elementary::Sin => self.wave(false, bits),
            Elementary::Cos => self.wave(true, bits),
            Elementary::Tan => {
                let cosine = self.wave(true, bits);
                self.wave(false, bits).divide(&cosine, bits)
            }
            Elementary::Asin => directed!(asin, a, b, bits),
            Elementary::Acos => directed!(acos, b, a, bits),
            Elementary::Atan => directed!(atan, a, b, bits),
            Elementary::Sinh => directed!(sinh, a, b, bits),
            Elementary::Cosh => {
                let magnitude = self.magnitude();
                directed!(cosh, magnitude.lower(), magnitude.upper(), bits)
            }
            Elementary::Tanh => directed!(tanh, a, b, bits),
            Elementary::Asinh => directed!(asinh, a, b, bits),
            Elementary::Acosh => directed!(acosh, a, b, bits),
            Elementary::Atanh if self.magnitude().upper() >= &Repr::one() => Self::whole_line(),
            Elementary::Atanh => directed!(atanh, a, b, bits),
            Elementary::Erf => Self::between(
                error_function(a, bits).lower().clone(),
                error_function(b, bits).upper().clone(),
            ),
        }
    }

    /// The image of an interval so close to zero that one term says it all. (The general way
    /// would need as many bits as the argument has zeros behind the point.)
    ///
    /// For `|x| < 2^(-2 bits - 2)`: `|e^x - 1|`, `|cos x - 1|`, `|cosh x - 1|` and, for the odd
    /// functions with slope 1, `|f(x)/x - 1|` are all below `2^(-2 bits)` (DLMF 4.2.19, 4.19,
    /// 4.24, 4.33, 4.38; 7.6.1 for `erf`, whose slope is `2/sqrt(pi)`).
    fn near_zero(&self, function: Elementary, bits: usize) -> Option<Self> {
        let magnitude = self.magnitude();
        let top = magnitude.upper();
        let limit = -(2 * bits as isize) - 2;
        if top.significand().is_zero() || binary_magnitude(top) > limit {
            return None;
        }
        let gap = Repr::new(IBig::ONE, -(2 * bits as isize));
        let nearly_one =
            outward(down(bits).sub(&Repr::one(), &gap), up(bits).add(&Repr::one(), &gap));
        let half = Rational::from_parts(IBig::ONE, 2u8.into());
        match function {
            Elementary::Exp | Elementary::Cos | Elementary::Cosh => Some(nearly_one),
            Elementary::Sin
            | Elementary::Tan
            | Elementary::Asin
            | Elementary::Atan
            | Elementary::Sinh
            | Elementary::Tanh
            | Elementary::Asinh
            | Elementary::Atanh => Some(self.multiply(&nearly_one, bits)),
            Elementary::Erf => {
                let slope =
                    Self::integer(IBig::from(2)).divide(&Self::pi(bits).power(&half, bits), bits);
                Some(self.multiply(&nearly_one, bits).multiply(&slope, bits))
            }
            Elementary::Acos => {
                let right_angle = Self::pi(bits).multiply(&Self::rational(&half, bits), bits);
                Some(right_angle.add(&self.multiply(&nearly_one, bits).negate(), bits))
            }
            Elementary::Log | Elementary::Acosh => None,
        }
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
        let power = positive
            .elementary(Elementary::Log, bits)
            .multiply(&Self::rational(exponent, bits), bits)
            .elementary(Elementary::Exp, bits);
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

/// `erf` at one point, from DLMF 7.6.2: `2/sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!`,
/// whose terms are all of one sign; once they halve, the rest is less than the last term.
fn error_function(x: &Repr<2>, bits: usize) -> Interval {
    if x.significand().is_zero() {
        return Interval::integer(IBig::ZERO);
    }
    if x.sign() == Sign::Negative {
        return error_function(&-x.clone(), bits).negate();
    }
    let x_float = x.to_f64().value();
    if x_float * x_float > 0.7 * bits as f64 {
        // 0 < erfc(x) <= e^(-x^2) (DLMF 7.8.3 with 7.8.2), here below 2^-bits.
        let gap = Repr::new(IBig::NEG_ONE, -(bits as isize));
        let below_one = down(bits + 1).add(&Repr::one(), &gap);
        return outward(below_one, Ok(dashu_base::Approximation::Exact(FBig::ONE)));
    }
    let bits = bits + 32;
    let point = Interval::between(x.clone(), x.clone());
    let square = point.multiply(&point, bits);
    let twice_square = square.add(&square, bits);
    let mut term = point;
    let mut sum = term.clone();
    for n in 0u64.. {
        let odd = Interval::integer(IBig::from(2 * n + 3));
        term = term.multiply(&twice_square, bits).divide(&odd, bits);
        sum = sum.add(&term, bits);
        let halving = 4.0 * x_float * x_float < (2 * n + 3) as f64;
        let small = term.is_whole_line() || {
            let scaled = Repr::new(IBig::ONE, bits as isize);
            match up(bits).mul(term.upper(), &scaled) {
                Ok(product) => product.value().into_repr() < *sum.lower(),
                Err(_) => true,
            }
        };
        if halving && small {
            break;
        }
    }
    let remainder = Interval::between(Repr::zero(), term.magnitude().upper().clone());
    let root_of_pi = Interval::pi(bits).power(&Rational::from_parts(IBig::ONE, 2u8.into()), bits);
    sum.add(&remainder, bits)
        .multiply(&square.negate().elementary(Elementary::Exp, bits), bits)
        .multiply(&Interval::integer(IBig::from(2)), bits)
        .divide(&root_of_pi, bits)
}
