//! Expressions in a normal form: polynomials with rational coefficients in what is no sum or product.
//!
//! Two expressions with the same form are the same function, wherever both are defined. `e^u` is the product
//! of powers of an `e^v` for each term of `u`, `log(e^u v)` is `u + log(v)`, `acos(u)` is `pi/2 - asin(u)`, and
//! of odd and even functions the sign is moved outwards. A reciprocal `r = 1/(a m + ...)`, with a leading
//! monomial `m`, is one more unknown with `m r = (1 - (...) r)/a`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::builtin::{Elementary, Parity};
use crate::function::{Operation, PiecewiseConstant, constant};
use crate::number::{Exact, Rational, half};

/// Products of more terms, and larger powers, are not multiplied out.
const MOST_TERMS: usize = 64;
const LARGEST_POWER: i64 = 8;

/// Uses of the reciprocals in one product.
const MOST_REDUCTIONS: usize = 64;

/// The unknowns that are multiplied, with their exponents.
type Monomial = Vec<(usize, i64)>;

/// A sum of monomials with coefficients that are not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Polynomial(BTreeMap<Monomial, Rational>);

fn product(f: &[(usize, i64)], g: &[(usize, i64)]) -> Monomial {
    let mut exponents: BTreeMap<usize, i64> = f.iter().copied().collect();
    for &(unknown, exponent) in g {
        *exponents.entry(unknown).or_default() += exponent;
    }
    exponents.into_iter().filter(|(_, exponent)| *exponent != 0).collect()
}

fn power(f: &[(usize, i64)], n: i64) -> Option<Monomial> {
    let scaled = f.iter().map(|&(unknown, e)| Some((unknown, e.checked_mul(n)?)));
    scaled.filter(|part| part.is_none_or(|(_, e)| e != 0)).collect()
}

impl Polynomial {
    fn term(monomial: Monomial, coefficient: Rational) -> Self {
        let mut sum = Self::default();
        sum.accumulate(monomial, coefficient);
        sum
    }

    fn rational(value: Rational) -> Self {
        Self::term(Monomial::new(), value)
    }

    fn unknown(index: usize) -> Self {
        Self::term(vec![(index, 1)], Rational::ONE)
    }

    fn accumulate(&mut self, monomial: Monomial, coefficient: Rational) {
        let sum = self.0.remove(&monomial).unwrap_or(Rational::ZERO) + coefficient;
        if !sum.is_zero() {
            self.0.insert(monomial, sum);
        }
    }

    pub(super) fn negate(&self) -> Self {
        self.scaled(&Monomial::new(), &Rational::NEG_ONE)
    }

    fn add(mut self, other: &Self) -> Self {
        for (monomial, coefficient) in &other.0 {
            self.accumulate(monomial.clone(), coefficient.clone());
        }
        self
    }

    /// The product with one term.
    fn scaled(&self, monomial: &Monomial, factor: &Rational) -> Self {
        let term = |(own, c): (&Monomial, &Rational)| (product(own, monomial), c * factor);
        Self(self.0.iter().map(term).collect())
    }

    fn as_rational(&self) -> Option<Rational> {
        match self.single() {
            Some((monomial, value)) => monomial.is_empty().then(|| value.clone()),
            None => self.0.is_empty().then_some(Rational::ZERO),
        }
    }

    fn single(&self) -> Option<(&Monomial, &Rational)> {
        self.0.first_key_value().filter(|_| self.0.len() == 1)
    }

    /// Whether the last coefficient is negative, and the polynomial with a positive one.
    fn up_to_sign(self) -> (bool, Self) {
        let is_negative = self.0.last_key_value().is_some_and(|(_, c)| *c < Rational::ZERO);
        if is_negative { (true, self.negate()) } else { (false, self) }
    }

