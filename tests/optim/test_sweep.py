"""sweep: fair runs, tidy rows, comparisons, plots, processes, and a file to go on with."""

import copy
import math

import numpy as np
import pytest

import nn
import optim
from nn import randomness

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))
QUIET = {"epochs": 2, "repeats": 2, "verbose": 0}


def build(rng, width=4, drop=0.0):
    drops = [nn.Dropout(drop)] if drop else []  # without rng
    model = nn.Sequential(
        nn.Linear(3, width, rng=rng), nn.Tanh(), *drops, nn.Linear(width, 1, rng=rng)
    )
    return optim.Trainer(
        model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1), metrics=["mae", "r2"]
    )


def plain(result):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in result]


@pytest.fixture(scope="module")
def result():
    return optim.sweep(
        build, X, Y, width=[2, 8], batch_size=[8, None], validation_data=(X[:9], Y[:9]), **QUIET
    )


def test_rows(result):
    assert len(result) == 8
    assert result.settings == ["width", "batch_size"]
    places = [(row["width"], row["batch_size"], row["repeat"]) for row in result]
    assert places == [(w, b, r) for w in (2, 8) for b in (8, None) for r in (0, 1)]
    for row in result:
        assert {"loss", "mae", "val_loss", "val_mae", "seconds", "stopped"} <= row.keys()
        assert row["epochs"] == 2
        assert row["updates"] == 2 * (6 if row["batch_size"] else 1)
        assert row["seconds"] > 0
        assert row["stopped"] is None
        assert [len(values) for values in row["history"].values()] == [2] * 6
        assert all(row[name] == values[-1] for name, values in row["history"].items())
    assert result[0] is next(iter(result))
    assert len(result[2:4]) == 2
    assert repr(result) == "<Sweep of 8 runs over width, batch_size>"


def test_rows_are_a_data_frame(result):
    pandas = pytest.importorskip("pandas")
    for made in (pandas.DataFrame(result), pandas.DataFrame(list(result))):
        assert list(made["loss"]) == [row["loss"] for row in result]
        assert made["width"].tolist() == [2, 2, 2, 2, 8, 8, 8, 8]


def test_combinations_begin_equally_and_see_an_equal_order():
    seen = {}

    class Looks(optim.Trainer):
        def train_on_batch(self, x, y=None, sample_weight=None):
            _, order = seen[self.key][-1]
            order += x[:, 0].tolist()
            return super().train_on_batch(x, y, sample_weight)

    def looking(rng, kind):
        made = build(rng)
        trainer = Looks(made.model, made.loss, made.optimizer)
        trainer.key = kind
        weights = np.concatenate([p.data.ravel() for p in made.model.parameters()]).tolist()
        seen.setdefault(kind, []).append((weights, []))
        return trainer

    optim.sweep(looking, X, Y, kind=["a", "b"], batch_size=[5, 16], lr=[0.1, 0.01], **QUIET)
    runs = [run for kind in seen.values() for run in kind if run[1]]
    assert len(runs) == 16
    assert sorted({len(order) for _, order in runs}) == [96]
    weights, orders = ({tuple(run[k]) for run in runs} for k in (0, 1))
    assert len(weights) == len(orders) == 2  # one for each repeat
    assert all(order[:48] != order[48:] for order in orders)


def test_seeds():
    first, same, other = (
        plain(optim.sweep(build, X, Y, lr=[0.1], rng=seed, **QUIET)) for seed in (0, 0, 1)
    )
    assert first == same
    assert first[0]["loss"] != first[1]["loss"]  # of two repeats
    assert first[0]["loss"] != other[0]["loss"]


def test_lr_is_set_where_build_does_not_take_it():
    result = optim.sweep(build, X, Y, lr=[1e-12, 0.1], epochs=3, repeats=1, verbose=0)
    still, moved = (row["history"]["loss"] for row in result)
    assert still[0] == pytest.approx(still[2], rel=1e-6)
    assert moved[2] < 0.95 * moved[0]


