"""Losses: functions of predictions and targets, with PyTorch's names and meanings.

All take `reduction`: "mean" (by default) over all elements, or over samples where a loss is of
whole samples; "sum"; or "none". hinge_loss is not PyTorch's.
"""
