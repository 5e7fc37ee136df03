//! Where a function jumps in the complex plane if each of its parts has its principal value.
//!
//! A logarithm with its argument between `-pi` and `pi` jumps where what it is taken of crosses the
//! negative real axis, and so do powers, roots and inverse functions, which are made of logarithms. Such
//! crossings are looked for along the sides of a grid's cells, and joined in each cell. This is for pictures:
//! a jump that is shorter than a cell is missed, and nothing is proven.

use super::{Function, Index, Operand, Operation, PiecewiseConstant};
use crate::builtin::{
    Analytic, Branch, Builtin, Complex, Elementary, Exp, Log, PLANE, Rectangle, bessel_j, each,
    erlang_cdf,
};
use crate::cancel::checkpoint;
use crate::number::{Arithmetic, Interval64, Outward64, Rational};

/// A point of the complex plane.
type Place = (f64, f64);

/// Cells along the longer side of the window.
const CELLS: f64 = 64.0;

/// Halvings of a cell in which something ends, and of a side with a crossing.
const HALVINGS_OF_CELL: u32 = 5;
const HALVINGS_OF_SIDE: u32 = 28;

/// Where a cell or a side is halved, so that no side and no point comes to lie on the real axis, where cuts are.
const MIDDLE: f64 = 0.45;

/// What a jump is at least, as a part of the values on both sides.
const SMALLEST_JUMP: f64 = 1e-5;

/// A place so near to the real axis, in units of a cell, is on it.
const ON_AXIS: f64 = 1e-5;

/// Steps of the function that may be evaluated.
const MOST_STEPS: usize = 1 << 21;

impl Function {
    /// The branch cuts of the function with principal values, in a window of the complex plane: from
    /// `low` to `high` on the real axis, and up to `height` above it. What is below is their mirror image.
    ///
    /// Pieces of curves, each from one point to another, of `(re, im)`. They are found by evaluation on
    /// a grid: for pictures, not proven. Coefficients, radii and bounds do not depend on them, since a
    /// series follows its function across a cut.
    ///
    /// # Examples
    ///
    /// ```
    /// let function = maclaurin::Function::parse("sqrt(1 + x^2)")?;
    /// let cuts = function.branch_cuts((-2.0, 2.0), 2.0);
    /// assert!(!cuts.is_empty());
    /// assert!(cuts.iter().flatten().all(|(re, im)| re.abs() < 1e-6 && *im > 0.99));
    /// # Ok::<(), maclaurin::ParseError>(())
    /// ```
    #[must_use]
    pub fn branch_cuts(&self, (low, high): (f64, f64), height: f64) -> Vec<[(f64, f64); 2]> {
        let cell = ((high - low) / CELLS).max(height / CELLS);
        if !(cell > 0.0 && cell.is_finite() && low < high) {
            return Vec::new();
        }
        let mut search = Search::new(self, cell);
        let columns = ((high - low) / cell).ceil() as usize + 1;
        let rows = (height / cell).ceil() as usize + 1;
        // The real axis is in the middle of the first row; columns avoid round numbers.
        let place = |i: usize, j: usize| (low + (i as f64 - 0.618) * cell, (j as f64 - 0.5) * cell);
        let mut below: Vec<Sample> = (0..=columns).map(|i| search.sample(place(i, 0))).collect();
        for j in 1..=rows {
            let above: Vec<Sample> = (0..=columns).map(|i| search.sample(place(i, j))).collect();
            for i in 0..columns {
                let corners = [&below[i], &below[i + 1], &above[i], &above[i + 1]];
                search.cell(corners, HALVINGS_OF_CELL);
            }
            below = above;
        }
        search.found
    }
}

/// What a logarithm is taken of.
#[derive(Clone, Copy)]
struct Argument {
    /// The step, and which of its logarithms.
    source: (Index, u8),
    value: Place,
}

/// The function at a point.
struct Sample {
    place: Place,
    value: Place,
    arguments: Vec<Argument>,
}

impl Sample {
    fn argument(&self, source: (Index, u8)) -> Option<Place> {
        self.arguments.iter().find(|argument| argument.source == source).map(|found| found.value)
    }
}

struct Search<'a> {
    function: &'a Function,
    constants: Vec<Option<Rectangle>>,
    /// The side of a cell.
    cell: f64,
    steps: usize,
    found: Vec<[Place; 2]>,
}

impl<'a> Search<'a> {
    fn new(function: &'a Function, cell: f64) -> Self {
        let constant = |step: &super::Step| match &step.operation {
            Operation::Constant(value) => Some(PLANE.exact(value)),
            _ => None,
        };
        let constants = function.steps.iter().map(constant).collect();
        Self { function, constants, cell, steps: 0, found: Vec::new() }
    }

