//! Programs as source code: what surrounds their expressions in each language.

use std::fmt;

use super::expression::{Lines, lines};
use super::{Number, Program, Scheme, Step};
use crate::certify::{Format, scientific};
use crate::series::Error;

/// A language that polynomials are printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rust. Constants are the shortest decimals that read back exactly: Rust has no hexadecimal
    /// floats.
    Rust,
    /// C99, with hexadecimal floating-point constants, which are exact.
    C,
    /// Python without imports; works on floats, and on arrays of any library with operators. What
    /// Python computes in is float64; for float32 the constants alone are rounded to that.
    Python,
    /// Python on anything that NumPy makes an array of, in the format.
    NumPy,
    /// Python on a PyTorch tensor, in its own precision.
    Torch,
    /// CUDA C++17: a `__device__` function and an elementwise kernel with a grid-stride loop.
    Cuda,
    /// Python with Triton: a function for kernels, an elementwise kernel, and a function of a PyTorch
    /// tensor that calls it.
    Triton,
    /// C++17 with OpenFHE: a function of a CKKS ciphertext, by `EvalChebyshevSeries` (a Taylor
    /// polynomial by `EvalPoly`).
    OpenFhe,
    /// Python with OpenFHE, likewise.
    OpenFhePython,
    /// Python with TenSEAL: a function of a `CKKSVector`, by `polyval`.
    TenSeal,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 10] = [
        Self::C,
        Self::Rust,
        Self::Python,
        Self::NumPy,
        Self::Torch,
        Self::Cuda,
        Self::Triton,
        Self::OpenFhe,
        Self::OpenFhePython,
        Self::TenSeal,
    ];

    /// Whether the function is of encrypted values, which the library evaluates by its own scheme.
    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::OpenFhe | Self::OpenFhePython | Self::TenSeal)
    }

    pub(crate) fn is_python(self) -> bool {
        !matches!(self, Self::C | Self::Rust | Self::Cuda | Self::OpenFhe)
    }
}

impl fmt::Display for Language {
    /// The name in Python: `openfhe_python`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Python => "python",
            Self::NumPy => "numpy",
            Self::Torch => "torch",
            Self::Cuda => "cuda",
            Self::Triton => "triton",
            Self::OpenFhe => "openfhe",
            Self::OpenFhePython => "openfhe_python",
            Self::TenSeal => "tenseal",
        })
    }
}

/// How a polynomial is printed as source code. A [`Language`] alone stands for float64 and the
/// polynomial's own scheme.
///
/// # Examples
///
/// ```
/// use maclaurin::{Code, Format, Language, Scheme};
///
/// let exp = maclaurin::taylor("exp(x)", 3, "0")?;
/// let code = Code { format: Format::F32, scheme: Some(Scheme::Estrin), ..Language::Rust.into() };
/// assert!(exp.code(code)?.contains("(0.16666667 * x + 0.5) * x2 + (x + 1.0)"));
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Code {
    /// The language.
    pub language: Language,
    /// The format that is computed in.
    pub format: Format,
    /// The order of the operations; if `None`, that of `evaluate`: Horner's rule, or Clenshaw's where an
    /// approximation is evaluated by Chebyshev polynomials.
    pub scheme: Option<Scheme>,
    /// The range of the certified error that the comment states. If `None`, an approximation has its
    /// own ranges, and a Taylor polynomial no such statement.
    pub on: Option<(f64, f64)>,
}

impl From<Language> for Code {
    fn from(language: Language) -> Self {
        Self { language, format: Format::F64, scheme: None, on: None }
    }
}

impl Code {
    /// Refuses options that the language does not have.
    pub(crate) fn check(self) -> Result<(), Error> {
        let Self { language, format, scheme, .. } = self;
        let refuse = |option, reason| Err(Error::Choice { option, reason });
        match scheme {
            _ if !language.is_encrypted() => Ok(()),
            Some(scheme) => {
                let reason = format!(
                    "{language} evaluates by a scheme of its own, not by {scheme}; leave it out"
                );
                refuse("scheme", reason)
            }
            None if format != Format::F64 => {
                let dtype = Types::of(format).dtype;
                refuse(
                    "dtype",
                    format!(
                        "{language} takes its coefficients in float64, not {dtype}; leave it out"
                    ),
                )
            }
            None => Ok(()),
        }
    }

