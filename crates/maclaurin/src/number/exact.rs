//! Exact real constants: rational combinations of products of named constants.
//!
//! `sum_i q_i m_i` with rational `q_i` and monomials `m_i` in normal form (see `constant`).
//! A sum that is formally zero is zero. One that is formally not zero is proven so by an
//! enclosure that excludes zero; no tolerance is involved.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use dashu_base::{BitTest, Signed, UnsignedAbs};
use dashu_int::UBig;

use super::constant::{Atom, Enclosures, Monomial, Named};
use super::rational::{bits, factor, is_negative, to_f64};
use super::{Interval, Rational, half};

/// Constants of more monomials than this, arguments included, are kept as enclosures only.
const LARGEST_WEIGHT: usize = 64;

/// Exact powers and rationals beyond this many bits are not formed.
pub(super) const LARGEST_BITS: usize = 1 << 20;

/// Bits of the enclosures that decide a sign, in turn.
const SIGN_BITS: [usize; 4] = [64, 256, 1024, 4096];

/// An exact real constant, such as `1/8`, `log(2)`, `e/2` or `sqrt(3)/2 - pi`.
///
/// # Examples
///
/// ```
/// let series = maclaurin::taylor("log(1 + exp(x))", 4, "0")?;
/// assert_eq!(series.exact(0).unwrap().to_string(), "log(2)");
/// assert_eq!(series.exact(4).unwrap().to_string(), "-1/192");
/// assert!(series.exact(3).unwrap().is_zero());
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact {
    rational: Rational,
    terms: BTreeMap<Monomial, Rational>,
}

impl From<Rational> for Exact {
    fn from(rational: Rational) -> Self {
        Self { rational, terms: BTreeMap::new() }
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Rational::from(value).into()
    }
}

impl Exact {
    /// Zero.
    pub(crate) const ZERO: Self = Self { rational: Rational::ZERO, terms: BTreeMap::new() };

    /// The ratio of a circle's circumference to its diameter.
    #[must_use]
    pub fn pi() -> Self {
        Self::term(Monomial::of(Atom::Pi), Rational::ONE)
    }

    /// Euler's constant (DLMF 5.2.3).
    pub(crate) fn euler_gamma() -> Self {
        Self::term(Monomial::of(Atom::EulerGamma), Rational::ONE)
    }

    /// `coefficient * monomial`
    pub(super) fn term(monomial: Monomial, coefficient: Rational) -> Self {
        if monomial.0.is_empty() || coefficient.is_zero() {
            return coefficient.into();
        }
        Self { rational: Rational::ZERO, terms: BTreeMap::from([(monomial, coefficient)]) }
    }

    /// The function's value at this constant, by name.
    pub(crate) fn value_of(&self, function: Named) -> Self {
        let atom = Atom::Function(function, Arc::new(self.clone()));
        Self::term(Monomial::of(atom), Rational::ONE)
    }

    /// The constant as a rational, if it is one.
    #[must_use]
    pub fn as_rational(&self) -> Option<&Rational> {
        self.terms.is_empty().then_some(&self.rational)
    }

