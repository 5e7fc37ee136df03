//! Complex numbers over any arithmetic: pairs of intervals are rectangles, pairs of exact
//! constants are exact complex constants. Logarithms are principal here; who follows a function
//! along a path hands its own to [`Builtin::complex`].

use std::cmp::Ordering;

use super::inverse::Atan;
use super::{Analytic, Builtin, Exp, Log};
use crate::number::{Arithmetic, Exact, Interval, Interval64, Outward64, Rational, exactly, half};

/// Arithmetic on pairs (real part, imaginary part) of the numbers of `A`.
pub(crate) struct Complex<A>(pub A);

/// Real and imaginary part.
pub(crate) type Pair<A> = (<A as Arithmetic>::Number, <A as Arithmetic>::Number);

/// The branch of a function with branch points on which a value is wanted. Each of its methods may
/// give up.
pub(crate) trait Branch<A: Analytic> {
    /// The logarithm of what is never zero where the function is analytic.
    fn log(&mut self, z: &Pair<A>) -> Option<Pair<A>>;

    /// The number of the interval of the real axis from which the function is continued, where it is
    /// analytic on several; `here` is that of the interval that the argument meets, if it meets one.
    fn interval(&mut self, here: Option<i64>) -> Option<i64>;

    /// The value where nothing is known of the branch.
    fn unknown(&mut self, plane: &Complex<A>) -> Option<Pair<A>>;
}

/// Principal branches.
struct Principal<'a, A>(&'a Complex<A>);

impl<A: Analytic> Branch<A> for Principal<'_, A> {
    fn log(&mut self, z: &Pair<A>) -> Option<Pair<A>> {
        Some(self.0.principal_log(z))
    }

    fn interval(&mut self, here: Option<i64>) -> Option<i64> {
        Some(here.unwrap_or(0))
    }

    fn unknown(&mut self, plane: &Complex<A>) -> Option<Pair<A>> {
        Some(plane.unknown())
    }
}

/// An argument below `pi/2`, and a modulus far below the largest double.
const LARGEST_TURN: f64 = 1.5;
const LARGEST_PRODUCT: f64 = 1e200;

/// A rectangle of the complex plane.
pub(crate) type Rectangle = (Interval64, Interval64);

/// Arithmetic on rectangles.
pub(crate) const PLANE: Complex<Outward64> = Complex(Outward64);

impl<A: Analytic> Complex<A> {
    pub(crate) fn real(&self, value: A::Number) -> Pair<A> {
        (value, self.0.integer(0))
    }

    /// `i z`
    pub(super) fn turned(&self, (re, im): &Pair<A>) -> Pair<A> {
        (self.0.negate(im), re.clone())
    }

    pub(super) fn scaled(&self, (re, im): &Pair<A>, factor: &A::Number) -> Pair<A> {
        (self.0.multiply(re, factor), self.0.multiply(im, factor))
    }

    pub(super) fn square_of_modulus(&self, (re, im): &Pair<A>) -> A::Number {
        let two = Rational::from(2);
        self.0.add(&self.0.power(re, &two), &self.0.power(im, &two))
    }

    /// A number of which nothing is known.
    pub(crate) fn unknown(&self) -> Pair<A> {
        let part = self.0.divide(&self.0.integer(1), &self.0.integer(0));
        (part.clone(), part)
    }

    /// `log|z|`
    pub(crate) fn log_of_modulus(&self, z: &Pair<A>) -> A::Number {
        let a = &self.0;
        let half = a.exact(&half().into());
        if a.is_zero(&z.1) && a.sign(&z.0) == Some(Ordering::Greater) {
            return a.apply::<Log>(&z.0);
        }
        a.multiply(&half, &a.apply::<Log>(&self.square_of_modulus(z)))
    }

    /// The argument of `z` between `-pi/2` and `3 pi/2`, or `None` where `z` may be zero. A
    /// rectangle without zero lies in a half-plane, so its arguments span less than `pi`.
    pub(crate) fn argument(&self, (re, im): &Pair<A>) -> Option<A::Number> {
        let a = &self.0;
        let atan = |x| a.apply::<Atan>(&x);
        let right = a.multiply(&a.pi(), &a.exact(&half().into()));
        Some(match (a.sign(re), a.sign(im)) {
            (Some(Ordering::Greater), _) => atan(a.divide(im, re)),
            (_, Some(Ordering::Greater)) => a.subtract(&right, &atan(a.divide(re, im))),
            (_, Some(Ordering::Less)) => a.subtract(&a.negate(&right), &atan(a.divide(re, im))),
            (Some(Ordering::Less), _) => a.add(&a.pi(), &atan(a.divide(im, re))),
            _ => return None,
        })
    }

