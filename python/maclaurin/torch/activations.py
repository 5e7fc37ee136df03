"""Activations of a trained model replaced by best polynomials, each on the range of values that it sees.

Homomorphic encryption, and some hardware, adds and multiplies and nothing else: a network that runs there needs
polynomials for activations. `approximate_activations` finds the activation modules of a model, runs a sample to see
the range of each one's inputs, and puts a `TaylorActivation` with the best polynomial on that range in its place.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from maclaurin._native import Function
from maclaurin.approximation import Approximation, Method, approximate
from maclaurin.estimated_approximation import EstimatedApproximation
from maclaurin.radius import OnRadius
from maclaurin.torch.modules import TaylorActivation

__all__ = ["ActivationReport", "ReplacedActivation", "approximate_activations"]


class _Formula(NamedTuple):
    """What a module computes: a function, and how far the module may be from it on the range it sees."""

    function: Any
    deviation: float = 0.0


_Range = tuple[float, float]


def _softplus(module: nn.Softplus, on: _Range) -> _Formula:
    """log(1 + exp(beta x))/beta; where beta x is above the threshold PyTorch gives x."""
    beta, threshold = module.beta, module.threshold
    formula = Function("log(1 + exp(beta*x))/beta", beta=beta)
    low, high = sorted(beta * x for x in on)
    if high <= threshold:
        return _Formula(formula)
    # The difference log(1 + exp(-beta x))/beta falls as beta x grows.
    first = max(low, threshold)
    return _Formula(formula, (max(-first, 0.0) + math.log1p(math.exp(-abs(first)))) / abs(beta))


def _of(text: str, *options: str) -> Callable[[Any, _Range], _Formula]:
    """A formula in x and options of the module."""
    return lambda module, _: _Formula(Function(text, **{name: getattr(module, name) for name in options}))


def _given(function: Any) -> Callable[[Any, _Range], _Formula]:
    """The formula that a caller gives for a class."""
    return lambda _, __: _Formula(function)


#: What PyTorch's modules compute, as its documentation defines them: by the module and its range.
_FORMULAS: dict[type[nn.Module], Callable[[Any, _Range], _Formula]] = {
    nn.CELU: _of("relu(x) + alpha*(exp(-relu(-x)/alpha) - 1)", "alpha"),
    nn.ELU: _of("elu(x, alpha)", "alpha"),
    nn.GELU: lambda module, _: _Formula(Function("gelu" if module.approximate == "none" else "gelu_tanh")),
    nn.Hardsigmoid: _of("(relu(x + 3) - relu(x - 3))/6"),
    nn.Hardswish: _of("x*(relu(x + 3) - relu(x - 3))/6"),
    nn.Hardtanh: _of("min_val + relu(x - min_val) - relu(x - max_val)", "min_val", "max_val"),
    nn.LeakyReLU: _of("relu(x) - negative_slope*relu(-x)", "negative_slope"),
    nn.LogSigmoid: _of("-softplus(-x)"),
    nn.Mish: _of("mish"),
    nn.ReLU: _of("relu"),
    nn.ReLU6: _of("relu(x) - relu(x - 6)"),
    # The constants of Klambauer et al. 2017 (arXiv 1706.02515), as PyTorch has them.
    nn.SELU: _of("1.0507009873554804934193349852946*elu(x, 1.6732632423543772848170429916717)"),
    nn.SiLU: _of("silu"),
    nn.Sigmoid: _of("sigmoid"),
    nn.Softplus: _softplus,
    nn.Softshrink: _of("relu(x - lambd) - relu(-x - lambd)", "lambd"),
    nn.Softsign: _of("softsign"),
    nn.Tanh: _of("tanh"),
    nn.Tanhshrink: _of("x - tanh(x)"),
}


@dataclass(frozen=True)
class ReplacedActivation:
    """One activation that became a polynomial.

    ``names`` (of all places that share the module), ``replaced`` (the class it had), ``seen`` (the smallest and
    largest input of the sample), ``error`` (certified: nowhere on the range is the polynomial further off, in exact
    arithmetic), ``rounding`` (a bound of what rounding coefficients and operations to the layer's floating-point type
    adds, on any device), ``approximation`` (the polynomial, with the rest).
    """

    names: tuple[str, ...]
    replaced: str
    seen: tuple[float, float]
    error: float
    rounding: float
    approximation: Approximation

    @property
    def name(self) -> str:
        """The first of the names, as model.named_modules() has it."""
        return self.names[0]

    @property
    def function(self) -> str:
        """The function as text."""
        return str(self.approximation.function)

    @property
    def on(self) -> tuple[float, float]:
        """The range of the polynomial: what was seen, widened by the margin."""
        return cast("tuple[float, float]", self.approximation.on)

    @property
    def degree(self) -> int:
        """The degree of the polynomial."""
        return self.approximation.degree

    @property
    def best(self) -> float:
        """A certified lower bound of the error of every polynomial of this degree on the range."""
        return self.approximation.best


@dataclass(frozen=True)
class ActivationReport:
    """What `approximate_activations` did: a sequence of `ReplacedActivation`, which prints as a table.

    ``kept`` has the names and classes of activation modules that were left as they are.
    """

    replaced: tuple[ReplacedActivation, ...]
    kept: tuple[tuple[str, str], ...] = ()

    def __iter__(self) -> Iterator[ReplacedActivation]:
        return iter(self.replaced)

    def __len__(self) -> int:
        return len(self.replaced)

    def __getitem__(self, key: int | str) -> ReplacedActivation:
        """By number, or by the name of a module."""
        if isinstance(key, int):
            return self.replaced[key]
        for row in self.replaced:
            if key in row.names:
                return row
        raise KeyError(f"no activation {key!r} was replaced; there are {', '.join(self._names())}")

    def _names(self) -> list[str]:
        return [name for row in self.replaced for name in row.names]

    def __repr__(self) -> str:
        header = ["module", "was", "range", "degree", "certified error", "best possible", "rounding"]
        rows = [
            [
                ", ".join(name or "(model)" for name in row.names),
                row.replaced,
                "[{:.4g}, {:.4g}]".format(*row.on),
                str(row.degree),
                _digits(row.error, ROUND_CEILING),
                _digits(row.best, ROUND_FLOOR),
                _digits(row.rounding, ROUND_CEILING),
            ]
            for row in self.replaced
        ]
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in (header, *rows)]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        lines += [f"kept as it is: {name} ({kind})" for name, kind in self.kept]
        return "\n".join(lines)


def _digits(bound: float, rounding: str) -> str:
    """A bound in three digits that is still one."""
    return f"{float(Context(prec=3, rounding=rounding).create_decimal(bound)):.3g}"


@dataclass
class _Seen:
    """An activation module: where it is, and the values that reached it."""

    module: nn.Module
    formula: Callable[[Any, _Range], _Formula]
    names: list[str] = field(default_factory=list)
    low: float = math.inf
    high: float = -math.inf
    device: torch.device | None = None
    #: That of the coefficients: of the values, but rounded to half precision a polynomial is another one.
    dtype: torch.dtype = torch.float32

    def look(self, _: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        """A forward pre-hook."""
        x = inputs[0] if inputs else named["input"]
        values = x.values() if x.is_nested else x
        self.device = x.device
        if x.is_floating_point():
            self.dtype = torch.promote_types(self.dtype, x.dtype)
        if not values.numel():
            return
        low, high = map(float, torch.aminmax(values.detach()))
        # A comparison with NaN is false, and would forget it.
        self.low = low if math.isnan(low) else min(self.low, low)
        self.high = high if math.isnan(high) else max(self.high, high)


def approximate_activations(
    model: nn.Module,
    sample: Any,
    *,
    degree: int | None = None,
    tolerance: float | None = None,
    margin: float = 0.1,
    symmetric: bool = False,
    method: Method = "minimax",
    center: float | None = None,
    trainable: bool = True,
    on_radius: OnRadius = "warn",
    skip: Iterable[str] = (),
    functions: Mapping[type[nn.Module], Any] | None = None,
    inplace: bool = False,
) -> tuple[nn.Module, ActivationReport]:
    """The model with a polynomial for each activation, the best on the range that the activation sees.

    Args:
        model: any module. Its modules of these classes are replaced: CELU, ELU, GELU, Hardsigmoid, Hardswish,
            Hardtanh, LeakyReLU, LogSigmoid, Mish, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softplus, Softshrink,
            Softsign, Tanh, Tanhshrink. Functions called in a forward method (torch.relu, functional.gelu) are not
            modules: they are not seen and stay as they are.
        sample: a batch of inputs: a tensor, a tuple of positional arguments or a dict of keyword arguments; or an
            iterable of such batches, such as ``(x for x, _ in loader)``. The model runs on it in evaluation mode
            and without gradients; modes are restored afterwards.
        degree: that of every polynomial. This, or tolerance.
        tolerance: the smallest degree whose certified error is at most this, in exact arithmetic: the report says
            what rounding may add.
        margin: by what part of its width the range is widened at both ends, for values that the sample lacks.
        symmetric: whether each range is made symmetric about zero, from the larger magnitude of its ends. Tanh
            then gets an odd polynomial, whose even coefficients are zero exactly: on another range they are
            small numbers, each of which costs an encrypted product. The price is the error of a wider range.
        method: as `maclaurin.approximate` takes it.
        center: the polynomials are in powers of x - center; by default the middle of each range. 0 gives
            coefficients of powers of x, as other programs take them.
        trainable: whether the coefficients are parameters, to be trained further, or buffers.
        on_radius: about values outside the range, later: "warn" once, "raise" or "ignore", as `TaylorActivation`
            takes it.
        skip: names of modules to leave as they are, with all that is in them, as model.named_modules() has them.
        functions: what modules of other classes compute, such as ``{QuickGELU: "x*sigmoid(1.702*x)"}``; takes
            precedence over the list above.
        inplace: whether the model itself is changed; by default a deep copy is, and the model stays as it is.

    Returns the model and an `ActivationReport`. A module that is used in several places gets one polynomial, on
    the union of the ranges. A state_dict of the result fits a model that was treated with the same sample and
    options; `torch.save` of the whole model, copies and pickles need nothing else.

    Raises TypeError unless one of degree and tolerance is given, or for a sample of another type; ValueError where
    there is no activation, where no value or only one value reached it, where its values are not finite, and
    where no polynomial is accurate enough: the message names the module. Nothing is replaced then.

    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> polynomial, report = approximate_activations(model, torch.rand(100, 2), tolerance=1e-3)
    >>> report[0].name, report[0].replaced, report[0].error <= 1e-3
    ('1', 'Tanh', True)
    """
    if (degree is None) == (tolerance is None):
        given = "neither" if degree is None else "both"
        raise TypeError(f"approximate_activations takes degree or tolerance, one of them; there are {given}")
    if degree is not None:
        degree = operator.index(degree)
    margin = float(margin)
    if not 0 <= margin < math.inf:
        raise ValueError(f"margin must be a finite number of at least 0, the part of a range's width, not {margin}")
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    if not inplace:
        model = copy.deepcopy(model)
    found, kept = _find(model, list(skip), functions or {})
    _run(model, sample, found)
    rows, layers = [], {}
    for seen in found:
        row = _approximate(seen, degree, tolerance, margin, symmetric, method, center)
        layer = TaylorActivation(
            row.approximation, trainable=trainable, on_radius=on_radius, device=seen.device, dtype=seen.dtype
        )
        rows.append(row)
        layers[seen.module] = layer.train(seen.module.training)
    return _replace(model, layers), ActivationReport(tuple(rows), tuple(kept))


def _find(
    model: nn.Module, skip: list[str], functions: Mapping[type[nn.Module], Any]
) -> tuple[list[_Seen], list[tuple[str, str]]]:
    """The activations to replace, and the names and classes of those that stay."""
    named = dict(model.named_modules(remove_duplicate=False))
    for name in skip:
        if name not in named:
            raise ValueError(f"skip names {name!r}, and the model has no such module: see model.named_modules()")
    skipped = {module for name in skip for module in named[name].modules()}
    formulas: dict[type[nn.Module], Callable[[Any, _Range], _Formula]] = {**_FORMULAS}
    for kind, function in functions.items():
        formulas[kind] = _given(function)
    found: dict[nn.Module, _Seen] = {}
    kept = []
    for name, module in named.items():
        # A subclass may compute something else.
        formula = formulas.get(type(module))
        if formula is not None and module not in skipped:
            found.setdefault(module, _Seen(module, formula)).names.append(name)
        elif formula is not None or _is_activation(module):
            kept.append((name, type(module).__name__))
    if not found:
        listed = f" (kept: {', '.join(f'{name} {kind}' for name, kind in kept)})" if kept else ""
        raise ValueError(
            f"the model has no activation module to replace{listed}: make functions such as torch.relu modules "
            '(nn.ReLU), or give the formulas of your own classes as functions={YourClass: "x*sigmoid(x)"}'
        )
    return list(found.values()), kept


def _is_activation(module: nn.Module) -> bool:
    """Whether a module is one of PyTorch's activations, or a subclass: attention is in the same file."""
    return not isinstance(module, nn.MultiheadAttention) and any(
        kind.__module__ == "torch.nn.modules.activation" for kind in type(module).__mro__
    )