    /// Whether the constant is formally zero. (That a constant is *not* zero takes
    /// [`Exact::sign`].)
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty() && self.rational.is_zero()
    }

    /// The sign, or `None` if 4096 bits do not settle it.
    #[must_use]
    pub fn sign(&self) -> Option<Ordering> {
        if let Some(rational) = self.as_rational() {
            return Some(rational.cmp(&Rational::ZERO));
        }
        SIGN_BITS.iter().find_map(|&bits| self.enclose(bits).sign())
    }

    /// Two binary floats of `bits` bits around the constant. They are close to each other unless
    /// the sum cancels.
    #[must_use]
    pub fn enclose(&self, bits: usize) -> Interval {
        Enclosures::new(bits).exact(self)
    }

    /// The nearest double; NaN where 128 bits do not tell.
    pub(crate) fn to_f64(&self) -> f64 {
        match self.as_rational() {
            Some(rational) => to_f64(rational),
            None => self.enclose(128).to_f64().unwrap_or(f64::NAN),
        }
    }

    /// How many terms the sum has.
    pub(super) fn count(&self) -> usize {
        self.terms.len() + usize::from(!self.rational.is_zero())
    }

    /// How many monomials the constant is built of, arguments of functions included.
    pub(super) fn weight(&self) -> usize {
        self.terms.keys().map(Monomial::weight).sum()
    }

    /// Whether a function's value at the constant is kept in exact form.
    pub(crate) fn is_light(&self) -> bool {
        self.weight() < LARGEST_WEIGHT
    }

    /// Whether the constant is small enough to stay exact.
    pub(super) fn is_manageable(&self) -> bool {
        self.weight() <= LARGEST_WEIGHT
            && bits(&self.rational) <= LARGEST_BITS
            && self.terms.values().all(|coefficient| bits(coefficient) <= LARGEST_BITS)
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        if let (Some(own), Some(others)) = (self.as_rational(), other.as_rational()) {
            return (own + others).into();
        }
        let mut sum = self.clone();
        sum.rational += &other.rational;
        for (monomial, coefficient) in &other.terms {
            let entry = sum.terms.entry(monomial.clone()).or_insert(Rational::ZERO);
            *entry += coefficient;
            if entry.is_zero() {
                sum.terms.remove(monomial);
            }
        }
        sum
    }

    pub(crate) fn negate(&self) -> Self {
        Self {
            rational: -&self.rational,
            terms: self.terms.iter().map(|(m, q)| (m.clone(), -q)).collect(),
        }
    }

    pub(crate) fn scale(&self, factor: &Rational) -> Self {
        if factor.is_zero() {
            return Self::default();
        }
        Self {
            rational: &self.rational * factor,
            terms: self.terms.iter().map(|(m, q)| (m.clone(), q * factor)).collect(),
        }
    }

    pub(crate) fn multiply(&self, other: &Self) -> Self {
        if let Some(factor) = other.as_rational() {
            return self.scale(factor);
        }
        if let Some(factor) = self.as_rational() {
            return other.scale(factor);
        }
        let mut product = other.scale(&self.rational);
        let rest = Self { rational: Rational::ZERO, terms: self.terms.clone() };
        product = product.add(&rest.scale(&other.rational));
        for (a, p) in &self.terms {
            for (b, q) in &other.terms {
                product = product.add(&a.multiply(b).scale(&(p * q)));
            }
        }
        product
    }

    /// The only term, if there is one: a coefficient and a monomial (empty for a rational).
    fn as_single_term(&self) -> Option<(Rational, Monomial)> {
        if self.terms.is_empty() {
            return Some((self.rational.clone(), Monomial::default()));
        }
        let (monomial, coefficient) = self.terms.first_key_value()?;
        (self.terms.len() == 1 && self.rational.is_zero())
            .then(|| (coefficient.clone(), monomial.clone()))
    }

    /// `q` and `log(n)` with `q log(n)` equal to this sum of logarithms of primes, for an integer
    /// `n` that is not too long to read: the form in which `1/log(10)` is a product.
    fn as_single_logarithm(&self) -> Option<(Rational, Atom)> {
        let unit = self.terms.values().min().filter(|_| self.rational.is_zero())?;
        let mut product = UBig::ONE;
        for (monomial, coefficient) in &self.terms {
            let Some(Atom::Function(Named::Log, argument)) = monomial.as_atom() else {
                return None;
            };
            // Anything but a positive multiple of the smallest exponent would make a root.
            let exponent = coefficient / unit;
            let count = usize::try_from(exponent.numerator()).ok().filter(|&n| n <= 64)?;
            let prime = argument.as_rational().filter(|_| exponent.is_int())?.numerator();
            product *= prime.unsigned_abs().pow(count);
        }
        let log = Atom::Function(Named::Log, Arc::new(Rational::from(product).into()));
        Some((unit.clone(), log))
    }

    /// `c` if this constant is `c` times the other, term by term.
    pub(super) fn ratio(&self, other: &Self) -> Option<Rational> {
        if let (Some(own), Some(others)) = (self.as_rational(), other.as_rational()) {
            return (!others.is_zero()).then(|| own / others);
        }
        let (own, others) = match self.terms.first_key_value().zip(other.terms.first_key_value()) {
            Some(((_, own), (_, others))) => (own, others),
            None => (&self.rational, &other.rational),
        };
        let ratio = (!others.is_zero()).then(|| own / others)?;
        (*self == other.scale(&ratio)).then_some(ratio)
    }

    /// `self^exponent`, or `None` where that is no rational combination of our constants.
    pub(crate) fn power(&self, exponent: &Rational) -> Option<Self> {
        if exponent.is_zero() {
            return Some(1.into());
        }
        if self.is_zero() {
            return (!is_negative(exponent)).then(Self::default);
        }
        if let Some((coefficient, monomial)) = self.as_single_term() {
            let (root, power) = monomial.power(exponent)?;
            let power = Self::term(power, root);
            return Some(rational_power(&coefficient, exponent)?.multiply(&power));
        }
        if let Some((coefficient, log)) = self.as_single_logarithm().filter(|_| exponent.is_int()) {
            let (_, power) = Monomial::of(log).power(exponent)?;
            return Some(
                Self::term(power, Rational::ONE).multiply(&rational_power(&coefficient, exponent)?),
            );
        }
        let count = usize::try_from(exponent.numerator()).ok()?;
        if !exponent.is_int() || count > LARGEST_WEIGHT {
            return None;
        }
        let mut power = self.clone();
        for _ in 1..count {
            power = power.multiply(self);
            if !power.is_manageable() {
                return None;
            }
        }
        Some(power)
    }

    /// The leading coefficient in the normal form: the sign by which odd and even functions
    /// choose between `a` and `-a`.
    fn leading_is_negative(&self) -> bool {
        self.terms.values().next().map_or(is_negative(&self.rational), is_negative)
    }

    /// An odd function's value by name, zero at zero.
    pub(crate) fn odd(&self, function: Named) -> Self {
        if self.is_zero() {
            Self::default()
        } else if self.leading_is_negative() {
            self.negate().value_of(function).negate()
        } else {
            self.value_of(function)
        }
    }

    /// An even function's value by name.
    pub(crate) fn even(&self, function: Named) -> Self {
        if self.leading_is_negative() {
            self.negate().value_of(function)
        } else {
            self.value_of(function)
        }
    }

    /// `e^(sum)`: logarithms of primes become roots and powers, the rest stays in the exponent.
    pub(crate) fn exponential(&self) -> Option<Self> {
        let mut power = Self::from(1);
        let mut exponent = Self::from(self.rational.clone());
        for (monomial, coefficient) in &self.terms {
            let base = match monomial.as_atom() {
                Some(Atom::Function(Named::Log, argument)) => argument.power(coefficient),
                _ => None,
            };
            match base {
                Some(base) => power = power.multiply(&base),
                None => {
                    exponent = exponent.add(&Self::term(monomial.clone(), coefficient.clone()));
                }
            }
        }
        if !exponent.is_zero() {
            power = power.multiply(&exponent.value_of(Named::Exp));
        }
        power.is_manageable().then_some(power)
    }

    /// `log` of a positive constant: a product becomes a sum of logarithms of primes, of pi and
    /// of exponents.
    pub(crate) fn logarithm(&self) -> Option<Self> {
        let named = || Some(self.value_of(Named::Log));
        let Some((coefficient, monomial)) = self.as_single_term() else { return named() };
        if is_negative(&coefficient) || !monomial.0.keys().all(Atom::is_positive) {
            return named();
        }
        let mut sum = Self::default();
        let mut add_log_of = |base: Self, factor: &Rational| {
            let log = base.value_of(Named::Log);
            sum = sum.add(&log.scale(factor));
        };
        for (prime, exponent) in factor(&coefficient.numerator().unsigned_abs()) {
            add_log_of(Rational::from(prime).into(), &exponent.into());
        }
        for (prime, exponent) in factor(coefficient.denominator()) {
            add_log_of(Rational::from(prime).into(), &(-exponent).into());
        }
        for (atom, exponent) in &monomial.0 {
            match atom {
                Atom::Prime(prime) => add_log_of(Rational::from(prime.clone()).into(), exponent),
                Atom::Pi => add_log_of(Self::pi(), exponent),
                Atom::EulerGamma => add_log_of(Self::euler_gamma(), exponent),
                Atom::Function(..) => {}
            }
        }
        for atom in monomial.0.keys() {
            if let Atom::Function(Named::Exp, argument) = atom {
                sum = sum.add(argument);
            }
        }
        Some(sum)
    }

    /// `q` if the constant is `q pi`.
    pub(crate) fn pi_multiple(&self) -> Option<Rational> {
        if self.is_zero() {
            return Some(Rational::ZERO);
        }
        let (coefficient, monomial) = self.as_single_term()?;
        (monomial.as_atom() == Some(&Atom::Pi)).then_some(coefficient)
    }

    /// `cos`: closed at multiples of pi/12 and pi/5 (DLMF table 4.17.1), else by name.
    pub(crate) fn cosine(argument: &Self) -> Self {
        let Some(turn) = argument.pi_multiple() else {
            return argument.even(Named::Cos);
        };
        // Reduce to [0, 1/2]: cos has period 2, is even, and cos(pi - a) = -cos(a).
        let two = Rational::from(2);
        let mut turn = &turn - (&turn / &two).floor() * &two;
        if turn > Rational::ONE {
            turn = two - turn;
        }
        let half = half();
        let negative = turn > half;
        if negative {
            turn = Rational::ONE - turn;
        }
        let root = |n: u64| Self::from(Rational::from(n)).power(&half).unwrap_or_default();
        let value = match (
            u32::try_from(turn.numerator()).unwrap_or(u32::MAX),
            u32::try_from(turn.denominator()).unwrap_or(u32::MAX),
        ) {
            (0, _) => 1.into(),
            (1, 2) => Self::default(),
            (1, 3) => half.into(),
            (1, 4) => root(2).scale(&half),
            (1, 6) => root(3).scale(&half),
            (1, 12) => root(6).add(&root(2)).scale(&(&half * &half)),
            (5, 12) => root(6).add(&root(2).negate()).scale(&(&half * &half)),
            (1, 5) => root(5).add(&1.into()).scale(&(&half * &half)),
            (2, 5) => root(5).add(&(-1).into()).scale(&(&half * &half)),
            _ => Self::pi().scale(&turn).even(Named::Cos),
        };
        if negative { value.negate() } else { value }
    }

    /// `sin a = cos(a - pi/2)` at multiples of pi, else by name.
    pub(crate) fn sine(argument: &Self) -> Self {
        if argument.pi_multiple().is_some() {
            let quarter = Self::pi().scale(&-half());
            Self::cosine(&argument.add(&quarter))
        } else {
            argument.odd(Named::Sin)
        }
    }

    /// The rational part and the terms `(coefficient, monomial)`, for printing.
    pub(super) fn parts(&self) -> (&Rational, impl Iterator<Item = (&Rational, &Monomial)>) {
        (&self.rational, self.terms.iter().map(|(monomial, q)| (q, monomial)))
    }
}

