"""HIPS autograd, installed into the same folder, must not be taken for us in silence."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("autograd", "nn", "optim")


def run(python, code, cwd):
    return subprocess.run([python, "-c", code], cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def site(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


def test_ours_over_theirs_warns(site):
    (site / "autograd" / "tracer.py").write_text("")
    done = run(sys.executable, "import autograd", site)
    assert done.returncode == 0
    assert "RuntimeWarning" in done.stderr
    assert "separate environments" in done.stderr


@pytest.mark.parametrize("package", ["nn", "optim"])
def test_theirs_over_ours_is_an_import_error(site, package):
    (site / "autograd" / "__init__.py").write_text("def grad(f): ...")
    done = run(sys.executable, f"import {package}", site)
    assert done.stderr.splitlines()[-1].startswith("ImportError: ")
    assert "HIPS" in done.stderr
    assert "pip uninstall autograd" in done.stderr


def test_alone_there_is_no_warning(site):
    done = run(sys.executable, "import autograd, nn, optim", site)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("order", ["theirs first", "ours first"])
def test_the_real_distributions(tmp_path, order):
    """Both orders of installation, with pip and the real HIPS autograd."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    source = tmp_path / "source"
    source.mkdir()
    for name in (*PACKAGES, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    theirs, ours = "autograd==1.9.1", str(source)
    for wanted in (theirs, ours) if order == "theirs first" else (ours, theirs):
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", wanted],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        if done.returncode and wanted == theirs:
            pytest.skip(f"pip cannot install HIPS autograd here: {done.stderr[-200:]}")
        assert done.returncode == 0, done.stderr
    if order == "theirs first":
        done = run(python, "import autograd; print(autograd.Value(1.0))", tmp_path)
        assert done.stdout.strip() == "Value(1.0)"
        assert "RuntimeWarning" in done.stderr
        assert "separate environments" in done.stderr
    else:
        done = run(python, "import nn", tmp_path)
        assert "ImportError: nn needs valuegrad" in done.stderr
