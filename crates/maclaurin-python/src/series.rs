//! `maclaurin.Series` as far as it is Rust, and the numbers that it is made of.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use maclaurin::{Code, ErrorBound, Format, Language, Rational, Scheme, UlpErrors};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyInt};

use crate::error::of_series;
use crate::function::Function;
use crate::interrupt::{interruptible, watched};
use crate::polynomial::Polynomial;

/// The Taylor series of a function. Python users get its subclass `maclaurin.Series`.
#[pyclass(frozen, subclass, extends = Polynomial, module = "maclaurin._native")]
pub struct Series {
    pub inner: maclaurin::Series,
    radius: OnceLock<maclaurin::Radius>,
    /// Whether values outside the radius have been warned of.
    warned: AtomicBool,
}

impl Series {
    fn initializer(inner: maclaurin::Series) -> PyClassInitializer<Self> {
        let polynomial = Polynomial { inner: inner.polynomial() };
        let series = Self { inner, radius: OnceLock::new(), warned: AtomicBool::new(false) };
        PyClassInitializer::from(polynomial).add_subclass(series)
    }

    /// The radius of convergence, searched for once.
    pub fn radius_of(&self, py: Python<'_>) -> PyResult<&maclaurin::Radius> {
        if let Some(radius) = self.radius.get() {
            return Ok(radius);
        }
        let radius = interruptible(py, || self.inner.radius())?;
        Ok(self.radius.get_or_init(|| radius))
    }

    /// Whether values outside the radius have been warned of.
    pub fn has_warned(&self) -> bool {
        self.warned.load(Ordering::Relaxed)
    }

    /// True once: at the first call.
    pub fn warns(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }
}

#[pymethods]
impl Series {
    /// What was computed, or of a function by one of: order, terms (the number of non-zero degrees), or on (a
    /// range) and tolerance.
    #[new]
    #[pyo3(signature = (source, *, order=None, at=None, terms=None, on=None, tolerance=None))]
    fn new(
        source: &Bound<'_, PyAny>,
        order: Option<usize>,
        at: Option<&str>,
        terms: Option<usize>,
        on: Option<(f64, f64)>,
        tolerance: Option<f64>,
    ) -> PyResult<PyClassInitializer<Self>> {
        use maclaurin::Series as Inner;
        let py = source.py();
        if let Ok(computed) = source.cast::<Computed>() {
            return Ok(Self::initializer(computed.get().inner.clone()));
        }
        let function = &source.cast::<Function>()?.get().inner;
        let inner = interruptible(py, || match (order, terms, on.zip(tolerance)) {
            (Some(order), _, _) => Inner::new(function, order, at.unwrap_or("0")),
            (_, Some(terms), _) => Inner::with_terms(function, terms, at.unwrap_or("0")),
            (_, _, Some((range, tolerance))) => {
                Inner::within(function, range, tolerance, at.map(Into::into))
            }
            // The Python side asks for one of the three.
            _ => Inner::new(function, 0, at.unwrap_or("0")),
        })?
        .map_err(of_series)?;
        Ok(Self::initializer(inner))
    }

    /// The largest order of a series.
    #[classattr]
    const LARGEST_ORDER: usize = maclaurin::LARGEST_ORDER;

    #[getter]
    fn function(&self) -> Option<Function> {
        self.inner.function().map(|function| Function { inner: function.clone() })
    }

    /// The function as text.
    #[getter]
    fn name(&self) -> String {
        self.inner.name()
    }

    #[pyo3(name = "_equals")]
    fn equals(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<bool> {
        let other = &other.get().inner;
        interruptible(py, || self.inner == *other)
    }

    #[getter]
    fn at_text(&self) -> &str {
        self.inner.at()
    }

    /// int, Fraction, Exact, or None where only an enclosure is known.
    #[pyo3(name = "_at_exact")]
    fn at_exact<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inner.at_exact().map(|exact| number(py, exact)).transpose()
    }

