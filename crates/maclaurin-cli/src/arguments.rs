//! The command line: one definition for parsing, help, completions and the man page.

// Help texts are read on a terminal, where backticks are noise.
#![allow(clippy::doc_markdown)]

mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use maclaurin::{Choice, Degrees, Error, Function, Series};

use crate::Failure;
use crate::basis::BasisArguments;
use crate::code::{CodeArguments, Format, FormatName};
use crate::explore::ExploreArguments;
use crate::input::InputArguments;

pub use self::values::range;
pub use self::values::{Codec, FileFormat, KindName, MethodName, Orders, Pieces, TypeName};
use self::values::{
    bytes, coefficients, degrees, finite, fixed, list_of_degrees, order, orders, parameter, pieces,
    size, threads, tolerance,
};

/// Taylor series of any function of one variable, and pictures expanded by them.
#[derive(Parser)]
#[command(name = "maclaurin", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Examples:
  maclaurin series \"log(1 + exp(x))\" --order 4
  maclaurin expand photo.jpg --function softplus --order 4 -o photo.npy
  maclaurin plot \"exp(x)\" --orders 1..3 --on -3:3 -o exp.svg

`maclaurin COMMAND --help` has more of them; `maclaurin series --help` lists the built-in functions.

Exit codes: 0 done, 1 the job failed, 2 the command line or an expression is wrong.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Print the Taylor series of a function: exact coefficients, LaTeX, JSON or source code.
    #[command(after_help = "Examples:
  maclaurin series \"log(1 + exp(x))\" --order 4
  maclaurin series \"sin(x)\" --at pi/6 --terms 5 --format latex
  maclaurin series \"erlang_cdf(x, k, rate)\" --param k=3 --param rate=2 --order 6
  maclaurin series \"cot(x)\" --laurent
      about a pole
  maclaurin series gelu --order 8 --format rust > gelu.rs
  maclaurin series \"exp(x)\" --order 6 --on -1:1 --format c --dtype f32 --scheme estrin", before_long_help = built_in())]
    Series(SeriesArguments),
    /// Print the best polynomial for a function on a range, with its certified error.
    #[command(after_help = "Examples:
  maclaurin approximate sigmoid --degree 7 --on -8:8
  maclaurin approximate silu --tolerance 1e-3 --on -8:8
      the smallest degree that stays within it
  maclaurin approximate \"sin(x)\" --degrees 1,3,5 --on 0:pi/2 --relative --format c --dtype f32
  maclaurin approximate \"x/abs(x)\" --degree 9 --on -1:-0.1 --on 0.1:1
      several ranges at once
  maclaurin approximate \"exp(x)\" --degree 5 --on -1:1 --fixed 0=1
      with p(0) = 1
  maclaurin approximate gelu --degree 2 --pieces auto --tolerance 1e-3 --continuous --on -4:4
  maclaurin approximate \"2^x\" --degree 6 --on 0:1 --coefficients float32 --ulp f32
      with the errors of all float32 numbers, in ulp
  maclaurin approximate tanh --degree 9 --on -3:3 -o error.svg", before_long_help = built_in())]
    Approximate(ApproximateArguments),
    /// Expand pictures or arrays: every value becomes the terms of the series.
    #[command(after_help = "Examples:
  maclaurin expand photo.jpg --function softplus --order 4 -o photo.npy
      pixels as 0..1, height x width x 3 channels x 3 terms (degrees 1, 2 and 4)
  maclaurin expand photo.jpg --function softplus --order 4 -o sheet.png
      a contact sheet to look at: a row for each degree, a column for each channel
  maclaurin expand photos/ --function \"exp(x)\" --order 3 --kind partial_sums -o expanded/
      every picture of a folder, with a progress bar
  maclaurin expand a.png b.png --function tanh --order 5 --concatenate -o both.npz
      channels multiply: height x width x (3 channels * 3 terms)
  maclaurin expand data.npy --function \"log(x)\" --at 1 --order 6 --scale 1/100 -o out.npy
  maclaurin expand volume.zarr --function softplus --order 4 --scale 1/255 --memory 1GB -o terms.zarr
      larger than memory, chunk by chunk; --resume goes on after an interruption
  maclaurin expand data.npy --basis legendre --degree 4 --on 0:1 --squash tanh -o features.npy
      orthogonal polynomials in the place of a series
  maclaurin expand photo.jpg --function tanh --order 5 -o - | python -c \"import numpy, sys; ...\"