    /// The polynomial as a monomial in these unknowns times what has none of them in all of its terms.
    fn without_common(&self, is_taken: impl Fn(usize) -> bool) -> (Monomial, Self) {
        let mut lowest: BTreeMap<usize, i64> = BTreeMap::new();
        for &(unknown, _) in self.0.keys().flatten().filter(|(unknown, _)| is_taken(*unknown)) {
            let exponent = |monomial: &Monomial| {
                monomial.iter().find(|part| part.0 == unknown).map_or(0, |part| part.1)
            };
            lowest.insert(unknown, self.0.keys().map(exponent).min().unwrap_or(0));
        }
        let common: Monomial = lowest.into_iter().filter(|(_, exponent)| *exponent != 0).collect();
        let inverse = common.iter().map(|&(unknown, exponent)| (unknown, -exponent)).collect();
        (common, self.scaled(&inverse, &Rational::ONE))
    }
}

/// An unknown.
struct Unknown {
    index: usize,
    /// Whether it occurs in an expression whose domain counts.
    is_own: bool,
}

/// The unknowns so far.
#[derive(Default)]
pub(super) struct Expressions {
    known: BTreeMap<Operation<Polynomial>, Unknown>,
    /// The terms that are the arguments of exponentials.
    exponents: BTreeMap<usize, Polynomial>,
    /// The polynomials of which these are the reciprocals.
    divisors: BTreeMap<usize, Polynomial>,
}

impl Expressions {
    fn index(&mut self, operation: Operation<Polynomial>, is_own: bool) -> usize {
        let next = self.known.len();
        let entry = self.known.entry(operation).or_insert(Unknown { index: next, is_own });
        entry.is_own |= is_own;
        entry.index
    }

    fn unknown(&mut self, operation: Operation<Polynomial>, is_own: bool) -> Polynomial {
        Polynomial::unknown(self.index(operation, is_own))
    }

    /// Whether every unknown occurs in an expression whose domain counts.
    pub(super) fn is_domain_kept(&self) -> bool {
        self.known.values().all(|unknown| unknown.is_own)
    }

    fn multiply(&mut self, f: &Polynomial, g: &Polynomial, is_own: bool) -> Polynomial {
        if f.0.len() * g.0.len() > MOST_TERMS {
            let ((a, f), (b, g)) = (f.clone().up_to_sign(), g.clone().up_to_sign());
            let (f, g) = if f <= g { (f, g) } else { (g, f) };
            let value = self.unknown(Operation::Multiply(f, g), is_own);
            return if a == b { value } else { value.negate() };
        }
        let mut sum = Polynomial::default();
        for (monomial, coefficient) in &g.0 {
            sum = sum.add(&f.scaled(monomial, coefficient));
        }
        self.reduced(sum)
    }

    /// A polynomial without products of reciprocals and monomials of what these are the reciprocals of.
    fn reduced(&self, mut sum: Polynomial) -> Polynomial {
        for _ in 0..MOST_REDUCTIONS {
            let found = sum.0.iter().find_map(|(monomial, coefficient)| {
                let replaced = monomial.iter().find_map(|&(unknown, exponent)| {
                    let divisor = self.divisors.get(&unknown).filter(|_| exponent > 0)?;
                    Self::replaced(monomial, unknown, divisor)
                })?;
                Some((monomial.clone(), replaced.scaled(&Monomial::new(), coefficient)))
            });
            let Some((monomial, replaced)) = found else { break };
            sum.0.remove(&monomial);
            sum = sum.add(&replaced);
        }
        sum
    }

