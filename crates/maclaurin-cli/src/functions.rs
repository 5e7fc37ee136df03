//! `maclaurin functions`: the built-in functions listed.

use std::fmt::Write;

use maclaurin::{BuiltinFunction, Function};
use serde_json::json;

use crate::arguments::FunctionsArguments;
use crate::{Failure, output};

pub fn run(arguments: &FunctionsArguments) -> Result<(), Failure> {
    let found: Vec<_> = Function::builtins().filter(|known| matches(arguments, known)).collect();
    if let (true, Some(words)) = (found.is_empty(), &arguments.search) {
        let message =
            format!("no function has `{words}` in a name; list all with `maclaurin functions`");
        return Err(Failure::Usage(message));
    }
    if arguments.json {
        let listed: Vec<_> = found.iter().map(json).collect();
        return output::print(&(json!(listed).to_string() + "\n"));
    }
    let mut text = String::new();
    for known in found {
        let call = format!("{}({})", known.name, known.arguments.join(", "));
        let also = match known.aliases {
            [] => String::new(),
            aliases => format!("also {}; ", aliases.join(", ")),
        };
        let (formula, analytic, source) = (known.formula, known.analytic, known.source);
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "{call:<28} {formula}\n{:29}{also}analytic: {analytic}; {source}", "");
    }
    output::print(&text)
}

fn matches(arguments: &FunctionsArguments, known: &BuiltinFunction) -> bool {
    let mut names = std::iter::once(&known.name).chain(known.aliases);
    arguments.search.as_ref().is_none_or(|part| names.any(|name| name.contains(part.as_str())))
}

fn json(known: &BuiltinFunction) -> serde_json::Value {
    json!({
        "name": known.name,
        "aliases": known.aliases,
        "arguments": known.arguments,
        "formula": known.formula,
        "analytic": known.analytic,
        "source": known.source,
    })
}