    /// Joins the crossings on the sides of a cell, whose corners are given row by row.
    fn cell(&mut self, corners: [&Sample; 4], halvings: u32) {
        let [a, b, c, d] = corners;
        let sides = [(a, b), (c, d), (a, c), (b, d)].map(|(from, to)| self.crossings(from, to));
        let [bottom, top, left, right] = &sides;
        let all: Vec<Place> = sides.iter().flatten().copied().collect();
        match all[..] {
            [] => {}
            [from, to] => self.found.push([from, to]),
            _ if halvings == 0 => {
                if let ([bottom], [top], [left], [right]) =
                    (&bottom[..], &top[..], &left[..], &right[..])
                {
                    self.found.extend([[*bottom, *top], [*left, *right]]);
                }
            }
            _ if self.steps > MOST_STEPS => {}
            _ => {
                let between = |low: f64, high: f64| low + MIDDLE * (high - low);
                let x = [a.place.0, between(a.place.0, b.place.0), b.place.0];
                let y = [a.place.1, between(a.place.1, c.place.1), c.place.1];
                let mut row = |j: usize| x.map(|x| self.sample((x, y[j])));
                let rows = [row(0), row(1), row(2)];
                for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let (below, above) = (&rows[j], &rows[j + 1]);
                    let corners = [&below[i], &below[i + 1], &above[i], &above[i + 1]];
                    self.cell(corners, halvings - 1);
                }
            }
        }
    }

    /// Where the function jumps between two points.
    fn crossings(&mut self, from: &Sample, to: &Sample) -> Vec<Place> {
        let mut found: Vec<Place> = Vec::new();
        for argument in &from.arguments {
            let (first, source) = (argument.value, argument.source);
            let Some(last) = to.argument(source) else { continue };
            let is_below = |z: Place| z.1 < 0.0;
            if is_below(first) == is_below(last) || first.0 > 0.0 && last.0 > 0.0 {
                continue;
            }
            let Some(place) = self.jump(from, to, source) else { continue };
            let near = 1e-3 * self.cell;
            if !found.iter().any(|known| (known.0 - place.0).hypot(known.1 - place.1) < near) {
                found.push(place);
            }
        }
        found
    }

    /// Where an argument crosses the negative real axis between two points, if the function jumps there.
    fn jump(&mut self, from: &Sample, to: &Sample, source: (Index, u8)) -> Option<Place> {
        let is_below = |sample: &Sample| Some(sample.argument(source)?.1 < 0.0);
        let first = is_below(from)?;
        let between = |a: f64, b: f64| a + MIDDLE * (b - a);
        let (mut low, mut high) = (self.sample(from.place), self.sample(to.place));
        for _ in 0..HALVINGS_OF_SIDE {
            let place = (between(low.place.0, high.place.0), between(low.place.1, high.place.1));
            let sample = self.sample(place);
            if is_below(&sample)? == first {
                low = sample;
            } else {
                high = sample;
            }
        }
        let size = |z: Place| z.0.hypot(z.1);
        let apart = size((low.value.0 - high.value.0, low.value.1 - high.value.1));
        let jumps = apart > SMALLEST_JUMP * (size(low.value) + size(high.value));
        let is_negative = low.argument(source)?.0.min(high.argument(source)?.0) < 0.0;
        if !(jumps && is_negative && apart.is_finite()) {
            return None;
        }
        let (x, y) = (low.place.0.midpoint(high.place.0), low.place.1.midpoint(high.place.1));
        Some((x, if y.abs() < ON_AXIS * self.cell { 0.0 } else { y }))
    }

    /// The function with principal values.
    fn sample(&mut self, place: Place) -> Sample {
        checkpoint();
        self.steps += self.constants.len();
        let z = (Interval64::point(place.0), Interval64::point(place.1));
        let mut arguments = Vec::new();
        let values = self.function.fold(|index, operation: Operation<Operand<'_, Rectangle>>| {
            if let Some(constant) = self.constants[index] {
                return constant;
            }
            let mut branch = Recorder { index, logarithms: 0, arguments: &mut arguments };
            match operation {
                Operation::Variable => z,
                Operation::Constant(value) => PLANE.exact(&value),
                Operation::Negate(f) => PLANE.negate(&f),
                Operation::Add(f, g) => PLANE.add(&f, &g),
                Operation::Subtract(f, g) => PLANE.subtract(&f, &g),
                Operation::Multiply(f, g) => PLANE.multiply(&f, &g),
                Operation::Divide(f, g) => PLANE.divide(&f, &g),
                // The root of the square.
                Operation::Absolute(f) => {
                    branch.record(&PLANE.multiply(&f, &f));
                    if f.0.middle() < 0.0 { PLANE.negate(&f) } else { *f }
                }
                // The quotient by that root.
                Operation::PiecewiseConstant(PiecewiseConstant::Sign, f, _) => {
                    branch.record(&PLANE.multiply(&f, &f));
                    PLANE.integer(if f.0.middle() < 0.0 { -1 } else { 1 })
                }
                Operation::PiecewiseConstant(PiecewiseConstant::Floor, f, _) => {
                    PLANE.integer(f.0.middle().floor() as i64)
                }
                Operation::Power(f, g) => {
                    let integer =
                        self.function.rational(g.index).filter(|r: &&Rational| r.is_int());
                    if let Some(exponent) = integer {
                        PLANE.power(&f, exponent)
                    } else {
                        branch.record(&f);
                        let log = PLANE.apply::<Log>(&f);
                        PLANE.apply::<Exp>(&PLANE.multiply(&g, &log))
                    }
                }
                Operation::Elementary(function, f) => each!(function, F => {
                    if F::BRANCHES || function == Elementary::Log {
                        F::complex(&PLANE, &f, &mut branch).unwrap_or_else(|| PLANE.unknown())
                    } else {
                        PLANE.apply::<F>(&f)
                    }
                }),
                Operation::ErlangCdf(shape, u) => erlang_cdf::value(&PLANE, &u, shape),
                Operation::BesselJ(order, u) => bessel_j::value(&PLANE, &u, order),
            }
        });
        let value = values.last().map_or((f64::NAN, f64::NAN), middle);
        Sample { place, value, arguments }
    }
}

