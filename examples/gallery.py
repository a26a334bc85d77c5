"""A gallery of graphs: what backprop looks like, from one neuron to an attention head.

Writes a picture each, and two pages to step through, into the folder `out`.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import nn
from autograd import Value, draw, explain, relu


def neuron():
    """tanh(w1·x1 + w2·x2 + b): every edge with its share of the chain rule."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    o = np.tanh(x1 * w1 + x2 * w2 + b)
    o.label = "o"
    return o, {"shares": True}


def square():
    """a·a: two edges, two shares, and their sum. That is why gradients are added: +=, not =."""
    a = Value(3.0, label="a")
    b = a * a
    b.label = "b"
    return b, {"shares": True}


def diamond():
    """x is used twice: two paths lead back to it."""
    x = Value(2.0, label="x")
    u, v = np.sin(x), x**2
    y = u * v
    u.label, v.label, y.label = "u", "v", "y"
    return y, {"shares": True}


def small_net():
    """micrograd's network 2-3-1, coloured by how large the gradient is: one unit is dead."""
    model = nn.MLP(2, [3, 1], rng=0)
    loss = (model([Value(1.0, label="x1"), Value(-2.0, label="x2")]) - 1) ** 2
    loss.label = "loss"
    loss.backward()
    return loss, {"color": "gradient"}


def cross_entropy():
    """Softmax cross-entropy of two samples and three classes, small arrays shown whole."""
    logits = Value([[2.0, 1.0, -1.0], [0.5, 0.2, 0.1]], label="logits")
    log_probabilities = nn.log_softmax(logits, axis=-1)
    loss = -log_probabilities[np.arange(2), [0, 2]].mean()
    log_probabilities.label, loss.label = "log p", "loss"
    loss.backward()
    return loss, {}


class Conv(nn.Module):
    """A convolution in NumPy: images (N, H, W), kernels (K, 3, 3)."""

    def __init__(self, kernels, rng):
        self.kernels = Value(rng.normal(0, 0.5, (kernels, 3, 3)))

    def forward(self, x):
        windows = sliding_window_view(x, (3, 3), axis=(1, 2))
        return np.einsum("nhwij,kij->nkhw", windows, self.kernels)


class ConvNet(nn.Module):
    def __init__(self, rng):
        self.conv = Conv(4, rng)
        self.head = nn.Linear(4, 3, rng=rng)

    def forward(self, x):
        return self.head(relu(self.conv(x)).max(axis=(2, 3)))


def small_conv():
    """A convolution, relu, the maximum of each channel, a linear head: modules are one box each."""
    rng = np.random.default_rng(0)
    model = ConvNet(rng)
    loss = nn.cross_entropy(model(rng.normal(size=(2, 6, 6))), np.array([0, 2]))
    loss.label = "loss"
    loss.backward()
    return loss, {"level": "layer"}


class Head(nn.Module):
    """One head of self-attention: softmax(Q Kᵀ / √d) V, for (T, C) → (T, d)."""

    def __init__(self, channels, d, rng):
        self.query = nn.Linear(channels, d, bias=False, rng=rng)
        self.key = nn.Linear(channels, d, bias=False, rng=rng)
        self.value = nn.Linear(channels, d, bias=False, rng=rng)

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        weights = nn.softmax(q @ k.T / np.sqrt(k.shape[-1]), axis=-1)
        weights.label = "attention"
        return weights @ v


def attention():
    """An attention head: the three projections folded, what happens between them in full."""
    rng = np.random.default_rng(0)
    model = Head(6, 2, rng)
    x = Value(rng.normal(size=(4, 6)), label="x")
    loss = np.mean(model(x) ** 2)
    loss.label = "loss"
    loss.backward()
    return loss, {"level": "layer"}


GALLERY = [neuron, square, diamond, small_net, cross_entropy, small_conv, attention]


def main(folder="out"):
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for example in GALLERY:
        loss, settings = example()
        picture = draw(loss, engine="builtin", **settings)
        print(picture.render(outfile=folder / f"{example.__name__}.svg"))
    explain(neuron()[0], folder / "neuron.html", live=True)
    explain(attention()[0], folder / "attention.html", level="layer")
    print(f"pages: {folder / 'neuron.html'}, {folder / 'attention.html'}")
    print(f"{len(GALLERY)} pictures")


if __name__ == "__main__":
    main(*sys.argv[1:2])
