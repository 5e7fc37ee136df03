//! A page on which one looks at a function and its polynomials, and what answers it.
//!
//! The page ([`PAGE`], [`SCRIPT`], [`STYLE`]) draws; every number on it is computed here. It asks by
//! messages of JSON, with bytes beside them where there are many, and a host carries them: the server of
//! `maclaurin explore`, and the widget of the Python package. [`answer`] is the whole interface.
//!
//! | `ask` | what comes back |
//! |---|---|
//! | `names` | the built-in functions, the languages of source code, the limits |
//! | `curves` | the function and its Taylor polynomials on a range |
//! | `errors` | the certified error on the range and its parts, and the band that it makes |
//! | `coefficients` | the coefficients, decimal and exact, the series as text and LaTeX |
//! | `disc` | the radius of convergence and proven singularities |
//! | `cuts` | the branch cuts of principal values in a window of the plane, not proven |
//! | `approximation` | a polynomial on the range by one of the four methods, with its error |
//! | `code` | the polynomial as source code |
//! | `histogram` | of the pixels sent along: how many have each value |
//! | `sheet` | for each degree and channel the gray of every value, and the smallest order for a tolerance |
//! | `array` | the pixels sent along, expanded, as a `.npy` file |

mod approximation;
mod coefficients;
mod curves;
mod disc;
mod failure;
mod figures;
mod picture;
mod subject;

use failure::Failure;
use maclaurin::{Function, Language};
use serde::Deserialize;
use serde_json::{Value, json};

/// The largest order and degree.
pub const LARGEST_ORDER: usize = 100;

/// The most pixels of a picture.
pub const MOST_PIXELS: usize = 1 << 24;

/// The most bytes of an expanded picture.
pub const MOST_OUTPUT: usize = 1 << 29;

/// The most bytes of a question's JSON.
pub const MOST_JSON: usize = 1 << 18;

/// The HTML of the page, for a server; it loads [`STYLE`] as `explore.css` and [`SCRIPT`] as `explore.js`.
pub const PAGE: &str = include_str!("../page/index.html");

/// What the server's page runs: mounts the module on a host that asks the server, as `page.js`.
pub const START: &str = include_str!("../page/page.js");

/// The style sheet.
pub const STYLE: &str = include_str!("../page/explore.css");

/// The module, one ES module in parts that share its names.
pub const SCRIPT: &str = concat!(
    include_str!("../page/elements.js"),
    include_str!("../page/state.js"),
    include_str!("../page/asking.js"),
    include_str!("../page/axes.js"),
    include_str!("../page/plots.js"),
    include_str!("../page/editor.js"),
    include_str!("../page/tables.js"),
    include_str!("../page/picture.js"),
    include_str!("../page/explore.js"),
);

/// What the page asks.
#[derive(Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
enum Question {
    Names {},
    Curves(curves::Question),
    Errors(curves::Question),
    Coefficients(subject::Subject),
    Disc(subject::Subject),
    Cuts(disc::CutsQuestion),
    Approximation(approximation::Question),
    Code(coefficients::CodeQuestion),
    Histogram(picture::Shape),
    Sheet(picture::SheetQuestion),
    Array(picture::ArrayQuestion),
}

/// What comes back: JSON, and bytes where a file was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// An object; with `error` where there is no answer, an object whose `message` says why.
    pub json: String,
    /// A file.
    pub bytes: Vec<u8>,
}

/// Answers a question of the page, to which `bytes` are the pixels of a picture, or nothing.
///
/// Never panics for what it is asked; long work can be given up by [`maclaurin::cancellable`].
///
/// # Examples
///
/// ```
/// let question = r#"{"ask": "coefficients", "expression": "log(1 + exp(x))", "order": 4}"#;
/// let answer = maclaurin_explore::answer(question, &[]);
/// assert!(answer.json.contains("log(2) + x/2 + x^2/8 - x^4/192"));
/// ```
#[must_use]
pub fn answer(question: &str, bytes: &[u8]) -> Answer {
    let mut file = Vec::new();
    let answered = read(question).and_then(|question| match question {
        Question::Names {} => Ok(names()),
        Question::Curves(question) => question.answer(),
        Question::Errors(question) => question.errors(),
        Question::Coefficients(subject) => coefficients::answer(&subject),
        Question::Disc(subject) => disc::answer(&subject),
        Question::Cuts(question) => question.answer(),
        Question::Approximation(question) => question.answer(),
        Question::Code(question) => question.answer(),
        Question::Histogram(shape) => shape.histogram(bytes),
        Question::Sheet(question) => question.answer(),
        Question::Array(question) => {
            let (about, array) = question.answer(bytes)?;
            file = array;
            Ok(about)
        }
    });
    let json = answered.unwrap_or_else(|failure| json!({ "error": failure.json() }));
    Answer { json: json.to_string(), bytes: file }
}

/// An answer that only says why there is none.
#[must_use]
pub fn refusal(message: &str) -> Answer {
    let json = json!({ "error": Failure::Refused(message.into()).json() }).to_string();
    Answer { json, bytes: Vec::new() }
}

fn read(question: &str) -> Result<Question, Failure> {
    if question.len() > MOST_JSON {
        let message = format!("the question has {} bytes, at most {MOST_JSON}", question.len());
        return Err(Failure::Refused(message));
    }
    serde_json::from_str(question).map_err(|error| Failure::Refused(error.to_string()))
}

/// What the page completes and offers.
fn names() -> Value {
    let functions: Vec<_> = Function::builtins()
        .map(|known| {
            json!({
                "name": known.name,
                "aliases": known.aliases,
                "arguments": known.arguments,
                "formula": known.formula,
                "analytic": known.analytic,
            })
        })
        .collect();
    json!({
        "functions": functions,
        "languages": Language::ALL.map(|language| language.to_string()),
        "formats": maclaurin::Format::ALL.map(|format| format.to_string()),
        "largest_order": LARGEST_ORDER,
        "most_pixels": MOST_PIXELS,
    })
}
