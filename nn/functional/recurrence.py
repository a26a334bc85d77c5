"""Recurrent layers: what happens from step to step, each as one call in the record.

A scan takes what the input contributes to all gates at once, a of shape (T, N, gates · H), and goes
through time; its rule goes back, step by step, since what one step needs stays in the processor's
cache. The gates are among the results, so that the rule need not compute them again.
Where `mask` (T, N, 1) is false, the state stays as it was.

Gates stand side by side in PyTorch's order; recurrent weights are (H, gates · H).
"""

from typing import Any

import numpy as np

from autograd import defvjp, part, primitive

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
    h, c, _ = _lstm((a, weight, h0, c0), mask=mask)
    return h, c


def gru_scan(a: Any, weight: Any, bias: Any, h0: Any, *, mask: Any = None) -> Any:
    """All hₜ, (T, N, H). Cho et al. 2014, with the reset after the product, as PyTorch has it.

    u = hₜ₋₁ @ weight + bias;  r = σ(aᵣ + uᵣ);  z = σ(a_z + u_z);  n = tanh(aₙ + r·uₙ);
    hₜ = (1 - z)·n + z·hₜ₋₁

    >>> gru_scan(np.zeros((3, 1, 3)), np.zeros((1, 3)), np.zeros(3), np.ones((1, 1)))[:, 0, 0]
    array([0.5  , 0.25 , 0.125])
    """
    return _gru((a, weight, bias, h0), mask=mask)[0]


def _before(states: Any, first: Any) -> Any:
    """The state before every step."""
    return np.concatenate([first[None], states[:-1]])


def _product_over_time(x: Any, g: Any) -> Any:
    """Σₜ xₜᵀ @ gₜ: the gradient of weights that every step uses."""
    return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])


# Of the recurrent products; the one with the input is a call before the scan.
_FACTS = {"multiply_adds": lambda v: v.seen[0][0].size * len(v.seen[0][1])}

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


defvjp(_rnn, _rnn_vjp, sequence=True, symbol="rnn", complex=False, kink="relu's", facts=_FACTS)


# --------------------------------------------------------------------------------- LSTM


@primitive
def _lstm(arrays: Any, *, mask: Any) -> Any:
    """All h, all c, and the gates (T, N, 4 · H) after their sigmoids and tanh."""
    a, weight, h, c = arrays
    dtype = np.result_type(*arrays)
    steps, n, _ = a.shape
    width = len(weight)
    scale, shift = _sigmoids(dtype, width, (True, True, False, True))
    a, weight = a * scale, weight * scale
    hs, cs = (np.empty((steps, n, width), dtype) for _ in range(2))
    gates, new = np.empty((steps, n, 4 * width), dtype), np.empty((n, width), dtype)
    for t in range(steps):
        now = np.matmul(h, weight, out=gates[t])
        now += a[t]
        np.tanh(now, out=now)
        now *= scale
        now += shift
        i, f, z, o = (now[:, k * width : (k + 1) * width] for k in range(4))
        c = np.multiply(f, c, out=cs[t])
        c += np.multiply(i, z, out=new)
        h = np.multiply(o, np.tanh(c, out=new), out=hs[t])
        _carry(hs, arrays[2], t, mask)
        _carry(cs, arrays[3], t, mask)
    return hs, cs, gates


def _sigmoids(dtype: Any, width: int, where: tuple[bool, ...]) -> tuple[Any, Any]:
    """By what to multiply before and after tanh, and what to add: σ(x) is ½ tanh(x/2) + ½.

    So one tanh serves all gates, sigmoids or not; and it is the quickest function there is.
    """
    scale = np.repeat(np.where(where, 0.5, 1.0), width).astype(dtype)
    return scale, 1 - scale


