"""Readings of the record that a Value keeps: pictures of its graph, its passes step by step."""

from autograd.show.explaining import Page, explain
from autograd.show.graph import Graph, draw
from autograd.show.paths import GradientExplanation, GradientPath, explain_grad
from autograd.show.sourcing import Source, source
from autograd.show.stepping import Contribution, Step, Steps, steps

__all__ = [
    "Contribution",
    "GradientExplanation",
    "GradientPath",
    "Graph",
    "Page",
    "Source",
    "Step",
    "Steps",
    "draw",
    "explain",
    "explain_grad",
    "source",
    "steps",
]  # fmt: skip
