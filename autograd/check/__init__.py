"""The checker of gradients: verdicts, not a boolean. NumPy only; Hypothesis is in `testing`.

subjects.py is what can be checked, slopes.py measures it, judge.py compares, hints.py finds words,
examination.py goes through one order of derivatives, gradcheck.py through all; verdicts.py is what
comes out. catalogue/ has a call of every function of the table, ledger.py checks them all.
"""

from autograd.check.gradcheck import gradcheck, gradgradcheck
from autograd.check.verdicts import Element, GradientReport, Verdict

__all__ = ["Element", "GradientReport", "Verdict", "gradcheck", "gradgradcheck"]
