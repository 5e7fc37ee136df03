"""Piecewise: best polynomials on adjacent ranges, with their certified error."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from maclaurin import _native
from maclaurin.series import ErrorBound, Language, Scheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import DTypeLike

#: What the command calls the methods.
METHODS = {
    "minimax": "minimax polynomial",
    "chebyshev": "Chebyshev interpolant",
    "least_squares": "least-squares polynomial",
}


class Piecewise(_native.Piecewise):
    """A piecewise polynomial near a function on a range; `approximate` makes them where it is given pieces.

    ``function``, ``degree``, ``breakpoints`` (the ends of the range and the places where pieces meet, float64),
    ``coefficients`` (for each piece an array: those of the powers of x - center) and ``centers``, ``errors``
    (certified, for each piece), ``best`` (no piecewise polynomial of this degree with as many pieces has a smaller
    error, whatever its breakpoints: certified), ``continuous``, and ``gap`` (the largest distance of neighbours at a
    breakpoint, certified: 0 where they agree exactly). Called with a number or an array it gives the values there:
    at a breakpoint those of the right piece, beyond the range those of the first and the last one.

    >>> from maclaurin import approximate
    >>> p = approximate("sigmoid", degree=3, on=(-8, 8), pieces=4)
    >>> p.best <= p.error < 1.1 * p.best
    True
    >>> len(p.coefficients), p.breakpoints.shape
    (4, (5,))
    """

    _arguments: tuple[Any, ...]

    @property
    def on(self) -> tuple[float, float]:
        """The range as (low, high)."""
        return float(self.breakpoints[0]), float(self.breakpoints[-1])

    @property
    def error(self) -> ErrorBound:
        """A certified upper bound of the error on the range: relative or weighted, if that was asked for."""
        return ErrorBound(*self._error)

    def error_bound(self, dtype: DTypeLike) -> ErrorBound:
        """A certified upper bound of ``|f(x) - y|`` for every x of a dtype in the range, and its value y.

        Args:
            dtype: "float32" or "float64": y is evaluated in that type, or a wider one, as `Approximation.error_bound`
                says. So it holds for calling the piecewise polynomial (float64).

        >>> from maclaurin import approximate
        >>> p = approximate("tanh(x)", degree=7, on=(-4, 4), pieces=6)
        >>> p.error < p.error_bound("float32") < 2 * p.error + 1e-6
        True
        """
        return ErrorBound(*self._bound(np.dtype(dtype).name))

    def code(self, language: Language, dtype: DTypeLike = "float64", scheme: Scheme | None = None) -> str:
        """A function ``piecewise_polynomial`` in a programming language, and one for each piece.

        Args:
            language: "c", "rust", "python", "numpy" or "torch".
            dtype: "float64" or "float32", in which the functions compute.
            scheme: the order of the operations in each piece, as for `Approximation.code`.

        Raises ValueError for a scheme, a dtype or a language that does not fit.

        >>> from maclaurin import approximate
        >>> code = approximate("relu", degree=1, on=(-1, 1), pieces=2).code("python")
        >>> print(code[code.index("    if ") :], end="")
            if x < 0.0:
                return piece_0(x)
            else:
                return piece_1(x)
        """
        return self._source_code(language, np.dtype(dtype).name, scheme)

    def to_json(self) -> str:
        """The polynomials and their certificate as JSON: what `maclaurin approximate --format json` prints, and the
        tolerance. `from_json` reads it.

        >>> from maclaurin import approximate
        >>> p = approximate("sigmoid", degree=3, on=(-8, 8), pieces=4)
        >>> Piecewise.from_json(p.to_json()) == p
        True
        """
        function, _, degree, _, tolerance, continuous, method, relative, weight, coefficients = self._arguments
        error = self.error
        pieces = [
            {"on": on, "center": float(center), "coefficients": own.tolist(), "error": float(bound)}
            for on, center, own, bound in zip(
                pairwise(self.breakpoints.tolist()), self.centers, self.coefficients, self.errors, strict=True
            )
        ]
        return json.dumps(
            {
                "function": function.text,
                "parameters": function.parameters,
                "breakpoints": self.breakpoints.tolist(),
                "degree": degree,
                "method": METHODS[method],
                "relative": relative,
                "weight": None if weight is None else weight.text,
                "weight_parameters": None if weight is None else weight.parameters,
                "coefficients_are": coefficients,
                "continuous": continuous,
                "gap": self.gap,
                "error": {"bound": float(error), "sampled": error.sampled, "at": error.at},
                "best": self.best,
                "tolerance": tolerance,
                "pieces": pieces,
            }
        )

    @staticmethod
    def from_json(text: str) -> Piecewise:
        """The piecewise polynomial of JSON that `to_json` or the command wrote: made anew, certificate and all.

        Raises ValueError where the text is something else, or its numbers are not those that are found.
        """
        try:
            data = json.loads(text)
            on = (float(data["breakpoints"][0]), float(data["breakpoints"][-1]))
            function = _native.Function(data["function"], **data["parameters"])
            weight = data["weight"]
            if weight is not None:
                weight = _native.Function(weight, **(data.get("weight_parameters") or {}))
            method = {name: key for key, name in METHODS.items()}[data["method"]]
            tolerance = data.get("tolerance")
            count = len(data["pieces"]) if tolerance is None else None
            chosen = (data["continuous"], method, data["relative"], weight, data["coefficients_are"])
            arguments = (function, on, data["degree"], count, tolerance, *chosen)
            coefficients = [piece["coefficients"] for piece in data["pieces"]]
        except (AttributeError, IndexError, KeyError, TypeError) as reason:
            raise ValueError(f"this is no JSON of a piecewise polynomial: {reason!r}") from reason
        found = make(*arguments)
        if [own.tolist() for own in found.coefficients] != coefficients:
            raise ValueError("the coefficients are not those of this function and these options: the text was changed")
        return found

    def plot(self, figure: Figure | None = None) -> Figure:
        """The function and the pieces in colours; below, the error p - f of each between its certified bounds.

        The error is relative or weighted, if that was asked for. Needs matplotlib.
        """
        from maclaurin.plot import plot_piecewise

        return plot_piecewise(self, figure)

    def __call__(self, x: Any) -> Any:
        x = np.asarray(x, dtype=float)
        values = self._evaluate(np.ascontiguousarray(x).ravel()).reshape(x.shape)
        return float(values) if values.ndim == 0 else values

    def __repr__(self) -> str:
        count = len(self.centers)
        pieces = f"{count} pieces of degree {self.degree}"
        return f"<Piecewise of {self.function} on {self.on}, {pieces}, error {self.error:.3e}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Piecewise) and self._arguments == other._arguments

    def __hash__(self) -> int:
        return hash(repr(self._arguments))

    def __reduce__(self) -> tuple[Any, ...]:
        return make, self._arguments


def make(*arguments: Any) -> Piecewise:
    """The piecewise polynomial of the arguments that `approximate` has checked."""
    function, on, degree, pieces, tolerance, continuous, method, relative, weight, coefficients = arguments
    found = Piecewise(
        function, on, degree=degree, pieces=pieces, tolerance=tolerance, continuous=continuous, method=method,
        relative=relative, weight=weight, coefficients=coefficients,
    )  # fmt: skip
    found._arguments = arguments
    return found