    /// `n r m` for a reciprocal `r` of `a m + rest` as `n (1 - rest r)/a`: for the leading monomial `m`, and
    /// for the constant term where `n` has a negative power of an unknown of the divisor.
    fn replaced(monomial: &Monomial, r: usize, divisor: &Polynomial) -> Option<Polynomial> {
        let exponent = |unknown: usize| {
            monomial.iter().find(|part| part.0 == unknown).map_or(0, |part| part.1)
        };
        let is_of_divisor =
            |unknown: usize| divisor.0.keys().flatten().any(|part| part.0 == unknown);
        let (lead, a) = divisor.0.last_key_value()?;
        let is_divisible = lead.iter().all(|&(unknown, e)| exponent(unknown) >= e);
        let is_below = monomial.iter().any(|&(unknown, e)| e < 0 && is_of_divisor(unknown));
        let (term, a) = if is_below {
            let (constant, a) = divisor.0.first_key_value()?;
            (constant.is_empty().then_some(constant)?, a)
        } else {
            (is_divisible.then_some(lead)?, a)
        };
        let factor = Rational::ONE / a.clone();
        let n = product(&product(monomial, &power(term, -1)?), &[(r, -1)]);
        let rest = divisor.clone().add(&Polynomial::term(term.clone(), -a.clone()));
        let rest = rest.scaled(&product(&n, &[(r, 1)]), &-factor.clone());
        Some(Polynomial::term(n, factor).add(&rest))
    }

    fn reciprocal(&mut self, f: &Polynomial, is_own: bool) -> Option<Polynomial> {
        if let Some((monomial, coefficient)) = f.single() {
            let inverse = power(monomial, -1)?;
            return Some(Polynomial::term(inverse, Rational::ONE / coefficient.clone()));
        }
        let (common, rest) = f.without_common(|_| true);
        let factor = Rational::ONE / rest.0.last_key_value()?.1.clone();
        let rest = rest.scaled(&Monomial::new(), &factor);
        let one = Polynomial::rational(Rational::ONE);
        let index = self.index(Operation::Divide(one, rest.clone()), is_own);
        self.divisors.insert(index, rest);
        Some(Polynomial::unknown(index).scaled(&power(&common, -1)?, &factor))
    }

    fn integer_power(&mut self, f: &Polynomial, n: i64, is_own: bool) -> Option<Polynomial> {
        let base = if n < 0 { self.reciprocal(f, is_own)? } else { f.clone() };
        let n = i64::try_from(n.unsigned_abs()).ok()?;
        let (is_negative, base) = base.up_to_sign();
        let is_negative = is_negative && n % 2 == 1;
        if let Some((monomial, coefficient)) = base.single()
            && coefficient.is_one()
        {
            let sign = if is_negative { Rational::NEG_ONE } else { Rational::ONE };
            return Some(Polynomial::term(power(monomial, n)?, sign));
        }
        if n > LARGEST_POWER {
            let exponent = Polynomial::rational(Rational::from(n));
            let value = self.unknown(Operation::Power(base, exponent), is_own);
            return Some(if is_negative { value.negate() } else { value });
        }
        let one = Polynomial::rational(Rational::ONE);
        let value = (0..n).fold(one, |value, _| self.multiply(&value, &base, is_own));
        Some(if is_negative { value.negate() } else { value })
    }

    /// `e^f` as a product over the terms of `f`.
    fn exponential(&mut self, f: &Polynomial, is_own: bool) -> Option<Polynomial> {
        let mut all = Monomial::new();
        for (monomial, coefficient) in &f.0 {
            let exponent = i64::try_from(coefficient.numerator()).ok()?;
            let unit = Rational::from_parts(1.into(), coefficient.denominator().clone());
            let argument = Polynomial::term(monomial.clone(), unit);
            let index =
                self.index(Operation::Elementary(Elementary::Exp, argument.clone()), is_own);
            self.exponents.insert(index, argument);
            all = product(&all, &[(index, exponent)]);
        }
        Some(Polynomial::term(all, Rational::ONE))
    }

