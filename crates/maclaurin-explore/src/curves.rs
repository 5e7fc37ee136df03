//! The function and its Taylor polynomials on a range, and how far apart they are.

use maclaurin::{ErrorBound, Format, Function, Series};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::figures::upper;
use crate::subject::Subject;

/// The most points of a curve.
const MOST_POINTS: usize = 1000;

/// Parts of the range with an error bound of their own.
const PARTS: usize = 120;

/// The most polynomials.
const MOST_ORDERS: usize = 16;

/// What is drawn.
#[derive(Deserialize)]
pub struct Question {
    #[serde(flatten)]
    subject: Subject,
    /// More orders that are drawn.
    #[serde(default)]
    orders: Vec<usize>,
    on: [f64; 2],
    #[serde(default = "some_points")]
    points: usize,
}

fn some_points() -> usize {
    240
}

/// `count` equal steps from `low` to `high`.
pub fn places(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / count as f64;
    (0..=count).map(|i| if i == count { high } else { low + step * i as f64 }).collect()
}

impl Question {
    /// The curves; where there is no series, the function alone beside the `error`.
    pub fn answer(&self) -> Result<Value, Failure> {
        let [low, high] = self.on;
        if !(low < high && (high - low).is_finite()) {
            return Err(maclaurin::Error::EmptyRange { low, high }.into());
        }
        if self.orders.len() > MOST_ORDERS {
            let message = format!("at most {MOST_ORDERS} orders are drawn at once");
            return Err(Failure::Refused(message));
        }
        let function = self.subject.function()?;
        let x = places(low, high, self.points.clamp(16, MOST_POINTS));
        let f: Vec<f64> = x.iter().map(|&x| function.evaluate(x)).collect();
        let y = value_range(&f);
        let mut answer = json!({
            "function": function.text(),
            "parameters": function.parameters(),
            "x": x,
            "f": without_jumps(&f, y),
            "y": [y.0, y.1],
        });
        match self.polynomials(&function, &x) {
            Ok(Value::Object(polynomials)) => {
                if let Some(answer) = answer.as_object_mut() {
                    answer.extend(polynomials);
                }
            }
            Ok(_) => {}
            Err(failure) => answer["error"] = failure.json(),
        }
        Ok(answer)
    }

    fn polynomials(&self, function: &Function, x: &[f64]) -> Result<Value, Failure> {
        let order = self.subject.order;
        let highest = self.orders.iter().copied().fold(order, usize::max);
        let longest = self.subject.series(function, highest)?;
        let at = longest.at_f64();
        let values = |order: usize| -> Vec<f64> {
            let coefficients = &longest.coefficients()[..=order];
            let value = |x: f64| coefficients.iter().rev().fold(0.0, |sum, a| sum * (x - at) + a);
            x.iter().map(|&x| value(x)).collect()
        };
        let polynomials: Vec<_> =
            self.orders.iter().map(|&k| json!({ "order": k, "y": values(k) })).collect();
        Ok(json!({
            "at": at,
            "at_text": longest.at(),
            "at_value": function.evaluate(at),
            "order": order,
            "polynomial": values(order),
            "polynomials": polynomials,
        }))
    }

    /// The certified errors, which may take longer than the curves: on the range, on its parts, and as a
    /// band in which the function certainly is.
    pub fn errors(&self) -> Result<Value, Failure> {
        let [low, high] = self.on;
        let function = self.subject.function()?;
        let series = self.subject.series(&function, self.subject.order)?;
        let profile = series.error_profile(low, high, PARTS)?;
        let x = places(low, high, self.points.clamp(16, MOST_POINTS));
        let ends = places(low, high, profile.parts.len());
        let polynomial: Vec<f64> = x.iter().map(|&x| series.evaluate(x)).collect();
        // The polynomial as it is evaluated here, give or take its rounding errors too.
        let width = |(i, part): (usize, &ErrorBound)| {
            let (low, high) = (ends[i], ends[i + 1]);
            (part.bound + series.rounding_bound(low, high, Format::F64)) * (1.0 + 1e-12)
        };
        let widths: Vec<f64> = profile.parts.iter().enumerate().map(width).collect();
        let band = band(&x, &polynomial, &widths);
        Ok(json!({
            "order": self.subject.order,
            "x": x,
            "band": band,
            "errors": errors(&profile.whole, &profile.parts),
        }))
    }
}

/// The bound on the range and on its parts, and a likely largest error in each.
fn errors(whole: &ErrorBound, parts: &[ErrorBound]) -> Value {
    let likely = |part: &ErrorBound| {
        if part.bound <= 2.0 * part.sampled {
            part.sampled.midpoint(part.bound)
        } else {
            part.sampled
        }
    };
    json!({
        "bound": whole.bound,
        "bound_text": upper(whole.bound),
        "at": whole.at,
        "bounds": parts.iter().map(|part| part.bound).collect::<Vec<_>>(),
        "places": parts.iter().map(|part| part.at).collect::<Vec<_>>(),
        "likely": parts.iter().map(likely).collect::<Vec<_>>(),
    })
}

