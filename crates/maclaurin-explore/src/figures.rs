//! Numbers of a few digits, as they are read on the page.

use maclaurin::scientific;

/// Digits after the first.
const DIGITS: usize = 3;

/// Exponents that are written out.
const WRITTEN_OUT: std::ops::RangeInclusive<i32> = -3..=3;

/// A certified upper bound, rounded up.
pub fn upper(bound: f64) -> String {
    written_out(&scientific(bound, DIGITS, true))
}

/// A certified lower bound, rounded down.
pub fn lower(bound: f64) -> String {
    written_out(&scientific(bound, DIGITS, false))
}

/// A value that certifies nothing.
pub fn nearest(value: f64) -> String {
    if value == 0.0 { "0".into() } else { written_out(&format!("{value:.DIGITS$e}")) }
}

/// `3.187e-2` as `0.03187`: the same digits.
fn written_out(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else { return text.into() };
    let Some(exponent) = exponent.parse::<i32>().ok().filter(|e| WRITTEN_OUT.contains(e)) else {
        return text.into();
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent) as usize - 1));
    }
    // Where the point is, counted from the first digit.
    let point = 1 + exponent as usize;
    let padded = format!("{digits:0<point$}");
    let (whole, part) = padded.split_at(point);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_and_bounds_stay_bounds() {
        for (text, expected) in [
            ("3.187e-2", "0.03187"),
            ("1.9444e0", "1.9444"),
            ("-2.5e-1", "-0.25"),
            ("2.5e1", "25"),
            ("2.517e3", "2517"),
            ("2e3", "2000"),
            ("1.25e-3", "0.00125"),
            ("1.25e-4", "1.25e-4"),
            ("infinity", "infinity"),
        ] {
            assert_eq!(written_out(text), expected, "{text}");
        }
        let third = 1.0 / 3.0;
        let (above, below) = (upper(third), lower(third));
        assert!(below.starts_with("0.333") && above.starts_with("0.333"), "{below} {above}");
        assert!(below.parse::<f64>().is_ok_and(|low| low <= third));
        assert!(above.parse::<f64>().is_ok_and(|high| high >= third));
    }
}
