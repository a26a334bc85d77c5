"""A GPT of Python floats: every weight and every activation a scalar Value, of whichever engine.

One layer of causal self-attention and a small MLP predict the next letter of a name. The engine is
an argument: `HandMade`, the Value that such programs bring along, or `autograd.Value`.
"""

import itertools
import math
import random

NAMES = ["anna", "bela", "carla", "dora", "elena", "fiona", "greta", "hanna"]
LETTERS = [".", *sorted(set("".join(NAMES)))]
WIDTH, HEADS, CONTEXT = 16, 4, 8


class HandMade:
    """A scalar Value in the style of such programs: it keeps its children and local gradients."""

    __slots__ = ("children", "data", "grad", "local_grads")

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self.children = children
        self.local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, HandMade) else HandMade(other)
        return HandMade(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, HandMade) else HandMade(other)
        return HandMade(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power):
        return HandMade(self.data**power, (self,), (power * self.data ** (power - 1),))

    def exp(self):
        y = math.exp(self.data)
        return HandMade(y, (self,), (y,))

    def log(self):
        return HandMade(math.log(self.data), (self,), (1 / self.data,))

    def relu(self):
        return HandMade(max(0.0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        order, visited = [], set()

        def visit(node):
            if node not in visited:
                visited.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            for child, local in zip(node.children, node.local_grads, strict=True):
                child.grad += local * node.grad


class GPT:
    """The model, its loss and a step of Adam, in operators that any scalar Value has.

    dot: a function of two lists, such as autograd.dot, in the place of sums of products.
    """

    def __init__(self, value, *, batch=1, seed=0, dot=None):
        rng = random.Random(seed)
        self.batch = batch
        self.dot = dot or _dot

        def matrix(rows, columns):
            return [[value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        n = len(LETTERS)
        self.weights = {
            "token": matrix(n, WIDTH),
            "place": matrix(CONTEXT, WIDTH),
            "query": matrix(WIDTH, WIDTH),
            "key": matrix(WIDTH, WIDTH),
            "value": matrix(WIDTH, WIDTH),
            "out": matrix(WIDTH, WIDTH),
            "up": matrix(4 * WIDTH, WIDTH),
            "down": matrix(WIDTH, 4 * WIDTH),
            "letters": matrix(n, WIDTH),
        }
        self.parameters = [w for rows in self.weights.values() for row in rows for w in row]
        self.m = [0.0] * len(self.parameters)
        self.v = [0.0] * len(self.parameters)
        self.steps = 0

    def logits(self, token, place, keys, values):
        """Scores of the next letter; keys and values of the places before are appended to."""
        w = self.weights
        x = [a + b for a, b in zip(w["token"][token], w["place"][place], strict=True)]
        h = self.normed(x)
        query = self.linear(h, w["query"])
        keys.append(self.linear(h, w["key"]))
        values.append(self.linear(h, w["value"]))
        size = WIDTH // HEADS
        mixed = []
        for start in range(0, WIDTH, size):
            part = slice(start, start + size)
            scores = [self.dot(query[part], key[part]) * size**-0.5 for key in keys]
            weights = _softmax(scores)
            for k in range(start, start + size):
                mixed.append(self.dot(weights, [v[k] for v in values]))
        x = [a + b for a, b in zip(x, self.linear(mixed, w["out"]), strict=True)]
        hidden = [a.relu() for a in self.linear(self.normed(x), w["up"])]
        x = [a + b for a, b in zip(x, self.linear(hidden, w["down"]), strict=True)]
        return self.linear(x, w["letters"])

    def linear(self, x, rows):
        return [self.dot(row, x) for row in rows]

    def normed(self, x):
        scale = (self.dot(x, x) * (1 / len(x)) + 1e-5) ** -0.5
        return [a * scale for a in x]

    def loss(self, name):
        """The mean cross entropy of the letters of a name, each from those before it."""
        tokens = [LETTERS.index(c) for c in f".{name}."][: CONTEXT + 1]
        keys, values, losses = [], [], []
        for place, (token, target) in enumerate(itertools.pairwise(tokens)):
            probabilities = _softmax(self.logits(token, place, keys, values))
            losses.append(-probabilities[target].log())
        return sum(losses) * (1 / len(losses))

    def step(self, lr=0.01):
        """A batch of names: forward, backward, Adam; returns the loss."""
        first = self.steps * self.batch
        names = [NAMES[(first + k) % len(NAMES)] for k in range(self.batch)]
        loss = sum(self.loss(name) for name in names) * (1 / self.batch)
        loss.backward()
        self.steps += 1
        for i, p in enumerate(self.parameters):
            g = p.grad
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.99 * self.v[i] + 0.01 * g * g
            m = self.m[i] / (1 - 0.9**self.steps)
            v = self.v[i] / (1 - 0.99**self.steps)
            p.data -= lr * m / (math.sqrt(v) + 1e-8)
            p.grad = 0
        return loss.data


def _dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def _softmax(scores):
    top = max(s.data for s in scores)
    e = [(s - top).exp() for s in scores]
    total = sum(e)
    return [x / total for x in e]
