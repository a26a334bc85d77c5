"""Tasks to measure of a function, with arguments of any size: how the catalogue's rows grow."""

import functools
import math
import time

import numpy as np

from autograd import Value
from autograd.check import catalogue
from autograd.naming import name_of
from tests.nn.catalogue import CALLS as OF_NETWORKS

NUMBERS = (4, 100, 10**4, 10**6)
LONGEST = 0.012, 0.06  # seconds that a plain call may take, and one with its gradient


def seconds(f, times=1):
    """A call's time of this process, not of others that have the processor now and then."""
    began = time.process_time()
    for _ in range(times):
        f()
    return (time.process_time() - began) / times


def takes(f, limit):
    """True if a call takes longer, and not by chance."""
    return all(seconds(f) > limit for _ in range(3))


def several(y):
    """The results of a function that has several, in a list; of any other, an empty one."""
    return [*y] if isinstance(y, (tuple, list)) else []


def tasks(call, arrays):
    """The call of arrays; of Values; of Values, its sum and its backward pass; and the last two.

    Of several results the sums are added up. A view costs nothing, however large it is, while a
    gradient is memory of its own: to a call that gives a view, copying its arguments is added.
    """

    def total(*args):
        return functools.reduce(np.add, map(np.sum, several(call(*args))))

    f = total if several(call(*arrays)) else call
    y = f(*arrays)
    values, result = [Value(a) for a in arrays], Value(y)
    copied = arrays if any(np.may_share_memory(y, a) for a in arrays) else []

    def plain():
        f(*arrays)
        for a in copied:
            a.copy()

    def end(z):
        (z.sum() if result.dtype.kind == "f" else np.real(z).sum()).backward(retain_grads=False)

    def step():
        for v in values:
            v.zero_grad()
        end(f(*values))

    def rest():
        result.zero_grad()
        end(result)

    return plain, lambda: f(*values), step, rest


def cases(words):
    """Functions by name, each with a call of it and, for each of NUMBERS, shapes and their size.

    words: parts of the names; without any, every function of the catalogue.
    """
    for fn, domain in catalogue.ELEMENTWISE.items():
        if chosen(name_of(fn), words):
            shapes = {n: ((n,),) * len(domain.intervals) for n in NUMBERS}
            yield name_of(fn), fn, {n: (shapes[n], n) for n in NUMBERS}, domain.intervals
    for fn, rows in (catalogue.CALLS | OF_NETWORKS).items():
        if chosen(name_of(fn), words):
            yield name_of(fn), *grown(rows), None


def chosen(name, words):
    return not words or any(word in name for word in words)


def arguments(shapes, dtype, intervals=None):
    """Arrays of these shapes: of numbers from the intervals, or of those that `distinct` gives."""
    if intervals is not None:
        rng = np.random.default_rng(0)
        pairs = zip(intervals, shapes, strict=True)
        return [rng.uniform(*ends, shape).astype(dtype) for ends, shape in pairs]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = np.split(pool()[: ends[-1]].astype(dtype), ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


@functools.cache
def pool():
    return catalogue.distinct([(5 * max(NUMBERS),)], seed=0)[0]


def grown(rows):
    """The first row of a function that grows, or the one that grows most, and its shapes."""
    best = (*rows[0], -1)
    for call, shapes in rows:
        for grow in growths(shapes):
            found, reached = climb(call, grow)
            if reached > best[2]:
                best = call, found, reached
            if reached >= max(NUMBERS) / 4:
                return best[:2]
    return best[:2]


def growths(shapes):
    """The ways to make shapes larger by a whole number, the most natural first.

    Every size is multiplied, but for those of 1; or one of the sizes, wherever it occurs; or the
    first array's first; or arrays become stacks of such. Sizes that were equal remain so, as
    matrices need it.
    """
    sizes = dict.fromkeys(size for shape in shapes for size in shape if size > 1)
    for some in [[*sizes], *([size] for size in sizes)]:
        yield lambda k, some=some: tuple(
            tuple(size * k if size in some else size for size in shape) for shape in shapes
        )
    if shapes[0]:
        yield lambda k: ((shapes[0][0] * k, *shapes[0][1:]), *shapes[1:])
    yield lambda k: shapes if k == 1 else tuple((k, *shape) for shape in shapes)


def climb(call, grow):
    """For each of NUMBERS the largest shapes with no more than it, and what was reached in all.

    The largest of arguments and results counts. Shapes grow until a call takes too long, or fails
    or overflows: constants inside a row do not grow with its arrays. The row's own shapes serve
    where no others fit.
    """
    shapes, k, reached, found = grow(1), 1, 0, {}
    while (size := max(map(math.prod, shapes))) <= max(NUMBERS):
        arrays = arguments(shapes, np.float32)
        try:
            with np.errstate(all="raise"):
                y = call(*arrays)
                plain, _, step, _ = tasks(call, arrays)
                long = any(takes(f, limit) for f, limit in zip((plain, step), LONGEST, strict=True))
        except Exception:  # whatever a function says of arrays that do not suit it
            break
        size = max(size, *map(np.size, several(y) or [y]))
        if long or size > max(NUMBERS):
            reached = max(NUMBERS) if long else reached
            break
        found |= {n: (shapes, size) for n in NUMBERS if size <= n or n not in found}
        reached, k, before = size, max(k + 1, int(k * 1.2)), shapes
        shapes = grow(k)
        if shapes == before:
            break
    own = grow(1), max(map(math.prod, grow(1)))
    return dict.fromkeys(NUMBERS, own) | found, reached