def _run(model: nn.Module, sample: Any, found: list[_Seen]) -> None:
    """Runs the model on the sample and looks at the inputs of each activation."""
    hooks = []
    try:
        for seen in found:
            hooks.append(seen.module.register_forward_pre_hook(seen.look, with_kwargs=True))
        with _evaluation(model), torch.no_grad():
            batches = [sample] if isinstance(sample, Tensor | tuple | Mapping) else sample
            if isinstance(batches, str) or not isinstance(batches, Iterable):
                raise TypeError(f"sample must be a tensor, a tuple, a dict or an iterable, not {type(sample).__name__}")
            for batch in batches:
                if isinstance(batch, Tensor):
                    model(batch)
                elif isinstance(batch, tuple):
                    model(*batch)
                elif isinstance(batch, Mapping):
                    model(**batch)
                else:
                    raise TypeError(
                        f"a batch must be a tensor, a tuple of arguments or a dict of them, not a "
                        f"{type(batch).__name__}: of a loader of inputs and labels take (x for x, _ in loader)"
                    )
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, in which no dropout draws and no batch norm counts; and each module's own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    fast = torch.backends.mha.get_fastpath_enabled()
    # PyTorch's fused encoder layer would not call its activation.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, mode in modes:
            module.training = mode


def _approximate(
    seen: _Seen,
    degree: int | None,
    tolerance: float | None,
    margin: float,
    symmetric: bool,
    method: Method,
    center: float | None,
) -> ReplacedActivation:
    """The polynomial for one activation."""
    kind = type(seen.module).__name__
    name = f"{seen.names[0] or 'the model'} ({kind})"
    low, high = seen.low, seen.high
    if seen.device is None or low > high:
        raise ValueError(f"no value reached {name}: give a sample that does, or leave it as it is by skip")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(
            f"{name} saw values from {low} to {high}: they must be finite; look at the model and the sample"
        )
    if low == high:
        raise ValueError(f"{name} saw one value only, {low}: a range is needed; give a sample with more values")
    width = high - low
    on = (low - margin * width, high + margin * width)
    if symmetric:
        reach = max(abs(end) for end in on)
        on = (-reach, reach)
    formula = seen.formula(seen.module, on)
    where = f"{name} on [{on[0]:.6g}, {on[1]:.6g}]"
    allowed = None if tolerance is None else tolerance - formula.deviation
    if allowed is not None and not allowed > 0:
        raise ValueError(
            f"{where}: no polynomial stays within {tolerance}: the module's threshold alone is a step of "
            f"{formula.deviation:.3g}; allow a larger tolerance"
            if formula.deviation
            else f"tolerance must be positive, not {tolerance}"
        )
    try:
        p = approximate(formula.function, degree, on, tolerance=allowed, method=method, center=center)
    except ValueError as reason:
        raise ValueError(f"{where}: {reason}") from reason
    if isinstance(p, EstimatedApproximation):
        raise TypeError(f"{where}: nothing is proven of a function that cannot be read; give it as text or a Function")
    error = float(p.error) + formula.deviation
    return ReplacedActivation(tuple(seen.names), kind, (low, high), error, _rounding(p, seen.dtype), p)


def _rounding(p: Approximation, dtype: torch.dtype) -> float:
    """A bound of what rounding to a type adds, of coefficients and of every operation."""
    low, high = cast("tuple[float, float]", p.on)
    return p.error_bound(low, high, str(dtype).removeprefix("torch.")) - p.error_bound(low, high)


def _replace(model: nn.Module, layers: dict[nn.Module, TaylorActivation]) -> nn.Module:
    """Puts layers in the places of modules; the model, or what replaces it."""
    if model in layers:
        return layers[model]
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if child is not None and child in layers:
                setattr(parent, name, layers[child])
                if isinstance(parent, nn.TransformerEncoderLayer):
                    # Or fused code with the old activation runs.
                    parent.activation_relu_or_gelu = 0
    for encoder in model.modules():
        if isinstance(encoder, nn.TransformerEncoder):
            # Nested tensors are for the fused code.
            encoder.use_nested_tensor = False
    return model
