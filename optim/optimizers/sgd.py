"""Steps along the gradient, or along the signs of its mean: SGD and Lion."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.optimizers.optimizer import Optimizer, decayed

__all__ = ["SGD", "Lion"]


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

        g ← g + weight_decay·θ
        v ← momentum·v + (1 - dampening)·g            (Polyak 1964)
        θ ← θ - lr·v,   with nesterov: θ ← θ - lr·(g + momentum·v)

    Without momentum v is g. PyTorch's variant: lr stands outside of v (Sutskever et al. 2013 put
    it inside), the first v is the first gradient, also with dampening.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     (w * w).backward()
    ...     optimizer.step()
    >>> round(w.data, 6)
    0.512
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening}
        super().__init__(params, {**settings, "weight_decay": weight_decay, "nesterov": nesterov})

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("v",) if group["momentum"] else ()

    def begin(self, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] += 1
        if group["dampening"]:  # count the steps with momentum: the first one is not dampened
            state["moves"] = state.get("moves", 0) + 1 if group["momentum"] else 0

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        if settings["nesterov"] and (not settings["momentum"] or settings["dampening"]):
            raise ValueError("nesterov=True needs a momentum, 0.9 for example, and no dampening.")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        g = decayed(g, p, group)
        if momentum := group["momentum"]:
            v = state["v"]
            v *= momentum
            v += g if state.get("moves", 1) == 1 else (1 - group["dampening"]) * g
            state["v"] = v
            g = g + momentum * v if group["nesterov"] else v
        return p - group["lr"] * g


class Lion(Optimizer):
    """Steps of one size, along the signs of a mean of gradients.

        c ← β₁·m + (1 - β₁)·g
        θ ← θ - lr·(sign(c) + weight_decay·θ)
        m ← β₂·m + (1 - β₂)·g

    Algorithm 2 of Chen et al. 2023 (arXiv:2302.06675). They advise a rate 3 to 10 times smaller
    than AdamW's, and a weight decay as much larger.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Lion([w], lr=0.1).step()
    >>> w.data
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        *,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("m",)

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        b1, b2 = group["betas"]
        m = state["m"]
        direction = np.sign(b1 * m + (1 - b1) * g)
        if group["weight_decay"]:
            direction = direction + group["weight_decay"] * p
        m *= b2
        m += (1 - b2) * g
        state["m"] = m
        return p - group["lr"] * direction
