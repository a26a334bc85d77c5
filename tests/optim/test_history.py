"""History: the table of epochs, its best, its merging, and how it is shown and written."""

import csv
import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optim import History
from optim.plots import smoothed
from optim.training.history import sparkline

NAN, INF = math.nan, math.inf


def of(epochs=None, /, **measures):
    """A history of these lists."""
    history = History()
    for k, values in enumerate(zip(*measures.values(), strict=True)):
        history.append(
            dict(zip(measures, values, strict=True)),
            epoch=epochs[k] if epochs else None,
            updates=10 * (k + 1),
            seconds=0.5 * (k + 1),
        )
    return history


def test_what_was_not_measured_is_nan():
    h = History()
    h.append({"loss": 3}, updates=2, seconds=0.5)
    h.append(loss=np.float32(2), accuracy=0.5)
    h.append({"val_loss": 1.0}, epoch=7)
    h.add({"lr": 0.1, "loss": 1})
    h.append()
    np.testing.assert_equal(
        h.history,
        {
            "loss": [3, 2, 1, NAN],
            "accuracy": [NAN, 0.5, NAN, NAN],
            "val_loss": [NAN, NAN, 1, NAN],
            "lr": [NAN, NAN, 0.1, NAN],
        },
    )
    assert {type(x) for values in h.history.values() for x in values} == {float}
    assert h.epoch == [0, 1, 7, 8]
    assert h.updates == [2, 0, 0, 0]
    assert h.seconds[0] == 0.5
    np.testing.assert_equal(h.at(1), {"loss": 2, "accuracy": 0.5, "val_loss": NAN, "lr": NAN})


@pytest.mark.parametrize(
    ("measures", "name", "wanted"),
    [
        ({"loss": [3, 1, 2]}, None, (1, 1)),
        ({"loss": [1, 2, 3], "val_loss": [3, 2, 4]}, None, (1, 2)),
        ({"loss": [1, 2, 3], "val_loss": [3, 2, 4]}, "loss", (0, 1)),
        ({"accuracy": [0.1, 0.9, 0.3]}, "accuracy", (1, 0.9)),
        ({"val_r2": [-INF, -2, -3]}, "val_r2", (1, -2)),
        ({"mae": [3, 1, 1]}, "mae", (1, 1)),
        ({"f1": [1, 1, 0]}, "f1", (0, 1)),
        ({"loss": [NAN, INF, 2, NAN]}, "loss", (2, 2)),
        ({"precision": [NAN, 0.0, NAN]}, "precision", (1, 0)),
    ],
)
def test_best(measures, name, wanted):
    assert of(**measures).best(name) == wanted
    assert of([5, 6, 7, 8], **measures).best(name) == (wanted[0] + 5, wanted[1])


def test_best_of_nothing():
    for history, name, match in (
        (History(), None, "no 'loss'; it has no epochs"),
        (of(loss=[1]), "accuracy", "no 'accuracy'; it has loss"),
        (of(loss=[NAN, NAN]), None, "no 'loss'"),
    ):
        with pytest.raises(ValueError, match=match):
            history.best(name)


def test_merge_goes_on():
    first, later = of(loss=[5, 4, 3]), of([2, 3], loss=[2.5, 2], accuracy=[0.1, 0.2])
    first.step_losses, later.step_losses = list(range(30)), list(range(100, 120))
    first._steps, later._steps = [10, 20, 30], [10, 20]
    first.stopped, later.stopped = "early", "time"
    merged = first.merge(later)
    np.testing.assert_equal(
        merged.history, {"loss": [5, 4, 2.5, 2], "accuracy": [NAN, NAN, 0.1, 0.2]}
    )
    assert merged.epoch == [0, 1, 2, 3]
    assert merged.updates == [10, 20, 30, 40]
    assert merged.seconds == [0.5, 1, 1.5, 2]
    assert merged.step_losses == [*range(20), *range(100, 120)]
    assert merged.stopped == "time"
    assert first.history == {"loss": [5, 4, 3]}
    assert later.updates == [10, 20]


