"""Slide a kernel over a small map, or over several maps at once, and add up the products."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

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
from generator.reference.windows import Pair, Windows, along, listed, maps, place_of, sides, symbol
from generator.spec import CONVENTIONS

GIVES = "array"


@dataclass(frozen=True)
class Convolution:
    """A convolution with one output map; in one dimension (`flat`) maps and kernels have one row."""

    maps: list[Matrix]
    kernels: list[Matrix]  # one for each map
    bias: float | None
    stride: Pair
    padding: Pair
    dilation: Pair
    flat: bool
    flipped: bool = False  # whether kernels are turned by half a turn first

    @cached_property
    def windows(self) -> Windows:
        """The windows over each of the maps."""
        return Windows(sides(self.maps[0]), sides(self.kernels[0]), self.stride, self.padding, self.dilation)

    def of(self, found: Matrix) -> Any:
        """The output as it was asked for."""
        return found[0] if self.flat else found


def task(
    flat: bool,
    values: Any,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    bias: float | None,
    form: str = "plain",
) -> Convolution:
    """Check all arguments; raises BadArgument."""
    channels, kernels = maps("input", values, flat), maps("kernel", kernel, flat)
    if len(kernels) != len(channels):
        raise BadArgument("kernel", f"{len(channels)} input channels need a kernel with as many, not {len(kernels)}")
    found = Convolution(
        channels,
        kernels,
        None if bias is None else number("bias", bias),
        along("stride", stride, 1, flat),
        along("padding", padding, 0, flat, 0),
        along("dilation", dilation, 1, flat),
        flat,
        form == "flipped",
    )
    found.windows.fits("kernel")
    return found


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kernel: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    bias: float | None = None,
    convolution_form: str = "plain",
) -> Convolution:
    return task(False, input, kernel, stride, padding, dilation, bias, convolution_form)


@reading(_task)
def compute(convolution: Convolution) -> Any:
    """Run conv2d: `input` [rows][columns] with a `kernel` of the same kind, or both with channels in front.

    The stride, the padding and the dilation are one number each, or one for rows and one for columns. Like
    torch.nn.Conv2d, this is a cross-correlation, unless the convention flips the kernel.
    """
    return run(convolution)


@one_thread()
def run(convolution: Convolution) -> Any:
    """The output by conv1d or conv2d."""
    from torch.nn import functional as F

    x, kernel = tensor(convolution.maps)[None], tensor(convolution.kernels)[None]
    kernel = kernel.flip(2, 3) if convolution.flipped else kernel
    bias = None if convolution.bias is None else tensor([convolution.bias])
    stride, padding, dilation = convolution.stride, convolution.padding, convolution.dilation
    if convolution.flat:
        found = F.conv1d(x[:, :, 0], kernel[:, :, 0], bias, stride[1], padding[1], dilation[1])
    else:
        found = F.conv2d(x, kernel, bias, stride, padding, dilation)
    return found[0, 0].tolist()


@reading(_task)
def recompute(convolution: Convolution) -> Any:
    """The same window by window, in plain Python."""
    return by_hand(convolution)


def by_hand(convolution: Convolution) -> Any:
    """The output as a sum of products for each window."""
    rows, columns = convolution.windows.outputs
    return convolution.of(
        [
            [
                math.fsum([x * w for x, w in _products(convolution, (a, b))] + [convolution.bias or 0.0])
                for b in range(columns)
            ]
            for a in range(rows)
        ]
    )


def _products(convolution: Convolution, place: Pair) -> list[tuple[float, float]]:
    """The elements of a window and the weights on them, channel by channel."""
    return [
        (values[row][column], kernel[-1 - k][-1 - m] if convolution.flipped else kernel[k][m])
        for values, kernel in zip(convolution.maps, convolution.kernels, strict=True)
        for (row, column), (k, m) in convolution.windows.seen(place)
    ]


@reading(_task)
def says(convolution: Convolution) -> str:
    """What the paper must state for the answer to be one."""
    return said(convolution)


def said(convolution: Convolution) -> str:
    """The conventions that these arguments touch."""
    told = [CONVENTIONS["convolution_form"]["flipped" if convolution.flipped else "plain"]]
    if max(convolution.padding):
        told.append("zeros surround the input")
    if max(convolution.dilation) > 1:
        told.append(
            f"a dilation of {listed(sorted({*convolution.dilation} - {1}))} means that neighboring weights lie on "
            "elements that are so many places apart"
        )
    if convolution.bias is None:
        told.append("there is no bias")
    return "; ".join(told)


@picking(_task)
def worked(convolution: Convolution, pick: Pick) -> str:
    """Where windows begin, and the sum of the element that is asked for, or of the first and the last full window."""
    return shown(convolution, place_of(pick, convolution.flat))


def shown(convolution: Convolution, wanted: Pair | None = None) -> str:
    """How the output is got, or the element that is wanted, as Markdown."""
    windows, found = convolution.windows, by_hand(convolution)
    output = [found] if convolution.flat else found
    told = []
    if max(windows.stride) > 1 or max(windows.padding):
        told.append(_where(convolution))
    places = list(windows.places())
    full = max(reversed(places), key=lambda place: len(list(windows.seen(place))))
    for place in dict.fromkeys([places[0], full] if wanted is None else [wanted]):
        terms = [rf"{factor(x)} \cdot {factor(w)}" for x, w in _products(convolution, place)]
        if convolution.bias is not None:
            terms.append(tex(convolution.bias))
        left = symbol("Y", place, convolution.flat)
        told.append(aligned(*summed(left, terms or ["0"], equals(output[place[0]][place[1]]))))
    return "\n\n".join(told)


def _where(convolution: Convolution) -> str:
    windows = convolution.windows
    rows, columns = windows.begins
    told = []
    if max(windows.stride) > 1:
        at = (
            f"at {listed(columns)}" if convolution.flat else f"in {listed(rows, 'row')} and {listed(columns, 'column')}"
        )
        told.append(f"Windows begin {at}{' of the padded input' if max(windows.padding) else ''}.")
    if max(windows.padding):
        told.append("Products with zeros of the padding are left out below.")
    return " ".join(told)


# ---- wrong ways ----

Change = Callable[[Convolution], Convolution]


def changed(read: Callable[..., Convolution], change: Change) -> Callable[..., Any]:
    """What another convolution gives, run in the place of the one that was asked for."""

    @reading(read)
    def wrong(convolution: Convolution) -> Any:
        other = change(convolution)
        if min(other.windows.outputs) < 1:
            raise DoesNotApply("no window would fit")
        return run(other)

    return wrong


def _with_kernels(convolution: Convolution, change: Callable[[Matrix], Matrix]) -> Convolution:
    return replace(convolution, kernels=[change(kernel) for kernel in convolution.kernels])


def flipped(convolution: Convolution) -> Convolution:
    """Mathematics' convolution: the kernel turned by half a turn."""
    if convolution.flipped:
        raise DoesNotApply("so it should be")
    return replace(convolution, flipped=True)


