"""The proof that no line separates two classes of points."""

from fractions import Fraction
from math import isnan
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from generator import text
from generator.experiments.separability import Point, _boundary, _certificate, _exact, _sum, _trained, run
from generator.plots import Plot

BANK = Path(__file__).parents[3] / "bank"
LAYOUTS = text.read(BANK / "activations" / "only_linear_layers.yaml", "").data["parameters"]["layout"]["choose"]
XOR: dict[str, Any] = {"plus": [[0, 0], [1, 1]], "circle": [[0, 1], [1, 0]]}
APART: dict[str, Any] = {"plus": [[0, 0], [1, 0], [0.5, 0.4]], "circle": [[0, 1], [1, 1], [0.5, 0.6]]}


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


def points(*pairs: tuple[float, float]) -> list[Point]:
    return _exact([list(pair) for pair in pairs])


def test_xor_has_the_certificate_of_the_textbooks() -> None:
    figures = measured(**XOR)
    assert not figures["separable"]
    assert figures["certificate"]["equation"] == (
        "1/2 · (0, 0) + 1/2 · (1, 1) = (0.5, 0.5) = 1/2 · (0, 1) + 1/2 · (1, 0)"
    )
    assert figures["certificate"]["plus_weights"] == figures["certificate"]["circle_weights"] == ["1/2", "1/2"]
    assert figures["network"]["wrong"] == 0


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout["shape"])
def test_a_grader_can_check_the_certificate_of_every_layout_of_the_bank(layout: dict[str, Any]) -> None:
    figures = measured(plus=layout["plus"], circle=layout["circle"])
    meetings = []
    for name in ("plus", "circle"):
        weights = [Fraction(weight) for weight in figures["certificate"][f"{name}_weights"]]
        assert sum(weights) == 1
        assert min(weights) >= 0
        pairs = list(zip(weights, layout[name], strict=True))
        meetings.append([sum(w * Fraction(str(point[axis])) for w, point in pairs) for axis in (0, 1)])
    assert meetings[0] == meetings[1]
    assert figures["network"] == {"right": 12, "wrong": 0, "hidden": 12}


def test_classes_with_a_line_between_them_have_none() -> None:
    figures = measured(**APART)
    assert figures["separable"]
    assert figures["certificate"] == {}


def test_decimals_are_taken_as_they_are_written() -> None:
    # (0.1 + 0.2) / 2 is 0.15 in decimals, and not in binary floating point
    assert _certificate(points((0.1, 0), (0.2, 0)), points((0.15, 0))) == (
        {0: Fraction(1, 2), 1: Fraction(1, 2)},
        {0: Fraction(1)},
    )
    assert _certificate(points((0, 0), (1, 1)), points((0.5, 0.5000001))) is None


@pytest.mark.parametrize(
    ("plus", "circle"),
    [
        (points((1, 2)), points((1, 2))),  # the same point twice
        (points((0, 0), (4, 0), (0, 4)), points((1, 1))),  # inside a triangle
        (points((0, 0), (2, 0)), points((1, 0), (3, 0))),  # overlapping on one line
        (points((0, 0), (3, 3)), points((1, 1), (2, 2))),  # within one another on one line
    ],
)
def test_hulls_that_meet_in_special_ways_are_found(plus: list[Point], circle: list[Point]) -> None:
    found = _certificate(plus, circle)
    assert found
    assert _sum(found[0], plus) == _sum(found[1], circle)


GRID = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(GRID, GRID)
def test_without_a_certificate_a_line_is_found_by_trying(plus: Any, circle: Any) -> None:
    found = _certificate(points(*plus), points(*circle))
    assert (found is None) == _some_line_separates(plus, circle)


def _some_line_separates(plus: list[tuple[int, int]], circle: list[tuple[int, int]]) -> bool:
    """Whether the classes are apart along some normal; on a grid of 0 … 6 the differences of points are enough.

    The widest gap between two hulls is between two corners, or a corner and an edge: its normal is a difference of
    points or is perpendicular to one.
    """
    steps = range(-6, 7)
    for a in steps:
        for b in steps:
            if max(a * x + b * y for x, y in circle) < min(a * x + b * y for x, y in plus):
                return True
    return False


def test_the_boundary_in_the_picture_is_where_the_network_has_no_opinion() -> None:
    plus, circle = LAYOUTS[0]["plus"], LAYOUTS[0]["circle"]
    network = _trained(torch.Generator().manual_seed(0), plus, circle, hidden=12)
    picture = run(torch.Generator().manual_seed(0), plus=plus, circle=circle).picture
    assert isinstance(picture, Plot)
    pluses, circles, boundary = picture.series
    assert (len(pluses.x), len(circles.x)) == (6, 6)
    points = torch.tensor([boundary.x, boundary.y], dtype=torch.float64).T
    on_it = points[~points.isnan().any(1)]
    assert len(on_it) > 20
    assert network(on_it).abs().max() < 0.1  # every drawn point has a score of ±2.9 or more


def test_all_curves_of_the_boundary_are_drawn_alike() -> None:
    plus, circle = [[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    pictures = [run(torch.Generator().manual_seed(seed), plus=plus, circle=circle).picture for seed in range(6)]
    lines = [[one for one in picture.series if one.kind == "line"] for picture in pictures if isinstance(picture, Plot)]
    assert all(len(found) == 1 and found[0].name for found in lines)
    assert any(any(map(isnan, found[0].x)) for found in lines)  # in some of them it has two branches


def test_the_boundary_of_a_disk_is_one_closed_circle() -> None:
    class Disk(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 1 - x.square().sum(dim=1)

    (curve,) = _boundary(Disk(), (-2.0, 2.0), (-2.0, 2.0))
    assert curve[0] == curve[-1]
    assert [x * x + y * y for x, y in curve] == pytest.approx([1.0] * len(curve), abs=0.01)


def test_the_same_stream_gives_the_same_figures() -> None:
    assert measured(4) == measured(4)


@pytest.mark.parametrize(
    "given",
    [{"plus": []}, {"circle": [[1.0]]}, {"plus": [[0.0, float("nan")]]}, {"hidden": 0}, {"plus": [[0.0, 0.0]] * 17}],
)
def test_points_that_cannot_be_drawn_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"would work|each class needs"):
        measured(**given)