def _lstm_vjp(g: Any, y: Any, arrays: Any, *, mask: Any) -> Any:
    _, weight, h0, c0 = arrays
    h, c, gates = part(y, 0), part(y, 1), part(y, 2)
    steps, n, width = h.shape
    sigmoids = 2 * _sigmoids(h.dtype, width, (True, True, False, True))[1]  # 1 for σ, 0 for tanh
    tanhs = 1 - sigmoids
    dh: Any = np.zeros((n, width), h.dtype)
    dc, shares = dh, []
    for t in reversed(range(steps)):
        now, before = gates[t], c[t - 1] if t else c0
        i, f, z, o = (now[:, k * width : (k + 1) * width] for k in range(4))
        squashed = np.tanh(c[t])
        dh = dh if g[0] is None else dh + g[0][t]
        dc = dc if g[1] is None else dc + g[1][t]
        kept = None if mask is None else (dh * ~mask[t], dc * ~mask[t])
        if mask is not None:
            dh, dc = dh * mask[t], dc * mask[t]
        dc = dc + dh * o * (1 - squashed * squashed)
        dgates = np.concatenate([dc * z, dc * before, dc * i, dh * squashed], axis=1)
        dgates = dgates if g[2] is None else dgates + g[2][t]
        da = dgates * (now * (sigmoids - now) + tanhs)  # σ' = σ - σ², tanh' = 1 - tanh²
        shares.append(da)
        dh, dc = da @ weight.T, dc * f
        if kept is not None:
            dh, dc = dh + kept[0], dc + kept[1]
    da = np.stack(shares[::-1])
    return da, _product_over_time(_before(h, h0), da), dh, dc


defvjp(_lstm, _lstm_vjp, sequence=True, several=True, symbol="lstm", complex=False, facts=_FACTS)


# ---------------------------------------------------------------------------------- GRU


@primitive
def _gru(arrays: Any, *, mask: Any) -> Any:
    """All h, and the gates r, z and n after their functions, with uₙ: (T, N, 4 · H)."""
    a, weight, bias, h = arrays
    dtype = np.result_type(*arrays)
    steps, n, _ = a.shape
    width = len(weight)
    hs, gates = np.empty((steps, n, width), dtype), np.empty((steps, n, 4 * width), dtype)
    u = np.empty((n, 3 * width), dtype)
    for t in range(steps):
        np.matmul(h, weight, out=u)
        u += bias
        both = np.add(a[t][:, : 2 * width], u[:, : 2 * width], out=gates[t][:, : 2 * width])
        both *= 0.5  # σ(x) is ½ tanh(x/2) + ½
        np.tanh(both, out=both)
        both *= 0.5
        both += 0.5
        r, z, new, u_n = (gates[t][:, k * width : (k + 1) * width] for k in range(4))
        u_n[...] = u[:, 2 * width :]
        np.multiply(r, u_n, out=new)
        new += a[t][:, 2 * width :]
        np.tanh(new, out=new)
        h = np.subtract(h, new, out=hs[t])
        h *= z
        h += new
        _carry(hs, arrays[3], t, mask)
    return hs, gates


def _gru_vjp(g: Any, y: Any, arrays: Any, *, mask: Any) -> Any:
    _, weight, _, h0 = arrays
    h, gates = part(y, 0), part(y, 1)
    steps, n, width = h.shape
    dh: Any = np.zeros((n, width), h.dtype)
    to_a, to_u = [], []
    for t in reversed(range(steps)):
        before = h[t - 1] if t else h0
        r, z, new, u_n = (gates[t][:, k * width : (k + 1) * width] for k in range(4))
        dh = dh if g[0] is None else dh + g[0][t]
        kept = None if mask is None else dh * ~mask[t]
        if mask is not None:
            dh = dh * mask[t]
        dz, dn = dh * (before - new), dh * (1 - z)
        direct = [None] * 4 if g[1] is None else np.split(g[1][t], 4, axis=1)
        dn = dn if direct[2] is None else dn + direct[2]
        dn = dn * (1 - new * new)
        dr = dn * u_n if direct[0] is None else dn * u_n + direct[0]
        dz = dz if direct[1] is None else dz + direct[1]
        du_n = dn * r if direct[3] is None else dn * r + direct[3]
        both = [dr * (r - r * r), dz * (z - z * z)]
        to_a.append(np.concatenate([*both, dn], axis=1))
        du = np.concatenate([*both, du_n], axis=1)
        to_u.append(du)
        dh = dh * z + du @ weight.T
        dh = dh if kept is None else dh + kept
    da, du = np.stack(to_a[::-1]), np.stack(to_u[::-1])
    return da, _product_over_time(_before(h, h0), du), np.sum(du, axis=(0, 1)), dh


defvjp(_gru, _gru_vjp, sequence=True, several=True, symbol="gru", complex=False, facts=_FACTS)
