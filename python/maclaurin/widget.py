"""The page of `maclaurin explore` as a widget of a notebook. Needs anywidget (`pip install maclaurin[explore]`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from maclaurin._native import Function, explore_answer, explore_files

if TYPE_CHECKING:
    from anywidget import AnyWidget

#: The most bytes of a message's pixels, those of the largest picture.
MOST_BYTES = 4 << 24


def explore(
    function: str | Function = "log(1 + exp(x))",
    *,
    order: int = 4,
    at: Any = 0,
    on: tuple[float, float] = (-5.0, 5.0),
    **parameters: Any,
) -> AnyWidget:
    """A page on which one looks at a function: its polynomials, their certified error, the disc of convergence.

    Shown by a notebook (JupyterLab, VS Code, marimo, Colab) as the last value of a cell. What is changed on the
    page is in the widget's ``state``, and a new ``state`` is shown on the page. The values of the function's
    parameters are given by their names: ``mc.explore("sin(a*x)", a=2)``.

    For example ``mc.explore("softplus", order=6, on=(-2, 2))``.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        message = "mc.explore needs anywidget: pip install anywidget (or maclaurin[explore]), and restart the kernel"
        raise ImportError(message) from error
    if isinstance(function, Function):
        parameters = {**function.parameters, **parameters}
        function = function.text
    low, high = on
    module, style = explore_files()
    state = {
        "f": function,
        "p": {name: str(value) for name, value in parameters.items()},
        "at": str(at),
        "order": order,
        "lo": float(low),
        "hi": float(high),
    }
    kind = type(
        "ExploreWidget",
        (anywidget.AnyWidget,),
        {"_esm": module, "_css": style, "state": traitlets.Dict().tag(sync=True)},
    )
    widget: AnyWidget = kind(state=state)
    widget.on_msg(_answer)
    return widget


def _answer(widget: AnyWidget, message: Mapping[str, Any], buffers: list[memoryview]) -> None:
    """Answers a question of the page."""
    if set(message) != {"id", "question"} or sum(buffer.nbytes for buffer in buffers) > MOST_BYTES:
        return
    pixels = bytes(buffers[0]) if buffers else b""
    answer, file = explore_answer(str(message["question"]), pixels)
    widget.send({"id": message["id"], "answer": answer}, buffers=[file] if file else None)
