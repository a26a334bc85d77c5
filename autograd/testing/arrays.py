"""Strategies for arrays where gradients are to be checked, and for what indexes and names axes.

Built on hypothesis.extra.numpy, which knows shapes and dtypes but no kinks, poles or ties.
"""

import string
from collections.abc import Sequence
from types import EllipsisType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd.check.catalogue import distinct
from autograd.testing.layouts import LAYOUTS

__all__ = [
    "arrays",
    "arrays_apart",
    "axes",
    "broadcastable_shapes",
    "einsum_calls",
    "indices",
    "shapes",
]

Shape = tuple[int, ...]
Strategy = st.SearchStrategy[Any]


def shapes(
    *,
    min_dims: int = 0,
    max_dims: int | None = None,
    min_side: int = 1,
    max_side: int | None = None,
) -> st.SearchStrategy[Shape]:
    """Shapes of arrays, () among them, by default of up to 3 axes and 4 elements along each.

    Empty ones too with min_side=0.

    >>> from hypothesis import find
    >>> len(find(shapes(max_dims=2), lambda shape: len(shape) > 1))
    2
    """
    return npst.array_shapes(
        min_dims=min_dims,
        max_dims=max(3, min_dims) if max_dims is None else max_dims,
        min_side=min_side,
        max_side=max(4, min_side) if max_side is None else max_side,
    )


def broadcastable_shapes(
    n: int, *, min_dims: int = 0, max_dims: int | None = None, min_side: int = 1, max_side: int = 3
) -> st.SearchStrategy[tuple[Shape, ...]]:
    """Tuples of n shapes that broadcast with one another.

    >>> from hypothesis import find
    >>> first, second = find(broadcastable_shapes(2), lambda pair: pair[0] != pair[1])
    >>> len(np.broadcast_shapes(first, second)) > 0
    True
    """
    both = npst.mutually_broadcastable_shapes(
        num_shapes=n,
        min_dims=min_dims,
        max_dims=max(3, min_dims) if max_dims is None else max_dims,
        min_side=min_side,
        max_side=max_side,
    )
    return both.map(lambda found: tuple(found.input_shapes))


@st.composite
def arrays(
    draw: Any,
    shape: Shape | st.SearchStrategy[Shape] | None = None,
    *,
    domain: tuple[float, float] = (-2.0, 2.0),
    away_from: float | Sequence[float] = (),
    margin: float = 1e-3,
    dtype: Any = float,
    layouts: bool = False,
) -> Any:
    """Arrays of numbers from an interval, at some distance from kinks and poles.

    shape: one, or a strategy for it; by default `shapes()`.
    domain: the interval, of the real and of the imaginary part if dtype is complex.
    away_from: numbers that no element comes nearer to than margin.
    layouts: in Fortran order, backwards and with gaps in memory too.

    Raises ValueError for a domain that is not finite or has no room beside what is to be avoided,
    and for dtypes that have no derivatives.

    >>> from hypothesis import find
    >>> x = find(arrays((2,), domain=(0.0, 1.0), away_from=0.0), lambda x: True)
    >>> x.shape, bool(np.all(x >= 0.001))
    ((2,), True)
    """
    if shape is None:
        shape = shapes()
    low, high = domain
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ValueError(f"domain is a pair of finite numbers, low and high, not {domain}.")
    if not margin > 0:
        raise ValueError(f"margin is a positive number, not {margin}.")
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        raise ValueError(f"a gradient is one of real or complex numbers, not of {dtype}.")
    real = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    points = sorted(np.atleast_1d(np.asarray(away_from, float)).tolist())
    gaps = [gap for gap in map(_of(real), _gaps(low, high, points, margin)) if gap[0] <= gap[1]]
    if not gaps:
        raise ValueError(
            f"the domain {domain} has no number of {real} that is {margin} away from {points}: "
            "give a wider domain or a smaller margin."
        )
    width: Any = min(64, 8 * real.itemsize)
    gaps.sort(key=lambda gap: (gap[1] < 0, abs(gap[0])))  # the simplest numbers first
    elements = st.one_of(
        *(
            st.floats(*gap, width=width, allow_subnormal=False).map(_without_tiny(gap))
            for gap in gaps
        )
    )
    if isinstance(shape, st.SearchStrategy):
        shape = draw(shape)
    x = draw(npst.arrays(real, shape, elements=elements, fill=st.nothing()))
    if dtype.kind == "c":
        imaginary = draw(npst.arrays(real, shape, elements=elements, fill=st.nothing()))
        x = np.asarray(x + 1j * imaginary, dtype)
    return draw(_laid_out(x)) if layouts else x


def _of(real: np.dtype[Any]) -> Any:
    """An interval's bounds as numbers of that precision, inside."""

    def bounds(gap: tuple[float, float]) -> tuple[float, float]:
        with np.errstate(over="ignore"):
            low, high = (np.asarray(bound).astype(real)[()] for bound in gap)
        if not float(low) >= gap[0]:
            low = np.nextafter(low, real.type(np.inf))
        if not float(high) <= gap[1]:
            high = np.nextafter(high, real.type(-np.inf))
        return float(low), float(high)

    return bounds


def _without_tiny(gap: tuple[float, float]) -> Any:
    """0 for numbers that are next to nothing in their interval: they only bring underflow."""
    tiny = 1e-9 * max(map(abs, gap))
    return lambda x: 0.0 if 0 < abs(x) < tiny and gap[0] <= 0 <= gap[1] else x


