"""Primitives with rules of a test's own."""

from autograd import defvjp, primitive


def cube_with(rule):
    @primitive
    def cube(x):
        return x**3

    defvjp(cube, rule)
    return cube
