"""Show where softmax and its logarithm, written as in a textbook, fail in 32-bit floats, and that a shift mends both.

The formulas run twice: as they stand, and with the largest score subtracted first. What is right comes from a
computation in 64 bits with the shift. Figures name a result only where it is finite.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings


def run(stream: torch.Generator, *, scores: list[float] | None = None, target: int = 0) -> Findings:
    """Compute softmax and the cross-entropy of class `target`; nothing here is random."""
    scores = [101.0, 99.0, 98.0] if scores is None else scores
    if not (2 <= len(scores) <= 8 and all(abs(score) <= 1000 for score in scores)):
        raise ValueError("scores must be two to eight numbers from −1000 to 1000")
    if target not in range(len(scores)):
        raise ValueError(f"target is {target}; 0 to {len(scores) - 1} would work")
    single, double = torch.tensor(scores, dtype=torch.float32), torch.tensor(scores, dtype=torch.float64)
    exact = torch.log_softmax(double, dim=0)
    naive, shifted = _softmax(single), _softmax(single - single.max())
    naive_loss = -naive.log()[target]
    stable_loss = torch.logsumexp(single, dim=0) - single[target]
    figures: dict[str, Figures] = {
        "naive": {
            "overflows": bool(single.exp().isinf().any()),
            "nan": bool(naive.isnan().any()),
            "loss_infinite": bool(naive_loss.isinf()),
            "loss_nan": bool(naive_loss.isnan()),
        },
        "shifted": {
            "largest_exponential": (single - single.max()).exp().max().item(),
            "nan": bool(shifted.isnan().any()),
            "loss_infinite": bool(shifted.log()[target].isinf()),
            "error": (shifted.double() - exact.exp()).abs().max().item(),
            "probabilities": shifted.tolist(),
        },
        "shift_changes": (torch.softmax(double + 7, 0) - exact.exp()).abs().max().item(),  # 7 stands for any number
        "loss": stable_loss.item(),
        "loss_error": abs(stable_loss.item() + exact[target].item()),
        "largest_float": torch.finfo(torch.float32).max,
        "limit": torch.tensor(torch.finfo(torch.float32).max, dtype=torch.float64).log().item(),
    }
    return Findings(figures)


def _softmax(scores: Tensor) -> Tensor:
    return scores.exp() / scores.exp().sum()
