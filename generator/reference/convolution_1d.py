"""Slide a kernel along a short signal, or along several channels of it at once, and add up the products."""

from __future__ import annotations

from typing import Any

from generator.reference import Misconception
from generator.reference.convolution import WAYS, Convolution, by_hand, changed, run, said, shown, task
from generator.reference.given import Pick, picking, reading
from generator.reference.windows import place_of

GIVES = "array"


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kernel: Any,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    bias: float | None = None,
    convolution_form: str = "plain",
) -> Convolution:
    return task(True, input, kernel, stride, padding, dilation, bias, convolution_form)


@reading(_task)
def compute(convolution: Convolution) -> Any:
    """Run conv1d: `input` [length] with a `kernel` of the same kind, or both with channels in front."""
    return run(convolution)


@reading(_task)
def recompute(convolution: Convolution) -> Any:
    """The same window by window, in plain Python."""
    return by_hand(convolution)


@reading(_task)
def says(convolution: Convolution) -> str:
    """What the paper must state for the answer to be one."""
    return said(convolution)


@picking(_task)
def worked(convolution: Convolution, pick: Pick) -> str:
    """Where windows begin, and the sum of the element that is asked for, or of the first and the last full window."""
    return shown(convolution, place_of(pick, convolution.flat))


MISCONCEPTIONS = {
    name: Misconception(says, changed(_task, change))
    for name, (says, change) in WAYS.items()
    if name != "transposed_kernel"
}
