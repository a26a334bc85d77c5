"""What the tests of pages share."""

import numpy as np

from autograd import Value


def neuron():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    b = Value(6.7, label="b")
    o = np.tanh(x * w + b)
    o.label = "o"
    return o


def box(page, name):
    return page.locator(f'.box[aria-label="{name}"], .box[aria-label^="{name},"]').first
