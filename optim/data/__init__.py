"""Data sets: in batches from arrays, or from anything that gives batches."""

from optim.data.batches import Batches, batches

__all__ = ["Batches", "batches"]
