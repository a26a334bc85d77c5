"""Every function of NumPy is classified, and the page that says so is the table's."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import NotDifferentiable, Value
from autograd.__main__ import main
from autograd.check.catalogue import CALLS, ELEMENTWISE
from autograd.naming import name_of
from autograd.show import supported
from autograd.table import about_of

PAGE = Path(__file__).parent.parent.parent / "SUPPORTED.md"
ENTRIES = supported.entries()

# What HIPS autograd 1.9.1 and MyGrad 2.5.0 differentiate, internal helpers left out.
NEIGHBOURS = """
abs absolute acos acosh add amax amin angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh
array_split asin asinh astype atan atan2 atanh atleast_1d atleast_2d atleast_3d broadcast_to clip
conj conjugate cos cosh cross cumsum deg2rad degrees diag diagonal diff divide dot dsplit einsum
exp exp2 expand_dims expm1 fabs fliplr flipud fmax fmin gradient hsplit hypot imag inner kron
linspace log log10 log1p log2 logaddexp logaddexp2 matmul max maximum min minimum mod moveaxis
multiply nan_to_num negative outer pad partition permute_dims pow power prod rad2deg radians ravel
real real_if_close reciprocal remainder repeat reshape roll rollaxis rot90 sin sinc sinh sort split
sqrt square squeeze subtract sum swapaxes tan tanh tensordot tile trace transpose tril triu
true_divide vsplit where concatenate stack mean var std
linalg.norm linalg.cholesky linalg.det linalg.eig linalg.eigh linalg.inv linalg.pinv
linalg.slogdet linalg.solve linalg.svd fft.fft fft.fft2 fft.fftn fft.fftshift fft.ifft fft.ifft2
fft.ifftn fft.ifftshift fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn
cbrt positive cumprod full_like
"""


def test_every_function_of_numpy_is_classified():
    """This fails when a new NumPy has a function that nobody has looked at."""
    unclassified = [e.names for e in ENTRIES if e.status == supported.UNCLASSIFIED]
    assert unclassified == []


def test_all_that_the_neighbours_differentiate():
    status = {name: e.status for e in ENTRIES for name in e.names}
    missing = {
        name
        for name in NEIGHBOURS.split()
        if status.get(f"np.{name}") != supported.DIFFERENTIABLE and hasattr(np, name.split(".")[0])
    }
    assert missing == set()


def rows(text):
    """Each name of the page, with what stands about it."""
    found = {}
    section = ""
    for line in text.splitlines():
        section = line if line.startswith("## ") else section
        if line.startswith("| `"):
            names, *cells = line.strip("| ").split(" | ")
            found |= dict.fromkeys(re.findall("`(.+?)`", names), (section, *cells))
        elif line.startswith("`"):
            found |= dict.fromkeys(re.findall("`(.+?)`", line), (section,))
    return found


def test_the_page_is_the_tables():
    written, now = rows(PAGE.read_text("utf-8")), rows(supported.page(ENTRIES))
    assert len(now) > 400
    for gone in ("np.in1d", "np.trapz"):  # names that newer NumPys have dropped
        now.pop(gone, None)
    assert {name: row for name, row in now.items() if written.get(name) != row} == {}


def test_what_is_refused_says_why():
    for entry in ENTRIES:
        if entry.status == supported.REFUSES and entry.names[0].count(".") == 1:
            fn = getattr(np, entry.names[0].removeprefix("np."))
            if fn is np.copyto or entry.names[0].startswith("np.lib"):
                continue
            with pytest.raises(NotDifferentiable, match=re.escape(name_of(fn))):
                Value([1.0]).__array_function__(fn, (Value,), (Value([1.0]),), {})


def test_orders_are_those_that_the_tests_go_to():
    """The tests of elementwise functions read the order from the table; other rows go to 2."""
    tested = {fn for fn in CALLS if fn not in ELEMENTWISE}
    stated = {name_of(fn): about_of(fn).orders for fn in tested}
    assert {name: n for name, n in stated.items() if n > 2} == dict.fromkeys(
        ("np.cumprod", "np.nancumprod", "np.nanprod", "np.prod"), 3
    )


def test_the_command(capsys):
    assert main(["supported", "np.tanh"]) == 0
    assert capsys.readouterr().out.startswith("np.tanh: differentiable, to every order (tested: 3)")
    assert main(["supported", "linalg.det"]) == 0
    assert "cofactors" in capsys.readouterr().out
    assert main(["supported", "put"]) == 0
    assert "np.put: refused" in capsys.readouterr().out
    assert main(["supported", "meddian"]) == 1
    assert "Did you mean np.median" in capsys.readouterr().err
    assert main(["supported"]) == 0
    assert re.search(r"^np\.argmax +no derivative$", capsys.readouterr().out, re.MULTILINE)


def test_the_command_from_outside():
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "supported", "--markdown"],
        cwd=PAGE.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("# What is supported")