def test_merge_with_nothing_and_with_all_repeated():
    h = of(loss=[2, 1])
    for merged in (h.merge(History()), History().merge(h), of(loss=[9, 9]).merge(h)):
        assert merged.state_dict() == h.state_dict()
    assert len(History().merge(History())) == 0
    three = of(loss=[1]).merge(of([1], loss=[2])).merge(of([2], loss=[3]))
    assert three.updates == [10, 20, 30]


def test_merge_of_a_run_that_was_begun_again_in_the_middle():
    merged = of(loss=[5, 4, 3, 2]).merge(of([1], loss=[9]))
    assert merged.epoch == sorted(merged.epoch)
    assert merged.updates == sorted(merged.updates)


def test_state_dict_is_a_copy_both_ways():
    h = of(loss=[2, 1], accuracy=[0.5, NAN])
    h.step_losses, h.stopped = [1.0], "why"
    state, same = h.state_dict(), h.state_dict()
    other = History()
    other.load_state_dict(state)
    np.testing.assert_equal(vars(other), vars(h))
    h.append(loss=3)
    np.testing.assert_equal(state, same)
    other.append(loss=3)
    np.testing.assert_equal(state, same)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1)


COLUMNS = st.integers(1, 4).flatmap(
    lambda n: st.dictionaries(NAMES, st.lists(st.floats(), min_size=n, max_size=n), max_size=4)
)


@given(COLUMNS)
@example({"loss": [1.5, 0.1], 'val, "é"\n': [NAN, -INF]})
def test_to_csv_can_be_read_back(tmp_path_factory, columns):
    path, history = tmp_path_factory.getbasetemp() / "new" / "h.csv", of(**columns)
    history.to_csv(path)
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["epoch", "updates", "seconds", *history.history]
    assert [[int(a), int(b), float(c)] for a, b, c, *_ in rows] == [
        list(x) for x in zip(history.epoch, history.updates, history.seconds, strict=True)
    ]
    found = [[float(x) for x in row[3:]] for row in rows]
    np.testing.assert_equal(found, [list(history.at(k).values()) for k in range(len(history))])


def test_pandas_takes_it_as_a_table(tmp_path):
    pandas = pytest.importorskip("pandas")
    h = of(loss=[3, 2, 1], val_loss=[NAN, 2, NAN])
    h.append(accuracy=0.5)
    table = pandas.DataFrame(h.history, index=h.epoch)
    assert table.shape == (4, 3)
    assert table["val_loss"].count() == 1
    h.to_csv(tmp_path / "h.csv")
    read = pandas.read_csv(tmp_path / "h.csv", index_col="epoch")
    pandas.testing.assert_frame_equal(
        read[list(h.history)], table, check_names=False, check_index_type=False
    )


def test_repr():
    assert repr(History()) == "History(0 epochs)"
    assert (
        repr(of(loss=[1, 0.123456], r2=[0, NAN])) == "History(2 epochs; last: loss=0.1235, r2=nan)"
    )


