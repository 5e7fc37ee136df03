//! Products of named constants: the monomials of [`Exact`].
//!
//! A monomial is kept in a normal form, so that equal products are equal values:
//!
//! - `e^a e^b = e^(a+b)`, one exponential at most;
//! - `sin a cos b` and its kin become sums (DLMF 4.21.15 to 4.21.17), one sine or cosine at most;
//! - roots are of primes, with exponents in (0, 1): their products are linearly independent over
//!   the rationals (Besicovitch 1940);
//! - pi, Euler's constant and other function values carry any exponent.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};

use super::exact::LARGEST_BITS;
use super::rational::is_negative;
use super::{Exact, Interval, Rational};

/// A function whose values are named constants. Values of the first four have normal forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Exp,
    Log,
    Sin,
    Cos,
    Other(Symbol),
}

/// All that constants know of any other function: the functions themselves are above this module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol {
    /// Its place among the functions, by which constants are sorted.
    pub rank: usize,
    pub name: &'static str,
    pub latex: &'static str,
    pub enclose: fn(&Interval, usize) -> Interval,
}

impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Symbol {}

impl Named {
    /// Its name in an expression and in LaTeX.
    pub(crate) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Exp => ("exp", r"\exp"),
            Self::Log => ("log", r"\log"),
            Self::Sin => ("sin", r"\sin"),
            Self::Cos => ("cos", r"\cos"),
            Self::Other(symbol) => (symbol.name, symbol.latex),
        }
    }

    fn enclose(self, x: &Interval, bits: usize) -> Interval {
        match self {
            Self::Exp => x.exp(bits),
            Self::Log => x.log(bits),
            Self::Sin => x.sin(bits),
            Self::Cos => x.cos(bits),
            Self::Other(symbol) => (symbol.enclose)(x, bits),
        }
    }
}

/// One named constant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    /// A prime (or a number too large to factor), under a root.
    Prime(UBig),
    Pi,
    /// Euler's constant.
    EulerGamma,
    /// The value of a function at an exact constant: `e^(1/3)`, `log(2)`, `sin(1)`, `erf(1)`, ...
    Function(Named, Arc<Exact>),
}

impl Atom {
    /// How many monomials the constant is built of, itself included.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Prime(_) | Self::Pi | Self::EulerGamma => 1,
            Self::Function(_, argument) => 1 + argument.weight(),
        }
    }

    fn is_exponential(&self) -> bool {
        matches!(self, Self::Function(Named::Exp, _))
    }

    fn is_trigonometric(&self) -> bool {
        matches!(self, Self::Function(Named::Sin | Named::Cos, _))
    }

    /// Whether the constant is known to be positive without evaluating it.
    pub(super) fn is_positive(&self) -> bool {
        matches!(self, Self::Prime(_) | Self::Pi | Self::EulerGamma) || self.is_exponential()
    }
}

/// Enclosures of constants to a precision, each atom worked out once: the same few stand in
/// every coefficient, and inside each other.
pub(super) struct Enclosures {
    pub(super) bits: usize,
    known: RefCell<BTreeMap<Atom, Interval>>,
}

impl Enclosures {
    pub(super) fn new(bits: usize) -> Self {
        Self { bits, known: RefCell::default() }
    }

    /// Encloses `sum_i q_i m_i`.
    pub(super) fn exact(&self, value: &Exact) -> Interval {
        let bits = self.bits;
        let (rational, terms) = value.parts();
        terms.fold(Interval::rational(rational, bits), |sum, (coefficient, monomial)| {
            let factor = Interval::rational(coefficient, bits);
            sum.add(&self.monomial(monomial).multiply(&factor, bits), bits)
        })
    }

    fn monomial(&self, monomial: &Monomial) -> Interval {
        monomial
            .0
            .iter()
            .map(|(atom, exponent)| self.atom(atom).power(exponent, self.bits))
            .reduce(|a, b| a.multiply(&b, self.bits))
            .unwrap_or_else(|| Interval::integer(IBig::ONE))
    }

    fn atom(&self, atom: &Atom) -> Interval {
        if let Some(interval) = self.known.borrow().get(atom) {
            return interval.clone();
        }
        let interval = match atom {
            Atom::Prime(prime) => Interval::integer(prime.clone().into()),
            Atom::Pi => Interval::pi(self.bits),
            Atom::EulerGamma => Interval::euler_gamma(self.bits),
            Atom::Function(function, argument) => {
                function.enclose(&self.exact(argument), self.bits)
            }
        };
        self.known.borrow_mut().insert(atom.clone(), interval.clone());
        interval
    }
}

/// A product of atoms with rational exponents, in normal form; never empty inside an [`Exact`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Monomial(pub(super) BTreeMap<Atom, Rational>);

impl Monomial {
    pub(super) fn of(atom: Atom) -> Self {
        Self(BTreeMap::from([(atom, Rational::ONE)]))
    }

