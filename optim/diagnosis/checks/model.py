"""Mistakes in the model: parameters out of reach, tied weights, dead units, modes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optim.diagnosis.case import Case, Finding
from optim.diagnosis.graph import activations, calls, facts_of, reached


def unreached(case: Case) -> Iterator[Finding]:
    if not case.calls:
        return
    leaves = reached(case.calls)
    lost = [name for name, p in case.named.items() if id(p) not in leaves]
    if lost and len(lost) == len(case.named):
        yield Finding(
            "the optimizer has other parameters",
            "the loss depends on none of the optimizer's parameters.",
            "Make the optimizer of this model's parameters, after the model.",
        )
    elif lost:
        yield Finding(
            "a parameter is never reached",
            f"the loss does not depend on {', '.join(lost)}: no gradient gets there.",
            "Is the layer called in forward(), and its result used? Is .data used where it is?",
        )
    own = {id(p) for p in case.trainer.optimizer.parameters()}
    others: Any = getattr(case.trainer.model, "named_parameters", tuple)()
    idle = [name for name, p in others if id(p) not in own and id(p) in leaves]
    if idle and len(lost) < len(case.named):
        yield Finding(
            "a parameter is not trained",
            f"the optimizer does not have {', '.join(idle)}, which the loss depends on.",
            "Make the optimizer after all layers, of model.parameters(); if it is meant to stay as "
            "it is, nothing is wrong.",
        )


def tied(case: Case) -> Iterator[Finding]:
    places: dict[int, list[str]] = {}
    for path, part in _parts("", case.trainer.model, ()):
        places.setdefault(id(part), []).append(path)
    for paths in places.values():
        if len(paths) > 1:
            yield Finding(
                "weights tied",
                f"{', '.join(paths)} are one and the same layer: [layer] * {len(paths)} repeats "
                "it, and makes no copies.",
                "Make each by itself: [make_layer() for _ in range(n)]; if they are meant to "
                "share weights, nothing is wrong.",
            )
    yield from _alike(case)


def _alike(case: Case) -> Iterator[Finding]:
    weights = [(n, p.data) for n, p in case.named.items() if np.ndim(p.data) > 1]
    for k, (name, data) in enumerate(weights):
        g = case.named[name].grad
        if (
            min(data.shape) > 1
            and np.all(data == data[..., :1])
            and np.allclose(g, g[..., :1], 1e-9, 0)
        ):
            yield Finding(
                "equal units",
                f"all columns of {name} are equal, and so are their gradients: its "
                f"{data.shape[-1]} units stay one.",
                "Begin with random weights.",
            )
        for other, theirs in weights[:k]:
            if np.shares_memory(data, theirs):
                yield Finding(
                    "weights tied",
                    f"{other} and {name} are the same memory.",
                    "Give each a copy.",
                )
            elif data.size > 2 and np.ptp(np.abs(data)) and np.array_equal(data, theirs):
                yield Finding(
                    "equal layers",
                    f"{other} and {name} are equal, number by number.",
                    "Give each layer a seed of its own, or all of them one generator: "
                    "rng = np.random.default_rng(0).",
                )


def _parts(path: str, thing: Any, inside: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
    """Every layer with parameters by its path, as often as it is held somewhere."""
    if id(thing) in inside:
        return
    inside = (*inside, id(thing))
    if isinstance(thing, list | tuple):
        members: Any = enumerate(thing)
    elif isinstance(thing, dict):
        members = thing.items()
    elif hasattr(thing, "named_members") and hasattr(thing, "parameters"):
        if path and thing.parameters():
            yield path, thing
            if len(inside) > 50:
                return
        members = thing.named_members()
    else:
        return
    for name, member in members:
        yield from _parts(f"{path}.{name}" if path else str(name), member, inside)


def dead_units(case: Case) -> Iterator[Finding]:
    inside = calls(case.output) if hasattr(case.output, "parents") else []
    for name, v, active in activations(inside):
        most = facts_of(v).get("bounds", (0.0, np.inf))[1]
        if v is case.output and np.isfinite(most):
            continue  # where targets may be
        dead = active.size - np.count_nonzero(active)
        if not np.isfinite(case.number):
            return
        many = dead > active.size / 2 and min(active.size, case.samples) > 7
        if many or (dead == active.size and min(active.size, case.samples) > 1):
            word = "all" if dead == active.size else f"{dead} of"
            kind = "at its bounds" if np.isfinite(most) else "0"
            yield Finding(
                "units dead",
                f"{word} {active.size} units of {name} are {kind} for all of {case.samples} "
                "samples: hardly a gradient comes through.",
                "Scale inputs, take a smaller rate, or other initial weights.",
            )


def wrong_mode(case: Case) -> Iterator[Finding]:
    trainer = case.trainer
    parts: Any = getattr(trainer.model, "modules", list)()
    if not parts or not case.calls:
        return
    with trainer.untouched(), trainer.mode(training=True):
        trainer.train_on_batch(case.x, case.y)
        left = [type(part).__name__ for part in parts if not part.training]
    if left:
        yield Finding(
            "left in evaluation mode",
            f"after a step of training {len(left)} of {len(parts)} parts are in evaluation mode: "
            f"{', '.join(dict.fromkeys(left))}.",
            "Whatever calls eval() must call train() again; trainer.predict and evaluate do.",
        )
    elif case.asleep and _mode_matters(case):
        yield Finding(
            "trained in evaluation mode",
            f"train_on_batch was called while {', '.join(dict.fromkeys(case.asleep))} were in "
            "evaluation mode, and the model computes something else then.",
            "Call model.train() before; fit does it by itself.",
        )


def _mode_matters(case: Case) -> bool:
    """Whether the model's output is another one in evaluation mode."""
    trainer = case.trainer
    with trainer.untouched(), trainer.mode(training=False):
        output = trainer.compute_loss(case.x, case.y)[1]
    known = hasattr(output, "data") and hasattr(case.output, "data")
    return not (known and np.array_equal(output.data, case.output.data))


def not_reproducible(case: Case) -> Iterator[Finding]:
    """Two calls in evaluation mode give one result, unless something is made anew in them."""
    trainer = case.trainer
    if not case.calls:
        return
    with trainer.untouched(), trainer.mode(training=False):
        outputs = [trainer.compute_loss(case.x, case.y)[1] for _ in range(2)]
    first, second = (getattr(output, "data", None) for output in outputs)
    if isinstance(first, np.ndarray) and not np.array_equal(first, np.asarray(second), True):
        yield Finding(
            "another output at each call",
            f"two calls of the model in evaluation mode differ by up to "
            f"{np.max(np.abs(first - second)):.3g}.",
            "Make layers once, in __init__ and not in forward(); Dropout among them.",
        )


def weights_not_finite(case: Case) -> Iterator[Finding]:
    bad = [name for name, p in case.named.items() if not np.isfinite(p.data).all()]
    if bad:
        yield Finding(
            "weights not finite",
            f"{', '.join(bad)} have numbers that are NaN or infinite.",
            "Begin again with new weights, and a smaller rate.",
        )
