"""Layers, containers, activations and losses as modules, a room for each topic."""
