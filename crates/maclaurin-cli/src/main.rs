//! The `maclaurin` command: series in the shell, pictures expanded into arrays, plots.

mod approximate;
mod approximation_chart;
mod arguments;
mod array;
mod basis;
mod bound;
mod canvas;
mod chart;
mod code;
mod error_chart;
mod expand;
mod explore;
mod font;
mod functions;
mod input;
mod legend;
mod output;
mod palette;
mod picture;
mod piecewise;
mod plot;
mod series;
mod sheet;
#[cfg(feature = "zarr")]
mod store;
mod summary;
#[cfg(feature = "parquet")]
mod table;
mod ticks;
mod tile;
mod title;

use std::path::PathBuf;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::{CommandFactory, Parser};
use maclaurin::{Error, ExpandError};

/// Why a command did not do its job.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The command line asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    /// A function has no series, or its text is not a function.
    #[error(transparent)]
    Series(#[from] Error),
    /// An array could not be expanded.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A file could not be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file could not be written.
    #[error("cannot write {}: {reason}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Some of many files failed; each has been reported.
    #[error("{failed} of {all} files failed")]
    Some {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
    },
    /// The page could not be served.
    #[error("cannot serve the page: {0}")]
    Serve(String),
    /// A picture could not be drawn.
    #[error("cannot draw: {0}")]
    Draw(String),
}

impl Failure {
    /// 2 where the command line is to be changed, 1 where the job failed.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_)
            | Self::Series(Error::Parse(_) | Error::OrderTooLarge { .. } | Error::Choice { .. })
            | Self::Expand(
                ExpandError::AxisOutOfBounds { .. }
                | ExpandError::DegreeOutOfRange { .. }
                | ExpandError::WrongWeights { .. }
                | ExpandError::SumOfBasis,
            ) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    output::clean_up_on_signals();
    let outcome = match &arguments.command {
        Command::Series(arguments) => series::run(arguments),
        Command::Approximate(arguments) => approximate::run(arguments),
        Command::Expand(arguments) => expand::run(arguments),
        Command::Plot(arguments) => plot::run(arguments),
        Command::Bound(arguments) => bound::run(arguments),
        Command::Explore(arguments) => explore::run(arguments),
        Command::Functions(arguments) => functions::run(arguments),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command, "maclaurin", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
        Command::Man { command } => {
            manual(command.as_deref()).and_then(|page| output::print(&page))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::report("error", &failure.to_string());
            failure.exit_code()
        }
    }
}

/// One page: the command and, as sections, its subcommands; or that of one subcommand.
fn manual(of: Option<&str>) -> Result<String, Failure> {
    let mut page = Vec::new();
    let failure = |error: std::io::Error| Failure::Draw(error.to_string());
    let mut command = Arguments::command();
    command.build();
    if let Some(name) = of {
        let Some(subcommand) = command.find_subcommand(name) else {
            let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
            return Err(Failure::Usage(format!(
                "there is no command `{name}`; the commands are {}",
                names.join(", ")
            )));
        };
        let man = clap_mangen::Man::new(subcommand.clone());
        man.render(&mut page).map_err(failure)?;
        return Ok(with_sections(&String::from_utf8_lossy(&page)));
    }
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failure)?;
    for subcommand in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let man = clap_mangen::Man::new(subcommand.clone());
        let title = subcommand.get_name().to_uppercase();
        page.extend(format!(".SH COMMAND {title}\n").bytes());
        man.render_description_section(&mut page).map_err(failure)?;
        man.render_synopsis_section(&mut page).map_err(failure)?;
        man.render_options_section(&mut page).map_err(failure)?;
        if subcommand.get_after_help().is_some() {
            man.render_extra_section(&mut page).map_err(failure)?;
        }
    }
    Ok(with_sections(&String::from_utf8_lossy(&page)))
}

/// The page with the sections that manuals have instead of EXTRA; the lines of examples stay apart.
fn with_sections(page: &str) -> String {
    let mut lines = Vec::new();
    let mut examples = false;
    for line in page.lines() {
        let codes = line.strip_prefix("Exit codes: ");
        if examples && (line.starts_with(".SH") || codes.is_some()) {
            lines.push(".fi");
            examples = false;
        }
        match (line, codes) {
            (".SH EXTRA", _) => {
                lines.extend([".SH EXAMPLES", ".nf"]);
                examples = true;
            }
            ("Examples:", _) => {}
            (_, Some(codes)) => lines.extend([".SH \"EXIT STATUS\"", codes]),
            _ => lines.push(line),
        }
    }
    lines.join("\n") + "\n"
}
