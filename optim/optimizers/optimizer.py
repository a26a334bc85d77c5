"""Optimizer: what all optimizers have in common. A subclass is its formula, in `update`.

A parameter is anything with `.data` and `.grad`, numbers or arrays; nothing here knows layers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from typing import Any

import numpy as np

__all__ = ["Optimizer", "decayed", "number"]

# So many elements of a large array are updated at a time: then all the passes of a formula find
# parameter, gradient and state in the processor's cache.
_TILE = 16384


class Optimizer:
    """Updates parameters from their gradients, by the formula of a subclass.

    params: the parameters, or dicts `{"params": [...], "lr": ...}`, groups with settings of their
        own. defaults: the settings of groups that do not have them.

    A subclass names in `slots(group)` the arrays that it keeps for each parameter, all 0 at first,
    and defines `update(p, g, state, group)`, which returns the new p, and leaves the old one and g
    as they are: others may hold them. The slots are its own, to be changed in place. All of them
    are arrays, or tiles of large ones, or Python numbers. `state["step"]` counts the updates of the
    parameter, from 1; `begin` may keep more numbers there. Complex numbers are updated as pairs of
    real ones.

    >>> from autograd import Value
    >>> class SignDescent(Optimizer):
    ...     def update(self, p, g, state, group):
    ...         return p - group["lr"] * np.sign(g)
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> SignDescent([w], {"lr": 0.1}).step()
    >>> w.data
    0.9
    """

    needs_closure = False  # whether a step evaluates the loss several times

    def __init__(self, params: Iterable[Any], defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.state: dict[Any, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        if hasattr(params, "parameters"):
            raise TypeError(f"give the parameters of the {type(params).__name__}: .parameters().")
        if hasattr(params, "data"):
            params = [{"params": params}]
        given = list(params)
        for group in given if given and isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own: `{"params": [...], "lr": 0.1}`."""
        if hasattr(group["params"], "data"):
            raise TypeError("the parameters are a list: write [w] for a single one.")
        params = list(group["params"])
        if not params:
            raise ValueError("an optimizer needs parameters; the list is empty.")
        for k, p in enumerate(params):
            if not (hasattr(p, "data") and hasattr(p, "grad")):
                raise TypeError(
                    f"parameter {k} is a {type(p).__name__}, without .data and .grad: give Values, "
                    "such as model.parameters()."
                )
        every = [id(p) for p in (*self.parameters(), *params)]
        if len(set(every)) < len(every):
            raise ValueError("a parameter is given twice: it would be updated twice a step.")
        unknown = set(group) - {"params"} - set(self.defaults)
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no setting {', '.join(sorted(unknown))}; it has "
                f"{', '.join(self.defaults)}."
            )
        settings = {**self.defaults, **group}
        self.check({name: settings[name] for name in self.defaults})
        self.param_groups.append({**settings, "params": params})

    def check(self, settings: dict[str, Any]) -> None:
        """Raise ValueError for settings of a group that are out of range."""
        if not isinstance(settings.get("lr", 0.0), float | int | np.number):
            raise TypeError(f"lr is {settings['lr']!r}; it is a number.")
        for name, value in settings.items():
            if isinstance(value, float | int) and not value >= 0:
                raise ValueError(f"{name} is {value}; it is a number that is not negative.")
        for name in {"betas", "alpha", "rho"} & set(settings):
            if not all(0 <= beta < 1 for beta in np.atleast_1d(settings[name])):
                raise ValueError(f"{name} is {settings[name]}; it is at least 0 and below 1.")
        if np.size(settings.get("betas", (0, 0))) != 2:
            raise ValueError(f"betas is {settings['betas']}; it is a pair, (β₁, β₂).")

    def slots(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The names of the arrays that are kept for each parameter of a group."""
        return ()

    def parameters(self) -> Iterator[Any]:
        """The parameters of all groups."""
        for group in self.param_groups:
            yield from group["params"]

    def zero_grad(self) -> None:
        """Set all gradients to zero, which backward() adds to."""
        for p in self.parameters():
            p.grad = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter once.

        closure: sets the gradients to zero, computes the loss and its gradients, and returns the
            loss, as does the step then. LBFGS needs it; for the others it is the same as doing
            that before.
        """
        loss = None if closure is None else closure()
        for group in self.param_groups:
            slots = self.slots(group)
            for p in group["params"]:
                data, g, state = p.data, p.grad, self.state.get(p)
                if g is None:
                    g = 0 * data
                if state is None:
                    state = self.state[p] = {"step": 0}
                for name in slots:
                    if name not in state:
                        state[name] = _zero(data)
                self.begin(state, group)
                if type(data) is np.ndarray and data.size <= _TILE and data.dtype.kind == "f":
                    p.data = self.update(data, g, state, group)
                elif isinstance(data, np.ndarray) or np.iscomplexobj(data):
                    p.data = self._update_by_tiles(np.asarray(data), g, state, group, slots)
                else:
                    p.data = type(data)(self.update(data, g, state, group))
        return loss

    def begin(self, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Count the step of a parameter, before its update."""
        state["step"] += 1

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        """The new value of a parameter p with the gradient g; a subclass defines it."""
        raise TypeError(f"{type(self).__name__} has no update(): define its formula.")

    def _update_by_tiles(
        self, data: Any, g: Any, state: dict[str, Any], group: Any, names: tuple[str, ...]
    ) -> Any:
        p, g = _as_reals(data), _as_reals(np.asarray(g, data.dtype))
        slots = {name: _as_reals(state[name]) for name in names}
        out = np.empty_like(p)
        for start in range(0, p.size, _TILE):
            tile = slice(start, start + _TILE)
            piece = state | {name: slots[name][tile] for name in names}
            out[tile] = self.update(p[tile], g[tile], piece, group)
            for name in names:
                slots[name][tile] = piece[name]
        return out.view(data.dtype).reshape(data.shape)[()]

    def state_dict(self) -> dict[str, Any]:
        """The state and settings, as copies; parameters by their place in the groups."""
        places = {id(p): k for k, p in enumerate(self.parameters())}
        return {
            "state": {
                places[id(p)]: {name: copy(x) for name, x in state.items()}
                for p, state in self.state.items()
            },
            "param_groups": [
                {**group, "params": [places[id(p)] for p in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; ValueError if the parameters are not as many."""
        groups = state_dict["param_groups"]
        given, own = ([len(g["params"]) for g in gs] for gs in (groups, self.param_groups))
        if given != own:
            raise ValueError(f"the state is of groups of {given} parameters, not of {own}.")
        for mine, group in zip(self.param_groups, groups, strict=True):
            mine.update({name: value for name, value in group.items() if name != "params"})
        params = list(self.parameters())
        self.state = {
            params[k]: {name: copy(x) for name, x in state.items()}
            for k, state in state_dict["state"].items()
        }

    def __repr__(self) -> str:
        groups = [
            ", ".join(f"{name}={group[name]!r}" for name in self.defaults)
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(groups)})"


def decayed(g: Any, p: Any, group: Mapping[str, Any]) -> Any:
    """g + weight_decay·θ: the gradient of the loss with half the squared weights added to it."""
    return g + group["weight_decay"] * p if group["weight_decay"] else g


def number(x: Any) -> float:
    """A number, or one that a Value or another object with `.backward` holds, as a float."""
    return float(x.data if hasattr(x, "backward") else x)


def _zero(data: Any) -> Any:
    real = type(data) is float
    return 0.0 if real else np.zeros(np.shape(data), np.result_type(data))


def _as_reals(a: Any) -> Any:
    """An array as one axis of real numbers; a view, if it is in C order."""
    flat = a.reshape(-1)
    return flat.view(a.real.dtype) if a.dtype.kind == "c" else flat
