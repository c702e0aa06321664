"""The gradient of a loss with respect to the bias of a convolution, as a sum of elements of dY."""

from __future__ import annotations

from generator.forward import DoesNotFit
from generator.layers import Network
from generator.reference.convolution_terms import (
    MOST_TERMS,
    USUAL_NAMES,
    Index,
    Names,
    Plain,
    Terms,
    by_autograd,
    plain,
)
from generator.reference.given import first_place

GIVES = "terms"
TARGET = "bias"


def compute(network: Network, *, layer: str, indices: str = "one") -> Terms:
    """Find the terms by autograd.

    Raises DoesNotFit when the layer is no plain convolution of one map, has no bias, or more outputs than a paper has
    room for.
    """
    _checked(network, layer, indices)
    return by_autograd(network, layer, TARGET, None, indices=indices)


def recompute(network: Network, *, layer: str, indices: str = "one") -> Terms:
    """The same by looking at every output: each has the bias in it once."""
    one = _checked(network, layer, indices)
    return tuple(sorted(((one.index(place),), 1) for place in one.windows.places()))


def _checked(network: Network, layer: str, indices: str) -> Plain:
    one = plain(network, layer, indices)
    if one.layer.argument("bias", True) is False:
        raise DoesNotFit(layer, f"layer {layer} has no bias")
    rows, columns = one.windows.outputs
    if rows * columns > MOST_TERMS:
        raise DoesNotFit(
            layer, f"layer {layer} has {rows * columns} outputs, so this sum has too many terms for a paper"
        )
    return one


def sizes(network: Network, *, layer: str) -> dict[str, Index]:
    """The factor of a term, and how far its indices go."""
    return plain(network, layer).sizes("output_gradient")


def says(*, indices: str = "one") -> str:
    """What the paper must state for the answer to be one."""
    return f"rows and columns are counted from {first_place(indices)}"


def worked(network: Network, *, layer: str, names: Names = USUAL_NAMES) -> str:
    """Why all of dY adds up."""
    count, dy, b = len(compute(network, layer=layer)), names["output_gradient"], names["bias"]
    return (
        f"The one bias ${b}$ is part of each of the {count} outputs, with slope 1. So its gradient adds up all of "
        f"${dy}$, and no element of the input or the kernel stands in it."
    )
