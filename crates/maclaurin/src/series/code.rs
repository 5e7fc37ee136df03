//! A polynomial as source code: one function, by Horner's or Clenshaw's rule.

use super::Series;

/// A language that [`Series::code`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rust, `f64`.
    Rust,
    /// C99, `double`.
    C,
    /// Python without imports; works on floats, and on arrays of any library with operators.
    Python,
    /// Python on anything that NumPy makes an array of, in double precision.
    NumPy,
    /// Python on a PyTorch tensor, in its own precision.
    Torch,
}

impl Series {
    /// A function of `x` that evaluates the polynomial by Horner's rule, `f64` throughout, with
    /// the coefficients' correctly rounded values. Zero coefficients cost no addition.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Language;
    ///
    /// let series = maclaurin::taylor("sin(x)", 3, "0")?;
    /// assert_eq!(
    ///     series.code(Language::Python),
    ///     "def taylor(x):\n    \
    ///          \"\"\"Taylor polynomial of sin(x) about 0, order 3.\"\"\"\n    \
    ///          t = x\n    \
    ///          return (((-0.16666666666666666 * t) * t) + 1.0) * t\n"
    /// );
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn code(&self, language: Language) -> String {
        let title = format!(
            "Taylor polynomial of {} about {}, order {}.",
            on_one_line(&self.function().to_string()),
            self.at(),
            self.order()
        );
        let (center, coefficients) = (self.at_f64(), self.coefficients());
        Listing { name: "taylor", title, center, coefficients }.horner(language)
    }
}

/// Parentheses in parentheses in a line of code: Python takes 100, and C compilers 256.
const DEEPEST: usize = 90;

/// Text without line breaks, for a comment.
pub(crate) fn on_one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// A function of a program, and what it computes.
pub(crate) struct Listing<'a> {
    /// The function's name.
    pub name: &'static str,
    /// What it is, for its comment.
    pub title: String,
    pub center: f64,
    pub coefficients: &'a [f64],
}

impl Listing<'_> {
    /// The powers of `x - center` by Horner's rule.
    pub(crate) fn horner(&self, language: Language) -> String {
        let mut lines = vec![("t".to_owned(), self.shifted(language))];
        let value = self.nested(language, &mut lines);
        self.function(language, &lines, &value)
    }

    /// The Chebyshev polynomials of `(x - center) / half_width` by Clenshaw's recurrence.
    pub(crate) fn clenshaw(&self, half_width: f64, language: Language) -> String {
        let shifted = self.shifted(language);
        let argument = match shifted.as_str() {
            "x" => format!("x / {}", literal(half_width, language)),
            _ => format!("({shifted}) / {}", literal(half_width, language)),
        };
        let mut lines = vec![("u".to_owned(), argument), ("w".to_owned(), "u + u".to_owned())];
        let name = |k: usize| format!("b{k}");
        let (last, own) =
            (self.coefficients.len() - 1, |k: usize| literal(self.coefficients[k], language));
        for k in (1..=last).rev() {
            let mut value = own(k);
            if k < last {
                value = format!("({value} + w * {})", name(k + 1));
            }
            if k + 1 < last {
                value = format!("{value} - {}", name(k + 2));
            }
            lines.push((name(k), value));
        }
        let value = match last {
            0 => own(0),
            1 => format!("{} + u * {}", own(0), name(1)),
            _ => format!("({} + u * {}) - {}", own(0), name(1), name(2)),
        };
        self.function(language, &lines, &value)
    }

    fn function(&self, language: Language, lines: &[(String, String)], value: &str) -> String {
        let Self { name, title, .. } = self;
        let (head, open, close) = match language {
            Language::Rust => {
                (format!("/// {title}\npub fn {name}(x: f64) -> f64 {{\n"), "let ", ";")
            }
            Language::C => (
                format!(
                    "#include <math.h>\n\n/* {} */\ndouble {name}(double x) {{\n",
                    title.replace("*/", "* /")
                ),
                "const double ",
                ";",
            ),
            Language::Python => (format!("def {name}(x):\n    \"\"\"{title}\"\"\"\n"), "", ""),
            Language::NumPy => (
                format!(
                    "import numpy as np\n\n\ndef {name}(x):\n    \"\"\"{title}\"\"\"\n    \
                     x = np.asarray(x, dtype=np.float64)\n"
                ),
                "",
                "",
            ),
            Language::Torch => (
                format!(
                    "import torch\n\n\ndef {name}(x: torch.Tensor) -> torch.Tensor:\n    \
                     \"\"\"{title}\"\"\"\n"
                ),
                "",
                "",
            ),
        };
        let mut text = head;
        for (name, value) in lines {
            text.extend(["    ", open, name, " = ", value, close, "\n"]);
        }
        let end = match language {
            Language::Rust => format!("    {value}\n}}\n"),
            Language::C => format!("    return {value};\n}}\n"),
            Language::Python | Language::NumPy | Language::Torch => format!("    return {value}\n"),
        };
        text + &end
    }

    fn shifted(&self, language: Language) -> String {
        let center = literal(self.center.abs(), language);
        match self.center {
            0.0 => "x".into(),
            at if at < 0.0 => format!("x + {center}"),
            _ => format!("x - {center}"),
        }
    }

    /// Horner's rule as one expression, or where compilers would not take that many parentheses, with
    /// lines that name its parts.
    fn nested(&self, language: Language, lines: &mut Vec<(String, String)>) -> String {
        let plain = |text: &str| {
            let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
            inside.unwrap_or(text).to_owned()
        };
        let mut text = String::new();
        for (degree, coefficient) in self.coefficients.iter().enumerate().rev() {
            if text.is_empty() {
                if *coefficient != 0.0 {
                    text = literal(*coefficient, language);
                }
            } else if *coefficient != 0.0 {
                text = format!("({text} + {})", literal(*coefficient, language));
            }
            if degree > 0 && !text.is_empty() {
                text = format!("({text} * t)");
            }
            let depth = text.bytes().take_while(|byte| *byte == b'(').count();
            if depth >= DEEPEST && degree > 0 {
                let name = format!("s{degree}");
                lines.push((name.clone(), plain(&text)));
                text = name;
            }
        }
        if text.is_empty() { literal(0.0, language) } else { plain(&text) }
    }
}

fn literal(value: f64, language: Language) -> String {
    if value.is_finite() {
        return format!("{value:?}");
    }
    let infinity = match language {
        Language::Rust => "f64::INFINITY",
        Language::C => "INFINITY",
        Language::Python | Language::NumPy | Language::Torch => "float(\"inf\")",
    };
    if value < 0.0 { format!("-{infinity}") } else { infinity.into() }
}
