"""Who may import whom, what is private, and that what is public is listed."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from typing import get_type_hints

import pytest

import autograd
import autograd.testing
import nn
import optim
from tests.modules import MODULES, PACKAGES, ROOT, imports, known_names, whole_name

PUBLIC = (*PACKAGES, "autograd.testing", "autograd.testing.faults")

# Each module may import, of the library, only what is listed for its room, and all of that is
# imported: of a package the front door alone, of a room whatever is in it. The front doors are not
# here: each knows all of its package.
MAY_IMPORT = {
    # the engine, bottom up; the table imports its late chapters by name
    "autograd.errors": set(),
    "autograd.files": set(),
    "autograd.late": set(),
    "autograd.naming": set(),
    "autograd.recording": set(),
    "autograd.numbers": {"autograd.errors", "autograd.naming"},
    "autograd.record": {"autograd.numbers", "autograd.recording"},
    "autograd.kernels": set(),
    "autograd.binding": {
        "autograd.errors", "autograd.kernels", "autograd.naming", "autograd.numbers",
        "autograd.record",
    },
    "autograd.call": {
        "autograd.binding", "autograd.errors", "autograd.naming", "autograd.numbers",
        "autograd.record",
    },
    "autograd.table": {
        "autograd.binding", "autograd.call", "autograd.errors", "autograd.naming",
        "autograd.record",
    },
    "autograd.problems": {
        "autograd.call", "autograd.naming", "autograd.numbers", "autograd.record",
    },
    "autograd.absence": {
        "autograd.binding", "autograd.call", "autograd.numbers", "autograd.problems",
        "autograd.record", "autograd.recording",
    },
    "autograd.derivatives": {
        "autograd.binding", "autograd.call", "autograd.derivatives", "autograd.errors",
        "autograd.kernels", "autograd.naming", "autograd.numbers", "autograd.record",
        "autograd.table",
    },
    "autograd.derivatives.special": {
        "autograd.call", "autograd.derivatives", "autograd.errors", "autograd.functions",
        "autograd.table",
    },
    "autograd.functions": {
        "autograd.call", "autograd.errors", "autograd.kernels", "autograd.numbers",
        "autograd.record", "autograd.table",
    },
    "autograd.fitting": {
        "autograd.call", "autograd.errors", "autograd.kernels", "autograd.naming",
        "autograd.numbers", "autograd.record",
    },
    "autograd.scalars": {
        "autograd.call", "autograd.derivatives.elementwise", "autograd.fitting",
        "autograd.functions", "autograd.numbers",
    },
    "autograd.backward": {
        "autograd.absence", "autograd.call", "autograd.fitting", "autograd.numbers",
        "autograd.record", "autograd.scalars",
    },
    "autograd.nests": {"autograd.derivatives.shaping", "autograd.errors", "autograd.table"},
    "autograd.scopes": {"autograd.record", "autograd.recording"},
    "autograd.protocols": {
        "autograd.call", "autograd.derivatives", "autograd.errors", "autograd.functions",
        "autograd.naming", "autograd.numbers", "autograd.record", "autograd.recording",
        "autograd.table",
    },
    "autograd.value": {
        "autograd.backward", "autograd.binding", "autograd.call", "autograd.derivatives",
        "autograd.errors", "autograd.naming", "autograd.numbers", "autograd.protocols",
        "autograd.record", "autograd.recording",
    },
    "autograd.transforms": {
        "autograd.backward", "autograd.call", "autograd.errors", "autograd.nests",
        "autograd.numbers", "autograd.record", "autograd.recording", "autograd.value",
    },
    # its readers
    "autograd.check": {
        "autograd.backward", "autograd.call", "autograd.check", "autograd.errors",
        "autograd.naming", "autograd.nests", "autograd.numbers", "autograd.record",
        "autograd.recording", "autograd.transforms", "autograd.value",
    },
    "autograd.check.slopes": set(),
    "autograd.check.verdicts": set(),
    "autograd.check.catalogue": {
        "autograd.check.catalogue", "autograd.derivatives", "autograd.functions", "autograd.table",
    },
    "autograd.testing": {
        "autograd.check", "autograd.errors", "autograd.nests", "autograd.numbers",
        "autograd.record", "autograd.testing", "autograd.transforms",
    },
    "autograd.testing.faults": {
        "autograd", "autograd.backward", "autograd.call", "autograd.check", "autograd.fitting",
        "autograd.naming", "autograd.record", "autograd.table", "autograd.testing.faults",
    },
    "autograd.show": {
        "autograd.backward", "autograd.binding", "autograd.call", "autograd.errors",
        "autograd.functions", "autograd.naming", "autograd.numbers", "autograd.show",
        "autograd.table", "autograd.value",
    },
    "autograd.show.backward": {
        "autograd.absence", "autograd.backward", "autograd.call", "autograd.errors",
        "autograd.fitting", "autograd.numbers", "autograd.value",
    },
    "autograd.show.drawing": {
        "autograd.numbers", "autograd.scopes", "autograd.show.backward", "autograd.show.drawing",
        "autograd.show.names", "autograd.show.words", "autograd.value",
    },
    "autograd.show.drawing.layout": set(),
    "autograd.show.expressions": {
        "autograd.call", "autograd.functions", "autograd.naming", "autograd.table",
        "autograd.value",
    },
    "autograd.show.supported": {
        "autograd.binding", "autograd.call", "autograd.functions", "autograd.table",
    },
    "autograd.show.text": {
        "autograd.backward", "autograd.call", "autograd.derivatives", "autograd.errors",
        "autograd.functions", "autograd.naming", "autograd.numbers", "autograd.record",
        "autograd.show.backward", "autograd.show.names", "autograd.show.text",
        "autograd.show.words", "autograd.table", "autograd.value",
    },
    "autograd.show.text.notation": set(),
    "autograd.show.words": {"autograd.naming", "autograd.value"},
    "autograd.__main__": {"autograd.check", "autograd.show"},
    # networks
    "nn.randomness": set(),
    "nn.module": {"autograd", "nn.randomness"},
    "nn.init": {"autograd", "nn.randomness"},
    "nn.interchange": {"autograd", "nn.module"},
    "nn.files": {"autograd", "nn.interchange", "nn.module"},
    "nn.functional": {"autograd", "nn.functional", "nn.randomness"},
    "nn.layers": {
        "autograd", "nn.functional", "nn.init", "nn.layers", "nn.module", "nn.randomness",
    },
    "nn.scalar": {"autograd", "nn.module", "nn.randomness"},
    "nn.summaries": {"autograd", "nn.layers.shapes", "nn.module"},
    # training
    "optim.optimizers": {"optim.optimizers"},
    "optim.schedules": {"optim.optimizers", "optim.schedules"},
    "optim.data": {"optim.data"},
    "optim.plots": set(),
    "optim.diagnosis": {"optim.data", "optim.diagnosis"},
    "optim.diagnosis.graph": set(),
    "optim.training": {
        "autograd", "optim.data", "optim.diagnosis", "optim.optimizers", "optim.plots",
        "optim.training",
    },
    "optim.study": {"autograd", "optim.data", "optim.plots", "optim.study", "optim.training"},
    "optim.sklearn": {"nn", "optim.optimizers", "optim.training"},
}  # fmt: skip
THIRD_PARTY = {
    "autograd": {"numpy"}, "autograd.functions": {"numpy", "scipy"},
    "autograd.check.catalogue": {"numpy", "scipy"}, "autograd.testing": {"numpy", "hypothesis"},
    "autograd.testing.faults": {"numpy"}, "autograd.derivatives.special": {"numpy", "scipy"},
    "autograd.show": {"numpy", "graphviz", "pygraphviz"}, "autograd.show.text": {"numpy"},
    "nn": {"numpy"}, "nn.files": {"numpy", "safetensors"}, "nn.interchange": {"numpy", "torch"},
    "optim": {"numpy"}, "optim.training": {"numpy", "tqdm"}, "optim.plots": {"numpy", "matplotlib"},
    "optim.study": {"numpy", "threadpoolctl", "tqdm"}, "optim.sklearn": {"numpy", "sklearn"},
}  # fmt: skip


def room(name, rooms):
    """The longest of the rooms that a module is in; in a package's front door is that alone."""
    found = (r for r in rooms if name == r or (r not in PACKAGES and name.startswith(r + ".")))
    return max(found, key=len, default=None)


