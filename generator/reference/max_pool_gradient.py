"""Send the gradient of each output of a max pooling back to the element that was the largest in its window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.formulas import number_text
from generator.forward import one_thread
from generator.reference import BadArgument, DoesNotApply, Misconception, tidy
from generator.reference import pooling as pools
from generator.reference.given import Matrix, reading, tensor
from generator.reference.pooling import Pool
from generator.reference.windows import Pair, grid, is_flat, sides, zeros

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"


@dataclass(frozen=True)
class Routing:
    """A max pooling, and the gradient of the loss with respect to its output."""

    pool: Pool
    output_gradient: Matrix


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    output_gradient: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
) -> Routing:
    flat = is_flat(input)
    pool = pools.pool(grid("input", input), "max", kernel_size, stride, padding, False, True, flat)
    if is_flat(output_gradient) is not flat:
        raise BadArgument("output_gradient", "input and gradient are both lists of numbers, or both lists of rows")
    given = grid("output_gradient", output_gradient)
    if sides(given) != pool.windows.outputs:
        wanted = " × ".join(map(str, pool.windows.outputs[flat:]))
        raise BadArgument("output_gradient", f"the output of this pooling has {wanted} elements")
    return Routing(pool, given)


@reading(_task)
def compute(task: Routing) -> Any:
    """Run max_pool2d and backpropagate `output_gradient` by autograd; the stride is that of the window by default."""
    from torch.nn import functional as F

    pool = task.pool
    return _backward(task, lambda x: F.max_pool2d(x, pool.kernel, pool.stride, pool.padding))


@one_thread()
def _backward(task: Routing, forward: Callable[[Tensor], Tensor]) -> Any:
    import torch

    x = tensor(task.pool.values)[None, None].requires_grad_()
    (dx,) = torch.autograd.grad(forward(x), x, tensor(task.output_gradient)[None, None])
    return task.pool.of(dx[0, 0].tolist())


@reading(_task)
def recompute(task: Routing) -> Any:
    """The same window by window, in plain Python."""
    return task.pool.of(_routed(task))


def _routed(task: Routing) -> Matrix:
    found = zeros(task.pool.windows.sides)
    for a, b in task.pool.windows.places():
        row, column = _largest(task, (a, b))
        found[row][column] += task.output_gradient[a][b]
    return found


def _largest(task: Routing, place: Pair) -> Pair:
    """Where the largest element of a window stands: the first one in reading order, as in PyTorch."""
    return max((cell for cell, _ in task.pool.windows.seen(place)), key=lambda cell: task.pool.values[cell[0]][cell[1]])


@reading(_task)
def says(task: Routing) -> str:
    """What the paper must state for the answer to be one."""
    told = [pools.said(task.pool)]
    for place in task.pool.windows.places():
        numbers = [task.pool.values[row][column] for (row, column), _ in task.pool.windows.seen(place)]
        if numbers.count(max(numbers)) > 1:
            told.append("of equal numbers the first in reading order counts as the largest")
            break
    return "; ".join(filter(None, told))


@reading(_task)
def worked(task: Routing) -> str:
    """A table of the windows: where the largest element of each stands, and what it gets."""
    flat = task.pool.flat
    lines = ["| window | largest | stands at | gets |", "| --- | --- | --- | --- |"]
    for place in task.pool.windows.places():
        cell = _largest(task, place)
        value, gradient = task.pool.values[cell[0]][cell[1]], task.output_gradient[place[0]][place[1]]
        window, at = (str(one[1] + 1) if flat else f"{one[0] + 1}, {one[1] + 1}" for one in (place, cell))
        lines.append(f"| {window} | {_plain(value)} | {at} | {_plain(gradient)} |")
    lines += ["", "All other elements get 0; what one gets from several windows is added."]
    return "\n".join(lines)


def _plain(value: float) -> str:
    return number_text(tidy(value), 6)


# ---- wrong ways ----


@reading(_task)
def _spread_evenly(task: Routing) -> Any:
    from torch.nn import functional as F

    pool = task.pool
    return _backward(task, lambda x: F.avg_pool2d(x, pool.kernel, pool.stride, pool.padding))


@reading(_task)
def _everywhere(task: Routing) -> Any:
    from torch.nn import functional as F

    pool = task.pool
    size = pool.kernel[0] * pool.kernel[1]
    return _backward(task, lambda x: size * F.avg_pool2d(x, pool.kernel, pool.stride, pool.padding))


@reading(_task)
def _times_value(task: Routing) -> Any:
    from torch.nn import functional as F

    pool = task.pool

    def forward(x: Tensor) -> Tensor:
        return F.max_pool2d(x, pool.kernel, pool.stride, pool.padding).square() / 2  # whose slope is the maximum

    return _backward(task, forward)


@reading(_task)
def _smallest(task: Routing) -> Any:
    from torch.nn import functional as F

    pool = task.pool
    return _backward(task, lambda x: -F.max_pool2d(-x, pool.kernel, pool.stride, pool.padding))


@reading(_task)
def _in_the_corner(task: Routing) -> Any:
    """Each gradient at the first element of its window."""
    from torch.nn import functional as F

    pool = task.pool
    if max(pool.padding):
        raise DoesNotApply("the first element of a window may lie in the padding")
    rows, columns = pool.windows.outputs
    return _backward(task, lambda x: F.max_pool2d(x, 1, pool.stride)[:, :, :rows, :columns])


@reading(_task)
def _last_wins(task: Routing) -> Any:
    """Elements that are the largest of several windows keep the gradient of the last one."""
    import torch
    from torch.nn import functional as F

    pool = task.pool
    x = tensor(pool.values)[None, None]
    _, places = F.max_pool2d(x, pool.kernel, pool.stride, pool.padding, return_indices=True)
    found = torch.zeros(x.numel(), dtype=torch.float64)
    for place, gradient in zip(places.flatten().tolist(), tensor(task.output_gradient).flatten(), strict=True):
        found[place] = gradient
    return pool.of(found.reshape(x.shape[2:]).tolist())


MISCONCEPTIONS = {
    "spread_evenly": Misconception("the gradient is spread evenly over the window, as by average pooling",
                                   _spread_evenly),
    "everywhere": Misconception("each element of a window gets the whole gradient", _everywhere),
    "last_wins": Misconception("an element that is the largest of several windows gets only one of their gradients",
                               _last_wins),
    "in_the_corner": Misconception("the gradient goes to the first element of the window", _in_the_corner),
    "times_value": Misconception("the gradient is multiplied by the largest element", _times_value),
    "smallest": Misconception("the gradient goes to the smallest element of the window", _smallest),
}  # fmt: skip
