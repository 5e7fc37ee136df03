//! Any series has a radius and, on any range, a bound or an error; never a panic, a hang or much
//! memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maclaurin::{Function, Series};

fuzz_target!(|input: (&str, u8, f64, f64)| {
    let (text, order, low, high) = input;
    let (text, at) = text.split_once('@').unwrap_or((text, "1/2"));
    let Ok(function) = Function::parse(text) else { return };
    if let Ok(series) = Series::new(&function, usize::from(order % 12), at) {
        let radius = series.radius();
        assert!(0.0 <= radius.lower && radius.lower <= radius.upper, "{radius:?}");
        if let Ok(error) = series.error_bound(low, high) {
            assert!(error.sampled <= error.bound && low <= error.at && error.at <= high);
        }
    }
});
