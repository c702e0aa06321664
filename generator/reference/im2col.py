"""Unfold a small map into its windows: a column for each, so that a convolution is one matrix product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from generator.forward import one_thread
from generator.reference import DoesNotApply, Misconception
from generator.reference.given import Matrix, reading, tensor, tex
from generator.reference.windows import Pair, Windows, listed, maps, pair, sides

GIVES = "array"


@dataclass(frozen=True)
class Unfolding:
    """Maps, and the windows that are taken of them."""

    maps: list[Matrix]
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    @cached_property
    def windows(self) -> Windows:
        """The windows over each of the maps."""
        return Windows(sides(self.maps[0]), self.kernel, self.stride, self.padding, self.dilation)


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
) -> Unfolding:
    found = Unfolding(
        maps("input", input, False),
        pair("kernel_size", kernel_size),
        pair("stride", stride),
        pair("padding", padding, 0),
        pair("dilation", dilation),
    )
    found.windows.fits("kernel_size")
    return found


@reading(_task)
def compute(unfolding: Unfolding) -> Any:
    """Run torch.nn.functional.unfold over `input` [rows][columns], or [channels][rows][columns].

    The result has a row for each channel and element of the window, and a column for each window.
    """
    return _run(unfolding)


@one_thread()
def _run(unfolding: Unfolding) -> Any:
    from torch.nn import functional as F

    x = tensor(unfolding.maps)[None]
    found = F.unfold(x, unfolding.kernel, unfolding.dilation, unfolding.padding, unfolding.stride)
    return found[0].tolist()


@reading(_task)
def recompute(unfolding: Unfolding) -> Any:
    """The same window by window, in plain Python."""
    columns = []
    for place in unfolding.windows.places():
        seen = {at: cell for cell, at in unfolding.windows.seen(place)}
        columns.append(
            [
                values[seen[k, m][0]][seen[k, m][1]] if (k, m) in seen else 0.0
                for values in unfolding.maps
                for k in range(unfolding.kernel[0])
                for m in range(unfolding.kernel[1])
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


@reading(_task)
def says(unfolding: Unfolding) -> str:
    """What the paper must state for the answer to be one."""
    told = ["each window is one column, with its elements row by row from top to bottom"]
    if len(unfolding.maps) > 1:
        told.append("those of the first channel come first")
    told.append("the windows are taken row by row, from left to right")
    if max(unfolding.padding):
        told.append("zeros surround the input")
    return "; ".join(told)


@reading(_task)
def worked(unfolding: Unfolding) -> str:
    """The first and the last window as columns."""
    windows, found = unfolding.windows, _run(unfolding)
    rows, columns = windows.begins
    padded = " of the padded input" if max(windows.padding) else ""
    first, last = (", ".join(tex(row[place]) for row in found) for place in (0, -1))
    told = [
        f"Windows begin in {listed(rows, 'row')} and {listed(columns, 'column')}{padded}, so there are "
        f"{windows.outputs[0]} · {windows.outputs[1]} = {len(found[0])} columns.",
        f"The first window, read row by row, is ${first}$; the last one is ${last}$.",
    ]
    return "\n\n".join(told)


# ---- wrong ways ----


def _changed(change: Callable[[Unfolding], Unfolding]) -> Callable[..., Any]:
    """What another unfolding gives."""

    @reading(_task)
    def wrong(unfolding: Unfolding) -> Any:
        other = change(unfolding)
        if min(other.windows.outputs) < 1:
            raise DoesNotApply("no window would fit")
        return _run(other)

    return wrong


def _unpadded(unfolding: Unfolding) -> Unfolding:
    return replace(unfolding, padding=(0, 0))


def _step_by_step(unfolding: Unfolding) -> Unfolding:
    return replace(unfolding, stride=(1, 1))


def _side_by_side(unfolding: Unfolding) -> Unfolding:
    return replace(unfolding, stride=unfolding.kernel)


def _dense(unfolding: Unfolding) -> Unfolding:
    return replace(unfolding, dilation=(1, 1))


@reading(_task)
def _turned(unfolding: Unfolding) -> Any:
    return [list(column) for column in zip(*_run(unfolding), strict=True)]


@reading(_task)
def _by_columns(unfolding: Unfolding) -> Any:
    """Each window read column by column."""
    found = tensor(_run(unfolding)).reshape(len(unfolding.maps), *unfolding.kernel, -1)
    return found.transpose(1, 2).flatten(0, 2).tolist()


@reading(_task)
def _windows_by_columns(unfolding: Unfolding) -> Any:
    """Windows taken column by column."""
    rows, columns = unfolding.windows.outputs
    found = tensor(_run(unfolding))
    return found.reshape(-1, rows, columns).transpose(1, 2).flatten(1).tolist()


MISCONCEPTIONS = {
    "windows_as_rows": Misconception("each window is a row, not a column", _turned),
    "side_by_side": Misconception("windows lie side by side, so that no element comes twice", _changed(_side_by_side)),
    "by_columns": Misconception("each window is read column by column", _by_columns),
    "windows_by_columns": Misconception("the windows are taken column by column", _windows_by_columns),
    "no_padding": Misconception("the padding is forgotten", _changed(_unpadded)),
    "stride_ignored": Misconception("windows begin one place apart, whatever the stride", _changed(_step_by_step)),
    "dilation_ignored": Misconception("the dilation is ignored", _changed(_dense)),
}
