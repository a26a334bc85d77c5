"""Readings of the record that a Value keeps: pictures of its graph, its passes step by step."""

from autograd.show.explain import Page, explain
from autograd.show.graph import Graph, draw
from autograd.show.paths import GradientExplanation, Path, explain_grad
from autograd.show.source import Source, source
from autograd.show.steps import Contribution, Step, Steps, steps

__all__ = [
    "Contribution", "GradientExplanation", "Graph", "Page", "Path", "Source", "Step",
    "Steps", "draw", "explain", "explain_grad", "source", "steps",
]  # fmt: skip
