//! A piecewise polynomial as source code: a function for each piece, and one that chooses.

use std::fmt::Write;

use super::{Piecewise, unfit};
use crate::certify::ErrorBound;
use crate::number::{Format, interval, scientific};
use crate::program::{Code, Language, Listing, Number, certificate, comment, literal, on_one_line};
use crate::series::Error;

/// The name of the function.
const NAME: &str = "piecewise_polynomial";

impl Piecewise {
    /// A certified upper bound of `|f(x) - y|` for every `x` of a floating-point format in the range, where `y`
    /// is [`Piecewise::evaluate`] in that format, as [`Approximation::error_bound_in`](super::Approximation::error_bound_in)
    /// for a polynomial.
    ///
    /// # Errors
    ///
    /// As [`Approximation::error_bound`](super::Approximation::error_bound).
    pub fn error_bound_in(&self, format: Format) -> Result<ErrorBound, Error> {
        let mut error = self.error();
        (error.bound, error.sampled) = (0.0, 0.0);
        for piece in &self.pieces {
            let (low, high) = piece.on()[0];
            let here = piece.error_bound_in(low, high, format)?;
            let bound = error.bound.max(here.bound);
            let seen = if here.sampled > error.sampled { here } else { error };
            error = ErrorBound { bound, ..seen };
        }
        Ok(error)
    }

    /// A function of `x` that evaluates the piecewise polynomial, in C, Rust, Python, NumPy or PyTorch: a function
    /// for each piece, and `piecewise_polynomial`, which chooses. Its comment has the certified errors, in exact
    /// arithmetic and with the rounding errors of its format.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] for another language, and as [`Approximation::code`](super::Approximation::code).
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Choice, Function, Language, Piecewise};
    ///
    /// let relu = Function::parse("relu")?;
    /// let p = Piecewise::new(&relu, 1, 2, (-1.0, 1.0), &Choice::default(), false)?;
    /// assert!(p.code(Language::C)?.contains("    if (x < 0.0) {\n        return piece_0(x);\n"));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn code(&self, code: impl Into<Code>) -> Result<String, Error> {
        let code = code.into();
        let Code { language, format, .. } = code;
        if !matches!(
            language,
            Language::C | Language::Rust | Language::Python | Language::NumPy | Language::Torch
        ) {
            let reason = format!(
                "a piecewise polynomial is printed in c, rust, python, numpy and torch, not in {language}"
            );
            return Err(unfit("language", reason));
        }
        if code.on.is_some() {
            return Err(unfit(
                "on",
                "a piecewise polynomial has its own range; leave it out".into(),
            ));
        }
        code.check()?;
        let (mut text, mut bound) = (String::new(), 0f64);
        for (i, piece) in self.pieces.iter().enumerate() {
            let program = piece.program(code.scheme)?;
            program.fits(format, piece.on())?;
            bound = bound.max(piece.rounded_on_ranges(&program, format));
            let name = format!("piece_{i}");
            let about = vec![format!("The polynomial on {}.", piece.ranges_text())];
            let printed = Listing { name: &name, comment: about, program: &program, format };
            text += &private(&printed.print(language), i == 0, language, format);
        }
        Ok(text + &self.chooser(code, bound))
    }

    /// The function that calls that of a piece.
    fn chooser(&self, code: Code, bound: f64) -> String {
        let Code { language, format, .. } = code;
        let first = &self.pieces[0];
        let breakpoints = self.breakpoints();
        let (low, high) = (breakpoints[0], breakpoints[self.pieces.len()]);
        let exact = scientific(self.error().bound, 4, true);
        let mut sentences = vec![
            format!(
                "The piecewise {} of {} on {}, {} pieces of degree {}.",
                first.choice().method,
                on_one_line(&first.function().to_string()),
                interval((low, high)),
                self.pieces.len(),
                first.degree()
            ),
            format!(
                "Certified: {} <= {exact} for the polynomials in exact arithmetic.",
                first.measure()
            ),
            certificate(&interval((low, high)), bound, format),
        ];
        if self.is_continuous() {
            sentences.push(match self.gap() {
                0.0 => "Neighbours agree at the breakpoints.".into(),
                gap => format!(
                    "Neighbours differ by at most {} at the breakpoints, in exact arithmetic.",
                    scientific(gap, 4, true)
                ),
            });
        }
        let mut more = vec![format!("pieces={}", self.pieces.len())];
        more.extend(self.is_continuous().then(|| "continuous=True".to_owned()));
        let call = first.call_with(&[(low, high)], &more);
        sentences.push(format!("Printed by {call}{}.", code.call()));
        let comment = comment(&sentences, language);
        let inner = &breakpoints[1..self.pieces.len()];
        // For x of the format, x < b as it is for the smallest number of the format that is not below b.
        let constants: Vec<String> = inner
            .iter()
            .map(|&b| literal(&Number::exactly(format.round_up(b)), language, format))
            .collect();
        // `Code::check` has refused what has none.
        let t = language.name_of(format).unwrap_or_default();
        let mut text = match language {
            Language::C => format!("\n{comment}{t} {NAME}({t} x) {{\n"),
            Language::Rust => {
                format!("\n{comment}#[must_use]\npub fn {NAME}(x: {t}) -> {t} {{\n")
            }
            Language::Torch => {
                format!("\n\ndef {NAME}(x: torch.Tensor) -> torch.Tensor:\n{comment}")
            }
            _ => format!("\n\ndef {NAME}(x):\n{comment}"),
        };
        let list = constants.join(", ");
        match language {
            Language::NumPy => {
                let _ = write!(
                    text,
                    "    x = np.asarray(x, dtype=np.{t})\n    \
                     i = np.searchsorted(np.array([{list}], dtype=np.{t}), x, side=\"right\")\n    \
                     pieces = [{}]\n    \
                     return np.piecewise(x, [i == k for k in range(len(pieces))], pieces)\n",
                    self.names()
                );
            }
            Language::Torch => {
                let _ = write!(
                    text,
                    "    breakpoints = torch.tensor([{list}], dtype=x.dtype, device=x.device)\n    \
                     i = torch.bucketize(x.detach(), breakpoints, right=True)\n    \
                     y = torch.zeros_like(x)\n    \
                     for k, piece in enumerate([{}]):\n        \
                     y = torch.where(i == k, piece(torch.where(i == k, x, {middle})), y)\n    \
                     return y\n",
                    self.names(),
                    middle = literal(
                        &Number::exactly(format.round(low.midpoint(high))),
                        language,
                        format
                    ),
                );
            }
            _ => {
                branches(&mut text, &constants, 0, language, 1);
                text += if language == Language::Python { "" } else { "}\n" };
            }
        }
        text
    }

    /// `piece_0, piece_1, ...`
    fn names(&self) -> String {
        let names: Vec<_> = (0..self.pieces.len()).map(|i| format!("piece_{i}")).collect();
        names.join(", ")
    }
}

