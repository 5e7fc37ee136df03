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
    """All built-in functions, or those with ``search`` in one of their spellings.

    >>> [known.name for known in functions("relu")]
    ['relu', 'relu6', 'leaky_relu']
    >>> functions("expit")[0].formula
    '1/(1 + exp(-x))'
    """
    listed = (BuiltinFunction(*known) for known in Function._builtins())
    return [known for known in listed if any(search in name for name in (known.name, *known.aliases))]
