//! From a function's steps to its series about a point.

use std::cmp::Ordering;

use super::jet::{Jet, Obstacle, Singularity};
use crate::builtin::{Analytic, Builtin, Elementary, Exp, Log, bessel_j, each, erlang_cdf};
use crate::function::{
    Function, Index, Operand, Operation, PiecewiseConstant, Span, Step, depends_on_variable,
};
use crate::number::Rational;

/// Why a function's series could not be had, and which part of its text is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub obstacle: Obstacle,
    pub span: Span,
}

/// Terms beyond the order that cancelled leading terms may cost before the search for the first
/// term that is not zero is given up.
pub(super) const MOST_EXTRA_TERMS: usize = 96;

/// Terms beyond these that high powers of what vanishes may cost, such as `1/x^60`.
const MOST_TERMS_OF_POWERS: usize = 2000;

/// The terms that a function may cost beyond the order. A power takes as many as its exponent says, once
/// to find where it begins, and once more where that is divided by.
fn most_extra_terms(function: &Function) -> usize {
    let exponent = |step: &Step| match step.operation {
        Operation::Power(_, g) => {
            let exponent = function.rational(g).filter(|exponent| exponent.is_int())?;
            usize::try_from(exponent.numerator().clone().into_parts().1).ok()
        }
        _ => None,
    };
    let exponents = function.steps().iter().filter_map(exponent).fold(0, usize::saturating_add);
    MOST_EXTRA_TERMS + exponents.saturating_mul(2).min(MOST_TERMS_OF_POWERS)
}

/// The coefficients `a_0 .. a_order` in `s` of `function(x)` for `x = variable[0] + variable[1] s`.
pub(crate) fn coefficients<A: Analytic>(
    a: &A,
    function: &Function,
    variable: &[A::Number; 2],
    order: usize,
) -> Result<Vec<A::Number>, Blocked> {
    let most = most_extra_terms(function);
    enough_terms(order, most, |terms| attempt(a, function, variable, terms))
}

/// The coefficients up to `order` from an evaluation with a number of terms, which is asked for more
/// where leading terms cancel. Its error comes with the number of terms known to be missing.
#[allow(clippy::type_complexity)]
pub(super) fn enough_terms<N>(
    order: usize,
    most_extra: usize,
    evaluate: impl Fn(usize) -> Result<(Vec<N>, Span), (Blocked, usize)>,
) -> Result<Vec<N>, Blocked> {
    let mut extra = 0;
    loop {
        let outcome = evaluate(order + 1 + extra).and_then(|(taylor, span)| {
            let missing = (order + 1).saturating_sub(taylor.len());
            if missing == 0 {
                Ok(taylor)
            } else {
                Err((Blocked { obstacle: Obstacle::MoreTerms, span }, missing))
            }
        });
        match outcome {
            Ok(mut taylor) => {
                taylor.truncate(order + 1);
                return Ok(taylor);
            }
            Err((Blocked { obstacle: Obstacle::MoreTerms, span }, missing)) => {
                if extra >= most_extra {
                    // Everything looked at is zero: a division by what vanishes identically.
                    let obstacle = Obstacle::Singular(Singularity::Pole);
                    return Err(Blocked { obstacle, span });
                }
                extra = (extra + missing.max(extra).max(2)).min(most_extra);
            }
            Err((blocked, _)) => return Err(blocked),
        }
    }
}

/// How a step begins at a point: the orders of `f` and of `f - f(x0)`, and `f(x0)` where `f` is
/// analytic. An order is `None` where the terms do not settle it.
pub(crate) struct Leading<N> {
    pub order: Option<i64>,
    pub order_of_difference: Option<i64>,
    pub value: Option<N>,
}

/// How the steps begin at `variable[0]`: `None` for one that has no Laurent series there.
pub(crate) fn leading<A: Analytic>(
    a: &A,
    function: &Function,
    variable: &[A::Number; 2],
    terms: usize,
) -> Vec<Option<Leading<A::Number>>> {
    let mut known: Vec<bool> = Vec::new();
    let jets = function.fold(|_, operation| {
        let mut operands = true;
        operation.map(|operand| operands &= known[operand.index]);
        let zero = matches!(&operation, Operation::Divide(_, g)
            if function.rational(g.index).is_some_and(Rational::is_zero));
        let jet = apply(a, function.steps(), operation, variable, terms)
            .ok()
            .filter(|_| operands && !zero);
        known.push(jet.is_some());
        jet.unwrap_or_else(|| Jet::constant(a, a.integer(0), 1))
    });
    let leading = |jet: &Jet<A::Number>| {
        let taylor = jet.taylor(a, terms).ok();
        let difference = taylor.as_ref().and_then(|c| {
            let degree = c.iter().skip(1).position(|c| a.sign(c) != Some(Ordering::Equal))? + 1;
            a.sign(&c[degree]).map(|_| degree as i64)
        });
        Leading {
            order: jet.stripped(a).ok().map(|jet| jet.valuation),
            order_of_difference: difference,
            value: taylor.map(|mut c| c.swap_remove(0)),
        }
    };
    jets.iter().zip(known).map(|(jet, known)| known.then(|| leading(jet))).collect()
}

