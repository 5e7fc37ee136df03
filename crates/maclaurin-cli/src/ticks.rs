//! Ticks of an axis and their labels.
//!
//! A tick is an integer times a step of 1, 2 or 5 times a power of ten. The integers are computed
//! exactly from the decimal digits of the range, so a label is its tick's exact value: no rounding
//! turns zero into -2.2e-16, and no two labels are the same. Where the values are long, all labels
//! leave out a power of ten or an offset, which the axis states once.

/// Digits that a label may have before a power of ten or an offset is left out of all of them.
const LONGEST: usize = 8;

/// The ticks of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Where the ticks are, increasing.
    pub values: Vec<f64>,
    /// What is written beside each.
    pub labels: Vec<String>,
    /// The power of ten that the labels are multiplied by, then the offset that is added.
    pub power: i32,
    /// The offset, as an integer and a power of ten.
    pub offset: (i128, i32),
}

impl Ticks {
    /// What the axis states about its labels, such as `×10⁶ + 10¹²`; empty where they are the
    /// values.
    pub fn note(&self) -> String {
        let mut note = String::new();
        if self.power != 0 {
            note = format!("\u{d7}10{}", superscript(self.power));
        }
        let (mantissa, exponent) = self.offset;
        if mantissa != 0 {
            let sign = if mantissa < 0 { "-" } else { "+" };
            let separator = if note.is_empty() { "" } else { " " };
            note.extend([separator, sign, " ", &number(mantissa.abs(), exponent)]);
        }
        note
    }
}

/// At most `most` ticks (at least 4) in `low..=high`, finite and not empty.
pub fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let (low, high) = (Decimal::of(low), Decimal::of(high));
    // The span may exceed the doubles: halves do not.
    let half = high.half() - low.half();
    let start = half.log10() + 2f64.log10() - (most.max(1) as f64).log10();
    let start = (start.floor() as i32 - 1).max(-340);
    let steps = (start..).flat_map(|power| [1, 2, 5].map(|unit| (unit, power)));
    let (unit, power, first, last) = steps
        .map(|(unit, power)| {
            (unit, power, low.over(unit, power, true), high.over(unit, power, false))
        })
        .find(|(_, _, first, last)| last - first < most.max(1) as i128)
        .unwrap_or((1, 0, 0, -1));
    let mut ticks: Vec<(f64, i128)> = Vec::new();
    for index in first..=last {
        let integer = index * unit;
        let value = value(integer, power);
        // Ticks closer than neighbouring doubles would share a place.
        if value.is_finite() && ticks.last().is_none_or(|(last, _)| *last < value) {
            ticks.push((value, integer));
        }
    }
    let integers: Vec<i128> = ticks.iter().map(|(_, integer)| *integer).collect();
    let (labels, label_power, offset) = labels(&integers, power);
    Ticks {
        values: ticks.into_iter().map(|tick| tick.0).collect(),
        labels,
        power: label_power,
        offset,
    }
}

/// At most `most` powers of ten (at least 2) between 10^low and 10^high, at their exponents.
pub fn decades(low: f64, high: f64, most: usize) -> Ticks {
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let stride = ((last - first) / most.max(1) as i32 + 1).max(1);
    let exponents = (first..=last).filter(|exponent| exponent.rem_euclid(stride) == 0);
    let (values, labels) =
        exponents.map(|n| (f64::from(n), format!("10{}", superscript(n)))).unzip();
    Ticks { values, labels, power: 0, offset: (0, 0) }
}

/// An exponent as raised digits.
pub fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = [
        '\u{2070}', '\u{b9}', '\u{b2}', '\u{b3}', '\u{2074}', '\u{2075}', '\u{2076}', '\u{2077}',
        '\u{2078}', '\u{2079}',
    ];
    let raised = |c: char| c.to_digit(10).map_or('\u{207b}', |digit| DIGITS[digit as usize]);
    exponent.to_string().chars().map(raised).collect()
}

/// The decimal that a double's shortest text is: `digits * 10^power`.
struct Decimal {
    digits: i128,
    power: i32,
    double: f64,
}