/// The interval in which the function certainly is at each point: the polynomial, give or take a bound
/// that is at both ends of a part at least that of the part, and linear between them.
fn band(x: &[f64], polynomial: &[f64], parts: &[f64]) -> Value {
    let bound = |part: usize| parts.get(part).copied().unwrap_or(0.0);
    let edge = |i: usize| i.checked_sub(1).map_or(0.0, bound).max(bound(i));
    let last = x.len() - 1;
    let ends = |sign: f64| -> Vec<f64> {
        let end = |(i, y): (usize, &f64)| {
            let place = i as f64 * parts.len() as f64 / last as f64;
            let part = (place as usize).min(parts.len() - 1);
            let (left, right, along) = (edge(part), edge(part + 1), place - part as f64);
            let end = y + sign * (left * (1.0 - along) + right * along);
            if sign < 0.0 { end.next_down() } else { end.next_up() }
        };
        polynomial.iter().enumerate().map(end).collect()
    };
    json!([ends(-1.0), ends(1.0)])
}

/// The range of the finite values with some room; of most of them where a few are far from the rest, as
/// near a pole.
fn value_range(values: &[f64]) -> (f64, f64) {
    let mut values: Vec<f64> = values.iter().copied().filter(|y| y.is_finite()).collect();
    if values.is_empty() {
        return (-1.0, 1.0);
    }
    values.sort_by(f64::total_cmp);
    let quantile = |q: f64| values[((values.len() - 1) as f64 * q) as usize].clamp(-1e300, 1e300);
    let (mut low, mut high) = (quantile(0.0), quantile(1.0));
    let middle = quantile(0.9) - quantile(0.1);
    if high - low > 20.0 * middle && middle > 0.0 {
        (low, high) = (quantile(0.04), quantile(0.96));
    }
    let room = if high > low { 0.15 * (high - low) } else { low.abs().max(1.0) };
    (low - room, high + room)
}

/// The values, with none where the curve jumps from beyond one end of the range of y to beyond the
/// other, as at a pole.
fn without_jumps(values: &[f64], (low, high): (f64, f64)) -> Vec<Option<f64>> {
    let mut before = f64::NAN;
    let kept = values.iter().map(|&y| {
        let jumps = before.min(y) < low && before.max(y) > high;
        before = y;
        (y.is_finite() && !jumps).then_some(y)
    });
    kept.collect()
}

/// The smallest orders that stay within a tolerance: on the range of the values, and at exactly these
/// values, which may need less. The message says why there is none.
pub fn smallest(
    subject: &Subject,
    function: &Function,
    values: &[f64],
    tolerance: f64,
) -> (Result<usize, String>, Option<usize>) {
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
        return (Err("the picture has no values".into()), None);
    };
    let at = Some(subject.at.as_str().into());
    let on_range = Series::within(function, (low, high), tolerance, at)
        .map(|series| series.order())
        .map_err(|reason| reason.to_string());
    let highest = on_range.as_ref().copied().unwrap_or(MOST_TRIED).min(MOST_TRIED);
    let Ok(series) = subject.series(function, highest) else { return (on_range, None) };
    // The farthest values are off by most.
    let mut farthest = values.to_vec();
    let at = series.at_f64();
    farthest.sort_by(|a, b| (b - at).abs().total_cmp(&(a - at).abs()));
    let fits = |order: &usize| {
        let within = |x: &f64, series: &Series| {
            series.error_bound(*x, *x).is_ok_and(|error| error.bound <= tolerance)
        };
        series.truncate(*order).is_ok_and(|series| farthest.iter().all(|x| within(x, &series)))
    };
    let at_values = (0..=highest).find(fits);
    (on_range, at_values)
}

/// The highest order that is tried on values.
const MOST_TRIED: usize = 48;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Where rounding errors are larger than the polynomial's own: terms of 1e12 that add up to 1e-13.
    #[test]
    fn the_band_has_the_function_where_its_polynomial_cancels() {
        let question =
            r#"{"ask": "errors", "expression": "exp(x)", "at": "0", "order": 100, "on": [-30, 0]}"#;
        let answer: Value = serde_json::from_str(&crate::answer(question, &[]).json).unwrap();
        let numbers = |value: &Value| -> Vec<f64> {
            value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
        };
        let (low, high) = (numbers(&answer["band"][0]), numbers(&answer["band"][1]));
        for (i, x) in numbers(&answer["x"]).into_iter().enumerate() {
            assert!(low[i] <= x.exp() && x.exp() <= high[i], "{x}: {} to {}", low[i], high[i]);
        }
    }
}