def _gaps(low: float, high: float, points: list[float], margin: float) -> list[Any]:
    """What is left of an interval beside some points."""
    gaps = []
    for point in [p for p in points if low - margin < p < high + margin]:
        if point - margin >= low:
            gaps.append((low, point - margin))
        low = point + margin
    return [*gaps, (low, high)] if low <= high else gaps


def _laid_out(x: Any) -> Strategy:
    """The same numbers, otherwise in memory."""
    return st.sampled_from([x, *(layout(x) for layout in LAYOUTS.values())] if x.ndim else [x])


@st.composite
def arrays_apart(draw: Any, *wanted: Shape | st.SearchStrategy[Shape]) -> tuple[Any, ...]:
    """A tuple of arrays, one of each shape, without ties: all of their numbers lie well apart.

    They are between -1.5 and 1.6, unevenly spaced, so that their sums are apart too, and away from
    whole hundredths, such as bounds that a test clips at. For sorting, maxima, medians.

    >>> from hypothesis import find
    >>> (x,) = find(arrays_apart((3,)), lambda found: True)
    >>> bool(np.min(np.diff(np.sort(x))) > 0.1)
    True
    """
    given = [draw(s) if isinstance(s, st.SearchStrategy) else s for s in wanted]
    return tuple(distinct(given, draw(st.integers(0, 2**31 - 1))))


def axes(ndim: int) -> Strategy:
    """What `axis=` may be for an array of that many dimensions: None, a number, a tuple.

    >>> from hypothesis import find
    >>> len(find(axes(3), lambda axis: isinstance(axis, tuple) and len(axis) == 2))
    2
    """
    if ndim == 0:
        return st.none()
    one = st.integers(-ndim, ndim - 1)
    return st.none() | one | npst.valid_tuple_axes(ndim, min_size=1)


def indices(shape: Shape) -> Strategy:
    """What may stand in `x[...]` for an array of that shape, of every kind that NumPy has.

    Numbers, slices of any step, Ellipsis and np.newaxis, arrays of numbers (with repetitions),
    masks of the whole and of one axis, and tuples that mix them.

    >>> from hypothesis import find
    >>> mask = find(indices((3,)), lambda i: isinstance(i, np.ndarray) and i.dtype == bool)
    >>> mask.shape
    (3,)
    """
    kinds: list[Strategy] = [npst.basic_indices(shape, allow_newaxis=True)]
    if shape:
        kinds += [st.slices(shape[0]), st.just(Ellipsis), npst.arrays(bool, shape)]
    if shape and all(shape):
        kinds.append(st.integers(-shape[0], shape[0] - 1))
        kinds.append(npst.integer_array_indices(shape))
        kinds.append(_mixed(shape))
    return st.one_of(*kinds)


@st.composite
def _mixed(draw: Any, shape: Shape) -> tuple[Any, ...]:
    """An index for each axis, of several kinds; arrays among them have one length."""
    length = draw(st.integers(1, 3))
    parts: list[Any] = []
    masked = False
    for n in shape:
        kinds = ["number", "slice", "array"] + ([] if masked else ["mask"])
        kind = draw(st.sampled_from(kinds))
        if kind == "number":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            parts.append(draw(st.slices(n)))
        elif kind == "array":
            parts.append(draw(npst.arrays(int, length, elements=st.integers(-n, n - 1))))
        else:
            masked = True
            chosen = draw(st.permutations(range(n)))[: min(length, n)]
            if len(chosen) < length:  # of another length than the arrays: one element serves all
                chosen = chosen[:1]
            parts.append(np.isin(np.arange(n), chosen))
    kept = draw(st.integers(1, len(parts)))
    rest: tuple[EllipsisType, ...] = (Ellipsis,) if draw(st.booleans()) else ()
    return (*parts[:kept], *rest)


@st.composite
def einsum_calls(draw: Any, *, max_operands: int = 3, max_side: int = 3) -> tuple[Any, ...]:
    """Subscripts and operands that fit them: `np.einsum(*call)`.

    Sums, products, diagonals, transpositions, broadcasting by an ellipsis; with and without an
    arrow.

    >>> from hypothesis import find
    >>> subscripts, x, y = find(einsum_calls(), lambda call: len(call) == 3)
    >>> subscripts.count(",")
    1
    """
    letters = string.ascii_letters[8 : 8 + draw(st.integers(1, 4))]
    sides = {letter: draw(st.integers(1, max_side)) for letter in letters}
    broad = draw(st.booleans()) and draw(st.booleans())
    terms, operands = [], []
    for _ in range(draw(st.integers(1, max_operands))):
        term = draw(st.lists(st.sampled_from(letters), max_size=3))
        leading = draw(st.sampled_from([(), (2,), (1,)])) if broad else ()
        terms.append(("..." if broad else "") + "".join(term))
        operands.append(draw(arrays((*leading, *(sides[letter] for letter in term)))))
    used = sorted({letter for term in terms for letter in term if letter != "."})
    subscripts = ",".join(terms)
    if draw(st.booleans()) or not used:
        kept = draw(st.permutations(used))[: draw(st.integers(0, len(used)))] if used else []
        subscripts += "->" + ("..." if broad else "") + "".join(kept)
    return (subscripts, *operands)
