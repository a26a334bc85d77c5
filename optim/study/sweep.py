"""sweep: the same model trained with several settings, and again with other seeds."""

import copy
import html
import inspect
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from tqdm import tqdm

from optim.plots import plot_bands
from optim.study.runs import Ledger, runs_in
from optim.training import NonFiniteLoss, Trainer
from optim.training.known_metrics import larger_is_better

__all__ = ["Sweep", "sweep"]

Row = dict[str, Any]


class Sweep(Sequence[Row]):
    """The runs of a sweep as a tidy table: a row, a dict, for each; `pandas.DataFrame(result)`.

    In a row stand the settings, "repeat", the measures at the end of the last epoch ("loss",
    "val_loss" …), "epochs", "updates", "seconds", "stopped" (why it ended early, or None) and
    "history", the History's dict. A run whose loss became not finite has the loss inf.

    settings: the names of what was varied.

    >>> row = {"lr": 0.1, "repeat": 0, "loss": 0.5, "seconds": 1.0, "history": {"loss": [0.5]}}
    >>> curve = {"epoch": [1], "updates": [8], "seconds": [1.0]}
    >>> print(Sweep([row], ["lr"], [curve]))
     lr  loss  ±  seconds
    0.1   0.5  0     1.00
    """

    def __init__(self, rows: Sequence[Row], settings: Sequence[str], curves: Sequence[Row]) -> None:
        self.rows, self.settings = list(rows), list(settings)
        self._curves = list(curves)

    @overload
    def __getitem__(self, k: int) -> Row: ...
    @overload
    def __getitem__(self, k: slice) -> list[Row]: ...
    def __getitem__(self, k: Any) -> Any:
        return self.rows[k]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def summary(self, measure: str | None = None) -> list[Row]:
        """A row for each combination: its settings, mean, std, least and most over the repeats."""
        measure = measure or self._measure()
        found = []
        for label, places in self._groups().items():
            values = np.array([self.rows[k].get(measure, math.nan) for k in places], float)
            settings = {name: self.rows[places[0]][name] for name in self.settings}
            finite = bool(np.isfinite(values).all())
            found.append(
                {
                    **settings,
                    "label": label,
                    "mean": float(values.mean()),
                    "std": float(values.std()) if finite else math.nan,
                    "min": float(values.min()),
                    "max": float(values.max()),
                    "seconds": float(np.mean([self.rows[k]["seconds"] for k in places])),
                }
            )
        return found

    def best(self, measure: str | None = None) -> Row:
        """The combination that is best in the mean over its repeats: its row of the summary.

        measure: by default "val_loss", or "loss" without validation data. Best is largest for
        accuracies and their like, and otherwise smallest.
        """
        measure = measure or self._measure()
        if all(measure not in row for row in self.rows):
            raise ValueError(f"no run measured {measure!r}; there are {', '.join(self.rows[0])}.")
        sign = -1 if larger_is_better(measure) else 1
        worst = math.inf
        return min(
            self.summary(measure),
            key=lambda row: sign * row["mean"] if math.isfinite(row["mean"]) else worst,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        x: str = "epoch",
        y: str | None = None,
        band: bool = True,
    ) -> Any:
        """The mean curve of each combination, and from the lowest to the highest repeat a band.

        x: "epoch", "updates" or "seconds". y: the measure, by default "val_loss" or "loss".
        Returns matplotlib's axes; raises ImportError without matplotlib.
        """
        if x not in ("epoch", "updates", "seconds"):
            raise ValueError(f"x is {x!r}; it is 'epoch', 'updates' or 'seconds'.")
        y = y or self._measure()
        curves = {}
        for label, places in self._groups().items():
            pairs = [(self._curves[k][x], self.rows[k]["history"].get(y, [])) for k in places]
            curves[label] = [pair for pair in pairs if len(pair[1])]
        if not any(curves.values()):
            raise ValueError(f"no run measured {y!r}.")
        return plot_bands(ax, curves, x, y, band)

    def _groups(self) -> dict[str, list[int]]:
        """The places of the rows of each combination, by a label for it."""
        found: dict[str, list[int]] = {}
        for k, row in enumerate(self.rows):
            label = ", ".join(f"{name}={_shown(row[name])}" for name in self.settings) or "all runs"
            found.setdefault(label, []).append(k)
        return found

    def _measure(self) -> str:
        return "val_loss" if any("val_loss" in row for row in self.rows) else "loss"

    def __str__(self) -> str:
        return "\n".join("  ".join(line) for line in self._lines())

    def __repr__(self) -> str:
        return f"<Sweep of {len(self)} runs over {', '.join(self.settings) or 'seeds'}>"

    def _repr_html_(self) -> str:
        head, *lines = (
            "".join(f"<t{kind}>{html.escape(cell.strip())}</t{kind}>" for cell in line)
            for kind, line in zip(["h", *["d"] * len(self)], self._lines(), strict=False)
        )
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

    def _lines(self) -> list[list[str]]:
        """The summary as a table of texts of equal widths."""
        measure = self._measure()
        rows = [[*self.settings, measure, "±", "seconds"]]
        for row in self.summary(measure):
            numbers = [f"{row['mean']:.4g}", f"{row['std']:.2g}", f"{row['seconds']:.2f}"]
            rows.append([_shown(row[name]) for name in self.settings] + numbers)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [[c.rjust(w) for c, w in zip(row, widths, strict=True)] for row in rows]


