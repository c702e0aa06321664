"""The gradient of a loss with respect to one input element of a convolution, as a sum of dY·W terms.

With Y = conv(X, W) and dY the gradient with respect to Y, the gradient of X[i, j] is linear in dY and in W. So its
mixed second derivative with respect to dY and W is the list of its coefficients, and autograd gives it for any size,
kernel, padding, stride and dilation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from generator.forward import DoesNotFit, build, one_thread, run
from generator.layers import Layer, Network

if TYPE_CHECKING:
    import torch

Term = tuple[tuple[int, int], tuple[int, int]]  # indices of dY and of W, counted from 1
Terms = tuple[tuple[Term, int], ...]  # with their coefficients, sorted

LARGEST_SIDE = 64  # of the input, the kernel and the output; a paper needs 16


def compute(network: Network, *, layer: str, index: Sequence[int]) -> Terms:
    """Find the terms by autograd; `index` is the row and column of the input element, counted from 1.

    Raises DoesNotFit when the layer is no plain convolution of one map, or has no such element.
    """
    import torch

    convolution = _convolution(network, layer, index)
    sides = (*run(Network(network.input, (convolution,)))[0].output, *_pair(convolution.argument("kernel_size")))
    if max(sides) > LARGEST_SIDE:
        raise DoesNotFit(
            layer, f"layer {layer} has a kernel or an output wider than {LARGEST_SIDE}, too large for a paper"
        )
    module = build(convolution).to_empty(device="cpu").double()  # made on the CPU, it would draw weights
    weight = module.weight
    assert isinstance(weight, torch.Tensor)
    with one_thread():
        return tuple(sorted(_terms(module, weight, network.input, index)))


def _terms(
    module: torch.nn.Module, weight: torch.Tensor, size: Sequence[int], index: Sequence[int]
) -> Iterator[tuple[Term, int]]:
    import torch

    with torch.no_grad():
        weight.fill_(1.0)  # with ones no sum of weights cancels, so zeros below mean that nothing is used
    x = torch.zeros((1, *size), dtype=torch.float64, requires_grad=True)
    y = module(x)
    dy = torch.ones_like(y, requires_grad=True)
    row, column = (place - 1 for place in index)
    (dx,) = torch.autograd.grad(y, x, grad_outputs=dy, create_graph=True)
    (by_dy,) = torch.autograd.grad(dx[0, 0, row, column], dy, create_graph=True)  # for each dY a sum of weights
    for a, b in by_dy[0, 0].nonzero().tolist():
        (by_weight,) = torch.autograd.grad(by_dy[0, 0, a, b], weight, retain_graph=True)
        for k, m in by_weight[0, 0].nonzero().tolist():
            yield ((a + 1, b + 1), (k + 1, m + 1)), round(by_weight[0, 0, k, m].item())


def recompute(network: Network, *, layer: str, index: Sequence[int]) -> Terms:
    """The same by looking at every output and every weight: Y[a, b] uses X[s·a + d·k − p, …] with W[k, m]."""
    convolution = _convolution(network, layer, index)
    kernel, stride, padding, dilation = (
        _pair(convolution.argument(name, default))
        for name, default in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1))
    )
    sides = network.input[1:]
    outputs = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(sides, kernel, stride, padding, dilation, strict=True)
    ]
    found = []
    for a in range(outputs[0]):
        for b in range(outputs[1]):
            for k in range(kernel[0]):
                for m in range(kernel[1]):
                    row = a * stride[0] + k * dilation[0] - padding[0]
                    column = b * stride[1] + m * dilation[1] - padding[1]
                    if (row + 1, column + 1) == tuple(index):
                        found.append((((a + 1, b + 1), (k + 1, m + 1)), 1))
    return tuple(sorted(found))


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _convolution(network: Network, name: str, index: Sequence[int]) -> Layer:
    layer = network.layer(name)
    plain = layer.kind == "Conv2d" and layer.argument("padding_mode", "zeros") == "zeros" and len(network.input) == 3
    if not plain or network.layers[0].name != name or network.input[0] != 1 or layer.argument("out_channels") != 1:
        raise DoesNotFit(
            name, f"layer {name} must be the first layer, a Conv2d from one channel to one, padded with zeros"
        )
    if isinstance(layer.argument("padding", 0), str):
        raise DoesNotFit(name, f"layer {name} must give its padding as a number")
    if max(network.input) > LARGEST_SIDE:
        raise DoesNotFit(name, f"layer {name} has an input wider than {LARGEST_SIDE}, too large for a paper")
    if not all(1 <= place <= side for place, side in zip(index, network.input[1:], strict=True)):
        at = ", ".join(map(str, index))
        raise DoesNotFit(name, f"an input of {network.input[1]} × {network.input[2]} has no element ({at})")
    return layer


GIVES = "terms"


def says() -> str:
    """What the paper must state for the answer to be one."""
    return "rows and columns are counted from 1, and the kernel is not flipped"


def worked(network: Network, *, layer: str, index: Sequence[int], names: Sequence[str] = ("X", "dY", "W")) -> str:
    """Which windows see the element, and with which weight, as a Markdown table with the numbers of this layer."""
    x, dy, w = names
    convolution = network.layer(layer)
    stride, padding = (_pair(convolution.argument(name, default)) for name, default in (("stride", 1), ("padding", 0)))
    row, column = index[0] + padding[0], index[1] + padding[1]
    rows = [
        f"${x}_{{{index[0]},{index[1]}}}$ adds to an output wherever a window has a weight on it. In the padded input "
        f"it stands in row {row} and column {column}.",
        "",
        "| output | its window begins at | weight on the element | term |",
        "| --- | --- | --- | --- |",
    ]
    for ((a, b), (k, m)), _ in compute(network, layer=layer, index=index):
        begin = f"row {(a - 1) * stride[0] + 1}, column {(b - 1) * stride[1] + 1}"
        term = f"${dy}_{{{a},{b}}}\\,{w}_{{{k},{m}}}$"
        rows.append(f"| ${network_output(x)}_{{{a},{b}}}$ | {begin} | ${w}_{{{k},{m}}}$ | {term} |")
    return "\n".join(rows)


def network_output(input_name: str) -> str:
    """The letter of the output that goes with the letter of the input."""
    return "Y" if input_name == "X" else f"{input_name}'"
