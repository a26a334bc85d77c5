"""A naive engine, out of the textbook, builds the same random graphs: both must agree.

The oracle keeps, with each number, its derivative by every leaf, by the product and chain rules
going forward: no graph, no order, nothing shared with what it tests.
"""

import math

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from autograd import Value


class Dual:
    """A number and the dict of its derivatives by the leaves."""

    def __init__(self, x, by):
        self.x, self.by = x, by

    def chain(self, y, slope):
        return Dual(y, {leaf: slope * d for leaf, d in self.by.items()})

    def plus(self, other):
        leaves = self.by.keys() | other.by.keys()
        return Dual(self.x + other.x, {k: self.by.get(k, 0) + other.by.get(k, 0) for k in leaves})

    def times(self, other):
        first = self.chain(self.x * other.x, other.x)
        second = other.chain(0.0, self.x)
        return first.plus(second)


UNARY = {
    "tanh": (np.tanh, lambda d: d.chain(math.tanh(d.x), 1 - math.tanh(d.x) ** 2)),
    "sin": (np.sin, lambda d: d.chain(math.sin(d.x), math.cos(d.x))),
    "exp": (
        lambda v: np.exp(v * 0.1),
        lambda d: d.chain(math.exp(d.x * 0.1), 0.1 * math.exp(d.x * 0.1)),
    ),
    "square": (lambda v: v**2, lambda d: d.chain(d.x**2, 2 * d.x)),
    "half": (lambda v: v / 2, lambda d: d.chain(d.x / 2, 0.5)),
    "neg": (lambda v: -v, lambda d: d.chain(-d.x, -1.0)),
    "from": (lambda v: 3.0 - v, lambda d: d.chain(3.0 - d.x, -1.0)),
    "relu": (lambda v: v.relu(), lambda d: d.chain(max(d.x, 0.0), float(d.x > 0))),
}


class Graphs(RuleBasedStateMachine):
    """Builds the same expression of shared nodes in both, and backpropagates now and then."""

    nodes = Bundle("nodes")

    def __init__(self):
        super().__init__()
        self.leaves = []
        self.expected = []

    @initialize(target=nodes, x=st.floats(-2, 2))
    def first(self, x):
        return self.leaf(x)

    def leaf(self, x):
        value = Value(x)
        self.leaves.append(value)
        self.expected.append(0.0)
        return value, Dual(float(x), {len(self.leaves) - 1: 1.0})

    @rule(target=nodes, x=st.floats(-2, 2))
    def another_leaf(self, x):
        return self.leaf(x)

    @rule(target=nodes, a=nodes, b=nodes)
    def add(self, a, b):
        return a[0] + b[0], a[1].plus(b[1])

    @rule(target=nodes, a=nodes, b=nodes)
    def multiply(self, a, b):
        product = a[1].times(b[1])
        if abs(product.x) > 1e3:
            return a
        return a[0] * b[0], product

    @rule(target=nodes, a=nodes, name=st.sampled_from(sorted(UNARY)))
    def unary(self, a, name):
        if name == "square" and abs(a[1].x) > 30:
            return a
        ours, theirs = UNARY[name]
        return ours(a[0]), theirs(a[1])

    @rule(target=nodes, a=nodes, b=nodes, c=nodes)
    def stacked_sum(self, a, b, c):
        """The same sum by an array and back."""
        stacked = np.stack([a[0], b[0], c[0]])
        return stacked[::-1].sum(), a[1].plus(b[1]).plus(c[1])

    @rule(a=nodes, retain=st.booleans())
    def backward(self, a, retain):
        value, dual = a
        value.backward(retain_grads=retain)
        for k, d in dual.by.items():
            self.expected[k] += d

    @rule(k=st.integers(0, 3))
    def zero_grad(self, k):
        if k < len(self.leaves):
            self.leaves[k].zero_grad()
            self.expected[k] = 0.0

    @invariant()
    def gradients_agree(self):
        for leaf, expected in zip(self.leaves, self.expected, strict=True):
            assert math.isclose(leaf.grad, expected, rel_tol=1e-9, abs_tol=1e-9)


Graphs.TestCase.settings = settings(stateful_step_count=30)
TestGraphs = Graphs.TestCase