def _shown(setting: Any) -> str:
    if isinstance(setting, float):
        return f"{setting:g}"
    return str(getattr(setting, "__name__", setting))


def sweep(
    build: Callable[..., Trainer],
    x: Any,
    y: Any = None,
    *,
    epochs: int,
    repeats: int = 3,
    rng: int = 0,
    validation_data: Any = None,
    fit: Mapping[str, Any] | None = None,
    processes: int = 1,
    path: Any = None,
    verbose: int = 1,
    **settings: Sequence[Any],
) -> Sweep:
    """Train with every combination of settings, each `repeats` times from fresh weights.

    build: a function that makes a Trainer; it is called with `rng`, a generator for the weights,
        and with those settings that it has parameters for.
    settings: lists of values. `batch_size` (None for all samples) is for fit, `lr` sets the
        optimizer's rate if build has no such parameter; all others must be build's.
    epochs, validation_data, and the dict `fit`: for `Trainer.fit`.
    rng: a seed. In a repeat all combinations begin with equal weights, and see the samples in an
        equal order; another repeat has others.
    processes: run so many at a time, each in a process of its own (valuegrad[sweep]); the results
        are the same bit for bit. path: a file of finished runs: a sweep that was interrupted goes
        on with the others when it is called again.

    Raises ValueError if build does not make equal weights of equal generators (give its `rng` to
    every layer), and for a file of another sweep; TypeError for settings that nothing takes.

    >>> import nn, optim
    >>> def build(rng):
    ...     model = nn.Linear(1, 1, rng=rng)
    ...     return optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters(), lr=0.1))
    >>> x = np.linspace(-1, 1, 40)[:, None]
    >>> result = sweep(build, x, 3 * x, batch_size=[4, None], epochs=5, repeats=2, verbose=0)
    >>> len(result), result.best()["batch_size"]
    (4, 4)
    """
    _check(build, settings, epochs, repeats)
    for name in ("epochs", "validation_data", "batch_size", "rng", "x", "y"):
        if name in (fit or {}):
            raise TypeError(f"{name} is a setting of the sweep itself, not one of fit={{...}}.")
    names = list(settings)
    combinations = [
        dict(zip(names, values, strict=True)) for values in itertools.product(*settings.values())
    ]
    wanted = [
        {**combination, "repeat": repeat}
        for repeat in range(repeats)
        for combination in combinations
    ]
    own = [name for name in names if _takes(build, name)]
    what = _check_weights(build, [{name: c[name] for name in own} for c in combinations], rng)
    job = _Job(build, x, y, own, epochs, validation_data, dict(fit or {}), rng)
    about = {"epochs": epochs, "rng": rng, "settings": names, "fit": sorted(fit or {})}
    callbacks = [type(c).__name__ for c in (fit or {}).get("callbacks", ())]
    others = [value for name, value in (fit or {}).items() if name != "callbacks"]
    ledger = Ledger(path, [x, y, validation_data, what, callbacks, *others], about)
    waiting = [key for key in wanted if ledger.find(key) is None]
    bar = tqdm(total=len(wanted), initial=len(wanted) - len(waiting), disable=not verbose)
    with bar:
        try:
            for key, result in runs_in(processes, job, waiting):
                ledger.add(key, result)
                bar.set_postfix_str(_told(key, result), refresh=False)
                bar.update()
        except KeyboardInterrupt as interrupt:
            end = "" if path else "; with path=... they would be kept"
            interrupt.add_note(
                f"{len(ledger.done)} of {len(wanted)} runs of the sweep are done{end}"
            )
            raise
    by_combination = [
        {**combination, "repeat": repeat}
        for combination in combinations
        for repeat in range(repeats)
    ]
    results = [ledger.find(key) for key in by_combination]
    rows = [{**key, **found["row"]} for key, found in zip(by_combination, results, strict=True)]
    return Sweep(rows, names, [found["curves"] for found in results])


