//! Every number of a format tried: how far a polynomial's values are from the function's, in ulp.
//!
//! The polynomial is evaluated as [`Approximation::code`] prints it, every operation rounded to the
//! format. The reference is the function itself, enclosed: by Taylor polynomials with certified
//! remainders on short ranges of numbers, in doubles with a bound of their rounding errors (`search`,
//! `kernel`). An error near an end of a bin, such as the 1/2 ulp that decides on correct rounding, is
//! settled in 256 bits or more. The counts are therefore exact, and the largest error is bounded.

mod kernel;
mod model;
mod numbers;
mod search;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::Approximation;
use crate::cancel::{checkpoint, is_cancelled};
use crate::certify::{Hole, Holes};
use crate::expand::kernel::pool::Pool;
use crate::function::Function;
use crate::number::{Format, power_of_two};
use crate::program::{Program, Scheme};
use crate::series::{Error, Series};
use numbers::Numbers;
use search::{NumberRange, Trial, UlpSearch};

/// Numbers of a range: the work between two looks at whether to go on.
const ROW: u32 = 1 << 20;

/// Rows of formats of 16 bits.
const SHORT_ROW: u32 = 1 << 11;

/// Between two reports of the progress.
const PERIOD: Duration = Duration::from_millis(20);

/// Bins of errors: up to 1/2 ulp, up to 1, 2, 4 and so on, and NaN.
const BINS: usize = 1028;

/// The errors of a polynomial's values at every number of a format on its ranges, in units in the last
/// place of the function's exact value; [`Approximation::ulp`] makes them.
///
/// The ulp of a value `v` of a format with `p` significant bits is `2^(e - p + 1)` for
/// `2^e <= |v| < 2^(e + 1)`, and no smaller than the smallest positive number (Muller, *On the definition
/// of ulp(x)*, INRIA RR-5504, 2005). Infinity, and values of the function above the largest number,
/// count as the power of two above that; where the polynomial is NaN the error is infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct UlpErrors {
    /// The largest error in ulp: certified, and less than 2e-6 ulp (or 1e-14 of it) above that at
    /// [`UlpErrors::at`].
    pub max: f64,
    /// Where that is.
    pub at: f64,
    /// The numbers tried: all of the format on the ranges, zero once.
    pub count: u64,
    /// How many of the values are not the function's value rounded to nearest, ties to even.
    pub misrounded: u64,
    /// How many errors are above the end before and at most this end, in ulp: up to 1/2, 1, 2, 4 and so
    /// on, up to the largest.
    pub histogram: Vec<(f64, u64)>,
}

/// Counts of a part.
#[derive(Clone)]
struct Counts {
    max: f64,
    at: f64,
    count: u64,
    /// Values half an ulp away from the function's that are odd, so that the other neighbour was right.
    odd_ties: u64,
    histogram: [u64; BINS],
}

impl Default for Counts {
    fn default() -> Self {
        Self { max: 0.0, at: f64::NAN, count: 0, odd_ties: 0, histogram: [0; BINS] }
    }
}