Exit codes: 0 all written, 1 some or all files failed, 2 the command line is wrong.")]
    Expand(ExpandArguments),
    /// Draw a function and its Taylor polynomials.
    #[command(after_help = "Examples:
  maclaurin plot \"exp(x)\" --orders 1..3 --on -3:3 -o exp.svg
  maclaurin plot \"log(1 + exp(x))\" --orders 1..4 --on -5:5 -o softplus.png
  maclaurin plot \"sin(x)\" --orders 1,3,5,7 --on -2*pi:2*pi -o sine.svg")]
    Plot(PlotArguments),
    /// Bound the error of a Taylor polynomial on a range, certified, and draw it.
    #[command(after_help = "Examples:
  maclaurin bound \"log(1 + exp(x))\" --on -1:1 --order 4
  maclaurin bound \"log(1 + exp(x))\" --on 0:1 --tolerance 1e-6
      the smallest order that stays within it, and the expansion point that needs least
  maclaurin bound \"exp(x)\" --on -40:0 --order 123 --dtype f64
      with the rounding errors of an evaluation in doubles
  maclaurin bound \"exp(x)\" --on -1:1 --order 6 -o error.svg
      the error curve below its certified bound",
        mut_arg("at", |argument| argument.help(
            "The expansion point: a number or an expression without x, such as 1/2 or pi/6 [default: 0; with \
             --tolerance, the one that needs the smallest order]")))]
    Bound(BoundArguments),
    /// Look at a function and its polynomials on a page in the browser.
    #[command(after_help = "Examples:
  maclaurin explore
  maclaurin explore softplus
  maclaurin explore \"sin(a*x)/x\" --port 9000 --no-open")]
    Explore(ExploreArguments),
    /// List the built-in functions: spellings, formula, where each is analytic, and its source.
    #[command(after_help = "Examples:
  maclaurin functions
  maclaurin functions relu
      those with `relu` in a name
  maclaurin functions --json")]
    Functions(FunctionsArguments),
    /// Print a completion script for a shell: `maclaurin completions bash >> ~/.bashrc`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print a manual page, of all or of one command: `maclaurin man expand | man -l -`.
    Man {
        /// The command.
        command: Option<String>,
    },
}

/// The names that functions can be made of, for the help.
fn built_in() -> String {
    let names: Vec<_> = Function::builtin_names().collect();
    format!("Built-in functions:\n  {}", names.join(" "))
}

