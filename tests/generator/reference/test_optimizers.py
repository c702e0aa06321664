"""Optimizers of torch.optim take the steps that the published rules give, under every convention."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import reference
from generator.reference import BadArgument, descent

OPTIMIZERS = ("sgd_steps", "adagrad_steps", "rmsprop_steps", "adam_steps")
numbers = st.integers(-20, 20).filter(bool).map(lambda whole: whole / 4)
vectors = st.integers(1, 3).flatmap(lambda size: st.lists(numbers, min_size=size, max_size=size))
rates = st.sampled_from([0.01, 0.1, 0.25, 0.5])
shares = st.sampled_from([0.5, 0.75, 0.9, 0.99])


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """Gradients that are given, or the curvature of a loss, for one weight or several."""
    start = draw(vectors)
    same = st.lists(numbers, min_size=len(start), max_size=len(start))
    if draw(st.booleans()):
        gradients = draw(st.lists(same, min_size=1, max_size=4))
        found: dict[str, Any] = {"start": start, "gradients": gradients}
    else:
        curvature = [abs(one) for one in draw(same)]
        minimum = [at + away for at, away in zip(start, draw(same), strict=True)]
        found = {"start": start, "curvature": curvature, "minimum": minimum, "steps": draw(st.integers(1, 4))}
    if len(start) == 1 and draw(st.booleans()):  # a single weight may be a number
        plain = {name: value[0] for name, value in found.items() if name in ("start", "curvature", "minimum")}
        return {**found, **plain, **({"gradients": [one[0] for one in gradients]} if "gradients" in found else {})}
    return found


def asked(name: str, conventions: dict[str, str] | None = None, **arguments: Any) -> reference.Asked:
    return reference.ask(name, None, arguments, conventions)


@settings(max_examples=25, deadline=None)
@given(problems(), rates, st.none() | shares, st.booleans(), st.sampled_from([0, 0.1, 0.5]))
def test_sgd_is_computed_twice_and_agrees(
    problem: dict[str, Any], lr: float, momentum: float | None, nesterov: bool, decay: float
) -> None:
    more: dict[str, Any] = {"momentum": momentum, "nesterov": nesterov and momentum is not None, "weight_decay": decay}
    weights = set()
    for form in ("pytorch", "classic"):
        for penalty in ("half", "plain"):
            one = asked("sgd_steps", {"momentum_form": form, "weight_penalty": penalty}, lr=lr, **problem, **more)
            weights.add((penalty, repr(one.value["w1"])))
            assert one.worked.count("aligned") == 2
    if not more["nesterov"]:
        assert len(weights) == len({penalty for penalty, _ in weights})  # the form changes velocities, not weights


@settings(max_examples=25, deadline=None)
@given(problems(), rates, shares, shares, st.sampled_from([0, 1e-3]), st.sampled_from([0, 0.1]))
def test_adam_is_computed_twice_and_agrees(
    problem: dict[str, Any], lr: float, beta1: float, beta2: float, eps: float, weight_decay: float
) -> None:
    more: dict[str, Any] = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
    for correction in ("yes", "no"):
        for decay in ("gradient", "decoupled"):
            one = asked("adam_steps", {"bias_correction": correction}, decay=decay, **problem, **more)
            try:
                value = one.value
            except BadArgument:  # a penalty can cancel a gradient, and without ε there is then nothing to divide by
                assert eps == 0
                continue
            assert ("m1_hat" in value) is (correction == "yes")
            assert one.says
            assert one.worked


@settings(max_examples=25, deadline=None)
@given(problems(), rates, shares, st.sampled_from([0, 1e-3]))
def test_adagrad_and_rmsprop_are_computed_twice_and_agree(
    problem: dict[str, Any], lr: float, alpha: float, eps: float
) -> None:
    one, other = (
        asked("adagrad_steps", lr=lr, eps=eps, **problem),
        asked("rmsprop_steps", lr=lr, alpha=alpha, **problem),
    )
    assert list(one.value) == list(other.value)
    assert one.worked
    assert other.worked


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_of_a_loss_are_those_of_a_difference_quotient(name: str) -> None:
    found = asked(name, start=[3.0, -1.0], lr=0.1, curvature=[2.0, 0.5], minimum=[1.0, 1.0], steps=3).value
    weights: tuple[float, ...] = (3.0, -1.0)
    for step in (1, 2, 3):
        for place, at in enumerate(weights):

            def loss(w: float, place: int = place) -> float:
                return (2.0, 0.5)[place] / 2 * (w - 1.0) ** 2

            slope = (loss(at + 0.25) - loss(at - 0.25)) / 0.5  # exact for a parabola
            assert found[f"g{step}"][place] == pytest.approx(slope, abs=1e-12)
        weights = found[f"w{step}"]


def test_steps_of_sgd_are_those_worked_by_hand() -> None:
    given_: dict[str, Any] = {"start": 6, "lr": 0.1, "curvature": 4, "minimum": 1, "steps": 2}
    assert asked("sgd_steps", **given_).value == {"g1": 20, "w1": 4, "g2": 12, "w2": 2.8}
    assert asked("sgd_steps", momentum=0.5, **given_).value == {
        "g1": 20, "v1": 20, "w1": 4, "g2": 12, "v2": 22, "w2": 1.8,
    }  # fmt: skip
    classic = asked("sgd_steps", {"momentum_form": "classic"}, momentum=0.5, **given_)
    assert classic.value == {"g1": 20, "v1": -2, "w1": 4, "g2": 12, "v2": -2.2, "w2": 1.8}
    assert asked("sgd_steps", momentum=0.5, nesterov=True, **given_).value["w2"] == 1.3


def test_the_classic_form_of_nesterov_takes_its_gradient_at_the_point_ahead() -> None:
    given_: dict[str, Any] = {"start": 6, "lr": 0.1, "curvature": 4, "minimum": 1, "steps": 2}
    one = asked("sgd_steps", {"momentum_form": "classic"}, momentum=0.5, nesterov=True, **given_)
    assert one.value == {"g1": 20, "v1": -2, "w1": 4, "g2": 8, "v2": -1.8, "w2": 2.2}  # g2 is 4 · (4 + 0.5 · −2 − 1)


def test_a_penalty_without_one_half_decays_twice_as_much() -> None:
    given_: dict[str, Any] = {"start": [3, -1], "lr": 0.1, "gradients": [[1, 2]], "weight_decay": 0.5}
    assert asked("sgd_steps", **given_).value == {"w1": (2.75, -1.15)}
    assert asked("sgd_steps", {"weight_penalty": "plain"}, **given_).value == {"w1": (2.6, -1.1)}


def test_steps_that_divide_by_roots_are_those_worked_by_hand() -> None:
    assert asked("adagrad_steps", start=1, lr=0.5, gradients=[3, 4]).value == {"s1": 9, "w1": 0.5, "s2": 25, "w2": 0.1}
    found = asked("rmsprop_steps", start=1, lr=0.1, gradients=[4, -2], alpha=0.75).value
    assert found == {"s1": 4, "w1": 0.8, "s2": 4, "w2": 0.9}
    first = asked("adam_steps", start=2, lr=0.01, gradients=[-4]).value
    assert first == {"m1": -0.4, "v1": 0.016, "m1_hat": -4, "v1_hat": 16, "w1": 2.01}


def test_adam_without_correction_begins_with_a_longer_step() -> None:
    one = asked("adam_steps", {"bias_correction": "no"}, start=0, lr=0.1, gradients=[5], beta2=0.9999)
    assert one.value == {"m1": 0.5, "v1": 0.0025, "w1": -1}  # 0.1 · 0.5 / 0.05
    assert "not corrected" in one.says


def test_decoupled_decay_is_no_part_of_the_gradient() -> None:
    given_: dict[str, Any] = {"start": 5, "lr": 0.1, "gradients": [-6], "weight_decay": 0.2}
    assert asked("adam_steps", decay="decoupled", **given_).value["w1"] == 5  # 0.98 · 5 + 0.1
    assert asked("adam_steps", **given_).value["m1"] == -0.5  # 0.1 · (−6 + 0.2 · 5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_misconceptions_have_the_results_of_the_right_computation_and_other_values(name: str) -> None:
    more: dict[str, Any] = {"momentum": 0.5} if name == "sgd_steps" else {}
    one = asked(name, start=3, lr=0.1, curvature=4, minimum=1, steps=2, **more)
    found = {slip.name: slip.value for slip in one.slips()}
    assert {"uphill", "no_learning_rate", "stale_gradient"} <= set(found)
    assert all(list(value) == list(one.value) for value in found.values())
    assert found["uphill"]["w1"] - 3 == pytest.approx(3 - one.value["w1"])
    assert found["stale_gradient"]["g2"] == one.value["g1"]


def test_a_misconception_that_cannot_be_had_is_left_out() -> None:
    found = {slip.name for slip in asked("sgd_steps", start=1, lr=0.1, gradients=[1, 2]).slips()}
    assert found == {"uphill", "no_learning_rate"}
    assert "no_bias_correction" not in {
        slip.name for slip in asked("adam_steps", {"bias_correction": "no"}, start=1, lr=0.1, gradients=[1, 2]).slips()
    }


def test_misconceptions_of_adam_are_executed() -> None:
    found = {slip.name: slip.value for slip in asked("adam_steps", start=1, lr=0.1, gradients=[4]).slips()}
    assert found["no_root"]["w1"] == pytest.approx(1 - 0.1 * 4 / 16)
    assert found["no_bias_correction"]["w1"] == pytest.approx(1 - 0.1 * 0.4 / math.sqrt(0.016))
    assert found["no_bias_correction"]["m1_hat"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"start": 1, "lr": 0.1}, "start"),
        ({"start": 1, "lr": 0.1, "gradients": [1], "curvature": 2}, "start"),
        ({"start": 1, "lr": 0.1, "gradients": []}, "gradients"),
        ({"start": 1, "lr": 0.1, "gradients": [[1, 2]]}, "gradients"),
        ({"start": [1, 2], "lr": 0.1, "gradients": [1]}, "gradients"),
        ({"start": 1, "lr": -0.1, "gradients": [1]}, "lr"),
        ({"start": 1, "lr": 0.1, "curvature": 1, "steps": 1000}, "steps"),
        ({"start": [1] * 99, "lr": 0.1, "gradients": [[1] * 99]}, "start"),
        ({"start": float("nan"), "lr": 0.1, "gradients": [1]}, "start"),
    ],
)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArgument) as error:
        _ = asked(name, **arguments).value
    assert error.value.argument == argument


def test_a_root_of_nothing_divides_nothing() -> None:
    for name in ("adagrad_steps", "rmsprop_steps", "adam_steps"):
        with pytest.raises(BadArgument, match="divides by 0"):
            _ = asked(name, start=1, lr=0.1, gradients=[0]).value


def test_results_of_long_equations_go_to_a_line_of_their_own() -> None:
    short = descent.aligned([("w", "1 + 1 = 2")])
    long = descent.aligned([("w", " + ".join(["0.123"] * 8) + " = 0.984")])
    assert "\\\\" not in short
    assert r"\\ &= 0.984" in long


def test_digits_that_are_left_out_are_not_hidden_behind_an_equals_sign() -> None:
    assert descent.equals(0.1 + 0.2) == "= 0.3"
    assert descent.equals((0.5, 1 / 3)) == r"\approx (0.5, 0.333333)"
