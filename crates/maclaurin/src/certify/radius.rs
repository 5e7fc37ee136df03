//! The radius of convergence, between two proven ends.
//!
//! The lower end: rectangles that cover the disc about the expansion point, nearest first, each
//! proven free of singularities (see `region`), halved where they are not at once. By reflection
//! at the real axis the upper half suffices. The upper end: a singularity proven by a walk around
//! it (see `path`). Where the singularity is the only zero of a guard in a small square, and that
//! zero is an exact constant, so is the radius.

use std::fmt;
use std::time::{Duration, Instant};

use super::cover::{Cover, Pending, distance};
use super::path::{Circuit, Place, Plane, Square, meets, point};
use super::region::{Guard, PLANE, Rectangle, Region, Source, Stuck};
use super::singularity::{ExactPlace, Exactly};
use crate::number::{Exact, Interval64};
use crate::series::Series;

/// The disc about the expansion point in which a series converges to its function.
///
/// # Examples
///
/// ```
/// let radius = maclaurin::taylor("log(1 + exp(x))", 4, "0")?.radius();
/// assert_eq!(radius.exact.as_deref(), Some("pi"));
/// assert!(radius.lower <= std::f64::consts::PI && std::f64::consts::PI <= radius.upper);
/// assert_eq!(radius.to_string(), "pi = 3.14159...");
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Radius {
    /// The radius is not below this: certified.
    pub lower: f64,
    /// The radius is not above this: certified; infinite where no singularity is proven.
    pub upper: f64,
    /// The radius itself where it is known, such as `pi`, or `infinity`.
    pub exact: Option<String>,
}

/// Rectangles that one search may look at, and the time that it may take.
const MOST_BOXES: usize = 60_000;
const LONGEST: Duration = Duration::from_millis(500);

/// How far a search goes, in units of the expansion point's magnitude or 1.
const FARTHEST: f64 = 1024.0;

/// Pieces a side of a walk around a square, few at first.
const PIECES: [usize; 2] = [16, 256];

/// Squares that are tried, each a third of the one before.
const SHRINKINGS: usize = 12;

/// Half-widths of squares around a zero that is not known exactly, as parts of its distance.
const HALF_WIDTHS: [f64; 4] = [1e-10, 1e-8, 1e-5, 1e-3];

impl Radius {
    const INFINITE: Self = Self { lower: f64::INFINITY, upper: f64::INFINITY, exact: None };

    fn infinite() -> Self {
        Self { exact: Some("infinity".into()), ..Self::INFINITE }
    }
}

impl fmt::Display for Radius {
    /// The exact radius, or its two ends.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exact {
            Some(exact) if self.lower.is_infinite() || exact.parse::<f64>().is_ok() => {
                formatter.write_str(exact)
            }
            Some(exact) => {
                let decimal = truncated(self.lower.midpoint(self.upper));
                let more = if is_decimal(exact, &decimal) { "" } else { "..." };
                write!(formatter, "{exact} = {decimal}{more}")
            }
            None if self.upper.is_infinite() => {
                write!(formatter, "at least {}", truncated(self.lower))
            }
            None if truncated(self.lower) == truncated(self.upper) => {
                write!(formatter, "{}...", truncated(self.lower))
            }
            None => write!(formatter, "between {} and {}", self.lower, self.upper),
        }
    }
}

/// Whether a fraction `a/b` has no more digits than `decimal`.
fn is_decimal(exact: &str, decimal: &str) -> bool {
    let digits = decimal.split_once('.').map_or(0, |(_, digits)| digits.len());
    exact.split_once('/').is_some_and(|(above, below)| {
        let (above, below) = (above.parse::<u64>(), below.parse::<u64>());
        let (Ok(above), Ok(below)) = (above, below) else { return false };
        let power = 10u128.pow(digits as u32);
        below != 0 && (u128::from(above) * power).is_multiple_of(below.into())
    })
}

/// Six digits, none of them rounded up.
fn truncated(value: f64) -> String {
    let digits = (5 - value.abs().max(1e-300).log10().floor() as i32).clamp(0, 12);
    let scale = 10f64.powi(digits);
    // Room for the last bits of a decimal such as 0.1.
    format!("{}", (value * scale + 1e-6).floor() / scale)
}

impl Series {
    /// The radius of convergence: how far from the expansion point the series still converges to
    /// the function. A removable singularity does not limit it; a kink of `abs` does.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(maclaurin::taylor("exp(x)", 4, "0")?.radius().lower, f64::INFINITY);
    /// assert_eq!(maclaurin::taylor("sin(x)/x", 4, "0")?.radius().lower, f64::INFINITY);
    /// assert_eq!(maclaurin::taylor("1/(1 + x^2)", 4, "1")?.radius().to_string(), "sqrt(2) = 1.41421...");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn radius(&self) -> Radius {
        let origin = self.enclosed_point();
        let region = Region::new(self.function());
        let deadline = Instant::now() + LONGEST;
        let plane = Plane { region, origin: PLANE.real(origin), hole: None, deadline };
        Search::new(self, plane).run()
    }
}

