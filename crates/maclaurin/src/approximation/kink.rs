//! Where a function has kinks and jumps.
//!
//! Both are at the places where an absolute value or a piecewise constant step changes sides. They are
//! looked for in doubles, and no proof rests on what is found: a jump that is missed leaves a polynomial
//! whose certified error is at least half of it. Enclosures of the values tell a jump that is refused from
//! the rounding of doubles.

use crate::certify::value_at;
use crate::function::Function;
use crate::number::{Certified, Interval64};
use crate::series::Error;

/// Equal parts of a range whose ends are compared.
const PARTS: usize = 512;

/// A difference of neighbouring values is a jump if it is larger than this part of the largest of the
/// values at `PROBES + 1` points.
const JUMP: f64 = 1e-9;
const PROBES: usize = 32;

/// Bits of these enclosures.
const BITS: usize = 256;

/// The places in a range where the function may have a kink or a jump, from left to right: pairs of
/// neighbouring doubles on different sides.
pub(super) fn kinks(function: &Function, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    let mut places = Vec::new();
    let (mut left, mut sides) = (low, function.sides(low));
    if sides.is_empty() {
        return places;
    }
    for i in 1..=PARTS {
        let right = if i == PARTS { high } else { low + (high - low) * (i as f64 / PARTS as f64) };
        let next = function.sides(right);
        let (mut l, mut r) = (left, right);
        if next != sides {
            loop {
                let middle = l.midpoint(r);
                if middle <= l || middle >= r {
                    break;
                }
                if function.sides(middle) == sides { l = middle } else { r = middle }
            }
            places.push((l, r));
        }
        (left, sides) = (right, next);
    }
    places
}

/// Whether the values at two places are proven to be different.
fn differ(function: &Function, places: [f64; 2]) -> bool {
    let a = Certified::new(BITS);
    let value = |x: f64| Some(Interval64::around(&a.enclose(&value_at(&a, function, x)?)));
    match places.map(value) {
        [Some(left), Some(right)] => !left.intersects(right),
        _ => false,
    }
}

/// The double of the two that is shorter to write: 0 and not `-5e-324`.
pub(super) fn plainer((l, r): (f64, f64)) -> f64 {
    if format!("{l:?}").len() < format!("{r:?}").len() { l } else { r }
}

/// Refuses ranges across a jump, where half of it is the error of any polynomial near enough to it: the
/// minimax polynomial is not unique there, and usually of no use.
pub(super) fn check_jumps(function: &Function, ranges: &[(f64, f64)]) -> Result<(), Error> {
    if !function.may_jump() {
        return Ok(());
    }
    for &(low, high) in ranges {
        let value = |i: usize| function.evaluate(low + (high - low) * (i as f64 / PROBES as f64));
        let size = (0..=PROBES).map(value).fold(0.0, |size: f64, y| size.max(y.abs()));
        for (l, r) in kinks(function, (low, high)) {
            // With the neighbours, for the value between them may be a third one.
            let places = [l.next_down().max(low), l, r, r.next_up().min(high)];
            let [first, left, right, last] = places.map(|x| function.evaluate(x));
            let is_jump = |rise: f64| rise.abs() > JUMP * size.max(left.abs());
            let outer = is_jump(last - first);
            let (left, right) = if outer { (first, last) } else { (left, right) };
            let sides = if outer { [places[0], places[3]] } else { [l, r] };
            if is_jump(right - left) && differ(function, sides) {
                return Err(Error::Jump { near: plainer((l, r)), left, right, low, high });
            }
        }
    }
    Ok(())
}
