//! Complex numbers over any arithmetic: pairs of intervals are rectangles, pairs of exact
//! constants are exact complex constants.
//!
//! The elementary functions follow DLMF 4.2 to 4.40. Logarithms are principal here; a caller that
//! follows a function along a path hands in its own.

use std::cmp::Ordering;

use super::{Arithmetic, Elementary, Exact, Rational};

/// Arithmetic on pairs (real part, imaginary part) of the numbers of `A`.
pub(crate) struct Complex<A>(pub A);

type Pair<A> = (<A as Arithmetic>::Number, <A as Arithmetic>::Number);

impl<A: Arithmetic> Complex<A> {
    pub(crate) fn real(&self, value: A::Number) -> Pair<A> {
        (value, self.0.integer(0))
    }

    /// `i z`
    fn turned(&self, (re, im): &Pair<A>) -> Pair<A> {
        (self.0.negate(im), re.clone())
    }

    fn scaled(&self, (re, im): &Pair<A>, factor: &A::Number) -> Pair<A> {
        (self.0.multiply(re, factor), self.0.multiply(im, factor))
    }

    fn square_of_modulus(&self, (re, im): &Pair<A>) -> A::Number {
        let two = Rational::from(2);
        self.0.add(&self.0.power(re, &two), &self.0.power(im, &two))
    }

    /// `log|z|`
    pub(crate) fn log_of_modulus(&self, z: &Pair<A>) -> A::Number {
        let a = &self.0;
        let half = a.exact(&half().into());
        if a.is_zero(&z.1) && a.sign(&z.0) == Some(Ordering::Greater) {
            return a.elementary(Elementary::Log, &z.0);
        }
        a.multiply(&half, &a.elementary(Elementary::Log, &self.square_of_modulus(z)))
    }

    /// The argument of `z` between `-pi/2` and `3 pi/2`, or `None` where `z` may be zero. A
    /// rectangle without zero lies in a half-plane, so its arguments span less than `pi`.
    pub(crate) fn argument(&self, (re, im): &Pair<A>) -> Option<A::Number> {
        let a = &self.0;
        let atan = |x| a.elementary(Elementary::Atan, &x);
        let right = a.multiply(&a.pi(), &a.exact(&half().into()));
        Some(match (a.sign(re), a.sign(im)) {
            (Some(Ordering::Greater), _) => atan(a.divide(im, re)),
            (_, Some(Ordering::Greater)) => a.subtract(&right, &atan(a.divide(re, im))),
            (_, Some(Ordering::Less)) => a.subtract(&a.negate(&right), &atan(a.divide(re, im))),
            (Some(Ordering::Less), _) => a.add(&a.pi(), &atan(a.divide(im, re))),
            _ => return None,
        })
    }

    /// An inverse function by logarithms, which `log` takes of what is never zero where the
    /// function is analytic (DLMF 4.23.19, 4.23.23, 4.23.26, 4.37.16, 4.37.19, 4.37.24); `None`
    /// for a function that needs none.
    pub(crate) fn inverse<E>(
        &self,
        function: Elementary,
        u: &Pair<A>,
        mut log: impl FnMut(&Pair<A>) -> Result<Pair<A>, E>,
    ) -> Result<Option<Pair<A>>, E> {
        let half = self.0.exact(&half().into());
        let one = self.integer(1);
        let turned = self.turned(u);
        // log(1 + v) and log(1 - v)
        let mut logs = |v: &Pair<A>| -> Result<_, E> {
            Ok((log(&self.add(&one, v))?, log(&self.subtract(&one, v))?))
        };
        let root = |(plus, minus): &(Pair<A>, Pair<A>)| {
            self.elementary(Elementary::Exp, &self.scaled(&self.add(plus, minus), &half))
        };
        Ok(Some(match function {
            Elementary::Atan => {
                let (plus, minus) = logs(&turned)?;
                self.negate(&self.turned(&self.scaled(&self.subtract(&plus, &minus), &half)))
            }
            Elementary::Atanh => {
                let (plus, minus) = logs(u)?;
                self.scaled(&self.subtract(&plus, &minus), &half)
            }
            Elementary::Asin | Elementary::Acos => {
                let root = root(&logs(u)?);
                let asin = self.negate(&self.turned(&log(&self.add(&turned, &root))?));
                if function == Elementary::Asin {
                    asin
                } else {
                    let right = self.real(self.0.pi());
                    self.subtract(&self.scaled(&right, &half), &asin)
                }
            }
            Elementary::Asinh => {
                let root = root(&logs(&turned)?);
                log(&self.add(u, &root))?
            }
            Elementary::Acosh => {
                let (above, below) = (log(&self.add(u, &one))?, log(&self.subtract(u, &one))?);
                let root = root(&(above, below));
                log(&self.add(u, &root))?
            }
            _ => return Ok(None),
        }))
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
            None => a.divide(&a.integer(1), &a.integer(0)),
        };
        (self.log_of_modulus(z), argument)
    }
}

fn half() -> Rational {
    Rational::from_parts(1.into(), 2u8.into())
}

