"""The page of `maclaurin explore` as a widget of a notebook. Needs anywidget (`pip install maclaurin[explore]`)."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from maclaurin._native import Function, explore_answer, explore_files

if TYPE_CHECKING:
    from anywidget import AnyWidget

#: The most bytes of a message's pixels, those of the largest picture.
MOST_BYTES = 4 << 24
#: The largest order of the page.
LARGEST_ORDER = 100


def explore(
    function: str | Function = "log(1 + exp(x))",
    *,
    order: int = 4,
    at: Any = 0,
    on: tuple[float, float] = (-5.0, 5.0),
    **parameters: Any,
) -> AnyWidget:
    """A page on which one looks at a function: its polynomials, their certified error, the disc of convergence.

    Shown by a notebook that anywidget supports (tried in JupyterLab and marimo) as the last value of a cell. What is
    changed on the page is in the widget's ``state``, and a new ``state`` is shown on the page. The values of the
    function's parameters are given by their names: ``mc.explore("sin(a*x)", a=2)``.

    Raises TypeError and ValueError for what the page cannot show; mistakes in the text are shown on the page.

    For example ``mc.explore("softplus", order=6, on=(-2, 2))``.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        message = "mc.explore needs anywidget: pip install anywidget (or maclaurin[explore]), and restart the kernel"
        raise ImportError(message) from error
    if not isinstance(function, str | Function):
        raise TypeError(f"function must be text or a maclaurin.Function, not {type(function).__name__}")
    if not isinstance(order, int) or not 0 <= order <= LARGEST_ORDER:
        raise ValueError(f"order must be an integer from 0 to {LARGEST_ORDER}, not {order!r}")
    if isinstance(function, Function):
        parameters = {**function.parameters, **parameters}
        function = function.text
    low, high = map(float, on)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"the range {on!r} is empty or not finite: give two finite ends, the smaller first")
    module, style = explore_files()
    state = {
        "f": function,
        "p": {name: str(value) for name, value in parameters.items()},
        "at": str(at),
        "order": order,
        "lo": low,
        "hi": high,
    }
    kind = type(
        "ExploreWidget",
        (anywidget.AnyWidget,),
        {
            "_esm": module,
            "_css": style,
            "state": traitlets.Dict().tag(sync=True),
            "cancels": traitlets.Bool().tag(sync=True),
        },
    )
    cancels = _has_kernel()
    widget: AnyWidget = kind(state=state, cancels=cancels)
    widget.on_msg(_Questions(cancels))
    return widget


def _has_kernel() -> bool:
    """Whether this is a kernel of Jupyter, whose messages may be sent from any thread."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


class _Questions:
    """Answers the questions of a page: on threads, so that the kernel receives cancellations meanwhile, or in turn."""

    def __init__(self, threaded: bool) -> None:
        self.threaded = threaded
        self.stops: dict[int, threading.Event] = {}
        self.slots = threading.Semaphore(min(max(os.cpu_count() or 2, 2), 8))
        self.sending = threading.Lock()

    def __call__(self, widget: AnyWidget, message: Mapping[str, Any], buffers: list[memoryview]) -> None:
        if set(message) == {"cancel"}:
            number = message["cancel"]
            if isinstance(number, int) and (stop := self.stops.get(number)):
                stop.set()
            return
        if set(message) != {"id", "question"} or not isinstance(message["id"], int):
            return
        if sum(buffer.nbytes for buffer in buffers) > MOST_BYTES:
            return
        pixels = bytes(buffers[0]) if buffers else b""
        arguments = (widget, message["id"], str(message["question"]), pixels)
        if self.threaded:
            self.stops[message["id"]] = threading.Event()
            threading.Thread(target=self.answer, args=arguments, daemon=True).start()
        else:
            self.answer(*arguments)

    def answer(self, widget: AnyWidget, number: int, question: str, pixels: bytes) -> None:
        """Answers one question, unless it is cancelled."""
        stop = self.stops.get(number)
        answer, file = "", b""
        with self.slots:
            try:
                if not (stop and stop.is_set()):
                    answer, file = explore_answer(question, pixels, stop)
            except (RuntimeError, TimeoutError) as error:
                answer = json.dumps({"error": {"message": str(error)}})
        self.stops.pop(number, None)
        if stop and stop.is_set():
            return
        with self.sending:
            widget.send({"id": number, "answer": answer}, buffers=[file] if file else None)
