"""Paint a kernel onto the output once for each input element, scaled by it, and add up what overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator.forward import one_thread
from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import (
    Matrix,
    Pick,
    aligned,
    equals,
    factor,
    number,
    picking,
    reading,
    summed,
    tensor,
    tex,
)
from generator.reference.windows import (
    LARGEST_STEP,
    Pair,
    Windows,
    along,
    grid,
    is_flat,
    listed,
    place_of,
    sides,
    symbol,
    zeros,
)

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"


@dataclass(frozen=True)
class Painting:
    """A transposed convolution from one map to one; in one dimension (`flat`) both have one row."""

    values: Matrix
    kernel: Matrix
    bias: float | None
    stride: Pair
    padding: Pair
    output_padding: Pair
    dilation: Pair
    flat: bool

    @property
    def size(self) -> Pair:
        """(n − 1)s − 2p + d(k − 1) + o + 1, as the PyTorch documentation of ConvTranspose2d has it."""
        rows, columns = (
            (n - 1) * s - 2 * p + d * (k - 1) + o + 1
            for n, s, p, d, k, o in zip(
                sides(self.values), self.stride, self.padding, self.dilation, sides(self.kernel), self.output_padding,
                strict=True,
            )
        )  # fmt: skip
        return rows, columns

    @cached_property
    def windows(self) -> Windows:
        """The windows of the convolution that goes the other way: from this output to this input."""
        return Windows(self.size, sides(self.kernel), self.stride, self.padding, self.dilation)

    def places(self) -> Iterator[Pair]:
        """Every input element, row by row."""
        rows, columns = sides(self.values)
        return ((row, column) for row in range(rows) for column in range(columns))

    def of(self, found: Matrix) -> Any:
        """The output as it was asked for."""
        return found[0] if self.flat else found


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kernel: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    bias: float | None = None,
) -> Painting:
    flat = is_flat(input)
    if flat is not is_flat(kernel):
        raise BadArgument("kernel", "input and kernel are both lists of numbers, or both lists of rows")
    found = Painting(
        grid("input", input),
        grid("kernel", kernel),
        None if bias is None else number("bias", bias),
        along("stride", stride, 1, flat),
        along("padding", padding, 0, flat, 0),
        along("output_padding", output_padding, 0, flat, 0),
        along("dilation", dilation, 1, flat),
        flat,
    )
    for added, stepped, spread in zip(found.output_padding, found.stride, found.dilation, strict=True):
        if added and added >= max(stepped, spread):
            raise BadArgument("output_padding", "output padding must be smaller than the stride or the dilation")
    if max(sides(found.kernel)) > LARGEST_STEP:
        raise BadArgument("kernel", f"a kernel wider than {LARGEST_STEP} is too large")
    if min(found.size) < 1:
        raise BadArgument("padding", "nothing of the output is left when the padding is cut off")
    return found


@reading(_task)
def compute(painting: Painting) -> Any:
    """Run conv_transpose2d from one map to one, or conv_transpose1d where `input` is a list of numbers."""
    return _run(painting)


@one_thread()
def _run(painting: Painting) -> Any:
    from torch.nn import functional as F

    x, kernel = tensor(painting.values)[None, None], tensor(painting.kernel)[None, None]
    bias = None if painting.bias is None else tensor([painting.bias])
    stride, padding, more, dilation = painting.stride, painting.padding, painting.output_padding, painting.dilation
    if painting.flat:
        flat = F.conv_transpose1d(
            x[:, :, 0], kernel[:, :, 0], bias, stride[1], padding[1], more[1], dilation=dilation[1]
        )
        return flat[0, 0].tolist()
    return F.conv_transpose2d(x, kernel, bias, stride, padding, more, dilation=dilation)[0, 0].tolist()


@reading(_task)
def recompute(painting: Painting) -> Any:
    """The same by painting the kernel element by element, in plain Python."""
    return painting.of(_painted(painting))


def _painted(painting: Painting) -> Matrix:
    output = zeros(painting.size)
    for place, values in enumerate(painting.values):
        for at, value in enumerate(values):
            for (row, column), (k, m) in painting.windows.seen((place, at)):
                output[row][column] += value * painting.kernel[k][m]
    return [[value + (painting.bias or 0.0) for value in row] for row in output]


@reading(_task)
def says(painting: Painting) -> str:
    """What the paper must state for the answer to be one."""
    told = ["this is the transpose of a convolution that does not flip its kernel, as in PyTorch"]
    if max(painting.padding):
        told.append(f"the padding is cut off the output: {_lines(painting, painting.padding)} at each side")
    if max(painting.output_padding):
        told.append(f"output padding makes the output {_lines(painting, painting.output_padding)} longer at its end")
    if max(painting.dilation) > 1:
        apart = max(painting.dilation)
        told.append(f"a dilation of {apart} means that neighboring weights are {apart} places apart")
    if painting.bias is None:
        told.append("there is no bias")
    return "; ".join(told)


def _lines(painting: Painting, counts: Pair) -> str:
    """How many rows and columns, in words."""
    rows, columns = counts
    if painting.flat:
        return f"{columns} element{'s' * (columns > 1)}"
    if rows == columns:
        return "1 row and column" if rows == 1 else f"{rows} rows and columns"
    return f"{rows} row{'s' * (rows != 1)} and {columns} column{'s' * (columns != 1)}"


@picking(_task)
def worked(painting: Painting, pick: Pick) -> str:
    """Where kernels begin, and the sum at the element that is asked for, or at the first and where most overlap."""
    rows, columns = (
        [place * step + 1 for place in range(count)]
        for count, step in zip(sides(painting.values), painting.stride, strict=True)
    )
    at = f"at {listed(columns)}" if painting.flat else f"in {listed(rows, 'row')} and {listed(columns, 'column')}"
    told = [f"The painted kernels begin {at}{', before the padding is cut off' if max(painting.padding) else ''}."]
    sums, wanted = _sums(painting), place_of(pick, painting.flat)
    most = sorted(sums, key=lambda cell: (-len(sums[cell]), cell))[:1]
    cells = dict.fromkeys([*sorted(sums)[:1], *most] if wanted is None else [wanted])
    return "\n\n".join([*told, *_told(painting, cells)])


@picking(_task)
def in_full(painting: Painting, pick: Pick) -> str:
    """The sum at the element that is asked for, or at all of them."""
    wanted = place_of(pick, painting.flat)
    return "\n\n".join(_told(painting, sorted(_sums(painting)) if wanted is None else [wanted]))


def _sums(painting: Painting) -> dict[Pair, list[str]]:
    """The products that meet at each element of the output that a kernel reaches."""
    sums: dict[Pair, list[str]] = {}
    for place in painting.places():
        for cell, (k, m) in painting.windows.seen(place):
            one, weight = painting.values[place[0]][place[1]], painting.kernel[k][m]
            sums.setdefault(cell, []).append(rf"{factor(one)} \cdot {factor(weight)}")
    return sums


def _told(painting: Painting, cells: Iterable[Pair]) -> Iterator[str]:
    """How some elements of the output are got, as Markdown."""
    sums, output = _sums(painting), _painted(painting)
    for cell in cells:
        terms = sums.get(cell, ["0"]) + ([] if painting.bias is None else [tex(painting.bias)])
        yield aligned(*summed(symbol("Y", cell, painting.flat), terms, equals(output[cell[0]][cell[1]])))


# ---- wrong ways ----


def _changed(change: Callable[[Painting], Painting]) -> Callable[..., Any]:
    """What another transposed convolution gives."""

    @reading(_task)
    def wrong(painting: Painting) -> Any:
        other = change(painting)
        if min(other.size) < 1:
            raise DoesNotApply("nothing of the output is left")
        return _run(other)

    return wrong


def _flipped(painting: Painting) -> Painting:
    return replace(painting, kernel=[row[::-1] for row in painting.kernel[::-1]])


def _transposed(painting: Painting) -> Painting:
    if painting.flat:
        raise DoesNotApply("the kernel has one row")
    return replace(painting, kernel=[list(column) for column in zip(*painting.kernel, strict=True)])


def _uncut(painting: Painting) -> Painting:
    return replace(painting, padding=(0, 0))


def _step_by_step(painting: Painting) -> Painting:
    return replace(painting, stride=(1, 1), output_padding=(0, 0))


def _side_by_side(painting: Painting) -> Painting:
    return replace(painting, stride=sides(painting.kernel), output_padding=(0, 0))


def _unbiased(painting: Painting) -> Painting:
    return replace(painting, bias=None)


def _at_the_end(painting: Painting) -> Painting:
    return replace(painting, output_padding=(0, 0))


@reading(_task)
def _as_convolution(painting: Painting) -> Any:
    from torch.nn import functional as F

    x, kernel = tensor(painting.values)[None, None], tensor(painting.kernel)[None, None]
    bias = None if painting.bias is None else tensor([painting.bias])
    windows = replace(painting.windows, sides=sides(painting.values))
    if min(windows.outputs) < 1:
        raise DoesNotApply("no window would fit")
    found = F.conv2d(x, kernel, bias, painting.stride, painting.padding, painting.dilation)[0, 0].tolist()
    return painting.of(found)


def _written_over(write: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Any]:
    """What comes out when overlapping kernels are not added: `write` makes one number of the old and the new one."""

    @reading(_task)
    def wrong(painting: Painting) -> Any:
        import torch

        output = torch.full(painting.size, float("nan"), dtype=torch.float64)
        for place in painting.places():
            value = tensor(painting.values[place[0]][place[1]])
            for cell, (k, m) in painting.windows.seen(place):
                new, old = value * painting.kernel[k][m], output[cell]
                output[cell] = new if old.isnan() else write(old, new)
        return painting.of((output.nan_to_num(0.0) + (painting.bias or 0.0)).tolist())

    return wrong


def _later(old: Tensor, new: Tensor) -> Tensor:
    return new


def _larger(old: Tensor, new: Tensor) -> Tensor:
    return old.max(new)


MISCONCEPTIONS = {
    "as_convolution": Misconception("an ordinary convolution is computed", _as_convolution),
    "overlaps_not_added": Misconception(
        "where kernels overlap, the later one replaces the earlier", _written_over(_later)
    ),
    "padding_not_cut": Misconception("the padding is not cut off", _changed(_uncut)),
    "stride_ignored": Misconception("kernels begin one place apart, whatever the stride", _changed(_step_by_step)),
    "flipped_kernel": Misconception("the kernel is flipped", _changed(_flipped)),
    "side_by_side": Misconception("kernels lie side by side, so that none overlap", _changed(_side_by_side)),
    "larger_kept": Misconception("where kernels overlap, the larger number is kept", _written_over(_larger)),
    "transposed_kernel": Misconception("the kernel is transposed", _changed(_transposed)),
    "bias_forgotten": Misconception("the bias is forgotten", _changed(_unbiased)),
    "no_output_padding": Misconception("the output padding is forgotten", _changed(_at_the_end)),
}
