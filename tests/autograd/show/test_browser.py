"""The page in a real browser: Chromium, headless, on the file as it lies on the disk."""

import re

import numpy as np
import pytest

import nn
from autograd import Value, explain, scope, steps
from tests.autograd.show.shared import box, neuron

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def test_the_first_sight(show):
    page = show(neuron())
    assert page.locator("#where").inner_text() == "6 steps"
    assert page.locator(".pending").count() == 0
    assert "grad -1.904" in box(page, "x").text_content()
    assert page.locator("#graph svg").is_visible()


def test_stepping_forth_and_back_by_keys(show):
    page = show(neuron())
    walk = steps(neuron())
    for step in walk:
        page.keyboard.press("ArrowRight")
        assert page.locator("#where").inner_text() == f"step {step.number} of 5 · {step.phase}"
        assert page.url.endswith(f"#step={step.number}")
        text = page.locator("#step").inner_text()
        assert step.call in text
        for c in step.contributions:
            assert c.formula in text
            assert c.numbers in text
    assert page.locator(".pending").count() == 0
    page.keyboard.press("ArrowLeft")
    assert page.locator("#where").inner_text() == "step 4 of 5 · backward"
    assert "grad ·" in box(page, "x").text_content()
    page.keyboard.press("Home")
    assert page.locator("#where").inner_text() == "step 0 of 5 · forward"
    assert page.locator(".box.pending").count() == 4  # two results, and the calls that make them
    page.keyboard.press("ArrowLeft")
    assert page.locator("#where").inner_text() == "6 steps"
    page.keyboard.press("End")
    assert "grad -1.904" in box(page, "x").text_content()


def test_a_step_glows_and_contributions_travel(show):
    page = show(neuron(), hash="#step=5")
    assert page.locator(".box.now").count() == 2
    assert page.locator(".box.gets").count() == 2
    assert page.locator(".edge.returning").count() == 2
    assert page.locator(".pill text").all_text_contents() == ["+ (-1.904)", "+ 1.269"]


def test_sums_are_seen_to_grow(show):
    a = Value(3.0, label="a")
    b = a * a + a
    page = show(b, hash="#step=2")
    assert "grad 1" in box(page, "a").text_content()
    assert "grad a = 1" in page.locator("#step").inner_text()
    page.keyboard.press("ArrowRight")
    assert "grad 7" in box(page, "a").text_content()
    said = page.locator("#step").inner_text()
    assert "grad a += this, now 4" in said
    assert "grad a += this, now 7" in said


def test_the_address_names_a_step(show):
    page = show(neuron(), hash="#step=3")
    assert page.locator("#where").inner_text() == "step 3 of 5 · backward"
    page.evaluate("location.hash = '#step=1'")
    expect(page.locator("#where")).to_have_text(re.compile("^step 1 "))
    page.evaluate("location.hash = '#step=99'")
    expect(page.locator("#where")).to_have_text(re.compile("^step 5 "))


def test_it_plays_and_pauses(show):
    page = show(neuron(), context={"reduced_motion": "no-preference"})
    page.select_option("#speed", "4")
    page.click("#play")
    assert page.locator("#play").inner_text() == "Pause"
    expect(page.locator("#where")).to_have_text(re.compile("^step [2-4] "))
    page.click("#play")
    assert page.locator("#play").inner_text() == "Play"
    page.keyboard.press("End")
    page.click("#back")
    page.click("#next")
    assert page.locator("#where").inner_text() == "step 5 of 5 · backward"


def test_keys_work_after_the_slider_was_moved_but_not_where_one_types(show):
    page = show(neuron())
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#where").inner_text() == "step 0 of 5 · forward"
    page.keyboard.press("/")
    page.keyboard.type("d0 +")
    assert page.locator("#query").input_value() == "d0 +"
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_a_link_keeps_the_focus_in_the_panel(show):
    page = show(neuron(), hash="#step=5")
    page.locator("#step button.link", has_text="w").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "w"
    page.locator("#step button.link").first.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.className") == "link"


def test_addresses_that_name_no_step_are_put_right(show):
    page = show(neuron(), hash="#step=abc")
    assert page.locator("#where").inner_text() == "6 steps"
    assert "#" not in page.url
    page.evaluate("location.hash = '#step=-1'")
    expect(page.locator("#where")).to_have_text("6 steps")


