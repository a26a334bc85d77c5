"""Checkpoints: the whole state of a training run in one file, and back."""

from typing import TYPE_CHECKING, Any

import numpy as np

from optim.training import files

if TYPE_CHECKING:
    from optim.training.state import Resumable

__all__ = ["load", "save"]

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
        "measures": trainer.measures.state_dict(),
        "run": trainer.state_of_run(),
    }
    files.write(path, state)


def load(trainer: "Resumable", path: Any) -> dict[str, Any] | None:
    """Set the trainer to the saved state; what its next fit needs of it, if there was a fit."""
    state = files.read(path)
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path} is not a file that Trainer.save wrote.")
    wrong = _differences(trainer, state)
    if wrong:
        raise ValueError(f"{path} is of another training run: {'; '.join(wrong)}.")
    trainer.load_weights(state["weights"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    trainer.set_generators(state["generators"])
    trainer.set_waiting(state["waiting"])
    trainer.measures.load_state_dict(state["measures"])
    if state["run"] is None:
        return None
    return {"run": state["run"], "generators": state["generators"]}


def _differences(trainer: "Resumable", state: dict[str, Any]) -> list[str]:
    """What in a saved state does not fit the trainer, before anything of it is changed."""
    own, saved = trainer.weights(), state["weights"]
    wrong = [
        f"{name} is {_shape(saved, name)} there and {_shape(own, name)} here"
        for name in {**own, **saved}
        if _shape(own, name) != _shape(saved, name)
    ]
    kind = type(trainer.optimizer).__name__
    if state["kind"] != kind:
        wrong.append(f"the optimizer is {state['kind']} there and {kind} here")
    groups, given = (
        [len(group["params"]) for group in groups]
        for groups in (trainer.optimizer.param_groups, state["optimizer"]["param_groups"])
    )
    if groups != given:
        wrong.append(f"the groups of parameters are {given} there and {groups} here")
    generators, metrics = len(state["generators"]), len(state["measures"]["metrics"])
    if generators != len(trainer.generators()):
        wrong.append(f"there were {generators} random generators, here {len(trainer.generators())}")
    if metrics != len(trainer.measures.metrics):
        wrong.append(f"there were {metrics} metrics, here {len(trainer.measures.metrics)}")
    return wrong


def _shape(weights: dict[str, Any], name: str) -> str:
    return str(np.shape(weights[name])) if name in weights else "missing"
