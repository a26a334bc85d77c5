"""Losses: functions of predictions and targets, with PyTorch's names and meanings.

All take `reduction`: "mean" over all elements (by default), "sum", or "none".
"""
