"""What the tests of pictures and pages share."""

import xml.etree.ElementTree as ET

import numpy as np

from autograd import Value, draw

SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    b = Value(6.7, label="b")
    o = np.tanh(x * w + b)
    o.label = "o"
    return o


def box(page, name):
    return page.locator(f'.box[aria-label="{name}"], .box[aria-label^="{name},"]').first


def edges(graph):
    return [line.strip() for line in graph.source.splitlines() if "->" in line]


def drawn(value, **settings):
    """The texts of the built-in SVG."""
    svg = draw(value, engine="builtin", **settings).pipe("svg", encoding="utf-8")
    return [
        t.text.replace("\N{NO-BREAK SPACE}", " ") for t in ET.fromstring(svg).iter(f"{SVG}text")
    ]
