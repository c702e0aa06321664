"""The gradients of a loss with respect to the input, the kernel and the bias of a convolution of one small map."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.forward import one_thread
from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference import convolution as plain
from generator.reference.convolution import Convolution
from generator.reference.given import Matrix, Pick, aligned, equals, factor, picking, reading, summed, tensor, tex
from generator.reference.windows import Pair, grid, is_flat, sides, symbol, zeros

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
Named = dict[str, Any]


@dataclass(frozen=True)
class Backward:
    """A convolution of one map, and the gradient of the loss with respect to its output."""

    convolution: Convolution
    output_gradient: Matrix

    def of(self, found: Matrix) -> Any:
        """An array as it was asked for."""
        return self.convolution.of(found)


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kernel: Any,
    output_gradient: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
) -> Backward:
    convolution = plain.task(is_flat(input), input, kernel, stride, padding, dilation, None)
    if len(convolution.maps) > 1:
        raise BadArgument("input", "only gradients of one map are computed here")
    if is_flat(output_gradient) is not convolution.flat:
        raise BadArgument("output_gradient", "input and gradient are both lists of numbers, or both lists of rows")
    given = grid("output_gradient", output_gradient)
    if sides(given) != convolution.windows.outputs:
        wanted = " × ".join(map(str, convolution.windows.outputs[convolution.flat :]))
        raise BadArgument("output_gradient", f"the output of this convolution has {wanted} elements")
    return Backward(convolution, given)


@reading(_task)
def compute(task: Backward) -> Named:
    """Run conv2d and backpropagate `output_gradient` by autograd: the gradients of `input`, `weight` and `bias`.

    The arguments are matrices, or lists for a convolution in one dimension.
    """
    return _run(task)


Forward = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]


@one_thread()
def _run(task: Backward, forward: Forward | None = None) -> Named:
    """The gradients by autograd; `forward` is another way from input, kernel and bias to the output."""
    import torch
    from torch.nn import functional as F

    one = task.convolution
    x, kernel = (tensor(values)[None].requires_grad_() for values in (one.maps, one.kernels))
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    way: Forward = forward or (lambda x, kernel, bias: F.conv2d(x, kernel, bias, one.stride, one.padding, one.dilation))
    dy = tensor(task.output_gradient)[None, None]
    dx, dw, db = torch.autograd.grad(way(x, kernel, bias), (x, kernel, bias), dy)
    return {"input": task.of(dx[0, 0].tolist()), "weight": task.of(dw[0, 0].tolist()), "bias": db.item()}


@reading(_task)
def recompute(task: Backward) -> Named:
    """The same window by window: each output passes its gradient on to what it saw, in plain Python."""
    return _by_hand(task)


def _by_hand(task: Backward) -> Named:
    values, kernel, windows = task.convolution.maps[0], task.convolution.kernels[0], task.convolution.windows
    dx, dw = zeros(windows.sides), zeros(windows.kernel)
    for a, b in windows.places():
        for (row, column), (k, m) in windows.seen((a, b)):
            dx[row][column] += task.output_gradient[a][b] * kernel[k][m]
            dw[k][m] += task.output_gradient[a][b] * values[row][column]
    total = math.fsum(one for row in task.output_gradient for one in row)
    return {"input": task.of(dx), "weight": task.of(dw), "bias": total}


@reading(_task)
def says(task: Backward) -> str:
    """What the paper must state for the answer to be one."""
    told = ["the convolution does not flip its kernel, as in PyTorch"]
    if max(task.convolution.padding):
        told.append("zeros surround the input")
    if max(task.convolution.dilation) > 1:
        apart = max(task.convolution.dilation)
        told.append(f"a dilation of {apart} means that neighboring weights are {apart} places apart")
    return "; ".join(told)


@picking(_task)
def worked(task: Backward, pick: Pick) -> str:
    """For the kernel and the input: sums of two elements with their numbers; the bias."""
    return _told(task, pick, lambda sums: [*sorted(sums)[:1], *sorted(sums, key=lambda at: (-len(sums[at]), at))[:1]])


@picking(_task)
def in_full(task: Backward, pick: Pick) -> str:
    """The same with the sums of all elements."""
    return _told(task, pick, sorted)


def _told(task: Backward, pick: Pick, choose: Callable[[Sums], list[Pair]]) -> str:
    """What is asked for, with the sums of those elements that are chosen."""
    windows, values, kernel = task.convolution.windows, task.convolution.maps[0], task.convolution.kernels[0]
    of_weight: Sums = {}
    of_input: Sums = {}
    for place in windows.places():
        dy = task.output_gradient[place[0]][place[1]]
        for cell, at in windows.seen(place):
            of_weight.setdefault(at, []).append((dy, values[cell[0]][cell[1]]))
            of_input.setdefault(cell, []).append((dy, kernel[at[0]][at[1]]))
    told = {
        "input": f"$dX$: each output passes its gradient on to what it saw, times the weight that lay on it.\n\n"
        f"{_sums(task, 'input', 'X', of_input, choose)}",
        "weight": f"$dW$: each output adds its gradient times the element that the weight lay on.\n\n"
        f"{_sums(task, 'weight', 'W', of_weight, choose)}",
        "bias": "The bias is part of every output, so its gradient is the sum of all of $dY$.\n\n"
        + aligned(
            *summed("db", [tex(one) for row in task.output_gradient for one in row], equals(_by_hand(task)["bias"]))
        ),
    }
    return told[pick] if isinstance(pick, str) else "\n\n".join(told.values())


Sums = dict[Pair, list[tuple[float, float]]]  # of each element, the products that add up to its gradient


def _sums(task: Backward, name: str, letter: str, sums: Sums, choose: Callable[[Sums], list[Pair]]) -> str:
    """The sums of products of chosen elements."""
    found, flat = _by_hand(task)[name], task.convolution.flat
    result = [found] if flat else found
    lines: list[tuple[str, str]] = []
    for at in dict.fromkeys(choose(sums)):
        terms = [rf"{factor(dy)} \cdot {factor(value)}" for dy, value in sums[at]]
        lines += summed(f"d{symbol(letter, at, flat)}", terms, equals(result[at[0]][at[1]]))
    return aligned(*lines) if lines else "Windows see nothing but padding."


# ---- wrong ways ----


def _by(make: Callable[[Backward], Forward]) -> Callable[..., Named]:
    """The gradients of another way to compute the output."""

    @reading(_task)
    def wrong(task: Backward) -> Named:
        return _run(task, make(task))

    return wrong


def _flipped(task: Backward) -> Forward:
    """A convolution that flips its kernel: then gradients would not."""
    from torch.nn import functional as F

    one = task.convolution

    def forward(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return F.conv2d(x, kernel.flip((2, 3)), bias, one.stride, one.padding, one.dilation)

    return forward


def _step_by_step(task: Backward) -> Forward:
    """Windows that begin one place apart, as many as there are outputs."""
    from torch.nn import functional as F

    one = task.convolution
    if max(one.stride) == 1:
        raise DoesNotApply("the stride is 1")
    rows, columns = (
        count + reach * (size - 1)
        for count, reach, size in zip(one.windows.outputs, one.dilation, one.windows.kernel, strict=True)
    )

    def forward(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        (down, right) = one.padding
        seen = F.pad(x, (right, right, down, down))[:, :, :rows, :columns]
        return F.conv2d(seen, kernel, bias, dilation=one.dilation)

    return forward


def _unpadded(task: Backward) -> Forward:
    """Windows counted from the first element of the input, not from its border."""
    from torch.nn import functional as F

    one = task.convolution
    if not max(one.padding):
        raise DoesNotApply("there is no padding")

    def forward(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        (down, right) = one.padding
        return F.conv2d(F.pad(x, (0, 2 * right, 0, 2 * down)), kernel, bias, one.stride, 0, one.dilation)

    return forward


def _mean(task: Backward) -> Forward:
    """The gradient averaged over the outputs."""
    from torch.nn import functional as F

    one, count = task.convolution, len(task.output_gradient) * len(task.output_gradient[0])

    def forward(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        found = F.conv2d(x, kernel, bias, one.stride, one.padding, one.dilation)
        return found / count

    return forward


@reading(_task)
def _as_forward(task: Backward) -> Named:
    """The kernel slid over the output's gradient as in the forward pass, which gives a smaller array."""
    if max(task.convolution.stride) > 1:
        raise DoesNotApply("nobody would slide it like this with a stride")
    over = replace(task.convolution, maps=[task.output_gradient])
    if min(over.windows.outputs) < 1:
        raise DoesNotApply("no window would fit")
    return _run(task) | {"input": plain.run(over)}


@reading(_task)
def _swapped(task: Backward) -> Named:
    found = _run(task)
    return found | {"input": found["weight"], "weight": found["input"]}


@reading(_task)
def _ones(task: Backward) -> Named:
    return _run(replace(task, output_gradient=[[1.0] * len(row) for row in task.output_gradient]))


MISCONCEPTIONS = {
    "flipped": Misconception("the kernel, or its gradient, is turned by half a turn", _by(_flipped)),
    "stride_ignored": Misconception("neighboring outputs are taken to see neighboring windows, whatever the stride",
                                    _by(_step_by_step)),
    "padding_ignored": Misconception("the first window is taken to begin at the first element, not in the padding",
                                     _by(_unpadded)),
    "as_forward": Misconception("the kernel slides over the gradient as in the forward pass", _as_forward),
    "mean_for_sum": Misconception("the gradient is averaged over the outputs, not added up", _by(_mean)),
    "output_gradient_forgotten": Misconception("the gradient from above is taken to be 1 everywhere", _ones),
    "swapped": Misconception("input and kernel have swapped their gradients", _swapped),
}  # fmt: skip