    /// The end of the Python call that prints this code.
    pub(crate) fn call(self) -> String {
        let mut options = vec![format!("\"{}\"", self.language)];
        if self.format != Format::F64 {
            options.push(format!("dtype=\"{}\"", Types::of(self.format).dtype));
        }
        options.extend(self.scheme.map(|scheme| format!("scheme=\"{scheme}\"")));
        options.extend(self.on.map(|(low, high)| format!("on=({low:?}, {high:?})")));
        format!(".code({})", options.join(", "))
    }
}

/// What is certified of a function that computes in a format, for its comment.
pub(crate) fn certificate(on: &str, bound: f64, format: Format) -> String {
    let dtype = Types::of(format).dtype;
    if bound == f64::INFINITY {
        return format!("On {on} it may overflow in {dtype}: there is no bound.");
    }
    let bound = scientific(bound, 4, true);
    format!(
        "Certified: |f - y| <= {bound} for every {dtype} x in {on} and its value y, rounding included."
    )
}

/// A format's names.
pub(crate) struct Types {
    pub dtype: &'static str,
    pub rust: &'static str,
    pub c: &'static str,
    /// The suffix of constants in C.
    suffix: &'static str,
}

impl Types {
    pub(crate) fn of(format: Format) -> Self {
        match format {
            Format::F32 => Self { dtype: "float32", rust: "f32", c: "float", suffix: "f" },
            Format::F64 => Self { dtype: "float64", rust: "f64", c: "double", suffix: "" },
        }
    }
}

/// Text without line breaks, for a comment.
pub(crate) fn on_one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// A function of a program, and what is said of it.
pub(crate) struct Listing<'a> {
    /// The function's name.
    pub name: &'a str,
    /// The lines of its comment.
    pub comment: Vec<String>,
    pub program: &'a Program,
    pub format: Format,
}

impl Listing<'_> {
    /// The function in a language that computes in floats.
    pub(crate) fn print(&self, language: Language) -> String {
        let types = Types::of(self.format);
        let constant = !self.program.steps.contains(&Step::Input);
        let literal = |number: &Number| literal(number, language, self.format);
        // Triton's operator for binary32 is off by up to 2 ulp.
        let division =
            (language == Language::Triton && self.format == Format::F32).then_some("tl.div_rn");
        let Lines { variables, result } = lines(self.program, &literal, division);
        let (name, dtype) = (self.name, types.dtype);
        let comment = comment(&self.comment, language);
        let (head, open, close) = match language {
            Language::Rust => {
                let (x, t) = (if constant { "_x" } else { "x" }, types.rust);
                (format!("{comment}#[must_use]\npub fn {name}({x}: {t}) -> {t} {{\n"), "let ", ";")
            }
            Language::C | Language::Cuda => {
                let (t, cuda) = (types.c, language == Language::Cuda);
                let include = if result.contains("INFINITY")
                    || variables.iter().any(|(_, value)| value.contains("INFINITY"))
                {
                    "#include <math.h>\n\n"
                } else {
                    ""
                };
                let device = if cuda { "__device__ __forceinline__ " } else { "" };
                let unused = if constant { "    (void)x;\n" } else { "" };
                let head = format!("{include}{comment}{device}{t} {name}({t} x) {{\n{unused}");
                (head, if t == "float" { "const float " } else { "const double " }, ";")
            }
            Language::NumPy => {
                let text = format!(
                    "import numpy as np\n\n\ndef {name}(x):\n{comment}    x = np.asarray(x, dtype=np.{dtype})\n"
                );
                (text, "", "")
            }
            Language::Torch => {
                let text = format!(
                    "import torch\n\n\ndef {name}(x: torch.Tensor) -> torch.Tensor:\n{comment}"
                );
                (text, "", "")
            }
            Language::Triton => {
                let text = format!(
                    "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef {name}(x):\n{comment}"
                );
                (text, "", "")
            }
            _ => (format!("def {name}(x):\n{comment}"), "", ""),
        };
        let mut text = head;
        for (variable, value) in &variables {
            text.extend(["    ", open, variable, " = ", value, close, "\n"]);
        }
        let result = match language {
            Language::NumPy if constant => format!("np.full_like(x, {result})"),
            Language::Torch if constant => format!("torch.full_like(x, {result})"),
            Language::Triton if constant => format!("tl.full(x.shape, {result}, tl.{dtype})"),
            _ => result,
        };
        text.extend(match language {
            Language::Rust => ["    ", &result, "\n}\n"],
            Language::C | Language::Cuda => ["    return ", &result, ";\n}\n"],
            _ => ["    return ", &result, "\n"],
        });
        match language {
            Language::Cuda => text += &cuda_kernel(name, types.c),
            Language::Triton => text += &triton_kernel(name, dtype),
            _ => {}
        }
        text
    }
}

