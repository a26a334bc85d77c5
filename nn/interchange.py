"""Weights from PyTorch and for it: the same names, and PyTorch's layout.

The layout differs in one thing: PyTorch keeps the weights of linear, recurrent and attention layers
transposed, as (out, in). Which these are, each layer says (`Module.torch_transposed`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import Value
from nn.module import Module, TorchArray

__all__ = ["arrays_for_torch", "from_torch", "to_torch"]


def from_torch(state_dict: Any) -> dict[str, Any]:
    """PyTorch's weights, as `load_state_dict` of the same model here takes them.

    state_dict: what a PyTorch module's `state_dict()` returns, or that module; arrays in PyTorch's
    layout do as well. Names are PyTorch's, and nothing is lost: `load_state_dict` transposes what
    the model's layers keep as (in, out), and says what is missing, unexpected or of another shape.
    Raises TypeError for anything that holds no arrays by name.

    >>> from nn import Linear
    >>> model = Linear(2, 3)
    >>> model.load_state_dict(from_torch({"weight": np.ones((3, 2)), "bias": np.zeros(3)}))
    >>> model.weight.shape
    (2, 3)
    """
    if isinstance(state_dict, Module):
        raise TypeError(
            "from_torch takes PyTorch's weights; this is of nn, whose state_dict() loads as it is."
        )
    if not isinstance(state_dict, Mapping) and callable(getattr(state_dict, "state_dict", None)):
        state_dict = state_dict.state_dict()
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"from_torch takes a state_dict, arrays by name, not a {type(state_dict).__name__}."
        )
    return {name: _array(name, data) for name, data in state_dict.items()}


def _array(name: Any, data: Any) -> Any:
    """A tensor or an array, marked as being in PyTorch's layout."""
    if isinstance(data, Value):
        raise TypeError(f"from_torch takes PyTorch's arrays; {name!r} is a Value.")
    if hasattr(data, "detach"):  # a tensor
        data = data.detach().cpu()
        if str(data.dtype) == "torch.bfloat16":  # which NumPy does not know
            data = data.float()
        data = data.numpy()
    try:
        data = np.asarray(data)
    except ValueError as error:
        raise TypeError(f"from_torch takes arrays by name; {name!r} is none: {error}") from None
    if not isinstance(name, str) or data.dtype.kind not in "biufc":
        raise TypeError(f"from_torch takes arrays by name; {name!r} is of {data.dtype}.")
    return data.view(TorchArray)


def arrays_for_torch(model: Module) -> dict[str, Any]:
    """The model's state as arrays with PyTorch's names and layout."""
    turned = model.transposed_names()
    state = {
        name: np.ascontiguousarray(data.T) if name in turned else data
        for name, data in model.state_dict().items()
    }
    return state | {other: state[name] for other, name in model.aliases().items() if name in state}


def to_torch(model: Module) -> dict[str, Any]:
    """The model's weights as PyTorch's tensors: a state_dict for the same model there.

    `theirs.load_state_dict(nn.to_torch(ours))`. Raises ImportError where PyTorch is not installed:
    `nn.save(model, "weights.safetensors")` writes the same without it.

    >>> from nn import Linear
    >>> try:
    ...     shape = tuple(to_torch(Linear(2, 3))["weight"].shape)
    ... except ImportError:
    ...     shape = (3, 2)
    >>> shape
    (3, 2)
    """
    try:
        import torch
    except ImportError:
        raise ImportError(
            "to_torch makes PyTorch's tensors, and PyTorch (torch) is not installed; "
            'nn.save(model, "weights.safetensors") writes a file in its layout without it.'
        ) from None
    return {name: torch.from_numpy(data) for name, data in arrays_for_torch(model).items()}
