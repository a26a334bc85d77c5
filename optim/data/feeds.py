"""Where the batches of a training run come from: arrays, `Batches`, or any iterable of batches."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from optim.data.batches import RNG, Batches, as_samples, count, map_arrays, take

__all__ = ["Feed", "Stream", "Weighted", "feed", "held_out", "length", "split"]


def feed(
    x: Any,
    y: Any,
    batch_size: int | None,
    *,
    sample_weight: Any = None,
    shuffle: bool = False,
    rng: RNG = None,
    steps: int | None = None,
) -> "Feed":
    """Batches of arrays, or those that are given themselves."""
    if isinstance(x, Batches) or _is_stream(x):
        if y is not None or sample_weight is not None:
            raise TypeError(
                "batches hold targets and weights themselves, as (x, y) or (x, y, sample_weight): "
                "give no y beside them."
            )
        return Stream(x, steps) if steps is not None or not isinstance(x, Batches) else x
    if y is None and sample_weight is not None:
        raise TypeError("sample_weight needs y: the weights are of losses of outputs and targets.")
    found = Batches(
        x, y, batch_size, sample_weight=_one_each(sample_weight), shuffle=shuffle, rng=rng
    )
    return Stream(found, steps) if steps is not None else found


class Stream:
    """Batches from an iterable: (x,), (x, y), (x, y, sample_weight), or an array x alone.

    steps: how many of them are an epoch; by default all. One that can be gone through only once
    is gone on with in the next epoch; one that ends before is begun again.
    """

    def __init__(self, source: Any, steps: int | None = None) -> None:
        if steps is not None and not (isinstance(steps, int) and steps >= 1):
            raise ValueError(f"steps_per_epoch is {steps!r}; it is a number of batches.")
        self.source, self.steps = source, steps
        self.once = iter(source) is source
        self.rest: Iterator[Any] | None = None  # of this pass through the source
        self.drawn = 0  # batches in it
        self.begun: Any = None  # the state of the generator before it

    def __len__(self) -> int:
        return self.steps if self.steps is not None else len(self.source)

    def __repr__(self) -> str:
        source = self.source if isinstance(self.source, Batches) else type(self.source).__name__
        return f"<batches of {source}, {self.steps or 'all'} an epoch>"

    def epoch(self, start: int = 0) -> Iterator[tuple[Any, ...]]:
        if self.steps is None:
            self._begin()
        found = itertools.islice(self._endless(), start, self.steps)
        return (_as_batch(batch) for batch in found)

    def holds_samples(self) -> bool:
        """Whether all samples can be looked at: no."""
        return False

    def state_dict(self) -> Any:
        """Where it is between epochs."""
        if self.steps is None or self.rest is None:
            return {"generator": self._generator_state(), "drawn": 0}
        return {"generator": self.begun, "drawn": self.drawn}

    def load_state_dict(self, state: Any) -> None:
        rng = getattr(self.source, "rng", None)
        if state["generator"] is not None and isinstance(rng, np.random.Generator):
            rng.bit_generator.state = state["generator"]
        if state["drawn"]:
            batches = self._endless()
            for _ in range(state["drawn"]):
                next(batches)

    def _generator_state(self) -> Any:
        rng = getattr(self.source, "rng", None)
        return rng.bit_generator.state if isinstance(rng, np.random.Generator) else None

    def _begin(self) -> None:
        self.begun, self.drawn, self.rest = self._generator_state(), 0, iter(self.source)

    def _endless(self) -> Iterator[Any]:
        """What is left of the source, and if an epoch is longer, the source again."""
        while True:
            if self.rest is None:
                self._begin()
            before = self.drawn
            for batch in self.rest or ():
                self.drawn += 1
                yield batch
            if self.steps is None or self.once or self.drawn == before == 0:
                return
            self._begin()


class Weighted:
    """Batches whose samples are weighted by their classes too."""

    def __init__(self, source: "Feed", class_weight: Mapping[Any, float]) -> None:
        self.source, self.class_weight = source, dict(class_weight)

    def __len__(self) -> int:
        return len(self.source)

    def __repr__(self) -> str:
        return f"{self.source!r} weighted by {self.class_weight}"

    def epoch(self, start: int = 0) -> Iterator[tuple[Any, ...]]:
        return (self._weighted(*batch) for batch in self.source.epoch(start))

    def holds_samples(self) -> bool:
        return self.source.holds_samples()

    def state_dict(self) -> Any:
        return self.source.state_dict()

    def load_state_dict(self, state: Any) -> None:
        self.source.load_state_dict(state)

    def _weighted(self, x: Any, y: Any = None, weight: Any = None) -> tuple[Any, ...]:
        if y is None:
            raise TypeError("class_weight needs targets: there are only inputs.")
        classes = np.asarray(y)
        if classes.ndim > 1 and classes.shape[1:] != (1,):
            if classes.ndim > 2 or not np.allclose(classes.sum(axis=1), 1):
                raise ValueError(
                    f"class_weight needs one class a sample, as an index or a one-hot row; targets "
                    f"are of the shape {classes.shape}: give sample_weight."
                )
            classes = classes.argmax(axis=1)
        classes = classes.reshape(-1)
        try:
            own = np.array([self.class_weight[c] for c in classes.tolist()], float)
        except KeyError as error:
            raise ValueError(
                f"class_weight has no weight for class {error}; it has "
                f"{', '.join(map(str, self.class_weight))}."
            ) from None
        return x, y, own if weight is None else own * weight


Feed = Batches | Stream | Weighted


def length(batch: tuple[Any, ...]) -> int:
    """How many samples a batch has."""
    x = batch[0]
    return len(x) if type(x) is np.ndarray else count(x, "the batch")


def split(x: Any, y: Any, weight: Any, share: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The samples before the last `share` of them, and these; views, before any shuffling."""
    if not 0 < share < 1:
        raise ValueError(f"validation_split is {share}; it is a share of the samples, 0 to 1.")
    if isinstance(x, Batches) or _is_stream(x):
        raise TypeError("validation_split needs arrays; give validation_data beside batches.")
    data = {"x": as_samples(x, "x")}
    data |= {} if y is None else {"y": as_samples(y, "y")}
    data |= {} if weight is None else {"sample_weight": _one_each(weight)}
    n = count(data, " and ".join(data))
    first = int(n * (1 - share) + 1e-9)  # 10 · (1 - 0.9) is a little less than 1
    if not 0 < first < n:
        raise ValueError(
            f"validation_split={share} of {n} samples leaves {first} to train on and {n - first} "
            "to validate."
        )
    halves = [take(data, chosen) for chosen in (slice(0, first), slice(first, n))]
    train, held = (tuple(half.get(name) for name in ("x", "y", "sample_weight")) for half in halves)
    return train, held


