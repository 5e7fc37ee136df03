//! The radius of convergence, between two proven ends.
//!
//! The lower end: rectangles that cover the disc about the expansion point, nearest first, each
//! proven free of singularities (see `region`), halved where they are not at once. By reflection
//! at the real axis the upper half suffices. The upper end: a singularity proven by a walk around
//! it (see `path`). Where the singularity is the only zero of a guard in a small square, and that
//! zero is an exact constant, so is the radius.

use super::cover::{Cover, Pending, distance};
use super::nearest::SingularPoint;
use super::path::{Circuit, Place, Plane, Square, differ, meets, point};
use super::region::{Guard, Rectangle, Stuck};
use super::singularity::{ExactPlace, Exactly, Local};
use crate::number::{Exact, Interval64};
use crate::series::{Expanded, Radius, Series};

/// Exact evaluations at places that might be singularities.
const MOST_PLACES: usize = 48;

/// How far a search goes, in units of the expansion point's magnitude or 1.
const FARTHEST: f64 = 1024.0;

/// Pieces a side of a walk around a square, few at first.
const PIECES: [usize; 2] = [16, 256];

/// Rectangles are halved down to these parts of their distance: where a guard may be zero, and where
/// nothing is known of it, so that no zero is to be found.
const RESOLUTION: f64 = 1e-12;
const RESOLUTION_OF_UNKNOWN: f64 = 1e-8;

/// The width of a rectangle around the expansion point in which zeros are looked for.
const WIDEST: f64 = 4.0;

/// Squares that are tried, each a third of the one before.
const SHRINKINGS: usize = 12;

/// Half-widths of squares around a zero that is not known exactly, as parts of its distance.
const HALF_WIDTHS: [f64; 4] = [1e-10, 1e-8, 1e-5, 1e-3];

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
        self.convergence().0.clone()
    }

    /// The radius of convergence and the singularities proven with it, searched once.
    pub(super) fn convergence(&self) -> &(Radius, Vec<SingularPoint>) {
        self.convergence.get_or_init(|| match self.expanded() {
            Ok(series) => search(series),
            Err(_) => (self.inherited_radius(), Vec::new()),
        })
    }
}

/// The radius of convergence, and the singularities proven on the way.
fn search(series: Expanded<'_>) -> (Radius, Vec<SingularPoint>) {
    let mut search = Search::new(series);
    let radius = search.run();
    (radius, search.singular)
}

struct Search<'a> {
    series: Expanded<'a>,
    plane: Plane<'a>,
    exactly: Exactly<'a>,
    cover: Cover,
    /// Squares around zeros of guards, examined separately.
    squares: Vec<Square>,
    found: Radius,
    /// For each proven rectangle, how far the point is that it shares with the neighbour whose
    /// branches it continues, and how far itself.
    detours: Vec<(f64, f64)>,
    /// Places where the function was looked at exactly.
    places: Vec<Local>,
    /// Proven singularities.
    singular: Vec<SingularPoint>,
}

impl<'a> Search<'a> {
    fn new(series: Expanded<'a>) -> Self {
        let far = FARTHEST * series.at_f64().abs().max(1.0).log2().ceil().exp2();
        Self {
            exactly: Exactly::new(series),
            series,
            plane: Plane::new(series),
            cover: Cover::new(far),
            squares: Vec::new(),
            found: Radius::at_least(f64::INFINITY),
            detours: Vec::new(),
            places: Vec::new(),
            singular: Vec::new(),
        }
    }