def others_room(name):
    return room(name, THIRD_PARTY) or name.split(".")[0]


def imported_by(name):
    """The modules of the library that a module imports, and the others' packages."""
    found = {module for module, _, _ in imports(MODULES[name])}
    own = {module for module in found if module.split(".")[0] in PACKAGES}
    return own, {module.split(".")[0] for module in found - own} - sys.stdlib_module_names


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import optim.plots", "optim.plots"),
        ("from nn.module import Module", "nn.module"),
        ("from autograd import value", "autograd.value"),
        ("def f():\n    from autograd.value import Value", "autograd.value"),
        ("if TYPE_CHECKING:\n    from autograd.value import Value", "autograd.value"),
    ],
)
def test_every_import_is_seen(source, module):
    assert [name for name, _, _ in imports(ast.parse(source))] == [module]


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_one_way(name):
    own, others = imported_by(name)
    assert others <= THIRD_PARTY[others_room(name)]
    if name in PACKAGES:
        foreign = {module for module in own if not module.startswith(name + ".")}
        assert foreign <= ({"autograd"} if name != "autograd" else set())
        return
    allowed = MAY_IMPORT[room(name, MAY_IMPORT)]
    assert {module for module in own if room(module, allowed) is None} == set()


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_what_a_room_may_import_it_does(name):
    inside = [module for module in MODULES if room(module, MAY_IMPORT) == name]
    assert inside
    found = set().union(*(imported_by(module)[0] for module in inside))
    assert {room(module, MAY_IMPORT[name]) for module in found} == MAY_IMPORT[name]


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_what_a_room_may_import_of_others_it_does(name):
    inside = [module for module in MODULES if others_room(module) == name]
    assert set().union(*(imported_by(module)[1] for module in inside)) == THIRD_PARTY[name]


