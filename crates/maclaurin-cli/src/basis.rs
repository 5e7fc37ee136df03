//! What `maclaurin expand` expands values by: a series, or the orthogonal polynomials of `--basis`.

// Help texts are read on a terminal, where backticks are noise.
#![allow(clippy::doc_markdown)]

use clap::Args;
use maclaurin::{Expansion, Family, Polynomial, PolynomialBasis, Series, Squash};
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::arguments::{ExpandArguments, FunctionArguments, range};
use crate::summary::Judged;

/// Orthogonal polynomials in the place of a series.
#[derive(Args)]
pub struct BasisArguments {
    /// In the place of a function, the polynomials of a basis: legendre, chebyshev, hermite, hermite_e, laguerre,
    /// gegenbauer, jacobi or monomial; the last but one with --param alpha=0.5 --param beta=0.5.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["function", "at", "order", "terms", "weights"])]
    pub basis: Option<String>,
    /// The highest degree of a basis [default: 4].
    #[arg(long, requires = "basis")]
    pub degree: Option<usize>,
    /// The range of a basis, which is mapped to -1:1 [default: -1:1; hermite and laguerre take values as they are].
    #[arg(long, requires = "basis", value_parser = range, allow_hyphen_values = true, value_name = "LOW:HIGH")]
    pub on: Option<(f64, f64)>,
    /// How values beyond the range of a basis are brought into it.
    #[arg(long, requires = "basis", value_enum)]
    pub squash: Option<SquashName>,
}

/// A way into the range.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum SquashName {
    /// The hyperbolic tangent of every value of the range.
    Tanh,
    /// The nearer end of the range.
    Clip,
}

impl BasisArguments {
    fn basis(&self, name: &str, place: &FunctionArguments) -> Result<PolynomialBasis, Failure> {
        let usage = |error: maclaurin::BasisError| Failure::Usage(error.to_string());
        let parameters = place.parameters.numbers()?;
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| (&name[..], *value)).collect();
        let family = Family::named(name, &parameters).map_err(usage)?;
        let mut basis = PolynomialBasis::new(family, self.degree.unwrap_or(4)).map_err(usage)?;
        if let Some((low, high)) = self.on {
            basis = basis.on(low, high).map_err(usage)?;
        }
        Ok(match self.squash {
            None => basis,
            Some(SquashName::Tanh) => basis.squash(Squash::Tanh),
            Some(SquashName::Clip) => basis.squash(Squash::Clip),
        })
    }
}

/// What values are expanded by.
pub enum Source {
    Series(Box<Series>),
    Basis(PolynomialBasis),
}

impl Source {
    /// That of a command line.
    pub fn new(arguments: &ExpandArguments) -> Result<Self, Failure> {
        if let Some(name) = &arguments.basis.basis {
            return Ok(Self::Basis(arguments.basis.basis(name, &arguments.place)?));
        }
        let function = arguments.function.as_deref().unwrap_or_default();
        Ok(Self::Series(Box::new(arguments.place.series(function, &arguments.length)?)))
    }

    pub fn polynomial(&self) -> Polynomial {
        match self {
            Self::Series(series) => series.polynomial(),
            Self::Basis(basis) => basis.polynomial(),
        }
    }

    /// The series, where it is one.
    pub fn series(&self) -> Option<&Series> {
        match self {
            Self::Series(series) => Some(series),
            Self::Basis(_) => None,
        }
    }

    /// The polynomial whose error is told of.
    pub fn judged(
        &self,
        polynomial: &Polynomial,
        expansion: &Expansion,
        weighted: bool,
    ) -> Result<Option<Judged>, Failure> {
        let Self::Series(series) = self else { return Ok(None) };
        Judged::new(series, polynomial, expansion, weighted)
    }

    /// It in words: `exp(x) about 0`, `legendre on 0:1, squashed by tanh`.
    pub fn text(&self, joint: &str) -> String {
        let basis = match self {
            Self::Series(series) => return format!("{}{joint}{}", series.name(), series.at()),
            Self::Basis(basis) => basis,
        };
        let parameters = basis.family().parameters();
        let parameters = parameters.iter().map(|(name, value)| format!(", {name} {value}"));
        let parameters = parameters.collect::<Vec<_>>().concat();
        let range = basis.range().map(|(low, high)| format!(" on {low}:{high}"));
        let squash = match basis.squashed() {
            None => "",
            Some(Squash::Tanh) => ", squashed by tanh",
            Some(Squash::Clip) => ", clipped",
        };
        format!("{}{parameters}{}{squash}", basis.family().name(), range.unwrap_or_default())
    }

    /// It for programs.
    pub fn json(&self) -> Map<String, Value> {
        let object = match self {
            Self::Series(series) => {
                let radius = series.radius();
                json!({
                    "function": series.function().map(maclaurin::Function::text),
                    "at": series.at(),
                    "order": series.order(),
                    "radius": { "lower": radius.lower, "upper": radius.upper, "exact": radius.exact },
                })
            }
            Self::Basis(basis) => {
                let parameters = basis.family().parameters();
                let parameters: Map<_, _> = parameters
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                let squash = basis.squashed().map(|squash| match squash {
                    Squash::Tanh => "tanh",
                    Squash::Clip => "clip",
                });
                json!({
                    "basis": basis.family().name(),
                    "parameters": parameters,
                    "degree": basis.degree(),
                    "on": basis.range().map(|(low, high)| [low, high]),
                    "squash": squash,
                })
            }
        };
        match object {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}
