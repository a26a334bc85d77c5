"""Checkpoints: the whole state of a training run in one file, and back."""

from typing import TYPE_CHECKING, Any

import numpy as np

from optim.training import files

if TYPE_CHECKING:
    from optim.training.state import Resumable

__all__ = ["load", "load_weights", "save"]

FORMAT = "valuegrad training 1"


def save(trainer: "Resumable", path: Any) -> None:
    optimizer = trainer.optimizer
    state = {
        "format": FORMAT,
        "weights": trainer.weights(),
        "kind": type(optimizer).__name__,
        "optimizer": optimizer.state_dict(),
        "generators": [g.bit_generator.state for g in trainer.generators()],
        "waiting": trainer.waiting(),
        "parts": {name: part.state_dict() for name, part in trainer.parts().items()},
        "measures": trainer.measures.state_dict(),
        "run": trainer.state_of_run(),
    }
    files.write(path, state)


def load_weights(trainer: "Resumable", path: Any) -> None:
    """The weights alone."""
    trainer.load_weights(_read(path)["weights"])


def _read(path: Any) -> dict[str, Any]:
    state = files.read(path)
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path} is not a file that Trainer.save wrote.")
    return state


def load(trainer: "Resumable", path: Any) -> dict[str, Any] | None:
    """Set the trainer to the saved state; what its next fit needs of it, if there was a fit."""
    state = _read(path)
    wrong = _differences(trainer, state)
    if wrong:
        raise ValueError(
            f"{path} is of another training run: {'; '.join(wrong)}. For the weights alone write "
            "resume(path, weights_only=True)."
        )
    trainer.load_weights(state["weights"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    for name, part in trainer.parts().items():
        part.load_state_dict(state["parts"][name])
    trainer.set_generators(state["generators"])
    trainer.set_waiting(state["waiting"])
    trainer.measures.load_state_dict(state["measures"])
    if state["run"] is None:
        return None
    run = state["run"] | {"optimizer": state["optimizer"]}
    return {"run": run, "generators": state["generators"]}


def _differences(trainer: "Resumable", state: dict[str, Any]) -> list[str]:
    """What in a saved state does not fit the trainer, before anything of it is changed."""
    own, saved = trainer.weights(), state["weights"]
    wrong = [
        f"{name} is {_shape(saved, name)} there and {_shape(own, name)} here"
        for name in {**own, **saved}
        if _shape(own, name) != _shape(saved, name)
    ]
    parts, others = list(state["parts"]), list(trainer.parts())
    if parts != others:
        wrong.append(f"the trainer has the parts {parts} there and {others} here")
    kind = type(trainer.optimizer).__name__
    if state["kind"] != kind:
        wrong.append(f"the optimizer is {state['kind']} there and {kind} here")
    groups, given = (
        [len(group["params"]) for group in groups]
        for groups in (trainer.optimizer.param_groups, state["optimizer"]["param_groups"])
    )
    if groups != given:
        wrong.append(f"the groups of parameters are {given} there and {groups} here")
    generators = len(state["generators"])
    metrics = [metric[:2] for metric in state["measures"]["metrics"]]
    own_metrics = [[type(m).__name__, m.name] for m in trainer.measures.metrics]
    if generators != len(trainer.generators()):
        wrong.append(f"there were {generators} random generators, here {len(trainer.generators())}")
    if metrics != own_metrics:
        there, here = ([name for _, name in names] for names in (metrics, own_metrics))
        wrong.append(f"the metrics are {there} there and {here} here")
    return wrong


def _shape(weights: dict[str, Any], name: str) -> str:
    if name not in weights:
        return "missing"
    a = np.asarray(weights[name])
    return f"{a.shape} of {a.dtype}"