def test_zooming_keeps_what_is_in_the_middle(show):
    page = show(neuron(), hash="#step=4")
    for _ in range(8):
        page.keyboard.press("+")
    before = page.locator(".box.now").first.bounding_box()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    pane = page.locator("#graph").bounding_box()
    after = page.locator(".box.now").first.bounding_box()
    assert before["width"] == after["width"]
    assert pane["x"] <= after["x"] <= pane["x"] + pane["width"]
    page.keyboard.press("0")
    assert page.locator("#graph svg").bounding_box()["width"] <= pane["width"]


def test_of_a_larger_graph_steps_keep_their_numbers(show):
    y = Value(1.0, label="x")
    for k in range(30):
        y = y * Value(1 + k / 100, label=f"w{k}")
    page = show(y, max_nodes=10)
    assert "Only the newest 10 of 61 Values" in page.locator("#step").inner_text()
    page.keyboard.press("End")
    last = steps(y)[len(steps(y)) - 26]
    assert page.locator("#where").inner_text() == f"step {last.number} of 59 · backward"
    assert "(not shown)" in page.locator("#step").inner_text()


def test_where_the_gradient_is_zero_the_page_does_not_say_that_nothing_depends(show):
    a, b = Value(0.0, label="a"), Value(5.0, label="b")
    c = a * b
    page = show(c * c)
    page.keyboard.press("End")
    assert "g is 0, so every contribution is 0" in page.locator("#step").inner_text()
    assert "grad 0" in box(page, "a").text_content()
    box(page, "a").click()
    text = page.locator("#node").inner_text()
    assert "from v3" in text
    assert "2 paths" in text


def test_the_page_can_be_printed(show):
    page = show(neuron())
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("#graph svg").is_visible()


def test_one_node_at_a_time_is_a_tab_stop(show):
    page = show(neuron())
    assert page.locator('.box[tabindex="0"]').count() == 1
    page.locator('.box[tabindex="0"]').focus()
    first = page.evaluate("document.activeElement.id")
    page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate("document.activeElement.id") != first
    assert page.locator('.box[tabindex="0"]').count() == 1
    assert "gradient" in page.evaluate("document.activeElement.ariaLabel")


def test_mouse_and_slider(show):
    page = show(neuron())
    page.locator("#slider").fill("4")
    assert page.locator("#where").inner_text() == "step 4 of 5 · backward"
    page.click("#first")
    assert page.locator("#where").inner_text() == "step 0 of 5 · forward"
    page.click("#last")
    assert page.locator("#where").inner_text() == "step 5 of 5 · backward"


def test_a_node_tells_all_about_itself_and_its_paths(show):
    x = Value(2.0, label="x")
    u, v = np.sin(x), x**2
    u.label, v.label = "u", "v"
    y = u * v
    y.label = "y"
    page = show(y)
    box(page, "x").click()
    text = page.locator("#node").inner_text()
    assert "2 paths from y" in text
    assert "y ← v ← x: 0.9093 × 4 = 3.637" in text
    assert "y ← u ← x: 4 × (-0.4161) = -1.665" in text
    assert page.locator(".edge.on-path").count() == 4
    page.locator("#node button.link", has_text="u").first.click()
    assert page.locator("#node h2").inner_text() == "u"
    assert "to x: g · cos(x)" in page.locator("#node").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#node").inner_text() == ""


def test_nodes_are_reached_by_the_keyboard(show):
    page = show(neuron())
    box(page, "w").focus()
    page.keyboard.press("Enter")
    assert page.locator("#node h2").inner_text() == "w"
    unnamed = page.evaluate("""[...document.querySelectorAll("button, input, select")].filter((e) =>
        !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length""")
    assert unnamed == 0


def test_many_paths_are_counted(show):
    y = Value(1.1, label="x")
    for _ in range(60):
        y = y * 0.5 + y * 0.25
    page = show(y)
    box(page, "x").dispatch_event("click")
    text = page.locator("#node").inner_text()
    assert "1,152,921,504,606,846,976 paths" in text
    assert "These are the largest 6." in text


def test_search(show):
    page = show(neuron())
    page.keyboard.press("/")
    page.keyboard.type("tanh")
    assert page.locator("#matches").inner_text() == "1 found"
    page.keyboard.press("Enter")
    assert page.locator("#node h2").inner_text() == "o"
    page.fill("#query", "nothing of the kind")
    assert page.locator("#matches").inner_text() == "0 found"


def test_light_and_dark(show):
    page = show(neuron(), context={"color_scheme": "dark"})
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    page.keyboard.press("d")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_on_a_phone(show):
    page = show(neuron(), hash="#step=4", context={"viewport": {"width": 390, "height": 780}})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    now = page.locator(".box.now").first.bounding_box()
    pane = page.locator("#graph").bounding_box()
    assert pane["y"] <= now["y"] <= pane["y"] + pane["height"]
    assert page.locator("#step").is_visible()


