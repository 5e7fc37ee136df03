//! A Taylor polynomial as a program and as source code.

use super::{Evaluation, total};
use crate::function::Function;
use crate::number::{Interval64, interval, scientific};
use crate::program::{Code, Encrypted, Listing, Number, Program, Scheme, certificate, on_one_line};
use crate::series::{Error, Series};

impl Series {
    /// A function of `x` that evaluates the polynomial, with the coefficients' correctly rounded
    /// values. Zero coefficients cost no addition. With [`Code::on`] its comment has the certified error
    /// on that range, with the rounding errors of its format and scheme.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] for a format or a scheme with a language of encrypted values, which has its
    /// own; as [`Series::error_bound`] for a range.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Language;
    ///
    /// let series = maclaurin::taylor("sin(x)", 3, "0")?;
    /// let code = series.code(Language::Rust)?;
    /// assert!(code.ends_with("pub fn taylor(x: f64) -> f64 {\n    (-0.16666666666666666 * x * x + 1.0) * x\n}\n"));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn code(&self, code: impl Into<Code>) -> Result<String, Error> {
        let code = code.into();
        code.check()?;
        let (at, order) = (self.at(), self.order());
        let function = on_one_line(&self.name());
        let mut comment =
            vec![format!("Taylor polynomial of {function} about {at}, order {order}.")];
        let place = if at == "0" { String::new() } else { format!(", at={}", quoted(at)) };
        let call = match self.function() {
            Some(f) => format!("maclaurin.taylor({}, order={order}{place})", in_python(f)),
            None => "maclaurin.Series".into(),
        };
        let name = "taylor";
        if code.language.is_encrypted() {
            if let Some((low, high)) = code.on {
                let bound = scientific(self.error_bound(low, high)?.bound, 4, true);
                comment.push(format!(
                    "Certified on {}: |f - p| <= {bound} for the polynomial p in exact arithmetic.",
                    interval((low, high))
                ));
            }
            comment.push(format!("Printed by {call}{}.", code.call()));
            let (coefficients, center) = (self.coefficients().to_vec(), self.at_f64());
            return Ok(Encrypted::Powers { coefficients, center }.print(
                name,
                comment,
                code.language,
            ));
        }
        let scheme = code.scheme.unwrap_or_default();
        let program = self.program(scheme);
        program.fits(code.format, code.on.as_slice())?;
        if let Some((low, high)) = code.on {
            let exact = self.error_bound(low, high)?.bound;
            let evaluation =
                Evaluation { function: self.function(), program: &program, format: code.format };
            let rounding = evaluation.largest((low, high), self.at_f64()).0;
            comment.push(certificate(&interval((low, high)), total(exact, rounding), code.format));
        }
        comment.extend(program.sentence(scheme.title(), scheme.is_shallow()));
        comment.push(format!("Printed by {call}{}.", code.call()));
        Ok(Listing { name, comment, program: &program, format: code.format }.print(code.language))
    }

    /// What evaluates the polynomial.
    pub(crate) fn program(&self, scheme: Scheme) -> Program {
        let coefficient = |(degree, &value): (usize, &f64)| match self
            .exact(degree)
            .and_then(|exact| exact.as_rational())
        {
            Some(exact) => Number::rational(exact),
            None => Number::near(value),
        };
        let coefficients: Vec<_> =
            self.coefficients().iter().enumerate().map(coefficient).collect();
        let (at, exact) = (self.at_f64(), self.enclosed_point());
        let center = if exact == Interval64::point(at) {
            Number::exactly(at)
        } else {
            Number::within(at, exact)
        };
        scheme.program(center, &coefficients)
    }
}

/// Text as Python reads it.
fn quoted(text: &str) -> String {
    format!("{:?}", on_one_line(text))
}

/// A function as an argument in Python.
pub(crate) fn in_python(function: &Function) -> String {
    let parameter = |(name, value): (&String, &String)| format!("{name}={}", quoted(value));
    let parameters: Vec<_> = function.parameters().iter().map(parameter).collect();
    let text = quoted(function.text());
    if parameters.is_empty() {
        return text;
    }
    format!("maclaurin.Function({text}, {})", parameters.join(", "))
}
