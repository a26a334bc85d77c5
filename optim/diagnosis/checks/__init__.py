"""The checks, each a function from a Case to what it finds, in the order in which they are told."""

from optim.diagnosis.checks.data import inputs_unscaled, not_finite, targets_out_of_range
from optim.diagnosis.checks.descent import gradients_accumulate, rate
from optim.diagnosis.checks.model import (
    dead_units,
    not_reproducible,
    tied,
    unreached,
    weights_not_finite,
    wrong_mode,
)
from optim.diagnosis.checks.of_loss import broadcast, logits_squashed, loss_fails

CHECKS = (
    not_finite,
    weights_not_finite,
    targets_out_of_range,
    loss_fails,
    broadcast,
    logits_squashed,
    unreached,
    not_reproducible,
    tied,
    dead_units,
    inputs_unscaled,
    gradients_accumulate,
    wrong_mode,
    rate,
)

__all__ = ["CHECKS"]