def test_arrays_are_heat_maps(show):
    x = Value(np.array([[2.0, 1.0], [0.5, -0.2]]), label="x")
    loss = nn.softmax(x, axis=-1)[:, 0].sum()
    page = show(loss)
    page.keyboard.press("End")
    gradient = page.locator("#step table.heat", has_text="contribution").locator("td")
    loss.backward()
    shown = [float(t) for t in gradient.all_inner_texts()]
    np.testing.assert_allclose(shown, x.grad.ravel(), rtol=5e-3)
    cells = box(page, "x").locator(".grid.grad text:not(.caption)").all_text_contents()
    assert [float(c) for c in cells] == shown
    page.keyboard.press("Home")
    assert box(page, "x").locator(".grid.grad").evaluate("e => e.style.visibility") == "hidden"


def test_folded_layers(show):
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))
    loss = nn.cross_entropy(model(np.ones((5, 3))), np.zeros(5, int))
    page = show(loss, level="layer")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        assert page.locator(".box.now").count() >= 1
    assert "linear(" in page.locator("#step").inner_text()


def test_a_page_of_many_nodes(show):
    y = x = Value(0.3, label="x")
    for k in range(165):
        y = np.tanh(y * x + k / 100)
    page = show(y)
    assert page.evaluate("values.length") == 496
    page.keyboard.press("End")
    assert page.locator("#where").inner_text() == "step 989 of 989 · backward"
    took = page.evaluate("""() => { const t = performance.now();
        for (let k = 0; k < 20; k++) seek(900 + k); return (performance.now() - t) / 20; }""")
    assert took < 1000  # so slow that nobody could call it fluid; the benchmark has the figure


def test_labels_are_text_and_nothing_else(show):
    label = "</script><img src=x onerror=alert(1)>&amp;'\""
    page = show(Value(2.0, label=label) * 3, title=label)
    assert page.locator("h1").inner_text() == label
    page.locator(".box.leaf").click()
    assert page.locator("#node h2").inner_text() == label


def test_a_leaf_alone(show):
    page = show(Value(2.0, label="x"))
    assert page.locator("#where").inner_text() == "0 steps"
    for key in ("ArrowRight", "ArrowLeft", " ", "End"):
        page.keyboard.press(key)
    assert page.locator("#play").is_disabled()


def test_in_a_frame_of_a_notebook(show, tmp_path):
    page = show(neuron())
    frame = explain(neuron())._repr_html_()
    page.set_content(f"<!DOCTYPE html><body>{frame}</body>")
    inside = page.frame_locator("iframe")
    inside.locator("#next").click()
    expect(inside.locator("#where")).to_have_text("step 0 of 5 · forward")
    assert "x × w" in inside.locator("#step").inner_text()


def test_a_folded_layer_with_several_outputs(show):
    with scope("two"):
        a = Value(2.0, label="a")
        p, q, r = a * 3, a * 5, a * 5.5
    page = show(p * q + r * 0, level="layer")
    page.keyboard.press("End")
    lines = page.locator(".box.layer text").all_text_contents()
    assert [t for t in lines if t.startswith(("data", "grad"))] == [
        "data 6", "grad 10", "data 10", "grad 6", "data 11", "grad 0",
    ]  # fmt: skip


def test_paths_between_arrays_do_not_claim_to_be_the_largest(show):
    x = Value(np.ones((2, 2)), label="x")
    y = x
    for _ in range(3):
        y = np.tanh(y) + y
    page = show(y.sum())
    box(page, "x").dispatch_event("click")
    text = page.locator("#node").inner_text()
    assert "8 paths" in text
    assert "These are 6 of them." in text


@pytest.mark.parametrize("size", [{"width": 1280, "height": 720}, {"width": 390, "height": 780}])
def test_a_link_to_a_step_shows_it(show, size):
    y = x = Value(0.3, label="x")
    for _ in range(20):
        y = np.tanh(y * x)
    motion = {"viewport": size, "reduced_motion": "no-preference"}
    page = show(y, hash="#step=30", context=motion)
    page.wait_for_timeout(300)
    now = page.locator(".box.now").first.bounding_box()
    pane = page.locator("#graph").bounding_box()
    assert pane["x"] <= now["x"] <= pane["x"] + pane["width"] - now["width"] / 2
