"""The optimizers, each a formula. PyTorch's names and meanings.

θ is a parameter, g its gradient, lr the learning rate.
"""

from collections.abc import Iterable
from typing import Any

from optim.optimizer import Optimizer

__all__ = ["SGD", "Adam"]


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

        g ← g + weight_decay·θ
        v ← momentum·v + g            (Polyak 1964)
        θ ← θ - lr·v,   with nesterov: θ ← θ - lr·(g + momentum·v)

    Without momentum v is g. PyTorch's variant: lr stands outside of v (Sutskever et al. 2013 put
    it inside), the first v is the first gradient.

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
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "nesterov": nesterov})

    slots = ("v",)

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        if settings["nesterov"] and not settings["momentum"]:
            raise ValueError("nesterov=True needs a momentum, 0.9 for example.")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if group["momentum"]:
            v = state["v"]
            v *= group["momentum"]
            v += g
            state["v"] = v
            g = g + group["momentum"] * v if group["nesterov"] else v
        return p - group["lr"] * g


class Adam(Optimizer):
    """Steps by the running mean of gradients over the root of that of their squares.

        g ← g + weight_decay·θ
        m ← β₁·m + (1 - β₁)·g,    v ← β₂·v + (1 - β₂)·g²
        θ ← θ - lr · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + eps),    t the number of the step

    Algorithm 1 of Kingma and Ba 2015 (arXiv:1412.6980), as in PyTorch: eps outside of the root,
    weight decay added to the gradient.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, settings)

    slots = ("m", "v")

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        if not all(0 <= beta < 1 for beta in settings["betas"]):
            raise ValueError(f"betas are {settings['betas']}; each is at least 0 and below 1.")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        b1, b2 = group["betas"]
        m, v, t = state["m"], state["v"], state["step"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * g * g
        state["m"], state["v"] = m, v
        scale = (v / (1 - b2**t)) ** 0.5
        scale += group["eps"]
        return p - group["lr"] / (1 - b1**t) * m / scale