/// The kernel for every value of an array.
fn cuda_kernel(name: &str, t: &str) -> String {
    format!(
        "
/* {name} of n values; any grid of one dimension will do. */
__global__ void {name}_kernel(const {t}* __restrict__ x, {t}* __restrict__ y, size_t n) {{
    const size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {{
        y[i] = {name}(x[i]);
    }}
}}
"
    )
}

/// The kernel for every value of a tensor, and what launches it.
fn triton_kernel(name: &str, dtype: &str) -> String {
    format!(
        "

@triton.jit
def {name}_kernel(x_start, y_start, count, BLOCK: tl.constexpr):
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    x = tl.load(x_start + place, mask=inside, other=0.0)
    tl.store(y_start + place, {name}(x.to(tl.{dtype})), mask=inside)


def {name}_of(x: torch.Tensor) -> torch.Tensor:
    \"\"\"`{name}` of every value of a tensor, computed in {dtype}.\"\"\"
    x = x.contiguous()
    y = torch.empty_like(x)
    if x.numel():
        {name}_kernel[(triton.cdiv(x.numel(), 1024),)](x, y, x.numel(), BLOCK=1024)
    return y
"
    )
}

/// A comment, or what a function's documentation is in the language.
pub(crate) fn comment(sentences: &[String], language: Language) -> String {
    let prefixed = |prefix: &str| {
        sentences.iter().flat_map(|sentence| [prefix, sentence, "\n"]).collect::<String>()
    };
    if language.is_python() {
        let (first, rest) =
            sentences.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
        if rest.is_empty() {
            return format!("    \"\"\"{first}\"\"\"\n");
        }
        let rest: String = rest.iter().flat_map(|sentence| ["    ", sentence, "\n"]).collect();
        return format!("    \"\"\"{first}\n\n{rest}    \"\"\"\n");
    }
    match language {
        Language::Rust => prefixed("/// "),
        _ => format!("/*\n{} */\n", prefixed(" * ").replace("*/", "* /")),
    }
}

/// A constant, exactly as it is computed with.
pub(crate) fn literal(number: &Number, language: Language, format: Format) -> String {
    let value = format.round(number.value);
    let types = Types::of(format);
    if !value.is_finite() {
        let infinity = match language {
            Language::Rust => format!("{}::INFINITY", types.rust),
            Language::C | Language::Cuda => "INFINITY".into(),
            _ => "float(\"inf\")".into(),
        };
        return if value < 0.0 { format!("-{infinity}") } else { infinity };
    }
    match language {
        Language::Rust if format == Format::F32 => format!("{:?}", value as f32),
        Language::C | Language::Cuda => hexadecimal(value) + types.suffix,
        // Triton takes a Python float on its own for binary32.
        Language::Triton if format == Format::F64 => format!("tl.full((), {value:?}, tl.float64)"),
        _ => format!("{value:?}"),
    }
}

/// A finite double as a hexadecimal floating-point constant (C17, 6.4.4.2).
pub(super) fn hexadecimal(value: f64) -> String {
    let bits = value.to_bits();
    let sign = if bits >> 63 == 1 { "-" } else { "" };
    let (exponent, fraction) = (((bits >> 52) & 0x7ff) as i64, bits & ((1 << 52) - 1));
    let digits = format!("{fraction:013x}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    match exponent {
        0 if fraction == 0 => format!("{sign}0.0"),
        0 => format!("{sign}0x0{point}{digits}p-1022"),
        _ => format!("{sign}0x1{point}{digits}p{}", exponent - 1023),
    }
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn hexadecimal_constants() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "0x1p0"),
            (-0.1, "-0x1.999999999999ap-4"),
            (0.1875, "0x1.8p-3"),
            (f64::MAX, "0x1.fffffffffffffp1023"),
            (f64::from_bits(1), "0x0.0000000000001p-1022"),
        ] {
            assert_eq!(hexadecimal(value), text);
        }
    }
}
