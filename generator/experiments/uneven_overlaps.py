"""Count how many kernels of a transposed convolution reach each output element, and see what a flat image becomes.

Elements near the border are left out, as fewer kernels reach them whatever the layer. A flat image through random
weights shows the pattern that the overlaps make; a convolution after nearest-neighbor upsampling makes none.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

SIDE = 12  # of the input
DIGITS = 9  # that values must share to count as one


def run(stream: torch.Generator, *, kernel: int = 3, stride: int = 2) -> Findings:
    """Compare a `kernel` that overlaps unevenly at this `stride` with one that is a multiple of it, and a resize."""
    if not 2 <= stride <= 4:
        raise ValueError(f"stride is {stride}; 2, 3 or 4 would work")
    if not stride < kernel <= 8:
        raise ValueError(f"kernel is {kernel}; {stride + 1} to 8 would work")
    weight = torch.rand(1, 1, kernel, kernel, generator=stream, dtype=torch.float64)
    flat = torch.ones(1, 1, SIDE, SIDE, dtype=torch.float64)
    counts, even = _counts(kernel, stride), _counts(stride * 2, stride)
    painted = _inner(F.conv_transpose2d(flat, weight, stride=stride), kernel)
    resized = _inner(F.conv2d(F.interpolate(flat, scale_factor=stride), weight), kernel)
    figures: dict[str, Figures] = {
        "overlaps": {"least": int(counts.min()), "most": int(counts.max())},
        "even": {"kernel": stride * 2, "least": int(even.min()), "most": int(even.max())},
        "flat": {"values": _values(painted), "period": _period(painted)},
        "resized": {"values": _values(resized)},
    }
    return Findings(figures, _plot(painted, resized))


def _counts(kernel: int, stride: int) -> Tensor:
    flat, ones = (torch.ones(1, 1, side, side, dtype=torch.float64) for side in (SIDE, kernel))
    return _inner(F.conv_transpose2d(flat, ones, stride=stride), kernel)


def _inner(output: Tensor, kernel: int) -> Tensor:
    """What is not touched by the border."""
    return output[0, 0, kernel:-kernel, kernel:-kernel]


def _values(output: Tensor) -> int:
    return len({round(one, DIGITS) for one in output.flatten().tolist()})


def _period(output: Tensor) -> int:
    """The smallest shift to the right that changes nothing."""
    return next(shift for shift in range(1, output.shape[1]) if torch.allclose(output[:, shift:], output[:, :-shift]))


def _plot(painted: Tensor, resized: Tensor) -> Plot:
    count = min(16, painted.shape[1], resized.shape[1])
    places = tuple(float(place) for place in range(1, count + 1))
    return Plot(
        alt="Along a row, the output of the transposed convolution rises and falls regularly; resized, it is flat.",
        x_label="column",
        y_label="output over its mean",
        series=(
            Series("transposed convolution", places, tuple((painted[0, :count] / painted.mean()).tolist())),
            Series("resize and convolution", places, tuple((resized[0, :count] / resized.mean()).tolist())),
        ),
    )
