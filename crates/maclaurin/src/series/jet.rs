//! Truncated Laurent series and their arithmetic.
//!
//! A [`Jet`] is `t^v (c_0 + c_1 t + ... + c_(n-1) t^(n-1)) + O(t^(v+n))` with `t = x - x0`.
//! The valuation `v` may be negative on the way (`1/x - 1/sin(x)` has no pole at 0), and `c_0`
//! may be zero until somebody needs to know: then [`Jet::stripped`] decides it exactly.

use std::cmp::Ordering;

use crate::builtin::recurrence;
use crate::function::PiecewiseConstant;
use crate::number::{Arithmetic, Rational, half};

/// An integer part of more bits is not looked for.
const MOST_BITS_OF_FLOOR: usize = 4096;

/// Orders of poles of this size and above are not distinguished.
pub(super) const HIGHEST_KNOWN_POLE: u64 = i64::MAX as u64 / 4;

/// Why an operation on series has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The function has no Taylor series here.
    Singular(Singularity),
    /// All terms known are zero; more terms are needed.
    MoreTerms,
    /// Whether a number is zero, or its sign, is not settled; more bits are needed.
    MoreBits,
}

/// The ways in which a function fails to be analytic at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Singularity {
    /// The value grows without bound: a division by zero.
    Pole,
    /// A logarithm, root or power of zero.
    BranchPoint,
    /// The left and right derivatives differ, as those of `|x|` do at 0.
    Kink,
    /// The limits from left and right differ, or differ from the value.
    Jump,
    /// A function of something that itself has a pole here, as `exp(1/x)` at 0.
    EssentialSingularity,
    /// The function has no real value here, as `log(-1)`.
    OutsideDomain,
}

/// `t^valuation * sum_i coefficients[i] t^i`, known up to its last coefficient.
#[derive(Clone, Debug)]
pub(super) struct Jet<N> {
    pub valuation: i64,
    pub coefficients: Vec<N>,
}

type Result<T> = std::result::Result<T, Obstacle>;

impl<N: Clone> Jet<N> {
    pub(super) fn constant(a: &impl Arithmetic<Number = N>, value: N, terms: usize) -> Self {
        let mut coefficients = vec![a.integer(0); terms];
        coefficients[0] = value;
        Self::taylor_series(coefficients)
    }

    pub(super) fn taylor_series(coefficients: Vec<N>) -> Self {
        Self { valuation: 0, coefficients }
    }

    /// The degree of the first unknown coefficient.
    pub(super) fn precision(&self) -> i64 {
        self.valuation.saturating_add_unsigned(self.coefficients.len() as u64)
    }

    /// The coefficient of `t^degree`, below the precision.
    fn at(&self, a: &impl Arithmetic<Number = N>, degree: i64) -> N {
        match usize::try_from(degree - self.valuation) {
            Ok(index) => self.coefficients[index].clone(),
            Err(_) => a.integer(0),
        }
    }

    /// The same series with a leading coefficient that is known not to be zero.
    pub(super) fn stripped(&self, a: &impl Arithmetic<Number = N>) -> Result<Self> {
        for (index, coefficient) in self.coefficients.iter().enumerate() {
            match a.sign(coefficient) {
                Some(Ordering::Equal) => {}
                Some(_) => {
                    let coefficients = self.coefficients[index..].to_vec();
                    return Ok(Self { valuation: self.valuation + index as i64, coefficients });
                }
                None => return Err(Obstacle::MoreBits),
            }
        }
        Err(Obstacle::MoreTerms)
    }

    /// The same series without leading coefficients that are known to be zero, but for one.
    fn without_leading_zeros(&self, a: &impl Arithmetic<Number = N>) -> Self {
        let last = self.coefficients.len().saturating_sub(1);
        let zeros = self.coefficients[..last].iter();
        let zeros = zeros.take_while(|c| a.sign(c) == Some(Ordering::Equal)).count();
        Self {
            valuation: self.valuation + zeros as i64,
            coefficients: self.coefficients[zeros..].to_vec(),
        }
    }

