"""Module: what layers and networks have in common. Parameters are found by looking for them.

Buffers, arrays that are saved but not trained, are the exception: a layer names them, since any
other attribute may be an array too.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from autograd import Value, scope
from nn.randomness import generator

__all__ = ["Module", "TorchArray"]


class TorchArray(np.ndarray[Any, Any]):
    """An array in PyTorch's layout, which `load_state_dict` takes into this library's."""


class Module:
    """A layer or a network: a callable with parameters.

    A subclass keeps its parameters (Values) and its parts (Modules) as attributes, also in lists,
    tuples and dicts, and defines `forward`. There is nothing to register: whatever is a Value is
    a parameter (unless it was computed), and its name is the way to it, as in `encoder.0.weight`.

    training: whether dropout and its like are active; set for all parts by `train`, `eval`.
    Arrays that belong to its state and are not trained, such as running means, are made known by
    `register_buffer`.

    >>> class Affine(Module):
    ...     def __init__(self):
    ...         self.scale, self.shift = Value(1.0), Value(0.0)
    ...
    ...     def forward(self, x):
    ...         return x * self.scale + self.shift
    >>> model = Affine()
    >>> [name for name, _ in model.named_parameters()]
    ['scale', 'shift']
    """

    training = True
    torch_transposed: frozenset[str] = frozenset()
    """The parameters of this layer that PyTorch keeps transposed."""
    _buffers: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuses to replace a parameter by an array, which would not be trained."""
        known = isinstance(vars(self).get(name), Value)
        if known and not (value is None or isinstance(value, Value | Module)):
            raise TypeError(
                f"{name} is a parameter: to change its numbers, write .{name}.data = …; to replace "
                "it, give a Value."
            )
        if name in self._buffers and isinstance(value, Value):
            raise TypeError(f"{name} is a buffer: give its numbers, .data.")
        super().__setattr__(name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        first = scope.begin()  # so that pictures can show what a layer does as one
        try:
            out = self.forward(*args, **kwargs)
        except ValueError as error:
            own = f"{type(self).__name__}({self.extra_repr()})"
            if not hasattr(error, "__notes__") and own not in str(error):
                error.add_note(f"It was raised in {own}.")
            raise
        scope.end(self, first)
        return out

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise TypeError(f"{type(self).__name__} has no forward(): define what it computes.")

    def named_members(self) -> Iterable[tuple[str, Any]]:
        """The attributes among which parameters and parts are looked for."""
        return vars(self).items()

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name; one that is shared only once, by the first."""
        seen: set[int] = set()
        for name, member in _walk(self, "", seen):
            if isinstance(member, Value) and member.fn is None:
                yield name, member

    def parameters(self) -> list[Value]:
        """The parameters, each once."""
        return [p for _, p in self.named_parameters()]

    def register_buffer(self, name: str, data: Any) -> None:
        """Make `data` an attribute that is saved and loaded with the parameters, but not trained.

        >>> model = Module()
        >>> model.register_buffer("mean", np.zeros(3))
        >>> list(model.state_dict())
        ['mean']
        """
        named = isinstance(name, str) and name.isidentifier()
        if not named or (getattr(self, name, None) is not None and name not in self._buffers):
            raise ValueError(f"a buffer's name is new and an identifier, not {name!r}.")
        if isinstance(data, Value) or (
            data is not None and np.asarray(data).dtype.kind not in "biufc"
        ):
            raise TypeError(f"a buffer is an array of numbers; {name} is {data!r}.")
        setattr(self, name, None if data is None else np.array(data))
        if name not in self._buffers:
            self._buffers = (*self._buffers, name)

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Each buffer with its name: arrays, which its layer may change in place."""
        for name, (module, attribute) in self._places().items():
            yield name, np.asarray(getattr(module, attribute))

    def _places(self) -> dict[str, tuple["Module", str]]:
        """The modules that buffers belong to, and what they call them."""
        return {
            f"{prefix}.{name}" if prefix else name: (module, name)
            for prefix, module in self.named_modules()
            for name in module._buffers
            if getattr(module, name, None) is not None
        }

    def buffer_snapshot(self) -> list[tuple["Module", str, Any]]:
        """Each module's buffers: the module, the name, and a copy; to be set again as they were."""
        return [
            (module, name, copy.copy(getattr(module, name)))
            for module in self.modules()
            for name in module._buffers
            if hasattr(module, name)
        ]

    def named_modules(self) -> Iterator[tuple[str, "Module"]]:
        """The module itself, named "", and all its parts with their names, each once."""
        for name, member in _walk(self, "", set()):
            if isinstance(member, Module):
                yield name, member

    def aliases(self) -> dict[str, str]:
        """Further names of parameters and buffers that have several, with the first of each.

        As of a layer that stands twice in a network: PyTorch's states have all names.
        """
        first: dict[Any, str] = {}
        found = {}
        for name, member in _walk(self, "", set(), every_way=True):
            if isinstance(member, Value) and member.fn is None:
                keys: list[tuple[Any, str]] = [(id(member), name)]
            elif isinstance(member, Module):
                start = f"{name}." if name else ""
                keys = [((id(member), own), start + own) for own in member._buffers]
            else:
                continue
            for key, full in keys:
                if first.setdefault(key, full) != full:
                    found[full] = first[key]
        return found

    def transposed_names(self) -> set[str]:
        """The names of those parameters that PyTorch keeps transposed."""
        turned = {id(vars(m).get(name)) for m in self.modules() for name in m.torch_transposed}
        return {name for name, p in self.named_parameters() if id(p) in turned}

    def modules(self) -> list["Module"]:
        """The module itself and all its parts, each once."""
        return [module for _, module in self.named_modules()]

    def generators(self) -> "list[np.random.Generator]":
        """The random generators that its parts draw from, and the package's own, each once."""
        own = [x for part in self.modules() for x in vars(part).values()]
        found = [x for x in own if isinstance(x, np.random.Generator)]
        return list({id(g): g for g in (*found, generator())}.values())

    def children(self) -> list["Module"]:
        """The parts of the module itself, without theirs."""
        return [part for _, part in _parts(self.named_members())]

    def apply(self, fn: Callable[["Module"], Any]) -> Self:
        """Call fn with each part, and at last with the module itself, as to set initial values."""
        for module in reversed(self.modules()):
            fn(module)
        return self

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to zero."""
        for p in self.parameters():
            p.zero_grad()

    def train(self, mode: bool = True) -> Self:
        """Set it and all its parts to training; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set it and all its parts to evaluation: `train(False)`."""
        return self.train(False)

    def astype(self, dtype: Any) -> Self:
        """Convert parameters and buffers to a dtype, such as np.float32; returns the module.

        Buffers of integers stay what they are.
        """
        if np.dtype(dtype).kind not in "fc":
            raise TypeError(f"parameters are real or complex numbers, not {np.dtype(dtype)}.")
        for p in self.parameters():
            p.data = np.asarray(p.data).astype(dtype)[()]
        for module, name in self._places().values():
            buffer = np.asarray(getattr(module, name))
            if buffer.dtype.kind in "fc":
                setattr(module, name, buffer.astype(dtype))
        return self

    def state_dict(self) -> dict[str, Any]:
        """The data of all parameters and buffers by name: copies, which no training changes."""
        return {
            name: np.copy(x.data if isinstance(x, Value) else x) for name, x in self._own().items()
        }

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> None:
        """Set all parameters and buffers from data by name.

        Raises ValueError naming everything that is missing, unexpected (unless strict=False) or
        of another shape; nothing is changed then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict takes arrays by name, not a {type(state_dict).__name__}; "
                "nn.load(model, path) takes a file."
            )
        own, turned, aliases = self._own(), self.transposed_names(), self.aliases()
        turned |= {name for name, first in aliases.items() if first in turned}
        every = {name: _given(name, x, name in turned) for name, x in state_dict.items()}
        wrong = self.mismatches({name: x.shape for name, x in every.items()}, strict)
        given: dict[str, Any] = {}
        for name, x in every.items():
            first = aliases.get(name, name)
            if not np.array_equal(given.setdefault(first, x), x, equal_nan=x.dtype.kind in "fc"):
                wrong.append(f"{name} differs from {first}, which is the same array here")
        fits = {name: x for name, x in given.items() if name in own and x.shape == own[name].shape}
        loaded = {name: _converted(x, own[name].dtype) for name, x in fits.items()}
        wrong += [
            f"{name} is of {fits[name].dtype}, not {own[name].dtype}"
            if fits[name].dtype.kind not in "biuf"
            else f"{name} has numbers that {own[name].dtype} cannot hold"
            for name, data in loaded.items()
            if data is None
        ]
        if wrong:
            raise ValueError(self.refusal(wrong))
        places = self._places()
        for name, data in loaded.items():
            if name in places:
                module, attribute = places[name]
                setattr(module, attribute, np.asarray(data))
            else:
                own[name].data = data

    def mismatches(self, shapes: Mapping[str, Any], strict: bool = True) -> list[str]:
        """Why arrays of these names and shapes could not be loaded, in words; [] if they can be."""
        own, aliases = self._own(), self.aliases()
        first = {name: aliases.get(name, name) for name in shapes}
        wrong = [
            f"{name} has the shape {own[first[name]].shape}, not {tuple(shape)}"
            for name, shape in shapes.items()
            if first[name] in own and own[first[name]].shape != tuple(shape)
        ]
        if strict:
            given = set(first.values())
            wrong += [f"{name} is missing" for name in own if name not in given]
            wrong += [f"{name} is unexpected" for name in shapes if first[name] not in own]
        return wrong

    def refusal(self, wrong: list[str]) -> str:
        """What is said of a state that cannot be loaded."""
        more = f"; and {len(wrong) - 50} more" if len(wrong) > 50 else ""
        return f"{type(self).__name__} cannot load this: {'; '.join(wrong[:50])}{more}."

    def _own(self) -> dict[str, Any]:
        """Parameters and buffers by name."""
        own: dict[str, Any] = {}
        for name, x in (*self.named_parameters(), *self.named_buffers()):
            if name in own:
                raise ValueError(f"{type(self).__name__} has two arrays named {name}: rename one.")
            own[name] = x
        return own

    def extra_repr(self) -> str:
        """The settings that its repr shows in parentheses."""
        return ""

    def __repr__(self) -> str:
        lines = [
            f"({name}): {part!r}".replace("\n", "\n  ")
            for name, part in _parts(self.named_members())
        ]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        inner = [*self.extra_repr().splitlines(), *lines]
        return f"{type(self).__name__}(\n  " + "\n  ".join(inner) + "\n)"