    fn run(&mut self) -> Radius {
        while let Some(pending) = self.cover.next() {
            let Pending { distance, node, place } = pending;
            if distance >= self.found.lower || self.plane.is_exhausted() {
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
                    Some(square) if width > square.half_width / 64.0 => {
                        self.split(&pending, RESOLUTION);
                    }
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
            let neighbour = neighbour.map(<[Guard]>::to_vec);
            let mut evaluation = self.plane.evaluate(&place, neighbour.as_deref());
            if let Err(stuck) = &evaluation
                && self.settle(&place, stuck, neighbour.as_deref())
            {
                evaluation = self.plane.evaluate(&place, neighbour.as_deref());
                if let Ok(evaluation) = &evaluation
                    && self.is_entire(&evaluation.guards)
                {
                    return Radius::infinite();
                }
            }
            match evaluation {
                Ok(evaluation) if evaluation.guards.is_empty() => return Radius::infinite(),
                Ok(evaluation) => self.cover.prove(node, evaluation.guards),
                Err(stuck) => {
                    let (re, im) = stuck.value;
                    let is_known = re.magnitude().max(im.magnitude()) < f64::INFINITY;
                    let resolution = if is_known { RESOLUTION } else { RESOLUTION_OF_UNKNOWN };
                    self.split(&pending, resolution);
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
        self.found.clone()
    }

    /// Nothing is proven from that distance on.
    fn limit(&mut self, distance: f64, exact: Option<String>) {
        if distance < self.found.lower {
            self.found.lower = distance;
            self.found.exact = exact;
        }
    }

    fn split(&mut self, pending: &Pending, resolution: f64) {
        let Pending { distance, node, place } = pending;
        let width = place.0.high - place.0.low;
        if width < distance * resolution
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

    /// Looks for the zero of a guard that a rectangle could not exclude. Whether a removable
    /// singularity was found there; around another one a square is drawn.
    fn settle(&mut self, place: &Rectangle, stuck: &Stuck, neighbour: Option<&[Guard]>) -> bool {
        let width = place.0.high - place.0.low;
        let near = distance(place);
        // A wide rectangle around the expansion point may have zeros of all sorts far away.
        let widest = if near > 0.0 { near / 4.0 } else { WIDEST };
        if width > widest || width > 2.0 * self.series.at_f64().abs().max(2.0) {
            return false;
        }
        if near == 0.0 && self.vanishes_at_point(stuck) {
            return true;
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
        let rounding = 8.0 * f64::EPSILON * origin.abs();
        let tolerance = (8.0 * error).max(1e-7 * zero.0.hypot(zero.1)).max(rounding);
        for exact in self.exactly.candidates((origin + zero.0, zero.1), tolerance) {
            if self.plane.removable.iter().any(|local| local.exact.as_ref() == Some(&exact)) {
                return false;
            }
            if self.places.len() >= MOST_PLACES {
                continue;
            }
            let index = self.places.iter().position(|l| l.exact.as_ref() == Some(&exact));
            let index = index.unwrap_or_else(|| {
                self.places.push(self.exactly.local(&exact));
                self.places.len() - 1
            });
            if !self.places[index].blocks(stuck.source) {
                continue;
            }
            if self.places[index].is_removable {
                self.plane.removable.push(self.places.swap_remove(index));
                return true;
            }
            if self.limits(index, zero, 0.75 * zero.0.hypot(zero.1)) {
                return false;
            }
        }
        self.limits_nearly(stuck, zero, error);
        false
    }

    /// Takes note of a removable singularity at the expansion point, if a guard vanishes there.
    fn vanishes_at_point(&mut self, stuck: &Stuck) -> bool {
        let at_point = |local: &Local| local.center.0.intersects(self.plane.origin.0);
        if self.plane.removable.iter().any(at_point)
            || self.plane.evaluate(&point((0.0, 0.0)), None).is_ok()
        {
            return false;
        }
        let local = self.exactly.local_at_point();
        let vanishes = local.blocks(stuck.source);
        self.plane.removable.push(local);
        vanishes
    }

    /// Whether all zeros of all guards are removable: those of a polynomial are as many as its
    /// degree, counted with their orders at places that certainly differ.
    fn is_entire(&self, guards: &[Guard]) -> bool {
        let places = &self.plane.removable;
        let differ = |i: usize| places[..i].iter().all(|other| places[i].differs_from(other));
        (0..places.len()).all(differ)
            && guards.iter().all(|guard| {
                let orders = places.iter().map(|local| {
                    let real = local.center.1 == Interval64::point(0.0);
                    // A polynomial with real coefficients has conjugate zeros.
                    let count = if real { 1 } else { 2 };
                    local.order(guard.source).unwrap_or(0).unsigned_abs() * count
                });
                self.plane.region.most_zeros(guard.source) == Some(orders.sum())
            })
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
                if self.plane.is_exhausted() {
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

    /// Whether all zeros of guards inside a circuit are at a place, around which each of them is
    /// meromorphic: at an essential singularity or a branch point a count means nothing. The
    /// first guard is analytic inside, so its count is that of its zeros; each later one is
    /// analytic apart from the place, so that its zeros elsewhere cannot be outweighed by poles.
    fn all_zeros_at(circuit: &Circuit, local: &Local) -> bool {
        let guards = &circuit.pieces[0].evaluation.guards;
        let mut counts = guards.iter().zip(&circuit.zeros);
        counts.all(|(guard, &zeros)| local.order(guard.source) == Some(zeros))
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

    /// Settles a singularity at an exact place; whether that was possible.
    fn limits(&mut self, index: usize, center: Place, widest: f64) -> bool {
        let local = &self.places[index];
        let Some(exact) = &local.exact else { return false };
        // The guess of a real place may be off the axis by rounding.
        let center = if exact.1.is_zero() { (center.0, 0.0) } else { center };
        let only = |square: &Square, circuit: &Circuit| {
            self.lies_inside(exact, square)
                && circuit.zeros.iter().any(|&zeros| zeros != 0)
                && Self::all_zeros_at(circuit, local)
        };
        let Some((mut square, circuit)) = self.square(center, widest, only) else {
            return false;
        };
        let mut is_singular = circuit.singular || self.is_kink(&square, &circuit);
        if !is_singular {
            // A smaller square may show what a larger one leaves open.
            let singular =
                |square: &Square, circuit: &Circuit| circuit.singular && only(square, circuit);
            if let Some(found) = self.square(center, square.half_width / 3.0, singular) {
                square = found.0;
                is_singular = true;
            }
        }
        let Some((distance, text)) = self.exactly.distance(exact) else { return false };
        if is_singular && distance.high < self.found.upper {
            self.found.upper = distance.high;
        }
        if is_singular {
            self.singular.push(SingularPoint::at(exact));
        }
        self.limit(distance.low, is_singular.then_some(text));
        self.squares.push(square);
        true
    }

    /// Whether the function beyond a real place in a square certainly differs from the
    /// continuation of the function before it, to which the series converges. The continuation
    /// and the function are both analytic between the place, where all guards of the square
    /// vanish, and the square's side: where they differ once they differ from the place on.
    fn is_kink(&self, square: &Square, circuit: &Circuit) -> bool {
        let (x, y) = square.center;
        let beyond = point((x + square.half_width.copysign(x), 0.0));
        let before = circuit.pieces.iter().find(|piece| meets(&piece.place, &beyond));
        let Some(before) = before.filter(|_| y == 0.0) else { return false };
        let continued = self.plane.evaluate(&beyond, Some(&before.evaluation.guards));
        let real = self.plane.evaluate(&beyond, None);
        match (continued, real) {
            (Ok(continued), Ok(real)) => differ(&continued.value, &real.value),
            _ => false,
        }
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
            let Some(circuit) = circuit
                .filter(|circuit| circuit.zeros.get(stuck.guard).is_some_and(|zeros| *zeros != 0))
            else {
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
                self.singular.push(SingularPoint::within(&place, self.plane.origin.0));
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
        // The guard of an unknown value stands in no evaluation that succeeds.
        Ok(evaluation) => Some(middle(&evaluation.guards.get(stuck.guard)?.value)),
        Err(found) if found.guard == stuck.guard => Some(middle(&found.value)),
        Err(found) => found.passed.get(stuck.guard).map(|guard| middle(&guard.value)),
    };
    let (mut old, mut new) = (start, (start.0 + width / 8.0, start.1 + width / 16.0));
    let (mut old_value, mut new_value) = (value(old)?, value(new)?);
    let modulus = |z: Place| z.0.hypot(z.1);
    let first_value = old_value;
    let mut length = width;
    for _ in 0..80 {
        let slope = complex_divide(minus(new_value, old_value), minus(new, old));
        let Some(step) = slope.and_then(|slope| complex_divide(new_value, slope)) else { break };
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
    let exactly = new_value == (0.0, 0.0);
    if exactly {
        length = f64::EPSILON * size;
    }
    let settled =
        exactly || length <= 1e-6 * size && modulus(new_value) <= 1e-3 * modulus(first_value);
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