    /// The only atom, if the monomial is that atom to the first power.
    pub(super) fn as_atom(&self) -> Option<&Atom> {
        let (atom, exponent) = self.0.first_key_value()?;
        (self.0.len() == 1 && exponent.is_one()).then_some(atom)
    }

    pub(super) fn weight(&self) -> usize {
        self.0.keys().map(Atom::weight).sum()
    }

    /// The product of two monomials: a sum, for two sines or cosines make one.
    pub(super) fn multiply(&self, other: &Self) -> Exact {
        let mut factors = BTreeMap::<Atom, Rational>::new();
        let mut exponential = Exact::default();
        let mut waves = Vec::with_capacity(2);
        for (atom, exponent) in self.0.iter().chain(&other.0) {
            match atom {
                Atom::Function(Named::Exp, argument) => {
                    exponential = exponential.add(argument);
                }
                Atom::Function(function @ (Named::Sin | Named::Cos), argument) => {
                    waves.push((*function, argument));
                }
                _ => *factors.entry(atom.clone()).or_insert(Rational::ZERO) += exponent,
            }
        }
        let (coefficient, mut monomial) = Self::normalised(factors);
        if !exponential.is_zero() {
            let atom = Atom::Function(Named::Exp, Arc::new(exponential));
            monomial.0.insert(atom, Rational::ONE);
        }
        match waves[..] {
            [] => Exact::term(monomial, coefficient),
            [(function, argument)] => {
                let atom = Atom::Function(function, Arc::clone(argument));
                monomial.0.insert(atom, Rational::ONE);
                Exact::term(monomial, coefficient)
            }
            [(f, a), (g, b), ..] => {
                let half = coefficient / Rational::from(2);
                let (plus, minus) = (a.add(b), a.add(&b.negate()));
                let (first, second) = match (f, g) {
                    (Named::Sin, Named::Sin) => {
                        (Exact::cosine(&minus), Exact::cosine(&plus).negate())
                    }
                    (Named::Cos, Named::Cos) => (Exact::cosine(&minus), Exact::cosine(&plus)),
                    (Named::Sin, _) => (Exact::sine(&plus), Exact::sine(&minus)),
                    _ => (Exact::sine(&plus), Exact::sine(&minus).negate()),
                };
                // What remains of the monomial has no sine or cosine, so this recursion is
                // one level deep.
                first.add(&second).multiply(&Exact::term(monomial, half))
            }
        }
    }

    /// Whole powers of primes move into the coefficient; vanished exponents go.
    fn normalised(factors: BTreeMap<Atom, Rational>) -> (Rational, Self) {
        let mut coefficient = Rational::ONE;
        let mut kept = BTreeMap::new();
        for (atom, exponent) in factors {
            if let Atom::Prime(prime) = &atom {
                let whole = exponent.floor();
                coefficient *= integer_power(prime, &whole);
                let rest = exponent - Rational::from(whole);
                if !rest.is_zero() {
                    kept.insert(atom, rest);
                }
            } else if !exponent.is_zero() {
                kept.insert(atom, exponent);
            }
        }
        (coefficient, Self(kept))
    }

    /// The monomial to a rational power, with the coefficient that falls out of its roots, or
    /// `None` where that is no product of our constants.
    pub(super) fn power(&self, exponent: &Rational) -> Option<(Rational, Self)> {
        let mut factors = BTreeMap::new();
        let mut exponential = None;
        for (atom, own) in &self.0 {
            if let Atom::Function(Named::Exp, argument) = atom {
                exponential = Some(argument.scale(exponent));
                continue;
            }
            if atom.is_trigonometric() || !(exponent.is_int() || atom.is_positive()) {
                return None;
            }
            let power = own * exponent;
            // A prime's whole power is written out.
            if let Atom::Prime(prime) = atom {
                let whole = usize::try_from(power.floor().unsigned_abs()).ok()?;
                if prime.bit_len().checked_mul(whole)? > LARGEST_BITS {
                    return None;
                }
            }
            factors.insert(atom.clone(), power);
        }
        let (coefficient, mut monomial) = Self::normalised(factors);
        if let Some(argument) = exponential.filter(|argument| !argument.is_zero()) {
            let atom = Atom::Function(Named::Exp, Arc::new(argument));
            monomial.0.insert(atom, Rational::ONE);
        }
        Some((coefficient, monomial))
    }
}

/// `prime^exponent`; exponents here come from products of roots and are small.
fn integer_power(prime: &UBig, exponent: &IBig) -> Rational {
    let magnitude = usize::try_from(exponent.clone().max(-exponent)).unwrap_or(usize::MAX);
    let power = Rational::from(prime.pow(magnitude));
    if is_negative(&Rational::from(exponent.clone())) { Rational::ONE / power } else { power }
}
