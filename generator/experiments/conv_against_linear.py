"""Show what a convolution saves against the fully connected layer that could replace it.

Cost: both layers map side × side × channels values to side × side × maps values. They are built on PyTorch's meta
device; parameters (biases counted) and bytes of weights (float32) are read off the modules, multiply-accumulates off
PyTorch's own counter while one image runs through.

Shift: a convolution and a fully connected layer learn the same target, the response of a hidden kernel to small
patterns, from `examples` images that all hold their pattern at one place of a 16 × 16 canvas. Then the patterns move.
A weight of the fully connected layer that reads a pixel dark in all training images has no gradient and stays as it
was drawn, so elsewhere that layer answers at random. Errors are relative: |output − target| / |target|.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from generator.experiments import Figures, Findings
from generator.plots import Panel, Panels

CANVAS = 16  # side of the images that the layers learn from
PATTERN = 4  # side of the patterns
PLACE = (3, 3)  # top left corner of the patterns in the training images
SHIFT = (6, 5)  # pixels down and right
STEPS = 200


@dataclass(frozen=True)
class _Task:
    """Images, the same images shifted, and what the hidden kernel answers to each; all (examples, 1, side, side)."""

    seen: Tensor
    seen_target: Tensor
    moved: Tensor
    moved_target: Tensor


def run(
    stream: torch.Generator, *, side: int = 32, channels: int = 3, maps: int = 16, kernel: int = 3, examples: int = 4
) -> Findings:
    """Count what both layers cost and measure what each makes of a shifted image."""
    if kernel not in (3, 5, 7):
        raise ValueError("kernel must be 3, 5 or 7, so that the output keeps the input's size")
    if not (kernel <= side <= 512 and 1 <= channels <= 512 and 1 <= maps <= 512 and 2 <= examples <= 64):
        raise ValueError("side must be from kernel to 512, channels and maps from 1 to 512, examples from 2 to 64")
    conv, linear = _costs(side, channels, maps, kernel)
    task = _task(stream, kernel, examples)
    conv_student = nn.Conv2d(1, 1, kernel, padding=kernel // 2, bias=False)
    linear_student = nn.Linear(CANVAS**2, CANVAS**2, bias=False)
    for student in (conv_student, linear_student):
        nn.init.kaiming_uniform_(student.weight, a=5**0.5, generator=stream)
    flat = nn.Sequential(nn.Flatten(), linear_student, nn.Unflatten(1, (1, CANVAS, CANVAS)))
    before = linear_student.weight.detach().clone()
    learned = {"conv": _learn(conv_student, task), "linear": _learn(flat, task)}
    untouched = (linear_student.weight.detach() == before).double().mean().item()
    figures: dict[str, Figures] = {
        "conv": {**conv, "shift_error": shift_error(stream, channels, maps, kernel), **learned["conv"]},
        "linear": {**linear, **learned["linear"], "untouched": untouched},
        "parameters_ratio": linear["parameters"] / conv["parameters"],
        "bytes_ratio": linear["bytes"] / conv["bytes"],
        "macs_ratio": linear["macs"] / conv["macs"],
        "examples": examples,
    }
    return Findings(figures, _picture(task, conv_student, flat))


def _costs(side: int, channels: int, maps: int, kernel: int) -> tuple[dict[str, int], dict[str, int]]:
    """Parameters, bytes and multiply-accumulates of the convolution and of the layer that replaces it."""
    with torch.device("meta"):
        conv = nn.Conv2d(channels, maps, kernel, padding=kernel // 2)
        linear = nn.Linear(channels * side**2, maps * side**2)
        image = torch.empty(1, channels, side, side)
        return _cost(conv, image), _cost(linear, image.flatten(1))


def _cost(layer: nn.Module, image: Tensor) -> dict[str, int]:
    with FlopCounterMode(display=False) as counter:
        layer(image)
    weights = list(layer.parameters())
    return {
        "parameters": sum(weight.numel() for weight in weights),
        "bytes": sum(weight.numel() * weight.element_size() for weight in weights),
        "macs": counter.get_total_flops() // 2,  # PyTorch counts a multiply-accumulate as two operations
    }


def shift_error(stream: torch.Generator, channels: int, maps: int, kernel: int) -> float:
    """The largest difference between conv(shift(image)) and shift(conv(image)) away from the border.

    Weights and pixels are multiples of 1/16, so that float64 sums are exact whatever their order, and 0 means 0.
    """
    conv = nn.Conv2d(channels, maps, kernel, padding=kernel // 2, bias=False, dtype=torch.float64)
    with torch.no_grad():
        conv.weight.copy_(torch.randint(-16, 17, conv.weight.shape, generator=stream) / 16)
        image = torch.randint(0, 17, (1, channels, CANVAS, CANVAS), generator=stream).double() / 16
        down, right = SHIFT
        difference = conv(image.roll(SHIFT, (2, 3))) - conv(image).roll(SHIFT, (2, 3))
        edge = kernel // 2
        inside = difference[:, :, down + edge : CANVAS - edge, right + edge : CANVAS - edge]
        return float(inside.abs().max())


def _task(stream: torch.Generator, kernel: int, examples: int) -> _Task:
    """Draw a hidden kernel and patterns of random brightness, and place the patterns twice."""
    hidden = torch.randn(1, 1, kernel, kernel, generator=stream) / kernel
    patterns = torch.rand(examples, 1, PATTERN, PATTERN, generator=stream)
    seen = torch.zeros(examples, 1, CANVAS, CANVAS)
    row, column = PLACE
    seen[:, :, row : row + PATTERN, column : column + PATTERN] = patterns
    moved = seen.roll(SHIFT, (2, 3))
    return _Task(seen, F.conv2d(seen, hidden, padding=kernel // 2), moved, F.conv2d(moved, hidden, padding=kernel // 2))


def _learn(layer: nn.Module, task: _Task) -> dict[str, float]:
    """Train on the seen images and measure the error on them and on the moved ones."""
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    for step in range(STEPS):
        if step == STEPS * 3 // 4:
            optimizer.param_groups[0]["lr"] = 0.01
        optimizer.zero_grad()
        torch.autograd.backward(F.mse_loss(layer(task.seen), task.seen_target))
        optimizer.step()
    with torch.no_grad():
        return {
            "seen_error": _error(layer(task.seen), task.seen_target),
            "moved_error": _error(layer(task.moved), task.moved_target),
        }


def _error(output: Tensor, target: Tensor) -> float:
    return float((output - target).norm() / target.norm())


def _picture(task: _Task, conv: nn.Module, linear: nn.Module) -> Panels:
    with torch.no_grad():
        wanted, by_conv, by_linear = task.moved_target[0, 0], conv(task.moved)[0, 0], linear(task.moved)[0, 0]
    largest = wanted.abs().max()
    return Panels(
        "A pattern moved away from where it was in training: the convolution answers as wanted, at the new place; "
        "the fully connected layer does not.",
        (
            Panel("moved image", _rows(task.moved[0, 0])),
            Panel("wanted answer", _rows(wanted.abs() / largest)),
            Panel("convolution", _rows(by_conv.abs() / largest)),
            Panel("fully connected", _rows(by_linear.abs() / largest)),
        ),
    )


def _rows(image: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(value, 3) for value in row) for row in image.clamp(0, 1).tolist())
