"""Adam and its kin: a mean of gradients over the root of the mean of their squares."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.optimizers.optimizer import Optimizer, decayed

__all__ = ["AMSGrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam"]


class _TwoMeans(Optimizer):
    """What the family shares: m and v, the running means of g and of its square."""

    def __init__(self, params: Iterable[Any], **settings: Any) -> None:
        super().__init__(params, settings)

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("m", "v")

    @staticmethod
    def means(g: Any, state: dict[str, Any], group: dict[str, Any]) -> tuple[Any, Any]:
        """m ← β₁·m + (1 - β₁)·g and v ← β₂·v + (1 - β₂)·g²."""
        b1, b2 = group["betas"]
        m, v = state["m"], state["v"]
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * g * g
        state["m"], state["v"] = m, v
        return m, v


class Adam(_TwoMeans):
    """Steps by the running mean of gradients over the root of that of their squares.

        g ← g + weight_decay·θ
        m ← β₁·m + (1 - β₁)·g,    v ← β₂·v + (1 - β₂)·g²
        θ ← θ - lr · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + eps)

    Algorithm 1 of Kingma and Ba 2015 (arXiv:1412.6980), as in PyTorch: eps outside of the root,
    weight decay added to the gradient. amsgrad=True: see `AMSGrad`.

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
        amsgrad: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad
        )

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("m", "v", "v_max") if group["amsgrad"] else ("m", "v")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        return self.step_of_adam(p, decayed(g, p, group), state, group)

    def step_of_adam(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        b1, b2 = group["betas"]
        t = state["step"]
        m, v = self.means(g, state, group)
        if group["amsgrad"]:
            v = state["v_max"] = np.maximum(state["v_max"], v)
        scale = (v / (1 - b2**t)) ** 0.5
        scale += group["eps"]
        return p - group["lr"] / (1 - b1**t) * m / scale


class AdamW(Adam):
    """Adam with the weight decay apart from the gradient, and so from its scaling.

        θ ← θ - lr·weight_decay·θ,    then Adam's step without weight_decay

    Algorithm 2 of Loshchilov and Hutter 2019 (arXiv:1711.05101), as in PyTorch: the decay is
    multiplied by lr.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step()  # its gradient is 0
    >>> w.data
    0.95
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(
            params, lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad
        )

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        shrunk = p * (1 - group["lr"] * group["weight_decay"])
        return self.step_of_adam(shrunk, g, state, group)


class AMSGrad(Adam):
    """Adam whose scale never falls: with the largest v so far in the place of v.

        v̂ ← max(v̂, v)
        θ ← θ - lr · m/(1 - β₁ᵗ) / (√(v̂/(1 - β₂ᵗ)) + eps)

    Reddi, Kale and Kumar 2018 (arXiv:1904.09237), with PyTorch's correction of the bias: the same
    as `Adam(amsgrad=True)`.

    >>> from autograd import Value
    >>> AMSGrad([Value(1.0)], lr=0.1).param_groups[0]["amsgrad"]
    True
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
        super().__init__(params, lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=True)


class Adamax(Optimizer):
    """Adam with the largest gradient, slowly forgotten, in the place of the mean square.

        g ← g + weight_decay·θ
        m ← β₁·m + (1 - β₁)·g,    u ← max(β₂·u, |g| + eps)
        θ ← θ - lr/(1 - β₁ᵗ) · m/u

    Algorithm 2 of Kingma and Ba 2015 (arXiv:1412.6980), with PyTorch's eps.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Adamax([w], lr=0.1).step()
    >>> round(w.data, 6)
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, settings)

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("m", "u")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        b1, b2 = group["betas"]
        g = decayed(g, p, group)
        m = state["m"]
        m *= b1
        m += (1 - b1) * g
        state["m"] = m
        u = state["u"] = np.maximum(b2 * state["u"], abs(g) + group["eps"])
        return p - group["lr"] / (1 - b1 ** state["step"]) * m / u


class NAdam(_TwoMeans):
    """Adam with Nesterov's momentum, which grows from β₁/2 towards β₁.

        g ← g + weight_decay·θ;   m and v as in Adam
        μₜ = β₁·(1 - 0.96^(t·momentum_decay)/2),    Πₜ = μ₁·μ₂·…·μₜ
        θ ← θ - lr · ((1 - μₜ)/(1 - Πₜ)·g + μₜ₊₁/(1 - Πₜ₊₁)·m) / (√(v/(1 - β₂ᵗ)) + eps)

    Dozat 2016 ("Incorporating Nesterov Momentum into Adam"), as in PyTorch.
    decoupled_weight_decay=True is AdamW's decay.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> NAdam([w], lr=0.1).step()
    >>> 0.85 < w.data < 0.95
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def begin(self, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] += 1
        state["product"] = state.get("product", 1.0) * self._momentum(state["step"], group)

    @staticmethod
    def _momentum(t: int, group: dict[str, Any]) -> float:
        return float(group["betas"][0] * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])))

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        t, product = state["step"], state["product"]
        p, g = _decayed_either_way(p, g, group)
        m, v = self.means(g, state, group)
        now, next_one = self._momentum(t, group), self._momentum(t + 1, group)
        scale = (v / (1 - group["betas"][1] ** t)) ** 0.5 + group["eps"]
        p = p - group["lr"] * (1 - now) / (1 - product) * (g / scale)
        return p - group["lr"] * next_one / (1 - product * next_one) * (m / scale)


class RAdam(_TwoMeans):
    """Adam that trusts v only when enough steps have made its variance small.

        g ← g + weight_decay·θ;   m and v as in Adam;   m̂ = m/(1 - β₁ᵗ)
        ρ∞ = 2/(1 - β₂) - 1,    ρ = ρ∞ - 2·t·β₂ᵗ/(1 - β₂ᵗ)
        if ρ > 5:   r = √((ρ-4)·(ρ-2)·ρ∞ / ((ρ∞-4)·(ρ∞-2)·ρ))
                    θ ← θ - lr · m̂ · r·√(1 - β₂ᵗ) / (√v + eps)
        otherwise:  θ ← θ - lr · m̂

    Algorithm 2 of Liu et al. 2020 (arXiv:1908.03265), as in PyTorch.
    decoupled_weight_decay=True is AdamW's decay.

    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> RAdam([w], lr=0.1).step()  # the first steps are plain momentum
    >>> round(w.data, 6)
    0.8
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        b1, b2 = group["betas"]
        t = state["step"]
        p, g = _decayed_either_way(p, g, group)
        m, v = self.means(g, state, group)
        step = group["lr"] / (1 - b1**t) * m
        most = 2 / (1 - b2) - 1
        rho = most - 2 * t * b2**t / (1 - b2**t)
        if rho <= 5:
            return p - step
        r = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
        return p - step * (r * (1 - b2**t) ** 0.5) / (v**0.5 + group["eps"])


def _decayed_either_way(p: Any, g: Any, group: dict[str, Any]) -> tuple[Any, Any]:
    """Parameter and gradient after weight decay: of the one, or of the other."""
    if group["decoupled_weight_decay"]:
        return p * (1 - group["lr"] * group["weight_decay"]), g
    return p, decayed(g, p, group)
