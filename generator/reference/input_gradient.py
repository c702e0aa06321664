"""The gradient of a loss with respect to one input element of a convolution, as a sum of dY·W terms."""

from __future__ import annotations

from collections.abc import Sequence

from generator.layers import Network
from generator.reference import Misconception
from generator.reference.convolution_terms import (
    USUAL_NAMES,
    Index,
    Names,
    Plain,
    Terms,
    by_autograd,
    otherwise,
    output_name,
    plain,
    step_by_step,
    unpadded,
)
from generator.reference.given import first_place

GIVES = "terms"
TARGET = "input"


def compute(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
    """Find the terms by autograd; `index` is the row and column of the input element, counted as `indices` says.

    Raises DoesNotFit when the layer is no plain convolution of one map, or has no such element.
    """
    _checked(network, layer, index, indices)
    return by_autograd(network, layer, TARGET, "weight", index, indices)


def recompute(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
    """The same by looking at every output and every weight: Y[a, b] uses X[s·a + d·k − p, …] with W[k, m]."""
    one = _checked(network, layer, index, indices)
    return tuple(
        sorted(
            ((one.index(place), one.index(at)), 1)
            for place in one.windows.places()
            for cell, at in one.windows.seen(place)
            if one.index(cell) == tuple(index)
        )
    )


def _checked(network: Network, layer: str, index: Sequence[int], indices: str) -> Plain:
    one = plain(network, layer, indices)
    one.check(index, network.input[1:], "an input")
    return one


def sizes(network: Network, *, layer: str) -> dict[str, Index]:
    """The factors of a term, and how far the indices of each go."""
    return plain(network, layer).sizes("output_gradient", "weight")


def says(*, indices: str = "one") -> str:
    """What the paper must state for the answer to be one."""
    return f"rows and columns are counted from {first_place(indices)}, and the kernel is not flipped"


def worked(
    network: Network, *, layer: str, index: Sequence[int], indices: str = "one", names: Names = USUAL_NAMES
) -> str:
    """Which windows see the element, and with which weight, as a Markdown table with the numbers of this layer."""
    x, dy, w = (names[role] for role in ("input", "output_gradient", "weight"))
    one = plain(network, layer, indices)
    stride, padding = (pair[1:] if one.flat else pair for pair in (one.windows.stride, one.windows.padding))
    element = ",".join(map(str, index))
    axes = ("place",) if one.flat else ("row", "column")
    stands = " and ".join(f"{axis} {at + added}" for axis, at, added in zip(axes, index, padding, strict=True))
    rows = [
        f"${x}_{{{element}}}$ adds to an output wherever a window has a weight on it. In the padded input "
        f"it stands in {stands}.",
        "",
        "| output | its window begins at | weight on the element | term |",
        "| --- | --- | --- | --- |",
    ]
    for (place, weight), _ in compute(network, layer=layer, index=index, indices=indices):
        begin = ", ".join(
            f"{axis} {(at - one.first) * step + one.first}" for axis, at, step in zip(axes, place, stride, strict=True)
        )
        at, on = ",".join(map(str, place)), ",".join(map(str, weight))
        term = f"${dy}_{{{at}}}\\,{w}_{{{on}}}$"
        rows.append(f"| ${output_name(x)}_{{{at}}}$ | {begin} | ${w}_{{{on}}}$ | {term} |")
    return "\n".join(rows)


# ---- wrong ways ----


def _unturned(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
    """The weights in the order of the outputs, as if the kernel slid over dY as it does over X."""
    size = plain(network, layer).sizes("weight")["weight"]
    found = compute(network, layer=layer, index=index, indices=indices)
    return tuple(
        sorted(
            (
                (place, tuple(side - 1 + 2 * first_place(indices) - at for side, at in zip(size, weight, strict=True))),
                count,
            )
            for (place, weight), count in found
        )
    )


MISCONCEPTIONS = {
    "no_padding": Misconception("the padding is forgotten", otherwise(unpadded)(compute)),
    "flipped_kernel": Misconception("the kernel is turned by half a turn", _unturned),
    "stride_ignored": Misconception(
        "the window is moved by one place, whatever the stride", otherwise(step_by_step)(compute)
    ),
}
