//! Families of orthogonal polynomials, and the powers: their parameters, ranges and recurrences.
//!
//! The recurrences are those of DLMF 18.9(i), `p_(n+1) = (A_n x + B_n) p_n - C_n p_(n-1)` with the coefficients of
//! equation 18.9.2 (Jacobi) and table 18.9.1; the parameters' ranges those of table 18.3.1.

use thiserror::Error;

use super::polynomial::Polynomial;
use super::recurrence::{Recurrence, Squash};

/// The highest degree of a basis.
pub const LARGEST_DEGREE_OF_BASIS: usize = 10_000;

/// A family of polynomials, normalized as in DLMF 18.3 and in `SciPy`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// `t^k`
    Monomial,
    /// `P_k`, orthogonal on [-1, 1] with weight 1.
    Legendre,
    /// `T_k`, of the first kind; those of the second kind are Gegenbauer polynomials with `lambda = 1`.
    Chebyshev,
    /// `H_k`, the physicists' ones: weight `exp(-x^2)`.
    Hermite,
    /// `He_k`, the probabilists' ones: weight `exp(-x^2/2)`.
    HermiteE,
    /// `L_k^(alpha)`: weight `x^alpha exp(-x)` on `x >= 0`.
    Laguerre {
        /// Above -1.
        alpha: f64,
    },
    /// `C_k^(lambda)`, ultraspherical.
    Gegenbauer {
        /// Above -1/2 and not 0.
        lambda: f64,
    },
    /// `P_k^(alpha, beta)`: weight `(1-x)^alpha (1+x)^beta`.
    Jacobi {
        /// Above -1.
        alpha: f64,
        /// Above -1.
        beta: f64,
    },
}

/// Why there is no such basis.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum BasisError {
    /// A name of no family.
    #[error("there is no basis {0:?}: take one of {names}", names = NAMES.join(", "))]
    UnknownFamily(String),
    /// A parameter that the family does not have.
    #[error("{family} has no parameter {name:?}: {}", if known.is_empty() { "it has none".into() } else { format!("it has {}", known.join(" and ")) })]
    UnknownParameter {
        /// The family.
        family: &'static str,
        /// The parameter.
        name: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
    /// A parameter without which there is no family.
    #[error("{family} needs the parameter {name}")]
    MissingParameter {
        /// The family.
        family: &'static str,
        /// The parameter.
        name: &'static str,
    },
    /// A value for which the polynomials are not orthogonal.
    #[error("{name} of {family} is {value}: it must be {needed}")]
    Parameter {
        /// The family.
        family: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        needed: &'static str,
    },
    /// A degree beyond [`LARGEST_DEGREE_OF_BASIS`].
    #[error("the degree {0} is above {LARGEST_DEGREE_OF_BASIS}, the highest of a basis")]
    Degree(usize),
    /// A range that is empty or not finite.
    #[error(
        "the range from {low:?} to {high:?} is empty or not finite: give two finite ends, the smaller first"
    )]
    Range {
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// A range for polynomials that are not orthogonal on one.
    #[error(
        "{family} polynomials take x as it is, on no finite range: leave `on` out, and expand with scale and shift"
    )]
    Unbounded {
        /// The family.
        family: &'static str,
    },
}

const NAMES: [&str; 8] = [
    "monomial",
    "legendre",
    "chebyshev",
    "hermite",
    "hermite_e",
    "laguerre",
    "gegenbauer",
    "jacobi",
];