impl<A: Arithmetic> Arithmetic for Complex<A> {
    type Number = Pair<A>;

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
                self.elementary(Elementary::Exp, &self.scaled(&log, &exponent))
            }
        }
    }

    fn elementary(&self, function: Elementary, z: &Pair<A>) -> Pair<A> {
        let a = &self.0;
        let of = |function, x| a.elementary(function, x);
        let (x, y) = z;
        if a.is_zero(y) {
            let inside = match function {
                Elementary::Log => a.sign(x) == Some(Ordering::Greater),
                Elementary::Acosh => {
                    a.sign(&a.subtract(x, &a.integer(1))) == Some(Ordering::Greater)
                }
                Elementary::Asin | Elementary::Acos | Elementary::Atanh => {
                    let margin = a.subtract(&a.integer(1), &a.multiply(x, x));
                    a.sign(&margin) == Some(Ordering::Greater)
                }
                _ => true,
            };
            if inside {
                return self.real(of(function, x));
            }
        }
        let product = |f, g| a.multiply(&of(f, x), &of(g, y));
        match function {
            // e^x (cos y + i sin y)
            Elementary::Exp => (
                product(Elementary::Exp, Elementary::Cos),
                product(Elementary::Exp, Elementary::Sin),
            ),
            Elementary::Sin => (
                product(Elementary::Sin, Elementary::Cosh),
                product(Elementary::Cos, Elementary::Sinh),
            ),
            Elementary::Cos => (
                product(Elementary::Cos, Elementary::Cosh),
                a.negate(&product(Elementary::Sin, Elementary::Sinh)),
            ),
            Elementary::Sinh => (
                product(Elementary::Sinh, Elementary::Cos),
                product(Elementary::Cosh, Elementary::Sin),
            ),
            Elementary::Cosh => (
                product(Elementary::Cosh, Elementary::Cos),
                product(Elementary::Sinh, Elementary::Sin),
            ),
            Elementary::Tan => self
                .divide(&self.elementary(Elementary::Sin, z), &self.elementary(Elementary::Cos, z)),
            Elementary::Tanh => self.divide(
                &self.elementary(Elementary::Sinh, z),
                &self.elementary(Elementary::Cosh, z),
            ),
            Elementary::Log => self.principal_log(z),
            Elementary::Erf => self.error_function(z),
            _ => {
                let log = |w: &Pair<A>| Ok::<_, std::convert::Infallible>(self.principal_log(w));
                match self.inverse(function, z, log) {
                    Ok(value) => value.unwrap_or_else(|| self.real(of(function, x))),
                    Err(never) => match never {},
                }
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

/// Terms of the series of the error function, and the largest modulus for which they suffice.
const ERROR_FUNCTION_TERMS: i64 = 90;
const ERROR_FUNCTION_REACH: i64 = 4;

impl<A: Arithmetic> Complex<A> {
    /// `erf z = 2/sqrt(pi) sum_n (-1)^n z^(2n+1) / (n! (2n+1))` (DLMF 7.6.1) for `|z| <= 4`: the
    /// terms left out are below `4 * 16^90/90! < 2^-96` together. Nothing is known beyond.
    fn error_function(&self, z: &Pair<A>) -> Pair<A> {
        let a = &self.0;
        let reach = a.integer(ERROR_FUNCTION_REACH * ERROR_FUNCTION_REACH);
        if a.sign(&a.subtract(&reach, &self.square_of_modulus(z))) != Some(Ordering::Greater) {
            let unknown = || a.divide(&a.integer(1), &a.integer(0));
            return (unknown(), unknown());
        }
        let square = self.negate(&self.multiply(z, z));
        let mut sum = self.integer(0);
        // Horner's rule, from the last term on: c_n = 1/(2n+1) + square/(n+1) c_(n+1), with
        // c_n the sum of what follows over (-1)^n z^(2n)/n!.
        for n in (0..ERROR_FUNCTION_TERMS).rev() {
            let scaled = self.divide(&self.multiply(&sum, &square), &self.integer(n + 1));
            sum = self.add(&scaled, &self.divide(&self.integer(1), &self.integer(2 * n + 1)));
        }
        let root = a.power(&a.pi(), &half());
        let value = self.multiply(&self.scaled(&sum, &a.divide(&a.integer(2), &root)), z);
        let gap = a.at_most(2f64.powi(-90));
        (a.add(&value.0, &gap), a.add(&value.1, &gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{Certified, Interval64, Outward64, Value, parse_decimal};

    fn named(name: &str) -> Elementary {
        let all = [
            Elementary::Exp,
            Elementary::Log,
            Elementary::Sin,
            Elementary::Cos,
            Elementary::Tan,
            Elementary::Asin,
            Elementary::Acos,
            Elementary::Atan,
            Elementary::Sinh,
            Elementary::Cosh,
            Elementary::Tanh,
            Elementary::Asinh,
            Elementary::Acosh,
            Elementary::Atanh,
            Elementary::Erf,
        ];
        all.into_iter().find(|function| function.name() == name).unwrap()
    }

    fn decimal(text: &str) -> Rational {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        parse_decimal(digits).unwrap() * Rational::from(sign)
    }

    /// Values inside random rectangles, by FLINT (`tests/oracle/certify.py`), lie in the image.
    #[test]
    fn images_of_rectangles_contain_the_values_inside() {
        let text = include_str!("../../tests/oracle/complex.json");
        let data: serde_json::Value = serde_json::from_str(text).unwrap();
        let (mut unknown, mut widest) = (0, 0f64);
        let cases = data["cases"].as_array().unwrap();
        for case in cases {
            let function = named(case[0].as_str().unwrap());
            let side = |i: usize| {
                let end = |k: usize| case[1][i][k].as_f64().unwrap();
                Interval64::between(end(0), end(1))
            };
            let image = Complex(Outward64).elementary(function, &(side(0), side(1)));
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
        assert!(unknown < cases.len() / 20, "{unknown} of {} unknown", 2 * cases.len());
        assert!(widest < 1e-7, "the image of a point is {widest} wide");
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