impl Decimal {
    fn of(double: f64) -> Self {
        let text = format!("{double:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let places = mantissa.split_once('.').map_or(0, |(_, places)| places.len() as i32);
        let digits = mantissa.replace('.', "").parse().unwrap_or(0);
        Self { digits, power: exponent.parse::<i32>().unwrap_or(0) - places, double }
    }

    fn half(&self) -> f64 {
        self.double / 2.0
    }

    /// The number of steps of `unit * 10^power` that this is, rounded up or down.
    fn over(&self, unit: i128, power: i32, up: bool) -> i128 {
        let shift = self.power - power;
        let (dividend, divisor) = match shift {
            0.. => (self.digits.saturating_mul(ten(shift)), unit),
            _ => (self.digits, unit.saturating_mul(ten(-shift))),
        };
        let floor = dividend.div_euclid(divisor);
        if up && dividend.rem_euclid(divisor) != 0 { floor + 1 } else { floor }
    }
}

/// 10^power, as much of it as fits.
fn ten(power: i32) -> i128 {
    10i128.saturating_pow(power.unsigned_abs())
}

/// The double nearest to `integer * 10^power`.
fn value(integer: i128, power: i32) -> f64 {
    format!("{integer}e{power}").parse().unwrap_or(f64::NAN)
}

/// The labels of `integers * 10^power`, with the power of ten and the offset left out of them.
fn labels(integers: &[i128], power: i32) -> (Vec<String>, i32, (i128, i32)) {
    let plain = |integers: &[i128], power: i32| -> Option<Vec<String>> {
        if !(-30..=30).contains(&power) {
            return None;
        }
        let labels: Vec<String> = integers.iter().map(|n| decimal(*n, power)).collect();
        let digits = |label: &String| label.trim_start_matches('-').len();
        labels.iter().all(|label| digits(label) <= LONGEST).then_some(labels)
    };
    let longest = |labels: &[String]| labels.iter().map(String::len).max().unwrap_or(0);
    let shorter = |plain: usize, short: usize| plain > short + 4 || (plain > 7 && plain > short);
    let scaled = |integers: &[i128]| {
        let largest = integers.iter().map(|n| n.unsigned_abs()).max().unwrap_or(0).max(1);
        let digits = largest.ilog10() as i32;
        let short = plain(integers, -digits).map(|labels| (labels, power + digits));
        match plain(integers, power) {
            // A few zeros are easier to read than a power of ten.
            Some(labels) => match short {
                Some(short) if shorter(longest(&labels), longest(&short.0)) => Some(short),
                _ => Some((labels, 0)),
            },
            None => short,
        }
    };
    if let Some((labels, out)) = scaled(integers) {
        return (labels, out, (0, 0));
    }
    // The roundest of the ticks' range is the offset.
    let (Some(first), Some(last)) = (integers.first(), integers.last()) else {
        return (Vec::new(), 0, (0, 0));
    };
    let offset = (0..38)
        .map(ten)
        .map(|unit| last.div_euclid(unit) * unit)
        .take_while(|multiple| multiple >= first)
        .last()
        .unwrap_or(*first);
    let differences: Vec<i128> = integers.iter().map(|n| n - offset).collect();
    match scaled(&differences) {
        Some((labels, out)) => (labels, out, (offset, power)),
        // A few doubles with many digits: nothing is shorter.
        None => (integers.iter().map(|n| number(*n, power)).collect(), 0, (0, 0)),
    }
}

/// `integer * 10^power` in plain digits.
fn decimal(integer: i128, power: i32) -> String {
    if power >= 0 || integer == 0 {
        let zeros = if integer == 0 { 0 } else { power as usize };
        return format!("{integer}{}", "0".repeat(zeros));
    }
    let places = power.unsigned_abs() as usize;
    let digits = format!("{:0>width$}", integer.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{whole}{point}{fraction}", if integer < 0 { "-" } else { "" })
}

/// `integer * 10^power`, in plain digits or with a power of ten, whichever is short.
fn number(integer: i128, power: i32) -> String {
    if (-30..=30).contains(&power) {
        let text = decimal(integer, power);
        if text.len() <= LONGEST + 2 {
            return text;
        }
    }
    let digits = integer.unsigned_abs().max(1).ilog10() as i32;
    let exponent = power + digits;
    let mantissa = decimal(integer, -digits);
    match (mantissa.as_str(), exponent) {
        (_, 0) => mantissa,
        ("1", _) => format!("10{}", superscript(exponent)),
        _ => format!("{mantissa}\u{d7}10{}", superscript(exponent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zero_is_zero_and_small_and_close_values_are_told_apart() {
        let ticks = linear(-std::f64::consts::TAU, std::f64::consts::TAU, 8);
        assert_eq!(ticks.labels, ["-6", "-4", "-2", "0", "2", "4", "6"]);
        let ticks = linear(1e-12, 2e-12, 6);
        assert_eq!(ticks.labels, ["1", "1.2", "1.4", "1.6", "1.8", "2"]);
        assert_eq!(ticks.note(), "\u{d7}10\u{207b}\u{b9}\u{b2}");
        let ticks = linear(999_999.0, 1_000_001.0, 6);
        assert_eq!(ticks.labels, ["-1", "-0.5", "0", "0.5", "1"]);
        assert_eq!(ticks.note(), "+ 1000000");
        let ticks = linear(999_998e6, 1_000_002e6, 6);
        assert_eq!(ticks.labels, ["0.999998", "0.999999", "1", "1.000001", "1.000002"]);
        assert_eq!(ticks.note(), "\u{d7}10\u{b9}\u{b2}");
        let ticks = linear(999_998e6, 1_000_002e6, 10);
        assert_eq!(ticks.labels[..3], ["-2", "-1.5", "-1"]);
        assert_eq!(ticks.note(), "\u{d7}10\u{2076} + 10\u{b9}\u{b2}");
        let ticks = linear(-5e200, 5e200, 6);
        assert_eq!(ticks.labels, ["-4", "-2", "0", "2", "4"]);
        assert_eq!(ticks.note(), "\u{d7}10\u{b2}\u{2070}\u{2070}");
        let ticks = linear(1.0, 1.0 + 4.0 * f64::EPSILON, 6);
        assert!(ticks.values.len() >= 2, "{ticks:?}");
        let ticks = linear(-f64::MAX, f64::MAX, 6);
        assert_eq!(ticks.labels, ["-1", "0", "1"]);
    }

    #[test]
    fn decades_are_whole_exponents() {
        let ticks = decades(-101.3, -89.5, 5);
        assert_eq!(ticks.values, [-99.0, -96.0, -93.0, -90.0]);
        assert_eq!(ticks.labels[0], "10\u{207b}\u{2079}\u{2079}");
        assert_eq!(decades(-0.5, 1.5, 5).labels, ["10\u{2070}", "10\u{b9}"]);
    }

    /// A label, the axis' power and offset read back as a number.
    fn read(ticks: &Ticks, label: &str) -> f64 {
        // Exact in integers: label * 10^power + offset.
        let (whole, fraction) = label.split_once('.').unwrap_or((label, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
        let exponent = ticks.power - fraction.len() as i32;
        let (mantissa, power) = ticks.offset;
        if mantissa == 0 {
            return value(digits, exponent);
        }
        let lower = exponent.min(power);
        value(digits * ten(exponent - lower) + mantissa * ten(power - lower), lower)
    }

    fn check(low: f64, high: f64, most: usize) {
        let ticks = linear(low, high, most);
        assert!(ticks.values.len() <= most, "{low} {high} {ticks:?}");
        assert!(
            ticks.values.len() >= 2
                || high - low <= 4.0 * (high - high.next_down()).max(low.next_up() - low),
            "{low} {high} {ticks:?}"
        );
        assert!(ticks.values.is_sorted_by(|a, b| a < b));
        assert!(
            ticks.values.iter().all(|tick| (low..=high).contains(tick)),
            "{low} {high} {ticks:?}"
        );
        for (i, label) in ticks.labels.iter().enumerate() {
            assert!(!ticks.labels[..i].contains(label), "{low} {high} {ticks:?}");
            if !label.contains('\u{d7}') {
                assert_eq!(read(&ticks, label), ticks.values[i], "{low} {high} {ticks:?}");
                assert!(label.trim_start_matches('-').len() <= LONGEST + 1, "{ticks:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn labels_are_their_ticks(a in any::<f64>(), b in any::<f64>(), most in 6..20usize) {
            prop_assume!(a.is_finite() && b.is_finite() && a != b);
            check(a.min(b), a.max(b), most);
        }

        #[test]
        fn labels_of_narrow_ranges_are_their_ticks(
            a in prop::num::f64::NORMAL, ulps in 1u64..256, shift in 0..45u32, most in 6..20usize
        ) {
            let b = f64::from_bits(a.to_bits().saturating_add(ulps << shift));
            prop_assume!(a.is_finite() && b.is_finite() && a != b);
            check(a.min(b), a.max(b), most);
        }

        #[test]
        fn labels_of_usual_ranges_are_short(a in -1e4..1e4, span in 1e-2..1e4, most in 6..20usize) {
            let ticks = linear(a, a + span, most);
            prop_assert_eq!(ticks.offset, (0, 0));
            prop_assert!(ticks.values.len() * 3 >= most);
        }
    }
}