impl Family {
    /// The family of a name, with its parameters: `alpha` of laguerre (0 if left out), `lambda` of gegenbauer, `alpha`
    /// and `beta` of jacobi.
    ///
    /// # Errors
    ///
    /// [`BasisError`] for a name or a parameter that there is not, and for a parameter that is missing.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Family;
    ///
    /// assert_eq!(Family::named("laguerre", &[("alpha", 0.5)])?, Family::Laguerre { alpha: 0.5 });
    /// let error = Family::named("legendre", &[("alpha", 0.5)]).unwrap_err();
    /// assert_eq!(error.to_string(), "legendre has no parameter \"alpha\": it has none");
    /// # Ok::<(), maclaurin::BasisError>(())
    /// ```
    pub fn named(name: &str, parameters: &[(&str, f64)]) -> Result<Self, BasisError> {
        let Some(&family) = NAMES.iter().find(|&&known| known == name) else {
            return Err(BasisError::UnknownFamily(name.into()));
        };
        let known: &[&str] = match family {
            "laguerre" => &["alpha"],
            "gegenbauer" => &["lambda"],
            "jacobi" => &["alpha", "beta"],
            _ => &[],
        };
        if let Some((name, _)) = parameters.iter().find(|(name, _)| !known.contains(name)) {
            return Err(BasisError::UnknownParameter { family, name: (*name).into(), known });
        }
        let value = |wanted: &'static str| {
            let found = parameters.iter().find(|(name, _)| *name == wanted);
            found
                .map(|&(_, value)| value)
                .ok_or(BasisError::MissingParameter { family, name: wanted })
        };
        Ok(match family {
            "legendre" => Self::Legendre,
            "chebyshev" => Self::Chebyshev,
            "hermite" => Self::Hermite,
            "hermite_e" => Self::HermiteE,
            "laguerre" => Self::Laguerre { alpha: value("alpha").unwrap_or(0.0) },
            "gegenbauer" => Self::Gegenbauer { lambda: value("lambda")? },
            "jacobi" => Self::Jacobi { alpha: value("alpha")?, beta: value("beta")? },
            _ => Self::Monomial,
        })
    }

    /// The name that [`Family::named`] takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Monomial => "monomial",
            Self::Legendre => "legendre",
            Self::Chebyshev => "chebyshev",
            Self::Hermite => "hermite",
            Self::HermiteE => "hermite_e",
            Self::Laguerre { .. } => "laguerre",
            Self::Gegenbauer { .. } => "gegenbauer",
            Self::Jacobi { .. } => "jacobi",
        }
    }

    /// The parameters by name.
    #[must_use]
    pub fn parameters(self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Laguerre { alpha } => vec![("alpha", alpha)],
            Self::Gegenbauer { lambda } => vec![("lambda", lambda)],
            Self::Jacobi { alpha, beta } => vec![("alpha", alpha), ("beta", beta)],
            _ => Vec::new(),
        }
    }

    /// Whether it is orthogonal on no finite range.
    fn is_unbounded(self) -> bool {
        matches!(self, Self::Hermite | Self::HermiteE | Self::Laguerre { .. })
    }

    fn check(self) -> Result<(), BasisError> {
        for (name, value) in self.parameters() {
            let (least, needed) = match self {
                Self::Gegenbauer { .. } => (-0.5, "finite, above -1/2 and not 0"),
                _ => (-1.0, "finite and above -1"),
            };
            let zero = value == 0.0 && matches!(self, Self::Gegenbauer { .. });
            if !value.is_finite() || value <= least || zero {
                return Err(BasisError::Parameter { family: self.name(), name, value, needed });
            }
        }
        Ok(())
    }

    /// `[A_n, B_n, C_n]`, with a `C_0` of zero.
    fn step(self, n: f64) -> [f64; 3] {
        let [a, b, c] = match self {
            Self::Monomial => [1.0, 0.0, 0.0],
            Self::Legendre => [(2.0 * n + 1.0) / (n + 1.0), 0.0, n / (n + 1.0)],
            Self::Chebyshev => [if n == 0.0 { 1.0 } else { 2.0 }, 0.0, 1.0],
            Self::Hermite => [2.0, 0.0, 2.0 * n],
            Self::HermiteE => [1.0, 0.0, n],
            Self::Laguerre { alpha } => {
                [-1.0 / (n + 1.0), (2.0 * n + alpha + 1.0) / (n + 1.0), (n + alpha) / (n + 1.0)]
            }
            Self::Gegenbauer { lambda } => {
                [2.0 * (n + lambda) / (n + 1.0), 0.0, (n + 2.0 * lambda - 1.0) / (n + 1.0)]
            }
            // Where the general formula divides zero by zero if alpha + beta is 0 or -1.
            Self::Jacobi { alpha, beta } if n == 0.0 => {
                [alpha / 2.0 + beta / 2.0 + 1.0, (alpha - beta) / 2.0, 0.0]
            }
            Self::Jacobi { alpha, beta } => {
                let sum = alpha + beta;
                let (twice, below) = (2.0 * n + sum, (n + 1.0) * (n + sum + 1.0));
                [
                    (twice + 1.0) * (twice + 2.0) / (2.0 * below),
                    (alpha - beta) * sum * (twice + 1.0) / (2.0 * below * twice),
                    (n + alpha) * (n + beta) * (twice + 2.0) / (below * twice),
                ]
            }
        };
        [a, b, if n == 0.0 { 0.0 } else { c }]
    }
}

/// The polynomials of a family up to a degree, as functions of a range mapped to [-1, 1].
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, Family, PolynomialBasis, expand};
/// use ndarray::array;
///
/// let legendre = PolynomialBasis::new(Family::Legendre, 3)?.on(0.0, 1.0)?;
/// let x = array![0.0, 0.5, 1.0].into_dyn();
/// let rows = expand::<f64, f64>(&x.view(), &legendre.polynomial(), &Expansion::default())?;
/// assert_eq!(rows, array![[-1.0, 1.0, -1.0], [0.0, -0.5, 0.0], [1.0, 1.0, 1.0]].into_dyn());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialBasis {
    family: Family,
    degree: usize,
    range: Option<(f64, f64)>,
    squash: Option<Squash>,
}