/// Which functions are listed.
#[derive(Args)]
pub struct FunctionsArguments {
    /// A part of a name [default: all functions].
    pub search: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// How files are written, and how much is said about it.
#[derive(Args)]
pub struct OutputArguments {
    /// Replace files that exist. (A file that is read is never replaced.)
    #[arg(long)]
    pub force: bool,
    /// Print errors and warnings only, and what --json asks for.
    #[arg(short, long)]
    pub quiet: bool,
}

/// The parameters of a function.
#[derive(Args)]
pub struct ParameterArguments {
    /// A parameter's value; may be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

/// A function and where to expand it.
#[derive(Args)]
pub struct FunctionArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub parameters: ParameterArguments,
    /// The expansion point: a number or an expression without x, such as 1/2 or pi/6 [default: 0].
    #[arg(long, allow_hyphen_values = true)]
    pub at: Option<String>,
}

/// How far to expand.
#[derive(Args)]
#[group(multiple = false)]
pub struct LengthArguments {
    /// The highest degree [default: 4].
    #[arg(long, value_parser = order, allow_hyphen_values = true)]
    pub order: Option<usize>,
    /// The number of non-zero degrees, from degree 1 up.
    #[arg(long, value_parser = order, allow_hyphen_values = true)]
    pub terms: Option<usize>,
}

/// Arguments of `maclaurin series`.
#[derive(Args)]
pub struct SeriesArguments {
    /// The function of x, such as "log(1 + exp(x))", or a built-in name, such as gelu.
    #[arg(allow_hyphen_values = true)]
    pub expression: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub function: FunctionArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub length: LengthArguments,
    /// Print the Laurent series, which has terms of negative degree at a pole.
    #[arg(long, conflicts_with = "terms")]
    pub laurent: bool,
    /// How to print the series.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub code: CodeArguments,
    /// The range whose certified error, rounding included, the comment of source code states.
    #[arg(long, value_parser = range, allow_hyphen_values = true, value_name = "LOW:HIGH")]
    pub on: Option<(f64, f64)>,
}

/// Arguments of `maclaurin approximate`.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("reach").required(true).multiple(true))]
pub struct ApproximateArguments {
    /// The function of x, such as "log(1 + exp(x))", or a built-in name, such as gelu.
    #[arg(allow_hyphen_values = true)]
    pub expression: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub parameters: ParameterArguments,
    /// The range; given several times, several ranges at once.
    #[arg(long, required = true, value_name = "LOW:HIGH", value_parser = range, allow_hyphen_values = true)]
    pub on: Vec<(f64, f64)>,
    /// The highest degree.
    #[arg(long, group = "reach", value_parser = order, allow_hyphen_values = true)]
    pub degree: Option<usize>,
    /// The smallest degree whose certified error is at most this; with --pieces auto and --degree, the fewest
    /// pieces that are found.
    #[arg(long, group = "reach", value_parser = tolerance, allow_hyphen_values = true)]
    pub tolerance: Option<f64>,
    /// The degrees to use, in powers of x - center, such as 1,3,5 or 0..4.
    #[arg(long, group = "reach", value_parser = list_of_degrees)]
    pub degrees: Option<Orders>,
    /// A coefficient that is given; may be given several times.
    #[arg(long, value_name = "DEGREE=VALUE", value_parser = fixed)]
    pub fixed: Vec<(usize, f64)>,
    /// A point where the polynomial has the function's value; may be given several times.
    #[arg(long, value_name = "X", value_parser = finite, allow_hyphen_values = true)]
    pub through: Vec<f64>,
    /// A polynomial on each of COUNT pieces of the range, or of as few as the tolerance asks for (auto).
    #[arg(long, value_name = "COUNT|auto", value_parser = pieces)]
    pub pieces: Option<Pieces>,
    /// Pieces that agree with their neighbours at the breakpoints.
    #[arg(long, requires = "pieces")]
    pub continuous: bool,
    /// The point whose powers the polynomial is written in [default: the middle of the range; 0 with
    /// --degrees or --fixed].
    #[arg(long, value_parser = finite, allow_hyphen_values = true)]
    pub center: Option<f64>,
    /// How the polynomial is chosen.
    #[arg(long, value_enum, default_value_t = MethodName::Minimax)]
    pub method: MethodName,
    /// The numbers that the coefficients are taken from: exact, float64, float32, float16, bfloat16, a
    /// number of significant bits, or fixedN for N fraction bits; float32,0=float64 for another format of degree 0.
    #[arg(long, default_value = "float64", value_name = "FORMAT[,DEGREE=FORMAT...]", value_parser = coefficients)]
    pub coefficients: Choice,
    /// Bound and level the relative error, |f - p|/|f|.
    #[arg(long)]
    pub relative: bool,
    /// Bound and level w |f - p| for this function w, which must be positive on the range.
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "relative")]
    pub weight: Option<String>,
    /// Evaluate the polynomial at every number of this type on the range, and count its errors in units in
    /// the last place.
    #[arg(long, value_enum, value_name = "TYPE")]
    pub ulp: Option<FormatName>,
    /// A picture of the error between its certified bounds: .svg or .png, or - for SVG to standard output.
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: OutputArguments,
    /// Width and height of the picture in pixels, 320x240 to 8000x8000.
    #[arg(long, default_value = "960x600", value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub size: (u32, u32),
    /// How to print the polynomial.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub code: CodeArguments,
}

