"""Turn empty axes into an SVG picture to draw in: square grid, ticks, arrows; the labels stand outside of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from renderers.document import Axes

MARGIN = 24.0  # room for tick labels, in the picture's units (CSS pixels at its natural size)


@dataclass(frozen=True)
class Frame:
    """The size of the field to draw in, without its margins."""

    width: float
    height: float


def frame(axes: Axes, longest: float) -> Frame:
    """The field for these ranges: units square where the ranges allow, the longer side as long as asked."""
    ratio = _span(axes.y_range) / _span(axes.x_range)
    ratio = ratio if 0.5 <= ratio <= 1.25 else 0.75  # a lopsided field is stretched, or it could not be drawn in
    return Frame(longest, longest * ratio) if ratio <= 1 else Frame(longest / ratio, longest)


def spoken(axes: Axes) -> str:
    """What the axes show, in words."""
    (left, right), (low, high) = axes.x_range, axes.y_range
    return (
        f"Empty axes to draw in: {axes.x_label} from {_number(left)} to {_number(right)}, "
        f"{axes.y_label} from {_number(low)} to {_number(high)}"
    ).replace("$", "")


def origin(axes: Axes, size: Frame) -> tuple[float, float]:
    """Where the axes cross: at zero, or where that is out of range at the lower left."""
    x, y = _scales(axes, size)
    return x(min(max(0.0, axes.x_range[0]), axes.x_range[1])), y(min(max(0.0, axes.y_range[0]), axes.y_range[1]))


def draw(axes: Axes, size: Frame, font: str) -> Markup:
    """Turn axes into the inside of an <svg> in the current colour."""
    x_ticks, y_ticks = list(_ticks(axes.x_range)), list(_ticks(axes.y_range))
    x, y = _scales(axes, size)
    left, right, top, bottom = MARGIN, MARGIN + size.width, MARGIN / 2, MARGIN / 2 + size.height
    origin_x, origin_y = origin(axes, size)
    grid = [f"M{_round(x(t))} {top}V{_round(bottom)}" for t in x_ticks]
    grid += [f"M{left} {_round(y(t))}H{_round(right)}" for t in y_ticks]
    lines = f"M{left} {_round(origin_y)}H{_round(right + 6)}M{_round(origin_x)} {_round(bottom)}V{top - 6}"
    heads = f"M{_round(right + 10)} {_round(origin_y)}l-7 -3v6zM{_round(origin_x)} {top - 10}l-3 7h6z"  # arrow heads
    labels = [_label(x(t), bottom + 13, "middle", t) for t in x_ticks]
    labels += [_label(left - 6, y(t) + 3.5, "end", t) for t in y_ticks]
    return Markup(
        '<path d="{}" fill="none" stroke="currentColor" stroke-width=".4" opacity=".45"/>'
        '<path d="{}" fill="none" stroke="currentColor" stroke-width="1"/><path d="{}" fill="currentColor"/>'
        '<g font-family="{}" font-size="10.5" fill="currentColor">{}</g>'
    ).format("".join(grid), lines, heads, font, Markup("").join(labels))


def outer(size: Frame) -> tuple[float, float]:
    """Width and height of the whole picture."""
    return size.width + MARGIN + 14, size.height + 1.5 * MARGIN


def _label(x: float, y: float, anchor: str, value: float) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        _round(x), _round(y), anchor, escape(_number(value))
    )


def _ticks(bounds: tuple[float, float]) -> Iterator[float]:
    """Round numbers within the bounds, about eight of them."""
    rough = _span(bounds) / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
    for n in range(math.ceil(bounds[0] / step - 1e-9), math.floor(bounds[1] / step + 1e-9) + 1):
        yield n * step


def _scales(axes: Axes, size: Frame) -> tuple[Scale, Scale]:
    x = _scale(axes.x_range, MARGIN, MARGIN + size.width)
    return x, _scale(axes.y_range, MARGIN / 2 + size.height, MARGIN / 2)


def _scale(bounds: tuple[float, float], start: float, end: float) -> Scale:
    return Scale(start - bounds[0] * (end - start) / _span(bounds), (end - start) / _span(bounds))


@dataclass(frozen=True)
class Scale:
    """Where on the picture a value stands."""

    offset: float
    slope: float

    def __call__(self, value: float) -> float:
        """The place of the value."""
        return self.offset + self.slope * value


def _span(bounds: tuple[float, float]) -> float:
    return bounds[1] - bounds[0]


def _number(value: float) -> str:
    return f"{round(value, 10):g}".replace("-", "−")


def _round(value: float) -> float:
    return round(value, 2)