impl PolynomialBasis {
    /// The polynomials of degrees 0 to `degree`, on [-1, 1]; Hermite's and Laguerre's take `x` as it is.
    ///
    /// # Errors
    ///
    /// [`BasisError::Parameter`] for a parameter outside its range, [`BasisError::Degree`] above
    /// [`LARGEST_DEGREE_OF_BASIS`].
    pub fn new(family: Family, degree: usize) -> Result<Self, BasisError> {
        family.check()?;
        if degree > LARGEST_DEGREE_OF_BASIS {
            return Err(BasisError::Degree(degree));
        }
        let range = if family.is_unbounded() { None } else { Some((-1.0, 1.0)) };
        Ok(Self { family, degree, range, squash: None })
    }

    /// On another range, which is mapped to [-1, 1].
    ///
    /// # Errors
    ///
    /// [`BasisError::Range`] if the ends are not finite and rising, [`BasisError::Unbounded`] of Hermite's and
    /// Laguerre's polynomials.
    pub fn on(self, low: f64, high: f64) -> Result<Self, BasisError> {
        if self.family.is_unbounded() {
            return Err(BasisError::Unbounded { family: self.family.name() });
        }
        if !(low < high && (high / 2.0 - low / 2.0).is_finite() && (2.0 / (high - low)).is_finite())
        {
            return Err(BasisError::Range { low, high });
        }
        Ok(Self { range: Some((low, high)), ..self })
    }

    /// With the mapped value squashed to [-1, 1].
    #[must_use]
    pub fn squash(self, squash: Squash) -> Self {
        Self { squash: Some(squash), ..self }
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The highest degree.
    #[must_use]
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// The range that is mapped to [-1, 1]; none of Hermite's and Laguerre's polynomials.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// How values are squashed.
    #[must_use]
    pub fn squashed(&self) -> Option<Squash> {
        self.squash
    }

    /// The map of the range and the recurrence.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Family, PolynomialBasis};
    ///
    /// let recurrence = PolynomialBasis::new(Family::Legendre, 3)?.on(0.0, 4.0)?.recurrence();
    /// assert_eq!((recurrence.slope, recurrence.offset), (0.5, -1.0));
    /// assert_eq!(recurrence.steps[1], [1.5, 0.0, 0.5]);
    /// # Ok::<(), maclaurin::BasisError>(())
    /// ```
    #[must_use]
    pub fn recurrence(&self) -> Recurrence {
        let (low, high) = self.range.unwrap_or((-1.0, 1.0));
        let half = high / 2.0 - low / 2.0;
        let steps = (0..self.degree).map(|n| self.family.step(n as f64)).collect();
        let offset = -(low / 2.0 + high / 2.0) / half;
        Recurrence { slope: 1.0 / half, offset, squash: self.squash, steps }
    }

    /// What arrays are expanded by.
    #[must_use]
    pub fn polynomial(&self) -> Polynomial {
        Polynomial::basis(self.recurrence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in NAMES {
            let all = [("alpha", 0.5), ("beta", -0.25), ("lambda", 0.75)];
            let (family, parameters) = match name {
                "laguerre" => ("laguerre", &all[..1]),
                "gegenbauer" => ("gegenbauer", &all[2..]),
                "jacobi" => ("jacobi", &all[..2]),
                other => (other, &all[..0]),
            };
            let found = Family::named(family, parameters).unwrap();
            assert_eq!(found.name(), name);
            assert_eq!(found.parameters(), parameters);
        }
    }

    #[test]
    fn impossible_bases_are_refused() {
        let message = |basis: Result<PolynomialBasis, BasisError>| basis.unwrap_err().to_string();
        let gegenbauer = PolynomialBasis::new(Family::Gegenbauer { lambda: 0.0 }, 2);
        assert_eq!(
            message(gegenbauer),
            "lambda of gegenbauer is 0: it must be finite, above -1/2 and not 0"
        );
        let jacobi = Family::Jacobi { alpha: 0.0, beta: -1.0 };
        assert!(message(PolynomialBasis::new(jacobi, 2)).starts_with("beta of jacobi is -1"));
        assert!(message(PolynomialBasis::new(Family::Legendre, 10_001)).contains("10001"));
        let legendre = PolynomialBasis::new(Family::Legendre, 2).unwrap();
        for (low, high) in
            [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (0.0, 1e-320)]
        {
            assert!(
                message(legendre.on(low, high)).contains("is empty or not finite"),
                "{low} {high}"
            );
        }
        let hermite = PolynomialBasis::new(Family::HermiteE, 2).unwrap();
        assert!(message(hermite.on(0.0, 1.0)).contains("leave `on` out"));
    }

    /// Gegenbauer and Legendre polynomials are Jacobi polynomials.
    #[test]
    fn families_agree() {
        let legendre = Family::Jacobi { alpha: 0.0, beta: 0.0 };
        for n in 0..50 {
            let pairs = legendre.step(f64::from(n)).into_iter();
            for (a, b) in pairs.zip(Family::Legendre.step(f64::from(n))) {
                assert!((a - b).abs() < 1e-15, "{n}: {a} {b}");
            }
        }
        let half = Family::Gegenbauer { lambda: 0.5 };
        assert!((0..50).all(|n| half.step(f64::from(n)) == Family::Legendre.step(f64::from(n))));
    }
}