/// Arguments of `maclaurin expand`.
#[derive(Args)]
pub struct ExpandArguments {
    /// Pictures (PNG, JPEG, TIFF, GIF, WebP, BMP, PNM), arrays (.npy, .npz), folders of them,
    /// a Zarr array, a Parquet table, or - for standard input. A file is known by its content; of a folder, those are read whose names
    /// end as such files' do, such as .jpg.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: InputArguments,
    /// Where to write: a .npy, .npz or .png file (a contact sheet), a folder, - for standard output, or a .zarr
    /// store, which is written in parts and may be larger than memory; of a Parquet table, another.
    #[arg(short, long)]
    pub output: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: OutputArguments,
    /// Print the summary as JSON, with --quiet too; with --output - to standard error.
    #[arg(long)]
    pub json: bool,
    /// The function of x, such as "log(1 + exp(x))", or a built-in name, such as softplus
    /// (`maclaurin series --help` lists them).
    #[arg(short, long, allow_hyphen_values = true, required_unless_present = "basis")]
    pub function: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: FunctionArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub length: LengthArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub basis: BasisArguments,
    /// What each value becomes.
    #[arg(long, value_enum, default_value_t = KindName::Terms)]
    pub kind: KindName,
    /// Which degrees come out: nonzero, all, a list such as 1,2,4, or a range such as 1..3 [default: nonzero].
    #[arg(long, value_parser = degrees)]
    pub degrees: Option<Degrees>,
    /// Degree 0 too, before the others.
    #[arg(long)]
    pub constant: bool,
    /// Weights of the partial sums, for the one sum of them: --kind sum --weights 1,0.5,0.25.
    #[arg(long, value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub weights: Vec<f64>,
    /// The axis of the degrees; negative counts from the end [default: -1].
    #[arg(long, allow_hyphen_values = true)]
    pub axis: Option<isize>,
    /// No new axis: the degrees follow one another along the axis that is there.
    #[arg(long)]
    pub concatenate: bool,
    /// What a value is multiplied with before it is expanded, such as 1/255 [default: pictures
    /// of integers are read as 0..1, other values as they are].
    #[arg(long, value_parser = finite, allow_hyphen_values = true)]
    pub scale: Option<f64>,
    /// What is added after that.
    #[arg(long, default_value = "0", value_parser = finite, allow_hyphen_values = true)]
    pub shift: f64,
    /// The type of the values written.
    #[arg(long, value_enum, default_value_t = TypeName::F32)]
    pub dtype: TypeName,
    /// The type of the files written into a folder or to standard output [default: npy].
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// Of a Parquet table: the columns to expand, such as a,b; the others are kept.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    /// Threads, at most one for each core [default: one for each core].
    #[arg(long, value_parser = threads, allow_hyphen_values = true)]
    pub threads: Option<usize>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub storing: StoreArguments,
}

/// How arrays larger than memory are written: a Zarr store or a .npy file, block by block.
#[derive(Args)]
pub struct StoreArguments {
    /// Of a Zarr store: the extents of a chunk along the axes of the input, such as 1,512,512 [default: those of
    /// the input's chunks; each degree has chunks of its own]. With --memory, of the blocks of a .npy file.
    #[arg(long, value_delimiter = ',', value_name = "EXTENTS", value_parser = clap::value_parser!(u64).range(1..))]
    pub chunks: Option<Vec<u64>>,
    /// Of a Zarr store: how chunks are compressed [default: as those of the input, or zstd].
    #[arg(long, value_enum)]
    pub codec: Option<Codec>,
    /// Of a Zarr store: the memory that may be used, such as 1GB or 500MB [default: half of what is free]. One .npy
    /// file becomes another block by block where this is given.
    #[arg(long, value_parser = bytes)]
    pub memory: Option<u64>,
    /// Of a Zarr store: go on with one that was not finished.
    #[arg(long)]
    pub resume: bool,
}