def not_flipped(convolution: Convolution) -> Convolution:
    """PyTorch's convolution, where mathematics' is meant."""
    if not convolution.flipped:
        raise DoesNotApply("so it should be")
    return replace(convolution, flipped=False)


def _transposed(convolution: Convolution) -> Convolution:
    if convolution.windows.kernel[0] != convolution.windows.kernel[1]:
        raise DoesNotApply("the kernel is no square")
    return _with_kernels(convolution, lambda kernel: [list(column) for column in zip(*kernel, strict=True)])


def _unpadded(convolution: Convolution) -> Convolution:
    return replace(convolution, padding=(0, 0))


def _step_by_step(convolution: Convolution) -> Convolution:
    return replace(convolution, stride=(1, 1))


def _side_by_side(convolution: Convolution) -> Convolution:
    return replace(convolution, stride=convolution.windows.kernel)


def _dense(convolution: Convolution) -> Convolution:
    return replace(convolution, dilation=(1, 1))


def _one_further(convolution: Convolution) -> Convolution:
    if max(convolution.dilation) == 1:
        raise DoesNotApply("there is no dilation")
    rows, columns = (1 if convolution.flat else convolution.dilation[0] + 1), convolution.dilation[1] + 1
    return replace(convolution, dilation=(rows, columns))


def _unbiased(convolution: Convolution) -> Convolution:
    return replace(convolution, bias=None)


def _biased_often(convolution: Convolution) -> Convolution:
    return replace(convolution, bias=(convolution.bias or 0.0) * len(convolution.maps))


def _first_map(convolution: Convolution) -> Convolution:
    return replace(convolution, maps=convolution.maps[:1], kernels=convolution.kernels[:1])


def _one_kernel(convolution: Convolution) -> Convolution:
    return replace(convolution, kernels=convolution.kernels[:1] * len(convolution.maps))


def _padded(convolution: Convolution, mode: str) -> Convolution:
    """The input with another border, and no padding any more."""
    from torch.nn import functional as F

    (rows, columns), both = convolution.padding, 2
    if not max(convolution.padding):
        raise DoesNotApply("there is no padding")
    before = (0, 0) if mode == "after" else (rows, columns)
    after = (both * rows, both * columns) if mode == "after" else (rows, columns)
    border = (before[1], after[1], before[0], after[0])
    padded = F.pad(tensor(convolution.maps)[None], border, "constant" if mode == "after" else mode)[0]
    return replace(convolution, maps=padded.tolist(), padding=(0, 0))


def _edges_repeated(convolution: Convolution) -> Convolution:
    return _padded(convolution, "replicate")


def _padded_after(convolution: Convolution) -> Convolution:
    return _padded(convolution, "after")


WAYS: dict[str, tuple[str, Change]] = {
    "flipped_kernel": ("the kernel is flipped", flipped),
    "not_flipped": ("the kernel is not flipped", not_flipped),
    "no_padding": ("the padding is forgotten", _unpadded),
    "stride_ignored": ("the window moves by one place, not by the stride", _step_by_step),
    "dilation_ignored": ("the dilation is ignored", _dense),
    "bias_forgotten": ("the bias is forgotten", _unbiased),
    "transposed_kernel": ("rows and columns of the kernel are swapped", _transposed),
    "one_channel": ("only the first channel is used", _first_map),
    "one_kernel": ("the weights for the first channel are used for all", _one_kernel),
    "bias_for_each_channel": ("the bias is added once for each channel", _biased_often),
    "edges_repeated": ("the border repeats the edge in place of zeros", _edges_repeated),
    "padded_after": ("all of the padding is put behind the input, none before it", _padded_after),
    "side_by_side": ("windows lie side by side, as in pooling", _side_by_side),
    "dilation_plus_one": ("the dilation is taken for the number of places left out between weights", _one_further),
}

MISCONCEPTIONS = {name: Misconception(says, changed(_task, change)) for name, (says, change) in WAYS.items()}