def held_out(given: Any, size: int | None) -> Feed | None:
    """Batches of validation data: (x, y), (x, y, sample_weight), or batches."""
    if given is None:
        return None
    if isinstance(given, tuple):
        if len(given) not in (2, 3):
            raise TypeError(
                f"validation_data is (x, y) or (x, y, sample_weight), not {len(given)} things."
            )
        x, y, *weight = given
        return feed(x, y, size, sample_weight=weight[0] if weight else None)
    if isinstance(given, list | float | int) or hasattr(given, "__array__"):
        raise TypeError("validation_data is a pair, (x, y), or an iterable of batches.")
    return feed(given, None, size)


def _one_each(weight: Any) -> Any:
    if weight is None:
        return None
    weight = np.asarray(weight)
    if weight.ndim != 1 or weight.dtype.kind not in "fiub":
        raise ValueError(
            f"sample_weight is one number for each sample, not {weight.dtype} of the shape "
            f"{weight.shape}."
        )
    if not np.isfinite(weight).all():
        raise ValueError("sample_weight has weights that are not finite.")
    return weight


def _is_stream(x: Any) -> bool:
    if isinstance(x, list):  # of batches, and not of samples
        return bool(x) and all(isinstance(b, tuple) and any(map(np.ndim, b)) for b in x)
    if isinstance(x, tuple | dict | str | bytes) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterable) and not hasattr(x, "toarray")


def _as_batch(batch: Any) -> tuple[Any, ...]:
    parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            f"a batch is (x,), (x, y) or (x, y, sample_weight); this one has {len(parts)} parts."
        )
    return tuple(map_arrays(np.asarray, part) for part in parts)