    /// The image of a rectangle, by the mean value theorem on a convex set: `F(c) + F'(Z) (z - c)`.
    /// Numbers of more bits than doubles have are taken as they are.
    pub(super) fn mean_value(
        &self,
        z: &Pair<A>,
        value: impl Fn(&Pair<A>) -> Option<Pair<A>>,
        slope: impl FnOnce() -> Option<Pair<A>>,
    ) -> Option<Pair<A>> {
        let (re, im) = self.rectangle(z);
        let is_point = re.low == re.high && im.low == im.high;
        if is_point || self.bits() > f64::MANTISSA_DIGITS as usize {
            return value(z);
        }
        let middle = |side: Interval64| self.0.exact(&exactly(side.middle()).into());
        let center = (middle(re), middle(im));
        let change = self.multiply(&slope()?, &self.subtract(z, &center));
        Some(self.add(&value(&center)?, &change))
    }

    /// The sum of the principal logarithms of numbers. Those in the right half-plane are multiplied as
    /// long as their arguments, `|arg z| <= |Im z|/Re z`, leave the product there.
    pub(super) fn sum_of_logs(&self, numbers: impl Iterator<Item = Pair<A>>) -> Pair<A> {
        let (mut sum, mut product, mut turn) = (self.integer(0), self.integer(1), 0.0);
        for z in numbers {
            let (re, im) = self.rectangle(&z);
            let own = if re.low > 0.0 { im.magnitude() / re.low } else { f64::INFINITY };
            let next = self.multiply(&product, &z);
            let part = self.rectangle(&next).0;
            if turn + own <= LARGEST_TURN && part.low > 0.0 && part.high < LARGEST_PRODUCT {
                (product, turn) = (next, turn + own);
                continue;
            }
            sum = self.add(&sum, &self.apply::<Log>(&product));
            (product, turn) = (z, own);
        }
        self.add(&sum, &self.apply::<Log>(&product))
    }

    /// The function's value where `z` is real and inside the real domain.
    pub(super) fn on_axis<F: Builtin>(&self, (x, y): &Pair<A>) -> Option<Pair<A>> {
        let a = &self.0;
        let inside =
            || F::margin(a, x).is_none_or(|margin| a.sign(&margin) == Some(Ordering::Greater));
        (a.is_zero(y) && inside()).then(|| self.real(a.apply::<F>(x)))
    }

    fn principal_log(&self, z: &Pair<A>) -> Pair<A> {
        let a = &self.0;
        let argument = match self.argument(z) {
            Some(argument) if a.sign(&z.0) == Some(Ordering::Less) => {
                // Below the cut, the principal value is a turn less.
                if a.sign(&z.1) == Some(Ordering::Less)
                    && a.sign(&argument) == Some(Ordering::Greater)
                {
                    a.subtract(&argument, &a.multiply(&a.integer(2), &a.pi()))
                } else {
                    argument
                }
            }
            Some(argument) => argument,
            None => self.unknown().1,
        };
        (self.log_of_modulus(z), argument)
    }
}

impl<A: Analytic> Arithmetic for Complex<A> {
    type Number = Pair<A>;

    const REAL: bool = false;

    fn exact(&self, value: &Exact) -> Pair<A> {
        self.real(self.0.exact(value))
    }

    fn integer(&self, value: i64) -> Pair<A> {
        self.real(self.0.integer(value))
    }

    fn add(&self, a: &Pair<A>, b: &Pair<A>) -> Pair<A> {
        (self.0.add(&a.0, &b.0), self.0.add(&a.1, &b.1))
    }

    fn negate(&self, a: &Pair<A>) -> Pair<A> {
        (self.0.negate(&a.0), self.0.negate(&a.1))
    }

    /// `(a + bi)(c + di) = ac - bd + (ad + bc) i`
    fn multiply(&self, a: &Pair<A>, b: &Pair<A>) -> Pair<A> {
        let product = |x, y| self.0.multiply(x, y);
        (
            self.0.subtract(&product(&a.0, &b.0), &product(&a.1, &b.1)),
            self.0.add(&product(&a.0, &b.1), &product(&a.1, &b.0)),
        )
    }

    /// `z/w = z conj(w) / |w|^2`
    fn divide(&self, a: &Pair<A>, b: &Pair<A>) -> Pair<A> {
        if self.0.is_zero(&b.1) {
            return (self.0.divide(&a.0, &b.0), self.0.divide(&a.1, &b.0));
        }
        let (re, im) = self.multiply(a, &(b.0.clone(), self.0.negate(&b.1)));
        let square = self.square_of_modulus(b);
        (self.0.divide(&re, &square), self.0.divide(&im, &square))
    }

    fn convolve(&self, a: &[Pair<A>], b: &[Pair<A>]) -> Pair<A> {
        let products = a.iter().zip(b.iter().rev()).map(|(a, b)| self.multiply(a, b));
        products.fold(self.integer(0), |sum, product| self.add(&sum, &product))
    }

    fn power(&self, base: &Pair<A>, exponent: &Rational) -> Pair<A> {
        if self.0.is_zero(&base.1)
            && (exponent.is_int() || self.0.sign(&base.0) == Some(Ordering::Greater))
        {
            return self.real(self.0.power(&base.0, exponent));
        }
        match i64::try_from(exponent.numerator()) {
            Ok(n) if exponent.is_int() && n.unsigned_abs() <= 1 << 10 => {
                let one = self.integer(1);
                // The binary method, from the highest bit on.
                let bits = (0..64 - n.unsigned_abs().leading_zeros()).rev();
                let power = bits.fold(one.clone(), |power, bit| {
                    let square = self.multiply(&power, &power);
                    let odd = n.unsigned_abs() >> bit & 1 == 1;
                    if odd { self.multiply(&square, base) } else { square }
                });
                if n < 0 { self.divide(&one, &power) } else { power }
            }
            _ => {
                let exponent = self.0.exact(&exponent.clone().into());
                let log = self.principal_log(base);
                self.apply::<Exp>(&self.scaled(&log, &exponent))
            }
        }
    }