def test_summary_and_best(result):
    for row, k in zip(result.summary("mae"), range(0, 8, 2), strict=True):
        values = [result[k]["mae"], result[k + 1]["mae"]]
        assert row["width"] == result[k]["width"]
        assert row["mean"] == pytest.approx(np.mean(values))
        assert row["std"] == pytest.approx(np.std(values))
        assert (row["min"], row["max"]) == (min(values), max(values))
        seconds = [result[k]["seconds"], result[k + 1]["seconds"]]
        assert row["seconds"] == pytest.approx(np.mean(seconds))
    for measure, choose in ((None, min), ("mae", min), ("r2", max), ("val_r2", max)):
        means = [row["mean"] for row in result.summary(measure)]
        assert result.best(measure)["mean"] == choose(means)
    assert result.best() == result.best("val_loss")
    with pytest.raises(ValueError, match="no run measured 'f1'; there are width"):
        result.best("f1")


def test_texts(result):
    lines = str(result).splitlines()
    assert lines[0].split() == ["width", "batch_size", "val_loss", "±", "seconds"]
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    best = result.best()
    assert f"{best['mean']:.4g}" in str(result)
    page = result._repr_html_()
    assert page.count("<tr>") == page.count("</tr>") == 5
    assert page.count("<th>") == 5
    assert page.count("<td>") == 20
    odd = optim.Sweep([{"kind": "<b>", "loss": 1.0, "seconds": 1.0}], ["kind"], [{}])
    assert "&lt;b&gt;" in odd._repr_html_()


@pytest.mark.parametrize("x", ["epoch", "updates", "seconds"])
def test_plot(result, x):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    bands = {}
    for band in (True, False):
        axes = pyplot.figure().gca()
        assert result.plot(axes, x=x, band=band) is axes
        lines = [line for line in axes.lines if len(line.get_xdata()) == 2]
        assert len(lines) == 4
        means = np.mean([row["history"]["val_loss"] for row in result[:2]], axis=0)
        np.testing.assert_allclose(lines[0].get_ydata(), means)
        across = {"epoch": [1, 2], "updates": [6, 12]}.get(x, lines[0].get_xdata())
        np.testing.assert_array_equal(lines[0].get_xdata(), across)
        assert "width=2, batch_size=8" in axes.get_legend_handles_labels()[1]
        bands[band] = len(axes.collections)
        axes.figure.canvas.draw()
    assert bands == {True: 4, False: 0}
    pyplot.close("all")
    with pytest.raises(ValueError, match="x is 'steps'"):
        result.plot(x="steps")
    with pytest.raises(ValueError, match="no run measured 'f1'"):
        result.plot(y="f1")


def test_divergent_runs_do_not_stop_the_others():
    given = {"validation_data": (X, Y), **QUIET}
    with np.errstate(all="ignore"):
        result = optim.sweep(
            lambda rng: optim.Trainer(
                m := nn.Linear(3, 1, rng=rng), nn.mse_loss, optim.SGD(m.parameters())
            ),
            *(X, Y),
            **{"lr": [1e200, 0.1], **given},
        )
    assert [math.isinf(row["loss"]) for row in result] == [True, True, False, False]
    assert [math.isinf(row["val_loss"]) for row in result] == [True, True, False, False]
    assert "the loss is" in result[0]["stopped"] or "a weight is" in result[0]["stopped"]
    assert result.best()["lr"] == 0.1
    assert "inf" in str(result)


def test_processes_give_the_same_rows():
    pytest.importorskip("joblib")
    pytest.importorskip("threadpoolctl")
    one, two = (
        optim.sweep(build, X, Y, drop=[0.0, 0.3], batch_size=[8, None], processes=n, **QUIET)
        for n in (1, 2)
    )
    assert plain(one) == plain(two)


def test_dropout_without_rng_is_reproducible_and_leaves_the_default_generator():
    before = copy.deepcopy(randomness.generator().bit_generator.state)
    first, second = (plain(optim.sweep(build, X, Y, drop=[0.2, 0.5], **QUIET)) for _ in range(2))
    assert first == second
    assert first[0]["loss"] != first[2]["loss"]
    assert randomness.generator().bit_generator.state == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("cut", ["", '{"key": {"wid', '{"key": 1}'])
