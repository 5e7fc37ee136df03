//! A series as source code: one function, by Horner's rule.

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
            self.function().to_string().replace(['\n', '\r', '\t'], " "),
            self.at(),
            self.order()
        );
        let center = literal(self.at_f64().abs(), language);
        let shifted = match self.at_f64() {
            0.0 => "x".into(),
            at if at < 0.0 => format!("x + {center}"),
            _ => format!("x - {center}"),
        };
        let horner = self.horner(language);
        match language {
            Language::Rust => format!(
                "/// {title}\npub fn taylor(x: f64) -> f64 {{\n    let t = {shifted};\n    {horner}\n}}\n"
            ),
            Language::C => format!(
                "#include <math.h>\n\n/* {} */\ndouble taylor(double x) {{\n    const double t = {shifted};\n    return {horner};\n}}\n",
                title.replace("*/", "* /")
            ),
            Language::Python => format!(
                "def taylor(x):\n    \"\"\"{title}\"\"\"\n    t = {shifted}\n    return {horner}\n"
            ),
            Language::NumPy => format!(
                "import numpy as np\n\n\ndef taylor(x):\n    \"\"\"{title}\"\"\"\n    \
                 x = np.asarray(x, dtype=np.float64)\n    t = {shifted}\n    return {horner}\n"
            ),
            Language::Torch => format!(
                "import torch\n\n\ndef taylor(x: torch.Tensor) -> torch.Tensor:\n    \
                 \"\"\"{title}\"\"\"\n    t = {shifted}\n    return {horner}\n"
            ),
        }
    }

    fn horner(&self, language: Language) -> String {
        let mut text = String::new();
        for (degree, coefficient) in self.coefficients().iter().enumerate().rev() {
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
        }
        if text.is_empty() {
            return literal(0.0, language);
        }
        text.strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'))
            .map_or(text.clone(), Into::into)
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