/// `base^exponent` as a rational times roots of primes, or `None` if it is too large or not real.
fn rational_power(base: &Rational, exponent: &Rational) -> Option<Exact> {
    if base.is_one() {
        return Some(1.into());
    }
    let odd = exponent.numerator() % 2 != 0;
    let negative = is_negative(base);
    if negative && !exponent.is_int() {
        return None;
    }
    let size =
        bits(base).checked_mul(usize::try_from(exponent.numerator().unsigned_abs()).ok()?)?;
    if size > LARGEST_BITS || exponent.denominator().bit_len() > 32 {
        return None;
    }
    let magnitude = if negative { -base } else { base.clone() };
    let power = if exponent.is_int() {
        let count = usize::try_from(exponent.numerator().unsigned_abs()).ok()?;
        let (numerator, denominator) = magnitude.into_parts();
        let power = Rational::from_parts(numerator.pow(count), denominator.pow(count));
        Exact::from(if exponent.is_negative() { Rational::ONE / power } else { power })
    } else {
        let mut power = Exact::from(1);
        let (numerator, denominator) = magnitude.into_parts();
        let factors = factor(&numerator.unsigned_abs()).into_iter();
        let inverse = factor(&denominator).into_iter().map(|(prime, k)| (prime, -k));
        for (prime, own) in factors.chain(inverse) {
            let monomial = Monomial::of(Atom::Prime(prime));
            let (coefficient, root) = monomial.power(&(exponent * Rational::from(own)))?;
            power = power.multiply(&Exact::term(root, coefficient));
        }
        power
    };
    Some(if negative && odd { power.negate() } else { power })
}

impl fmt::Display for Exact {
    /// Text that the expression grammar reads back, such as `3*log(2)/4 - e`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&super::notation::text(self))
    }
}

impl Exact {
    /// The constant in LaTeX mathematics, such as `\frac{3 \log(2)}{4}`.
    #[must_use]
    pub fn latex(&self) -> String {
        super::notation::latex(self)
    }
}
