//! The function, its parameters, the expansion point and the order: what most questions are about.

use std::collections::BTreeMap;

use maclaurin::{Error, Function, ParseErrorKind, Series};
use serde::Deserialize;

use crate::LARGEST_ORDER;
use crate::failure::Failure;

/// The most parameters of a function.
const MOST_PARAMETERS: usize = 12;

/// The value of a parameter that has none yet.
const FIRST_VALUE: &str = "1";

/// What a question is about.
#[derive(Clone, Deserialize)]
pub struct Subject {
    /// The function as it was written.
    pub expression: String,
    /// The values of parameters; those that do not occur are ignored.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The expansion point.
    #[serde(default = "zero")]
    pub at: String,
    /// The order, or degree.
    #[serde(default)]
    pub order: usize,
}

fn zero() -> String {
    "0".into()
}

impl Subject {
    /// The function. A single letter without a value is a parameter with the value 1; a longer name may
    /// be a function half written.
    pub fn function(&self) -> Result<Function, Failure> {
        let mut used: Vec<(&str, &str)> = Vec::new();
        let mut letters: Vec<String> = Vec::new();
        loop {
            let values =
                used.iter().copied().chain(letters.iter().map(|name| (&name[..], FIRST_VALUE)));
            let error =
                match Function::with_parameters(&self.expression, &values.collect::<Vec<_>>()) {
                    Ok(function) => return Ok(function),
                    Err(error) => error,
                };
            let ParseErrorKind::MissingParameter { name, .. } = &error.kind else {
                return Err(error.into());
            };
            // A value given is a text that may itself lack a parameter.
            let is_new = !used.iter().any(|(known, _)| known == name) && !letters.contains(name);
            if used.len() + letters.len() >= MOST_PARAMETERS || !is_new {
                return Err(error.into());
            }
            match self.parameters.get_key_value(name) {
                Some((name, value)) => used.push((name, value)),
                None if name.chars().count() == 1 => letters.push(name.clone()),
                None => return Err(error.into()),
            }
        }
    }

    /// The series of the function to an order.
    pub fn series(&self, function: &Function, order: usize) -> Result<Series, Failure> {
        if order > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order, limit: LARGEST_ORDER }.into());
        }
        Ok(Series::new(function, order, self.at.as_str())?)
    }
}
