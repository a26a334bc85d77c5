"""Colours of pictures: themes, the colour of a number in a grid, of a gradient's size."""

import math
from collections.abc import Mapping

__all__ = ["PAGE", "THEMES", "blend", "cell_kind", "intensity", "magnitude_color", "scale"]

Theme = Mapping[str, str]

THEMES: dict[str, Theme] = {
    "light": {
        "paper": "#ffffff", "ink": "#1b1f24", "muted": "#57606a", "line": "#818b98",
        "gradient": "#9a3412", "leaf": "#e6f4ea", "leaf_line": "#2e7d4f", "result": "#ffffff",
        "result_line": "#8c959f", "root": "#fff3d6", "root_line": "#a86a12", "call": "#eef1f5",
        "call_line": "#8c959f", "layer": "#e8edfb", "layer_line": "#4a63b8", "group": "#f6f8fa",
        "group_line": "#c4ccd4", "positive": "#d9730d", "negative": "#2f6fd0",
        "scale_low": "#ffffff", "scale_high": "#f7a65a",
    },
    "dark": {
        "paper": "#0d1117", "ink": "#e6edf3", "muted": "#a3adb8", "line": "#7d8590",
        "gradient": "#ffb27a", "leaf": "#12291c", "leaf_line": "#3fb950", "result": "#161b22",
        "result_line": "#7d8590", "root": "#33270d", "root_line": "#e3b341", "call": "#21262d",
        "call_line": "#7d8590", "layer": "#1b2440", "layer_line": "#7d95ea", "group": "#11161d",
        "group_line": "#3a424c", "positive": "#b4570f", "negative": "#2a63bd",
        "scale_low": "#161b22", "scale_high": "#8f4a10",
    },
}  # fmt: skip

# Of a page, which has both themes and chooses.
PAGE: Theme = {name: f"var(--{name.replace('_', '-')})" for name in THEMES["light"]}


def blend(low: str, high: str, share: float) -> str:
    """The colour that far between two of the form #rrggbb."""
    pairs = zip(_channels(low), _channels(high), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def intensity(x: float, largest: float) -> float:
    """How strongly a number of a grid is coloured, from 0 to 1."""
    if not math.isfinite(x):
        return 1.0
    if not largest:
        return 0.0
    return min(abs(x) / largest, 1.0)


def cell_kind(x: float) -> str:
    """The colour of a number in a grid, by its name in a theme."""
    return "muted" if x != x else "positive" if x > 0 else "negative"


def magnitude_color(size: float, sizes: tuple[float, float] | None, theme: Theme) -> str:
    """The colour of a gradient's size, on a logarithmic scale between the smallest and largest."""
    if not sizes or not size:
        return theme["scale_low"]
    low, high = sizes
    width = math.log(high) - math.log(low)
    share = (math.log(size) - math.log(low)) / width if width > 0 else 1.0
    return blend(theme["scale_low"], theme["scale_high"], 0.15 + 0.85 * min(max(share, 0.0), 1.0))


def scale(sizes: tuple[float, float], steps: int) -> list[float]:
    """Evenly many sizes between the smallest and the largest, by their logarithms."""
    low, high = map(math.log, sizes)
    return [math.exp(low + (high - low) * k / (steps - 1)) for k in range(steps)]
