"""The checker of gradients: verdicts, not a boolean. NumPy only; Hypothesis is in `testing`.

subjects.py and foreign.py are what can be checked; probe.py lays lines through a point, slopes.py
measures along them, judge.py compares, ties.py looks at ties, hints.py finds words; examination.py
goes through one order of derivatives, gradcheck.py through all; verdicts.py is what comes out.
catalogue/ has a call of every function of the table, ledger.py checks them all, command.py is the
command line.
"""

from autograd.check.gradcheck import gradcheck, gradgradcheck
from autograd.check.verdicts import Element, GradientReport, Verdict

__all__ = ["Element", "GradientReport", "Verdict", "gradcheck", "gradgradcheck"]
