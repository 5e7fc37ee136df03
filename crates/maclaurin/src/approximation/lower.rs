//! A lower bound of the error of every polynomial of a form (de la Vallée-Poussin).
//!
//! If `sum_i l_i phi_j(x_i) = 0` for all functions of a space, then for each `p` in it `sum_i l_i
//! (f(x_i) - p(x_i)) = sum_i l_i f(x_i)`, so that the largest of the `w(x_i) |f(x_i) - p(x_i)|` is at
//! least `|sum_i l_i f(x_i)| / sum_i |l_i| / w(x_i)`. The `l_i` are enclosed by elimination in balls,
//! which holds for any points: no alternation needs to be proven.

use super::linear::Factors;
use super::problem::Problem;
use crate::number::{Arithmetic, Ball, Balls, Interval64};

/// The bound from the points of a reference, 0 where none is found.
///
/// Where a parity is used the points are mirrored, with a combination of the same parity: it vanishes
/// on all polynomials of the other one as well, so the bound holds for every polynomial up to the
/// degree and does not rest on the function's parity.
pub(super) fn lower_bound(problem: &Problem<'_>, points: &[f64]) -> f64 {
    bound::<2>(problem, points)
        .or_else(|| bound::<6>(problem, points))
        .or_else(|| bound::<20>(problem, points))
        .unwrap_or(0.0)
}

/// The bound, or `None` where so many bits do not tell it.
fn bound<const N: usize>(problem: &Problem<'_>, points: &[f64]) -> Option<f64> {
    let a = Balls::<N>;
    let mut rows = Vec::with_capacity(points.len());
    for (i, &x) in points.iter().enumerate() {
        let mut row = problem.row(&a, x);
        row.push(a.integer(if i % 2 == 1 { -1 } else { 1 }));
        rows.push(row);
    }
    let mut last = vec![a.integer(0); points.len()];
    *last.last_mut()? = a.integer(1);
    let dual = Factors::new(&a, rows)?.solve_transposed(&a, &last);
    let (mut over, mut under) = (a.integer(0), Interval64::point(0.0));
    for (&x, l) in points.iter().zip(&dual) {
        let mut add = |x: f64, l: &Ball<N>| {
            let (value, unit) = problem.value(&a, x)?;
            over = a.add(&over, &a.multiply(l, &value));
            let size = |x: &Ball<N>| Interval64::point(x.to_interval64().magnitude());
            under = under.add(size(l).multiply(size(&unit)));
            Some(())
        };
        add(x, l)?;
        if let Some(odd) = problem.parity {
            add(-x, &if odd { a.negate(l) } else { *l })?;
        }
    }
    let over = over.to_interval64();
    let tells = over.high - over.low < 1e-6 * over.mignitude();
    let bound = Interval64::point(over.mignitude()).divide(Interval64::point(under.high));
    (tells && bound.low.is_finite()).then_some(bound.low.max(0.0))
}