impl StoreArguments {
    /// An option that is for Zarr stores alone.
    pub fn given(&self) -> Option<&'static str> {
        let options = [
            ("--chunks", self.chunks.is_some()),
            ("--codec", self.codec.is_some()),
            ("--memory", self.memory.is_some()),
            ("--resume", self.resume),
        ];
        options.iter().find(|option| option.1).map(|option| option.0)
    }
}

/// Arguments of `maclaurin plot`.
#[derive(Args)]
pub struct PlotArguments {
    /// The function of x, or a built-in name (`maclaurin series --help` lists them).
    #[arg(allow_hyphen_values = true)]
    pub expression: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub function: FunctionArguments,
    /// The orders to draw: 1..4, or a list such as 1,3,5.
    #[arg(long, default_value = "1..4", value_parser = orders)]
    pub orders: Orders,
    /// The range of x.
    #[arg(long, default_value = "-5:5", value_parser = range, allow_hyphen_values = true, value_name = "LOW:HIGH")]
    pub on: (f64, f64),
    /// The range of y [default: that of the function].
    #[arg(long, value_parser = range, allow_hyphen_values = true, value_name = "LOW:HIGH")]
    pub y: Option<(f64, f64)>,
    /// The picture to write: .svg or .png, or - for SVG to standard output.
    #[arg(short, long)]
    pub output: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: OutputArguments,
    /// Width and height of the picture in pixels, 320x240 to 8000x8000.
    #[arg(long, default_value = "960x600", value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub size: (u32, u32),
}

/// Arguments of `maclaurin bound`.
#[derive(Args)]
pub struct BoundArguments {
    /// The function of x, or a built-in name (`maclaurin series --help` lists them).
    #[arg(allow_hyphen_values = true)]
    pub expression: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub function: FunctionArguments,
    /// The range of x, such as the range of your data.
    #[arg(long, value_parser = range, allow_hyphen_values = true, value_name = "LOW:HIGH")]
    pub on: (f64, f64),
    /// The order of the polynomial [default: 4].
    #[arg(long, value_parser = order, allow_hyphen_values = true, conflicts_with = "tolerance")]
    pub order: Option<usize>,
    /// The largest error allowed: the smallest order that stays within it is found.
    #[arg(long, value_parser = tolerance, allow_hyphen_values = true)]
    pub tolerance: Option<f64>,
    /// Bound the error in this type as well, the rounding errors of the evaluation included.
    #[arg(long, value_enum)]
    pub dtype: Option<FormatName>,
    /// A picture of the error: .svg or .png.
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub writing: OutputArguments,
    /// Print the bounds as JSON, with --quiet too; with --output - to standard error.
    #[arg(long)]
    pub json: bool,
    /// Width and height of the picture in pixels, 320x240 to 8000x8000.
    #[arg(long, default_value = "960x600", value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub size: (u32, u32),
}

impl ParameterArguments {
    /// The parameters as numbers.
    pub fn numbers(&self) -> Result<Vec<(String, f64)>, Failure> {
        let number = |(name, text): &(String, String)| match finite(text) {
            Ok(value) => Ok((name.clone(), value)),
            Err(reason) => Err(Failure::Usage(format!("--param {name}={text}: {reason}"))),
        };
        self.parameters.iter().map(number).collect()
    }

    /// The function that `text` means with these parameters.
    pub fn function(&self, text: &str) -> Result<Function, Failure> {
        let parameters: Vec<_> =
            self.parameters.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        Ok(Function::with_parameters(text, &parameters).map_err(Error::from)?)
    }
}

impl FunctionArguments {
    /// The expansion point.
    pub fn at(&self) -> &str {
        self.at.as_deref().unwrap_or("0")
    }

    /// The function that `text` means with these parameters.
    pub fn function(&self, text: &str) -> Result<Function, Failure> {
        self.parameters.function(text)
    }

    /// The series of the function that `text` means.
    pub fn series(&self, text: &str, length: &LengthArguments) -> Result<Series, Failure> {
        let function = self.function(text)?;
        Ok(match length.terms {
            Some(terms) => Series::with_terms(&function, terms, self.at())?,
            None => Series::new(&function, length.order.unwrap_or(4), self.at())?,
        })
    }
}
