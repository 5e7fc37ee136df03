//! A function followed along a path, and what a closed path tells of its inside.

use std::cell::Cell;

use super::region::{Evaluation, Guard, PLANE, Rectangle, Region, Stuck, hull};
use super::removable;
use super::singularity::Local;
use crate::function::{Operation, Step};
use crate::number::{Arithmetic, Interval64};
use crate::series::Expanded;

/// A point of the plane, relative to the expansion point.
pub(super) type Place = (f64, f64);

/// The most pieces of one path.
const MOST_PIECES: usize = 4096;

/// A piece of a path: its rectangle relative to the expansion point, and the function there.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub place: Rectangle,
    pub evaluation: Evaluation,
    step: Rectangle,
}

/// The plane about an expansion point.
pub(super) struct Plane<'a> {
    pub region: Region<'a>,
    /// An enclosure of the expansion point.
    pub origin: Rectangle,
    /// Removable singularities.
    pub removable: Vec<Local>,
    /// How many steps of the function may still be evaluated.
    budget: Cell<usize>,
    /// What an evaluation takes, and what all of them still may, in nanoseconds or so.
    cost: u64,
    work: Cell<u64>,
}

/// Steps of a function that one search may evaluate over rectangles.
const MOST_STEPS: usize = 3_000_000;

/// What they may take beside that, in nanoseconds or so: counted, so that it is the same on every machine.
const MOST_WORK: u64 = 2_000_000_000;

/// What one of arithmetic takes, and one of a function that has no costs of its own.
const COST_OF_STEP: u64 = 100;
const COST_OF_FUNCTION: u64 = 15_000;

/// The most plain evaluations that one is counted as in that.
const MOST_PLAIN: usize = 20;

/// An evaluation about a point beyond this magnitude costs [`COST_OF_FAR`] others: sines there take more bits.
const FAR: f64 = 1e5;
const COST_OF_FAR: usize = 20;

/// An evaluation around a removable singularity costs as much as this many plain ones.
const COST_OF_JETS: usize = 100;

/// An axis-parallel square.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    pub center: Place,
    pub half_width: f64,
}

/// What a walk around a square found.
pub(super) struct Circuit {
    pub pieces: Vec<Piece>,
    /// How many zeros each guard has inside, by the principle of the argument.
    pub zeros: Vec<i64>,
    /// Whether the function is certainly not analytic inside.
    pub singular: bool,
}

impl<'a> Plane<'a> {
    pub(super) fn new(series: Expanded<'a>) -> Self {
        let region = Region::new(series.function());
        let origin = PLANE.real(series.enclosed_point());
        let cost = |step: &Step| match step.operation {
            Operation::Elementary(function, _) => function.cost_of_complex(),
            Operation::ErlangCdf(..) | Operation::BesselJ(..) => COST_OF_FUNCTION,
            _ => COST_OF_STEP,
        };
        Self {
            cost: series.function().steps().iter().map(cost).sum(),
            region,
            origin,
            removable: Vec::new(),
            budget: Cell::new(MOST_STEPS),
            work: Cell::new(MOST_WORK),
        }
    }

    /// Whether the search has used up its work.
    pub(super) fn is_exhausted(&self) -> bool {
        self.budget.get() == 0 || self.work.get() == 0
    }

    fn spend(&self, evaluations: usize) {
        let is_far = self.origin.0.magnitude() >= FAR;
        let steps = evaluations
            * self.region.function().steps().len()
            * if is_far { COST_OF_FAR } else { 1 };
        self.budget.set(self.budget.get().saturating_sub(steps));
        let work = self.cost * evaluations.min(MOST_PLAIN) as u64;
        self.work.set(self.work.get().saturating_sub(work));
    }

    /// The function on a rectangle given relative to the expansion point, removable
    /// singularities in it or near it included.
    pub(super) fn evaluate(
        &self,
        place: &Rectangle,
        neighbour: Option<&[Guard]>,
    ) -> Result<Evaluation, Stuck> {
        let z = PLANE.add(&self.origin, place);
        self.spend(1);
        let stuck = match self.region.evaluate(&z, neighbour) {
            Err(stuck) => stuck,
            found => return found,
        };
        let width = |z: &Rectangle| (z.0.high - z.0.low).max(z.1.high - z.1.low);
        for local in &self.removable {
            if local.blocks(stuck.source) && width(&hull(&z, &local.center)) <= 2.0 * width(&z) {
                self.spend(COST_OF_JETS);
                let found = removable::evaluate(&self.region, local, &z, neighbour);
                if let Some(found) = found {
                    return Ok(found);
                }
            }
        }
        Err(stuck)
    }

