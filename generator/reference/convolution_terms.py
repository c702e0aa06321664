"""Turn one gradient of a plain convolution into its sum of products: by autograd, and by looking at every window.

With Y = conv(X, W) + b and dY the gradient of the loss with respect to Y, the gradient of an element of X is linear in
dY and in W, that of an element of W is linear in dY and in X, and that of b in dY. So a second derivative with respect
to both factors holds the coefficients of their products, and autograd gives it for any size, kernel, padding, stride
and dilation. Elements are counted from 1, or from 0 under that convention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.forward import DoesNotFit, build, one_thread, run, with_memory
from generator.layers import Layer, Network
from generator.reference import DoesNotApply
from generator.reference.altered import with_
from generator.reference.given import first_place
from generator.reference.windows import Pair, Windows

Index = tuple[int, ...]
Term = tuple[Index, ...]  # the indices of its factors, dY first
Terms = tuple[tuple[Term, int], ...]  # with their coefficients, sorted
Names = Mapping[str, str]  # what the paper calls input, output_gradient, weight and bias

USUAL_NAMES = {"input": "X", "output_gradient": "dY", "weight": "W", "bias": "b"}
LARGEST_SIDE = 64  # of the input, the kernel and the output; a paper needs 16
MOST_TERMS = 64


@dataclass(frozen=True)
class Plain:
    """A convolution of one map to one, in one dimension (`flat`) or two."""

    layer: Layer
    network: Network
    windows: Windows
    flat: bool
    first: int  # what elements are counted from

    def index(self, place: Pair) -> Index:
        """A place as the paper counts it."""
        return tuple(at + self.first for at in (place[1:] if self.flat else place))

    def sizes(self, *roles: str) -> dict[str, Index]:
        """How far the indices of the factors go."""
        known = {
            "input": self.windows.sides,
            "output_gradient": self.windows.outputs,
            "weight": self.windows.kernel,
        }
        return {role: known[role][1:] if self.flat else known[role] for role in roles}

    def check(self, index: Sequence[int], size: Sequence[int], what: str) -> None:
        """Raises DoesNotFit when there is no such element."""
        if len(index) != len(size) or not all(
            self.first <= place < side + self.first for place, side in zip(index, size, strict=True)
        ):
            at = ", ".join(map(str, index))
            raise DoesNotFit(self.layer.name, f"{what} of {' × '.join(map(str, size))} has no element ({at})")


def plain(network: Network, name: str, indices: str = "one") -> Plain:
    """The convolution; raises DoesNotFit when it is none from one map to one, or too large for a paper."""
    layer, flat = network.layer(name), len(network.input) == 2
    kind = "Conv1d" if flat else "Conv2d"
    fits = layer.kind == kind and layer.argument("padding_mode", "zeros") == "zeros" and len(network.input) in (2, 3)
    if not fits or network.layers[0].name != name or network.input[0] != 1 or layer.argument("out_channels") != 1:
        raise DoesNotFit(
            name, f"layer {name} must be the first layer, a Conv2d from one channel to one, padded with zeros"
        )
    if isinstance(layer.argument("padding", 0), str):
        raise DoesNotFit(name, f"layer {name} must give its padding as a number")
    if max(network.input) > LARGEST_SIDE:
        raise DoesNotFit(name, f"layer {name} has an input wider than {LARGEST_SIDE}, too large for a paper")
    kernel, stride, padding, dilation = (
        _pair(layer.argument(argument, usual), neutral, flat)
        for argument, usual, neutral in (
            ("kernel_size", 1, 1), ("stride", 1, 1), ("padding", 0, 0), ("dilation", 1, 1),
        )
    )  # fmt: skip
    sides = (1, network.input[1]) if flat else (network.input[1], network.input[2])
    return Plain(layer, network, Windows(sides, kernel, stride, padding, dilation), flat, first_place(indices))


def _pair(value: int | tuple[int, ...], neutral: int, flat: bool) -> Pair:
    rows, columns = (value[0], value[-1]) if isinstance(value, tuple) else (value, value)
    return (neutral if flat else rows), columns


def output_name(input_name: str) -> str:
    """The letter of the output that goes with the letter of the input."""
    return "Y" if input_name == "X" else f"{input_name}'"


# ---- by autograd ----


def by_autograd(
    network: Network, name: str, target: str, other: str | None, index: Sequence[int] = (), indices: str = "one"
) -> Terms:
    """The products of dY and `other` whose sum is the gradient of an element of `target`; roles are named as above."""
    layer = network.layer(name)
    kernel = layer.argument("kernel_size")
    after = run(Network(network.input, (layer,)))[0].output  # raises DoesNotFit where no window fits
    if max(*after, *(kernel if isinstance(kernel, tuple) else (kernel,))) > LARGEST_SIDE:
        raise DoesNotFit(
            name, f"layer {name} has a kernel or an output wider than {LARGEST_SIDE}, too large for a paper"
        )
    with one_thread():
        return tuple(sorted(_by_autograd(network, layer, target, other, index, 0 if indices == "zero" else 1)))


def _by_autograd(
    network: Network, layer: Layer, target: str, other: str | None, index: Sequence[int], start: int
) -> Iterator[tuple[Term, int]]:
    import torch

    module = with_memory(build(layer)).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)  # with ones no sum cancels, so that a zero below means that nothing is used
    x = torch.ones((1, *network.input), dtype=torch.float64, requires_grad=True)
    y = module(x)
    dy = torch.ones_like(y, requires_grad=True)
    tensors: dict[str, Any] = {"input": x, "weight": module.weight, "bias": module.bias}
    loss = (y * dy).sum()  # whose gradient with respect to y is dY; given as `grad_outputs`, it imports a compiler
    (gradient,) = torch.autograd.grad(loss, tensors[target], create_graph=True)
    element = gradient[0] if target == "bias" else gradient[(0, 0, *(place - start for place in index))]
    (by_dy,) = torch.autograd.grad(element, dy, create_graph=True)  # for each dY a sum of the other factors
    for place in by_dy[0, 0].nonzero().tolist():
        first, coefficient = tuple(one + start for one in place), by_dy[(0, 0, *place)]
        if other is None:
            yield (first,), round(coefficient.item())
            continue
        (by_other,) = torch.autograd.grad(coefficient, tensors[other], retain_graph=True)
        for at in by_other[0, 0].nonzero().tolist():
            yield (first, tuple(one + start for one in at)), round(by_other[(0, 0, *at)].item())


# ---- wrong ways ----


def otherwise(change: Callable[[Layer], Layer]) -> Callable[[Callable[..., Terms]], Callable[..., Terms]]:
    """Compute the terms of a network whose convolution is changed."""

    def decorate(compute: Callable[..., Terms]) -> Callable[..., Terms]:
        def wrong(network: Network, *, layer: str, index: Sequence[int], indices: str = "one") -> Terms:
            other = tuple(change(one) if one.name == layer else one for one in network.layers)
            return compute(Network(network.input, other), layer=layer, index=index, indices=indices)

        return wrong

    return decorate


def unpadded(layer: Layer) -> Layer:
    """The convolution without padding."""
    if layer.argument("padding", 0) == 0:
        raise DoesNotApply("there is no padding")
    return with_(layer, padding=0)


def step_by_step(layer: Layer) -> Layer:
    """The convolution with stride 1."""
    if layer.argument("stride", 1) == 1:
        raise DoesNotApply("the stride is 1")
    return with_(layer, stride=1)