/// The degree of the first term that is not zero of the function's Laurent series, or 0 where no
/// term is known that is not.
pub(super) fn order_of<A: Analytic>(
    a: &A,
    function: &Function,
    variable: &[A::Number; 2],
) -> Result<i64, Blocked> {
    let span = function.steps()[function.steps().len() - 1].span;
    let most_extra = most_extra_terms(function);
    let mut terms = 1;
    loop {
        let found = jets(a, function, variable, terms).and_then(|mut jets| {
            let order = jets.pop().map_or(Ok(0), |jet| Ok(jet.stripped(a)?.valuation));
            order.map_err(|obstacle| Blocked { obstacle, span })
        });
        match found {
            Err(Blocked { obstacle: Obstacle::MoreTerms, span }) if terms > most_extra => {
                // Zero as far as one looks, or a division by what is.
                let zero = attempt(a, function, variable, terms).is_ok();
                let pole = Blocked { obstacle: Obstacle::Singular(Singularity::Pole), span };
                return if zero { Ok(0) } else { Err(pole) };
            }
            Err(Blocked { obstacle: Obstacle::MoreTerms, .. }) => terms *= 4,
            found => return found,
        }
    }
}

/// The Laurent series of all steps with `terms` terms.
fn jets<A: Analytic>(
    a: &A,
    function: &Function,
    variable: &[A::Number; 2],
    terms: usize,
) -> Result<Vec<Jet<A::Number>>, Blocked> {
    function.try_fold(|index, operation| {
        let blocked = |obstacle| Blocked { obstacle, span: function.steps()[index].span };
        // What is written as zero is no function that vanishes at the point alone.
        if let Operation::Divide(_, g) = &operation
            && function.rational(g.index).is_some_and(Rational::is_zero)
        {
            return Err(blocked(Obstacle::Singular(Singularity::Pole)));
        }
        let mut known: &[Jet<A::Number>] = &[];
        operation.map(|operand| known = operand.values);
        apply(a, function.steps(), operation, variable, terms).or_else(|obstacle| {
            if is_open(obstacle) && vanishes(a, function, index, known) {
                return Ok(Jet::constant(a, a.integer(0), terms));
            }
            Err(blocked(obstacle))
        })
    })
}

fn is_open(obstacle: Obstacle) -> bool {
    matches!(obstacle, Obstacle::MoreTerms | Obstacle::MoreBits)
}

/// Whether a kink, a jump or a root of what vanishes identically beside the point is proven to do so.
fn vanishes<A: Analytic>(
    a: &A,
    function: &Function,
    index: Index,
    known: &[Jet<A::Number>],
) -> bool {
    let steps = function.steps();
    let sign = |number: &A::Number| a.sign(number).map(|sign| sign as i64);
    let side = |index: Index| match steps[index].operation {
        Operation::Absolute(f) => {
            let first = known[f].stripped(a).ok().filter(|first| first.valuation % 2 == 0)?;
            sign(&first.coefficients[0])
        }
        Operation::PiecewiseConstant(PiecewiseConstant::Sign, ..) => {
            sign(&known[index].coefficients[0])
        }
        Operation::PiecewiseConstant(PiecewiseConstant::Floor, ..) => {
            let value = a.as_rational(&known[index].coefficients[0])?;
            i64::try_from(value.numerator()).ok()
        }
        _ => None,
    };
    let may = matches!(
        steps[index].operation,
        Operation::Absolute(_) | Operation::PiecewiseConstant(..) | Operation::Power(..)
    );
    may && function.vanishes(index, |step| if step < index { side(step) } else { None })
}

/// One evaluation with `terms` terms; the error comes with the number of terms known to be
/// missing.
#[allow(clippy::type_complexity)]
fn attempt<A: Analytic>(
    a: &A,
    function: &Function,
    variable: &[A::Number; 2],
    terms: usize,
) -> Result<(Vec<A::Number>, Span), (Blocked, usize)> {
    let span = |index: usize| function.steps()[index].span;
    let last = function.steps().len() - 1;
    let jets = jets(a, function, variable, terms).map_err(|blocked| (blocked, 1))?;
    match jets[last].taylor(a, terms) {
        Ok(taylor) => Ok((taylor, span(last))),
        Err(Obstacle::Singular(kind)) => {
            // The first step with a pole is the one to blame.
            let origin = jets
                .iter()
                .position(|jet| matches!(jet.taylor(a, terms), Err(Obstacle::Singular(_))));
            let span = span(origin.unwrap_or(last));
            Err((Blocked { obstacle: Obstacle::Singular(kind), span }, 0))
        }
        Err(obstacle) => {
            let missing = usize::try_from(1 - jets[last].precision()).unwrap_or(1);
            Err((Blocked { obstacle, span: span(last) }, missing))
        }
    }
}

