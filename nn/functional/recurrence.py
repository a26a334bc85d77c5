"""Recurrent layers: what happens from step to step, each as one call in the record.

A scan takes what the input contributes to all gates at once, a of shape (T, N, gates · H), and goes
through time. Its rule goes back: all that does not wait for a later step is computed for the whole
sequence, and the loop holds the rest. Where `mask` (T, N, 1) is false, the state stays as it was.

Gates stand side by side in PyTorch's order; recurrent weights are (H, gates · H).
"""

from typing import Any

import numpy as np

from autograd import defvjp, part, primitive, sigmoid

__all__ = ["gru_scan", "lstm_scan", "rnn_scan"]


def rnn_scan(a: Any, weight: Any, h0: Any, *, relu: bool = False, mask: Any = None) -> Any:
    """hₜ = tanh(aₜ + hₜ₋₁ @ weight), or with relu: all hₜ, (T, N, H). Elman 1990.

    >>> rnn_scan(np.zeros((4, 2, 3)), np.eye(3), np.ones((2, 3)), relu=True).shape
    (4, 2, 3)
    """
    return _rnn((a, weight, h0), relu=relu, mask=mask)


def lstm_scan(a: Any, weight: Any, h0: Any, c0: Any, *, mask: Any = None) -> tuple[Any, Any]:
    """All hₜ and all cₜ, (T, N, H) each. Hochreiter and Schmidhuber 1997, with forget gates.

    i, f, g, o = aₜ + hₜ₋₁ @ weight;  cₜ = σ(f)·cₜ₋₁ + σ(i)·tanh(g);  hₜ = σ(o)·tanh(cₜ)

    >>> h, c = lstm_scan(np.zeros((4, 2, 12)), np.zeros((3, 12)), np.ones((2, 3)), np.ones((2, 3)))
    >>> c[:, 0, 0]
    array([0.5   , 0.25  , 0.125 , 0.0625])
    """
    h, c = _lstm((a, weight, h0, c0), mask=mask)
    return h, c


def gru_scan(a: Any, weight: Any, bias: Any, h0: Any, *, mask: Any = None) -> Any:
    """All hₜ, (T, N, H). Cho et al. 2014, with the reset after the product, as PyTorch has it.

    u = hₜ₋₁ @ weight + bias;  r = σ(aᵣ + uᵣ);  z = σ(a_z + u_z);  n = tanh(aₙ + r·uₙ);
    hₜ = (1 - z)·n + z·hₜ₋₁

    >>> gru_scan(np.zeros((3, 1, 3)), np.zeros((1, 3)), np.zeros(3), np.ones((1, 1)))[:, 0, 0]
    array([0.5  , 0.25 , 0.125])
    """
    return _gru((a, weight, bias, h0), mask=mask)


def _before(states: Any, first: Any) -> Any:
    """The state before every step."""
    return np.concatenate([first[None], states[:-1]])


def _product_over_time(x: Any, g: Any) -> Any:
    """Σₜ xₜᵀ @ gₜ: the gradient of weights that every step uses."""
    return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])


# ---------------------------------------------------------------------------------- RNN


@primitive
def _rnn(arrays: Any, *, relu: bool, mask: Any) -> Any:
    a, weight, h = arrays
    out = np.empty((*a.shape[:2], len(weight)), np.result_type(*arrays))
    for t, a_t in enumerate(a):
        h = np.matmul(h, weight, out=out[t])
        h += a_t
        np.maximum(h, 0, out=h) if relu else np.tanh(h, out=h)
        _carry(out, arrays[2], t, mask)
    return out


def _carry(states: Any, first: Any, t: int, mask: Any) -> None:
    """The state before it, where the mask is false."""
    if mask is not None:
        np.copyto(states[t], states[t - 1] if t else first, where=~mask[t])


def _rnn_vjp(g: Any, y: Any, arrays: Any, *, relu: bool, mask: Any) -> Any:
    _, weight, h0 = arrays
    slope = (y > 0) * np.ones((), y.dtype) if relu else 1 - y * y
    slope = slope if mask is None else slope * mask
    dh, shares = 0.0, []
    for t in reversed(range(y.shape[0])):
        dh = dh + g[t]
        da = dh * slope[t]
        shares.append(da)
        dh = da @ weight.T if mask is None else da @ weight.T + dh * ~mask[t]
    da = np.stack(shares[::-1])
    return da, _product_over_time(_before(y, h0), da), dh


defvjp(_rnn, _rnn_vjp, sequence=True, symbol="rnn", complex=False, kink="relu's")


# --------------------------------------------------------------------------------- LSTM


