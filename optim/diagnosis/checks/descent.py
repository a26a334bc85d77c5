"""Mistakes in the descent itself: rates, and gradients that are not set to zero."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from optim.diagnosis.case import Case, Finding

STEPS = 10


def gradients_accumulate(case: Case) -> Iterator[Finding]:
    """Two batches of the same samples must give the same gradients."""
    trainer, optimizer = case.trainer, case.trainer.optimizer
    if not math.isfinite(case.number) or optimizer.needs_closure:
        return
    seen: list[list[Any]] = []

    def look(closure: Any = None) -> None:
        seen.append([np.copy(p.grad) for p in optimizer.parameters() if p.grad is not None])

    with trainer.untouched():
        optimizer.step = look
        try:
            for _ in range(2 * trainer.gradient_accumulation_steps):
                trainer.set_generators(case.generators)
                trainer.train_on_batch(case.x, case.y)
        finally:
            del optimizer.step
    if len(seen) < 2:
        yield Finding(
            "no steps",
            f"two calls of train_on_batch made {len(seen)} steps of the optimizer.",
            "Call optimizer.step() in train_on_batch.",
        )
        return
    first, second = (float(np.linalg.norm([np.linalg.norm(g) for g in gs])) for gs in seen[:2])
    if first and abs(second / first - 2) < 1e-3:
        yield Finding(
            "gradients not set to zero",
            f"the same batch twice gave gradients of the norm {first:.4g} and then {second:.4g}: "
            "the first ones are still in them.",
            "Call optimizer.zero_grad() before backward().",
        )


def rate(case: Case) -> Iterator[Finding]:
    """A few steps with the rate, and with others; where another mistake is, that comes first."""
    trainer, start = case.trainer, case.number
    if case.found or not math.isfinite(start) or trainer.optimizer.needs_closure:
        return
    lr = trainer.optimizer.param_groups[0]["lr"]
    if not lr:
        yield Finding("rate too low", "lr is 0: no weight moves.", "Give the optimizer a rate.")
        return
    losses = trainer.history.history.get("loss", [])
    stopped = trainer.history.stopped or ""
    broke = "the loss is" in stopped or "a weight is" in stopped
    falling = len(losses) > 1 and losses[-1] < 0.9 * losses[0] and not broke
    reached = case.loss_after(1.0, STEPS)
    if (reached > start + 0.1 * abs(start) or broke) and not falling:
        for k in range(1, 7):
            factor = 10.0**-k
            lower = case.loss_after(factor, STEPS)
            if lower < start:
                yield Finding(
                    "rate too high",
                    f"{STEPS} steps with lr={lr:g} take the loss from {start:.4g} to "
                    f"{reached:.4g}; with lr={lr * factor:g} to {lower:.4g}.",
                    f"Try lr={lr * factor:g}; optim.lr_finder draws the loss by the rate.",
                )
                return
        if broke:
            yield Finding(
                "rate too high",
                f"with lr={lr:g} training ended as {stopped}; the weights are too large by now to "
                "go on with any rate.",
                f"Begin again with lr={lr / 100:g}; optim.lr_finder draws the loss by the rate.",
            )
    elif start - reached < 0.01 * abs(start) and not falling:
        for k in range(1, 9):
            factor = 10.0**k
            lower = case.loss_after(factor, STEPS)
            if lower < start - 0.2 * abs(start):
                yield Finding(
                    "rate too low",
                    f"{STEPS} steps with lr={lr:g} take the loss from {start:.4g} to "
                    f"{reached:.4g}; with lr={lr * factor:g} to {lower:.4g}.",
                    f"Try lr={lr * factor:g}; optim.lr_finder draws the loss by the rate.",
                )
                return
