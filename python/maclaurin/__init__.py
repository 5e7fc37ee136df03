"""Taylor series of any function of one variable, and arrays expanded by them.

>>> import maclaurin as mc
>>> s = mc.taylor("log(1 + exp(x))", order=4)
>>> str(s)
'log(2) + x/2 + x^2/8 - x^4/192'
>>> mc.expand([[0.0, 1.0]], s).shape
(1, 2, 3)

Layers and estimators live in modules of their own, each of which needs its framework:
``maclaurin.sklearn``, ``maclaurin.torch``, ``maclaurin.keras``, ``maclaurin.jax``, ``maclaurin.dask``,
``maclaurin.polars``.
"""

from maclaurin import compat
from maclaurin._native import (
    Basis,
    Exact,
    Function,
    Laurent,
    NotAnalyticError,
    Pade,
    ParseError,
    Polynomial,
    Radius,
    RadiusWarning,
    expand,
    expand_backward,
    expand_tangent,
    release_memory,
)
from maclaurin.approximation import Approximation, approximate
from maclaurin.basis import basis
from maclaurin.config import show_config
from maclaurin.convolution import convolve
from maclaurin.estimate import EstimatedSeries
from maclaurin.estimated_approximation import EstimatedApproximation
from maclaurin.functions import BuiltinFunction, functions
from maclaurin.piecewise import Piecewise
from maclaurin.plot import plot_error, plot_expansion
from maclaurin.poles import laurent
from maclaurin.series import ErrorBound, Series, taylor
from maclaurin.tracing import trace
from maclaurin.ulp import UlpErrors
from maclaurin.widget import explore

__all__ = [
    "Approximation",
    "Basis",
    "BuiltinFunction",
    "ErrorBound",
    "EstimatedApproximation",
    "EstimatedSeries",
    "Exact",
    "Function",
    "Laurent",
    "NotAnalyticError",
    "Pade",
    "ParseError",
    "Piecewise",
    "Polynomial",
    "Radius",
    "RadiusWarning",
    "Series",
    "UlpErrors",
    "approximate",
    "basis",
    "compat",
    "convolve",
    "expand",
    "expand_backward",
    "expand_tangent",
    "explore",
    "functions",
    "laurent",
    "plot_error",
    "plot_expansion",
    "release_memory",
    "show_config",
    "taylor",
    "trace",
]
