"""Show that self-attention does not know in which order its inputs stand, and that position embeddings tell it.

nn.MultiheadAttention with random weights reads `length` random vectors, then the same vectors in another order, once
as they are and once with a vector for each place added to them. Differences are relative to the size of the outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings

HEADS = 2


def run(stream: torch.Generator, *, length: int = 6, size: int = 16) -> Findings:
    """Compare the outputs for a sequence with those for the same vectors in another order."""
    if not 2 <= length <= 100 or not 2 <= size <= 256 or size % HEADS:
        raise ValueError(f"length is {length} and size {size}; 2 to 100 and an even size from 2 to 256 would work")
    attention = nn.MultiheadAttention(size, HEADS, dtype=torch.float64)
    for parameter in attention.parameters():
        nn.init.normal_(parameter, std=2 * size**-0.5, generator=stream)
    tokens = torch.randn(length, size, generator=stream, dtype=torch.float64)
    places = torch.randn(length, size, generator=stream, dtype=torch.float64)
    order = _other_order(stream, length)
    with torch.no_grad():
        figures: dict[str, Figures] = {
            "without": _differences(attention, tokens, tokens[order], order),
            "with_places": _differences(attention, tokens + places, tokens[order] + places, order),
        }
    return Findings(figures)


def _other_order(stream: torch.Generator, length: int) -> Tensor:
    """A random order of the places that leaves none of them where it was."""
    step = 1 + int(torch.randint(0, length - 1, (), generator=stream))
    return torch.arange(length).roll(step)


def _differences(attention: nn.Module, tokens: Tensor, moved: Tensor, order: Tensor) -> dict[str, Figures]:
    """`each`: the outputs of each token before and after. `mean`: the means over all outputs."""
    before, after = attention(tokens, tokens, tokens)[0], attention(moved, moved, moved)[0]
    return {
        "each": ((after - before[order]).norm() / before.norm()).item(),
        "mean": ((after.mean(0) - before.mean(0)).norm() / before.mean(0).norm()).item(),
    }