/// A search by halves among breakpoints, the first of which ends piece `first`.
fn branches(
    text: &mut String,
    breakpoints: &[String],
    first: usize,
    language: Language,
    depth: usize,
) {
    let indent = "    ".repeat(depth);
    let middle = breakpoints.len() / 2;
    let Some(at) = breakpoints.get(middle) else {
        let [open, close] = match language {
            Language::C => ["return ", ";"],
            Language::Rust => ["", ""],
            _ => ["return ", ""],
        };
        let _ = writeln!(text, "{indent}{open}piece_{first}(x){close}");
        return;
    };
    let [open, other, close] = match language {
        Language::C => [format!("if (x < {at}) {{"), "} else {".into(), "}".into()],
        Language::Rust => [format!("if x < {at} {{"), "} else {".into(), "}".into()],
        _ => [format!("if x < {at}:"), "else:".into(), String::new()],
    };
    let _ = writeln!(text, "{indent}{open}");
    branches(text, &breakpoints[..middle], first, language, depth + 1);
    let _ = writeln!(text, "{indent}{other}");
    branches(text, &breakpoints[middle + 1..], first + middle + 1, language, depth + 1);
    if !close.is_empty() {
        let _ = writeln!(text, "{indent}{close}");
    }
}

/// The function of a piece, for this file alone, with the imports of the first one.
fn private(printed: &str, is_first: bool, language: Language, format: Format) -> String {
    let text = match language {
        Language::C => {
            let head = format!("\n{} piece_", language.name_of(format).unwrap_or_default());
            printed.replacen(&head, &format!("\nstatic{}", &head.replace('\n', " ")), 1)
        }
        Language::Rust => printed.replacen("#[must_use]\npub fn ", "fn ", 1),
        _ => printed.to_owned(),
    };
    if is_first {
        return text;
    }
    match (language, text.find("def ")) {
        (Language::Python | Language::NumPy | Language::Torch, Some(start)) => {
            format!("\n\n{}", &text[start..])
        }
        _ => format!("\n{text}"),
    }
}
