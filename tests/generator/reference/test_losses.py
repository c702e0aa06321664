"""Losses, divergences and softmax: both computations agree, and examples worked by hand come out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import reference
from generator.reference import BadArgument, answer, ask, same

few = settings(max_examples=25, deadline=None)
numbers = st.integers(-40, 40).map(lambda value: value / 8)
probabilities = st.integers(1, 99).map(lambda value: value / 100)
reductions = st.sampled_from(["mean", "sum"])


@st.composite
def batches(draw: Any) -> dict[str, Any]:
    """Scores of up to three examples, and their classes counted from 1."""
    classes = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(numbers, min_size=classes, max_size=classes), min_size=1, max_size=3))
    return {"scores": rows, "target": [draw(st.integers(1, classes)) for _ in rows]}


@st.composite
def distributions(draw: Any) -> list[list[float]]:
    """Two distributions over as many outcomes, the second without zeros."""
    size = draw(st.integers(2, 5))
    found = []
    for least in (0, 1):
        parts = draw(st.lists(st.integers(least, 9), min_size=size, max_size=size).filter(any))
        found.append([part / sum(parts) for part in parts])
    return found


def slips(name: str, **arguments: Any) -> dict[str, Any]:
    """What the misconceptions of a quantity lead to."""
    return {slip.name: slip.value for slip in ask(name, None, arguments).slips()}


# ---- both computations agree, and each tells how it is got ----


@few
@given(batches(), st.sampled_from([0.5, 1, 3]))
def test_softmax_adds_up_to_one(batch: dict[str, Any], temperature: float) -> None:
    rows = answer("softmax", scores=batch["scores"], temperature=temperature)
    assert all(math.isclose(sum(row), 1) for row in rows)
    assert same(rows[0], answer("softmax", scores=batch["scores"][0], temperature=temperature))


@few
@given(batches(), reductions)
def test_cross_entropy_is_computed_twice(batch: dict[str, Any], reduction: str) -> None:
    asked = ask("cross_entropy", None, batch, {"loss_reduction": reduction})
    chances = answer("softmax", scores=batch["scores"])
    from_chances = ask(
        "cross_entropy", None, {**batch, "scores": chances, "given": "probabilities"}, {"loss_reduction": reduction}
    )
    assert math.isclose(asked.value, from_chances.value, abs_tol=1e-12)
    assert asked.worked.startswith("$$")
    assert all(not same(slip.value, asked.value) for slip in asked.slips())


@few
@given(st.lists(st.tuples(probabilities, st.sampled_from([0, 0.5, 1])), min_size=1, max_size=4), reductions)
def test_binary_cross_entropy_is_the_same_from_probabilities_and_from_scores(
    pairs: list[tuple[float, float]], reduction: str
) -> None:
    chances, labels = [list(one) for one in zip(*pairs, strict=True)]
    scores = [math.log(one / (1 - one)) for one in chances]
    told = {"loss_reduction": reduction}
    by_chances = ask("binary_cross_entropy", None, {"predictions": chances, "targets": labels}, told)
    by_scores = ask("binary_cross_entropy", None, {"predictions": scores, "targets": labels, "given": "scores"}, told)
    assert math.isclose(by_chances.value, by_scores.value, rel_tol=1e-9)
    assert by_scores.worked.count(r"\sigma") == len(pairs)


@few
@given(batches(), st.sampled_from([0, 0.5, 1, 2]), reductions)
def test_hinge_loss_is_computed_twice(batch: dict[str, Any], margin: float, reduction: str) -> None:
    asked = ask("hinge_loss", None, {**batch, "margin": margin}, {"loss_reduction": reduction})
    assert asked.value >= 0
    assert asked.worked.count(r"\max") == len(batch["scores"]) * (len(batch["scores"][0]) - 1)


@few
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5), reductions, st.sampled_from(["plain", "half"]))
def test_squared_error_is_computed_twice(pairs: list[tuple[float, float]], reduction: str, form: str) -> None:
    outputs, targets = [list(one) for one in zip(*pairs, strict=True)]
    given_ = {"predictions": outputs, "targets": targets}
    asked = ask("mean_squared_error", None, given_, {"loss_reduction": reduction, "squared_error": form})
    assert asked.value >= 0
    assert "squared error" in asked.says
    assert asked.worked.count("^2") == len(pairs)


@few
@given(distributions(), st.sampled_from(["natural", "binary"]))
def test_divergence_is_computed_twice_and_never_negative(pair: list[list[float]], logarithm: str) -> None:
    p, q = pair
    assert answer("kl_divergence", p=p, q=q, logarithm=logarithm) >= -1e-12
    assert same(answer("kl_divergence", p=q, q=q, logarithm=logarithm), 0)


@few
@given(st.lists(st.tuples(numbers, st.integers(1, 40).map(lambda value: value / 8)), min_size=1, max_size=4))
def test_divergence_from_the_standard_normal_is_computed_twice(pairs: list[tuple[float, float]]) -> None:
    means, variances = [list(one) for one in zip(*pairs, strict=True)]
    assert answer("gaussian_kl", means=means, variances=variances) >= 0
    assert ask("gaussian_kl", None, {"means": means, "variances": variances}).worked.count(r"\ln") == len(pairs)


@few
@given(st.lists(probabilities, min_size=1, max_size=6))
def test_perplexity_lies_between_the_inverse_probabilities(chances: list[float]) -> None:
    found = answer("perplexity", probabilities=chances)
    assert 1 / max(chances) - 1e-9 <= found <= 1 / min(chances) + 1e-9
    assert same(found, answer("perplexity", probabilities=chances * 2))


# ---- worked by hand ----


def test_scores_that_are_logarithms_give_fractions() -> None:
    assert answer("softmax", scores=[math.log(2), math.log(5), math.log(3)]) == (0.2, 0.5, 0.3)
    squared = answer("softmax", scores=[math.log(2), math.log(1)], temperature=0.5)
    assert same(squared, (4 / 5, 1 / 5))


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes() -> None:
    assert same(answer("cross_entropy", scores=[0, 0, 0, 0], target=2), math.log(4))
    assert answer("hinge_loss", scores=[0, 0, 0, 0], target=2) == 3


def test_hinge_loss_of_three_pictures() -> None:
    scores = [[2, -1, 0, 3], [1, 4, 2, 0], [0, 5, 1, 2]]
    assert answer("hinge_loss", scores=scores, target=[1, 2, 4]) == 2  # (2 + 0 + 4) / 3
    assert slips("hinge_loss", scores=scores, target=[1, 2, 4]) == {
        "target_included": 3,  # one more in each example
        "no_clamp": (-2 - 1 + 2 + (-2 - 1 - 3) + (-1 + 4 + 0)) / 3,
        "no_margin": (1 + 0 + 3) / 3,
        "difference_turned": (4 + 3 + 0 + 4 + 3 + 5 + 3 + 0 + 2) / 3,
        "over_classes": 0.5,
        "terms_counted": 2 / 3,
        "squared": 20 / 3,
        "other_reduction": 6,
    }


def test_divergence_in_bits() -> None:
    assert (
        answer("kl_divergence", p=[0.5, 0.25, 0.125, 0.125], q=[0.125, 0.5, 0.125, 0.25], logarithm="binary") == 0.625
    )
    assert answer("kl_divergence", p=[0.5, 0.5, 0], q=[0.25, 0.25, 0.5], logarithm="binary") == 1


def test_divergence_of_one_component() -> None:
    assert answer("gaussian_kl", means=[2], variances=[1]) == 2
    assert same(answer("gaussian_kl", means=[0], variances=[math.e]), (math.e - 2) / 2)


def test_perplexity_of_powers_of_one_half() -> None:
    assert answer("perplexity", probabilities=[0.5, 0.125, 0.25, 0.25]) == 4
    assert slips("perplexity", probabilities=[0.5, 0.125, 0.25, 0.25])["not_averaged"] == 256


def test_squared_errors_follow_the_conventions() -> None:
    given_ = {"predictions": [1, 3], "targets": [0, 1]}
    values = {
        (form, reduction): ask(
            "mean_squared_error", None, given_, {"squared_error": form, "loss_reduction": reduction}
        ).value
        for form in ("plain", "half")
        for reduction in ("mean", "sum")
    }
    assert list(values.values()) == [2.5, 5, 1.25, 2.5]


# ---- what makes no sense ----


@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("softmax", {"scores": []}, "scores"),
        ("softmax", {"scores": [1, "a"]}, "scores"),
        ("softmax", {"scores": [[1, 2], [3]]}, "scores"),
        ("softmax", {"scores": [1000, 0]}, "scores"),
        ("softmax", {"scores": [1, 2], "temperature": 0}, "temperature"),
        ("softmax", {"scores": [1.0] * 101}, "scores"),
        ("cross_entropy", {"scores": [1, 2], "target": 3}, "target"),
        ("cross_entropy", {"scores": [1, 2], "target": 0}, "target"),
        ("cross_entropy", {"scores": [[1, 2], [0, 1]], "target": 1}, "target"),
        ("cross_entropy", {"scores": [0.5, 0.6], "target": 1, "given": "probabilities"}, "scores"),
        ("cross_entropy", {"scores": [0, 1], "target": 1, "given": "probabilities"}, "scores"),
        ("binary_cross_entropy", {"predictions": 1, "targets": 1}, "predictions"),
        ("binary_cross_entropy", {"predictions": [0.5], "targets": [1, 0]}, "targets"),
        ("binary_cross_entropy", {"predictions": 0.5, "targets": 2}, "targets"),
        ("hinge_loss", {"scores": [1, 2], "target": 1, "margin": -1}, "margin"),
        ("mean_squared_error", {"predictions": [1, 2], "targets": [1]}, "targets"),
        ("kl_divergence", {"p": [0.5, 0.5], "q": [1, 0]}, "q"),
        ("kl_divergence", {"p": [0.5, 0.6], "q": [0.5, 0.5]}, "p"),
        ("gaussian_kl", {"means": [1], "variances": [0]}, "variances"),
        ("perplexity", {"probabilities": [0.5, 0]}, "probabilities"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_named(name: str, arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArgument) as error:
        answer(name, **arguments)
    assert error.value.argument == argument


def test_every_misconception_of_losses_is_had_somewhere() -> None:
    batch: dict[str, Any] = {"scores": [[2, 1, 0.5], [1, 3, 2]], "target": [1, 2]}
    of: dict[str, list[dict[str, Any]]] = {
        "softmax": [{"scores": [[2, 1], [0.5, 1]], "temperature": 2}],
        "cross_entropy": [batch],
        "binary_cross_entropy": [
            {"predictions": [0.2, 0.9], "targets": [1, 0]},
            {"predictions": [0.2, 0.9], "targets": [1, 0], "given": "scores"},
        ],
        "hinge_loss": [{**batch, "target": [2, 1]}, {"scores": [2, 2.5, 1.5, 0], "target": 1}],
        "mean_squared_error": [{"predictions": [1, 3], "targets": [0, 1]}],
        "kl_divergence": [{"p": [0.5, 0.3, 0.2], "q": [0.2, 0.3, 0.5]}, {"p": [0.1, 0.9], "q": [0.4, 0.6]}],
        "gaussian_kl": [{"means": [1, 2], "variances": [0.5, 3]}],
        "perplexity": [{"probabilities": [0.5, 0.2]}],
    }
    for name, draws in of.items():
        assert set(reference.misconceptions(name)) == {one for draw in draws for one in slips(name, **draw)}, name
