//! The correctly rounded coefficients of a series, and which of them are zero.
//!
//! Balls of a fixed number of limbs come first. They settle a coefficient whose ball rounds to one
//! `f64`. Exact arithmetic is asked about the others only where their balls contain zero. A
//! coefficient enclosed within `2^-1075` of zero is 0.0 as an `f64`, zero or not; that zero is
//! then not proven.

use super::evaluate::Blocked;
use super::jet::{Obstacle, Singularity};
use super::source::Source;
use crate::cancel::limited;
use crate::function::Function;
use crate::number::{Arithmetic, Ball, Balls, Certified, Exact, Interval, Value, to_f64};

/// Limbs of the balls tried in turn. The last ones reach `2^-1075` below numbers near 1.
const FIRST_LIMBS: usize = 2;
const MORE_LIMBS: usize = 6;
const MOST_LIMBS: usize = 20;

/// The precisions at which intervals are tried, in bits, where balls settle nothing.
pub(super) const PRECISIONS: [usize; 4] = [128, 512, 2048, 8192];

/// The bits of the last attempt.
pub(super) const LAST_BITS: usize = PRECISIONS[PRECISIONS.len() - 1];

/// The first precision at which intervals can tell what balls could not.
const BEYOND_BALLS: usize = 2048;

/// Exact forms are first looked for up to this degree, then up to four times as high, or at once up to the order
/// where all are rational and it is not above the second.
const FIRST_EXACT_ORDER: usize = 8;
const AT_ONCE: usize = 1000;

/// The work that the coefficients may take, and that a try of exact forms may, in nanoseconds or so:
/// counted, so that it is the same on every machine.
const MOST_WORK: u64 = 30_000_000_000;
const MOST_WORK_OF_EXACT: u64 = 4_000_000_000;

/// Exact forms of the coefficients, where the budget of exact arithmetic reached.
pub(super) type ExactForms = Vec<Option<Exact>>;

/// What is known of a coefficient's being zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// It is not zero.
    No,
    /// It is zero.
    Proven,
    /// It is within `2^-1075` of zero.
    NotProven,
}

/// Correctly rounded coefficients.
#[derive(Debug)]
pub(super) struct Settled {
    pub coefficients: Vec<f64>,
    pub zeros: Vec<Zero>,
    /// The exact forms, if they were needed.
    pub exact: Option<ExactForms>,
}

/// Why no precision gave the coefficients.
pub(super) enum Failure {
    Blocked(Blocked),
    /// The coefficient of this degree, of whose magnitude nothing is known if `unbounded`.
    Unsettled {
        degree: usize,
        unbounded: bool,
    },
    /// They take more work than [`MOST_WORK`].
    TooMuchWork {
        order: usize,
    },
}

impl Failure {
    /// Whether the function has such a singularity.
    pub(super) fn is(&self, singularity: Singularity) -> bool {
        matches!(self, Self::Blocked(blocked) if blocked.obstacle == Obstacle::Singular(singularity))
    }
}

/// The coefficients at one precision, with the arithmetic that they came from.
pub(super) fn attempt(
    source: &Source,
    at: &Function,
    order: usize,
    bits: usize,
) -> Result<(Certified, Vec<Value>), Blocked> {
    let arithmetic = Certified::new(bits);
    let values = source.coefficients(&arithmetic, at, order)?;
    Ok((arithmetic, values))
}

/// Enclosures of the coefficients by balls of at least that many bits, if there are such.
pub(super) fn enclosures(
    source: &Source,
    at: &Function,
    order: usize,
    bits: usize,
) -> Option<Vec<Interval>> {
    fn with<const N: usize>(source: &Source, at: &Function, order: usize) -> Option<Vec<Interval>> {
        let balls = source.coefficients(&Balls::<N>, at, order).ok()?;
        Some(balls.into_iter().map(Ball::to_interval).collect())
    }
    match bits {
        0..=128 => with::<2>(source, at, order),
        129..=384 => with::<6>(source, at, order),
        385..=1280 => with::<20>(source, at, order),
        _ => None,
    }
}

