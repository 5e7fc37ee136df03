//! Programs as source code: what surrounds their expressions in each language.

use std::fmt;

use super::expression::{Lines, lines};
use super::{Number, Program, Scheme, Step};
use crate::number::{Format, scientific};
use crate::series::Error;

/// A language that polynomials are printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rust. Constants are the shortest decimals that read back exactly: Rust has no hexadecimal
    /// floats.
    Rust,
    /// C99, with hexadecimal floating-point constants, which are exact; float16 is `_Float16`, which GCC
    /// has from version 12 and Clang from 15 on x86-64.
    C,
    /// Python without imports; works on floats, and on arrays of any library with operators. What
    /// Python computes in is float64; for the narrower formats the constants alone are rounded.
    Python,
    /// Python on anything that NumPy makes an array of, in the format; NumPy has no bfloat16.
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

    /// What the language calls a format, or `None` where it does not compute in it.
    pub(crate) fn name_of(self, format: Format) -> Option<&'static str> {
        Some(match (self, format) {
            (Self::Rust, Format::F32) => "f32",
            (Self::Rust, Format::F64) => "f64",
            (Self::C | Self::Cuda, Format::F32) => "float",
            (Self::C | Self::Cuda | Self::OpenFhe, Format::F64) => "double",
            // An extended type of ISO/IEC TS 18661-3.
            (Self::C, Format::F16) => "_Float16",
            (Self::NumPy | Self::Python | Self::Torch | Self::Triton, Format::F16) => "float16",
            (Self::Python | Self::Torch | Self::Triton, Format::BF16) => "bfloat16",
            (Self::NumPy | Self::Python | Self::Torch | Self::Triton, Format::F32) => "float32",
            (Self::Rust | Self::Cuda, Format::F16 | Format::BF16)
            | (Self::C | Self::NumPy, Format::BF16) => return None,
            _ if format == Format::F64 => "float64",
            _ => return None,
        })
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
        if let Some(scheme) = scheme.filter(|_| language.is_encrypted()) {
            let reason = format!(
                "{language} evaluates by a scheme of its own, not by {scheme}; leave it out"
            );
            return refuse("scheme", reason);
        }
        if language.name_of(format).is_some() {
            return Ok(());
        }
        let reason = if language.is_encrypted() {
            format!("{language} takes its coefficients in float64, not {format}; leave it out")
        } else {
            let fits = Format::ALL.into_iter().filter(|other| language.name_of(*other).is_some());
            let fits: Vec<_> = fits.map(|format| format.to_string()).collect();
            format!("{language} code computes in {}, not in {format}", fits.join(" or "))
        };
        refuse("dtype", reason)
    }

    /// The end of the Python call that prints this code.
    pub(crate) fn call(self) -> String {
        let mut options = vec![format!("\"{}\"", self.language)];
        if self.format != Format::F64 {
            options.push(format!("dtype=\"{}\"", self.format));
        }
        options.extend(self.scheme.map(|scheme| format!("scheme=\"{scheme}\"")));
        options.extend(self.on.map(|(low, high)| format!("on=({low:?}, {high:?})")));
        format!(".code({})", options.join(", "))
    }
}

/// What is certified of a function that computes in a format, for its comment.
pub(crate) fn certificate(on: &str, bound: f64, format: Format) -> String {
    if bound == f64::INFINITY {
        return format!("On {on} it may overflow in {format}: there is no bound.");
    }
    let bound = scientific(bound, 4, true);
    format!(
        "Certified: |f - y| <= {bound} for every {format} x in {on} and its value y, rounding included."
    )
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
        // Where there is none, `Code::check` has refused it.
        let name_of_type = language.name_of(self.format).unwrap_or_default();
        let constant = !self.program.steps.contains(&Step::Input);
        let literal = |number: &Number| literal(number, language, self.format);
        // Triton's operator for binary32 is off by up to 2 ulp.
        let division =
            (language == Language::Triton && self.format == Format::F32).then_some("tl.div_rn");
        let Lines { variables, result } = lines(self.program, &literal, division);
        let (name, dtype) = (self.name, self.format);
        let comment = comment(&self.comment, language);
        let (head, open, close) = match language {
            Language::Rust => {
                let (x, t) = (if constant { "_x" } else { "x" }, name_of_type);
                let head = format!("{comment}#[must_use]\npub fn {name}({x}: {t}) -> {t} {{\n");
                (head, "let ".to_owned(), ";")
            }
            Language::C | Language::Cuda => {
                let (t, cuda) = (name_of_type, language == Language::Cuda);
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
                (head, format!("const {t} "), ";")
            }
            Language::NumPy => {
                let text = format!(
                    "import numpy as np\n\n\ndef {name}(x):\n{comment}    x = np.asarray(x, dtype=np.{dtype})\n"
                );
                (text, String::new(), "")
            }
            Language::Torch => {
                let text = format!(
                    "import torch\n\n\ndef {name}(x: torch.Tensor) -> torch.Tensor:\n{comment}"
                );
                (text, String::new(), "")
            }
            Language::Triton => {
                let text = format!(
                    "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef {name}(x):\n{comment}"
                );
                (text, String::new(), "")
            }
            _ => (format!("def {name}(x):\n{comment}"), String::new(), ""),
        };
        let mut text = head;
        for (variable, value) in &variables {
            text.extend(["    ", &open, variable, " = ", value, close, "\n"]);
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
            Language::Cuda => text += &cuda_kernel(name, name_of_type),
            Language::Triton => text += &triton_kernel(name, name_of_type),
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
    if !value.is_finite() {
        let infinity = match language {
            Language::Rust => {
                format!("{}::INFINITY", language.name_of(format).unwrap_or_default())
            }
            Language::C | Language::Cuda => "INFINITY".into(),
            _ => "float(\"inf\")".into(),
        };
        return if value < 0.0 { format!("-{infinity}") } else { infinity };
    }
    // Every number of the narrower formats is one of float32, and C and Rust convert it at no cost.
    let is_narrow = number.format.is_some_and(|own| own != Format::F64) && format == Format::F64;
    let written = if is_narrow { Format::F32 } else { format };
    match language {
        Language::Rust if is_narrow => format!("f64::from({:?}_f32)", value as f32),
        Language::Rust if format == Format::F32 => format!("{:?}", value as f32),
        Language::C | Language::Cuda => {
            let suffix = match written {
                Format::F16 => "f16",
                Format::F32 => "f",
                Format::BF16 | Format::F64 => "",
            };
            hexadecimal(value) + suffix
        }
        // Triton takes a Python float on its own for narrower formats.
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
