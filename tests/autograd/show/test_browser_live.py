"""The live page in a real browser: sliders recompute what the engine computes."""

import functools

import numpy as np
import pytest

from autograd import Value
from autograd.check.catalogue import ELEMENTWISE
from autograd.naming import name_of
from autograd.show.live import known_functions
from autograd.table import rules_of
from tests.autograd.show.shared import box, neuron

SET = """(numbers) => {
  for (const input of document.querySelectorAll("#sliders input[type=number]")) {
    input.value = numbers[input.dataset.leaf];
    input.dispatchEvent(new Event("input"));
  }
}"""
READ = """() => Object.fromEntries(
  values.map(({name, data, grad}) => [name, [String(data.n), String(grad.n)]]))"""


def test_sliders_recompute_the_page(show):
    page = show(neuron(), live=True)
    page.locator('#sliders input[type=number][data-leaf="x"]').fill("1.5")
    x, w, b = 1.5, -3.0, 6.7
    o = np.tanh(x * w + b)
    assert f"data {o:.4g}" in page.locator(".box.root").text_content()
    assert f"grad {(1 - o**2) * w:.4g}" in box(page, "x").text_content()
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    assert f"· 1.5 = {(1 - o**2) * 1.5:.4g}" in page.locator("#step").inner_text()
    page.locator('#sliders input[type=range][data-leaf="w"]').fill("2")
    assert "data 2" in box(page, "w").text_content()


def test_outside_of_a_domain_and_back(show):
    a, b = Value(4.0, label="a"), Value(2.0, label="b")
    s = np.sqrt(a)
    page = show(s * b * s, live=True)
    number = page.locator('#sliders input[type=number][data-leaf="a"]')
    number.fill("-1")
    assert page.evaluate(READ)["a"] == ["-1", "NaN"]
    number.fill("")
    assert number.get_attribute("aria-invalid") == "true"
    number.fill("1e5")
    slider = page.locator('#sliders input[type=range][data-leaf="a"]')
    assert float(slider.get_attribute("max")) == 2e5
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert float(page.evaluate(READ)["a"][0]) == 102_000
    page.locator("#sliders button").click()
    assert [float(x) for x in page.evaluate(READ)["a"]] == [4.0, 2.0]


def test_constants_know_their_places(show):
    x = Value(3.0, label="x")
    page = show(x**2 + 2**x + x / 2 + 2 / x, live=True)
    expected = 2 * 3 + 8 * np.log(2) + 0.5 - 2 / 9
    assert float(page.evaluate(READ)["x"][1]) == pytest.approx(expected, rel=1e-12)


def test_a_leaf_that_is_infinite(show):
    page = show(Value(np.inf, label="a") * Value(0.5, label="b"), live=True)
    assert page.evaluate(READ)["b"] == ["0.5", "Infinity"]


def number_of(text):
    return float(text.replace("Infinity", "inf"))


def call_of(fn, rng):
    """A call of the function with leaves inside its domain, and the intervals of these."""
    intervals = list(ELEMENTWISE[fn].intervals if fn in ELEMENTWISE else ())
    intervals += [(0.2, 0.8)] * (rules_of(fn).arity - len(intervals))
    args, leaves = [], {}
    for k, (low, high) in enumerate(intervals):
        if rules_of(fn).rules[k] is None:
            args.append(1)
            continue
        leaf = Value(float(rng.uniform(low, high)), label=f"{name_of(fn)}_{k}")
        leaves[leaf] = (low, high)
        args.append(leaf)
    return args, leaves


def test_every_function_of_numbers_is_computed_as_the_engine_does(show):
    """To 1e-12, at random points, at ties, at zero: every function's value, and its derivatives."""
    functions = known_functions()
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        calls = {fn: call_of(fn, rng) for fn in functions}
        results = {fn: fn(*args) for fn, (args, _) in calls.items()}
        for fn, y in results.items():
            y.label = name_of(fn)
        loss = functools.reduce(np.add, results.values())
        page = show(loss, live=True)
        inside = {v.label: i for _, leaves in calls.values() for v, i in leaves.items()}
        points = [{k: float(rng.uniform(*i)) for k, i in inside.items()} for _ in range(6)]
        points += [dict.fromkeys(inside, x) for x in (0.5, 0.0, -0.25, 1.0)]
        compared = 0
        for numbers in points:
            page.evaluate(SET, numbers)
            shown = page.evaluate(READ)
            for fn, (args, leaves) in calls.items():
                for v in leaves:
                    v.data = numbers[v.label]
                    v.zero_grad()
                y = fn(*args)
                message = f"{name_of(fn)} at {[a.data for a in leaves]}"
                data = number_of(shown[name_of(fn)][0])
                np.testing.assert_allclose(data, y.data, 1e-12, 1e-12, err_msg=message)
                y.backward()
                for v in leaves:
                    grad = number_of(shown[v.label][1])
                    np.testing.assert_allclose(grad, v.grad, 1e-12, 1e-12, err_msg=message)
                    compared += 1
    assert compared == len(points) * len(inside)


def test_remainders_of_what_is_rounded(show):
    x, y = Value(1.0, label="x"), Value(0.1, label="y")
    page = show(np.remainder(x, y) * 1.0, live=True)
    for a, b in ((1.0, 0.1), (-1.0, 0.1), (1.0, -0.1), (6.0, 2.0), (-6.0, 2.0), (0.3, 0.1)):
        page.evaluate(SET, {"x": a, "y": b})
        z, w = Value(a), Value(b)
        r = np.remainder(z, w)
        r.backward()
        assert [float(n) for n in page.evaluate(READ)["y"]] == [b, w.grad]
