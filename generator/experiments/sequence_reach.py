"""Find which time steps of the input each output of a sequence layer depends on.

A recurrent network that reads from left to right, a bidirectional one, self-attention and self-attention with a causal
mask each turn a random sequence into one of the same length. An output depends on an input when the gradient of a
random weighting of its elements with respect to that input is not zero. Where it is zero, it is exactly zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Panel, Panels

SIZE = 8

Layer: TypeAlias = Callable[[Tensor], Tensor]


def run(stream: torch.Generator, *, length: int = 7, place: int = 3) -> Findings:
    """Count the earlier and the later inputs that the output at `place`, counted from 1, depends on."""
    if not 3 <= length <= 30 or not 1 <= place <= length:
        raise ValueError(f"length is {length} and place {place}; a length of 3 to 30 and a place in it would work")
    inputs = torch.randn(length, SIZE, generator=stream, dtype=torch.float64)
    one_way = _drawn(stream, nn.RNN(SIZE, SIZE, dtype=torch.float64))
    both_ways = _drawn(stream, nn.RNN(SIZE, SIZE, bidirectional=True, dtype=torch.float64))
    attention = _drawn(stream, nn.MultiheadAttention(SIZE, 1, dtype=torch.float64))
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    layers: dict[str, Layer] = {
        "one_way": lambda x: one_way(x)[0],
        "both_ways": lambda x: both_ways(x)[0],
        "attention": lambda x: attention(x, x, x)[0],
        "masked": lambda x: attention(x, x, x, attn_mask=later)[0],
    }
    maps = {name: dependence(stream, layer, inputs) for name, layer in layers.items()}
    figures: dict[str, Figures] = {name: _counts(table[place - 1], place) for name, table in maps.items()}
    figures["whole"] = {name: all(map(all, table)) for name, table in maps.items()}
    return Findings(figures, _picture(maps))


def _drawn(stream: torch.Generator, layer: nn.Module) -> nn.Module:
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5, generator=stream)
    return layer


def dependence(stream: torch.Generator, layer: Layer, inputs: Tensor) -> list[list[bool]]:
    """For each output, whether it depends on each input."""
    inputs = inputs.clone().requires_grad_()
    outputs = layer(inputs)
    weighting = torch.randn(outputs.shape[-1], generator=stream, dtype=torch.float64)
    rows = []
    for output in outputs:
        (gradient,) = torch.autograd.grad(output @ weighting, inputs, retain_graph=True)
        rows.append([*(gradient != 0).any(dim=1).tolist()])
    return rows


def _counts(row: list[bool], place: int) -> dict[str, Figures]:
    return {"earlier": sum(row[: place - 1]), "own": row[place - 1], "later": sum(row[place:])}


def _picture(maps: dict[str, list[list[bool]]]) -> Panels:
    names = {"one_way": "recurrent", "both_ways": "bidirectional", "attention": "attention", "masked": "causal mask"}
    return Panels(
        "Which inputs (columns) each output (rows) depends on, in black: all of them in the bidirectional network and "
        "in attention; its own and the earlier ones in the recurrent network and in attention with a causal mask.",
        tuple(Panel(names[name], tuple(tuple(map(float, row)) for row in table)) for name, table in maps.items()),
    )
