"""Normalization and dropout: both computations agree, and examples worked by hand come out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reference import BadArgument, answer, ask, misconceptions, same

few = settings(max_examples=25, deadline=None)
numbers = st.integers(-40, 40).map(lambda value: value / 4)


@st.composite
def layers(draw: Any) -> dict[str, Any]:
    """A table of activations and a normalization of them."""
    kind = draw(st.sampled_from(["batch", "layer", "group"]))
    groups = draw(st.integers(1, 2)) if kind == "group" else 1
    rows, columns = draw(st.integers(2, 4)), groups * draw(st.integers(2, 3))
    found = {
        "values": [draw(st.lists(numbers, min_size=columns, max_size=columns)) for _ in range(rows)],
        "kind": kind,
        "groups": groups,
        "eps": draw(st.sampled_from([1e-5, 0.5])),
    }
    if draw(st.booleans()):
        found |= {name: draw(st.lists(numbers, min_size=columns, max_size=columns)) for name in ("scale", "shift")}
    if kind == "batch" and draw(st.booleans()):
        found["running_mean"] = draw(st.lists(numbers, min_size=columns, max_size=columns))
        found["running_variance"] = [abs(one) for one in draw(st.lists(numbers, min_size=columns, max_size=columns))]
        found["mode"] = draw(st.sampled_from(["training", "test"]))
    return found


@few
@given(layers(), st.sampled_from(["population", "sample"]))
def test_normalization_is_computed_twice(layer: dict[str, Any], variance: str) -> None:
    asked = ask("normalization", None, layer, {"variance": variance})
    assert [len(row) for row in asked.value["output"]] == [len(row) for row in layer["values"]]
    assert asked.worked
    assert all(set(slip.value) == set(asked.value) or slip.name == "batch_statistics" for slip in asked.slips())


@few
@given(st.lists(st.lists(numbers, min_size=3, max_size=3, unique=True), min_size=2, max_size=4))
def test_each_row_of_layer_normalization_has_mean_0_and_variance_1(values: list[list[float]]) -> None:
    for row in answer("normalization", values=values, kind="layer")["output"]:
        assert same(sum(row), 0)
        assert same(sum(one**2 for one in row), 3)


@few
@given(
    st.lists(st.tuples(numbers, numbers, st.integers(0, 1)), min_size=1, max_size=5),
    st.sampled_from([0.1, 0.25, 0.5, 0.8]),
    st.sampled_from(["training", "test"]),
)
def test_dropout_is_computed_twice(units: list[tuple[float, float, int]], rate: float, scaling: str) -> None:
    values, weights, mask = [list(one) for one in zip(*units, strict=True)]
    given_ = {"values": values, "rate": rate, "mask": mask, "weights": weights, "bias": 0.5}
    found = ask("dropout", None, given_, {"dropout_scaling": scaling}).value
    assert same(found["test"], found["expected"])
    assert same(found["test_sum"], found["expected_sum"])
    assert found["networks"] == 2 ** len(values)


def test_training_values_are_those_of_the_dropout_module() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        drawn = torch.nn.Dropout(0.4)(torch.tensor(values, dtype=torch.float64))
    mask = [int(one != 0) for one in drawn.tolist()]
    assert 0 < sum(mask) < 6
    assert same(answer("dropout", values=values, rate=0.4, mask=mask)["training"], tuple(drawn.tolist()))


def test_a_column_is_normalized_over_its_examples() -> None:
    found = answer("normalization", values=[[1, 4], [3, 8]], kind="batch")
    assert found == {"mean": (2, 6), "variance": (1, 4), "output": ((-1, -1), (1, 1))}


def test_a_row_is_normalized_over_its_features() -> None:
    found = answer(
        "normalization", values=[[1, 5, 9, 5], [0, 0, 4, 4]], kind="layer", scale=[2, 1, 1, 1], shift=[1, 0, 0, 0]
    )
    assert found["mean"] == (5, 2)
    assert found["variance"] == (8, 4)
    assert same(found["output"][0], (1 - 2 * math.sqrt(2), 0, math.sqrt(2), 0))
    assert found["output"][1] == (-1, -1, 1, 1)


def test_a_group_of_columns_is_normalized_by_itself() -> None:
    found = answer("normalization", values=[[1, 3, 10, 30]], kind="group", groups=2)
    assert found["mean"] == ((2, 20),)
    assert found["output"] == ((-1, 1, -1, 1),)


def test_running_statistics_move_a_tenth_of_the_way() -> None:
    found = answer(
        "normalization", values=[[2, 7], [6, 6], [4, 5]], kind="batch", running_mean=[1, 2], running_variance=[2, 1]
    )
    assert found["running_mean"] == (1.3, 2.4)
    assert found["running_variance"] == (2.2, 1)  # of the sample variances 4 and 1


def test_test_time_uses_the_running_statistics() -> None:
    found = answer(
        "normalization", values=[[5, -7]], kind="batch", mode="test", running_mean=[3, -1], running_variance=[4, 9],
        scale=[4, 2], shift=[1, -1],
    )  # fmt: skip
    assert found["output"] == ((5, -5),)


def test_the_sample_variance_divides_by_one_less() -> None:
    asked = ask("normalization", None, {"values": [[0], [2], [4]], "kind": "batch"}, {"variance": "sample"})
    assert asked.value == {"mean": (2,), "variance": (4,), "output": ((-1,), (0,), (1,))}
    assert asked.says.startswith("The variance divides by the number of values less one")


def test_dropout_of_four_units() -> None:
    found = answer("dropout", values=[4, 1, 8, 2], rate=0.2, mask=[1, 0, 1, 1], weights=[1, 3, -1, 2])
    assert found["training"] == (5, 0, 10, 2.5)
    assert (found["training_sum"], found["test_sum"], found["variance"]) == (0, 3, 26.25)


def test_what_is_asked_for_is_told() -> None:
    given_ = {"values": [4, 1], "rate": 0.5, "mask": [1, 0], "weights": [1, 1]}
    told = {
        pick: ask("dropout", None, {**given_, "pick": pick}).worked for pick in ("networks", "variance", "training")
    }
    assert told["networks"] == "There are $2^{2} = 4$ masks: each output is kept or dropped."
    assert "variance" in told["variance"]
    assert "variance" not in told["training"]
    assert len(ask("dropout", None, given_).worked) > len(told["variance"])


@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("normalization", {"values": [[1, 1], [1, 2]], "kind": "batch"}, "values"),
        ("normalization", {"values": [[1, 2]], "kind": "batch"}, "values"),
        ("normalization", {"values": [1, 2], "kind": "layer"}, "values"),
        ("normalization", {"values": [[1, 2, 3]], "kind": "group", "groups": 2}, "groups"),
        ("normalization", {"values": [[1, 2]], "kind": "layer", "scale": [1]}, "scale"),
        ("normalization", {"values": [[1, 2]], "kind": "layer", "mode": "test"}, "values"),
        ("normalization", {"values": [[1, 2]], "kind": "batch", "mode": "test"}, "values"),
        ("dropout", {"values": [1] * 11, "rate": 0.5}, "values"),
        ("dropout", {"values": [1, 2], "rate": 1}, "rate"),
        ("dropout", {"values": [1, 2], "rate": 0.5, "mask": [1, 2]}, "mask"),
        ("dropout", {"values": [1, 2], "rate": 0.5, "weights": [1]}, "weights"),
    ],
)
def test_arguments_that_make_no_sense_are_named(name: str, arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArgument) as error:
        answer(name, **arguments)
    assert error.value.argument == argument


def test_every_misconception_is_had_somewhere() -> None:
    table: dict[str, Any] = {"values": [[1, 4], [3, 9], [8, 2]], "kind": "batch", "scale": [2, 3], "shift": [1, 0]}
    running = {"running_mean": [1, 2], "running_variance": [4, 9]}
    of: dict[str, list[dict[str, Any]]] = {
        "normalization": [table, table | running, table | running | {"mode": "test"}],
        "dropout": [{"values": [4, 1, 8], "rate": 0.2, "mask": [1, 0, 1]}],
    }
    for name, draws in of.items():
        found = {slip.name for draw in draws for slip in ask(name, None, draw).slips()}
        assert found == set(misconceptions(name)), name
