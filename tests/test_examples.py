"""The README's first example and the examples run as printed."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
TEXTS = re.findall(r"```text\n(.*?)```", README, re.DOTALL)


def run(path, cwd):
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, path], cwd=cwd, env=env, capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def test_the_first_example_is_the_file_and_prints_what_it_says(capsys):
    example = (ROOT / "examples" / "value.py").read_text("utf-8")
    assert example.split('"""\n\n', 1)[1] == BLOCKS[0]
    exec(compile(BLOCKS[0], "README", "exec"), {})
    printed = capsys.readouterr().out.split()
    assert printed == re.findall(r"# (-?[\d.]+),", BLOCKS[0])


@pytest.mark.parametrize(
    "block", BLOCKS[1:], ids=["differentiate", "vectors", "see", "check", "train"]
)
def test_the_other_blocks_run(block, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"np": np}
    if "scipy" in block:
        pytest.importorskip("scipy")
    exec(compile(block, "README", "exec"), names)
    if "history" in names:
        assert names["history"].history["loss"][-1] < 1e-2  # without a seed
    elif "steps" in names:
        assert capsys.readouterr().out == TEXTS[0]
        assert sorted(os.listdir()) == ["backprop.html", "backprop.svg"]
    elif "report" in names:
        assert capsys.readouterr().out == TEXTS[1]
    elif "unravel" in names:
        found = names["minimize"](names["value_and_grad"](names["loss"]), names["x0"], jac=True)
        np.testing.assert_allclose(found.x, [1, 2, 0], atol=1e-6)
    else:
        np.testing.assert_allclose(
            names["grad"](names["energy"])(np.array([0.0, 1.0])), [0, 0.5**0.5]
        )


def test_the_page_on_checking_gradients(capsys):
    page = (ROOT / "docs" / "checking-gradients.md").read_text("utf-8")
    blocks = re.findall(r"```(python|text)\n(.*?)```", page, re.DOTALL)
    names = {}
    for language, block in blocks:
        if language == "text":
            assert capsys.readouterr().out == block
        else:
            exec(compile(block, "checking-gradients.md", "exec"), names)
            for call, said in re.findall(r"^(\w.*?)  # (energy: .*)$", block, re.MULTILINE):
                assert str(eval(call, names)) == said
    assert capsys.readouterr().out.splitlines()[-1] == "3.0"


def run_page(page, names, capsys):
    """Execute the blocks of a page one after the other; what they print is the text after them."""
    for language, block in re.findall(r"```(python|text)\n(.*?)```", page, re.DOTALL):
        if language == "text":
            assert capsys.readouterr().out == block
        else:
            exec(compile(block, "page", "exec"), names)


def test_the_page_on_seeing_backprop(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "seeing-backprop.md").read_text("utf-8")
    run_page(page, {}, capsys)
    pictures = ["backprop.html", "folded.svg", "live.html", "neuron.svg", "shares.svg"]
    assert sorted(os.listdir()) == pictures
    for picture in re.findall(r"\]\(\.\./(.*?\.svg)\)", page):
        assert (ROOT / picture).exists()


