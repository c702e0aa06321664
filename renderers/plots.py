"""Turn a picture given as data into SVG, the same bytes every time."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from functools import lru_cache
from itertools import cycle, groupby
from textwrap import fill
from typing import TYPE_CHECKING, Any

from generator import store
from generator.plots import Panels, Picture, Plot, Series
from renderers.compact import compact

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_FORMAT = "15"  # of the drawing below; a kept picture is drawn again when it changes
_LINES: tuple[tuple[str, Any], ...] = (
    ("#000000", "-"),
    ("#5b5b5b", "--"),
    ("#8a8a8a", "-."),
    ("#000000", ":"),
    ("#5b5b5b", (0, (6, 1, 1, 1, 1, 1))),
)
_POINTS = ("o", "+", "s", "x", "^")
_BARS = ("#d9d9d9", "#8a8a8a", "#ffffff", "#4d4d4d")
_LOOK: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "torchexam",
    "font.family": ["STIXGeneral", "DejaVu Serif"],  # the second where the first lacks a sign
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8.5,
    "axes.unicode_minus": True,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "lines.linewidth": 1.0,
    "lines.markersize": 4.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}


@lru_cache(maxsize=256)
def svg(picture: Picture) -> bytes:
    """Turn a picture into SVG; each is drawn once and kept on disk."""
    key = store.digest(_FORMAT, _version(), type(picture).__name__, json.dumps(asdict(picture)))
    kept = store.read("plots", key)
    if isinstance(kept, str):
        return kept.encode()
    drawn = _draw(picture)
    store.keep("plots", key, drawn.decode())
    return drawn


@lru_cache(maxsize=1)
def _version() -> str:
    from importlib.metadata import version

    return version("matplotlib")


def _draw(picture: Picture) -> bytes:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    out = io.BytesIO()
    with rc_context(_LOOK):
        match picture:
            case Plot(series=series):
                named = [each.name for each in series if each.name]
                columns = _legend_columns(named)
                rows = -(-len(named) // columns)
                figure = Figure(figsize=(2.9, 1.4 + 0.15 * rows), layout="constrained")
                _plot(figure, picture)
                if named:  # above the axes, where it hides nothing
                    figure.legend(loc="outside upper left", ncols=columns, borderaxespad=0, borderpad=0)
            case Panels(panels=panels):
                figure = Figure(figsize=(0.97 * len(panels), 1.2), layout="constrained")
                _panels(figure, picture)
        metadata = {"Date": None, "Creator": None, "Type": None, "Format": None}
        figure.savefig(out, format="svg", metadata=metadata, bbox_inches="tight", pad_inches=0.02, transparent=True)
    return compact(out.getvalue().decode()).encode()


def _legend_columns(names: list[str]) -> int:
    """As many names in a row as fit beside one another."""
    longest = max(map(len, names), default=0)
    return next((columns for columns in (len(names), 2) if columns and columns * (longest + 7) <= 52), 1)


def _plot(figure: Figure, plot: Plot) -> None:
    axes = figure.subplots()
    bars = [series for series in plot.series if series.kind == "bars"]
    looks = zip(plot.series, _looks(plot.series), strict=True)
    for series, look in looks:
        if series.kind == "bars":
            _bars(axes, series, bars.index(series), len(bars), look)
        else:
            axes.plot(series.x, series.y, label=series.name or None, **look)
    axes.set_xlabel(plot.x_label)
    axes.set_ylabel(fill(plot.y_label, 26))
    if plot.x_log:
        axes.set_xscale("log")
        _log_ticks(axes.xaxis, sorted({x for series in plot.series for x in series.x}))
    if plot.y_log:
        axes.set_yscale("log")
        _log_ticks(axes.yaxis, sorted({y for series in plot.series for y in series.y if y > 0}))
    if plot.x_range:
        axes.set_xlim(plot.x_range)
    if plot.y_range:
        axes.set_ylim(plot.y_range)
    if plot.x_ticks:
        axes.set_xticks(plot.series[0].x, [fill(tick, max(6, 42 // len(plot.x_ticks))) for tick in plot.x_ticks])


def _log_ticks(axis: Axis, values: list[float]) -> None:
    """Few ticks, which do not run into one another: the values themselves where they are few, else round ones."""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

    axis.set_minor_locator(NullLocator())
    if len(values) <= 6 and all(value >= 1 and value == int(value) for value in values):
        axis.set_ticks(values, [f"{value:g}" for value in values])
    elif values and values[-1] / values[0] < 100:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FormatStrFormatter("%g"))


def _looks(all_series: tuple[Series, ...]) -> list[dict[str, Any]]:
    """A look for each series that differs from its neighbours in print without colour."""
    lines, points, bars = cycle(_LINES), cycle(_POINTS), cycle(_BARS)
    markers = {"plus": "+", "circle": "o", "": ""}
    looks: list[dict[str, Any]] = []
    for series in all_series:
        if series.kind == "bars":
            looks.append({"facecolor": next(bars), "edgecolor": "black", "linewidth": 0.5})
            continue
        if series.kind == "points":
            look: dict[str, Any] = {
                "color": "black",
                "linestyle": "none",
                "marker": markers[series.marker] or next(points),
            }
        else:
            color, dash = next(lines)
            every = -(-len(series.x) // 12)  # more marks would hide the line
            look = {"color": color, "linestyle": dash, "marker": markers[series.marker], "markevery": every}
        looks.append({**look, "markerfacecolor": "white"})
    return looks


def _bars(axes: Axes, series: Series, place: int, count: int, look: dict[str, Any]) -> None:
    """Draw a row of bars beside the other rows."""
    step = min((b - a for a, b in zip(series.x, series.x[1:], strict=False)), default=1.0)
    width = 0.8 * step / count
    shift = (place - (count - 1) / 2) * width
    axes.bar([x + shift for x in series.x], series.y, width=width, label=series.name or None, **look)


def _panels(figure: Figure, picture: Panels) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    for axes, panel in zip(figure.subplots(1, len(picture.panels), squeeze=False)[0], picture.panels, strict=True):
        for gray, runs in _by_gray(panel.rows).items():
            corners = [point for run in runs for point in _corners(*run)]
            outline = Outline(corners, [Outline.MOVETO, *[Outline.LINETO] * 3, Outline.CLOSEPOLY] * len(runs))
            # edges in each run's own gray: viewers would show seams between the rows
            axes.add_patch(PathPatch(outline, facecolor=str(gray), edgecolor=str(gray), linewidth=0.3))
        sides = {"xlim": (0, len(panel.rows[0])), "ylim": (len(panel.rows), 0)}
        axes.set(**sides, xticks=[], yticks=[], aspect="equal", title=panel.title)
        for spine in axes.spines.values():
            spine.set_visible(True)


def _by_gray(rows: tuple[tuple[float, ...], ...]) -> dict[float, list[tuple[int, int, int]]]:
    """The runs that are not white as (left, top, length), by their gray, of which there are 32."""
    found: dict[float, list[tuple[int, int, int]]] = {}
    for top, row in enumerate(rows):
        for left, length, brightness in _runs(tuple(round(cell * 32) / 32 for cell in row)):
            if brightness > 0:
                found.setdefault(1 - brightness, []).append((left, top, length))
    return found


def _corners(left: int, top: int, length: int) -> list[tuple[int, int]]:
    right, bottom = left + length, top + 1
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def _runs(row: tuple[float, ...]) -> list[tuple[int, int, float]]:
    """Neighbours of one brightness as (first, how many, brightness)."""
    runs, first = [], 0
    for brightness, group in groupby(row):
        length = len(list(group))
        runs.append((first, length, brightness))
        first += length
    return runs