/// The exact forms of the coefficients up to `order`.
///
/// The order grows while exact arithmetic keeps up: what follows degrees without an exact form
/// has none either, and enclosures are not asked for here.
pub(super) fn exact_forms(source: &Source, at: &Function, order: usize) -> ExactForms {
    let mut forms: ExactForms = Vec::new();
    let mut highest = order.min(FIRST_EXACT_ORDER);
    loop {
        let attempts = [PRECISIONS[0], BEYOND_BALLS].into_iter();
        let mut attempts = attempts.map(|bits| attempt(source, at, highest, bits));
        let values = limited(MOST_WORK_OF_EXACT, || attempts.find_map(Result::ok));
        let values = values.flatten().map_or_else(Vec::new, |(_, values)| values);
        let known = values.into_iter().map(|value| match value {
            Value::Exact(exact) => Some(exact),
            Value::Enclosure(_) => None,
        });
        forms.resize(highest + 1, None);
        for (form, known) in forms.iter_mut().zip(known) {
            if known.is_some() {
                *form = known;
            }
        }
        let ended = forms[highest / 2..].iter().all(Option::is_none);
        if ended || highest == order {
            forms.resize(order + 1, None);
            return forms;
        }
        let rational =
            |form: &Option<Exact>| form.as_ref().is_some_and(|form| form.as_rational().is_some());
        let at_once = order <= AT_ONCE && forms[1..].iter().all(rational);
        highest = if at_once { order } else { order.min(4 * highest) };
    }
}

/// The coefficients' roundings, at the first precision that settles them all.
pub(super) fn settle(source: &Source, at: &Function, order: usize) -> Result<Settled, Failure> {
    let settled = limited(MOST_WORK, || with_any_work(source, at, order));
    settled.unwrap_or(Err(Failure::TooMuchWork { order }))
}

fn with_any_work(source: &Source, at: &Function, order: usize) -> Result<Settled, Failure> {
    let mut progress = Progress {
        found: vec![None; order + 1],
        exact: None,
        exact_forms: &|| exact_forms(source, at, order),
    };
    let settled = progress.by_balls::<FIRST_LIMBS>(source, at)
        && (progress.is_complete()
            || progress.by_balls::<MORE_LIMBS>(source, at)
                && (progress.is_complete() || progress.by_balls::<MOST_LIMBS>(source, at)));
    if !progress.is_complete() {
        // Balls that are blocked cannot say why: constants such as 1/3 are not exact in them.
        let first = if settled { BEYOND_BALLS } else { 0 };
        progress.by_intervals(source, at, first)?;
    }
    let (coefficients, zeros) = progress.found.into_iter().flatten().unzip();
    Ok(Settled { coefficients, zeros, exact: progress.exact })
}

/// The coefficients settled so far.
struct Progress<'f> {
    found: Vec<Option<(f64, Zero)>>,
    exact: Option<ExactForms>,
    exact_forms: &'f dyn Fn() -> ExactForms,
}

impl Progress<'_> {
    fn is_complete(&self) -> bool {
        self.found.iter().all(Option::is_some)
    }

    /// Settles what balls can; false where they have no enclosures of the coefficients.
    fn by_balls<const N: usize>(&mut self, source: &Source, at: &Function) -> bool {
        let Ok(balls) = source.coefficients(&Balls::<N>, at, self.found.len() - 1) else {
            return false;
        };
        for (degree, ball) in balls.into_iter().enumerate() {
            if self.found[degree].is_some() {
                continue;
            }
            self.found[degree] = match Balls::<N>.sign(&ball) {
                Some(sign) if sign.is_eq() => Some((0.0, Zero::Proven)),
                Some(_) => ball.to_f64().map(|value| (value, Zero::No)),
                // Exact arithmetic says the same each time.
                None if N == FIRST_LIMBS => self.exactly(degree),
                None => ball.is_negligible().then_some((0.0, Zero::NotProven)),
            };
        }
        true
    }

    /// The rounding of a coefficient that has an exact form.
    fn exactly(&mut self, degree: usize) -> Option<(f64, Zero)> {
        let forms = self.exact.get_or_insert_with(self.exact_forms);
        let exact = forms[degree].as_ref()?;
        if exact.is_zero() {
            return Some((0.0, Zero::Proven));
        }
        if let Some(rational) = exact.as_rational() {
            return Some((to_f64(rational), Zero::No));
        }
        let mut enclosures = PRECISIONS[..2].iter().map(|&bits| exact.enclose(bits));
        enclosures.find_map(|interval| {
            interval.sign()?;
            Some((interval.to_f64()?, Zero::No))
        })
    }

    /// Settles the rest by exact numbers and intervals.
    fn by_intervals(
        &mut self,
        source: &Source,
        at: &Function,
        first: usize,
    ) -> Result<(), Failure> {
        let mut failure = Failure::Unsettled { degree: 0, unbounded: false };
        for bits in PRECISIONS.into_iter().filter(|&bits| bits >= first) {
            let (arithmetic, values) = match attempt(source, at, self.found.len() - 1, bits) {
                Ok(attempt) => attempt,
                Err(blocked @ Blocked { obstacle: Obstacle::MoreBits, .. }) => {
                    failure = Failure::Blocked(blocked);
                    continue;
                }
                Err(blocked) => return Err(Failure::Blocked(blocked)),
            };
            for (degree, value) in values.iter().enumerate() {
                if self.found[degree].is_none() {
                    self.found[degree] = settled(&arithmetic, value, bits >= BEYOND_BALLS);
                }
            }
            match self.found.iter().position(Option::is_none) {
                None => return Ok(()),
                Some(degree) => {
                    let unbounded = arithmetic.enclose(&values[degree]).is_whole_line();
                    failure = Failure::Unsettled { degree, unbounded };
                }
            }
        }
        Err(failure)
    }
}