def test_the_page_on_training(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    run_page((ROOT / "docs" / "training.md").read_text("utf-8"), names, capsys)
    assert sorted(os.listdir()) == ["log.csv", "run.npz"]
    assert len(names["history"]) == len(names["run"]()[1]) == 3


def test_the_page_on_networks(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page((ROOT / "docs" / "networks.md").read_text("utf-8"), {}, capsys)
    assert os.listdir() == ["lenet.npz"]


def last_numbers(example, cwd):
    """The numbers at the end of its last lines, the last one first."""
    lines = run(ROOT / "examples" / example, cwd).splitlines()
    return [float(n) for line in lines[::-1] for n in re.findall(r": (-?[\d.]+)", line)]


@pytest.mark.parametrize(
    ("example", "reached", "pictures"),
    [
        pytest.param("lenet_digits.py", lambda right: right >= 98.5, [], marks=pytest.mark.slow),
        pytest.param(
            "char_gpt.py", lambda gpt, trigrams: gpt < trigrams - 0.3, [], marks=pytest.mark.slow
        ),
        ("lstm_text.py", lambda lstm, bigrams: lstm > bigrams + 2, []),
        pytest.param(
            "autoencoder.py",
            lambda network, linear: network < 0.6 * linear,
            ["reconstructions.png"],
            marks=pytest.mark.slow,
        ),
        ("vae_digits.py", lambda like, kinds: like >= 45 and kinds >= 9, ["made_up_digits.png"]),
        pytest.param(
            "physics.py", lambda off: off < 0.01, ["pendulum.png"], marks=pytest.mark.slow
        ),
    ],
)
def test_a_network_reaches_what_its_page_says(example, reached, pictures, tmp_path):
    if example != "lstm_text.py" and example != "char_gpt.py":
        pytest.importorskip("sklearn")
        pytest.importorskip("matplotlib")
    numbers = last_numbers(example, tmp_path)
    assert reached(*numbers[: reached.__code__.co_argcount])
    written = tmp_path / "out"
    assert [path.name for path in written.glob("*")] == pictures


def test_the_gallery_is_what_the_program_draws(tmp_path):
    printed = run(ROOT / "examples" / "gallery.py", tmp_path).splitlines()
    assert printed[-1] == "7 pictures"
    stored = sorted((ROOT / "examples" / "gallery").glob("*.svg"))
    assert [path.name for path in stored] == sorted(p.name for p in tmp_path.glob("out/*.svg"))
    for path in stored:
        assert path.read_text("utf-8") == (tmp_path / "out" / path.name).read_text("utf-8")
        assert f"examples/gallery/{path.name}" in README


def test_neuron(tmp_path):
    assert run(ROOT / "examples" / "neuron.py", tmp_path).splitlines()[-1] == "o = 0.7071"


def test_moons(tmp_path):
    last = run(ROOT / "examples" / "moons.py", tmp_path).splitlines()[-1]
    assert float(last.split("accuracy ")[1].rstrip("%")) >= 99


def test_one_weight(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    last = run(ROOT / "examples" / "one_weight.py", tmp_path).splitlines()[-1]
    assert last.startswith("after 12 steps: w = 2.958 and 3.035 with lr=0.3")
    assert (tmp_path / "out" / "one_weight.png").stat().st_size > 1000


def needs_sets_and_pictures():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")


def test_three_descents(tmp_path):
    needs_sets_and_pictures()
    lines = run(ROOT / "examples" / "three_descents.py", tmp_path).splitlines()
    rows = {line.split()[0]: line.split()[-3:] for line in lines[1:4]}
    updates, rises, losses = zip(
        *(rows[n] for n in ("stochastic", "mini-batch", "batch")), strict=True
    )
    assert updates == ("569", "18", "1")
    assert float(rises[0].rstrip("%")) > 30 > 10 > float(rises[1].rstrip("%"))
    assert rises[2] == "0%"
    assert float(losses[0]) < float(losses[1]) < float(losses[2])
    assert (tmp_path / "out" / "three_descents.png").stat().st_size > 1000


def test_learning_rates(tmp_path):
    needs_sets_and_pictures()
    lines = run(ROOT / "examples" / "learning_rates.py", tmp_path).splitlines()
    losses = {float(line.split()[0]): float(line.split()[1]) for line in lines[1:6]}
    assert losses[0.001] > 0.4 > 0.3 > losses[0.01] > losses[0.1]
    assert losses[10.0] == float("inf")
    assert lines[-1].endswith("best of all was 0.1")
    assert 0.05 < float(lines[-1].split()[4].rstrip(";")) < 2


def test_batch_sizes_of_one_seed(monkeypatch):
    """What the comparison is for, in short: small batches fall fastest, 16 and 32 are good."""
    needs_sets_and_pictures()
    monkeypatch.syspath_prepend(ROOT / "examples")
    sizes = runpy.run_path(str(ROOT / "examples" / "batch_sizes.py"))
    result = sizes["compare"](*sizes["data"]()["digits"], epochs=8, repeats=2, verbose=0)
    losses = {row["batch_size"]: row["mean"] for row in result.summary("loss")}
    assert result.best()["batch_size"] in (16, 32)
    assert losses[16] < losses[32] < losses[64] < losses[256] < losses[None]


@pytest.mark.slow
def test_batch_sizes(tmp_path):
    needs_sets_and_pictures()
    lines = run(ROOT / "examples" / "batch_sizes.py", tmp_path).splitlines()
    assert sum(line.startswith("best by validation loss: batch_size=") for line in lines) == 2
    assert all(
        size in ("16", "32") for size in re.findall(r"loss: batch_size=(.*)", "\n".join(lines))
    )
    assert (tmp_path / "out" / "batch_sizes.png").stat().st_size > 1000


@pytest.fixture
def digits(monkeypatch):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.syspath_prepend(ROOT / "examples")
    return runpy.run_path(str(ROOT / "examples" / "digits.py"))


def test_mini_batches_learn_the_digits(digits):
    rows = [
        digits["train"]("mini-batch", digits["network"](seed), seed, verbose=0) for seed in range(5)
    ]
    assert np.mean([row["accuracy"] for row in rows]) >= 0.97
    assert {row["updates"] for row in rows} == {45}


@pytest.mark.slow
def test_the_demo(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    digits["main"]()
    shown = capsys.readouterr().out
    table = {line.split()[0]: line.split() for line in shown.splitlines() if line.endswith("%")}
    assert [table[name][1] for name in ("stochastic", "mini-batch", "batch")] == ["1437", "45", "1"]
    assert all(float(row[-1].rstrip("%")) > 95 for row in table.values())
    for name in ("descents.png", "neuron.svg"):
        assert (tmp_path / "out" / name).stat().st_size > 1000
        assert name in shown
