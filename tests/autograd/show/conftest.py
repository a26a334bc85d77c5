"""Chromium, headless, for the tests of pages; they are skipped where it is missing."""

import shutil

import pytest

from autograd import explain

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of a loss; at the end, it has asked for nothing and complained of nothing."""
    opened = []

    def show(loss, *, hash="", context=None, **settings):
        path = tmp_path / "backprop.html"
        explain(loss, path, **settings)
        settings = {"reduced_motion": "reduce", "viewport": {"width": 1400, "height": 800}}
        page = browser.new_page(**(settings | (context or {})))
        requests, complaints = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{path.as_uri()}{hash}")
        opened.append((page, requests, complaints, path))
        return page

    yield show
    for page, requests, complaints, path in opened:
        page.close()
        assert {url.split("#")[0] for url in requests} == {path.as_uri()}
        assert complaints == []
