"""Writes recorded.json: what PyTorch makes of the cases. Run by hand, `python tests/nn/record.py`.

It needs torch==2.13.0; the tests need the file alone.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.nn.recorded_cases import CASES, Part, arrays_in, condensed, weights_of

VERSION = "2.13.0"
RENAMED = {"axis": "dim", "sizes": "unflattened_size", "keepdims": "keepdim"}
FILE = Path(__file__).with_name("recorded.json")


def main():
    import torch

    if torch.__version__.partition("+")[0] != VERSION:
        raise SystemExit(f"the cases are recorded with torch=={VERSION}, not {torch.__version__}.")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    lines = [f"{json.dumps(case.name)}: {numbers(torch, case)}" for case in CASES]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def numbers(torch, case):
    return json.dumps(recorded(torch, case), allow_nan=False)


def theirs(torch, described):
    """The description's layer or setting, as PyTorch has it."""
    if isinstance(described, Part):
        args = [theirs(torch, a) for a in described.args]
        kwargs = {RENAMED.get(k, k): theirs(torch, x) for k, x in described.kwargs.items()}
        if described.layer == "TransformerEncoder":
            kwargs["enable_nested_tensor"] = False  # about which it would warn
        return getattr(torch.nn, described.layer)(*args, **kwargs)
    return torch.from_numpy(described) if isinstance(described, np.ndarray) else described


def built(torch, case):
    """What is to be called, and its state."""
    if case.layer[0].islower():
        functional = torch.nn.functional
        return getattr(functional, case.layer, None) or getattr(torch, case.layer), None
    layer = theirs(torch, Part(case.layer, case.args, case.kwargs)).train(case.training)
    for name, x in layer.state_dict().items():
        if name not in case.kwargs:  # the weights of classes are a loss's setting
            x.copy_(torch.from_numpy(case.filled_state(name, tuple(x.shape))))
    return layer, layer


def called(torch, case, layer, inputs):
    settings = {RENAMED.get(k, k): theirs(torch, x) for k, x in case.call.items()}
    lengths = settings.pop("lengths", None)
    if lengths is None:
        return layer(*inputs, **settings)
    rnn = torch.nn.utils.rnn
    packed = rnn.pack_padded_sequence(*inputs, lengths, enforce_sorted=False)
    output, state = layer(packed, **settings)
    return rnn.pad_packed_sequence(output)[0], state


def recorded(torch, case):
    """Outputs, gradients and running statistics of one case, condensed."""
    layer, module = built(torch, case)
    inputs = [
        tuple(map(torch.from_numpy, x)) if isinstance(x, tuple) else torch.from_numpy(np.asarray(x))
        for x in case.filled_inputs()
    ]
    moved = [
        x.requires_grad_()
        for x, wanted in zip(arrays_in(tuple(inputs)), case.differentiable(), strict=True)
        if wanted
    ]
    outputs = arrays_in(called(torch, case, layer, inputs))
    total = sum(
        (torch.from_numpy(weights_of(tuple(y.shape), k)) * y).sum() for k, y in enumerate(outputs)
    )
    total.backward()
    parts = {"outputs": [condensed(y.detach().numpy()) for y in outputs]}
    parts["inputs"] = [condensed(gradient(torch, x)) for x in moved]
    if module is not None:
        named = dict(module.named_parameters())
        parts["parameters"] = {n: condensed(gradient(torch, p)) for n, p in named.items()}
        parts["buffers"] = {
            n: condensed(b.numpy()) for n, b in module.named_buffers() if n not in case.kwargs
        }
    return {name: part for name, part in parts.items() if part}


def gradient(torch, x):
    return (torch.zeros_like(x) if x.grad is None else x.grad).numpy()


if __name__ == "__main__":
    main()
