//! A lower bound of the error of every polynomial of a form (de la Vallée-Poussin).
//!
//! If `sum_i l_i phi_j(x_i) = 0` for all functions of a space, then for each `p` in it `sum_i l_i
//! (f(x_i) - p(x_i)) = sum_i l_i f(x_i)`, so that the largest of the `w(x_i) |f(x_i) - p(x_i)|` is at
//! least `|sum_i l_i f(x_i)| / sum_i |l_i| / w(x_i)`. The `l_i` are enclosed in balls, as those of a divided
//! difference or by elimination, which holds for any points: no alternation needs to be proven.

use super::linear::{LastColumn, Limbs, Real};
use super::problem::Problem;
use crate::certify::Basis;
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

/// The bound, or `None` where `64 N` bits are too few for it.
fn bound<const N: usize>(problem: &Problem<'_>, points: &[f64]) -> Option<f64> {
    let a = Limbs::<N, true>;
    let (mut over, mut under) = (a.double(0.0), Interval64::point(0.0));
    for (&x, l) in points.iter().zip(&combination(&a, problem, points)?) {
        let mut add = |x: f64, l: &Ball<N>| {
            let (mut value, unit) = problem.value(&a, x)?;
            if !problem.conditions.is_empty() {
                let uncertainty = problem.interpolation_uncertainty(x);
                value = a.add(&value, &Balls::<N>.at_most(uncertainty));
            }
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

/// Numbers `l_i`, not all zero, with `sum_i l_i phi_j(x_i) = 0` for all functions of the space.
fn combination<const N: usize>(
    a: &Limbs<N, true>,
    problem: &Problem<'_>,
    points: &[f64],
) -> Option<Vec<Ball<N>>> {
    if problem.basis == Basis::Powers {
        let rows: Vec<_> = points.iter().map(|&x| problem.row(a, x)).collect();
        let ones = vec![a.double(1.0); points.len()];
        let signs = || std::iter::repeat_n(0.0, points.len());
        let solved =
            LastColumn::all(points.len()).find_map(|column| column.dual(a, &rows, &ones, signs()));
        return solved.map(|(_, dual)| dual);
    }
    // A divided difference vanishes on polynomials of lower degree (DLMF 3.3.34): of all degrees in x, of
    // even ones in x^2, of odd ones in x^2 with x divided out.
    let place = |x: f64| {
        let x = a.double(x);
        if problem.parity.is_some() { a.multiply(&x, &x) } else { x }
    };
    let places: Vec<_> = points.iter().map(|&x| place(x)).collect();
    let mut combination = Vec::with_capacity(points.len());
    for (i, own) in places.iter().enumerate() {
        let mut product =
            if problem.parity == Some(true) { a.double(points[i]) } else { a.double(1.0) };
        for (j, other) in places.iter().enumerate() {
            if i != j {
                product = a.multiply(&product, &a.subtract(own, other));
            }
        }
        if let Some(factor) = problem.factor(a, points[i]) {
            product = a.multiply(&product, &factor);
        }
        if !a.is_regular(&product) {
            return None;
        }
        combination.push(product);
    }
    // Made comparable with doubles: none of the numbers is above 1 by much.
    let mut smallest = *combination.first()?;
    for product in &combination {
        if a.nearest(&a.divide(product, &smallest)).abs() < 1.0 {
            smallest = *product;
        }
    }
    Some(combination.iter().map(|product| a.divide(&smallest, product)).collect())
}
