"""The three classical forms: one sample, a few, or all of them for each update."""

from collections.abc import Callable
from typing import Any, ClassVar

from optim.optimizers import Optimizer
from optim.training.history import History
from optim.training.trainer import OWN, Trainer

__all__ = ["BatchTrainer", "MiniBatchTrainer", "StochasticTrainer"]


class _OfOneSize(Trainer):
    size: ClassVar[int | None]

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[..., Any],
        optimizer: Optimizer,
        **settings: Any,
    ) -> None:
        if "batch_size" in settings:
            self._refuse(settings["batch_size"])
        super().__init__(model, loss, optimizer, self.size, **settings)

    def fit(self, x: Any, y: Any = None, *, batch_size: Any = OWN, **settings: Any) -> History:
        if batch_size is not OWN and batch_size != self.size:
            self._refuse(batch_size)
        return super().fit(x, y, **settings)

    def _refuse(self, size: Any) -> None:
        samples = "all samples" if self.size is None else "one sample"
        raise TypeError(
            f"a {type(self).__name__} takes {samples} for an update, not batch_size={size!r}: use "
            "a Trainer."
        )


class StochasticTrainer(_OfOneSize):
    """Stochastic gradient descent: one sample, one update. Fast and noisy. See `Trainer`.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> trainer = StochasticTrainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.batch_size
    1
    """

    size = 1


class BatchTrainer(_OfOneSize):
    """Batch gradient descent: all samples averaged, one update an epoch. Exact and slow.

    See `Trainer`.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> trainer = BatchTrainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.batch_size is None
    True
    """

    size = None


class MiniBatchTrainer(Trainer):
    """Mini-batch gradient descent: the mean over a few samples, by default 32, an update.

    It is a `Trainer` by its full name.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> trainer = MiniBatchTrainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> trainer.batch_size
    32
    """
