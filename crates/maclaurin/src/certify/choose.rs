//! The order, and the expansion point where it is free, chosen from a range and a tolerance.

use std::time::{Duration, Instant};

use super::bound::{check_range, enclose, rounded};
use crate::function::Function;
use crate::number::Interval64;
use crate::series::{Error, NoOrder, Series};

/// The highest order that is tried, and the orders at which the series is computed anew.
const ORDERS: [usize; 5] = [16, 32, 64, 128, 256];

/// Points of the range at which an order is tried before it is certified.
const SAMPLES: usize = 33;

/// After so much time no further order is tried; for advice, there is a little more.
const LONGEST: Duration = Duration::from_millis(900);
const LONGEST_ADVICE: Duration = Duration::from_millis(200);

/// How much longer a series of twice the order takes, about.
const GROWTH: u32 = 6;

/// An order is not certified while the first term it leaves out is so many tolerances large.
const HOPELESS: f64 = 16.0;

/// Parts of the radius of convergence into which a range could be scaled.
const PARTS: [f64; 4] = [0.75, 0.5, 0.25, 0.1];

impl Series {
    /// The series of the smallest order whose certified error on `low <= x <= high` is at most
    /// `tolerance`, about `at`, or where that is `None` about whichever of zero, the middle and
    /// round numbers near it needs the smallest order.
    ///
    /// # Errors
    ///
    /// [`Error::NoOrder`] with the reason, and with the scaling of the values that would help;
    /// [`Error::EmptyRange`], and as [`Series::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Function, Series};
    ///
    /// let softplus = Function::parse("softplus")?;
    /// let series = Series::within(&softplus, (0.0, 1.0), 1e-3, Some("0"))?;
    /// assert_eq!(series.order(), 4);
    /// let series = Series::within(&softplus, (0.0, 1.0), 1e-3, None)?;
    /// assert_eq!((series.at(), series.order()), ("1/2", 3));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn within(
        function: &Function,
        (low, high): (f64, f64),
        tolerance: f64,
        at: Option<&str>,
    ) -> Result<Self, Error> {
        check_range(low, high)?;
        let deadline = Instant::now() + LONGEST;
        let free = points(low, high);
        let points = at.map_or(free, |at| vec![at.to_owned()]);
        let mut best: Option<Self> = None;
        let mut failure = None;
        for point in points {
            let limit = best.as_ref().map_or(usize::MAX, Self::order);
            match smallest(function, (low, high), tolerance, &point, limit, deadline) {
                Ok(Some(series)) => best = Some(series),
                Ok(None) => {}
                // A point without a series says less than one with a series of no use.
                Err(Error::NotAnalytic(error)) if at.is_none() => {
                    failure = failure.or(Some(error.into()));
                }
                Err(error) => match failure {
                    None | Some(Error::NotAnalytic(_)) => failure = Some(error),
                    Some(_) => {}
                },
            }
        }
        match (best, failure) {
            (Some(series), _) => Ok(series),
            (None, Some(Error::NoOrder(mut reason))) => {
                reason.advice = advice(function, (low, high), tolerance, &reason);
                Err(Error::NoOrder(reason))
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(Error::EmptyRange { low, high }),
        }
    }
}

/// The points that are tried when the user leaves the choice.
fn points(low: f64, high: f64) -> Vec<String> {
    let middle = low.midpoint(high);
    let text = |x: f64| {
        let exact = crate::number::Rational::try_from(x).unwrap_or_default();
        exact.to_string()
    };
    // The middle, and the shortest decimal near it.
    let step = 10f64.powf((high - low).max(f64::MIN_POSITIVE).log10().floor() - 1.0);
    let round = (middle / step).round();
    let mut points = Vec::new();
    if low <= 0.0 && 0.0 <= high {
        points.push("0".to_owned());
    }
    points.push(text(middle));
    if round.is_finite() && round.abs() < 1e9 && step >= 1.0 {
        points.push(text(round * step));
    } else if round.is_finite() && round.abs() < 1e9 && step > 1e-12 {
        points.push(text(round / (1.0 / step).round()));
    }
    points.dedup();
    points
}

