"""Mistakes in the loss: one that fails, broadcasts, or is given probabilities for logits."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optim.diagnosis.case import Case, Finding, arrays_of
from optim.diagnosis.checks.data import targets_out_of_range
from optim.diagnosis.graph import facts_of, name, shape_of, word


def loss_fails(case: Case) -> Iterator[Finding]:
    if case.error is not None and not list(targets_out_of_range(case)):
        yield Finding(
            "the loss fails",
            f"{type(case.error).__name__}: {case.error}",
            "See the message; the model was given x of "
            f"{', '.join(str(a.shape) for a in arrays_of(case.x))}.",
        )
    elif not case.calls and case.error is None:
        yield Finding(
            "the loss has no gradient",
            f"it is a {type(case.loss).__name__}, no Value: it depends on no parameter.",
            "Compute it from the model's output by NumPy's functions, without .data and float().",
        )


def broadcast(case: Case) -> Iterator[Finding]:
    n, y = case.samples, case.y
    after: set[int] = set()  # the output, and what is computed from it
    for v in case.calls:
        of_output = any(id(p) in after for p in v.parents)
        if v is case.output or of_output:
            after.add(id(v))
        if not of_output or n < 2 or np.shape(v.data) != (n, n) or not isinstance(y, np.ndarray):
            continue
        shapes = [shape_of(a) for a in v.args]
        plain = [a for a in v.args if not hasattr(a, "backward")]
        targets = any(np.array_equal(np.ravel(a), y.ravel()) for a in plain)
        if targets and {(n,), (n, 1)} <= set(shapes):
            yield Finding(
                "outputs and targets broadcast",
                f"{name(v)} of the shapes {shapes[0]} and {shapes[1]} gave {(n, n)}: each output "
                "was compared with every target.",
                "Give targets the shape of outputs: y[:, None], or output[:, 0].",
            )
            return


def logits_squashed(case: Case) -> Iterator[Finding]:
    for v in case.calls:
        if facts_of(v).get("probabilities") == "together" and np.shape(v.data)[-1:] == (1,):
            yield Finding(
                "softmax of one output",
                f"softmax of {np.shape(v.data)} is 1 whatever the input.",
                "Use two outputs, or sigmoid's logits: binary_cross_entropy_with_logits.",
            )
            return
        takes = facts_of(v).get("logits")
        source = _source(v) if takes else None
        given = facts_of(source).get("probabilities")
        if given and (takes, given) != ("each", "together"):  # softplus of a softmax may be meant
            yield Finding(
                f"{word(source)} applied twice",
                f"the {word(v)} is computed from the result of {word(source)}, between 0 and 1, "
                "but does that itself: it takes logits. So no probability gets near 0 or 1.",
                f"Leave {word(source)} out of the model.",
            )
            return
    known = [facts_of(v) for v in case.calls]
    squashed = any(facts.get("probabilities") == "together" for facts in known)
    if squashed and not any("logarithm" in facts for facts in known):
        picked = isinstance(case.y, np.ndarray) and case.y.dtype.kind in "iu"
        if picked and case.number < 0:
            yield Finding(
                "probabilities without a logarithm",
                f"the loss is {case.number:.3g}, the mean of negative probabilities.",
                "nll_loss takes log_softmax's results; cross_entropy takes logits.",
            )


def _source(v: Any) -> Any:
    """What the first argument of a call is, but for its shape and sign."""
    source = v.args[0]
    while facts_of(source).get("numbers") == "kept":
        source = source.args[0]
    return source