/// One operation on earlier ones of these steps.
pub(super) fn apply<A: Analytic>(
    a: &A,
    steps: &[Step],
    operation: Operation<Operand<'_, Jet<A::Number>>>,
    variable: &[A::Number; 2],
    terms: usize,
) -> Result<Jet<A::Number>, Obstacle> {
    Ok(match operation {
        Operation::Variable => {
            let mut jet = Jet::constant(a, variable[0].clone(), terms);
            if terms > 1 {
                jet.coefficients[1] = variable[1].clone();
            }
            jet
        }
        Operation::Constant(value) => Jet::constant(a, a.exact(&value), terms),
        Operation::Negate(f) => f.negate(a),
        Operation::Add(f, g) => f.add(a, &g),
        Operation::Subtract(f, g) => f.add(a, &g.negate(a)),
        Operation::Multiply(f, g) => f.multiply(a, &g),
        Operation::Divide(f, g) => f.divide(a, &g)?,
        Operation::Absolute(f) => f.absolute(a)?,
        Operation::PiecewiseConstant(level, u, guard) => {
            let value = if depends_on_variable(steps, u.index) {
                u.level(a, level, &guard)?
            } else {
                u.level_of_constant(a, level, &guard)?
            };
            Jet::constant(a, value, terms)
        }
        Operation::Power(f, g) => {
            let exponent = a.as_rational(&g.coefficients[0]);
            match exponent.filter(|_| !depends_on_variable(steps, g.index)) {
                Some(exponent) => f.power(a, &exponent)?,
                None => exponential_power(a, &f, &g, terms)?,
            }
        }
        Operation::Elementary(elementary, f) => {
            each!(elementary, F => through::<F, A>(a, &f, terms))?
        }
        Operation::BesselJ(order, u) => {
            Jet::taylor_series(bessel_j::series(a, &inner(a, &u, terms)?, order))
        }
        Operation::ErlangCdf(shape, u) => {
            Jet::taylor_series(erlang_cdf::series(a, &inner(a, &u, terms)?, shape))
        }
    })
}

/// The Taylor coefficients of an argument; a pole inside a function is an essential singularity
/// of it.
fn inner<A: Analytic>(a: &A, f: &Jet<A::Number>, terms: usize) -> Result<Vec<A::Number>, Obstacle> {
    f.taylor(a, terms).map_err(|obstacle| match obstacle {
        Obstacle::Singular(_) => Obstacle::Singular(Singularity::EssentialSingularity),
        other => other,
    })
}

/// `f^g = exp(g log f)`
fn exponential_power<A: Analytic>(
    a: &A,
    f: &Jet<A::Number>,
    g: &Jet<A::Number>,
    terms: usize,
) -> Result<Jet<A::Number>, Obstacle> {
    let log = through::<Log, A>(a, f, terms)?;
    through::<Exp, A>(a, &g.multiply(a, &log), terms)
}

fn through<F: Builtin, A: Analytic>(
    a: &A,
    jet: &Jet<A::Number>,
    terms: usize,
) -> Result<Jet<A::Number>, Obstacle> {
    let f = inner(a, jet, terms).map_err(|obstacle| match obstacle {
        // It tends to pi/2 on one side of a pole of odd order, and to -pi/2 on the other.
        Obstacle::Singular(Singularity::EssentialSingularity)
            if F::ELEMENTARY == Elementary::Atan
                && jet.stripped(a).is_ok_and(|pole| pole.valuation % 2 != 0) =>
        {
            Obstacle::Singular(Singularity::Jump)
        }
        other => other,
    })?;
    if let Some([over, under]) = F::QUOTIENT
        && F::has_pole(a, &f[0])
    {
        let series = |function: Elementary| Jet::taylor_series(function.series(a, &f));
        return series(over).divide(a, &series(under));
    }
    match F::margin(a, &f[0]).map(|margin| a.sign(&margin)) {
        None | Some(Some(Ordering::Greater)) => Ok(Jet::taylor_series(F::series(a, &f))),
        Some(Some(Ordering::Equal)) => Err(Obstacle::Singular(Singularity::BranchPoint)),
        Some(Some(Ordering::Less)) => Err(Obstacle::Singular(Singularity::OutsideDomain)),
        Some(None) => Err(Obstacle::MoreBits),
    }
}
