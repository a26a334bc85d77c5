"""Readings of the record that a Value keeps: pictures of its graph."""

from autograd.show.graph import Graph, draw

__all__ = ["Graph", "draw"]