# --------------------------------------------------------------- private names of others


def private_names(modules):
    """Private names of another module of the library that are imported or read."""
    for name, tree in modules.items():
        known = known_names(tree, modules)
        read = {whole_name(node, known) for node in ast.walk(tree)} | set(known.values())
        for whole in sorted(read):
            module, _, last = whole.rpartition(".")
            if module in modules and module != name and re.match("_[^_]", last):
                yield name, whole


def test_no_module_names_the_private_parts_of_another():
    found = {(name, whole.rpartition(".")[0]) for name, whole in private_names(MODULES)}
    assert found == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from autograd.call import _parent", ["autograd.call._parent"]),
        ("from autograd.call import _parent as parent", ["autograd.call._parent"]),
        ("from autograd import call\ncall._parent(x)", ["autograd.call._parent"]),
        ("import autograd.call as c\nf = [c._parent]", ["autograd.call._parent"]),
        ("import autograd.call\nautograd.call._parent", ["autograd.call._parent"]),
        ("from autograd.call import primitive, TABLE\nTABLE._missing", []),
        ("import numpy as np\nnp._NoValue", []),
        ("from autograd import call\ncall.__name__", []),
        ("_own = 1\nself._value = _own", []),
    ],
)
def test_private_names_are_found(source, found):
    modules = MODULES | {"nn.planted": ast.parse(source)}
    assert [whole for name, whole in private_names(modules) if name == "nn.planted"] == found


@pytest.mark.parametrize("package", [nn, nn.functional, nn.init])
def test_annotations_can_be_evaluated(package):
    for thing in [getattr(package, name) for name in package.__all__]:
        if inspect.isfunction(thing) or inspect.isclass(thing):
            get_type_hints(thing.__init__ if inspect.isclass(thing) else thing)


def test_of_another_package_only_public_names_are_imported():
    for name, tree in MODULES.items():
        for module, imported, _ in imports(tree):
            if imported and module in PACKAGES and module != name:
                assert imported in sys.modules[module].__all__, f"{name}: {module}.{imported}"


# ------------------------------------------------------------------------- what is public


@pytest.mark.parametrize("package", [autograd, autograd.testing, nn, optim])
def test_all_is_complete_and_sorted(package):
    modules = {name for _, name, _ in pkgutil.iter_modules(package.__path__)}
    names = {name for name in vars(package) if name.isidentifier()}  # none of pytest's own
    public = {name for name in names if not name.startswith("_")} - modules
    public -= {"importlib", "os", "warnings", "Any", "TYPE_CHECKING", "autograd"}
    listed = set(package.__all__)
    assert public - listed == set()
    assert all(getattr(package, name) is not None for name in listed)
    assert list(package.__all__) == sorted(package.__all__, key=_isort_key)


def _isort_key(name):
    """Constants, then classes, then functions, as the formatter sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_have_docstrings_with_an_example(package):
    module = importlib.import_module(package)
    for name in module.__all__:
        thing = getattr(module, name)
        if not callable(thing):
            continue
        assert ">>>" in (thing.__doc__ or ""), f"{package}.{name} has no docstring with an example"


def printed(*lines):
    """What a program prints, as Python's literals."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ast.literal_eval(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("package", "late"),
    [
        ("autograd", {"graphviz", "hypothesis", "nn", "autograd.check", "autograd.show"}),
        ("nn", {"optim", "random", "zipfile", "nn.layers.convolution", "nn.summaries"}),
        ("optim", {"csv", "json", "nn", "tqdm", "optim.study", "optim.training.writers"}),
    ],
)
def test_importing_a_package_imports_nothing_that_few_programs_need(package, late):
    late = late | {"dataclasses", "numpy.random", "pathlib"}
    assert all(map(importlib.util.find_spec, late))  # no other name for any of them
    [imported] = printed(
        "import sys, numpy",
        "free = set(sys.modules)",
        f"import {package}",
        "print(set(sys.modules) - free)",
    )
    assert imported & late == set()


@pytest.mark.parametrize("package", [autograd, nn, nn.functional, optim, optim.training])
def test_names_that_come_late_are_names_of_the_package(package):
    late, found = printed(
        f"import {package.__name__} as package",
        "late = set(dir(package)) - set(vars(package))",
        "print(late)",
        "print({name for name in late if getattr(package, name) is vars(package)[name]})",
    )
    assert late == found != set()
    assert late <= set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute"):
        print(package.no_such_name)


def test_files_stay_with_one_topic():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {path: n for path, n in lengths.items() if n > 400} == {}
