"""How a row of the catalogue is written."""


def with_settings(fn, shapes, *settings):
    """Calls of a function of one array with each of the settings."""
    return [(lambda x, s=s: fn(x, **s), shapes) for s in settings]


def on_shapes(fn, *shapes):
    """Calls of a function on arrays of each of these tuples of shapes."""
    return [(fn, s) for s in shapes]


AXES = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}]
CUBE = ((2, 3, 2),)
SOME = [[[True, False], [True, True], [False, True]], [[True, True], [False, True], [True, False]]]
