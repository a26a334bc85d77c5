"""The README's first example: a function of two numbers, its derivatives, its graph."""

import numpy as np

from autograd import Value, draw

a = Value(2.0, label="a")
b = Value(-3.0, label="b")
c = np.tanh(a * b + 5) + a**2
c.backward()

print(round(c.data, 4))  # 3.2384, what NumPy computes
print(round(a.grad, 4))  # 2.7401, the derivative of c by a
print(round(b.grad, 4))  # 0.8399, and by b
draw(c)  # the graph: shown in a notebook, written by draw(c).render(outfile="graph.svg")