/// A value's rounding, and whether it is zero.
fn settled(arithmetic: &Certified, value: &Value, last: bool) -> Option<(f64, Zero)> {
    if let Value::Exact(exact) = value
        && let Some(rational) = exact.as_rational()
    {
        let zero = if exact.is_zero() { Zero::Proven } else { Zero::No };
        return Some((to_f64(rational), zero));
    }
    let interval = arithmetic.enclose(value);
    match (interval.to_f64(), interval.sign()) {
        (Some(_), Some(sign)) if sign.is_eq() => Some((0.0, Zero::Proven)),
        (Some(value), Some(_)) => Some((value, Zero::No)),
        _ => (last && interval.is_negligible()).then_some((0.0, Zero::NotProven)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTIONS: [&str; 24] = [
        "exp(x)",
        "log(1+exp(x))",
        "tan(x)",
        "exp(sin(x))",
        "sqrt(1+exp(x))",
        "1/(2+x+x^2)",
        "tanh(x)",
        "gelu",
        "atan(x)",
        "erf(x)",
        "x/(exp(x)-3)",
        "sinh(x)*cosh(x/3)",
        "asinh(x)",
        "asin(x/3)",
        "acos(x/3)",
        "acosh(4+x)",
        "atanh(x/3)",
        "(3+x)^(1/3)",
        "mish",
        "silu",
        "gelu_tanh",
        "cos(exp(x))",
        "log(3+sin(x))",
        "erlang_cdf(x, 3, 2)",
    ];

    /// The coefficients by balls beside those by exact numbers and intervals.
    #[test]
    fn balls_and_intervals_agree() {
        for text in FUNCTIONS {
            let function = Function::parse(text).unwrap().into();
            for at in ["0", "1", "1/3", "-2/5", "2", "pi/7"] {
                let at = Function::constant(at).unwrap();
                let (arithmetic, values) = attempt(&function, &at, 40, 300)
                    .unwrap_or_else(|_| panic!("{text} at {}", at.text()));
                for bits in [128, 384, 1280] {
                    let balls = enclosures(&function, &at, 40, bits).unwrap();
                    for (degree, (ball, value)) in balls.iter().zip(&values).enumerate() {
                        let (low, high) = ball.bounds().unwrap();
                        let (least, most) = arithmetic.enclose(value).bounds().unwrap();
                        let what = format!("degree {degree} of {text} at {}, {bits}", at.text());
                        assert!(low <= most && least <= high, "{what}: disjoint");
                    }
                }
            }
        }
    }

    #[test]
    fn coefficients_of_many_degrees_are_those_of_exact_rationals() {
        for text in ["exp(sin(x))", "x/(exp(x)-1)", "tan(2*x/3)", "tanh(-x)", "1/(2+x-x^3)^(1/2)"] {
            let function = Function::parse(text).unwrap().into();
            let at = Function::constant("0").unwrap();
            let Ok(settled) = settle(&function, &at, 90) else { panic!("{text}") };
            let forms = exact_forms(&function, &at, 90);
            for (degree, form) in forms.iter().enumerate() {
                let Some(rational) = form.as_ref().and_then(|form| form.as_rational()) else {
                    continue;
                };
                assert_eq!(settled.coefficients[degree], to_f64(rational), "{degree} of {text}");
                assert_eq!(settled.zeros[degree] == Zero::Proven, rational.is_zero(), "{text}");
            }
        }
    }

    #[test]
    fn zeros_that_nothing_proves_are_said_to_be_not_proven() {
        for (text, at, degree) in [
            ("sigmoid(x-1) + sigmoid(x+3)", "-1", 2),
            ("tanh(x)^2 + 1/cosh(x)^2", "0.3", 1),
            ("sigmoid(x) + sigmoid(-x)", "0.7", 3),
            ("acos(cos(x))", "1", 2),
            ("atan(tan(x))", "2", 4),
        ] {
            let function = Function::parse(text).unwrap();
            let series = crate::Series::new(&function, 6, at).unwrap();
            assert_eq!(series.coefficients()[degree].to_bits(), 0, "{text}");
            assert!(!series.is_zero_proven(degree) && series.exact(degree).is_none(), "{text}");
            assert!(!series.degrees().contains(&degree), "{text}");
        }
        let series = crate::taylor("sin(x) + exp(-10^9)*x^2", 3, "0").unwrap();
        assert_eq!((series.degrees(), series.coefficients()[2]), (&[1, 2, 3][..], 0.0));
    }
}
