"""Limits of gradients: how large a trainer lets them be."""

from optim.optimizers import Optimizer, clip_grad_norm_, clip_grad_value_

__all__ = ["Limits"]


class Limits:
    """The largest norm of each gradient, of all together, and the largest number; None for none."""

    def __init__(
        self, clipnorm: float | None, global_clipnorm: float | None, clipvalue: float | None
    ) -> None:
        self.norm, self.global_norm, self.value = clipnorm, global_clipnorm, clipvalue
        given = {"clipnorm": clipnorm, "global_clipnorm": global_clipnorm, "clipvalue": clipvalue}
        for name, limit in given.items():
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} is {limit}; it must be positive.")
        self.any = any(limit is not None for limit in given.values())

    def apply(self, optimizer: Optimizer) -> None:
        """Make the gradients of the optimizer's parameters no larger."""
        parameters = list(optimizer.parameters())
        if self.value is not None:
            clip_grad_value_(parameters, self.value)
        if self.norm is not None:
            for p in parameters:
                clip_grad_norm_([p], self.norm)
        if self.global_norm is not None:
            clip_grad_norm_(parameters, self.global_norm)
