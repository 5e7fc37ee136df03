//! Any text is a function or an error, never a panic; what an error marks is inside the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maclaurin::Function;

fuzz_target!(|text: &str| {
    match Function::parse(text) {
        Ok(function) => {
            let _ = function.evaluate(0.5);
        }
        Err(error) => {
            let _ = error.excerpt.marked();
            assert!(!error.to_string().is_empty());
        }
    }
    let _ = Function::constant(text);
    let _ = Function::with_parameters("erlang_cdf(x, k, rate)", &[("k", text), ("rate", "2")]);
});
