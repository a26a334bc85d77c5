"""Who may import whom, and that what is public is what `__all__` says."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
import autograd.testing
import nn
import optim

ROOT = Path(__file__).parent.parent
PACKAGES = ("autograd", "nn", "optim")
PUBLIC = (*PACKAGES, "autograd.testing", "autograd.testing.faults")

# Each module of the engine may import, of the library, only what is listed for it.
MAY_IMPORT = {
    "autograd.errors": set(),
    "autograd.files": set(),
    "autograd.nests": {"autograd.derivatives", "autograd.errors"},
    "autograd.recording": set(),
    "autograd.derivatives": {"autograd.derivatives", "autograd.errors"},
    "autograd.derivatives.special": {
        "autograd.derivatives", "autograd.errors", "autograd.functions",
    },
    "autograd.functions": {"autograd.derivatives"},
    "autograd.data": {"autograd.derivatives", "autograd.errors"},
    "autograd.backprop": {"autograd.derivatives", "autograd.errors"},
    "autograd.record": {
        "autograd.backprop", "autograd.data", "autograd.derivatives", "autograd.errors",
        "autograd.recording",
    },
    "autograd.value": {
        "autograd.backprop", "autograd.data", "autograd.derivatives", "autograd.errors",
        "autograd.functions", "autograd.record", "autograd.recording",
    },
    "autograd.transforms": {
        "autograd.backprop", "autograd.data", "autograd.errors", "autograd.nests",
        "autograd.record", "autograd.recording", "autograd.value",
    },
    "autograd.check": {
        "autograd.backprop", "autograd.check", "autograd.data", "autograd.table",
        "autograd.errors", "autograd.nests", "autograd.record", "autograd.recording",
        "autograd.transforms", "autograd.value",
    },
    "autograd.check.slopes": set(),
    "autograd.check.verdicts": set(),
    "autograd.check.catalogue": {
        "autograd.check.catalogue", "autograd.derivatives", "autograd.functions",
    },
    "autograd.testing": {"autograd"},
    "autograd.__main__": {"autograd.check", "autograd.show"},
    "autograd.show.supported": {"autograd.derivatives", "autograd.functions"},
    "autograd.scopes": {"autograd.record", "autograd.recording"},
    "autograd.show.expressions": {
        "autograd.derivatives", "autograd.functions", "autograd.value",
    },
    "autograd.show.drawing.layout": set(),
    "autograd.show.text.notation": set(),
    "autograd.show": {
        "autograd.backprop", "autograd.data", "autograd.derivatives", "autograd.errors",
        "autograd.functions", "autograd.scopes", "autograd.show", "autograd.value",
    },
    "nn": {"autograd", "nn"},
    "optim": {"autograd", "optim"}, "optim.optimizers": {"optim.optimizers"},
    "optim.schedules": {"optim.optimizers", "optim.schedules"}, "optim.data": {"optim.data"},
    "optim.diagnosis": {"optim.data", "optim.diagnosis"},
    "optim.training": {
        "autograd", "optim.data", "optim.diagnosis", "optim.optimizers", "optim.plots",
        "optim.training",
    },
    "optim.plots": set(), "optim.sklearn": {"nn", "optim.optimizers", "optim.training"},
}  # fmt: skip
THIRD_PARTY = {
    "autograd": {"numpy"}, "autograd.functions": {"numpy", "scipy"},
    "autograd.check.catalogue": {"numpy", "scipy"}, "autograd.testing": {"numpy", "hypothesis"},
    "autograd.derivatives.special": {"numpy", "scipy"},
    "autograd.show": {"numpy", "graphviz", "pygraphviz"},
    "nn": {"numpy"}, "nn.files": {"numpy", "safetensors"}, "nn.interchange": {"numpy", "torch"},
    "optim": {"numpy", "tqdm"}, "optim.plots": {"numpy", "matplotlib"},
    "optim.study.runs": {"numpy", "joblib", "threadpoolctl"}, "optim.sklearn": {"numpy", "sklearn"},
}  # fmt: skip


def module_files():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, path


def imports(path):
    tree = ast.parse(path.read_text("utf-8"))
    guarded = {
        id(n)
        for i in ast.walk(tree)
        if isinstance(i, ast.If) and "TYPE_CHECKING" in ast.dump(i.test)
        for n in ast.walk(i)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def room(name, rooms):
    """The longest of the rooms that the module is in."""
    return max((r for r in rooms if name == r or name.startswith(r + ".")), key=len, default=None)


@pytest.mark.parametrize(
    ("name", "path"), list(module_files()), ids=lambda x: x if isinstance(x, str) else ""
)
def test_imports_point_one_way(name, path):
    if name == "autograd":
        return  # the front door knows every room
    allowed = MAY_IMPORT[room(name, MAY_IMPORT)]
    others = THIRD_PARTY[room(name, THIRD_PARTY)]
    for imported in imports(path):
        top = imported.split(".")[0]
        if top in PACKAGES:
            assert room(imported, allowed) is not None, f"{name} imports {imported}"
            if name.split(".")[0] != top:
                assert imported == top, f"{name} reaches into {imported}: only public names"
        else:
            assert top in others or top in sys.stdlib_module_names, f"{name} imports {imported}"


def test_optimizers_know_no_engine():
    for path in (*ROOT.glob("optim/optimizers/*.py"), *ROOT.glob("optim/schedules/*.py")):
        assert not [i for i in imports(path) if i.startswith(("autograd", "nn"))], path


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


def test_importing_autograd_imports_no_drawing_no_checking_and_no_training():
    late = {"graphviz", "tqdm", "nn", "hypothesis", "autograd.check", "autograd.show"}
    code = f"import sys, autograd; print({late} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_files_stay_with_one_topic():
    long = {
        name: n
        for name, path in module_files()
        if (n := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}