    /// `log(f)`, with exponentials in all terms of `f` taken out.
    fn logarithm(&mut self, f: &Polynomial, is_own: bool) -> Polynomial {
        let (common, rest) = f.without_common(|unknown| self.exponents.contains_key(&unknown));
        let exponent = common.iter().fold(Polynomial::default(), |sum, (unknown, e)| {
            sum.add(&self.exponents[unknown].scaled(&Monomial::new(), &Rational::from(*e)))
        });
        if rest.as_rational().is_some_and(|rest| rest.is_one()) {
            return exponent;
        }
        exponent.add(&self.unknown(Operation::Elementary(Elementary::Log, rest), is_own))
    }

    /// An operation on expressions; `is_own` where its domain counts.
    pub(super) fn normal(&mut self, operation: Operation<Polynomial>, is_own: bool) -> Polynomial {
        self.simplified(&operation, is_own).unwrap_or_else(|| self.unknown(operation, is_own))
    }

    fn simplified(
        &mut self,
        operation: &Operation<Polynomial>,
        is_own: bool,
    ) -> Option<Polynomial> {
        let with_sign = |is_negative: bool, value: Polynomial| {
            if is_negative { value.negate() } else { value }
        };
        Some(match operation {
            Operation::Constant(value) => {
                if let Some(rational) = value.as_rational() {
                    return Some(Polynomial::rational(rational.clone()));
                }
                let is_negative = value.sign() == Some(Ordering::Less);
                let value = if is_negative { value.negate() } else { Exact::clone(value) };
                let Operation::Constant(value) = constant(value) else { return None };
                with_sign(is_negative, self.unknown(Operation::Constant(value), is_own))
            }
            Operation::Negate(f) => f.negate(),
            Operation::Add(f, g) => f.clone().add(g),
            Operation::Subtract(f, g) => f.clone().add(&g.negate()),
            Operation::Multiply(f, g) => self.multiply(f, g, is_own),
            Operation::Divide(f, g) => {
                let inverse = self.reciprocal(g, is_own)?;
                self.multiply(f, &inverse, is_own)
            }
            Operation::Power(f, g) => {
                let n = g.as_rational().filter(Rational::is_int)?;
                let n = i64::try_from(n.numerator()).ok()?;
                self.integer_power(f, n, is_own)?
            }
            Operation::Absolute(f) => {
                let (_, plain) = f.clone().up_to_sign();
                self.unknown(Operation::Absolute(plain), is_own)
            }
            Operation::PiecewiseConstant(PiecewiseConstant::Sign, f, guard) => {
                let (is_negative, plain) = f.clone().up_to_sign();
                let (_, guard) = guard.clone().up_to_sign();
                let sign = Operation::PiecewiseConstant(PiecewiseConstant::Sign, plain, guard);
                with_sign(is_negative, self.unknown(sign, is_own))
            }
            Operation::Elementary(Elementary::Exp, f) => self.exponential(f, is_own)?,
            Operation::Elementary(Elementary::Log, f) => self.logarithm(f, is_own),
            Operation::Elementary(Elementary::Acos, f) => {
                let sine = Operation::Elementary(Elementary::Asin, f.clone());
                let (sine, pi) = (self.normal(sine, is_own), constant(Exact::pi()));
                let Operation::Constant(pi) = pi else { return None };
                let pi = self.unknown(Operation::Constant(pi), is_own);
                pi.scaled(&Monomial::new(), &half()).add(&sine.negate())
            }
            Operation::Elementary(function, f) => {
                let parity = function.parity()?;
                let (is_negative, plain) = f.clone().up_to_sign();
                let value = self.unknown(Operation::Elementary(*function, plain), is_own);
                with_sign(is_negative && parity == Parity::Odd, value)
            }
            // DLMF 10.4.1
            Operation::BesselJ(order, f) => {
                let (is_negative, plain) = f.clone().up_to_sign();
                let value = self.unknown(Operation::BesselJ(*order, plain), is_own);
                with_sign(is_negative && order % 2 == 1, value)
            }
            Operation::Variable
            | Operation::PiecewiseConstant(PiecewiseConstant::Floor, ..)
            | Operation::ErlangCdf(..) => return None,
        })
    }
}
