"""The gradient of a loss with respect to one weight of a convolution, as a sum of dY·X terms."""

from __future__ import annotations

from collections.abc import Sequence

from generator.forward import DoesNotFit
from generator.layers import Network
from generator.reference import Misconception
from generator.reference.convolution_terms import (
    MOST_TERMS,
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
TARGET = "weight"


def compute(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
    """Find the terms by autograd; `index` is the row and column of the weight, counted as `indices` says.

    Raises DoesNotFit when the layer is no plain convolution of one map, has no such weight, or more outputs than a
    paper has room for.
    """
    _checked(network, layer, index, indices)
    return by_autograd(network, layer, TARGET, "input", index, indices)


def recompute(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
    """The same by looking at every output: Y[a, b] uses W[k, m] with X[s·a + d·k − p, …]."""
    one = _checked(network, layer, index, indices)
    return tuple(
        sorted(
            ((one.index(place), one.index(cell)), 1)
            for place in one.windows.places()
            for cell, at in one.windows.seen(place)
            if one.index(at) == tuple(index)
        )
    )


def _checked(network: Network, layer: str, index: Sequence[int], indices: str) -> Plain:
    one = plain(network, layer, indices)
    one.check(index, one.sizes("weight")["weight"], "a kernel")
    rows, columns = one.windows.outputs
    if rows * columns > MOST_TERMS:
        raise DoesNotFit(
            layer, f"layer {layer} has {rows * columns} outputs, so its sums have too many terms for a paper"
        )
    return one


def sizes(network: Network, *, layer: str) -> dict[str, Index]:
    """The factors of a term, and how far the indices of each go."""
    return plain(network, layer).sizes("output_gradient", "input")


def says(*, indices: str = "one") -> str:
    """What the paper must state for the answer to be one."""
    return f"rows and columns are counted from {first_place(indices)}, and the kernel is not flipped"


def worked(
    network: Network, *, layer: str, index: Sequence[int], indices: str = "one", names: Names = USUAL_NAMES
) -> str:
    """On which element the weight lies for each output, as a Markdown table with the numbers of this layer."""
    x, dy, w = (names[role] for role in ("input", "output_gradient", "weight"))
    one = plain(network, layer, indices)
    element = ",".join(map(str, index))
    terms = {place: cell for (place, cell), _ in compute(network, layer=layer, index=index, indices=indices)}
    rows = [
        f"${w}_{{{element}}}$ adds to each output, times the element of ${x}$ that it lies on there.",
        "",
        f"| output | ${w}_{{{element}}}$ lies on | term |",
        "| --- | --- | --- |",
    ]
    for place in map(one.index, one.windows.places()):
        at = ",".join(map(str, place))
        if place not in terms:
            rows.append(f"| ${output_name(x)}_{{{at}}}$ | the padding | 0 |")
            continue
        cell = ",".join(map(str, terms[place]))
        rows.append(f"| ${output_name(x)}_{{{at}}}$ | ${x}_{{{cell}}}$ | ${dy}_{{{at}}}\\,{x}_{{{cell}}}$ |")
    return "\n".join(rows)


# ---- wrong ways ----


def _turned(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
    """The sum of the weight at the opposite place."""
    size = plain(network, layer).sizes("weight")["weight"]
    opposite = tuple(side - 1 + 2 * first_place(indices) - at for side, at in zip(size, index, strict=True))
    return compute(network, layer=layer, index=opposite, indices=indices)


MISCONCEPTIONS = {
    "no_padding": Misconception("the padding is forgotten", otherwise(unpadded)(compute)),
    "flipped_kernel": Misconception("the kernel is turned by half a turn", _turned),
    "stride_ignored": Misconception(
        "the window is moved by one place, whatever the stride", otherwise(step_by_step)(compute)
    ),
}
