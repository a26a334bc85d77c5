"""Derivatives of the discrete Fourier transforms.

A transform is a symmetric matrix, so its rule is the same transform again, of the gradient. Those
of real numbers have half of the result, and their rules the other direction's, unnormalized where
they are normalized.
"""

from typing import Any

import numpy as np

from autograd.derivatives.numerics import along
from autograd.table import compose, defvjp

# What undoes the factor of a transform when the other direction is taken in its place.
_OTHER: Any = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _fitted(x: Any, shape: tuple[int, ...]) -> Any:
    """x cut or filled up with zeros to the shape: the adjoint of the same, done by n= and s=."""
    x = x[tuple(slice(None, n) for n in shape)]
    missing = [(0, n - m) for n, m in zip(shape, np.shape(x), strict=True)]
    return np.pad(x, missing) if any(after for _, after in missing) else x


def _along_one_axis(fn: Any) -> None:
    def rule(g: Any, y: Any, a: Any, *, axis: int = -1, norm: Any = None) -> Any:
        return _fitted(fn(g, axis=axis, norm=norm), np.shape(a))

    defvjp(fn, rule, settings="n")


def _along_axes(fn: Any) -> None:
    def rule(g: Any, y: Any, a: Any, *, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
        if axes is None and s is not None:
            axes = range(-len(s), 0)
        return _fitted(fn(g, axes=axes, norm=norm), np.shape(a))

    defvjp(fn, rule)


def _half(g: Any, n: int, axis: int, between: float) -> Any:
    """g times weights along an axis: the frequencies 0 and n / 2 stand once in the whole, the
    others twice.
    """
    m = np.shape(g)[axis]
    weights = np.full(m, between, np.real(np.empty(0, np.result_type(g))).dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[n // 2 : n // 2 + 1] = 1
    return g * along(weights, axis, np.ndim(g))


def _rfft_vjp(
    g: Any, y: Any, a: Any, *, n: int | None = None, axis: int = -1, norm: Any = None
) -> Any:
    n = np.shape(a)[axis] if n is None else n
    whole = np.fft.irfft(_half(np.conjugate(g), n, axis, 0.5), n, axis, _OTHER.get(norm, norm))
    return _fitted(whole, np.shape(a))


def _irfft_vjp(
    g: Any, y: Any, a: Any, *, n: int | None = None, axis: int = -1, norm: Any = None
) -> Any:
    half = np.conjugate(np.fft.rfft(g, axis=axis, norm=_OTHER.get(norm, norm)))
    return _fitted(_half(half, np.shape(y)[axis], axis, 2.0), np.shape(a))


_along_one_axis(np.fft.fft)
_along_one_axis(np.fft.ifft)
_along_axes(np.fft.fftn)
_along_axes(np.fft.ifftn)
defvjp(np.fft.rfft, _rfft_vjp, complex=False)
defvjp(np.fft.irfft, _irfft_vjp)
defvjp(np.fft.fftshift, lambda g, y, x, *, axes=None: np.fft.ifftshift(g, axes))
defvjp(np.fft.ifftshift, lambda g, y, x, *, axes=None: np.fft.fftshift(g, axes))


# ------------------------------------------------------------- made of those above


def _in_a_plane(fn: Any, of_many: Any, complex: bool = True) -> None:
    @compose(fn, complex=complex)
    def composed(
        a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: None = None
    ) -> Any:
        return of_many(a, s, axes, norm)


_in_a_plane(np.fft.fft2, np.fft.fftn)
_in_a_plane(np.fft.ifft2, np.fft.ifftn)
_in_a_plane(np.fft.rfft2, np.fft.rfftn, complex=False)
_in_a_plane(np.fft.irfft2, np.fft.irfftn)


def _chosen(a: Any, s: Any, axes: Any) -> tuple[list[Any], list[int]]:
    """The lengths and axes, as NumPy completes them; -1 stands for the axis's own length."""
    if axes is None:
        axes = range(np.ndim(a)) if s is None else range(-len(s), 0)
    own = [np.shape(a)[axis] for axis in axes]
    s = own if s is None else [m if n == -1 else n for n, m in zip(s, own, strict=True)]
    return s, list(axes)


def _repeated(fn: Any, one: Any) -> None:
    @compose(fn)
    def composed(
        a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: None = None
    ) -> Any:
        """An axis after the other, if one comes twice."""
        if axes is None or len(set(axes)) == len(axes):
            return NotImplemented
        s, axes = _chosen(a, s, axes)
        for n, axis in zip(s[::-1], axes[::-1], strict=True):
            a = one(a, n, axis, norm)
        return a


_repeated(np.fft.fftn, np.fft.fft)
_repeated(np.fft.ifftn, np.fft.ifft)


@compose(np.fft.rfftn, complex=False)
def _rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    s, axes = _chosen(a, s, axes)
    y = np.fft.rfft(a, s[-1], axes[-1], norm)
    for n, axis in zip(s[:-1], axes[:-1], strict=True):
        y = np.fft.fft(y, n, axis, norm)
    return y


@compose(np.fft.irfftn)
def _irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    last = None if s is None or s[-1] == -1 else s[-1]
    s, axes = _chosen(a, s, axes)
    for n, axis in zip(s[:-1], axes[:-1], strict=True):
        a = np.fft.ifft(a, n, axis, norm)
    return np.fft.irfft(a, last, axes[-1], norm)


@compose(np.fft.hfft)
def _hfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    return np.fft.irfft(np.conjugate(a), n, axis, _OTHER.get(norm, norm))


@compose(np.fft.ihfft, complex=False)
def _ihfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    return np.conjugate(np.fft.rfft(a, n, axis, _OTHER.get(norm, norm)))