    /// The coefficients by degree, the constant first, at most `most` of them; an error if there are
    /// terms of negative degree.
    pub(super) fn taylor(&self, a: &impl Arithmetic<Number = N>, most: usize) -> Result<Vec<N>> {
        let negative = usize::try_from(self.valuation.saturating_neg()).unwrap_or(0);
        for coefficient in self.coefficients.iter().take(negative) {
            match a.sign(coefficient) {
                Some(Ordering::Equal) => {}
                Some(_) => return Err(Obstacle::Singular(Singularity::Pole)),
                None => return Err(Obstacle::MoreBits),
            }
        }
        let terms = self.precision().min(most as i64);
        if terms <= 0 {
            return Err(Obstacle::MoreTerms);
        }
        Ok((0..terms).map(|degree| self.at(a, degree)).collect())
    }

    pub(super) fn negate(&self, a: &impl Arithmetic<Number = N>) -> Self {
        let coefficients = recurrence::negate(a, &self.coefficients);
        Self { valuation: self.valuation, coefficients }
    }

    pub(super) fn add(&self, a: &impl Arithmetic<Number = N>, other: &Self) -> Self {
        let valuation = self.valuation.min(other.valuation);
        let precision = self.precision().min(other.precision());
        // Terms beyond the other's precision are of no use.
        let coefficients = (valuation..precision)
            .map(|degree| a.add(&self.at(a, degree), &other.at(a, degree)))
            .collect();
        Self { valuation, coefficients }
    }

    pub(super) fn multiply(&self, a: &impl Arithmetic<Number = N>, other: &Self) -> Self {
        let terms = self.coefficients.len().min(other.coefficients.len());
        Self {
            valuation: self.valuation.saturating_add(other.valuation),
            coefficients: recurrence::multiply(
                a,
                &self.coefficients[..terms],
                &other.coefficients[..terms],
            ),
        }
    }

    pub(super) fn divide(&self, a: &impl Arithmetic<Number = N>, other: &Self) -> Result<Self> {
        let divisor = other.stripped(a)?;
        let terms = self.coefficients.len().min(divisor.coefficients.len());
        Ok(Self {
            valuation: self.valuation.saturating_sub(divisor.valuation),
            coefficients: recurrence::divide(
                a,
                &self.coefficients[..terms],
                &divisor.coefficients[..terms],
            ),
        })
    }

    /// `|f|`: analytic where the first term has an even degree.
    pub(super) fn absolute(&self, a: &impl Arithmetic<Number = N>) -> Result<Self> {
        let stripped = self.stripped(a)?;
        if stripped.valuation % 2 != 0 {
            return Err(Obstacle::Singular(Singularity::Kink));
        }
        match a.sign(&stripped.coefficients[0]) {
            Some(Ordering::Less) => Ok(stripped.negate(a)),
            _ => Ok(stripped),
        }
    }

    /// The sign or the integer part of an `f` that is the same everywhere.
    pub(super) fn level_of_constant(
        &self,
        a: &impl Arithmetic<Number = N>,
        level: PiecewiseConstant,
        guard: &Self,
    ) -> Result<N> {
        let value = self.taylor(a, 1)?.swap_remove(0);
        match a.as_rational(&value) {
            Some(rational) => Ok(a.exact(&level.rational(&rational).into())),
            None => self.level(a, level, guard),
        }
    }

    /// The sign or the integer part of `f`, on both sides of the point: `guard` changes its sign
    /// where that jumps.
    pub(super) fn level(
        &self,
        a: &impl Arithmetic<Number = N>,
        level: PiecewiseConstant,
        guard: &Self,
    ) -> Result<N> {
        let first = guard.stripped(a)?;
        if first.valuation % 2 != 0 {
            return Err(Obstacle::Singular(Singularity::Jump));
        }
        match level {
            PiecewiseConstant::Sign => {
                let is_negative = a.sign(&first.coefficients[0]) == Some(Ordering::Less);
                Ok(a.integer(if is_negative { -1 } else { 1 }))
            }
            PiecewiseConstant::Floor => self.floor(a, first.valuation != 0),
        }
    }

