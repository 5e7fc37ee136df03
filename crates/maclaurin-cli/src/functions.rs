//! `maclaurin functions`: the built-in functions listed.

use std::fmt::Write;

use maclaurin::{BuiltinFunction, Function};
use serde_json::json;

use crate::arguments::FunctionsArguments;
use crate::{Failure, output};

pub fn run(arguments: &FunctionsArguments) -> Result<(), Failure> {
    let found: Vec<_> = Function::builtins().filter(|known| matches(arguments, known)).collect();
    if let (true, Some(words)) = (found.is_empty(), &arguments.search) {
        let near = Function::nearest_name(words)
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        let message = format!(
            "no function has `{words}` in a name{near}; list all with `maclaurin functions`"
        );
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
    let Some(part) = arguments.search.as_ref().map(|part| part.to_lowercase()) else { return true };
    let mut names = std::iter::once(&known.name).chain(known.aliases);
    names.any(|name| name.to_lowercase().contains(&part))
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