    /// int, Fraction, Exact, or None where only an enclosure is known.
    #[pyo3(name = "_exact_coefficient")]
    fn exact_coefficient<'py>(
        &self,
        py: Python<'py>,
        degree: usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let exact = interruptible(py, || self.inner.exact(degree).cloned())?;
        exact.map(|exact| number(py, &exact)).transpose()
    }

    #[pyo3(signature = (degree, bits))]
    fn enclosure(&self, py: Python<'_>, degree: usize, bits: usize) -> PyResult<(String, String)> {
        let interval =
            interruptible(py, || self.inner.enclosure(degree, bits))?.map_err(of_series)?;
        // Enough digits to distinguish intervals of this width: log10(2) per bit, and two more.
        Ok(interval.to_decimal(bits * 30_103 / 100_000 + 3))
    }

    #[getter]
    fn radius(&self, py: Python<'_>) -> PyResult<Radius> {
        Ok(Radius::from(self.radius_of(py)?.clone()))
    }

    /// (bound, sampled, at), in a dtype with the rounding errors of the evaluation.
    #[pyo3(name = "_bound", signature = (low, high, relative, dtype))]
    fn bound(
        &self,
        py: Python<'_>,
        low: f64,
        high: f64,
        relative: bool,
        dtype: Option<&str>,
    ) -> PyResult<(f64, f64, f64)> {
        let format = dtype.map(format_of).transpose()?;
        let series = &self.inner;
        let error = interruptible(py, || match format {
            _ if relative => series.relative_error_bound(low, high),
            None => series.error_bound(low, high),
            Some(format) => series.error_bound_in(low, high, format),
        });
        Ok(triple(error?.map_err(of_series)?))
    }

    /// The bounds on equal parts of a range.
    #[pyo3(name = "_profile")]
    fn profile(&self, py: Python<'_>, low: f64, high: f64, parts: usize) -> PyResult<Vec<f64>> {
        let profile = interruptible(py, || self.inner.error_profile(low, high, parts))?;
        Ok(profile.map_err(of_series)?.parts.iter().map(|part| part.bound).collect())
    }

    #[pyo3(name = "_outside")]
    /// A warning about values from low to high, scale their multiplier, if they lie outside the
    /// disc of convergence; else None.
    fn outside(&self, py: Python<'_>, low: f64, high: f64, scale: f64) -> PyResult<Option<String>> {
        let outside = interruptible(py, || self.inner.outside(low, high, scale))?;
        Ok(outside.map(|outside| outside.to_string()))
    }

    /// The series in LaTeX mathematics, with the order of what is left out.
    fn latex(&self, py: Python<'_>) -> PyResult<String> {
        interruptible(py, || self.inner.latex())
    }

    #[pyo3(name = "_source_code")]
    fn source_code(
        &self,
        py: Python<'_>,
        language: &str,
        dtype: &str,
        scheme: Option<&str>,
        on: Option<(f64, f64)>,
    ) -> PyResult<String> {
        printed(py, (language, dtype, scheme, on), |code| self.inner.code(code))
    }

    /// (max, at, count, misrounded, histogram) from low to high; report takes (done, total).
    #[pyo3(name = "_ulp")]
    fn ulp(
        &self,
        py: Python<'_>,
        dtype: &str,
        scheme: Option<&str>,
        report: Option<Py<PyAny>>,
        low: f64,
        high: f64,
    ) -> PyResult<Ulp> {
        tried(py, dtype, scheme, report, |format, scheme, report| {
            self.inner.ulp_with(low, high, format, scheme, report)
        })
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        interruptible(py, || self.inner.to_string())
    }
}

/// A series that was computed: what a `maclaurin.Series` is made from.
#[pyclass(frozen, module = "maclaurin._native")]
pub struct Computed {
    inner: maclaurin::Series,
}

/// An operation on a series, with another series or with what the operation takes as text.
#[pyfunction]
#[pyo3(signature = (operation, series, other=None, argument=""))]
pub fn compute(
    operation: &str,
    series: &Bound<'_, Series>,
    other: Option<&Bound<'_, Series>>,
    argument: &str,
) -> PyResult<Computed> {
    let py = series.py();
    let f = &series.get().inner;
    let g = other.map_or(f, |other| &other.get().inner);
    let inner = interruptible(py, || match operation {
        "add" => Some(f + g),
        "subtract" => Some(f - g),
        "multiply" => Some(f * g),
        "divide" => Some(f / g),
        "negate" => Some(-f),
        "power" => Some(f.power(argument)),
        "compose" => Some(f.compose(g)),
        "derivative" => Some(f.derivative()),
        "integral" => Some(f.integral(argument)),
        "revert" => Some(f.revert()),
        "shift" => Some(f.shift(argument)),
        "truncate" => argument.parse().ok().map(|order| f.truncate(order)),
        _ => None,
    })?;
    let unknown = || PyValueError::new_err(format!("{operation} is no operation on series"));
    Ok(Computed { inner: inner.ok_or_else(unknown)?.map_err(of_series)? })
}

/// (bound, sampled, at)
pub fn triple(error: ErrorBound) -> (f64, f64, f64) {
    (error.bound, error.sampled, error.at)
}

/// The format of a dtype's name.
pub fn format_of(dtype: &str) -> PyResult<Format> {
    named("dtype", &Format::ALL, dtype)
}

/// A language, a dtype, a scheme, and the range of the certified error.
type CodeOptions<'a> = (&'a str, &'a str, Option<&'a str>, Option<(f64, f64)>);

/// The source code that is asked for.
pub fn printed(
    py: Python<'_>,
    (language, dtype, scheme, on): CodeOptions<'_>,
    code: impl Fn(Code) -> Result<String, maclaurin::Error> + Sync,
) -> PyResult<String> {
    let language = named("language", &Language::ALL, language)?;
    let code_of = Code { language, format: format_of(dtype)?, scheme: scheme_of(scheme)?, on };
    interruptible(py, || code(code_of))?.map_err(of_series)
}

/// (max, at, count, misrounded, histogram)
pub type Ulp = (f64, f64, u64, u64, Vec<(f64, u64)>);

