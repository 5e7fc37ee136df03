//! Exact while it can be, enclosed afterwards.

use std::cell::Cell;
use std::cmp::Ordering;

use super::constant::Enclosures;
use super::rational;
use super::{Arithmetic, Exact, Interval, Rational};
use crate::cancel::spend;

/// Products of monomials after which a computation goes on with enclosures: constants that grow
/// with every step are not worth more time than this.
const MOST_PRODUCTS: usize = 20_000;

/// A real number: exactly, or by an interval that contains it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The number itself.
    Exact(Exact),
    /// Two ends that contain it.
    Enclosure(Interval),
}

/// Arithmetic that stays exact where the constants are closed under it and encloses to a given
/// number of bits where they are not.
pub(crate) struct Certified {
    /// Products of monomials formed so far.
    products: Cell<usize>,
    enclosures: Enclosures,
}

impl Certified {
    pub(crate) fn new(bits: usize) -> Self {
        Self { products: Cell::new(0), enclosures: Enclosures::new(bits) }
    }

    pub(crate) fn bits(&self) -> usize {
        self.enclosures.bits
    }

    /// The number between two ends.
    pub(crate) fn enclose(&self, value: &Value) -> Interval {
        match value {
            Value::Enclosure(interval) => interval.clone(),
            Value::Exact(exact) => self.enclosures.exact(exact),
        }
    }

    /// Counts an operation on two numbers, in the units of [`spend`].
    fn spend(&self, a: &Value, b: &Value) {
        let limbs = |value: &Value| match value {
            Value::Exact(exact) => exact.as_rational().map_or(0, rational::bits) / 64,
            Value::Enclosure(_) => self.enclosures.bits / 64,
        };
        let limbs = 1 + limbs(a).max(limbs(b)) as u64;
        spend(400 + 8 * limbs * limbs);
    }

    /// Whether the product of two constants is still worth forming exactly: those of several
    /// monomials are counted against the limit.
    fn affords(&self, p: &Exact, q: &Exact) -> bool {
        let cost = p.count() * q.count();
        if cost > 1 {
            self.products.set(self.products.get() + cost);
        }
        cost <= 1 || self.products.get() <= MOST_PRODUCTS
    }

    /// The exact result if there is one of manageable size, else the enclosure of the operation.
    pub(crate) fn exact_or(exact: Option<Exact>, otherwise: impl FnOnce() -> Interval) -> Value {
        match exact {
            Some(exact) if exact.is_manageable() => Value::Exact(exact),
            _ => Value::Enclosure(otherwise()),
        }
    }
}

impl Arithmetic for Certified {
    type Number = Value;

    fn exact(&self, value: &Exact) -> Value {
        Value::Exact(value.clone())
    }

    fn add(&self, a: &Value, b: &Value) -> Value {
        self.spend(a, b);
        match (a, b) {
            (Value::Exact(zero), other) | (other, Value::Exact(zero)) if zero.is_zero() => {
                other.clone()
            }
            (Value::Exact(p), Value::Exact(q)) => Self::exact_or(Some(p.add(q)), || {
                self.enclose(a).add(&self.enclose(b), self.enclosures.bits)
            }),
            _ => Value::Enclosure(self.enclose(a).add(&self.enclose(b), self.enclosures.bits)),
        }
    }

    fn negate(&self, a: &Value) -> Value {
        match a {
            Value::Exact(exact) => Value::Exact(exact.negate()),
            Value::Enclosure(interval) => Value::Enclosure(interval.negate()),
        }
    }

    fn multiply(&self, a: &Value, b: &Value) -> Value {
        self.spend(a, b);
        match (a, b) {
            (Value::Exact(zero), _) | (_, Value::Exact(zero)) if zero.is_zero() => {
                Value::Exact(Exact::default())
            }
            (Value::Exact(p), Value::Exact(q)) => {
                Self::exact_or(self.affords(p, q).then(|| p.multiply(q)), || {
                    self.enclose(a).multiply(&self.enclose(b), self.enclosures.bits)
                })
            }
            _ => Value::Enclosure(self.enclose(a).multiply(&self.enclose(b), self.enclosures.bits)),
        }
    }

    fn divide(&self, a: &Value, b: &Value) -> Value {
        let exact = match (a, b) {
            (Value::Exact(zero), _) if zero.is_zero() => return a.clone(),
            (Value::Exact(p), Value::Exact(q)) => {
                let ratio = p.ratio(q).map(Exact::from);
                ratio.or_else(|| Some(p.multiply(&q.power(&Rational::NEG_ONE)?)))
            }
            _ => None,
        };
        Self::exact_or(exact, || self.enclose(a).divide(&self.enclose(b), self.enclosures.bits))
    }

    fn convolve(&self, a: &[Value], b: &[Value]) -> Value {
        let pairs = || a.iter().zip(b.iter().rev());
        if pairs().all(|(a, b)| as_rational(a).is_some() && as_rational(b).is_some()) {
            let rationals = pairs().filter_map(|(a, b)| Some((as_rational(a)?, as_rational(b)?)));
            return Value::Exact(rational::dot(rationals).into());
        }
        let zero = Value::Exact(Exact::default());
        pairs().fold(zero, |sum, (a, b)| self.add(&sum, &self.multiply(a, b)))
    }

    fn power(&self, base: &Value, exponent: &Rational) -> Value {
        let exact = match base {
            Value::Exact(exact) => exact.power(exponent),
            Value::Enclosure(_) => None,
        };
        Self::exact_or(exact, || self.enclose(base).power(exponent, self.enclosures.bits))
    }

    fn tangent(&self, series: &[Value], circular: bool) -> Option<Vec<Value>> {
        let linear: Vec<_> = series.iter().map(as_rational).collect::<Option<_>>()?;
        let (zero, rest) = linear.split_first()?;
        let (slope, rest) = rest.split_first()?;
        if !zero.is_zero() || rest.iter().any(|q| !q.is_zero()) {
            return None;
        }
        let tangent = rational::tangent(slope, series.len(), circular);
        Some(tangent.into_iter().map(|q| Value::Exact(q.into())).collect())
    }

    fn at_most(&self, magnitude: f64) -> Value {
        Value::Enclosure(Interval::from_f64(-magnitude, magnitude))
    }

    fn sign(&self, a: &Value) -> Option<Ordering> {
        match a {
            Value::Exact(exact) => exact.sign(),
            Value::Enclosure(interval) => interval.sign(),
        }
    }

    /// Formally: of an exact constant that is zero in no obvious way, the sign is not known either.
    fn is_zero(&self, a: &Value) -> bool {
        match a {
            Value::Exact(exact) => exact.is_zero(),
            Value::Enclosure(interval) => interval.sign() == Some(Ordering::Equal),
        }
    }

    fn as_rational(&self, a: &Value) -> Option<Rational> {
        as_rational(a).cloned()
    }
}

fn as_rational(value: &Value) -> Option<&Rational> {
    match value {
        Value::Exact(exact) => exact.as_rational(),
        Value::Enclosure(_) => None,
    }
}