impl Counts {
    /// Takes an error at a number; NaN is above all others, and of equal ones the first number counts.
    #[inline(always)]
    fn see(&mut self, error: f64, x: f64) {
        let (new, old) = (error.to_bits(), self.max.to_bits());
        if new > old || new == old && (x < self.at || self.at.is_nan()) {
            (self.max, self.at) = (error, x);
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.count > 0 {
            self.see(other.max, other.at);
        }
        self.count += other.count;
        self.odd_ties += other.odd_ties;
        for (own, count) in self.histogram.iter_mut().zip(&other.histogram) {
            *own += count;
        }
    }

    fn errors(self) -> UlpErrors {
        let end = |k: usize| if k + 2 < BINS { 2f64.powi(k as i32 - 1) } else { f64::INFINITY };
        let last = self.histogram.iter().rposition(|&count| count > 0).unwrap_or(0);
        let bins = self.histogram[..=last].iter().enumerate();
        UlpErrors {
            max: if self.max.is_nan() { f64::INFINITY } else { self.max },
            at: self.at,
            count: self.count,
            misrounded: self.count - self.histogram[0] + self.odd_ties,
            histogram: bins.map(|(k, &count)| (end(k), count)).collect(),
        }
    }
}

impl Approximation {
    /// The errors of the values at every number of a format on the ranges, in ulp, where the polynomial
    /// is evaluated in that format as [`Approximation::code`] prints it by default.
    ///
    /// It holds for arithmetic that rounds every operation to the format (in C: `-ffp-contract=off`, and
    /// `-fexcess-precision=16` for float16). A range has up to 4.3 billion numbers of binary32, of which
    /// one core tries some hundred million a second; all cores are used.
    /// [`cancellable`](crate::cancellable) work ends within a second.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] for binary64, which has too many numbers, and where the function's values cannot
    /// be settled; [`Error::Unbounded`] where it has none; [`Error::Undecided`] for a value that 4096 bits
    /// do not tell from a tie.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Format, Function};
    ///
    /// let exp = Function::parse("exp(x)")?;
    /// let choice = Choice { coefficients: "float16".parse()?, ..Choice::default() };
    /// let p = Approximation::new(&exp, 3, &[(-0.5, 0.5)], &choice)?;
    /// let errors = p.ulp(Format::F16)?;
    /// assert_eq!(errors.count, 2 * 14 * 1024 + 1); // all from -1/2 to 1/2, zero once
    /// assert!(errors.max < 3.0);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn ulp(&self, format: Format) -> Result<UlpErrors, Error> {
        self.ulp_with(format, None, |_, _| {})
    }

    /// [`Approximation::ulp`] by a scheme. `report` is told from time to time how many of how many numbers
    /// are done.
    ///
    /// # Errors
    ///
    /// As [`Approximation::ulp`], and [`Error::Choice`] for a scheme that does not fit.
    pub fn ulp_with(
        &self,
        format: Format,
        scheme: Option<Scheme>,
        report: impl FnMut(u64, u64),
    ) -> Result<UlpErrors, Error> {
        let program = self.program(scheme)?;
        errors_of(self.function(), &program, format, &self.ranges, report)
    }
}

impl Series {
    /// The errors of the polynomial's values at every number of a format from `low` to `high`, in ulp:
    /// as [`Approximation::ulp`].
    ///
    /// # Errors
    ///
    /// As [`Approximation::ulp`] and [`Series::error_bound`].
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Format, taylor};
    ///
    /// let sine = taylor("sin(x)", 7, "0")?;
    /// let errors = sine.ulp(-0.5, 0.5, Format::BF16)?;
    /// assert!(errors.max < 1.5 && errors.misrounded < errors.count / 100);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn ulp(&self, low: f64, high: f64, format: Format) -> Result<UlpErrors, Error> {
        self.ulp_with(low, high, format, None, |_, _| {})
    }

    /// [`Series::ulp`] by a scheme, Horner's rule if it is `None`, with reports of the progress as
    /// [`Approximation::ulp_with`].
    ///
    /// # Errors
    ///
    /// As [`Series::ulp`].
    pub fn ulp_with(
        &self,
        low: f64,
        high: f64,
        format: Format,
        scheme: Option<Scheme>,
        report: impl FnMut(u64, u64),
    ) -> Result<UlpErrors, Error> {
        let function = self.expanded()?.function().clone();
        let program = self.program(scheme.unwrap_or_default());
        if !(low.is_finite() && high.is_finite() && low <= high) {
            return Err(Error::EmptyRange { low, high });
        }
        errors_of(&function, &program, format, &[(low, high)], report)
    }
}