class _Job:
    """One run of a sweep, from its settings to its row; it can be sent to another process."""

    def __init__(
        self,
        build: Callable[..., Trainer],
        x: Any,
        y: Any,
        own: list[str],
        epochs: int,
        validation_data: Any,
        fit: dict[str, Any],
        seed: int,
    ) -> None:
        self.build, self.x, self.y, self.own, self.seed = build, x, y, own, seed
        self.fit = {"epochs": epochs, "validation_data": validation_data, "verbose": 0, **fit}

    def __call__(self, key: Row) -> Row:
        weights, order, drawn = np.random.SeedSequence([self.seed, key["repeat"]]).spawn(3)
        settings = {name: key[name] for name in self.own}
        trainer = self.build(rng=np.random.default_rng(weights), **settings)
        if "lr" in key and "lr" not in self.own:
            groups = trainer.optimizer.param_groups
            factor = key["lr"] / groups[0]["lr"] if groups[0]["lr"] else None
            for group in groups:
                group["lr"] = group["lr"] * factor if factor else key["lr"]
        fit = {**self.fit, "callbacks": copy.deepcopy(self.fit.get("callbacks", ()))}
        if "batch_size" in key:
            fit["batch_size"] = key["batch_size"]
        generators = trainer.generators()
        before = [copy.deepcopy(g.bit_generator.state) for g in generators]
        for g, seed in zip(generators, drawn.spawn(len(generators)), strict=True):
            g.bit_generator.state = type(g.bit_generator)(seed).state
        began = time.perf_counter()
        try:
            with np.errstate(all="ignore"):  # a run that diverges says so in its row
                history = trainer.fit(self.x, self.y, rng=np.random.default_rng(order), **fit)
        except NonFiniteLoss as error:
            history = error.history
        finally:
            trainer.set_generators(before)
        if history.interrupted:
            raise KeyboardInterrupt
        row: Row = history.at(-1) if len(history) else {}
        if history.diverged:
            held = fit["validation_data"] is not None or fit.get("validation_split")
            row = dict.fromkeys(row, math.nan) | {"loss": math.inf}
            row |= {"val_loss": math.inf} if held else {}
        row |= {
            "epochs": len(history),
            "updates": history.updates[-1] if len(history) else 0,
            "seconds": time.perf_counter() - began,
            "stopped": history.stopped,
            "history": history.history,
        }
        epochs = [epoch + 1 for epoch in history.epoch]
        curves = {"epoch": epochs, "updates": history.updates, "seconds": history.seconds}
        return {"row": row, "curves": curves}


def _takes(build: Callable[..., Any], name: str) -> bool:
    """Whether build has a parameter for a setting, or takes any."""
    parameters = inspect.signature(build).parameters
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return name in parameters or (any_name and name not in ("batch_size", "lr"))


def _check(build: Any, settings: Mapping[str, Any], epochs: Any, repeats: Any) -> None:
    if not callable(build):
        raise TypeError(f"build is a function that makes a Trainer, not {build!r}.")
    parameters = inspect.signature(build).parameters
    if not _takes(build, "rng"):
        raise TypeError(
            "build must take rng, a generator, and give it to the layers that it makes."
        )
    for name, n in (("epochs", epochs), ("repeats", repeats)):
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"{name} is {n!r}; it is a whole number, at least 1.")
    for name, values in settings.items():
        if not _takes(build, name) and name not in ("batch_size", "lr"):
            raise TypeError(f"build has no parameter {name!r}; it has {', '.join(parameters)}.")
        if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
            raise TypeError(f"{name} is a list of values to compare, not {values!r}.")
        if not len(values):
            raise ValueError(f"{name} is empty: there is nothing to compare.")


def _check_weights(build: Callable[..., Trainer], settings: list[Row], seed: int) -> Any:
    """Raise ValueError if equal generators give other weights: then runs cannot be compared.

    Returns what tells one build from another: weights, optimizer and loss.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise TypeError(f"rng is {seed!r}; a sweep needs a seed, a whole number.")
    first, second = (build(rng=np.random.default_rng(seed), **settings[0]) for _ in range(2))
    if not isinstance(first, Trainer):
        raise TypeError(f"build returned a {type(first).__name__}, not a Trainer.")
    a, b = first.weights(), second.weights()
    for name in a:
        if not np.array_equal(a[name], b[name]):
            raise ValueError(
                f"build made other weights, {name}, from an equal generator: give its rng to every "
                "layer, as in nn.Linear(64, 10, rng=rng)."
            )
    loss = getattr(first.loss, "__qualname__", type(first.loss).__name__)
    return {**a, "optimizer": repr(first.optimizer), "loss": loss, "model": repr(first.model)}


def _told(key: Row, result: Row) -> str:
    settings = ", ".join(f"{n}={_shown(v)}" for n, v in key.items())
    return f"{settings}: loss {result['row'].get('loss', math.nan):.4g}"
