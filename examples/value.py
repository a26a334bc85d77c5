"""The README's first example: a function of two numbers, its derivatives, its graph."""

import numpy as np

from autograd import Value, draw

a = Value(2.0, label="a")
b = Value(-3.0, label="b")
c = np.tanh(a * b + 5) + a**2
c.backward()

print(c.data)  # what NumPy computes
print(a.grad)  # dc/da
print(b.grad)  # dc/db
draw(c)  # in a notebook, the graph