/// The errors of a program's values at every number of a format on ranges from left to right.
fn errors_of(
    function: &Function,
    program: &Program,
    format: Format,
    ranges: &[(f64, f64)],
    mut report: impl FnMut(u64, u64),
) -> Result<UlpErrors, Error> {
    if format == Format::F64 {
        let reason = "float64 has too many numbers to try each: take float32, float16 or bfloat16";
        return Err(Error::Choice { option: "dtype", reason: reason.into() });
    }
    let parts = number_ranges(format, ranges);
    let length = |part: &NumberRange| u64::from(part.last - part.first) + 1;
    let total: u64 = parts.iter().map(length).sum();
    if total == 0 {
        let (low, high) = ranges.first().copied().unwrap_or_default();
        let reason = format!("there is no {format} number from {low:?} to {high:?}");
        return Err(Error::Choice { option: "on", reason });
    }
    let stop = AtomicBool::new(false);
    let trial = Trial { function, program, hole: hole_of(function), stop, done: AtomicU64::new(0) };
    let found = share(&trial, &parts, |done| report(done, total))?;
    Ok(found.errors())
}

/// The function's removable singularity at zero, as far around as it is proven to be the only one.
fn hole_of(function: &Function) -> Option<Hole> {
    let series = Series::new(function, 0, "0").ok()?;
    let holes = Holes::new(series.expanded().ok()?);
    [3, 6, 9].into_iter().find_map(|k| holes.across(-power_of_two(-k), power_of_two(-k)))
}

/// The numbers of `ranges`, cut into ranges of the format.
fn number_ranges(format: Format, ranges: &[(f64, f64)]) -> Vec<NumberRange> {
    let length = if format == Format::F32 { ROW } else { SHORT_ROW };
    let mut parts = Vec::new();
    for &(low, high) in ranges {
        for negative in [true, false] {
            let numbers = Numbers { format, negative };
            let Some((first, last)) = numbers.within(low, high) else { continue };
            // Ranges aligned in the format: those that end beside a power of two are expanded more easily.
            let mut start = first;
            while start <= last {
                let end = last.min(start | (length - 1));
                parts.push(NumberRange { numbers, first: start, last: end });
                start = end + 1;
            }
        }
    }
    parts
}

/// Searches all ranges on all cores, while this thread reports and asks whether to go on.
fn share(
    trial: &Trial<'_>,
    parts: &[NumberRange],
    mut report: impl FnMut(u64),
) -> Result<Counts, Error> {
    let next = AtomicUsize::new(0);
    // Of several errors the one of the first range, on every machine.
    let found = Mutex::new((Counts::default(), None::<(usize, Error)>));
    let pool = Pool::of(None).map_err(|reason| Error::Choice { option: "threads", reason })?;
    let workers = pool.threads().min(parts.len());
    let finished = AtomicUsize::new(0);
    let caller = std::thread::current();
    let work = || {
        let _done = Finished { count: &finished, caller: &caller };
        let mut counts = Counts::default();
        let mut failure = None;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = parts.get(index) else { break };
            match UlpSearch::run(trial, *part) {
                Ok(Some(own)) => counts.merge(&own),
                Ok(None) => break,
                Err(error) => {
                    // Rows before this one are under way, and are finished.
                    next.fetch_max(parts.len(), Ordering::Relaxed);
                    failure = Some((index, error));
                    break;
                }
            }
        }
        if let Ok(mut all) = found.lock() {
            all.0.merge(&counts);
            if let Some((index, _)) = &failure
                && all.1.as_ref().is_none_or(|(first, _)| index < first)
            {
                all.1 = failure;
            }
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|_| work());
        }
        while finished.load(Ordering::Acquire) < workers {
            // A thread of the pool works itself.
            if rayon::yield_now().is_none() {
                std::thread::park_timeout(PERIOD);
            }
            if is_cancelled() {
                trial.stop.store(true, Ordering::Relaxed);
            }
            report(trial.done.load(Ordering::Relaxed));
        }
    });
    checkpoint();
    let (counts, failure) = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    match failure {
        Some((_, error)) => Err(error),
        None => Ok(counts),
    }
}

/// Says that a worker is finished, also where it panics.
struct Finished<'a> {
    count: &'a AtomicUsize,
    caller: &'a std::thread::Thread,
}

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.count.fetch_add(1, Ordering::Release);
        self.caller.unpark();
    }
}
