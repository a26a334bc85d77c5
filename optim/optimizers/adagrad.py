"""Steps scaled by all squared gradients so far, or by a running mean of them, without Adam's m."""

from collections.abc import Iterable
from typing import Any

from optim.optimizers.optimizer import Optimizer, decayed

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


class Adagrad(Optimizer):
    """Steps over the root of the sum of all squared gradients so far.

        g ← g + weight_decay·θ
        s ← s + g²,    s at first initial_accumulator_value
        θ ← θ - lr/(1 + (t - 1)·lr_decay) · g/(√s + eps)

    Duchi, Hazan and Singer 2011 (JMLR 12:2121), as in PyTorch.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Adagrad([w], lr=0.1).step()
    >>> round(w.data, 6)
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        *,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        settings = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        super().__init__(
            params, {**settings, "initial_accumulator_value": initial_accumulator_value}
        )

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("s",)

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        g = decayed(g, p, group)
        s, t = state["s"], state["step"]
        if t == 1:
            s += group["initial_accumulator_value"]
        s += g * g
        state["s"] = s
        return p - group["lr"] / (1 + (t - 1) * group["lr_decay"]) * g / (s**0.5 + group["eps"])


class RMSprop(Optimizer):
    """Steps over the root of a running mean of squared gradients.

        g ← g + weight_decay·θ
        s ← alpha·s + (1 - alpha)·g²
        centered: a ← alpha·a + (1 - alpha)·g, and s - a² takes the place of s below
        θ ← θ - lr · g/(√s + eps)
        with momentum: b ← momentum·b + g/(√s + eps),    θ ← θ - lr·b

    Tieleman and Hinton 2012 (lecture 6.5 of "Neural Networks for Machine Learning"); centered:
    Graves 2013 (arXiv:1308.0850). As in PyTorch: eps outside of the root.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> RMSprop([w], lr=0.01).step()
    >>> round(w.data, 6)
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "momentum": momentum, "centered": centered})

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("s", *["a"] * bool(group["centered"]), *["b"] * bool(group["momentum"]))

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        g = decayed(g, p, group)
        keep = group["alpha"]
        s = state["s"] = keep * state["s"] + (1 - keep) * g * g
        if group["centered"]:
            a = state["a"] = keep * state["a"] + (1 - keep) * g
            s = s - a * a
            s = s * (s > 0)  # rounding may leave less than nothing
        step = g / (s**0.5 + group["eps"])
        if group["momentum"]:
            step = state["b"] = group["momentum"] * state["b"] + step
        return p - group["lr"] * step


class Adadelta(Optimizer):
    """Steps that have the size of former steps: no rate to choose.

        g ← g + weight_decay·θ
        s ← rho·s + (1 - rho)·g²
        Δ = g · √(d + eps)/√(s + eps),    d ← rho·d + (1 - rho)·Δ²
        θ ← θ - lr·Δ

    Algorithm 1 of Zeiler 2012 (arXiv:1212.5701), with PyTorch's lr.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Adadelta([w]).step()
    >>> round(w.data, 3)
    0.997
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        *,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("s", "d")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        g = decayed(g, p, group)
        rho, eps = group["rho"], group["eps"]
        s = state["s"] = rho * state["s"] + (1 - rho) * g * g
        d = state["d"]
        step = g * ((d + eps) ** 0.5 / (s + eps) ** 0.5)
        state["d"] = rho * d + (1 - rho) * step * step
        return p - group["lr"] * step
