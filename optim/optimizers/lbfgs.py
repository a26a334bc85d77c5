"""LBFGS: steps by an estimate of the inverse Hessian, made of the latest steps."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from optim.optimizers.line_search import Point, strong_wolfe
from optim.optimizers.optimizer import Optimizer, number

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """A quasi-Newton method, for losses that are the same at every call: batches of all samples.

        sₖ = θₖ₊₁ - θₖ,    yₖ = gₖ₊₁ - gₖ,    d = -H·g
        θ ← θ + t·d

    with H the estimate of the inverse Hessian that the latest history_size pairs s, y give by the
    two loops of Nocedal and Wright 2006 (Algorithm 7.4). t is lr, or with
    line_search_fn="strong_wolfe" (advised) found by a search that begins there. As in PyTorch, one
    step makes max_iter such iterations, or fewer: it ends when no gradient is larger than
    tolerance_grad, when θ or the loss changes by less than tolerance_change, or after max_eval
    evaluations (by default 5/4 of max_iter). `step` needs a closure; a Trainer gives it.

    Raises TypeError without a closure; ValueError for parameters in several groups.

    >>> from autograd import Value
    >>> w = Value([3.0, -2.0])
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(5):
    ...     loss = optimizer.step(closure)
    >>> w.data.round(4)
    array([1., 1.])
    """

    needs_closure = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        *,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        settings: dict[str, Any] = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval or max_iter * 5 // 4,
        }
        settings |= {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change}
        settings |= {"history_size": history_size, "line_search_fn": line_search_fn}
        super().__init__(params, settings)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("LBFGS sees all parameters as one vector: they are one group.")
        super().add_param_group(group)

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        if settings["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                f"line_search_fn is {settings['line_search_fn']!r}; it is None or 'strong_wolfe'."
            )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to max_iter iterations; returns the loss before them.

        closure: sets the gradients to zero, computes the loss and its gradients, returns the loss.
        """
        if closure is None:
            raise TypeError(
                "LBFGS computes the loss several times a step: give step() a function that sets "
                "the gradients to zero, computes the loss, calls backward, and returns the loss."
            )
        group = self.param_groups[0]
        params = group["params"]
        state = self.state.setdefault(params[0], {"step": 0, "s": [], "y": []})
        evaluations = 0
        loss: Any = None

        def evaluate() -> tuple[float, Any]:
            nonlocal loss, evaluations
            loss = closure()
            evaluations += 1
            return number(loss), _gathered(params)

        f, g = evaluate()
        first_loss = loss
        for iteration in range(1, group["max_iter"] + 1):
            if np.max(np.abs(g)) <= group["tolerance_grad"]:
                break
            if iteration > 1 and evaluations >= group["max_eval"]:
                break
            d = self._direction(g, state, group)
            t = group["lr"] * (min(1.0, 1 / np.sum(np.abs(g))) if state["step"] == 1 else 1.0)
            slope = float(g @ d)
            state["d"], state["t"] = d, t
            if slope > -group["tolerance_change"]:
                break
            x, before = [p.data for p in params], f
            if group["line_search_fn"]:
                longest = float(np.max(np.abs(d)))

                def at(t: float, x: list[Any] = x, d: Any = d) -> Point:
                    _move(params, x, t * d)
                    f, g = evaluate()
                    return Point(t, f, g, float(g @ d))

                found = strong_wolfe(
                    at,
                    Point(0.0, f, g, slope),
                    t,
                    longest,
                    tolerance=group["tolerance_change"],
                    most=group["max_eval"] - evaluations,
                )
                t, f, g = found.t, found.f, found.g
                _move(params, x, t * d)
            else:
                _move(params, x, t * d)
                if iteration < group["max_iter"]:
                    f, g = evaluate()
            state["t"] = t
            change = min(np.max(np.abs(t * d)), abs(f - before))
            if not change > group["tolerance_change"]:
                break
        return first_loss

    @staticmethod
    def _direction(g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        """-H·g, after the last step and the change of the gradient on it have entered H."""
        state["step"] += 1
        if state["step"] > 1:
            y, s = g - state["g"], state["d"] * state["t"]
            if y @ s > 1e-10:
                keep = group["history_size"] - 1
                state["s"], state["y"] = (
                    [*old[max(len(old) - keep, 0) :], new]
                    for old, new in ((state["s"], s), (state["y"], y))
                )
        state["g"] = g
        d = -g
        if not state["y"]:
            return d
        pairs = [(s, y, 1 / (y @ s)) for s, y in zip(state["s"], state["y"], strict=True)]
        shares = []
        for s, y, rho in reversed(pairs):
            shares.append(rho * (s @ d))
            d = d - shares[-1] * y
        s, y, rho = pairs[-1]
        d = d / (rho * (y @ y))
        for (s, y, rho), share in zip(pairs, reversed(shares), strict=True):
            d = d + s * (share - rho * (y @ d))
        return d


def _gathered(params: list[Any]) -> Any:
    """All gradients as one vector of real numbers."""
    return np.concatenate(
        [_reals(np.zeros_like(p.data) if p.grad is None else np.asarray(p.grad)) for p in params]
    )


def _move(params: list[Any], x: list[Any], step: Any) -> None:
    """Set the parameters to x plus their parts of the step."""
    start = 0
    for p, old in zip(params, x, strict=True):
        old = np.asarray(old)
        n = old.size * (2 if old.dtype.kind == "c" else 1)
        part = step[start : start + n].astype(old.real.dtype).view(old.dtype)
        new = old + part.reshape(old.shape)
        p.data = new if isinstance(p.data, np.ndarray) else type(p.data)(new)
        start += n


def _reals(a: Any) -> Any:
    flat = a.reshape(-1)
    return flat.view(a.real.dtype) if a.dtype.kind == "c" else flat
