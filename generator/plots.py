"""What a picture shows, as data: renderers decide how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Series:
    """One line, cloud of points or row of bars; `x` and `y` have the same length, and nan in both makes a gap."""

    name: str  # printed in the legend; empty for none
    x: tuple[float, ...]
    y: tuple[float, ...]
    kind: Literal["line", "points", "bars"] = "line"
    marker: Literal["", "plus", "circle"] = ""  # drawn at each point


@dataclass(frozen=True)
class Plot:
    """Series over two axes; `alt` says in a sentence what a reader should see."""

    alt: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_log: bool = False
    y_log: bool = False
    x_ticks: tuple[str, ...] = ()  # names under bars, one for each x of the first series


@dataclass(frozen=True)
class Panel:
    """A small gray-scale picture: rows of brightness from 0 (white) to 1 (black)."""

    title: str
    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Panels:
    """Pictures side by side; `alt` says in a sentence what a reader should see."""

    alt: str
    panels: tuple[Panel, ...]


Picture = Plot | Panels