    /// The pieces of a straight path, or `None` where the function cannot be followed.
    fn straight(
        &self,
        from: Place,
        to: Place,
        mut pieces: Vec<Piece>,
        count: usize,
    ) -> Option<Vec<Piece>> {
        let at = |t: f64| {
            let mix = |a: f64, b: f64| if t == 1.0 { b } else { a + (b - a) * t };
            (mix(from.0, to.0), mix(from.1, to.1))
        };
        let step = 1.0 / count as f64;
        let mut rest: Vec<(f64, f64)> =
            (0..count).rev().map(|i| (i as f64 * step, (i + 1) as f64 * step)).collect();
        while let Some((first, last)) = rest.pop() {
            if self.is_exhausted() {
                return None;
            }
            let (a, b) = (point(at(first)), point(at(last)));
            let neighbour = pieces.last().map(|piece| &piece.evaluation.guards[..]);
            let place = hull(&a, &b);
            if let Ok(evaluation) = self.evaluate(&place, neighbour) {
                pieces.push(Piece { place, evaluation, step: PLANE.subtract(&b, &a) });
                continue;
            }
            let middle = first / 2.0 + last / 2.0;
            if pieces.len() + rest.len() > MOST_PIECES || last - first < step / 1024.0 {
                return None;
            }
            rest.push((middle, last));
            rest.push((first, middle));
        }
        Some(pieces)
    }

    /// Follows the function straight from the expansion point to a square, and around it
    /// counter-clockwise in at least `count` pieces a side; `None` where it cannot be followed.
    ///
    /// The way there lies in every disc about the expansion point that meets the square's center:
    /// a function analytic in that disc has there the values that are found here, and returns to
    /// them after the round with all its integrals zero (Cauchy). Where it does not, it is
    /// singular inside the square.
    pub(super) fn around(&self, square: Square, count: usize) -> Option<Circuit> {
        let Square { center: (x, y), half_width: h } = square;
        let (left, right, low, high) = (x - h, x + h, y - h, y + h);
        // The corners, counter-clockwise from the one that follows the side of entry.
        let corners = [(left, low), (right, low), (right, high), (left, high)];
        let farther = x.abs().max(y.abs());
        let (entry, first) = if farther == 0.0 {
            ((right, 0.0), 2)
        } else {
            let inward = (x - x * (h / farther), y - y * (h / farther));
            if x.abs() >= y.abs() {
                if x > 0.0 { ((left, inward.1), 0) } else { ((right, inward.1), 2) }
            } else if y > 0.0 {
                ((inward.0, low), 1)
            } else {
                ((inward.0, high), 3)
            }
        };
        let way = if farther == 0.0 {
            let evaluation = self.evaluate(&point(entry), None).ok()?;
            vec![Piece { place: point(entry), evaluation, step: PLANE.integer(0) }]
        } else {
            self.straight((0.0, 0.0), entry, Vec::new(), 16)?
        };
        let guards = |pieces: &[Piece]| pieces.last().map(|last| last.evaluation.guards.clone());
        let before = self.evaluate(&point(entry), Some(&guards(&way)?)).ok()?;
        let start = Piece { place: point(entry), evaluation: before, step: PLANE.integer(0) };
        let mut pieces = vec![start];
        let mut from = entry;
        for turn in 0..=4 {
            let to = if turn == 4 { entry } else { corners[(first + turn) % 4] };
            pieces = self.straight(from, to, pieces, count)?;
            from = to;
        }
        let known = |piece: &Piece| piece.evaluation.guards.iter().all(Guard::has_argument);
        if !pieces.iter().all(known) {
            return None;
        }
        let after = self.evaluate(&point(entry), Some(&guards(&pieces)?)).ok()?;
        let before = &pieces[0].evaluation;
        let zeros = before.guards.iter().zip(&after.guards).map(|(before, after)| {
            let turns = after.argument.middle() - before.argument.middle();
            (turns / std::f64::consts::TAU).round() as i64
        });
        let differ = differ(&after.value, &before.value);
        let zeros = zeros.collect();
        let singular = differ || has_integral(square, &pieces);
        Some(Circuit { pieces, zeros, singular })
    }
}

/// Whether the integral of `f(z) ((z - c)/h)^j` around the square is certainly not zero for
/// a small `j`.
fn has_integral(square: Square, pieces: &[Piece]) -> bool {
    let center = point(square.center);
    let scale = PLANE.real(Interval64::point(square.half_width));
    (0..4u8).any(|j| {
        let integral = pieces.iter().fold(PLANE.integer(0), |sum, piece| {
            let t = PLANE.divide(&PLANE.subtract(&piece.place, &center), &scale);
            let weight = PLANE.power(&t, &u64::from(j).into());
            let value = PLANE.multiply(&piece.evaluation.value, &weight);
            PLANE.add(&sum, &PLANE.multiply(&value, &piece.step))
        });
        differ(&integral, &PLANE.integer(0))
    })
}

/// Whether no number of one rectangle is in the other.
pub(super) fn differ(a: &Rectangle, b: &Rectangle) -> bool {
    !meets(a, b)
}

/// Whether two rectangles share a point.
pub(super) fn meets(a: &Rectangle, b: &Rectangle) -> bool {
    a.0.intersects(b.0) && a.1.intersects(b.1)
}

/// The rectangle of one point.
pub(super) fn point((x, y): Place) -> Rectangle {
    (Interval64::point(x), Interval64::point(y))
}
