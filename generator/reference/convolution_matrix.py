"""The matrix that a flattened input is multiplied with to get the flattened output of a convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from generator.forward import one_thread
from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.convolution import WAYS, Change, Convolution, task
from generator.reference.given import MOST, Matrix, Pick, aligned, picking, reading, summed, tensor, tex
from generator.reference.windows import is_flat, listed, pair, symbol, zeros
from generator.spec import CONVENTIONS

GIVES = "array"
LARGEST_MATRIX = 400  # elements; a paper needs 36


def _task(
    *,
    kernel: Any,
    input_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    convolution_form: str = "plain",
) -> Convolution:
    flat = is_flat(kernel)
    rows, columns = pair("input_size", [1, input_size] if flat else input_size, most=MOST)
    if rows * columns > MOST:
        raise BadArgument("input_size", f"{rows} × {columns} elements are more than {MOST}")
    empty = zeros((rows, columns))
    found = task(flat, empty[0] if flat else empty, kernel, stride, padding, dilation, None, convolution_form)
    outputs = found.windows.outputs
    if rows * columns * outputs[0] * outputs[1] > LARGEST_MATRIX:
        raise BadArgument("input_size", f"the matrix would have more than {LARGEST_MATRIX} elements")
    return found


@reading(_task)
def compute(convolution: Convolution) -> Any:
    """Differentiate conv2d by its input: a row for each output, a column for each input element, both row by row.

    `kernel` is a matrix and `input_size` two numbers (or one for a square), or `kernel` is a list and `input_size` the
    length of the input.
    """
    return _run(convolution)


@one_thread()
def _run(convolution: Convolution) -> Any:
    from torch.autograd.functional import jacobian
    from torch.nn import functional as F

    values, kernel = (tensor(one)[None] for one in (convolution.maps, convolution.kernels))
    kernel = kernel.flip(2, 3) if convolution.flipped else kernel

    def forward(x: Any) -> Any:
        return F.conv2d(x, kernel, None, convolution.stride, convolution.padding, convolution.dilation)

    slopes = jacobian(forward, values)  # type: ignore[no-untyped-call]
    return slopes.reshape(-1, values.numel()).tolist()


@reading(_task)
def recompute(convolution: Convolution) -> Any:
    """The same by writing each weight of each window into its column, in plain Python."""
    return _written(convolution)


def _written(convolution: Convolution) -> Matrix:
    windows = convolution.windows
    found = []
    for place in windows.places():
        row = [0.0] * (windows.sides[0] * windows.sides[1])
        for (at, column), (k, m) in windows.seen(place):
            row[at * windows.sides[1] + column] = _weight(convolution, k, m)
        found.append(row)
    return found


def _weight(convolution: Convolution, row: int, column: int) -> float:
    """The weight that lies on this place of a window."""
    kernel = convolution.kernels[0]
    return kernel[-1 - row][-1 - column] if convolution.flipped else kernel[row][column]


@reading(_task)
def says(convolution: Convolution) -> str:
    """What the paper must state for the answer to be one."""
    told = [CONVENTIONS["convolution_form"]["flipped" if convolution.flipped else "plain"]]
    if not convolution.flat:
        told.append("input and output are flattened row by row into columns")
    if max(convolution.padding):
        told.append("zeros surround the input, and are no part of the flattened input")
    return "; ".join(told)


@picking(_task)
def worked(convolution: Convolution, pick: Pick) -> str:
    """What the output is made of whose row is asked for, or the first and the last one."""
    windows = convolution.windows
    places = list(windows.places())
    told = ["Each row has the weights of one window, in the columns of the elements that they lie on:"]
    rows = [places[pick[0] - 1]] if isinstance(pick, tuple) else [places[0], places[-1]]
    for place in dict.fromkeys(rows):
        terms, columns = [], []
        for cell, (k, m) in windows.seen(place):
            if weight := _weight(convolution, k, m):
                size = "" if abs(weight) == 1 else f"{tex(abs(weight))}\\,"
                terms.append(f"{'-' if weight < 0 else ''}{size}{symbol('x', cell, convolution.flat)}")
                columns.append(cell[0] * windows.sides[1] + cell[1] + 1)
        told.append(aligned(*summed(symbol("y", place, convolution.flat), terms or ["0"])))
        if columns:
            told.append(f"so that row {places.index(place) + 1} has weights in {listed(columns, 'column')}.")
    return "\n\n".join(told)


# ---- wrong ways ----


def _changed(change: Change) -> Callable[..., Any]:
    """The matrix of another convolution."""

    @reading(_task)
    def wrong(convolution: Convolution) -> Any:
        other = change(convolution)
        rows, columns = other.windows.outputs
        if (
            min(rows, columns) < 1
            or rows * columns * other.windows.sides[0] * other.windows.sides[1] > 4 * LARGEST_MATRIX
        ):
            raise DoesNotApply("this is no matrix of an exam")
        return _run(other)

    return wrong


@reading(_task)
def _turned(convolution: Convolution) -> Any:
    return [list(column) for column in zip(*_run(convolution), strict=True)]


@reading(_task)
def _without_gaps(convolution: Convolution) -> Any:
    """A convolution of the flattened kernel with the flattened input."""
    if convolution.flat or max(convolution.padding):
        raise DoesNotApply("there are no rows, or they have no gaps")
    one = [weight for row in convolution.kernels[0] for weight in row]
    columns = convolution.windows.sides[0] * convolution.windows.sides[1]
    other = replace(convolution, maps=[zeros((1, columns))], kernels=[[one]], dilation=(1, 1), flat=True)
    rows = convolution.windows.outputs[0] * convolution.windows.outputs[1]
    return _run(other)[:rows]


@reading(_task)
def _by_columns(convolution: Convolution) -> Any:
    """The matrix for input and output that are flattened column by column."""
    (height, width), (rows, columns) = convolution.windows.sides, convolution.windows.outputs
    slopes = tensor(_run(convolution)).reshape(rows, columns, height, width)
    return slopes.permute(1, 0, 3, 2).reshape(rows * columns, height * width).tolist()


MISCONCEPTIONS = {
    **{
        name: Misconception(WAYS[name][0], _changed(WAYS[name][1]))
        for name in ("flipped_kernel", "not_flipped", "no_padding", "stride_ignored", "dilation_ignored")
    },
    "matrix_transposed": Misconception("rows and columns are swapped: this is the matrix of the way back", _turned),
    "no_gaps": Misconception("the rows of the kernel follow each other without the zeros between them", _without_gaps),
    "by_columns": Misconception("input and output are flattened column by column", _by_columns),
}
