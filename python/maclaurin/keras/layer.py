"""What all layers share: a function's series, its expansion point in the saved state, and the check of the radius."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from maclaurin import rows
from maclaurin._native import Basis, Function
from maclaurin.approximation import Approximation
from maclaurin.approximation import make as approximation_of
from maclaurin.keras import operations
from maclaurin.polynomial import summed
from maclaurin.radius import OnRadius, RadiusCheck
from maclaurin.series import Series

#: Keras says of its operations that they may give None.
ops: Any = keras.ops


class TaylorLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer made with a series; stands before Keras's own class among the bases, which gets the other options."""

    def __init__(self, *arguments: Any, series: Any, on_radius: OnRadius, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._function: Any = getattr(series, "function", None)
        if not isinstance(series, Basis) and (
            not isinstance(series, (Series, Approximation)) or self._function is None
        ):
            raise TypeError("a layer that can be saved needs a function that can be read, such as text")
        self.series = series
        self.order = series.order
        #: None of an approximation or a basis.
        self.at = series.at_text if isinstance(series, Series) else None
        self.on_radius: OnRadius = on_radius
        self._check = RadiusCheck(series, on_radius)
        # Plain numbers, which every compiler takes as constants.
        self._center: float = series.center
        self._place, coefficients = summed(series)
        self._coefficients: tuple[float, ...] = tuple(coefficients)

    @property
    def _precision(self) -> str:
        """The type that sums are accumulated in."""
        return "float64" if self.compute_dtype == "float64" else "float32"

    def _input(self, x: Any) -> Any:
        """X as floating point numbers (Keras casts only those), looked at by the check of the radius."""
        dtype = keras.backend.standardize_dtype(x.dtype)
        x = x if "float" in dtype else ops.cast(x, self._precision)
        self._check_radius(x)
        return x

    def _check_radius(self, x: Any) -> None:
        if self._check.pending:
            values = operations.concrete(x)
            if values is not None:
                self._check(values, stacklevel=6)

    def _identity(self) -> dict[str, list[float]]:
        """What a saved state must have in common with the layer that loads it."""
        return {"at": rows.numbers(self._place), "order": [float(self.order)]}

    def save_own_variables(self, store: Any) -> None:
        """Saves the weights, the expansion point and what else the layer's values depend on."""
        super().save_own_variables(store)
        for name, numbers in self._identity().items():
            store[name] = np.array(numbers, np.float64)

    def load_own_variables(self, store: Any) -> None:
        """Loads the weights. Raises ValueError for those of a layer about another point or of another order."""
        own, saved = self._identity(), {key: store[key] for key in store.keys()}
        for name, numbers in own.items():
            found = np.asarray(saved.pop(name, numbers)).tolist()
            if found != numbers:
                raise ValueError(
                    f"layer {self.name!r}: the weights are of a {type(self).__name__} with {name}={_short(found)}, "
                    f"this one has {name}={_short(numbers)}: make it as the saved one was made"
                )
        super().load_own_variables(saved)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        if isinstance(self.series, Approximation):
            config: dict[str, Any] = {"function": _saved(self.series)}
        elif isinstance(self.series, Basis):
            config = {"function": {"basis": list(self.series.__getnewargs__())}}
        else:
            function = self._function
            config = {"function": function.text, "parameters": function.parameters, "order": self.order, "at": self.at}
        return {**super().get_config(), **config, "on_radius": self.on_radius}


def with_parameters(function: Any, parameters: dict[str, str] | None) -> Any:
    """A function given as text, with values of its parameters, or what a config holds; others as they are.

    >>> with_parameters("a*x", {"a": "2"})
    Function('a*x', a='2')
    """
    if isinstance(function, str):
        return Function(function, **(parameters or {}))
    if isinstance(function, dict) and "basis" in function:
        name, degree, on, squash, values = function["basis"]
        return Basis(name, degree, None if on is None else tuple(on), squash, [tuple(value) for value in values])
    if isinstance(function, dict):
        return approximation_of(*(_loaded(value) for value in function["approximation"]))
    return function


def _saved(p: Approximation) -> dict[str, Any]:
    """The arguments of an approximation as what configs hold."""
    return {
        "approximation": [
            {"text": value.text, "parameters": value.parameters} if isinstance(value, Function) else value
            for value in p._arguments
        ]
    }


def _loaded(value: Any) -> Any:
    if isinstance(value, dict):
        return Function(value["text"], **value["parameters"])
    # Files have no tuples.
    return [tuple(item) if isinstance(item, list) else item for item in value] if isinstance(value, list) else value


def _short(numbers: list[float]) -> str:
    return f"{numbers[0]:g}" if len(numbers) == 1 else str([float(f"{number:g}") for number in numbers])
