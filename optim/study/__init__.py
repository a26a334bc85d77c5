"""Experiments: a descent to watch, the range of rates, and comparisons of settings."""

from optim.study.descent import Descent, DescentStep, descend
from optim.study.lr_finder import LRFinder, lr_finder
from optim.study.sweep import Sweep, sweep

__all__ = ["Descent", "DescentStep", "LRFinder", "Sweep", "descend", "lr_finder", "sweep"]