class Cells(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.text = []
        self.feed(page)
        self.close()

    def handle_data(self, data):
        self.text.append(data)


ODD = '<b a="\'">&amp;'


@pytest.mark.parametrize(
    ("history", "lines", "text"),
    [
        (History(), 0, ["0 epochs"]),
        (of(loss=[2]), 1, ["loss", "2", "2", "2"]),
        (of(loss=[2, NAN, 1.23456]), 1, ["loss", "2", "1.235", "1.235"]),
        (of(accuracy=[0.5, 0.75, 0.25]), 1, ["accuracy", "0.5", "0.25", "0.75"]),
        (of(loss=[NAN, NAN]), 0, ["loss", "nan", "nan", "nan"]),
        (of(loss=[INF, -INF, NAN]), 0, ["loss", "inf", "nan", "-inf"]),
        (of(**{ODD: [1, 2], "r2": [1, INF]}), 2, [ODD, "1", "2", "1", "r2", "1", "inf", "inf"]),
    ],
)
def test_repr_html(history, lines, text):
    history.stopped = ODD
    page = history._repr_html_()
    shown = Cells(page)
    assert any(ODD in cell for cell in shown.text)
    assert re.search("\n".join(map(re.escape, text)), "\n".join(shown.text).replace(", ", "\n"))
    table = ElementTree.fromstring(page)
    assert len(table.findall("tr")) == 1 + len(history.history)
    assert len(table.findall(".//polyline")) == lines
    assert ODD not in page


@example([0.0, 1e-310])
@given(st.lists(st.floats(-1e300, 1e300) | st.sampled_from([NAN, INF, -INF]), max_size=30))
def test_sparklines_stay_in_their_frame(values):
    picture = sparkline(values, 100, 20)
    finite = [(k, v) for k, v in enumerate(values) if math.isfinite(v)]
    if not finite:
        assert picture == ""
        return
    line = ElementTree.fromstring(picture).find("polyline").get("points")
    points = [tuple(map(float, point.split(","))) for point in line.split()]
    assert len(points) == len(finite)
    for (x, y), (k, _) in zip(points, finite, strict=True):
        assert x == pytest.approx(2 + 96 * k / max(len(values) - 1, 1), abs=0.06)
        assert 2 <= y <= 18
    ys = [y for _, (_, y) in sorted(zip([v for _, v in finite], points, strict=True))]
    assert ys == sorted(ys, reverse=True)  # the larger, the higher


@given(
    st.lists(st.floats(-1e3, 1e3) | st.sampled_from([NAN, INF]), max_size=20), st.floats(0, 0.99)
)
def test_smoothed_is_a_weighted_mean(values, keep):
    for k, found in enumerate(smoothed(values, keep)):
        shown = [v for v in values[: k + 1] if math.isfinite(v)][::-1]
        weights = [keep**age for age in range(len(shown))]
        wanted = np.average(shown, weights=weights) if shown else NAN
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6, nan_ok=True)
    assert len(smoothed(values, keep)) == len(values)


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def labels(ax):
    return [line.get_label() for line in ax.lines if not line.get_label().startswith("_")]


def test_plot(pyplot):
    h = of(loss=[4, 3, 2, 1], val_loss=[5, 3, NAN, 4], accuracy=[0.1, 0.4, 0.3, 0.2])
    ax = pyplot.subplots()[1]
    assert h.plot(ax) is ax
    assert labels(ax) == ["training", "validation"]
    raw, strong = ax.lines[:2]
    assert (raw.get_xdata().tolist(), raw.get_ydata().tolist()) == ([1, 2, 3, 4], [4, 3, 2, 1])
    assert strong.get_ydata().tolist() == smoothed([4, 3, 2, 1], 0.6)
    assert raw.get_alpha() < 1
    assert [t.get_text() for t in ax.texts] == ["best: 3, epoch 2"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "linear")
    ax.figure.canvas.draw()

    ax = h.plot(measure="accuracy", smooth=0)
    assert labels(ax) == ["training"]
    assert [t.get_text() for t in ax.texts] == ["best: 0.4, epoch 2"]
    assert ax.lines[0].get_ydata().tolist() == h.history["accuracy"]
    assert labels(h.plot(measure="val_loss")) == ["validation"]


def test_plot_of_few_of_large_and_of_no_numbers(pyplot):
    for values, scale in (
        ([1000, 1], "log"),
        ([1000, 0], "linear"),
        ([1.5], "linear"),
        ([NAN, NAN], "linear"),
        ([INF, 2.0, NAN, -INF], "linear"),
    ):
        ax = of(loss=values).plot()
        assert ax.get_yscale() == scale
        ax.figure.canvas.draw()
    assert of(loss=[1]).plot().lines[1].get_marker() == "o"
    assert of(mae=[1000, 1]).plot(measure="mae").get_yscale() == "linear"


def test_plot_errors(pyplot):
    for smooth in (1, -0.1, NAN):
        with pytest.raises(ValueError, match="at least 0 and below 1"):
            of(loss=[1]).plot(smooth=smooth)
    with pytest.raises(ValueError, match="no 'f1'; it has loss"):
        of(loss=[1]).plot(measure="f1")
    with pytest.raises(ValueError, match="no epochs"):
        History().plot()
