"""Batches: epochs of a data set in pieces, in an order that depends on the seed alone.

Samples stand along the first axis of an array, or of every array in a nest of tuples and dicts.
Nothing is copied but the piece that is asked for.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

__all__ = ["RNG", "Batches", "as_samples", "batches", "count", "joined", "take"]

RNG: TypeAlias = "np.random.Generator | int | None"  # quoted, since np.random takes long to import


class Batches:
    """Pieces of batch_size samples: each `iter` is an epoch, `len` is the batches in one.

    A batch is a tuple: (x,), (x, y) or (x, y, sample_weight), as given. See `batches`.

    >>> [x.tolist() for x, in Batches(np.arange(5), batch_size=2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = 32,
        *,
        sample_weight: Any = None,
        shuffle: bool = True,
        drop_last: bool = False,
        stratify: Any = None,
        weights: Any = None,
        rng: RNG = None,
    ) -> None:
        given = {"x": x, "y": y, "sample_weight": sample_weight}
        self.data = {
            name: as_samples(data, name) for name, data in given.items() if data is not None
        }
        self.samples = count(self.data, " and ".join(self.data))
        checked_batch_size(batch_size)
        self.batch_size = min(batch_size or self.samples, self.samples)
        self.shuffle, self.drop_last = shuffle, drop_last
        self.rng = np.random.default_rng(rng)
        self._classes: Any = None
        self._draws: Any = None
        if (stratify is not None or weights is not None) and not shuffle:
            raise ValueError("stratify and weights are ways to shuffle; shuffle is False.")
        if stratify is not None and weights is not None:
            raise ValueError("give stratify or weights, not both.")
        if stratify is not None:
            self._classes = _classes(stratify, self.samples)
        if weights is not None:
            self._draws = _probabilities(weights, self.samples)

    def __len__(self) -> int:
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self.epoch()

    def epoch(self, start: int = 0) -> Iterator[tuple[Any, ...]]:
        """One epoch, from the batch of this number on."""
        order, size = self.order(), self.batch_size
        end = min(len(self) * size, self.samples)
        starts = range(start * size, end, size)
        if order is None:
            chosen: Iterable[Any] = (slice(first, min(first + size, end)) for first in starts)
        elif size == 1:  # a view costs less than a copy
            chosen = (slice(k, k + 1) for k in order[starts.start : end])
        else:
            chosen = (order[first : min(first + size, end)] for first in starts)
        pieces = [_picker(data, order is not None and size > 1) for data in self.data.values()]
        if len(pieces) == 2:
            x, y = pieces
            return ((x(places), y(places)) for places in chosen)
        return (tuple([piece(places) for piece in pieces]) for places in chosen)

    def order(self) -> Any:
        """The numbers of the samples in the order of the next epoch; None is as they stand."""
        if not self.shuffle or (self.batch_size == self.samples and self._draws is None):
            return None
        if self._draws is not None:
            return np.searchsorted(self._draws, self.rng.random(self.samples), side="right")
        order = self.rng.permutation(self.samples)
        return order if self._classes is None else self._spread(order)

    def _spread(self, order: Any) -> Any:
        """The shuffled samples of each class set at equal distances, from a random place on."""
        classes = self._classes[order]
        by_class = np.argsort(classes, kind="stable")
        sizes = np.bincount(classes)
        rank = np.arange(self.samples) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        where = (rank + np.repeat(self.rng.random(len(sizes)), sizes)) / np.repeat(sizes, sizes)
        return order[by_class][np.argsort(where, kind="stable")]

    def holds_samples(self) -> bool:
        """Whether all samples can be looked at, and not only batch by batch."""
        return "y" in self.data

    def state_dict(self) -> Any:
        """Where it is between epochs: the state of its generator."""
        return self.rng.bit_generator.state

    def load_state_dict(self, state: Any) -> None:
        """Go on from what `state_dict` returned."""
        self.rng.bit_generator.state = state

    def __repr__(self) -> str:
        return f"<{len(self)} batches of {self.batch_size} of {self.samples} samples>"


def batches(
    x: Any,
    y: Any = None,
    batch_size: int | None = 32,
    *,
    sample_weight: Any = None,
    shuffle: bool = True,
    drop_last: bool = False,
    stratify: Any = None,
    weights: Any = None,
    rng: RNG = None,
) -> Batches:
    """Epochs of shuffled batches from arrays: to loop over, again and again, and for `fit`.

    x, y: arrays, or tuples and dicts of arrays, with as many samples along their first axes.
    batch_size: samples a batch; None for all in one, in their own order. drop_last: without a
        shorter last batch.
    stratify: the class of each sample: every batch then has the classes in nearly the proportions
        of the whole. weights: as many draws as there are samples, with replacement, each sample in
        proportion to its weight. rng: a seed or generator; the order depends on it alone, not on
        batch_size.

    The data are not copied as a whole, only batch by batch. Raises ValueError for data without
    samples or not equally many, TypeError for data that are no arrays.

    >>> data = batches(np.arange(6.0), np.arange(6), batch_size=4, rng=0)
    >>> [y.tolist() for x, y in data]
    [[3, 2, 5, 4], [0, 1]]
    >>> [y.tolist() for x, y in data]  # another epoch, another order
    [[4, 5, 1, 2], [0, 3]]
    """
    return Batches(
        x,
        y,
        batch_size,
        sample_weight=sample_weight,
        shuffle=shuffle,
        drop_last=drop_last,
        stratify=stratify,
        weights=weights,
        rng=rng,
    )


def checked_batch_size(size: Any) -> None:
    """Raise ValueError if it is no batch size."""
    whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
    if size is not None and not (whole and size >= 1):
        raise ValueError(
            f"batch_size is {size!r}; it is a whole number of samples, at least 1, or None for all "
            "of them."
        )


def as_samples(data: Any, name: str) -> Any:
    """A nest of arrays, each with samples along its first axis; the arrays are not copied."""

    def array(x: Any) -> Any:
        if hasattr(x, "toarray") and hasattr(x, "tocsr"):
            raise TypeError(f"{name} is a sparse matrix; write {name}.toarray().")
        try:
            a = np.asarray(x)
        except ValueError as error:
            raise ValueError(
                f"{name} is no array: its members are not of one shape. Several inputs of a model "
                "are a tuple, or a dict, of arrays."
            ) from error
        if a.dtype.kind in "OUSmMV":
            raise TypeError(
                f"{name} is an array of {a.dtype}; samples are numbers. Write classes as 0, 1, … "
                "(np.unique(labels, return_inverse=True)), and samples of one shape."
            )
        if a.ndim == 0:
            raise ValueError(
                f"{name} has the shape (): the first axis counts samples, and one number has none."
            )
        return a

    return map_arrays(array, data)


def map_arrays(f: Callable[[Any], Any], data: Any) -> Any:
    """The same nest of tuples and dicts with f of each array."""
    if isinstance(data, dict):
        return {key: map_arrays(f, member) for key, member in data.items()}
    if isinstance(data, tuple):
        members = [map_arrays(f, member) for member in data]
        return type(data)(*members) if hasattr(data, "_fields") else tuple(members)
    return f(data)


def count(data: Any, name: str) -> int:
    """How many samples all arrays of the data have; ValueError if not equally many, or none."""
    shapes: list[tuple[int, ...]] = []
    map_arrays(lambda a: shapes.append(np.shape(a)), data)
    lengths = {shape[0] for shape in shapes}
    if len(lengths) != 1:
        said = ", ".join(map(str, shapes)) or "none"
        raise ValueError(
            f"{name} have the shapes {said}: the first axis counts samples, and must be as long "
            "in all of them."
        )
    n = lengths.pop()
    if not n:
        raise ValueError(f"{name} is empty: there are no samples.")
    return n


def take(data: Any, chosen: Any) -> Any:
    """The chosen samples of all arrays of the data."""
    return map_arrays(lambda a: a[chosen], data)


def joined(pieces: list[Any]) -> Any:
    """Batches of arrays, or of nests of them, one after the other as one."""
    first = pieces[0]
    if isinstance(first, dict):
        return {key: joined([piece[key] for piece in pieces]) for key in first}
    if isinstance(first, tuple):
        return tuple(joined(list(members)) for members in zip(*pieces, strict=True))
    return np.concatenate(pieces)


def _picker(data: Any, scattered: bool) -> Callable[[Any], Any]:
    """What gives the samples at some places."""
    if type(data) is not np.ndarray:
        return lambda places: take(data, places)
    if scattered and data.ndim > 1 and data.flags.c_contiguous:
        return functools.partial(data.take, axis=0)  # in half the time of data[places]
    return data.__getitem__


def _classes(stratify: Any, samples: int) -> Any:
    labels = np.asarray(stratify)
    if labels.shape != (samples,):
        raise ValueError(
            f"stratify has the shape {labels.shape}; it is the class of each of the {samples} "
            "samples."
        )
    return np.unique(labels, return_inverse=True)[1]


def _probabilities(weights: Any, samples: int) -> Any:
    """The cumulated shares of the samples."""
    weights = np.asarray(weights, float)
    if weights.shape != (samples,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"weights, of shape {weights.shape}, are a number for each of the {samples} samples, "
            "finite and not negative."
        )
    if not weights.any():
        raise ValueError("all weights are 0: no sample can be drawn.")
    weights = weights / weights.max()
    shares = np.cumsum(weights) / weights.sum()
    shares[np.flatnonzero(weights)[-1] :] = 1.0  # lest rounding draw a sample without weight
    return shares