def _given(name: str, x: Any, turned: bool) -> Any:
    """An array of a state, in this library's layout."""
    if hasattr(x, "detach") and not isinstance(x, Value):
        raise TypeError(f"{name} is a tensor of PyTorch's: give nn.from_torch(state_dict).")
    try:
        data = np.asarray(x.data if isinstance(x, Value) else x)
    except ValueError as error:
        raise ValueError(f"{name} is no array: {error}") from None
    return data.T if turned and isinstance(x, TorchArray) else data


def _converted(x: Any, dtype: Any) -> Any:
    """A copy of the numbers in this dtype; None if it does not have them."""
    if x.dtype.kind not in "biufc" or (x.dtype.kind == "c" and dtype.kind != "c"):
        return None
    with np.errstate(all="ignore"):
        out = x.astype(dtype)
        if dtype.kind in "biu":
            return out[()] if np.array_equal(out, x) else None
        return out[()] if np.array_equal(np.isfinite(out), np.isfinite(x)) else None


def _members(container: Any) -> Iterable[tuple[str, Any]]:
    """What stands in a module, a list, a tuple or a dict, with its name."""
    if isinstance(container, Module):
        return container.named_members()
    if isinstance(container, dict):
        return ((str(key), member) for key, member in container.items())
    if isinstance(container, list | tuple):
        return ((str(i), member) for i, member in enumerate(container))
    return ()


def _walk(
    container: Any, prefix: str, seen: set[int], every_way: bool = False
) -> Iterator[tuple[str, Any]]:
    """Everything in a container, itself included, that is a Value or may hold one; each once.

    every_way: once for each way that leads there.
    """
    if id(container) in seen:
        return
    if isinstance(container, Value | Module | dict | list | tuple):
        seen.add(id(container))
        yield prefix, container
        for name, member in _members(container):
            yield from _walk(member, f"{prefix}.{name}" if prefix else name, seen, every_way)
        if every_way:
            seen.discard(id(container))


def _parts(members: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Module]]:
    """The modules among the members, those in containers by their way there."""
    for name, member in members:
        if isinstance(member, Module):
            yield name, member
        elif isinstance(member, dict | list | tuple):
            yield from ((f"{name}.{inner}", part) for inner, part in _parts(_members(member)))
