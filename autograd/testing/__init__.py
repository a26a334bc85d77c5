"""Gradient checks in users' tests."""