@primitive
def _lstm(arrays: Any, *, mask: Any) -> Any:
    a, weight, h, c = arrays
    steps, n, _ = a.shape
    width = len(weight)
    # σ(x) is ½ tanh(x/2) + ½: so one tanh serves all four gates
    scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], a.dtype), width)
    shift = np.repeat(np.array([0.5, 0.5, 0, 0.5], a.dtype), width)
    a, weight = a * scale, weight * scale
    hs, cs = (np.empty((steps, n, width), np.result_type(*arrays)) for _ in range(2))
    gates: Any = np.empty((n, 4 * width), hs.dtype)
    new = np.empty((n, width), hs.dtype)
    i, f, z, o = (gates[:, k * width : (k + 1) * width] for k in range(4))
    for t in range(steps):
        np.matmul(h, weight, out=gates)
        gates += a[t]
        np.tanh(gates, out=gates)
        gates *= scale
        gates += shift
        c = np.multiply(f, c, out=cs[t])
        c += np.multiply(i, z, out=new)
        h = np.multiply(o, np.tanh(c, out=new), out=hs[t])
        _carry(hs, arrays[2], t, mask)
        _carry(cs, arrays[3], t, mask)
    return hs, cs


def _lstm_vjp(g: Any, y: Any, arrays: Any, *, mask: Any) -> Any:
    a, weight, h0, c0 = arrays
    h, c = part(y, 0), part(y, 1)
    steps, n, width = h.shape
    h_before, c_before = _before(h, h0), _before(c, c0)
    i, f, z, o = np.split(a + h_before @ weight, 4, axis=-1)
    i, f, z, o, squashed = sigmoid(i), sigmoid(f), np.tanh(z), sigmoid(o), np.tanh(c)
    # what a change of c, and one of h, makes of the gates
    by_c = np.stack([z * i * (1 - i), c_before * f * (1 - f), i * (1 - z * z)], axis=2)
    by_h, c_by_h = squashed * o * (1 - o), o * (1 - squashed * squashed)
    if mask is not None:
        by_c, by_h, c_by_h = by_c * mask[..., None], by_h * mask, c_by_h * mask
        f = np.where(mask, f, 1)
    dh: Any = np.zeros((n, width), h.dtype)
    dc, shares = dh, []
    for t in reversed(range(steps)):
        dh = dh if g[0] is None else dh + g[0][t]
        dc = dc if g[1] is None else dc + g[1][t]
        dc = dc + dh * c_by_h[t]
        da = np.concatenate(
            [np.reshape(dc[:, None] * by_c[t], (n, 3 * width)), dh * by_h[t]], axis=1
        )
        shares.append(da)
        dh = da @ weight.T if mask is None else da @ weight.T + dh * ~mask[t]
        dc = dc * f[t]
    da = np.stack(shares[::-1])
    return da, _product_over_time(h_before, da), dh, dc


defvjp(_lstm, _lstm_vjp, sequence=True, several=True, symbol="lstm", complex=False)


# ---------------------------------------------------------------------------------- GRU


@primitive
def _gru(arrays: Any, *, mask: Any) -> Any:
    a, weight, bias, h = arrays
    width = len(weight)
    out = np.empty((*a.shape[:2], width), np.result_type(*arrays))
    u = np.empty((a.shape[1], 3 * width), out.dtype)
    gates, n = u[:, : 2 * width], u[:, 2 * width :]
    r, z = gates[:, :width], gates[:, width:]
    for t, a_t in enumerate(a):
        np.matmul(h, weight, out=u)
        u += bias
        gates += a_t[:, : 2 * width]
        gates *= 0.5  # σ(x) is ½ tanh(x/2) + ½
        np.tanh(gates, out=gates)
        gates *= 0.5
        gates += 0.5
        n *= r
        n += a_t[:, 2 * width :]
        np.tanh(n, out=n)
        new = np.subtract(h, n, out=out[t])
        new *= z
        new += n
        _carry(out, arrays[3], t, mask)
        h = new
    return out


def _gru_vjp(g: Any, y: Any, arrays: Any, *, mask: Any) -> Any:
    a, weight, bias, h0 = arrays
    steps, n, width = y.shape
    before = _before(y, h0)
    u_r, u_z, u_n = np.split(before @ weight + bias, 3, axis=-1)
    a_r, a_z, a_n = np.split(a, 3, axis=-1)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    new = np.tanh(a_n + r * u_n)
    by_n = (1 - z) * (1 - new * new)  # what a change of h makes of the gates
    by_r, by_z = by_n * u_n * r * (1 - r), (before - new) * z * (1 - z)
    if mask is not None:
        by_n, by_r, by_z, z = by_n * mask, by_r * mask, by_z * mask, np.where(mask, z, 1)
    by_u = np.concatenate([by_r, by_z, by_n * r], axis=2).reshape(steps, n, 3, width)
    dh, totals = 0.0, []
    for t in reversed(range(steps)):
        dh = dh + g[t]
        totals.append(dh)
        du = np.reshape(dh[:, None] * by_u[t], (n, 3 * width))
        dh = dh * z[t] + du @ weight.T
    total = np.stack(totals[::-1])
    du = np.reshape(total[:, :, None] * by_u, (steps, n, 3 * width))
    da = np.concatenate([total * by_r, total * by_z, total * by_n], axis=2)
    return da, _product_over_time(before, du), np.sum(du, axis=(0, 1)), dh


defvjp(_gru, _gru_vjp, sequence=True, symbol="gru", complex=False)
