"""The checker of gradients: verdicts, not a boolean. NumPy only; Hypothesis is in `testing`.

slopes.py measures, subjects.py is what can be measured, judge.py compares, hints.py finds words,
verdicts.py is what comes out, gradcheck.py puts them together.
"""

from autograd.check.gradcheck import gradcheck, gradgradcheck
from autograd.check.verdicts import Element, GradientReport, Verdict

__all__ = ["Element", "GradientReport", "Verdict", "gradcheck", "gradgradcheck"]
