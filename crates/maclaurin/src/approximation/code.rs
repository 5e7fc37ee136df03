//! An approximation as a program: its errors in a format, and its source code.

use super::polynomial::chebyshev;
use super::{Approximation, Coefficients, Method, hull};
use crate::certify::{Basis, ErrorBound, Evaluation, in_python, total};
use crate::number::{Format, Rational, exactly, interval, scientific};
use crate::program::{
    Code, Encrypted, Language, Listing, Number, Program, Scheme, certificate, clenshaw, on_one_line,
};
use crate::series::Error;

impl Approximation {
    /// A certified upper bound of `|f(x) - y|` for every `x` of a floating-point format with
    /// `low <= x <= high`, where `y` is the polynomial evaluated in that format: what
    /// [`Approximation::error_bound`] bounds, and the rounding errors.
    ///
    /// It holds for Horner's or Clenshaw's rule, as [`Approximation::basis`] says, in arithmetic of the
    /// format or of a wider one, rounded to nearest, with multiplications and additions apart or fused,
    /// from coefficients rounded to the format or a wider one. So it holds for
    /// [`Approximation::evaluate`] (in `f64`) and for what [`Approximation::code`] prints. Where the
    /// evaluation may overflow the bound is infinite.
    ///
    /// # Errors
    ///
    /// As [`Approximation::error_bound`].
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Format, Function};
    ///
    /// let exp = Function::parse("exp(x)")?;
    /// let p = Approximation::new(&exp, 12, &[(-1.0, 1.0)], &Choice::default())?;
    /// assert!(p.error().bound < 1e-13);
    /// let single = p.error_bound_in(-1.0, 1.0, Format::F32)?.bound;
    /// assert!(1e-7 < single && single < 1e-6);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn error_bound_in(&self, low: f64, high: f64, format: Format) -> Result<ErrorBound, Error> {
        let exact = self.error_bound(low, high)?;
        let program = self.program(None)?;
        let evaluation = Evaluation { function: Some(self.function()), program: &program, format };
        Ok(evaluation.bound(exact, (low, high), self.center()))
    }

    /// A function of `x` that evaluates the polynomial as [`Approximation::evaluate`] does, or by
    /// another scheme. Its comment has the ranges, the certified error of the exact polynomial, and
    /// that of the function itself with the rounding errors of its format and scheme.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] where powers would lose the accuracy of the polynomial
    /// ([`Approximation::basis`]) and a scheme for powers was chosen, or a language that takes nothing
    /// else; and for a format or a scheme with a language of encrypted values, which has its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function, Language};
    ///
    /// let f = Function::parse("x^2/2")?;
    /// let p = Approximation::new(&f, 2, &[(-1.0, 1.0)], &Choice::default())?;
    /// assert!(p.code(Language::C)?.contains("return 0x1p-1 * x * x;"));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn code(&self, code: impl Into<Code>) -> Result<String, Error> {
        let code = code.into();
        code.check()?;
        let name = "polynomial";
        let mut comment = self.sentences();
        let printed = format!("Printed by {}{}.", self.call(), code.call());
        if code.language.is_encrypted() {
            comment.push(printed);
            return Ok(self.encrypted(code)?.print(name, comment, code.language));
        }
        let program = self.program(code.scheme)?;
        match code.on {
            Some(on) => program.fits(code.format, &[on])?,
            None => program.fits(code.format, &self.ranges)?,
        }
        let (on, rounded) = match code.on {
            Some((low, high)) => {
                let exact = self.error_bound(low, high)?.bound;
                (interval((low, high)), self.rounded(&program, code.format, exact, (low, high)))
            }
            None => (self.ranges_text(), self.rounded_on_ranges(&program, code.format)),
        };
        comment.push(certificate(&on, rounded, code.format));
        let title = match self.basis() {
            Basis::Powers => code.scheme.unwrap_or_default().title(),
            Basis::Chebyshev => "Clenshaw's recurrence",
        };
        comment.extend(program.sentence(title, code.scheme.is_some_and(Scheme::is_shallow)));
        comment.push(printed);
        Ok(Listing { name, comment, program: &program, format: code.format }.print(code.language))
    }

    /// The error that is certified.
    pub(super) fn measure(&self) -> String {
        match &self.choice.weight {
            Some(weight) => format!("w |f - p| for w = {}", on_one_line(&weight.to_string())),
            None if self.choice.relative => "|f - p|/|f|".to_owned(),
            None => "|f - p|".to_owned(),
        }
    }

    /// What it is, and how near its function.
    fn sentences(&self) -> Vec<String> {
        let function = on_one_line(&self.function().to_string());
        let method = self.choice.method.to_string();
        let what = self.measure();
        let bound = scientific(self.error.bound, 4, true);
        vec![
            format!(
                "The {method} of {function} on {}, degree {}.",
                self.ranges_text(),
                self.degree
            ),
            format!("Certified: {what} <= {bound} for the polynomial p in exact arithmetic."),
        ]
    }

    /// A bound of `|f - y|` on a range from that of `|f - p|`; infinite where a value may overflow.
    fn rounded(&self, program: &Program, format: Format, exact: f64, range: (f64, f64)) -> f64 {
        let evaluation = Evaluation { function: Some(self.function()), program, format };
        total(exact, evaluation.largest(range, self.center()).0)
    }

    /// [`Approximation::rounded`] on the polynomial's own ranges.
    pub(super) fn rounded_on_ranges(&self, program: &Program, format: Format) -> f64 {
        let of = |&(low, high): &(f64, f64)| {
            let exact = if self.choice.is_absolute() {
                self.error.bound
            } else {
                self.error_bound(low, high).map_or(f64::INFINITY, |error| error.bound)
            };
            self.rounded(program, format, exact, (low, high))
        };
        self.ranges.iter().map(of).fold(0.0, f64::max)
    }

    /// What evaluates the polynomial: by default as [`Approximation::evaluate`] does.
    pub(crate) fn program(&self, scheme: Option<Scheme>) -> Result<Program, Error> {
        match (self.basis(), scheme) {
            (Basis::Powers, scheme) => {
                let written = |(k, coefficient): (usize, &Rational)| {
                    let number = Number::rational(coefficient);
                    match self.choice.format_of(k) {
                        Coefficients::Format(format) if !self.choice.formats.is_empty() => {
                            Number { format: Some(format), ..number }
                        }
                        _ => number,
                    }
                };
                let coefficients: Vec<_> =
                    self.numbers().powers.iter().enumerate().map(written).collect();
                Ok(scheme
                    .unwrap_or_default()
                    .program(Number::exactly(self.center()), &coefficients))
            }
            (Basis::Chebyshev, None) => {
                let (low, high) = hull(&self.ranges);
                let coefficients: Vec<_> =
                    self.exact_chebyshev().iter().map(Number::rational).collect();
                let [center, half_width] = match self.form.basis {
                    Basis::Chebyshev => {
                        [self.form.center, self.form.half_width].map(Number::exactly)
                    }
                    Basis::Powers => {
                        let two = Rational::from(2);
                        let (low, high) = (exactly(low), exactly(high));
                        [&low + &high, high - low].map(|twice| Number::rational(&(twice / &two)))
                    }
                };
                Ok(clenshaw(center, half_width, &coefficients))
            }
            (Basis::Chebyshev, Some(scheme)) => {
                Err(self.needs_chebyshev("scheme", &scheme.to_string()))
            }
        }
    }

    /// The coefficients of the Chebyshev polynomials, exactly.
    pub(crate) fn exact_chebyshev(&self) -> Vec<Rational> {
        match self.form.basis {
            Basis::Chebyshev => self.form.coefficients.clone(),
            Basis::Powers => chebyshev(&self.numbers().powers, self.center(), hull(&self.ranges)),
        }
    }

    fn needs_chebyshev(&self, option: &'static str, value: &str) -> Error {
        let reason = format!(
            "{value} adds up powers of x - {:?}, which loses the accuracy of this polynomial of degree {}: it is evaluated \
             by Chebyshev polynomials",
            self.center(),
            self.degree
        );
        Error::Choice { option, reason }
    }

    /// In the form that a library for encrypted values takes.
    fn encrypted(&self, code: Code) -> Result<Encrypted, Error> {
        if code.language != Language::TenSeal {
            let (low, high) = hull(&self.ranges);
            return Ok(Encrypted::Chebyshev { coefficients: self.chebyshev().to_vec(), low, high });
        }
        if self.basis() == Basis::Chebyshev {
            return Err(self.needs_chebyshev("language", "tenseal"));
        }
        Ok(Encrypted::Powers { coefficients: self.coefficients().to_vec(), center: self.center() })
    }

    /// The call that makes this polynomial in Python.
    fn call(&self) -> String {
        self.call_with(&self.ranges, &[])
    }

    /// The call with other ranges and more options.
    pub(super) fn call_with(&self, ranges: &[(f64, f64)], more: &[String]) -> String {
        let Self { choice, degree, .. } = self;
        let pair = |(low, high): &(f64, f64)| format!("({low:?}, {high:?})");
        let on = match ranges {
            [range] => pair(range),
            several => format!("[{}]", several.iter().map(pair).collect::<Vec<_>>().join(", ")),
        };
        let mut options =
            vec![in_python(self.function()), format!("degree={degree}"), format!("on={on}")];
        options.extend(match choice.method {
            Method::Minimax => None,
            Method::Chebyshev => Some("method=\"chebyshev\"".to_owned()),
            Method::LeastSquares => Some("method=\"least_squares\"".to_owned()),
            Method::Samples(_) => Some("samples=...".to_owned()),
        });
        options.extend(choice.relative.then(|| "relative=True".to_owned()));
        let weight = choice.weight.as_ref().map(in_python);
        options.extend(weight.map(|weight| format!("weight={weight}")));
        if !choice.through.is_empty() {
            options.push(format!("through={:?}", choice.through));
        }
        options.extend(choice.degrees.as_ref().map(|degrees| format!("degrees={degrees:?}")));
        if !choice.fixed.is_empty() {
            let fixed: Vec<_> =
                choice.fixed.iter().map(|(degree, value)| format!("{degree}: {value:?}")).collect();
            options.push(format!("fixed={{{}}}", fixed.join(", ")));
        }
        options.extend(choice.center.map(|center| format!("center={center:?}")));
        if !choice.formats.is_empty() {
            let each = |k| format!("{:?}", choice.format_of(k).to_string());
            let each: Vec<_> = (0..=*degree).map(each).collect();
            options.push(format!("coefficients=[{}]", each.join(", ")));
        } else if choice.coefficients != Coefficients::default() {
            options.push(format!("coefficients=\"{}\"", choice.coefficients));
        }
        options.extend_from_slice(more);
        format!("maclaurin.approximate({})", options.join(", "))
    }
}
