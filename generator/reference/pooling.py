"""Take the largest number, or the average, of each window over a small map."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from generator.formulas import number_text
from generator.forward import one_thread
from generator.reference import BadArgument, DoesNotApply, Misconception, tidy
from generator.reference.given import Matrix, Pick, picking, reading, tensor
from generator.reference.windows import Pair, Windows, along, grid, is_flat, place_of, sides

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"
Kind = Literal["max", "average"]


@dataclass(frozen=True)
class Pool:
    """A pooling of one map; in one dimension (`flat`) it has one row."""

    values: Matrix
    kind: Kind
    kernel: Pair
    stride: Pair
    padding: Pair
    ceil: bool
    counting: bool  # whether zeros of the padding count in an average
    flat: bool

    @cached_property
    def windows(self) -> Windows:
        """The windows over the map."""
        return Windows(sides(self.values), self.kernel, self.stride, self.padding, ceil=self.ceil)

    def of(self, found: Matrix) -> Any:
        """The output as it was asked for."""
        return found[0] if self.flat else found


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kind: Kind,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Pool:
    flat = is_flat(input)
    return pool(grid("input", input), kind, kernel_size, stride, padding, ceil_mode, count_include_pad, flat)


def pool(
    values: Matrix, kind: Kind, kernel_size: Any, stride: Any, padding: Any, ceil: Any, counting: Any, flat: bool
) -> Pool:  # fmt: skip
    """Check all arguments; raises BadArgument."""
    kernel = along("kernel_size", kernel_size, 1, flat)
    step = kernel if stride is None else along("stride", stride, 1, flat)
    border = along("padding", padding, 0, flat, 0)
    if any(2 * added > side for added, side in zip(border, kernel, strict=True)):
        raise BadArgument("padding", "PyTorch pools with a padding of at most half the window")
    for name, value in (("ceil_mode", ceil), ("count_include_pad", counting)):
        if not isinstance(value, bool):
            raise BadArgument(name, f"{value} is neither true nor false")
    found = Pool(values, kind, kernel, step, border, ceil, counting, flat)
    found.windows.fits("kernel_size")
    return found


@reading(_task)
def compute(task: Pool) -> Any:
    """Run max_pool2d or avg_pool2d over `input` [rows][columns], or their like in one dimension over a list.

    The stride is that of the window where none is given, as in PyTorch. Of a maximum the padding is no part; in an
    average its zeros count, unless `count_include_pad` is false. With `ceil_mode` a last window may begin within the
    map (or its padding in front) and reach over its end.
    """
    return run(task)


@one_thread()
def run(task: Pool) -> Any:
    """The output by PyTorch."""
    from torch.nn import functional as F

    x = tensor(task.values)[None, None]
    if task.flat:
        x, how = x[:, :, 0], (task.kernel[1], task.stride[1], task.padding[1])
        if task.kind == "max":
            return F.max_pool1d(x, *how, ceil_mode=task.ceil)[0, 0].tolist()
        return F.avg_pool1d(x, *how, task.ceil, task.counting)[0, 0].tolist()
    if task.kind == "max":
        return F.max_pool2d(x, task.kernel, task.stride, task.padding, ceil_mode=task.ceil)[0, 0].tolist()
    return F.avg_pool2d(x, task.kernel, task.stride, task.padding, task.ceil, task.counting)[0, 0].tolist()


@reading(_task)
def recompute(task: Pool) -> Any:
    """The same window by window, in plain Python."""
    return by_hand(task)


def by_hand(task: Pool) -> Any:
    """The output, a maximum or an average for each window."""
    rows, columns = task.windows.outputs
    return task.of([[_of_window(task, (a, b)) for b in range(columns)] for a in range(rows)])


def _of_window(task: Pool, place: Pair) -> float:
    numbers = _numbers(task, place)
    return max(numbers) if task.kind == "max" else math.fsum(numbers) / _count(task, place)


def _numbers(task: Pool, place: Pair) -> list[float]:
    return [task.values[row][column] for (row, column), _ in task.windows.seen(place)]


def _count(task: Pool, place: Pair) -> int:
    """What the sum of a window is divided by; what ceil mode adds beyond the padding never counts."""
    if not task.counting:
        return len(_numbers(task, place))
    count = 1
    for axis in (0, 1):
        begin = place[axis] * task.stride[axis]
        count *= min(begin + task.kernel[axis], task.windows.sides[axis] + 2 * task.padding[axis]) - begin
    return count


@reading(_task)
def says(task: Pool) -> str:
    """What the paper must state for the answer to be one."""
    return said(task)


def said(task: Pool) -> str:
    """The conventions that these arguments touch."""
    told = []
    if max(task.padding):
        told.append(
            "the padding takes no part in a maximum"
            if task.kind == "max"
            else "zeros surround the input and count in the average"
            if task.counting
            else "the padding does not count in the average"
        )
    if _leaves_rest(task):
        told.append(
            "a last window that reaches over the edge is used, with the elements that it has (ceil mode)"
            if task.ceil
            else "a window that would reach over the edge is left out"
        )
    return "; ".join(told)


def _leaves_rest(task: Pool) -> bool:
    return any(
        (side + 2 * border - size) % step
        for side, border, size, step in zip(task.windows.sides, task.padding, task.kernel, task.stride, strict=True)
    )


@picking(_task)
def worked(task: Pool, pick: Pick) -> str:
    """A table of the windows, or of the one that is asked for: where each lies, its numbers, and the result."""
    return shown(task, place_of(pick, task.flat))


def shown(task: Pool, wanted: Pair | None = None) -> str:
    """How the output is got, as a Markdown table."""
    word = "largest" if task.kind == "max" else "average"
    head = ["places"] if task.flat else ["rows", "columns"]
    lines = [f"| {' | '.join([*head, 'numbers', word])} |", f"| {' | '.join(['---'] * (len(head) + 2))} |"]
    for place in task.windows.places() if wanted is None else [wanted]:
        cells = [cell for cell, _ in task.windows.seen(place)]
        spans = [_span([cell[axis] for cell in cells]) for axis in ((1,) if task.flat else (0, 1))]
        numbers = _numbers(task, place)
        shown = ", ".join(map(_plain, numbers))
        result = _plain(_of_window(task, place))
        if task.kind == "average":
            quotient = f"{_plain(math.fsum(numbers))} / {_count(task, place)}"
            result = f"{quotient} = {result}" if _is_short(_of_window(task, place)) else quotient
        lines.append(f"| {' | '.join([*spans, shown, result])} |")
    return "\n".join(lines)


def _plain(value: float) -> str:
    return number_text(tidy(value), 6)


def _is_short(value: float) -> bool:
    return float(f"{value:.6g}") == value


def _span(places: list[int]) -> str:
    first, last = min(places) + 1, max(places) + 1
    return str(first) if first == last else f"{first}–{last}"


# ---- wrong ways ----


def _changed(change: Callable[[Pool], Pool]) -> Callable[..., Any]:
    """What another pooling gives."""

    @reading(_task)
    def wrong(task: Pool) -> Any:
        other = change(task)
        if min(other.windows.outputs) < 1:
            raise DoesNotApply("no window would fit")
        return run(other)

    return wrong


def _average(task: Pool) -> Pool:
    return replace(task, kind="average")


def _max(task: Pool) -> Pool:
    return replace(task, kind="max")


def _one_by_one(task: Pool) -> Pool:
    return replace(task, stride=(1, 1))


def _side_by_side(task: Pool) -> Pool:
    return replace(task, stride=task.kernel)


def _unpadded(task: Pool) -> Pool:
    return replace(task, padding=(0, 0))


def _other_rounding(task: Pool) -> Pool:
    return replace(task, ceil=not task.ceil)


def _other_count(task: Pool) -> Pool:
    if not max(task.padding):
        raise DoesNotApply("there is no padding")
    return replace(task, counting=not task.counting)


def _of_windows(wanted: Kind, pick: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """What comes out when something else is taken of the numbers in each window."""

    @reading(_task)
    def wrong(task: Pool) -> Any:
        if task.kind != wanted:
            raise DoesNotApply(f"this is not {wanted} pooling")
        rows, columns = task.windows.outputs
        found = [[pick(tensor(_numbers(task, (a, b)))).item() for b in range(columns)] for a in range(rows)]
        return task.of(found)

    return wrong


def _smallest(numbers: Tensor) -> Tensor:
    return numbers.min()


def _farthest_from_zero(numbers: Tensor) -> Tensor:
    return numbers[numbers.abs().argmax()]


def _sum(numbers: Tensor) -> Tensor:
    return numbers.sum()


def _median(numbers: Tensor) -> Tensor:
    return numbers.quantile(0.5)


@reading(_task)
def _zeros_in_maximum(task: Pool) -> Any:
    from torch.nn import functional as F

    if task.kind != "max" or not max(task.padding):
        raise DoesNotApply("there are no zeros around a maximum")
    rows, columns = task.padding
    padded = F.pad(tensor(task.values), (columns, columns, rows, rows)).tolist()
    return run(replace(task, values=padded, padding=(0, 0)))


MISCONCEPTIONS = {
    "average_for_max": Misconception("the average of each window is taken, not its maximum", _changed(_average)),
    "max_for_average": Misconception("the maximum of each window is taken, not its average", _changed(_max)),
    "sum_for_average": Misconception("the sum of each window is not divided", _of_windows("average", _sum)),
    "stride_one": Misconception("the window moves by one place, whatever the stride", _changed(_one_by_one)),
    "side_by_side": Misconception("windows lie side by side, whatever the stride", _changed(_side_by_side)),
    "no_padding": Misconception("the padding is forgotten", _changed(_unpadded)),
    "min_for_max": Misconception("the smallest number of each window is taken", _of_windows("max", _smallest)),
    "largest_size": Misconception("signs are ignored: the number farthest from 0 is taken",
                                  _of_windows("max", _farthest_from_zero)),
    "zeros_in_maximum": Misconception("zeros of the padding take part in the maximum", _zeros_in_maximum),
    "other_count": Misconception("zeros of the padding are counted when they should not be, or the reverse",
                                 _changed(_other_count)),
    "other_rounding": Misconception("the last window that reaches over the edge is used when it should not be, or the "
                                    "reverse", _changed(_other_rounding)),
    "median_for_average": Misconception("the middle number of each window is taken", _of_windows("average", _median)),
}  # fmt: skip
