//! The native module of the Python package: converts arguments and results, lets go of the
//! interpreter while Rust works, and turns errors into exceptions. What things mean is said and
//! done in the crate `maclaurin`; what Python users see of it is documented in
//! `python/maclaurin`.
// The docstrings are Python's.
#![allow(clippy::doc_markdown, missing_docs)]

mod approximation;
#[allow(unsafe_code)]
mod array;
mod basis;
mod config;
mod convolve;
#[allow(unsafe_code)]
mod dlpack;
mod error;
mod expand;
mod explore;
mod function;
mod interrupt;
mod laurent;
#[allow(unsafe_code)]
mod memory;
mod piecewise;
mod polynomial;
mod quotient;
mod series;
#[allow(unsafe_code)]
mod xla;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::approximation::Approximation;
    #[pymodule_export]
    use crate::basis::Basis;
    #[pymodule_export]
    use crate::config::config;
    #[pymodule_export]
    use crate::convolve::{backward_weight, convolve, convolve_backward_input};
    #[pymodule_export]
    use crate::error::{NotAnalyticError, ParseError, RadiusWarning};
    #[pymodule_export]
    use crate::expand::{expand, expand_backward, expand_tangent, values_outside};
    #[pymodule_export]
    use crate::explore::{explore_answer, explore_files};
    #[pymodule_export]
    use crate::function::Function;
    #[pymodule_export]
    use crate::laurent::Laurent;
    #[pymodule_export]
    use crate::memory::release_memory;
    #[pymodule_export]
    use crate::piecewise::Piecewise;
    #[pymodule_export]
    use crate::polynomial::Polynomial;
    #[pymodule_export]
    use crate::quotient::Pade;
    #[pymodule_export]
    use crate::series::{Computed, Exact, Radius, Series, compute};
    #[pymodule_export]
    use crate::xla::xla_handlers;
}
