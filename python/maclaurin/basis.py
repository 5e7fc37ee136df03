"""Orthogonal polynomials, and powers, to expand arrays by: `basis`."""

from __future__ import annotations

from typing import Literal

from maclaurin._native import Basis

__all__ = ["Basis", "Family", "Squash", "basis"]

Family = Literal["monomial", "legendre", "chebyshev", "hermite", "hermite_e", "laguerre", "gegenbauer", "jacobi"]
Squash = Literal["tanh", "clip"]


def basis(
    name: Family,
    degree: int,
    *,
    on: tuple[float, float] | None = None,
    squash: Squash | None = None,
    **parameters: float,
) -> Basis:
    """The polynomials P_1 ... P_degree of a family, which stand wherever a series may: in `expand` and in the layers.

    Args:
        name: "legendre", "chebyshev" (T_k, of the first kind), "hermite" (H_k, the physicists'), "hermite_e" (He_k,
            the probabilists'), "laguerre", "gegenbauer", "jacobi" or "monomial" (t^k). All are normalized as in DLMF
            18.3, and as scipy.special.eval_legendre and its like.
        degree: the highest degree.
        on: the range that is mapped to [-1, 1], the default; Hermite's and Laguerre's polynomials take x as it is.
        squash: what keeps the mapped value t in [-1, 1]: "tanh" takes tanh(t), "clip" the nearest value of the range.
        parameters: `alpha` of laguerre (0 by default), `lambda_` of gegenbauer, `alpha` and `beta` of jacobi.

    They are computed by P_(k+1) = (A_k t + B_k) P_k - C_k P_(k-1) (`Basis.recurrence`) from P_0 = 1, in the type of the
    result and in this order (A_k, t and B_k first; a B_k or C_k of zero is left out): the same bits as that loop in
    NumPy. Called with an array, a basis gives P_0 too, as NumPy's legvander does.

    Raises ValueError for a name, a parameter or a range that there is not, TypeError for a parameter that is missing or
    that the family does not have.

    >>> import maclaurin as mc
    >>> b = mc.basis("legendre", degree=3, on=(0, 1))
    >>> b, b.degrees
    (basis('legendre', degree=3, on=(0.0, 1.0)), (1, 2, 3))
    >>> mc.expand([0.0, 0.5, 1.0], b).tolist()
    [[-1.0, 1.0, -1.0], [0.0, -0.5, -0.0], [1.0, 1.0, 1.0]]
    >>> mc.basis("jacobi", degree=2, alpha=0.5, beta=-0.5)(1.0).tolist()
    [1.0, 1.5, 1.875]
    """
    # `lambda` is a keyword of Python.
    listed = [("lambda" if key == "lambda_" else key, float(value)) for key, value in parameters.items()]
    return Basis(name, degree, None if on is None else (float(on[0]), float(on[1])), squash, listed)
