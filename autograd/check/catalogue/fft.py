"""Fourier transforms."""

from typing import Any

import numpy as np

from autograd.check.catalogue.rows import Calls, with_settings

NORMS = [{"norm": "ortho"}, {"norm": "forward"}]
LENGTHS: list[dict[str, Any]] = [{}, {"n": 2}, {"n": 5}, {"n": 6, "axis": 0}, {"axis": -2}]
GRID = ((3, 4),)
SHAPES: list[dict[str, Any]] = [
    {},
    {"axes": (1, 0)},
    {"s": (2, 5), "axes": (0, 1)},
    {"s": (5,), "axes": (0,)},
]

CALLS: Calls = {
    **{
        fn: [
            *with_settings(fn, GRID, *LENGTHS, *NORMS),
            *with_settings(fn, ((5,),), {}, *NORMS),
        ]
        for fn in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft)
    },
    **{
        fn: with_settings(fn, GRID, *SHAPES, *NORMS)
        for fn in (
            np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn, np.fft.rfft2, np.fft.irfft2,
            np.fft.rfftn, np.fft.irfftn,
        )
    },
    np.fft.fftshift: with_settings(np.fft.fftshift, ((3, 5),), {}, {"axes": 1}),
    np.fft.ifftshift: with_settings(np.fft.ifftshift, ((3, 5),), {}, {"axes": (0,)}),
}  # fmt: skip
