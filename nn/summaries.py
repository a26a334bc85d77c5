"""What a network consists of: a table of its layers, made by one call of it, from the record."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, vjp
from nn.layers.shapes import shape_of
from nn.module import Module

__all__ = ["Summary", "summary"]


class Row(NamedTuple):
    """One call of a layer, without what its parts did."""

    name: str
    kind: str
    depth: int
    output: str
    parameters: int | None  # None where they were counted already
    memory: int  # bytes that the record holds
    multiply_adds: int


class Summary:
    """The table that `summary` returns: `rows`, totals, and as text what `print` shows.

    >>> from nn import Linear
    >>> summary(Linear(4, 8), np.ones((5, 4))).multiply_adds
    160
    """

    def __init__(self, rows: list[Row], model: Module) -> None:
        self.rows = rows
        data = [np.asarray(p.data) for p in model.parameters()]
        buffers = [buffer for _, buffer in model.named_buffers()]
        self.parameters = sum(x.size for x in data)
        self.parameter_memory = sum(x.nbytes for x in (*data, *buffers))
        self.memory = sum(row.memory for row in rows)
        self.multiply_adds = sum(row.multiply_adds for row in rows)

    def __str__(self) -> str:
        head = ("layer", "output shape", "parameters", "memory", "multiply-adds")
        cells = [
            (
                "  " * row.depth + (f"{row.name}: " if row.name else "") + row.kind,
                row.output,
                "(shared)" if row.parameters is None else f"{row.parameters:,}",
                _bytes(row.memory),
                f"{row.multiply_adds:,}",
            )
            for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if k < 2 else cell.rjust(width)
                for k, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in (head, *cells)
        ]
        lines.insert(1, "─" * max(map(len, lines)))
        return "\n".join(
            [
                *lines,
                lines[1],
                f"parameters: {self.parameters:,}, {_bytes(self.parameter_memory)} with buffers",
                f"memory of a call for backward: {_bytes(self.memory)}",
                f"multiply-adds of a call: {self.multiply_adds:,}",
            ]
        )

    __repr__ = __str__


def summary(model: Module, *inputs: Any, **settings: Any) -> Summary:
    """A table of the layers that a call of the model goes through.

    inputs, settings: what the model is called with, arrays as for training; it is called once, in
    evaluation mode, and left as it was. For each layer: the shape of its output; the number of its
    own parameters; the bytes of the results that its calls leave in the record for backward; and
    its multiply-adds, those of products of matrices, convolutions and recurrences (elementwise
    functions are not counted). What a part of a layer does is the part's.

    Raises TypeError for what is no module.

    >>> from nn import Linear, ReLU, Sequential
    >>> print(summary(Sequential(Linear(4, 8), ReLU(), Linear(8, 2)), np.ones((5, 4))))
    layer        output shape  parameters  memory  multiply-adds
    ────────────────────────────────────────────────────────────
    Sequential   (5, 2)                 0     0 B              0
      0: Linear  (5, 8)                40   320 B            160
      1: ReLU    (5, 8)                 0   320 B              0
      2: Linear  (5, 2)                18    80 B             80
    ────────────────────────────────────────────────────────────
    parameters: 58, 464 B with buffers
    memory of a call for backward: 720 B
    multiply-adds of a call: 240
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary takes a module first, not a {type(model).__name__}.")
    modes = [(module, module.training) for module in model.modules()]
    generators = [(g, g.bit_generator.state) for g in model.generators()]
    watch = _Watch(model)

    def call(anything: Any) -> Any:
        model(*map(_recorded, inputs), **{name: _recorded(x) for name, x in settings.items()})
        return anything

    try:
        model.eval()
        watch.begin()
        vjp(call, 0.0)  # which records, within no_grad() too
    finally:
        watch.end()
        for module, training in modes:
            module.training = training
        for generator, state in generators:
            generator.bit_generator.state = state
    return Summary([row for row in watch.rows if row is not None], model)


