"""Count how the work of self-attention and of a recurrent layer grows with the length of the sequence.

Multiply-accumulates are read off PyTorch's own counter while a sequence of `length` vectors with `size` elements, and
then one `factor` times as long, runs through on the meta device. Self-attention: three projections and one of the
output (linear), and the two products with the length × length matrix of weights. The recurrent layer: nn.RNNCell, a
step after the other. `steps` is the number of operations that have to wait for each other along the sequence.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from generator.experiments import Figures, Findings


def run(stream: torch.Generator, *, length: int = 128, size: int = 64, factor: int = 2) -> Findings:
    """Count for a sequence and for a longer one; nothing here is random."""
    del stream
    if not 2 <= length <= 4096 or not 1 <= size <= 2048:
        raise ValueError(f"length is {length} and size {size}; 2 to 4096 and 1 to 2048 would work")
    if not 2 <= factor <= 16:
        raise ValueError(f"factor is {factor}; 2 to 16 would work")
    short, long = _counts(length, size), _counts(factor * length, size)
    figures: dict[str, Figures] = {
        "short": {**short},
        "long": {**long},
        "ratio": {name: long[name] / short[name] for name in short},
    }
    return Findings(figures)


def _counts(length: int, size: int) -> dict[str, int]:
    with torch.device("meta"):
        sequence = torch.empty(length, size)
        projections = [nn.Linear(size, size, bias=False) for _ in range(4)]
        cell = nn.RNNCell(size, size, bias=False)
    query, key, value, out = projections
    with FlopCounterMode(display=False) as linear:
        q, k, v = query(sequence), key(sequence), value(sequence)
        out(v)
    with FlopCounterMode(display=False) as quadratic:
        weights = (q @ k.T).softmax(1)
        weights @ v
    return {
        "projections": linear.get_total_flops() // 2,  # PyTorch counts a multiply-accumulate as two operations
        "products": quadratic.get_total_flops() // 2,
        "weights": weights.numel(),
        "recurrent": _recurrent(cell, sequence),
        "steps": length,
    }


def _recurrent(cell: nn.RNNCell, sequence: Tensor) -> int:
    """One step's count times the steps, as all steps are alike."""
    with FlopCounterMode(display=False) as counter:
        cell(sequence[:1])
    return int(counter.get_total_flops()) // 2 * len(sequence)