/// The errors in ulp that `ulp` finds, while `report` is called with (done, total) from time to time.
pub fn tried(
    py: Python<'_>,
    dtype: &str,
    scheme: Option<&str>,
    report: Option<Py<PyAny>>,
    ulp: impl Fn(Format, Option<Scheme>, &dyn Fn(u64, u64)) -> Result<UlpErrors, maclaurin::Error>
    + Sync,
) -> PyResult<Ulp> {
    let (format, scheme) = (format_of(dtype)?, scheme_of(scheme)?);
    let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
    let note = |now: u64, all: u64| {
        done.store(now, Ordering::Relaxed);
        total.store(all, Ordering::Relaxed);
    };
    let found = watched(py, &|| ulp(format, scheme, &note), |py| {
        match (&report, total.load(Ordering::Relaxed)) {
            (None, _) | (_, 0) => Ok(()),
            (Some(report), total) => {
                report.call1(py, (done.load(Ordering::Relaxed), total)).map(|_| ())
            }
        }
    })?;
    let UlpErrors { max, at, count, misrounded, histogram } = found.map_err(of_series)?;
    Ok((max, at, count, misrounded, histogram))
}

fn scheme_of(scheme: Option<&str>) -> PyResult<Option<Scheme>> {
    scheme.map(|name| named("scheme", &Scheme::ALL, name)).transpose()
}

/// Which of some things has a name.
fn named<T: Copy + ToString>(what: &str, all: &[T], name: &str) -> PyResult<T> {
    all.iter().copied().find(|one| one.to_string() == name).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|one| format!("\"{}\"", one.to_string())).collect();
        PyValueError::new_err(format!("{what} {name:?} is none of {}", names.join(", ")))
    })
}

/// How far from its expansion point a series converges to its function.
///
/// `lower` and `upper` are floats between which the radius certainly lies (infinity included);
/// `exact` is text such as "pi" where the radius itself is known, else None.
#[pyclass(frozen, get_all, module = "maclaurin")]
pub struct Radius {
    lower: f64,
    upper: f64,
    exact: Option<String>,
    text: String,
}

impl From<maclaurin::Radius> for Radius {
    fn from(radius: maclaurin::Radius) -> Self {
        let text = radius.to_string();
        Self { lower: radius.lower, upper: radius.upper, exact: radius.exact, text }
    }
}

#[pymethods]
impl Radius {
    fn __str__(&self) -> &str {
        &self.text
    }

    fn __repr__(&self) -> String {
        format!("<Radius {}>", self.text)
    }
}

/// An exact real constant that is not rational, such as log(2) or sqrt(3)/2.
///
/// `text` is how Maclaurin writes and reads it, `latex()` how LaTeX does, `float(constant)` the
/// nearest double.
#[pyclass(frozen, module = "maclaurin")]
pub struct Exact {
    inner: maclaurin::Exact,
}

#[pymethods]
impl Exact {
    /// The constant as Maclaurin writes and reads it.
    #[getter]
    fn text(&self) -> String {
        self.inner.to_string()
    }

    /// The constant in LaTeX mathematics.
    fn latex(&self) -> String {
        self.inner.latex()
    }

    /// The constant as a SymPy expression; needs SymPy.
    fn sympy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let sympy = py.import("sympy")?;
        let names = PyDict::new(py);
        names.set_item("e", sympy.getattr("E")?)?;
        let text = self.text().replace('^', "**");
        sympy.call_method1("sympify", (text, names))
    }

    fn __float__(&self) -> f64 {
        [128, 1024, 8192]
            .into_iter()
            .find_map(|bits| self.inner.enclose(bits).to_f64())
            .unwrap_or(f64::NAN)
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        format!("<Exact {}>", self.inner)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.inner == other.get().inner)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.text().into_pyobject(py)?.hash()
    }

    fn _repr_latex_(&self) -> String {
        format!("${}$", self.inner.latex())
    }
}

/// An int, a `fractions.Fraction`, or an [`Exact`].
pub fn number<'py>(py: Python<'py>, exact: &maclaurin::Exact) -> PyResult<Bound<'py, PyAny>> {
    static FRACTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let Some(rational) = exact.as_rational() else {
        return Ok(Bound::new(py, Exact { inner: exact.clone() })?.into_any());
    };
    let (numerator, denominator) = integers(py, rational)?;
    if rational.is_int() {
        return Ok(numerator);
    }
    let fraction = FRACTION.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("fractions")?.getattr("Fraction")?.unbind())
    })?;
    fraction.bind(py).call1((numerator, denominator))
}

/// Numerator and denominator: by base 16, whose digits Python takes in any number.
fn integers<'py>(
    py: Python<'py>,
    rational: &Rational,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let integer = py.get_type::<PyInt>();
    let numerator = integer.call1((format!("{:x}", rational.numerator()), 16))?;
    let denominator = integer.call1((format!("{:x}", rational.denominator()), 16))?;
    Ok((numerator, denominator))
}
