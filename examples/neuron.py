"""One tanh neuron: forward, backward, and its graph."""

import numpy as np

from autograd import Value, draw


def neuron():
    x1, x2 = Value(2.0, label="x₁"), Value(0.0, label="x₂")
    w1, w2 = Value(-3.0, label="w₁"), Value(1.0, label="w₂")
    b = Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    o = np.tanh(n)
    n.label, o.label = "n", "o"
    o.backward()
    return o


if __name__ == "__main__":
    o = neuron()
    print(draw(o).source)
    print(f"o = {o.data:.4f}")
