"""No straight line separates the two classes of points, which is proved; a small network does separate them.

The proof is a point that lies in the convex hulls of both classes: Σ aᵢ pᵢ = Σ bⱼ qⱼ with weights a, b ≥ 0 that add up
to 1. An affine score that is positive on all p and not on any q would be positive at that point and not positive too.
By Kirchberger's theorem the hulls of two finite sets of the plane meet if and only if those of some four or fewer of
their points do, so looking through these finds a certificate or shows that the classes are separable. All of this is
done in fractions; coordinates are taken as the decimals that were written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

Point = tuple[Fraction, Fraction]
Weighted = dict[int, Fraction]  # a point's index and its weight; weights add up to 1
Edge = tuple[tuple[int, int], tuple[int, int]]  # two neighboring nodes of the grid
MOST_POINTS = 10  # of one class, so that a search that finds nothing takes about a second
GRID = 60  # cells along each axis for the picture
XOR_PLUS = ((0.0, 0.0), (1.0, 1.0))
XOR_CIRCLE = ((0.0, 1.0), (1.0, 0.0))


def run(
    stream: torch.Generator,
    *,
    plus: list[list[float]] | None = None,
    circle: list[list[float]] | None = None,
    hidden: int = 12,
) -> Findings:
    """Prove that no line separates the classes, and train a network that does."""
    plus = plus if plus is not None else [list(point) for point in XOR_PLUS]
    circle = circle if circle is not None else [list(point) for point in XOR_CIRCLE]
    for points in (plus, circle):
        if not 1 <= len(points) <= MOST_POINTS or any(len(point) != 2 for point in points):
            raise ValueError(f"each class needs 1 to {MOST_POINTS} points [x, y]")
    if not 1 <= hidden <= 256:
        raise ValueError(f"hidden is {hidden}; 1 to 256 units would work")
    certificate = _certificate(_exact(plus), _exact(circle))
    network = _trained(stream, plus, circle, hidden)
    right = _right(network, plus, circle)
    figures: dict[str, Figures] = {
        "separable": certificate is None,
        "certificate": _told(certificate, _exact(plus), _exact(circle)),
        "points": len(plus) + len(circle),
        "network": {"right": right, "wrong": len(plus) + len(circle) - right, "hidden": hidden},
    }
    return Findings(figures, _plot(network, plus, circle))


def _exact(points: list[list[float]]) -> list[Point]:
    """Coordinates as the decimals that were written: 0.1 is 1/10."""
    if not all(math.isfinite(value) and abs(value) <= 1000 for point in points for value in point):
        raise ValueError("coordinates from -1000 to 1000 would work")
    return [(Fraction(str(x)), Fraction(str(y))) for x, y in points]


def _certificate(plus: list[Point], circle: list[Point]) -> tuple[Weighted, Weighted] | None:
    """Weights of the points of each class that meet in one point, or None when a line separates the classes.

    Of all such weights those with few points and small denominators, which make the proof short to read.
    """
    for sizes in ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1)):
        found = list(_meetings(plus, circle, *sizes))
        if found:
            return min(found, key=lambda pair: sum(w.denominator for weights in pair for w in weights.values()))
    return None


def _meetings(plus: list[Point], circle: list[Point], some: int, others: int) -> Iterator[tuple[Weighted, Weighted]]:
    """Weights for every choice of `some` points of one class and `others` of the other whose hulls meet."""
    for few, many in product(combinations(range(len(plus)), some), combinations(range(len(circle)), others)):
        weights = _meeting([plus[i] for i in few], [circle[j] for j in many])
        if weights:
            yield dict(zip(few, weights, strict=False)), dict(zip(many, weights[some:], strict=True))


def _meeting(plus: list[Point], circle: list[Point]) -> list[Fraction] | None:
    """Weights ≥ 0, adding up to 1 in each class, for which Σ aᵢ pᵢ = Σ bⱼ qⱼ; None where they do not exist or vary.

    Where they vary, fewer of the points have a meeting too, if any, and those were looked at before.
    """
    one, zero = Fraction(1), Fraction(0)
    equations = [
        [one] * len(plus) + [zero] * len(circle) + [one],
        [zero] * len(plus) + [one] * len(circle) + [one],
        *([p[axis] for p in plus] + [-q[axis] for q in circle] + [zero] for axis in (0, 1)),
    ]
    weights = _solve(equations, len(plus) + len(circle))
    return weights if weights is not None and min(weights) >= 0 else None


def _solve(rows: list[list[Fraction]], unknowns: int) -> list[Fraction] | None:
    """The only solution of linear equations [coefficients…, right side]; None when there is none or more than one."""
    for column in range(unknowns):
        pivot = next((row for row in range(column, len(rows)) if rows[row][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for other in range(len(rows)):
            if other != column and (factor := rows[other][column]):
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[column], strict=True)]
    return None if any(row[-1] for row in rows[unknowns:]) else [row[-1] for row in rows[:unknowns]]


def _told(certificate: tuple[Weighted, Weighted] | None, plus: list[Point], circle: list[Point]) -> dict[str, Figures]:
    """The certificate as text and as fractions, one weight for each point, after checking that it proves the claim."""
    if certificate is None:
        return {}
    meeting = [_sum(weights, points) for weights, points in zip(certificate, (plus, circle), strict=True)]
    assert meeting[0] == meeting[1]
    assert all(sum(weights.values()) == 1 for weights in certificate)
    assert all(weight >= 0 for weights in certificate for weight in weights.values())
    left, middle, right = _combination(certificate[0], plus), _pair(meeting[0]), _combination(certificate[1], circle)
    return {
        "plus": left,
        "circle": right,
        "meeting": middle,
        "equation": " = ".join(dict.fromkeys((left, middle, right))),
        "plus_weights": [str(certificate[0].get(i, Fraction(0))) for i in range(len(plus))],
        "circle_weights": [str(certificate[1].get(j, Fraction(0))) for j in range(len(circle))],
    }


def _sum(weights: Weighted, points: list[Point]) -> Point:
    x, y = (sum((weight * points[i][axis] for i, weight in weights.items()), Fraction(0)) for axis in (0, 1))
    return x, y


def _combination(weights: Weighted, points: list[Point]) -> str:
    """1/2 · (0, 0) + 1/2 · (1, 1)"""
    terms = [(weight, _pair(points[i])) for i, weight in weights.items() if weight]
    return " + ".join(pair if weight == 1 else f"{weight} · {pair}" for weight, pair in terms)


def _pair(point: Point) -> str:
    return f"({_number(point[0])}, {_number(point[1])})"


def _number(value: Fraction) -> str:
    """0.25 where the decimals end soon, else 1/3."""
    return (f"{float(value):g}" if 1000 % value.denominator == 0 else str(value)).replace("-", "−")


class Network(nn.Module):
    """Scores of points, after shifting and scaling them to the middle of the plane."""

    def __init__(self, points: Tensor, hidden: int) -> None:
        super().__init__()
        self.middle = points.mean(dim=0)
        self.spread = points.std(dim=0, correction=0).clamp(min=1e-6)
        self.layers = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1)).double()

    def forward(self, points: Tensor) -> Tensor:
        """Points × 2 → one score a point, positive for the class plus."""
        scores: Tensor = self.layers((points - self.middle) / self.spread)
        return scores.flatten()


def _trained(stream: torch.Generator, plus: list[list[float]], circle: list[list[float]], hidden: int) -> Network:
    """Train until every point has at least the probability 0.95 of its own class."""
    points = torch.tensor(plus + circle, dtype=torch.float64)
    labels = torch.tensor([1.0] * len(plus) + [0.0] * len(circle), dtype=torch.float64)
    network = Network(points, hidden)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=1.5 if parameter.shape[-1] == 2 else 0.5, generator=stream)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(1000):
        scores = network(points)
        if (scores * (2 * labels - 1)).min() > math.log(0.95 / 0.05):
            break
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(scores, labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.requires_grad_(False)


def _right(network: Network, plus: list[list[float]], circle: list[list[float]]) -> int:
    above, below = (network(torch.tensor(points, dtype=torch.float64)) for points in (plus, circle))
    return int((above > 0).sum() + (below < 0).sum())


def _plot(network: Network, plus: list[list[float]], circle: list[list[float]]) -> Plot:
    xs, ys = zip(*plus, *circle, strict=True)
    x_range, y_range = ((min(values) - 0.5, max(values) + 0.5) for values in (xs, ys))
    groups = (
        Series("class A", *_columns(plus), kind="points", marker="plus"),
        Series("class B", *_columns(circle), kind="points", marker="circle"),
    )
    gap = [[math.nan, math.nan]]
    curves = [point for curve in _boundary(network, x_range, y_range) for point in [*gap, *curve]][1:]
    boundary = Series("boundary of the network", *_columns(curves))  # one series, so that all curves look the same
    alt = (
        f"{len(plus)} points of class A and {len(circle)} of class B that no straight line separates, and the curved "
        "boundary of a trained network with every point on its own side."
    )
    return Plot(alt, "x₁", "x₂", (*groups, boundary), x_range=x_range, y_range=y_range)


def _columns(points: list[list[float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points)


def _boundary(
    network: nn.Module, x_range: tuple[float, float], y_range: tuple[float, float]
) -> list[list[list[float]]]:
    """The curves on which the score is 0, by marching squares over a grid."""
    xs, ys = (torch.linspace(*ends, GRID + 1, dtype=torch.float64) for ends in (x_range, y_range))
    scores = network(torch.cartesian_prod(xs, ys)).reshape(GRID + 1, GRID + 1).tolist()
    crossings: dict[Edge, list[float]] = {}
    links: dict[Edge, list[Edge]] = {}
    for i, j in product(range(GRID), repeat=2):
        corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        edges = [(min(a, b), max(a, b)) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
        crossed = [edge for edge in edges if (_at(scores, edge[0]) > 0) != (_at(scores, edge[1]) > 0)]
        for a, b in zip(crossed[::2], crossed[1::2], strict=True):
            links.setdefault(a, []).append(b)
            links.setdefault(b, []).append(a)
        for edge in crossed:
            m, n = edge
            share = _at(scores, m) / (_at(scores, m) - _at(scores, n))
            place = (grid[p] + share * (grid[q] - grid[p]) for grid, p, q in zip((xs, ys), m, n, strict=True))
            crossings[edge] = [round(float(value), 4) for value in place]
    return [[crossings[edge] for edge in chain] for chain in _chains(links)]


def _at(scores: list[list[float]], node: tuple[int, int]) -> float:
    return scores[node[0]][node[1]]


def _chains(links: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """String linked edges together: open chains from their ends first, then closed ones."""
    chains = []
    left = dict.fromkeys(sorted(links, key=lambda edge: (len(links[edge]), edge)))
    while left:
        here: Edge | None = next(iter(left))
        chain: list[Edge] = []
        while here is not None:
            del left[here]
            chain.append(here)
            here = next((edge for edge in links[here] if edge in left), None)
        if len(chain) > 2 and chain[0] in links[chain[-1]]:
            chain.append(chain[0])
        chains.append(chain)
    return chains
