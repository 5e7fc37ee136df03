//! Any function at any point has a series or an error; never a panic, a hang or much memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maclaurin::{Function, Series};

fuzz_target!(|text: &str| {
    let (text, at) = text.split_once('@').unwrap_or((text, "1/2"));
    let Ok(function) = Function::parse(text) else { return };
    if let Ok(series) = Series::new(&function, 3, at) {
        assert_eq!(series.coefficients().len(), 4);
        let _ = (series.to_string(), series.latex());
    }
});
