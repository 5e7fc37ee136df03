//! The derivative of a function as an expression.

use super::lexer::LONGEST_TEXT;
use super::written::{MOST_TEXT, Written};
use super::{Function, Operand, Operation};
use crate::builtin::{Builtin, Elementary, each};
use crate::number::{Rational, UBig};

/// A subexpression and its derivative.
struct Term {
    value: Written,
    slope: Written,
}

impl Function {
    /// The derivative, or `None` where a built-in function's is not known here or the expression
    /// would be longer than the grammar reads (64 KiB).
    ///
    /// By the rules of differentiation (DLMF 1.4.8 to 1.4.12) for each operation, with the
    /// definitions of built-in functions written out: a long function has a long derivative.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Function;
    ///
    /// let f = Function::parse("x*sin(x^2)")?;
    /// assert_eq!(f.derivative().unwrap().text(), "sin(x^2) + x*(cos(x^2)*(2*x))");
    /// # Ok::<(), maclaurin::ParseError>(())
    /// ```
    #[must_use]
    pub fn derivative(&self) -> Option<Self> {
        let mut budget = MOST_TEXT;
        let terms = self.try_fold(|_, operation| {
            let term = self.term(operation).ok_or(())?;
            let length = term.value.text().len().max(term.slope.text().len());
            budget = budget.checked_sub(length).ok_or(())?;
            if length > LONGEST_TEXT { Err(()) } else { Ok(term) }
        });
        terms.ok()?.last()?.slope.function().ok()
    }

    fn term(&self, operation: Operation<Operand<'_, Term>>) -> Option<Term> {
        let number = |text: &str| Written::new(text);
        let (zero, one) = (number("0"), number("1"));
        let value =
            Written::of_operation(&operation.map(|operand| &operand.values[operand.index].value));
        let slope = match operation {
            Operation::Variable => one,
            Operation::Constant(_) | Operation::PiecewiseConstant(..) => zero,
            Operation::Negate(f) => f.slope.negative(),
            Operation::Add(f, g) => f.slope.sum(&g.slope),
            Operation::Subtract(f, g) => f.slope.difference(&g.slope),
            Operation::Multiply(f, g) => f.slope.product(&g.value).sum(&f.value.product(&g.slope)),
            Operation::Divide(f, g) => {
                let first = f.slope.quotient(&g.value);
                // f'/g - f g'/g^2
                let second = f.value.product(&g.slope).quotient(&g.value.power(&number("2")));
                first.difference(&second)
            }
            Operation::Power(f, g) => {
                let less = match self.rational(g.index) {
                    Some(exponent) => number(&(exponent - Rational::ONE).to_string()),
                    None => g.value.difference(&one),
                };
                let base = match less.text() {
                    "0" => f.slope.clone(),
                    _ => g.value.product(&f.value.power(&less)).product(&f.slope),
                };
                // f^g log(f) g'
                let exponent = value.product(&f.value.call("log")).product(&g.slope);
                if g.slope.text() == "0" { base } else { base.sum(&exponent) }
            }
            Operation::Absolute(f) => f.value.call("sign").product(&f.slope),
            Operation::Elementary(function, f) => {
                let outer = number(each!(function, F => F::DERIVATIVE)?);
                outer.at(&f.value).ok()?.product(&f.slope)
            }
            Operation::ErlangCdf(shape, u) => {
                // u^(k-1) e^(-u) / (k-1)!
                let factorial = (1..shape).fold(UBig::ONE, |product, k| product * k);
                let power = match shape {
                    1 => one,
                    _ => u.value.power(&number(&(shape - 1).to_string())),
                };
                let decay = u.value.negative().call("exp");
                let density = power.product(&decay).quotient(&number(&factorial.to_string()));
                density.product(&u.slope)
            }
            // (J_(n-1) - J_(n+1))/2 (DLMF 10.6.1)
            Operation::BesselJ(order, u) => {
                let of = |order: i64| Written::bessel_j(order, &u.value);
                let difference = of(i64::from(order) - 1).difference(&of(i64::from(order) + 1));
                difference.quotient(&number("2")).product(&u.slope)
            }
        };
        Some(Term { value, slope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::BuiltinFunction;

    #[test]
    fn derivatives_have_the_values_of_divided_differences() {
        // Of these no derivative is known as an expression, nor of the fractions they are made of.
        let unknown = [
            "digamma",
            "digamma_over_gamma",
            "rgamma",
            "gamma",
            "zeta",
            "entire_zeta",
            "factorial",
        ];
        let functions = Function::builtins().filter(|known| !unknown.contains(&known.name));
        let outside = ["asec", "acsc", "acoth"];
        let call = |known: BuiltinFunction| {
            let argument = if outside.contains(&known.name) { "x + 0.71" } else { "0.3*x + 0.41" };
            let mut arguments = [argument, "2", "3"];
            if known.arguments[0] == "n" {
                arguments.swap(0, 1);
            }
            let needed = known.arguments.iter().filter(|name| !name.contains('=')).count();
            format!("{}({})", known.name, arguments[..needed].join(", "))
        };
        let calls: Vec<_> = functions.map(call).collect();
        let more = [
            "x",
            "3",
            "-x",
            "1/x",
            "x^3",
            "x^(1/3)",
            "2^x",
            "x^x",
            "x^pi",
            "erlang_cdf(x, 3, 2)",
            "erlang_cdf(x^2, 1, 2)",
            "sin(x)^2/cos(x)",
            "x - 1/(x + 1)",
            "exp(sin(x))*x",
            "(x^4)^(1/2)",
            "softplus",
            "2x² - 3√x*|x - 1|",
            "bessel_j(0, x)",
            "bessel_j(-1, x)",
        ];
        for text in calls.iter().map(String::as_str).chain(more) {
            let function = Function::parse(text).unwrap();
            let Some(derivative) = function.derivative() else {
                panic!("{text} has no derivative")
            };
            // acosh is real from 1 up.
            let x = if text.starts_with("acosh") { 2.75 } else { 0.75 };
            let h = 1e-5;
            let slope = (function.evaluate(x + h) - function.evaluate(x - h)) / (2.0 * h);
            let value = derivative.evaluate(x);
            let near = (value - slope).abs() <= 1e-8 * slope.abs().max(1.0);
            assert!(near, "{text}: {derivative} is {value}, not {slope}");
        }
    }

    #[test]
    fn a_derivative_that_is_too_long_is_none() {
        let nested = (0..200).fold("x".to_owned(), |text, _| format!("exp({text})"));
        assert!(
            Function::parse(&nested).unwrap().derivative().is_none_or(|f| f.text().len() < 1 << 16)
        );
        // Twice as often in each step as in the one before.
        let shared = (0..40).fold("x".to_owned(), |text, _| format!("relu({text})"));
        assert!(Function::parse(&shared).unwrap().derivative().is_none());
    }
}