    /// The integer part around the point; `touches` tells that the value there is an integer, on
    /// one side of which the others are.
    fn floor(&self, a: &impl Arithmetic<Number = N>, touches: bool) -> Result<N> {
        let value = self.taylor(a, 1)?.swap_remove(0);
        let is_below = |n: &Rational| match a.sign(&a.subtract(&value, &a.exact(&n.clone().into())))
        {
            Some(Ordering::Less) => Ok(false),
            Some(_) => Ok(true),
            None => Err(Obstacle::MoreBits),
        };
        // The bounds of both sides are doubled, and what is between them is halved.
        let (mut low, mut high) = (Rational::NEG_ONE, Rational::ONE);
        for bound in [&mut low, &mut high] {
            let is_low = *bound < Rational::ZERO;
            let mut doublings = 0;
            while is_below(bound)? != is_low {
                *bound *= Rational::from(2);
                doublings += 1;
                if doublings > MOST_BITS_OF_FLOOR {
                    return Err(Obstacle::MoreBits);
                }
            }
        }
        while &high - &low > Rational::ONE {
            let middle: Rational = ((&low + &high) * half()).floor().into();
            if is_below(&middle)? { low = middle } else { high = middle }
        }
        if touches {
            let mut rest = self.clone();
            if let Ok(constant) = usize::try_from(-self.valuation) {
                rest.coefficients[constant] = a.integer(0);
            }
            if a.sign(&rest.stripped(a)?.coefficients[0]) == Some(Ordering::Less) {
                return Err(Obstacle::Singular(Singularity::Jump));
            }
        }
        Ok(a.exact(&low.into()))
    }

    /// `f^r` for a rational `r`.
    ///
    /// With `f = t^v g`, `g(0) != 0`: `f^r = t^(v r) g^r`. For an `r` that is no integer the
    /// real power needs `f > 0` on both sides, so `v` even and `g(0) > 0`, and then
    /// `(t^v)^r = |t|^(v r)` is analytic where `v r` is an even integer.
    pub(super) fn power(&self, a: &impl Arithmetic<Number = N>, r: &Rational) -> Result<Self> {
        let terms = self.coefficients.len();
        if r.is_zero() {
            return Ok(Self::constant(a, a.integer(1), terms));
        }
        // A power that fits in a few multiplications keeps the exact zeros of polynomials.
        if let Some(count) = small_count(r, terms) {
            return Ok(self.without_leading_zeros(a).repeated(a, count));
        }
        let base = self.stripped(a)?;
        if !r.is_int() {
            if base.valuation % 2 != 0 {
                return Err(Obstacle::Singular(Singularity::BranchPoint));
            }
            if a.sign(&base.coefficients[0]) == Some(Ordering::Less) {
                return Err(Obstacle::Singular(Singularity::OutsideDomain));
            }
        }
        let valuation = Rational::from(base.valuation) * r;
        let even = valuation.numerator() % 2 == 0;
        if !valuation.is_int() || (!r.is_int() && !even) {
            let kink = valuation.is_int();
            let kind = if kink { Singularity::Kink } else { Singularity::BranchPoint };
            return Err(Obstacle::Singular(kind));
        }
        // A power of t beyond i64 leaves nothing within any order.
        let valuation = i64::try_from(valuation.numerator()).unwrap_or_else(|_| {
            if valuation > Rational::ZERO { i64::MAX / 4 } else { -(HIGHEST_KNOWN_POLE as i64) }
        });
        Ok(Self { valuation, coefficients: recurrence::power(a, &base.coefficients, r) })
    }

    fn repeated(&self, a: &impl Arithmetic<Number = N>, mut count: usize) -> Self {
        let mut square = self.clone();
        let mut power: Option<Self> = None;
        loop {
            if count % 2 == 1 {
                power = Some(match power {
                    Some(power) => power.multiply(a, &square),
                    None => square.clone(),
                });
            }
            count /= 2;
            match power {
                Some(power) if count == 0 => return power,
                _ => square = square.multiply(a, &square),
            }
        }
    }
}

/// The exponent as a count of factors, if it is a positive integer below the number of terms.
fn small_count(r: &Rational, terms: usize) -> Option<usize> {
    let count = usize::try_from(r.numerator()).ok()?;
    (r.is_int() && count <= terms.max(8)).then_some(count)
}
