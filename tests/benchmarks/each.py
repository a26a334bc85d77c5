"""The cost of each function's gradient, as a multiple of the function alone.

    python3 dev.py bench each             every function of the catalogue, some minutes
    python3 dev.py bench each norm conv   the functions whose names contain one of the words
    python3 dev.py bench each --n 10000 --dtype float32
    python3 dev.py bench each --record    and write the ratios down, in each.json

A line has for each number of elements: the microseconds of a call of plain arrays; our forward, of
Values, as a multiple of them; and our forward and backward together, which is the ratio, and no
less than 1. The backward pass is that of the result's sum, less what the sum itself costs. All are
timed in turns, each is the least of several rounds. A ratio above 4 has a "!"; one that is a
quarter above the recorded one is red, or "slower" where there are no colours. A function that does
not come near a number of elements says how many it has instead; a column for which it is no larger
than in the one before is left empty.

run.py starts this in a process of one thread that keeps the memory it frees.
"""

import argparse
import gc
import json
import statistics
import sys
import warnings
from pathlib import Path

import numpy as np
from sizes import NUMBERS, arguments, cases, seconds, tasks

RECORD = Path(__file__).parent / "each.json"
DTYPES = ("float32", "float64")
MUCH, WORSE = 4, 1.25
FEW, MANY = 5, 15  # rounds: many where the ratio is recorded, or called worse
WIDTH = 38  # of a column


def measure(fs, most, patience=0.2):
    """The seconds of each of the functions, the least of several rounds in which they take turns.

    Each goes twice in its turn, since those before it have left other things in the caches.
    """
    once = [min(seconds(f), seconds(f)) for f in fs]
    times = [max(1, int(2e-4 / max(s, 1e-7))) for s in once]
    rounds = min(most, max(3, int(patience / sum(once))))
    turns = [
        [min(seconds(f, n), seconds(f, n)) for f, n in zip(fs, times, strict=True)]
        for _ in range(rounds)
    ]
    return [min(column) for column in zip(*turns, strict=True)]


def ratio_of(plain, forward, step, rest):
    return max(1.0, (step - rest) / plain)


class Table:
    """Prints the lines, and keeps the ratios."""

    def __init__(self, numbers, recorded, rounds):
        self.numbers, self.recorded, self.rounds = numbers, recorded, rounds
        self.ratios, self.slower = {}, 0
        heads = (f"{f'{n:,}: µs':>14}  forward  ratio" for n in numbers)
        print(" " * 33 + "".join(head.ljust(WIDTH) for head in heads))

    def line(self, name, dtype, call, sizes, intervals):
        cells, notes, before = [], [], None
        for n in self.numbers:
            shapes, size = sizes[n]
            if shapes == before:
                cells.append(" " * WIDTH)
                continue
            before = shapes
            if not n / 2 <= size <= n:
                notes.append(f"{size:,} for {n:,}")
            fs = tasks(call, arguments(shapes, dtype, intervals))
            cells.append(self.cell(name, dtype, n, fs))
        cells.append(f"({', '.join(notes)})" if notes else "")
        print(f"{name.removeprefix('np.'):25.25} {dtype}{''.join(cells)}", flush=True)

    def cell(self, name, dtype, n, fs):
        times = measure(fs, self.rounds)
        known = self.recorded.get(name, {}).get(dtype, {}).get(str(n), np.inf)
        if ratio_of(*times) > WORSE * known:  # perhaps by chance
            times = [*map(min, times, measure(fs, MANY))]
        plain, forward, *_ = times
        ratio = ratio_of(*times)
        self.ratios[name, dtype, n] = ratio
        mark = "!" if ratio > MUCH else " "
        text = f"{plain * 1e6:14.2f}{forward / plain:9.1f}{ratio:7.1f}{mark}"
        if ratio <= WORSE * known:
            return text.ljust(WIDTH)
        self.slower += 1
        if sys.stdout.isatty():
            return f"\033[31m{text.ljust(WIDTH)}\033[0m"
        return f"{text}slower".ljust(WIDTH)

    def summary(self):
        for dtype in dict.fromkeys(key[1] for key in self.ratios):
            for n in self.numbers:
                some = {key: r for key, r in self.ratios.items() if key[1:] == (dtype, n)}
                print(f"{dtype} {n:9,}: {summed_up(some)}")
        print(f"in all: {summed_up(self.ratios)}; {self.slower} slower than recorded")


def summed_up(ratios):
    if not ratios:
        return "nothing"
    worst, many = max(ratios, key=ratios.get), sum(r > MUCH for r in ratios.values())
    return (
        f"geometric mean {statistics.geometric_mean(ratios.values()):.2f}, "
        f"worst {ratios[worst]:.1f} ({worst[0]}), {many} of {len(ratios)} above {MUCH}"
    )


def record(ratios, recorded):
    """Write the ratios down, beside those of functions that this run left out."""
    for (name, dtype, n), ratio in ratios.items():
        recorded.setdefault(name, {}).setdefault(dtype, {})[str(n)] = float(f"{ratio:.3g}")
    lines = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(recorded.items()))
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def main():
    parser = argparse.ArgumentParser(prog="dev.py bench each", description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", help="parts of the functions' names")
    parser.add_argument("--n", type=int, nargs="+", default=NUMBERS, choices=NUMBERS)
    parser.add_argument("--dtype", nargs="+", default=DTYPES, choices=DTYPES)
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.name}")
    options = parser.parse_args()
    recorded = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    table = Table(options.n, recorded, MANY if options.record else FEW)
    gc.disable()  # graphs are freed by their reference counts
    warnings.simplefilter("ignore")
    for name, call, sizes, intervals in cases(options.words):
        for dtype in options.dtype:
            table.line(name, dtype, call, sizes, intervals)
    table.summary()
    if options.record:
        record(table.ratios, recorded)


if __name__ == "__main__":
    main()
