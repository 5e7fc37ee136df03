"""The built-in functions, listed."""

from __future__ import annotations

from typing import NamedTuple

from maclaurin._native import Function


class BuiltinFunction(NamedTuple):
    """What can be said of a built-in function."""

    name: str
    """Its name."""
    aliases: tuple[str, ...]
    """Other spellings, those of NumPy, SciPy, SymPy, C and PyTorch."""
    arguments: tuple[str, ...]
    """The arguments' names; one written ``name=value`` may be left out."""
    formula: str
    """What it is, as an expression where it is made of other functions."""
    analytic: str
    """Where on the real line it is analytic."""
    source: str
    """What defines it: a section of the DLMF, a standard, a paper, or a library."""


def functions(search: str = "") -> list[BuiltinFunction]:
    """All built-in functions, or those with ``search`` in one of their spellings, capitals or not.

    Where none has it, the one with the nearest spelling, if one is near.

    >>> [known.name for known in functions("ReLU")]
    ['relu', 'relu6', 'leaky_relu']
    >>> [known.name for known in functions("lambret")]
    ['lambert_w']
    >>> functions("expit")[0].formula
    '1/(1 + exp(-x))'
    """
    if not isinstance(search, str):
        raise TypeError(f"functions takes a part of a name as text, not {search!r}")
    listed = [BuiltinFunction(*known) for known in Function._builtins()]
    part = search.lower()
    found = [known for known in listed if any(part in name.lower() for name in (known.name, *known.aliases))]
    if found:
        return found
    nearest = Function._nearest_name(search)
    return [known for known in listed if nearest in (known.name, *known.aliases)]
