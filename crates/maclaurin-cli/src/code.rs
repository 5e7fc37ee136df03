//! The options of source code: its language, its type, its scheme.

// Help texts are read on a terminal, where backticks are noise.
#![allow(clippy::doc_markdown)]

use clap::{Args, ValueEnum};
use maclaurin::{Code, Language, Scheme};

use crate::Failure;

/// How a series is printed.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// The series and a table of its coefficients.
    Text,
    /// LaTeX mathematics.
    Latex,
    /// Everything, for programs.
    Json,
    /// A Rust function.
    Rust,
    /// A C function.
    C,
    /// A Python function.
    Python,
    /// A Python function on NumPy arrays.
    Numpy,
    /// A Python function on PyTorch tensors.
    Torch,
    /// A CUDA function and a kernel.
    Cuda,
    /// A Triton function, a kernel and a function of PyTorch tensors.
    Triton,
    /// A C++ function of a CKKS ciphertext, with OpenFHE.
    Openfhe,
    /// A Python function of a CKKS ciphertext, with OpenFHE.
    OpenfhePython,
    /// A Python function of a CKKS vector, with TenSEAL.
    Tenseal,
}

/// What is printed.
pub enum Printing {
    /// The polynomial and a table of its coefficients.
    Text,
    /// LaTeX mathematics.
    Latex,
    /// Everything, for programs.
    Json,
    /// Source code.
    Code(Code),
}

/// How source code computes.
#[derive(Args)]
pub struct CodeArguments {
    /// The type that source code computes in [default: f64].
    #[arg(long, value_enum)]
    pub dtype: Option<FormatName>,
    /// The order of the operations in source code [default: horner, or Clenshaw's recurrence where
    /// powers would lose the accuracy].
    #[arg(long, value_enum)]
    pub scheme: Option<SchemeName>,
}

/// An order of operations, as it is written on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub enum SchemeName {
    /// The fewest operations, each waiting for the one before.
    Horner,
    /// The even and the odd part apart.
    EvenOdd,
    /// Pairs, and pairs of pairs: the least depth.
    Estrin,
    /// The fewest multiplications of two values that depend on x.
    PatersonStockmeyer,
}

impl CodeArguments {
    /// What a format asks for; options of source code are refused beside others.
    pub fn printing(&self, format: Format, on: Option<(f64, f64)>) -> Result<Printing, Failure> {
        let given = [
            (self.dtype.is_some(), "--dtype"),
            (self.scheme.is_some(), "--scheme"),
            (on.is_some(), "--on"),
        ];
        let language = match format {
            Format::Rust => Language::Rust,
            Format::C => Language::C,
            Format::Python => Language::Python,
            Format::Numpy => Language::NumPy,
            Format::Torch => Language::Torch,
            Format::Cuda => Language::Cuda,
            Format::Triton => Language::Triton,
            Format::Openfhe => Language::OpenFhe,
            Format::OpenfhePython => Language::OpenFhePython,
            Format::Tenseal => Language::TenSeal,
            Format::Text | Format::Latex | Format::Json => {
                if let Some((_, option)) = given.iter().find(|(given, _)| *given) {
                    return Err(Failure::Usage(format!(
                        "{option} is for source code: add --format with a language, such as --format c"
                    )));
                }
                return Ok(match format {
                    Format::Latex => Printing::Latex,
                    Format::Json => Printing::Json,
                    _ => Printing::Text,
                });
            }
        };
        Ok(Printing::Code(self.code_in(language, on)))
    }

    fn code_in(&self, language: Language, on: Option<(f64, f64)>) -> Code {
        let scheme = self.scheme.map(|name| match name {
            SchemeName::Horner => Scheme::Horner,
            SchemeName::EvenOdd => Scheme::EvenOdd,
            SchemeName::Estrin => Scheme::Estrin,
            SchemeName::PatersonStockmeyer => Scheme::PatersonStockmeyer,
        });
        let format = self.dtype.map_or(maclaurin::Format::F64, FormatName::format);
        Code { format, scheme, on, ..language.into() }
    }
}

/// A type in which a polynomial is evaluated, as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// Half precision, IEEE binary16.
    #[value(alias = "float16")]
    F16,
    /// bfloat16, the upper half of a single.
    #[value(alias = "bfloat16")]
    Bf16,
    /// Single precision.
    #[value(alias = "float32")]
    F32,
    /// Double precision.
    #[value(alias = "float64")]
    F64,
}

impl FormatName {
    /// The format.
    pub fn format(self) -> maclaurin::Format {
        match self {
            Self::F16 => maclaurin::Format::F16,
            Self::Bf16 => maclaurin::Format::BF16,
            Self::F32 => maclaurin::Format::F32,
            Self::F64 => maclaurin::Format::F64,
        }
    }
}