fn middle(z: &Rectangle) -> Place {
    (z.0.middle(), z.1.middle())
}

/// Takes principal logarithms, and notes of what.
struct Recorder<'a> {
    index: Index,
    logarithms: u8,
    arguments: &'a mut Vec<Argument>,
}

impl Recorder<'_> {
    fn record(&mut self, z: &Rectangle) {
        self.arguments.push(Argument { source: (self.index, self.logarithms), value: middle(z) });
        self.logarithms += 1;
    }
}

impl Branch<Outward64> for Recorder<'_> {
    fn log(&mut self, z: &Rectangle) -> Option<Rectangle> {
        self.record(z);
        Some(PLANE.apply::<Log>(z))
    }

    fn interval(&mut self, here: Option<i64>) -> Option<i64> {
        Some(here.unwrap_or(0))
    }

    fn unknown(&mut self, plane: &Complex<Outward64>) -> Option<Rectangle> {
        Some(plane.unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    type IsCut = fn(Place) -> bool;

    fn cuts(text: &str) -> Vec<[Place; 2]> {
        Function::parse(text).unwrap().branch_cuts((-3.0, 4.0), 3.5)
    }

    /// Functions and where they jump, by their definitions (DLMF 4.2, 4.23, 4.37).
    #[test]
    fn cuts_are_where_principal_values_jump() {
        let near = 0.01;
        let beyond_one: IsCut = |(x, y)| y == 0.0 && x.abs() > 0.99;
        let above_one: IsCut = |(x, y)| x.abs() < 1e-5 && y > 0.99;
        let negative: IsCut = |(x, y)| y == 0.0 && x < 0.01;
        let cases: [(&str, IsCut, f64); 16] = [
            ("log(x)", negative, 3.0),
            ("sqrt(x)", negative, 3.0),
            ("x^x", negative, 3.0),
            ("lgamma(x)", negative, 3.0),
            ("lambert_w(x)", |(x, y)| y == 0.0 && x < -0.36, 3.0 - (-1_f64).exp()),
            ("lambert_w(9*x)", |(x, y)| y == 0.0 && x < -0.04, 3.0 - (-1_f64).exp() / 9.0),
            ("log(1 + exp(x))", |(x, y)| x > -0.01 && (y - PI).abs() < 1e-5, 4.0),
            ("asin(x)", beyond_one, 5.0),
            ("acos(x)", beyond_one, 5.0),
            ("atanh(x)", beyond_one, 5.0),
            ("atan(x)", above_one, 2.5),
            ("asinh(x)", above_one, 2.5),
            ("acosh(x)", |(x, y)| y == 0.0 && x < 1.01, 4.0),
            ("sqrt(1 + x^2)", above_one, 2.5),
            ("abs(x)", |(x, _)| x.abs() < 1e-5, 3.5),
            ("log((x - 1)/(x + 1))", |(x, y)| y == 0.0 && x.abs() < 1.01, 2.0),
        ];
        for (text, is_cut, length) in cases {
            let found = cuts(text);
            for [from, to] in &found {
                assert!(is_cut(*from) && is_cut(*to), "{text}: {from:?} to {to:?}");
            }
            let sum: f64 = found.iter().map(|[a, b]| (a.0 - b.0).hypot(a.1 - b.1)).sum();
            // The grid reaches beyond the window by less than two cells.
            let most = length + 2.0 * 7.0 / CELLS * 2.0;
            assert!(length - near < sum && sum < most, "{text}: {sum} of {length}");
        }
    }

    #[test]
    fn what_cancels_is_no_cut() {
        for text in
            ["exp(x)", "sin(x)/x", "exp(log(x))", "sqrt(x)^2", "cos(sqrt(x))", "gelu", "gamma(x)"]
        {
            assert!(cuts(text).is_empty(), "{text}: {:?}", cuts(text));
        }
        let function = Function::parse("log(x)").unwrap();
        for window in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(function.branch_cuts(window, 1.0).is_empty());
        }
    }
}
