//! `maclaurin.Function`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::array::map;
use crate::error::of_series;

/// A function of one variable x, read from text as users write it, with values for its
/// parameters.
///
/// The grammar is Python's for arithmetic, with ^ and ** both for powers; decimals are exact
/// (0.1 is one tenth). A built-in function's name alone ("softplus") is that function of x. Every
/// other name is a parameter and needs a value, as a keyword argument: an int, a float, a
/// fractions.Fraction, or text without x ("pi/2"). A float stands for the decimal that Python
/// prints for it.
///
/// Raises ParseError, with a caret under the place.
///
/// >>> f = Function("erlang_cdf(x, k, rate)", k=3, rate=2)
/// >>> f(0.0)
/// 0.0
#[pyclass(frozen, module = "maclaurin")]
pub struct Function {
    pub inner: maclaurin::Function,
}

#[pymethods]
impl Function {
    #[new]
    #[pyo3(signature = (text, /, **parameters))]
    fn new(text: &str, parameters: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut values = Vec::new();
        for (name, value) in parameters.into_iter().flatten() {
            values.push((name.extract::<String>()?, value.str()?.to_string()));
        }
        let pairs: Vec<_> = values.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let inner = maclaurin::Function::with_parameters(text, &pairs)
            .map_err(|error| of_series(error.into()))?;
        Ok(Self { inner })
    }

    /// The text that the function was read from.
    #[getter]
    fn text(&self) -> &str {
        self.inner.text()
    }

    /// The parameters' values, as text.
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let parameters = PyDict::new(py);
        for (name, value) in self.inner.parameters() {
            parameters.set_item(name, value)?;
        }
        Ok(parameters)
    }

    /// The names of all built-in functions, in all spellings.
    #[staticmethod]
    fn builtin_names() -> Vec<&'static str> {
        maclaurin::Function::builtin_names().collect()
    }

    /// The spelling of a built-in function that is nearest to a name, or None.
    #[staticmethod]
    fn _nearest_name(name: &str) -> Option<&'static str> {
        maclaurin::Function::nearest_name(name)
    }

    /// What lists say of each built-in function.
    #[staticmethod]
    fn _builtins(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyTuple>>> {
        let listed = maclaurin::Function::builtins().map(|known| {
            let [aliases, arguments] =
                [known.aliases, known.arguments].map(|names| PyTuple::new(py, names));
            let (formula, analytic, source) = (known.formula, known.analytic, known.source);
            (known.name, aliases?, arguments?, formula, analytic, source).into_pyobject(py)
        });
        listed.collect()
    }

    /// The function's value in double precision: of a number a float, of an array an array.
    ///
    /// NaN outside the function's domain and at the holes that cancellation leaves (sin(x)/x
    /// at 0).
    fn __call__<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        map(x, |x| self.inner.evaluate(x))
    }

    fn __str__(&self) -> String {
        self.inner.to_string()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut arguments = vec![self.inner.text().into_pyobject(py)?.repr()?.to_string()];
        for (name, value) in self.inner.parameters() {
            arguments.push(format!("{name}={}", value.into_pyobject(py)?.repr()?));
        }
        Ok(format!("Function({})", arguments.join(", ")))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let (a, b) = (&self.inner, &other.get().inner);
            a.text() == b.text() && a.parameters() == b.parameters()
        })
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.inner.text(), self.inner.parameters()).hash(&mut hasher);
        hasher.finish()
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        Ok((PyTuple::new(py, [self.inner.text()])?, self.parameters(py)?))
    }
}