def _recorded(x: Any) -> Any:
    """The input as a Value, if it can have a derivative: so that every layer is recorded."""
    if isinstance(x, Value | str) or x is None:
        return x
    if isinstance(x, dict):
        return {name: _recorded(member) for name, member in x.items()}
    if isinstance(x, list | tuple) and any(np.ndim(member) for member in x):
        return type(x)(map(_recorded, x))
    data = np.asarray(x)
    return Value(data) if data.dtype.kind in "fc" else x


class _Watch:
    """Notes each call of the model's modules, by putting itself before their `forward`."""

    def __init__(self, model: Module) -> None:
        self.rows: list[Row | None] = []
        self.names = {id(module): name.rpartition(".")[2] for name, module in model.named_modules()}
        self.modules = model.modules()
        self.own: list[Any] = []  # forwards that were set on a module itself
        self.depth = 0
        self.counted: set[int] = set()  # Values, parameters and memory
        self.kept: list[Any] = []  # what keeps them alive, and their ids their own
        for p in model.parameters():
            self._new_memory(p)

    def begin(self) -> None:
        self.own = [vars(module).get("forward") for module in self.modules]
        for module in self.modules:
            vars(module)["forward"] = self._noting(module, module.forward)

    def end(self) -> None:
        for module, own in zip(self.modules, self.own, strict=True):
            vars(module).pop("forward", None)
            if own is not None:
                vars(module)["forward"] = own

    def _noting(self, module: Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            given = list(_values((args, kwargs)))
            for value in given:
                self._new_memory(value)
            place, depth = len(self.rows), self.depth
            self.rows.append(None)
            self.depth += 1
            out = forward(*args, **kwargs)
            self.depth -= 1
            new = list(self._calls(_values(out), given))
            memory = sum(map(self._new_memory, new))
            work = sum(map(_multiply_adds, new))
            self.rows[place] = Row(
                self.names[id(module)],
                type(module).__name__,
                depth,
                ", ".join(_shapes(out)),
                self._own_parameters(module),
                memory,
                work,
            )
            return out

        return noted

    def _calls(self, values: Any, given: list[Any]) -> Iterator[Any]:
        """The calls between what a layer was given and its results, but those of its parts."""
        todo, seen = list(values), set(map(id, given))
        while todo:
            value = todo.pop()
            if id(value) in seen or value.fn is None:
                continue
            seen.add(id(value))
            todo.extend(value.parents)
            if id(value) not in self.counted:
                self.counted.add(id(value))
                self.kept.append(value)
                yield value

    def _new_memory(self, value: Any) -> int:
        """The bytes of a Value's arrays that none before it has."""
        total = 0
        for x in value.data if isinstance(value.data, tuple) else (value.data,):
            while isinstance(getattr(x, "base", None), np.ndarray):
                x = x.base
            if id(x) not in self.counted:
                self.counted.add(id(x))
                self.kept.append(x)
                total += np.asarray(x).nbytes
        return total

    def _own_parameters(self, module: Module) -> int | None:
        own = {id(p): p for p in _values([m for _, m in module.named_members()])}
        new = {key: p for key, p in own.items() if key not in self.counted}
        self.counted |= set(own)
        return None if own and not new else sum(p.size for p in new.values())


def _values(nest: Any) -> Iterator[Any]:
    if isinstance(nest, Value):
        yield nest
    elif isinstance(nest, dict):
        yield from _values(list(nest.values()))
    elif isinstance(nest, list | tuple):
        for member in nest:
            yield from _values(member)


def _shapes(out: Any) -> Iterator[str]:
    if isinstance(out, dict):
        out = list(out.values())
    if isinstance(out, list | tuple):
        for member in out:
            yield from _shapes(member)
    elif out is not None:
        yield str(shape_of(out))


def _multiply_adds(value: Any) -> int:
    """Of one call in the record, as the rule of its function says."""
    work = value.facts.get("multiply_adds")
    return work(value) if work else 0


def _bytes(n: float) -> str:
    for unit in ("B", "kB", "MB"):
        if n < 1000:
            return f"{n:.0f} {unit}" if n >= 100 or unit == "B" else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} GB"
