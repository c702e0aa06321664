"""A stack of linear layers computes what one matrix computes, and fails where one matrix fails.

The layers Y = WX of the stack are multiplied to one matrix, and both are applied to the same inputs in float64. A stack
of the same depth, this time with biases, is then trained on the four points of XOR. For every affine score s,
s(1, 1) + s(−1, −1) = s(1, −1) + s(−1, 1), so it cannot be positive at two of the points and negative at the other two:
at most 3 of 4 are right. Two layers with a ReLU between them get all 4.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings

CORNERS = ((1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0))
LABELS = (1.0, 1.0, 0.0, 0.0)


def run(stream: torch.Generator, *, depth: int = 10, inputs: int = 64, width: int = 64, classes: int = 10) -> Findings:
    """Compare a stack of linear layers with its product, and train it on XOR."""
    if not 2 <= depth <= 50:
        raise ValueError(f"depth is {depth}; 2 to 50 layers would work")
    if min(inputs, width, classes) < 1 or max(inputs, width, classes) > 1024:
        raise ValueError("inputs, width and classes from 1 to 1024 would work")
    sizes = [inputs, *[width] * (depth - 1), classes]
    stack = nn.Sequential(*(_linear(stream, a, b, bias=False) for a, b in pairwise(sizes))).double()
    matrix = _product(stack)
    examples = torch.randn(200, inputs, generator=stream, dtype=torch.float64)
    with torch.no_grad():
        scores = stack(examples)
        single = examples @ matrix.T
    figures: dict[str, Figures] = {
        "difference": ((scores - single).abs().max() / single.abs().max()).item(),  # relative to the largest score
        "parameters": {"stack": sum(p.numel() for p in stack.parameters()), "matrix": matrix.numel()},
        "xor": {**_xor_linear(stream, depth), "bound": 0.75, "relu": _accuracy(_train(stream, _xor_relu(stream)))},
    }
    return Findings(figures)


def _linear(stream: torch.Generator, inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
    """A linear layer whose weights keep the size of what passes through."""
    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(inputs), generator=stream)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def _product(stack: nn.Sequential) -> Tensor:
    """The one matrix W_n … W_2 W_1."""
    matrices = [layer.weight.detach() for layer in stack if isinstance(layer, nn.Linear)]
    product: Tensor = torch.linalg.multi_dot(matrices[::-1])
    return product


def _xor_linear(stream: torch.Generator, depth: int) -> dict[str, float]:
    """The accuracy of a trained linear stack, and how far its scores are from s(A) + s(A') = s(B) + s(B')."""
    layers = [_linear(stream, 2, 8), *(_linear(stream, 8, 8) for _ in range(depth - 2)), _linear(stream, 8, 1)]
    network = _train(stream, nn.Sequential(*layers).double())
    with torch.no_grad():
        scores = network(torch.tensor(CORNERS, dtype=torch.float64)).flatten()
    imbalance = (scores[0] + scores[1] - scores[2] - scores[3]).abs() / scores.abs().max().clamp(min=1.0)
    return {"linear": _accuracy(network), "imbalance": imbalance.item()}


def _xor_relu(stream: torch.Generator) -> nn.Sequential:
    return nn.Sequential(_linear(stream, 2, 16), nn.ReLU(), _linear(stream, 16, 1)).double()


def _train(stream: torch.Generator, network: nn.Sequential) -> nn.Sequential:
    """Train on clouds around the corners of XOR."""
    corners = torch.tensor(CORNERS, dtype=torch.float64).repeat(8, 1)
    labels = torch.tensor(LABELS, dtype=torch.float64).repeat(8)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(120):
        noise = 0.1 * torch.randn(corners.shape, generator=stream, dtype=torch.float64)
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(network(corners + noise).flatten(), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network


def _accuracy(network: nn.Sequential) -> float:
    """The share of the four corners on the right side of score 0."""
    with torch.no_grad():
        positive = network(torch.tensor(CORNERS, dtype=torch.float64)).flatten() > 0
    return float((positive == (torch.tensor(LABELS) == 1)).double().mean())