def test_an_interrupted_sweep_goes_on(tmp_path, error, cut):
    path, count, fails = tmp_path / "new" / "runs.jsonl", [0], [True]

    class Fails(optim.Trainer):
        def fit(self, *arguments, **settings):
            count[0] += 1
            if fails[0] and count[0] == 6:
                raise error
            return super().fit(*arguments, **settings)

    def failing(rng, width):
        made = build(rng, width)
        return Fails(made.model, made.loss, made.optimizer, metrics=["mae", "r2"])

    settings = {"width": [2, 4], "batch_size": [8, None], "path": path, **QUIET}
    with pytest.raises(error):
        optim.sweep(failing, X, Y, **settings)
    with path.open("a") as file:
        file.write(cut)
    count[0], fails[0] = 0, False
    result = optim.sweep(failing, X, Y, **settings)
    assert count == [3]  # of 8
    assert plain(result) == plain(optim.sweep(build, X, Y, **{**settings, "path": None}))
    again = optim.sweep(failing, X, Y, **settings)
    assert count == [3]
    assert list(again) == list(result)


@pytest.mark.parametrize(
    "other", [{"epochs": 3}, {"rng": 1}, {"x": X + 1}, {"y": -Y}, {"fit": {"shuffle": False}}]
)
def test_a_file_of_another_sweep_is_refused(tmp_path, other):
    given = {"build": build, "x": X, "y": Y, "lr": [0.1], "path": tmp_path / "a", **QUIET}
    optim.sweep(**given)
    kept = given["path"].read_bytes()
    with pytest.raises(ValueError, match="of another sweep, or of other data"):
        optim.sweep(**{**given, **other})
    assert given["path"].read_bytes() == kept
    (tmp_path / "b").write_text("notes of mine")
    with pytest.raises(ValueError, match="no file of a sweep"):
        optim.sweep(**{**given, "path": tmp_path / "b"})
    assert (tmp_path / "b").read_text() == "notes of mine"


@pytest.mark.parametrize("other", ["validation_data", "more widths"])
def test_what_else_may_differ(tmp_path, other):
    given = {"width": [2], "path": tmp_path / "a", **QUIET}
    optim.sweep(build, X, Y, **given)
    if other == "more widths":
        assert len(optim.sweep(build, X, Y, **{**given, "width": [2, 3], "repeats": 3})) == 6
    else:  # rows without val_loss are no rows of this sweep
        with pytest.raises(ValueError, match="of another sweep"):
            optim.sweep(build, X, Y, validation_data=(X, Y), **given)


@pytest.mark.parametrize(
    ("made", "settings", "error", "match"),
    [
        (build, {"depth": [1]}, TypeError, "no parameter 'depth'; it has rng, width"),
        (build, {"width": 8}, TypeError, "width is a list of values to compare, not 8"),
        (build, {"width": "ab"}, TypeError, "width is a list"),
        (build, {"width": []}, ValueError, "width is empty"),
        (build, {"epochs": 0}, ValueError, "epochs is 0"),
        (build, {"repeats": True}, ValueError, "repeats is True"),
        (build, {"processes": 0}, ValueError, "processes is 0"),
        (build, {"fit": {"rng": 1}}, TypeError, "rng is a setting of the sweep itself"),
        (build, {"rng": np.random.default_rng()}, TypeError, "needs a seed"),
        (lambda: build(0), {}, TypeError, "build must take rng"),
        ("build", {}, TypeError, "a function that makes a Trainer, not 'build'"),
        (lambda rng: 3, {}, TypeError, "returned a int, not a Trainer"),
        (lambda rng: build(None), {}, ValueError, r"other weights, \S+, from an equal generator"),
    ],
)
def test_refusals(made, settings, error, match):
    with pytest.raises(error, match=match):
        optim.sweep(made, X, Y, **{**QUIET, **settings})
