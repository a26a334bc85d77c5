"""What goes wrong in training: the usual mistakes, and the health of gradients."""

from optim.diagnosis.case import Case, Finding
from optim.diagnosis.diagnosis import Diagnosis, diagnose

__all__ = ["Case", "Diagnosis", "Finding", "diagnose"]
