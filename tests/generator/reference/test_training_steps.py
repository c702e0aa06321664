"""Schedules, penalties, clipping, the perceptron's rule, steps on an input, first weights: twice, and by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import reference
from generator.forward import DoesNotFit
from generator.layers import Network
from generator.listing import read_listing
from generator.reference import BadArgument
from generator.spec import CONVENTIONS

whole = st.integers(-6, 6)
pairs = st.lists(whole, min_size=2, max_size=2)


def asked(
    name: str, conventions: dict[str, str] | None = None, network: Network | None = None, **arguments: Any
) -> Any:
    return reference.ask(name, network, arguments, conventions)


def slips(one: reference.Asked) -> dict[str, Any]:
    return {slip.name: slip.value for slip in one.slips()}


# ---- schedules ----


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["step", "exponential", "cosine", "warmup", "warmup_cosine"]),
    st.integers(0, 60),
    st.integers(0, 1),
    st.integers(2, 9),
    st.sampled_from([0.1, 0.5, 0.9]),
    st.sampled_from([0, 0.01]),
)
def test_schedules_are_computed_twice_and_agree(
    schedule: str, epoch: int, first: int, size: int, gamma: float, lowest: float
) -> None:
    one = asked("learning_rate_schedule", schedule=schedule, lr=0.2, epoch=epoch + first, first=first, step_size=size,
                gamma=gamma, period=60 + size, warmup=size, lowest=lowest)  # fmt: skip
    assert 0 <= one.value <= 0.2
    assert one.worked
    assert one.says


def test_rates_of_schedules_are_those_worked_by_hand() -> None:
    def at(schedule: str, epoch: int, **more: Any) -> float:
        value = asked("learning_rate_schedule", schedule=schedule, lr=0.8, epoch=epoch, **more).value
        assert isinstance(value, int | float)
        return value

    assert [at("step", epoch, step_size=10, gamma=0.5) for epoch in (0, 9, 10, 20)] == [0.8, 0.8, 0.4, 0.2]
    assert at("step", 10, step_size=10, gamma=0.5, first=1) == 0.8
    assert at("exponential", 2, gamma=0.5) == 0.2
    assert [at("cosine", epoch, period=90) for epoch in (0, 30, 45, 60, 90)] == [0.8, 0.6, 0.4, 0.2, 0]
    assert at("cosine", 90, period=90, lowest=0.1) == 0.1
    assert [at("warmup", epoch, warmup=4) for epoch in (0, 1, 3, 7)] == [0.2, 0.4, 0.8, 0.8]
    assert [at("warmup_cosine", epoch, warmup=4, period=64) for epoch in (0, 4, 24, 64)] == [0.2, 0.8, 0.6, 0]


def test_wrong_ways_through_a_schedule_are_executed() -> None:
    cosine = slips(asked("learning_rate_schedule", schedule="cosine", lr=0.8, epoch=30, period=90, lowest=0.2))
    assert cosine["straight"] == pytest.approx(0.6)
    assert cosine["whole_period"] == pytest.approx(0.35)
    assert cosine["no_lowest"] == pytest.approx(0.6)
    step = slips(asked("learning_rate_schedule", schedule="step", lr=0.8, epoch=25, step_size=10, gamma=0.5))
    assert step["one_drop"] == 0.4
    assert step["smooth"] == pytest.approx(0.8 * 0.5**2.5)
    assert "straight" not in step


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"schedule": "step", "lr": 0.1, "epoch": 1}, "schedule"),
        ({"schedule": "cosine", "lr": 0.1, "epoch": 11, "period": 10}, "epoch"),
        ({"schedule": "warmup", "lr": 0.1, "epoch": 1, "warmup": 1}, "warmup"),
        ({"schedule": "exponential", "lr": 0.1, "epoch": 10**9, "gamma": 0.5}, "epoch"),
        ({"schedule": "exponential", "lr": 0.1, "epoch": 0, "gamma": 0.5, "first": 1}, "epoch"),
        ({"schedule": "exponential", "lr": 0.1, "epoch": 2, "gamma": 2}, "gamma"),
        ({"schedule": "warmup_cosine", "lr": 0.1, "epoch": 1, "warmup": 5, "period": 5}, "period"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArgument) as error:
        _ = asked("learning_rate_schedule", **arguments).value
    assert error.value.argument == argument


# ---- penalties and clipping ----


@settings(max_examples=25, deadline=None)
@given(pairs, pairs, st.sampled_from([0.1, 0.5]), st.sampled_from(["l1", "l2"]))
def test_penalized_steps_are_computed_twice_and_agree(w: list[int], g: list[int], lr: float, penalty: str) -> None:
    for convention in CONVENTIONS["weight_penalty"]:
        given_: dict[str, Any] = {"weights": w, "gradient": g, "lr": lr, "coefficient": 0.5, "penalty": penalty}
        one = asked("weight_penalty_step", {"weight_penalty": convention}, **given_)
        assert one.value["penalty"] >= 0
        assert one.worked


def test_penalized_steps_are_those_worked_by_hand() -> None:
    given_: dict[str, Any] = {"weights": [2, -1], "gradient": [1, 2], "lr": 0.1, "coefficient": 0.5}
    assert asked("weight_penalty_step", **given_).value == {"penalty": 1.25, "total": (2, 1.5), "weights": (1.8, -1.15)}
    plain = asked("weight_penalty_step", {"weight_penalty": "plain"}, **given_).value
    assert plain == {"penalty": 2.5, "total": (3, 1), "weights": (1.7, -1.1)}
    lasso = asked("weight_penalty_step", penalty="l1", **given_)
    assert lasso.value == {"penalty": 1.5, "total": (1.5, 1.5), "weights": (1.85, -1.15)}
    assert slips(lasso)["no_penalty"]["weights"] == (1.9, -1.2)
    assert slips(lasso)["penalty_without_rate"]["weights"] == pytest.approx((1.4, -0.7))


@settings(max_examples=25, deadline=None)
@given(st.lists(pairs, min_size=1, max_size=3), st.sampled_from([0.5, 1, 4, 20]), st.sampled_from(["norm", "value"]))
def test_clipping_is_computed_twice_and_agrees(gradients: list[list[int]], limit: float, by: str) -> None:
    one = asked("gradient_clipping", gradients=gradients, limit=limit, by=by)
    clipped = [value for name, part in one.value.items() if name != "norm" for value in part]
    assert (math.hypot(*clipped) if by == "norm" else max(map(abs, clipped))) <= limit * (1 + 1e-12)
    assert one.worked


def test_clipped_gradients_are_those_worked_by_hand() -> None:
    one = asked("gradient_clipping", gradients=[3, -4], limit=1)
    assert one.value == {"norm": 5, "clipped": (0.6, -0.8)}
    assert slips(one)["no_root"]["clipped"] == pytest.approx((3 / 25, -4 / 25))
    assert asked("gradient_clipping", gradients=[3, -4], limit=3.5, by="value").value["clipped"] == (3, -3.5)
    assert asked("gradient_clipping", gradients=[3, -4], limit=6).value["clipped"] == (3, -4)
    both = asked("gradient_clipping", gradients=[[3, 0], [0, 4]], limit=2.5)
    assert both.value == {"norm": 5, "clipped1": (1.5, 0), "clipped2": (0, 2)}
    assert slips(both)["each_by_itself"]["clipped2"] == (0, 2.5)


# ---- the perceptron ----


@settings(max_examples=25, deadline=None)
@given(st.lists(pairs, min_size=1, max_size=5), st.data())
def test_perceptron_runs_are_computed_twice_and_agree(points: list[list[int]], data: st.DataObject) -> None:
    labels = data.draw(st.lists(st.sampled_from([1, -1]), min_size=len(points), max_size=len(points)))
    start, bias = data.draw(pairs), data.draw(st.none() | whole)
    for threshold in CONVENTIONS["threshold"]:
        given_: dict[str, Any] = {"points": points, "labels": labels, "start": start, "bias": bias, "passes": 2}
        one = asked("perceptron_updates", {"threshold": threshold}, lr=0.1, **given_)
        assert ("b1" in one.value) is (bias is not None)
        assert one.worked.count("\n") == 2 * len(points) + 1


def test_a_perceptron_run_is_the_one_worked_by_hand() -> None:
    given_: dict[str, Any] = {"points": [[1, 2], [2, -1], [-1, 1]], "labels": [1, -1, 1], "bias": 0}
    one = asked("perceptron_updates", **given_)
    assert one.value == {
        "w1": (0, 0), "b1": 0, "w2": (-2, 1), "b2": -1, "w3": (-2, 1), "b3": -1, "w": (-2, 1), "b": -1, "mistakes": 1,
    }  # fmt: skip
    above = asked("perceptron_updates", {"threshold": "above"}, **given_).value
    assert (above["w1"], above["b1"]) == ((1, 2), 1)  # a sum of 0 does not fire, so the first point is a mistake
    wrong = slips(one)
    assert wrong["bias_not_updated"]["b"] == 0
    assert wrong["sign"]["w2"] == (2, -1)
    assert wrong["other_threshold"]["w1"] == (1, 2)


def test_rounding_does_not_decide_whether_a_unit_fires() -> None:
    one = asked("perceptron_updates", {"threshold": "above"}, points=[[1, 1, 1]], labels=[-1], start=[0.1, 0.2, -0.3])
    assert one.value["mistakes"] == 0  # in floats, 0.1 + 0.2 − 0.3 is more than 0


def test_labels_are_one_or_minus_one() -> None:
    with pytest.raises(BadArgument) as error:
        _ = asked("perceptron_updates", points=[[1, 2]], labels=[0]).value
    assert error.value.argument == "labels"


# ---- steps on an input ----


@settings(max_examples=25, deadline=None)
@given(pairs, pairs, pairs, pairs, st.sampled_from([0.1, 0.5]), st.booleans())
def test_sign_steps_are_computed_twice_and_agree(
    x: list[int], one: list[int], two: list[int], three: list[int], epsilon: float, targeted: bool
) -> None:
    for model, weights, label in (("linear", one, -1), ("logistic", two, 1), ("softmax", [one, two, three], 2)):
        found = asked(
            "fgsm", x=x, weights=weights, label=label, epsilon=epsilon, model=model, targeted=targeted, bias=1
        )
        moved = [abs(a - b) for a, b in zip(found.value["adversarial"], x, strict=True)]
        assert all(size == pytest.approx(epsilon) or size == pytest.approx(0, abs=1e-12) for size in moved)
        assert found.worked


def test_a_sign_step_is_the_one_worked_by_hand() -> None:
    one = asked("fgsm", x=[1, 2, -1], weights=[2, -1, 0.5], label=1, epsilon=0.1)
    assert one.value == {
        "gradient": (-2, 1, -0.5), "sign": (-1, 1, -1), "adversarial": (0.9, 2.1, -1.1), "before": -0.5, "after": -0.85,
    }  # fmt: skip
    wrong = slips(one)
    assert wrong["other_way"]["adversarial"] == pytest.approx((1.1, 1.9, -0.9))
    assert wrong["no_sign"]["adversarial"] == pytest.approx((0.8, 2.1, -1.05))
    assert wrong["by_weights"]["adversarial"] == pytest.approx((0.9, 1.9, -0.9))


def test_the_gradient_of_a_softmax_model_is_that_of_a_difference_quotient() -> None:
    weights, x = torch.tensor([[2.0, -1.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64), [1.0, 2.0]
    found = asked("fgsm", x=x, weights=weights.tolist(), label=2, epsilon=0.1, model="softmax").value["gradient"]
    for place in (0, 1):
        ends = []
        for step in (1e-5, -1e-5):
            at = torch.tensor(x, dtype=torch.float64)
            at[place] += step
            ends.append(-torch.log_softmax(weights @ at, 0)[1].item())
        assert found[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def test_a_derivative_of_zero_has_no_sign() -> None:
    one = asked("fgsm", x=[1, 2], weights=[[1, 0.1], [2, 0.1]], label=1, epsilon=0.1, model="softmax")
    assert one.value["sign"] == (1, 0)


@settings(max_examples=25, deadline=None)
@given(pairs, st.lists(pairs, min_size=3, max_size=3), st.lists(whole, min_size=3, max_size=3))
def test_ascent_on_an_input_is_computed_twice_and_agrees(x: list[int], hidden: list[list[int]], out: list[int]) -> None:
    one = asked("input_ascent", x=x, hidden=hidden, weights=out, lr=0.1, hidden_bias=[0, 1, -1])
    assert one.worked
    assert ("ReLU at 0" in one.says) is any(
        sum(w * at for w, at in zip(row, x, strict=True)) + b == 0 for row, b in zip(hidden, (0, 1, -1), strict=True)
    )


def test_ascent_on_an_input_is_the_one_worked_by_hand() -> None:
    one = asked("input_ascent", x=[1, 2], hidden=[[1, -1], [2, 1], [-1, 1]], weights=[1, 2, -1], lr=0.1)
    assert one.value == {"units": (0, 4, 1), "gradient": (5, 1), "stepped": (1.5, 2.1), "before": 7, "after": 9.6}
    assert slips(one)["gates_ignored"]["gradient"] == (6, 0)
    assert slips(one)["downhill"]["after"] < 7


# ---- how many steps, and how large the first weights are ----


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 500), st.integers(1, 64), st.integers(1, 5), st.booleans(), st.integers(1, 4))
def test_updates_are_counted_twice_and_agree(examples: int, batch: int, epochs: int, drop: bool, group: int) -> None:
    one = asked("steps_per_epoch", examples=examples, batch_size=batch, epochs=epochs, drop_last=drop, accumulate=group)
    assert one.value <= epochs * math.ceil(examples / batch)
    assert one.worked


def test_updates_are_those_counted_by_hand() -> None:
    one = asked("steps_per_epoch", examples=1000, batch_size=64, epochs=5)
    assert one.value == 80
    assert one.says == "A last batch that is not full is used too."
    assert slips(one) == {
        "other_rest": 75, "one_epoch": 16, "each_example": 5000, "one_an_epoch": 5, "batch_size_itself": 320,
        "over_all": 79,
    }  # fmt: skip
    assert asked("steps_per_epoch", examples=1000, batch_size=64, epochs=5, accumulate=5).value == 20
    assert asked("steps_per_epoch", examples=10**9, batch_size=1).value == 10**9


LAYERS = "a - Conv2d(4, 12, 3)\nb - Flatten()\nc - Linear(2352, 48)\nd - Conv1d(6, 6, 5, groups=2)"
NETWORK = Network((4, 16, 16), read_listing(LAYERS))


@pytest.mark.parametrize("layer", ["a", "c", "d"])
@pytest.mark.parametrize("scheme", ["xavier", "he", "lecun"])
@pytest.mark.parametrize("give", ["variance", "deviation", "bound"])
def test_first_weights_are_measured_and_computed_alike(layer: str, scheme: str, give: str) -> None:
    one = asked("initialization_variance", network=NETWORK, layer=layer, scheme=scheme, give=give)
    if (layer, scheme) == ("d", "xavier"):
        with pytest.raises(DoesNotFit, match="layer d has groups"):
            _ = one.value
        return
    assert 0 < one.value < 1
    assert one.worked
    assert one.says


def test_variances_are_those_worked_by_hand() -> None:
    one = asked("initialization_variance", network=NETWORK, layer="a", scheme="he")
    assert one.value == pytest.approx(2 / 36)
    assert slips(one) == {
        "fans_swapped": pytest.approx(2 / 108),
        "kernel_ignored": 0.5,
        "wrong_gain": pytest.approx(1 / 36),
        "deviation_for_variance": pytest.approx(math.sqrt(2) / 6),
    }
    small = Network((100,), read_listing("a - Linear(100, 50)"))
    assert asked("initialization_variance", network=small, layer="a", scheme="xavier", give="bound").value == 0.2


def test_a_layer_without_a_weight_has_no_variance() -> None:
    with pytest.raises(DoesNotFit):
        _ = asked("initialization_variance", network=NETWORK, layer="b", scheme="he").value


def test_measuring_first_weights_leaves_the_randomness_of_the_world_alone() -> None:
    before = torch.get_rng_state()
    _ = asked("initialization_variance", network=NETWORK, layer="a", scheme="xavier", give="bound").value
    assert torch.equal(before, torch.get_rng_state())