/// The series of the smallest order below `limit` that meets the tolerance, or `None` where
/// only larger ones do.
fn smallest(
    function: &Function,
    (low, high): (f64, f64),
    tolerance: f64,
    at: &str,
    limit: usize,
    deadline: Instant,
) -> Result<Option<Series>, Error> {
    let mut samples: Vec<Sample> = (0..SAMPLES)
        .map(|i| low + (high - low) * i as f64 / (SAMPLES - 1) as f64)
        .map(|x| Sample::new(function, x.clamp(low, high)))
        .collect();
    let mut closest = (f64::INFINITY, 0);
    let mut first = 0;
    for order in ORDERS {
        let start = Instant::now();
        let series = Series::new(function, order, at)?;
        let again = Instant::now() + GROWTH * start.elapsed();
        let point = series.enclosed_point();
        let reach = Interval64::between(low, high).subtract(point).magnitude();
        for degree in first..=order {
            if degree > 0 && !series.degrees().contains(&degree) {
                continue;
            }
            if degree >= limit {
                return Ok(None);
            }
            let error = samples.iter_mut().map(|sample| sample.error(&series, degree));
            let error = error.fold(0.0, f64::max);
            let next = series.degrees().iter().find(|&&next| next > degree);
            let omitted = next
                .map_or(0.0, |&next| series.coefficients()[next].abs() * reach.powi(next as i32));
            let mut bound = error.max(omitted / HOPELESS);
            if bound <= tolerance {
                let candidate = series.clone().truncated(degree);
                let certified = candidate.error_bound_until(low, high, deadline)?;
                bound = certified.bound;
                if bound <= tolerance {
                    return Ok(Some(candidate));
                }
                // Where this order is worst, the next ones are tried too.
                samples.push(Sample::new(function, certified.at));
            }
            if bound < closest.0 {
                closest = (bound, degree);
            }
            if Instant::now() > deadline {
                return Err(no_order(&series, (low, high), tolerance, closest, degree));
            }
        }
        let polynomial = series.degrees().last().is_none_or(|&last| last + 16 < order);
        if order == ORDERS[ORDERS.len() - 1] || polynomial || again > deadline {
            return Err(no_order(&series, (low, high), tolerance, closest, order));
        }
        first = order + 1;
    }
    Ok(None)
}

/// A point of the range, the function there, and the polynomial summed up to some degree.
struct Sample {
    x: Interval64,
    value: Interval64,
    sum: Interval64,
    summed: usize,
}

impl Sample {
    fn new(function: &Function, x: f64) -> Self {
        let x = Interval64::point(x);
        Self { x, value: enclose(function, x), sum: Interval64::point(0.0), summed: 0 }
    }

    /// A lower bound of the error of the polynomial of that degree, which only grows.
    fn error(&mut self, series: &Series, degree: usize) -> f64 {
        let t = self.x.subtract(series.enclosed_point());
        for k in self.summed..=degree {
            let a = rounded(series.coefficients()[k]);
            self.sum = self.sum.add(a.multiply(t.integer_power(k as u64)));
        }
        self.summed = degree + 1;
        self.sum.subtract(self.value).mignitude()
    }
}

fn no_order(
    series: &Series,
    (low, high): (f64, f64),
    tolerance: f64,
    closest: (f64, usize),
    highest: usize,
) -> Error {
    Error::NoOrder(Box::new(NoOrder {
        function: series.function().to_string(),
        at: series.at().to_owned(),
        low,
        high,
        tolerance,
        highest,
        closest,
        reach: (low - series.at_f64()).abs().max((high - series.at_f64()).abs()),
        radius: series.radius(),
        advice: None,
    }))
}

/// The scaling of the range into a part of the disc of convergence with which some order meets
/// the tolerance: that order, the scale and the shift.
fn advice(
    function: &Function,
    (low, high): (f64, f64),
    tolerance: f64,
    reason: &NoOrder,
) -> Option<(usize, f64, f64)> {
    let at = Series::new(function, 0, &reason.at).ok()?.at_f64();
    let disc = reason.radius.lower.min(reason.reach);
    PARTS.into_iter().find_map(|part| {
        // Two digits are enough, and easier to type.
        let scale = two_digits(2.0 * part * disc / (high - low));
        let shift = two_digits(at - scale * low.midpoint(high));
        let range = (scale * low + shift, scale * high + shift);
        let deadline = Instant::now() + LONGEST_ADVICE;
        let found =
            smallest(function, range, tolerance, &reason.at, usize::MAX, deadline).ok()??;
        Some((found.order(), scale, shift))
    })
}

fn two_digits(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}
