"""Show how dot products of long vectors saturate a softmax, and what dividing by the root of their size changes.

Queries and keys have independent elements with mean 0 and variance 1, so a dot product of `size` terms has the
variance `size`. Each query is compared with `keys` keys, with and without division by √size. The slope of the softmax
is the Frobenius norm of its Jacobian diag(p) − p·pᵀ, taken with autograd.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

QUERIES = 400
SIZES = (1, 4, 16, 64, 256, 1024)  # in the picture


def run(stream: torch.Generator, *, size: int = 64, keys: int = 10) -> Findings:
    """Measure scores, weights and the softmax's slope with and without scaling."""
    if not 1 <= size <= 4096 or not 2 <= keys <= 100:
        raise ValueError(f"size is {size} and keys {keys}; 1 to 4096 and 2 to 100 would work")
    scores = _scores(stream, size, keys)
    figures: dict[str, Figures] = {
        "plain": _measured(scores),
        "scaled": _measured(scores / size**0.5),
        "root": size**0.5,
    }
    lines: dict[str, list[float]] = {"plain": [], "scaled": []}
    for other in SIZES:
        drawn = _scores(stream, other, keys)
        lines["plain"].append(_largest(drawn))
        lines["scaled"].append(_largest(drawn / other**0.5))
    return Findings(figures, _plot(lines, keys))


def _scores(stream: torch.Generator, size: int, keys: int) -> Tensor:
    query = torch.randn(QUERIES, 1, size, generator=stream, dtype=torch.float64)
    key = torch.randn(keys, size, generator=stream, dtype=torch.float64)
    return (query @ key.T).squeeze(1)


def _measured(scores: Tensor) -> dict[str, Figures]:
    return {"spread": scores.std().item(), "largest": _largest(scores), "slope": slope(scores)}


def _largest(scores: Tensor) -> float:
    return scores.softmax(1).max(1).values.mean().item()


def slope(scores: Tensor) -> float:
    """The mean norm of the derivatives of all weights of a row with respect to all scores of that row."""
    jacobians = torch.func.vmap(torch.func.jacrev(lambda row: row.softmax(0)))(scores)
    return float(jacobians.square().sum((1, 2)).sqrt().mean())


def _plot(lines: dict[str, list[float]], keys: int) -> Plot:
    names = {"plain": "scores as they are", "scaled": "scores / √size"}
    return Plot(
        f"Mean of the largest of {keys} attention weights by the size of the vectors: without scaling it rises to "
        f"{lines['plain'][-1]:.2g}; with scaling it is {lines['scaled'][-1]:.2g} for vectors of {SIZES[-1]} elements.",
        "size of queries and keys",
        "largest attention weight (mean)",
        tuple(
            Series(names[name], tuple(map(float, SIZES)), tuple(line), marker="circle") for name, line in lines.items()
        ),
        x_log=True,
        y_range=(0.0, 1.05),
    )
