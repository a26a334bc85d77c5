"""Containers: layers in a row, in a list, in a dict, and residual connections."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from autograd import ShapeMismatch
from nn.functional.arrays import as_array
from nn.layers.shapes import shape_of
from nn.module import Module

__all__ = ["ModuleDict", "ModuleList", "Residual", "Sequential"]


class _List(Module):
    """What Sequential and ModuleList share: a list's methods."""

    layers: list[Any]

    def _checked(self, k: int, layer: Any) -> Any:
        return _layer(f"layer {k} of a {type(self).__name__}", layer)

    def named_members(self) -> Iterable[tuple[str, Any]]:
        yield from ((str(k), layer) for k, layer in enumerate(self.layers))
        yield from ((name, member) for name, member in vars(self).items() if name != "layers")

    def append(self, layer: Any) -> Self:
        self.layers.append(self._checked(len(self.layers), layer))
        return self

    def extend(self, layers: Iterable[Any]) -> Self:
        for layer in list(layers):  # a copy: it may be this one
            self.append(layer)
        return self

    def insert(self, k: int, layer: Any) -> None:
        self.layers.insert(k, self._checked(k, layer))

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def __setitem__(self, k: int, layer: Any) -> None:
        self.layers[k] = self._checked(k, layer)

    def __delitem__(self, k: int | slice) -> None:
        del self.layers[k]

    def __iadd__(self, layers: Iterable[Any]) -> Self:
        return self.extend(layers)


class Sequential(_List):
    """Layers one after the other: each is called with what the one before it returns.

    Parameters are named by their layer's place, as in `0.weight`. `len`, iteration and indexing
    are the layers'; a slice is a Sequential.

    >>> import numpy as np
    >>> from nn import Linear
    >>> model = Sequential(Linear(4, 3), Linear(3, 2))
    >>> model(np.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(self, *layers: Any) -> None:
        self.layers: list[Any] = []
        self.extend(layers)

    def forward(self, x: Any) -> Any:
        for k, layer in enumerate(self.layers):
            try:
                x = layer(x)
            except (ValueError, TypeError, AttributeError) as error:
                error.add_note(f"It is layer {k} of a Sequential of {len(self.layers)}.")
                if isinstance(x, tuple):
                    error.add_note(
                        f"It was given a tuple of {len(x)}, what the layer before it returns; of a "
                        "recurrent layer the output is the first."
                    )
                raise
        return x

    def __getitem__(self, k: int | slice) -> Any:
        return Sequential(*self.layers[k]) if isinstance(k, slice) else self.layers[k]


def _layer(what: str, layer: Any) -> Any:
    if isinstance(layer, type):
        raise TypeError(f"{what} is the class {layer.__name__}: write {layer.__name__}(…).")
    if not callable(layer):
        raise TypeError(f"{what} is a {type(layer).__name__}, no layer.")
    return layer


class Residual(Module):
    """x + layers(x), for layers that keep the shape, one or several in a row. He et al. 2015.

    Raises ShapeMismatch where they change it.

    >>> import numpy as np
    >>> from nn import Linear
    >>> Residual(Linear(3, 3))(np.ones((5, 3))).shape
    (5, 3)
    """

    def __init__(self, *layers: Any) -> None:
        if not layers:
            raise TypeError("a Residual has at least one layer.")
        one = len(layers) == 1
        self.inner = _layer("the layer of a Residual", layers[0]) if one else Sequential(*layers)

    def forward(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        x = as_array(x)
        change = self.inner(x, *args, **kwargs)
        if shape_of(change) != shape_of(x):
            raise ShapeMismatch(
                f"the layers of a Residual keep the shape of their input; these make "
                f"{shape_of(change)} of {shape_of(x)}: {self.inner!r}."
            )
        return x + change


class ModuleList(_List):
    """A list of modules, whose parameters are its own; it has no forward of its own.

    An ordinary list does as well: this one has PyTorch's name, and `len`, indexing, iteration,
    `append`, `extend`, `insert`.

    >>> from nn import Linear
    >>> layers = ModuleList([Linear(2, 2), Linear(2, 2)])
    >>> layers
    ModuleList(
      (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Any] = ()) -> None:
        self.layers: list[Any] = []
        self.extend(modules)

    def _checked(self, k: int, layer: Any) -> Any:
        return _module(self, layer)

    def __getitem__(self, k: int | slice) -> Any:
        return ModuleList(self.layers[k]) if isinstance(k, slice) else self.layers[k]

    def __repr__(self) -> str:
        """Alike modules in a row are shown once."""
        runs: list[tuple[int, int, str]] = []
        for k, text in enumerate(map(repr, self.layers)):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], k, text)
            else:
                runs.append((k, k, text))
        lines = [
            f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}"
            for a, b, text in runs
        ]
        inner = "".join("\n  " + line.replace("\n", "\n  ") for line in lines)
        return f"{type(self).__name__}({inner}\n)" if inner else f"{type(self).__name__}()"


def _module(container: Module, module: Any) -> Module:
    if not isinstance(module, Module):
        raise TypeError(
            f"a {type(container).__name__} holds modules, not a {type(module).__name__}."
        )
    return module


class ModuleDict(Module):
    """Modules by name, whose parameters are its own; it has no forward of its own.

    An ordinary dict does as well: this one has PyTorch's name, and of a dict's methods `len`, `in`,
    indexing, `del`, iteration, `keys`, `values`, `items`, `update`, `pop`.

    >>> from nn import Linear
    >>> heads = ModuleDict({"price": Linear(2, 1), "kind": Linear(2, 3)})
    >>> [name for name, _ in heads.named_parameters()]
    ['price.weight', 'price.bias', 'kind.weight', 'kind.bias']
    """

    def __init__(self, modules: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self.by_name: dict[str, Any] = {}
        self.update(modules)

    def named_members(self) -> Iterable[tuple[str, Any]]:
        yield from self.by_name.items()
        yield from ((name, member) for name, member in vars(self).items() if name != "by_name")

    def update(self, modules: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        for name, module in dict(modules).items():
            self[name] = module

    def keys(self) -> Iterable[str]:
        return self.by_name.keys()

    def values(self) -> Iterable[Any]:
        return self.by_name.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        return self.by_name.items()

    def __len__(self) -> int:
        return len(self.by_name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __getitem__(self, name: str) -> Any:
        return self.by_name[name]

    def __setitem__(self, name: str, module: Any) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError(f"a module's name is a text without a dot, not {name!r}.")
        self.by_name[name] = _module(self, module)

    def pop(self, name: str) -> Any:
        return self.by_name.pop(name)

    def __delitem__(self, name: str) -> None:
        del self.by_name[name]