    fn at_most(&self, magnitude: f64) -> Pair<A> {
        (self.0.at_most(magnitude), self.0.at_most(magnitude))
    }

    /// Equal: zero for certain. Greater: not zero for certain; complex numbers have no other
    /// signs.
    fn sign(&self, (re, im): &Pair<A>) -> Option<Ordering> {
        match (self.0.sign(re), self.0.sign(im)) {
            (Some(Ordering::Equal), Some(Ordering::Equal)) => Some(Ordering::Equal),
            (Some(Ordering::Less | Ordering::Greater), _)
            | (_, Some(Ordering::Less | Ordering::Greater)) => Some(Ordering::Greater),
            _ => None,
        }
    }

    fn as_rational(&self, (re, im): &Pair<A>) -> Option<Rational> {
        self.0.is_zero(im).then(|| self.0.as_rational(re)).flatten()
    }
}

impl<A: Analytic> Analytic for Complex<A> {
    fn image(&self, (re, im): &Pair<A>, f: &dyn Fn(&Interval, usize) -> Interval) -> Pair<A> {
        if self.0.is_zero(im) { self.real(self.0.image(re, f)) } else { self.unknown() }
    }

    fn bits(&self) -> usize {
        self.0.bits()
    }

    fn rectangle(&self, (re, im): &Pair<A>) -> Rectangle {
        (self.0.rectangle(re).0, self.0.rectangle(im).0)
    }

    fn is_exact(&self, (re, im): &Pair<A>) -> bool {
        self.0.is_exact(re) && self.0.is_exact(im)
    }

    fn apply<F: Builtin>(&self, z: &Pair<A>) -> Pair<A> {
        let principal = || F::complex(self, z, &mut Principal(self));
        self.on_axis::<F>(z).or_else(principal).unwrap_or_else(|| self.unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::{ALL, Elementary};
    use crate::number::{Certified, Value, parse_decimal};

    fn decimal(text: &str) -> Rational {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        parse_decimal(digits).unwrap() * Rational::from(sign)
    }

    /// Values inside random rectangles, by FLINT (`tests/oracle/certify.py`), lie in the image.
    #[test]
    fn images_of_rectangles_contain_the_values_inside() {
        let files = [
            (include_str!("../../tests/oracle/complex.json"), "cases"),
            (include_str!("../../tests/oracle/special.json"), "images"),
        ];
        let read = |(text, name): (&str, &str)| {
            let data: serde_json::Value = serde_json::from_str(text).unwrap();
            data[name].as_array().unwrap().clone()
        };
        let cases: Vec<_> = files.into_iter().flat_map(read).collect();
        let (mut unknown, mut widest) = (0, 0f64);
        for case in &cases {
            let name = case[0].as_str().unwrap();
            let function = *ALL.iter().find(|function| function.name() == name).unwrap();
            let side = |i: usize| {
                let end = |k: usize| case[1][i][k].as_f64().unwrap();
                Interval64::between(end(0), end(1))
            };
            let image = PLANE.elementary(function, &(side(0), side(1)));
            for (part, text) in [(image.0, &case[3]), (image.1, &case[4])] {
                if !part.magnitude().is_finite() {
                    unknown += 1;
                    continue;
                }
                let value = decimal(text.as_str().unwrap());
                // Thirty digits are given: their rounding is far below the doubles'.
                let margin = Rational::try_from(part.magnitude() * 1e-28).unwrap();
                let [low, high] = [part.low, part.high].map(|x| Rational::try_from(x).unwrap());
                assert!(low - &margin <= value && value <= high + margin, "{case}: {image:?}");
                if side(0).low == side(0).high && side(1).low == side(1).high {
                    widest = widest.max((part.high - part.low) / part.magnitude().max(1e-3));
                }
            }
        }
        assert!(unknown < cases.len() / 10, "{unknown} of {} unknown", 2 * cases.len());
        // Cancellation costs `erfi` most.
        assert!(widest < 1e-5, "the image of a point is {widest} wide");
    }

    #[test]
    fn exact_complex_constants_stay_exact() {
        let a = Complex(Certified::new(64));
        let i_pi = (Value::Exact(Exact::default()), Value::Exact(Exact::pi()));
        let minus_one = a.elementary(Elementary::Exp, &i_pi);
        assert!(a.is_zero(&a.add(&minus_one, &a.integer(1))));
        let i = (Value::Exact(Exact::default()), Value::Exact(1.into()));
        assert!(a.is_zero(&a.add(&a.integer(1), &a.multiply(&i, &i))));
        assert!(a.is_zero(&a.subtract(&a.power(&i, &Rational::from(-3)), &i)));
    }
}
