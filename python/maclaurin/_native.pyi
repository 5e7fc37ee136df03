from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

class ParseError(ValueError): ...
class NotAnalyticError(ValueError): ...
class RadiusWarning(UserWarning): ...

class Function:
    def __new__(cls, text: str, /, **parameters: Any) -> Self: ...
    @property
    def text(self) -> str: ...
    @property
    def parameters(self) -> dict[str, str]: ...
    @staticmethod
    def builtin_names() -> list[str]: ...
    @staticmethod
    def _builtins() -> list[tuple[str, tuple[str, ...], tuple[str, ...], str, str, str]]: ...
    def __call__(self, x: Any) -> Any: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]: ...

class Polynomial:
    def __new__(cls, at: float, coefficients: Iterable[float], trained: bool = False) -> Self: ...
    @property
    def center(self) -> float: ...
    @property
    def order(self) -> int: ...
    @property
    def degrees(self) -> tuple[int, ...]: ...
    @property
    def coefficients(self) -> npt.NDArray[np.float64]: ...
    @property
    def _numbers(self) -> tuple[float, ...]: ...
    def weighted(self, weights: Iterable[float]) -> Polynomial: ...
    def __call__(self, x: Any) -> Any: ...
    def __getnewargs__(self) -> tuple[Any, ...]: ...

class Series(Polynomial):
    def __new__(
        cls,
        function: Function,
        *,
        order: int | None = None,
        at: str | None = None,
        terms: int | None = None,
        on: tuple[float, float] | None = None,
        tolerance: float | None = None,
    ) -> Self: ...
    @property
    def function(self) -> Function: ...
    @property
    def at_text(self) -> str: ...
    @property
    def radius(self) -> Radius: ...
    def _at_exact(self) -> int | Fraction | Exact | None: ...
    def _exact_coefficient(self, degree: int) -> int | Fraction | Exact | None: ...
    def enclosure(self, degree: int, bits: int) -> tuple[str, str]: ...
    def _bound(self, low: float, high: float, relative: bool, dtype: str | None) -> tuple[float, float, float]: ...
    def _profile(self, low: float, high: float, parts: int) -> list[float]: ...
    def _outside(self, low: float, high: float, scale: float) -> str | None: ...
    def latex(self) -> str: ...
    def _source_code(self, language: str, dtype: str, scheme: str | None, on: tuple[float, float] | None) -> str: ...

class Approximation(Polynomial):
    def __new__(
        cls,
        function: Function,
        on: list[tuple[float, float]],
        *,
        degree: int | None,
        tolerance: float | None,
        method: str,
        relative: bool,
        degrees: list[int] | None,
        fixed: list[tuple[int, float]],
        center: float | None,
        samples: list[float] | None,
        coefficients: str,
    ) -> Self: ...
    @property
    def function(self) -> Function: ...
    @property
    def _ranges(self) -> list[tuple[float, float]]: ...
    @property
    def _relative(self) -> bool: ...
    @property
    def degree(self) -> int: ...
    @property
    def chebyshev(self) -> npt.NDArray[np.float64]: ...
    @property
    def basis(self) -> Literal["powers", "chebyshev"]: ...
    @property
    def best(self) -> float: ...
    @property
    def _error(self) -> tuple[float, float, float]: ...
    def _bound(self, low: float, high: float, dtype: str | None) -> tuple[float, float, float]: ...
    def _exact_coefficient(self, degree: int) -> int | Fraction: ...
    def latex(self) -> str: ...
    def _source_code(self, language: str, dtype: str, scheme: str | None, on: tuple[float, float] | None) -> str: ...

class Radius:
    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def exact(self) -> str | None: ...

class Exact:
    @property
    def text(self) -> str: ...
    def latex(self) -> str: ...
    def sympy(self) -> Any: ...
    def __float__(self) -> float: ...

def xla_handlers() -> tuple[int, int]: ...
def expand(
    x: Any,
    series: Polynomial,
    kind: str = "terms",
    degrees: str | Iterable[int] = "nonzero",
    constant: bool = False,
    axis: int = -1,
    stack: bool = True,
    scale: float = 1.0,
    shift: float = 0.0,
    dtype: Any = None,
    out: npt.NDArray[Any] | None = None,
    threads: int | None = None,
) -> npt.NDArray[Any]: ...
def expand_backward(
    gradient: Any,
    x: Any,
    series: Polynomial,
    kind: str = "terms",
    degrees: str | Iterable[int] = "nonzero",
    constant: bool = False,
    axis: int = -1,
    stack: bool = True,
    scale: float = 1.0,
    shift: float = 0.0,
    threads: int | None = None,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]: ...
def expand_tangent(
    x: Any,
    tangent: Any,
    series: Polynomial,
    kind: str = "terms",
    degrees: str | Iterable[int] = "nonzero",
    constant: bool = False,
    axis: int = -1,
    stack: bool = True,
    scale: float = 1.0,
    shift: float = 0.0,
    dtype: Any = None,
    threads: int | None = None,
) -> npt.NDArray[Any]: ...

_Pair = Sequence[int]
_Sides = Sequence[Sequence[int]]

def convolve(
    x: npt.NDArray[Any],
    weight: npt.NDArray[Any],
    bias: npt.NDArray[Any] | None,
    out: npt.NDArray[Any] | None,
    channels_last: bool,
    order: int,
    center: float = 0.0,
    stride: _Pair = (1, 1),
    padding: _Sides = ((0, 0), (0, 0)),
    dilation: _Pair = (1, 1),
    groups: int = 1,
    threads: int | None = None,
) -> npt.NDArray[Any]: ...
def convolve_backward_input(
    gradient: npt.NDArray[Any],
    x: npt.NDArray[Any],
    weight: npt.NDArray[Any],
    channels_last: bool,
    order: int,
    center: float = 0.0,
    stride: _Pair = (1, 1),
    padding: _Sides = ((0, 0), (0, 0)),
    dilation: _Pair = (1, 1),
    groups: int = 1,
    threads: int | None = None,
) -> npt.NDArray[Any]: ...
def convolve_backward_weight(
    gradient: npt.NDArray[Any],
    x: npt.NDArray[Any],
    shape: Sequence[int],
    order: int,
    center: float = 0.0,
    stride: _Pair = (1, 1),
    padding: _Sides = ((0, 0), (0, 0)),
    dilation: _Pair = (1, 1),
    groups: int = 1,
    threads: int | None = None,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]: ...
def values_outside(x: Any, series: Series, scale: float, shift: float, hint: bool) -> str | None: ...
def release_memory() -> None: ...
