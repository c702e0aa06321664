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

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FORMAT = "7"  # of the drawing below; a kept picture is drawn again when it changes
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
                columns = 1 if sum(map(len, named)) > 36 else len(named)
                rows = -(-len(named) // columns) if named else 0
                figure = Figure(figsize=(2.9, 1.65 + 0.15 * rows), layout="constrained")
                _plot(figure, picture)
                if named:  # above the axes, where it hides nothing
                    figure.legend(loc="outside upper left", ncols=columns, borderaxespad=0, borderpad=0)
            case Panels(panels=panels):
                figure = Figure(figsize=(0.97 * len(panels), 1.2), layout="constrained")
                _panels(figure, picture)
        metadata = {"Date": None, "Creator": None, "Type": None, "Format": None}
        figure.savefig(out, format="svg", metadata=metadata, bbox_inches="tight", pad_inches=0.02, transparent=True)
    return out.getvalue()


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
    if plot.y_log:
        axes.set_yscale("log")
    if plot.x_range:
        axes.set_xlim(plot.x_range)
    if plot.y_range:
        axes.set_ylim(plot.y_range)
    if plot.x_ticks:
        axes.set_xticks(plot.series[0].x, [fill(tick, max(6, 42 // len(plot.x_ticks))) for tick in plot.x_ticks])


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
            look = {"color": "black", "linestyle": "none", "marker": markers[series.marker] or next(points)}
        else:
            color, dash = next(lines)
            look = {"color": color, "linestyle": dash, "marker": markers[series.marker]}
        looks.append({**look, "markerfacecolor": "white"})
    return looks


def _bars(axes: Axes, series: Series, place: int, count: int, look: dict[str, Any]) -> None:
    """Draw a row of bars beside the other rows."""
    step = min((b - a for a, b in zip(series.x, series.x[1:], strict=False)), default=1.0)
    width = 0.8 * step / count
    shift = (place - (count - 1) / 2) * width
    axes.bar([x + shift for x in series.x], series.y, width=width, label=series.name or None, **look)


def _panels(figure: Figure, picture: Panels) -> None:
    for axes, panel in zip(figure.subplots(1, len(picture.panels), squeeze=False)[0], picture.panels, strict=True):
        for top, row in enumerate(panel.rows):
            runs = [run for run in _runs(row) if run[2] > 0]
            grays = [str(1 - brightness) for _, _, brightness in runs]
            # edges in each run's own gray: viewers would show seams between the rows
            axes.broken_barh([run[:2] for run in runs], (top, 1), facecolors=grays, edgecolors=grays, linewidth=0.3)
        sides = {"xlim": (0, len(panel.rows[0])), "ylim": (len(panel.rows), 0)}
        axes.set(**sides, xticks=[], yticks=[], aspect="equal", title=panel.title)
        for spine in axes.spines.values():
            spine.set_visible(True)


def _runs(row: tuple[float, ...]) -> list[tuple[int, int, float]]:
    """Neighbours of one brightness as (first, how many, brightness)."""
    runs, first = [], 0
    for brightness, group in groupby(row):
        length = len(list(group))
        runs.append((first, length, brightness))
        first += length
    return runs