struct Search<'a> {
    series: &'a Series,
    plane: Plane<'a>,
    exactly: Exactly<'a>,
    cover: Cover,
    /// Squares around zeros of guards, settled apart.
    squares: Vec<Square>,
    found: Radius,
    /// For each proven rectangle, how far the point is that it shares with the neighbour whose
    /// branches it continues, and how far itself.
    detours: Vec<(f64, f64)>,
    /// Where the guards come from, and how many zeros of each have been found removable.
    guards: Vec<Source>,
    removed: Vec<u64>,
}

impl<'a> Search<'a> {
    fn new(series: &'a Series, plane: Plane<'a>) -> Self {
        let far = FARTHEST * series.at_f64().abs().max(1.0).log2().ceil().exp2();
        Self {
            exactly: Exactly::new(series),
            series,
            plane,
            cover: Cover::new(far),
            squares: Vec::new(),
            found: Radius::INFINITE,
            detours: Vec::new(),
            guards: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn run(mut self) -> Radius {
        for _ in 0..MOST_BOXES {
            let Some(pending) = self.cover.next() else { break };
            let Pending { distance, node, place } = pending;
            if distance >= self.found.lower || Instant::now() > self.plane.deadline {
                self.cover.put_off(pending);
                break;
            }
            if self.squares.iter().any(|square| square.contains(&place)) {
                continue;
            }
            let neighbour = self.cover.neighbour(&place, self.found.lower);
            if neighbour.is_none() && distance > 0.0 {
                // Parts that a square covers need no neighbour.
                let width = place.0.high - place.0.low;
                let covers = |square: &&Square| meets(&square.place(), &place);
                match self.squares.iter().find(covers) {
                    Some(square) if width > square.half_width / 64.0 => self.split(&pending),
                    _ => self.cover.put_off(pending),
                }
                continue;
            }
            let neighbour = match neighbour {
                Some((guards, shared)) => {
                    self.detours.push((shared, distance));
                    Some(guards)
                }
                None => None,
            };
            match self.plane.evaluate(&place, neighbour) {
                Ok(evaluation) if evaluation.guards.is_empty() => return Radius::infinite(),
                Ok(evaluation) => self.cover.prove(node, evaluation.guards),
                Err(stuck) => {
                    let neighbour = neighbour.map(<[Guard]>::to_vec);
                    if self.settle(&place, &stuck, neighbour.as_deref()) {
                        return Radius::infinite();
                    }
                    self.split(&pending);
                }
            }
        }
        let far = FARTHEST * self.series.at_f64().abs().max(1.0);
        self.limit(self.cover.open_from(far), None);
        // A branch that was followed through a point outside the disc proves nothing inside it.
        self.detours.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (shared, distance) in std::mem::take(&mut self.detours) {
            if shared >= self.found.lower && distance < self.found.lower {
                self.limit(distance, None);
            }
        }
        self.found
    }

    /// Nothing is proven from that distance on.
    fn limit(&mut self, distance: f64, exact: Option<String>) {
        if distance < self.found.lower {
            self.found.lower = distance;
            self.found.exact = exact;
        }
    }

    fn split(&mut self, pending: &Pending) {
        let Pending { distance, node, place } = pending;
        let width = place.0.high - place.0.low;
        if width < distance * 1e-12
            || width < 1e-280
            || (*distance == 0.0 && width < self.resolution())
        {
            return self.limit(*distance, None);
        }
        self.cover.split(*node);
    }

    /// The width below which rectangles at the expansion point are not worth looking at.
    fn resolution(&self) -> f64 {
        1e-14 * self.series.at_f64().abs().max(1e-8)
    }

    /// Looks for the zero of a guard that a rectangle could not exclude, and draws a square
    /// around it. Whether that proves the radius infinite.
    fn settle(&mut self, place: &Rectangle, stuck: &Stuck, neighbour: Option<&[Guard]>) -> bool {
        let width = place.0.high - place.0.low;
        let near = distance(place);
        if width > near / 4.0 && near > 0.0 || width > 2.0 * self.series.at_f64().abs().max(2.0) {
            return false;
        }
        if near == 0.0 && self.removable(stuck.source, None, (0.0, 0.0), 4.0 * width) {
            return self.is_entire();
        }
        let Some((zero, error)) = zero_of_guard(&self.plane, place, stuck, neighbour) else {
            return false;
        };
        // A zero beyond a singularity that is known says nothing new.
        let beyond = zero.0.hypot(zero.1) > self.found.lower * (1.0 + 1e-9);
        if beyond || self.squares.iter().any(|square| square.contains(&point(zero))) {
            return false;
        }
        let origin = self.plane.origin.0.middle();
        // A wide net: a candidate is proven, and a zero of higher order is known to few digits.
        let tolerance = (8.0 * error).max(1e-7 * zero.0.hypot(zero.1));
        for exact in self.exactly.candidates((origin + zero.0, zero.1), tolerance) {
            if self.exactly.multiplicity(stuck.source, &exact).is_none() {
                continue;
            }
            let removable = self.exactly.is_removable(&exact);
            if removable && self.removable(stuck.source, Some(&exact), zero, 4.0 * width) {
                return self.is_entire();
            }
            if !removable && self.limits(&exact, zero, 0.75 * zero.0.hypot(zero.1)) {
                return false;
            }
        }
        self.limits_nearly(stuck, zero, error);
        false
    }

    fn is_entire(&self) -> bool {
        self.guards
            .iter()
            .zip(&self.removed)
            .all(|(source, removed)| self.plane.region.most_zeros(*source) == Some(*removed))
    }

    /// Walks around squares about `center`, smaller and smaller, until the function can be
    /// followed and `accept` agrees.
    fn square(
        &self,
        center: Place,
        widest: f64,
        accept: impl Fn(&Square, &Circuit) -> bool,
    ) -> Option<(Square, Circuit)> {
        let mut half_width = widest;
        for _ in 0..SHRINKINGS {
            let square = Square { center, half_width };
            for count in PIECES {
                if Instant::now() > self.plane.deadline {
                    return None;
                }
                match self.plane.around(square, count) {
                    Some(circuit) if accept(&square, &circuit) => return Some((square, circuit)),
                    Some(_) => {}
                    None => break,
                }
            }
            half_width /= 3.0;
        }
        None
    }

    /// Whether all zeros of guards inside a circuit are at `place`: the expansion point where it
    /// is `None`.
    fn all_zeros_at(&self, circuit: &Circuit, place: Option<&ExactPlace>) -> bool {
        let guards = &circuit.pieces[0].evaluation.guards;
        guards.iter().zip(&circuit.zeros).all(|(guard, &zeros)| {
            zeros == 0
                || match place {
                    Some(place) => self.exactly.multiplicity(guard.source, place),
                    None => self.exactly.multiplicity_at_point(guard.source),
                } == Some(zeros)
        })
    }

    /// Whether an exact place certainly lies inside a square drawn around a guess of it.
    fn lies_inside(&self, place: &ExactPlace, square: &Square) -> bool {
        let away = |exact: &Exact, origin: Interval64, center: f64| {
            let relative = Interval64::around(&exact.enclose(128)).subtract(origin);
            relative.subtract(Interval64::point(center)).magnitude()
        };
        let origin = self.plane.origin;
        away(&place.0, origin.0, square.center.0) < square.half_width
            && away(&place.1, origin.1, square.center.1) < square.half_width
    }

    /// Settles a removable singularity; whether that was possible.
    fn removable(
        &mut self,
        source: Source,
        exact: Option<&ExactPlace>,
        center: Place,
        widest: f64,
    ) -> bool {
        if exact.is_none() && self.exactly.multiplicity_at_point(source).is_none() {
            return false;
        }
        let agrees = |square: &Square, circuit: &Circuit| {
            // The exact evaluation took principal branches: so must the path.
            let principal = circuit.pieces.iter().all(|piece| piece.evaluation.is_principal());
            let inside = exact.is_none_or(|place| principal && self.lies_inside(place, square));
            !circuit.singular && self.all_zeros_at(circuit, exact) && inside
        };
        let Some((square, circuit)) = self.square(center, widest, agrees) else { return false };
        let guards = &circuit.pieces[0].evaluation.guards;
        self.guards = guards.iter().map(|guard| guard.source).collect();
        self.removed.resize(circuit.zeros.len(), 0);
        for (removed, zeros) in self.removed.iter_mut().zip(&circuit.zeros) {
            *removed += zeros.unsigned_abs();
        }
        for piece in &circuit.pieces {
            self.cover.prove_other(piece.place, piece.evaluation.guards.clone());
        }
        if exact.is_none() {
            self.plane.hole = Some((square, circuit.pieces));
        }
        self.squares.push(square);
        true
    }

    /// Settles a singularity at an exact place; whether that was possible.
    fn limits(&mut self, exact: &ExactPlace, center: Place, widest: f64) -> bool {
        let only = |square: &Square, circuit: &Circuit| {
            self.lies_inside(exact, square)
                && circuit.zeros.iter().any(|&zeros| zeros != 0)
                && self.all_zeros_at(circuit, Some(exact))
        };
        let Some((square, circuit)) = self
            .square(center, widest, |square, circuit| circuit.singular && only(square, circuit))
            .or_else(|| self.square(center, widest, only))
        else {
            return false;
        };
        let Some((distance, text)) = self.exactly.distance(exact) else { return false };
        if circuit.singular && distance.high < self.found.upper {
            self.found.upper = distance.high;
        }
        self.limit(distance.low, circuit.singular.then_some(text));
        self.squares.push(square);
        true
    }

    /// Settles a zero that is known to some digits only.
    fn limits_nearly(&mut self, stuck: &Stuck, zero: Place, error: f64) {
        let away = (zero.0 * zero.0 + zero.1 * zero.1).sqrt();
        let mut settled = false;
        for part in HALF_WIDTHS {
            let square = Square { center: zero, half_width: (part * away).max(4.0 * error) };
            let circuit = PIECES.iter().find_map(|&count| {
                let circuit = self.plane.around(square, count)?;
                (circuit.singular || count == PIECES[1]).then_some(circuit)
            });
            let Some(circuit) = circuit.filter(|circuit| circuit.zeros[stuck.guard] != 0) else {
                continue;
            };
            let place = square.place();
            if !settled {
                settled = true;
                let near = distance(&place);
                self.limit(near, None);
                self.squares.push(square);
            }
            if circuit.singular {
                let far = (place.0.square().add(place.1.square())).high.sqrt().next_up();
                self.found.upper = self.found.upper.min(far);
                return;
            }
        }
    }
}

/// A zero of the stuck guard near a rectangle, by the secant method, with the length of the
/// last step: a guess.
pub(super) fn zero_of_guard(
    plane: &Plane<'_>,
    place: &Rectangle,
    stuck: &Stuck,
    guards: Option<&[Guard]>,
) -> Option<(Place, f64)> {
    let width = place.0.high - place.0.low;
    let start = (place.0.middle(), place.1.middle());
    let value = |at: Place| match plane.evaluate(&point(at), guards) {
        Ok(evaluation) => Some(middle(&evaluation.guards[stuck.guard].value)),
        Err(found) if found.guard == stuck.guard => Some(middle(&found.value)),
        Err(found) => found.passed.get(stuck.guard).map(|guard| middle(&guard.value)),
    };
    let (mut old, mut new) = (start, (start.0 + width / 8.0, start.1 + width / 16.0));
    let (mut old_value, mut new_value) = (value(old)?, value(new)?);
    let modulus = |z: Place| z.0.hypot(z.1);
    let first_value = old_value;
    let mut length = width;
    for _ in 0..80 {
        let slope = complex_divide(minus(new_value, old_value), minus(new, old))?;
        let Some(step) = complex_divide(new_value, slope) else { break };
        let next = minus(new, step);
        let moved = minus(next, start);
        let shorter = modulus(step);
        let strays = modulus(moved) > 4.0 * width || shorter > 16.0 * length;
        if strays || modulus(moved).is_nan() {
            break;
        }
        length = shorter;
        (old, old_value) = (new, new_value);
        (new, new_value) = (next, value(next)?);
        if length <= 1e-16 * modulus(next) || new_value == (0.0, 0.0) {
            break;
        }
    }
    // A real zero's imaginary part is rounding.
    let size = modulus(new);
    let clean = |part: f64| if part.abs() <= 1e-14 * size { 0.0 } else { part };
    let zero = (clean(new.0), clean(new.1));
    let settled = length <= 1e-6 * size && modulus(new_value) <= 1e-3 * modulus(first_value);
    settled.then_some((zero, length))
}

fn middle(z: &Rectangle) -> Place {
    (z.0.middle(), z.1.middle())
}

fn minus(a: Place, b: Place) -> Place {
    (a.0 - b.0, a.1 - b.1)
}

fn complex_divide(a: Place, b: Place) -> Option<Place> {
    let square = b.0 * b.0 + b.1 * b.1;
    let quotient = ((a.0 * b.0 + a.1 * b.1) / square, (a.1 * b.0 - a.0 * b.1) / square);
    (quotient.0.is_finite() && quotient.1.is_finite()).then_some(quotient)
}

impl Square {
    fn place(&self) -> Rectangle {
        let side = |middle: f64| Interval64 {
            low: middle - self.half_width,
            high: middle + self.half_width,
        };
        (side(self.center.0), side(self.center.1))
    }

    fn contains(&self, place: &Rectangle) -> bool {
        let square = self.place();
        let inside = |a: Interval64, b: Interval64| a.low <= b.low && b.high <= a.high;
        inside(square.0, place.0) && inside(square.1, place.1)
    }
}
