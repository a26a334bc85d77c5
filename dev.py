"""Set up and run this project with Python alone: the environment is made in .venv when needed.

python3 dev.py demo     train a network on handwritten digits by the three gradient descents
python3 dev.py test     run the tests (more arguments go to pytest)
python3 dev.py check    lint, format, types, spelling
python3 dev.py fix      let the linter and the formatter repair what they can
python3 dev.py bench    speed, as ratios to the neighbours (installs PyTorch and others)
python3 dev.py bench each  what the gradient of each function costs, as a ratio to the function
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SOURCES = ["autograd", "nn", "optim", "tests", "examples", "dev.py", "pytest_valuegrad.py"]


def run(*command: object, quiet: bool = False) -> int:
    """Run a command in the project's folder; if quiet, its output is shown only when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if quiet and done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode


def environment(name: str, *requirements: str) -> Path:
    """The Python of an environment with this project and the requirements, made when needed."""
    folder = ROOT / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    recipe = "".join((ROOT / file).read_text("utf-8") for file in ("setup.cfg", "pyproject.toml"))
    wanted = hashlib.sha256(f"{recipe}{sys.version}".encode()).hexdigest()
    stamp = folder / "installed.txt"
    noted = stamp.read_text("utf-8").split("\n") if stamp.exists() else []
    installed = set(noted[1:]) if noted[:1] == [wanted] else set()
    missing = [requirement for requirement in requirements if requirement not in installed]
    if python.exists() and not missing and installed:
        return python

    print(f"Setting up {folder.name}: {', '.join(missing)} ...", flush=True)
    pip: list[object] = [python, "-m", "pip"]
    if importlib.util.find_spec("ensurepip"):
        if not python.exists():
            venv.create(folder, with_pip=True)
    elif importlib.util.find_spec("pip"):  # Debian without python3-venv: its pip serves ours
        if not python.exists():
            venv.create(folder, with_pip=False)
        pip = [sys.executable, "-m", "pip", "--python", python]
    else:
        sys.exit("Python's venv module is incomplete here. On Debian: apt install python3-venv")
    command = [*pip, "install", "--disable-pip-version-check"]
    # editable_mode=compat, because type checkers do not see the packages otherwise
    command += ["--config-settings", "editable_mode=compat"]
    for requirement in missing:
        command += ["-e", requirement] if requirement.startswith(".") else [requirement]
    if run(*command, quiet=True):
        sys.exit("pip could not install the project; its messages are above.")
    stamp.write_text("\n".join([wanted, *sorted(installed | set(missing))]), "utf-8")
    return python


def demo(*arguments: str) -> int:
    return run(environment(".venv", ".[examples]"), "examples/digits.py", *arguments)


def test(*arguments: str) -> int:
    python = environment(
        ".venv", ".[test]", ".[examples]", ".[browser]", "pandas>=2.2", "pytest-xdist>=3.5"
    )
    return run(python, "-m", "pytest", "--timeout=300", "-n", "auto", *arguments)


def check() -> int:
    python = environment(".venv", ".[dev]", ".[test]", ".[examples]")
    return max(
        run(python, "-m", "ruff", "check", *SOURCES),
        run(python, "-m", "ruff", "format", "--check", *SOURCES),
        run(python, "-m", "mypy"),
        run(python, "-m", "codespell_lib"),
    )


def fix() -> int:
    python = environment(".venv", ".[dev]", ".[test]", ".[examples]")
    return max(
        run(python, "-m", "ruff", "check", "--fix", *SOURCES),
        run(python, "-m", "ruff", "format", *SOURCES),
    )


def bench(*arguments: str) -> int:
    neighbours = ("torch==2.13.0", "micrograd==0.1.0")
    environment(".venv-hips", "autograd==1.9.1", "scipy")  # apart: its package has our name
    python = environment(".venv-bench", ".", ".[browser]", *neighbours)
    return run(python, "tests/benchmarks/run.py", *arguments)


COMMANDS = {"demo": demo, "test": test, "check": check, "fix": fix, "bench": bench}

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts this may have an older one)
        sys.exit(f"valuegrad needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
