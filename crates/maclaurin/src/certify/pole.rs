//! Where a function certainly has a pole, or a step of it.

use super::image::{Image, image};
use crate::builtin::{Analytic, Elementary};
use crate::function::{Function, Operand, Operation};
use crate::number::{Interval64, Outward64};

/// Halvings that narrow a pole down.
const HALVINGS: usize = 60;

/// A point near a pole of a step between two points: there the divisor of a quotient changes its sign, and
/// the dividend does not vanish.
pub(super) fn pole(function: &Function, low: f64, high: f64) -> Option<f64> {
    let on = images(function, Interval64::between(low, high));
    let at = |x: f64| images(function, Interval64::point(x));
    let (left, right) = (at(low), at(high));
    for step in function.steps() {
        match step.operation {
            Operation::Divide(f, g) => {
                if on[f].is_none_or(Image::has_zero) {
                    continue;
                }
                let is_zero = |image: Option<Image>| {
                    image.is_some_and(|image| image.value == Interval64::point(0.0))
                };
                if is_zero(left[g]) || is_zero(right[g]) {
                    return Some(if is_zero(left[g]) { low } else { high });
                }
                if changes(sign(left[g]), sign(right[g])) {
                    return Some(zero((low, high), sign(left[g]), |x| sign(at(x)[g])));
                }
            }
            Operation::Elementary(Elementary::Digamma | Elementary::Lgamma, u) => {
                if let Some(Image { value: Interval64 { low: first, high: last }, .. }) = on[u]
                    && first.ceil() <= last.floor().min(0.0)
                {
                    return Some(plainest(low, high));
                }
            }
            Operation::Elementary(Elementary::Tan, u) => {
                let cosine = |image: Option<Image>| {
                    sign(image.map(|u| {
                        let value = Outward64.elementary(Elementary::Cos, &u.value);
                        Image { value, ..u }
                    }))
                };
                if changes(cosine(left[u]), cosine(right[u])) {
                    return Some(zero((low, high), cosine(left[u]), |x| cosine(at(x)[u])));
                }
            }
            _ => {}
        }
    }
    None
}

/// The images of all steps that have one.
fn images(function: &Function, x: Interval64) -> Vec<Option<Image>> {
    function.fold(|_, operation: Operation<Operand<'_, Option<Image>>>| {
        let mut is_known = true;
        operation.map(|operand| is_known &= operand.is_some());
        let undefined = Image { value: Interval64::WHOLE_LINE, is_infinite: true };
        let of = |image: &Option<Image>| image.unwrap_or(undefined);
        is_known.then(|| image(function, &operation, x, of)).flatten()
    })
}

/// The sign of a step at a point, 0 where it is not known.
fn sign(image: Option<Image>) -> f64 {
    match image {
        Some(image) if !image.has_zero() => image.value.low.signum(),
        _ => 0.0,
    }
}

fn changes(left: f64, right: f64) -> bool {
    left * right < 0.0
}

/// A point near that at which signs change, as they do between the ends.
fn zero((mut low, mut high): (f64, f64), first: f64, sign: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..HALVINGS {
        let middle = low.midpoint(high);
        match sign(middle) {
            0.0 => break,
            same if same == first => low = middle,
            _ => high = middle,
        }
    }
    plainest(low, high)
}

/// The number of fewest digits between two: -1 rather than -1.0000000000000018.
pub(super) fn plainest(low: f64, high: f64) -> f64 {
    if low <= 0.0 && high >= 0.0 {
        return 0.0;
    }
    let middle = low.midpoint(high);
    let shorter = |digits| format!("{middle:.digits$e}").parse().ok();
    (0..17).filter_map(shorter).find(|x: &f64| low <= *x && *x <= high).unwrap_or(middle)
}
