"""What exams differ in is asked under each convention: values worked by hand, and what the paper states."""

from __future__ import annotations

import math
from typing import Any

import pytest

from generator import reference
from generator.layers import Network
from generator.listing import read_listing
from generator.reference import attention, dropout, losses

E3 = math.log(3)  # σ(ln 3) is 3/4


def asked(name: str, conventions: dict[str, str] | None = None, **arguments: Any) -> reference.Asked:
    return reference.ask(name, arguments.pop("network", None), arguments, conventions)


def slips(one: reference.Asked) -> dict[str, Any]:
    return {slip.name: slip.value for slip in one.slips()}


# ---- the kernel is flipped ----


FLIPPED = {"convolution_form": "flipped"}


@pytest.mark.parametrize(
    ("name", "arguments", "plain", "flipped"),
    [
        ("convolution", {"input": [[1, 2], [3, 4]], "kernel": [[1, 2], [3, 4]]}, ((30,),), ((20,),)),
        ("convolution_1d", {"input": [1, 0, 2], "kernel": [1, 2]}, (1, 4), (2, 2)),
        ("convolution_matrix", {"kernel": [1, 2], "input_size": 3}, ((1, 2, 0), (0, 1, 2)), ((2, 1, 0), (0, 2, 1))),
    ],
)
def test_a_kernel_is_flipped_under_that_convention(name: str, arguments: Any, plain: Any, flipped: Any) -> None:
    one, other = asked(name, **arguments), asked(name, FLIPPED, **arguments)
    assert (one.value, other.value) == (plain, flipped)
    assert slips(one)["flipped_kernel"] == flipped
    assert slips(other)["not_flipped"] == plain
    assert "flipped_kernel" not in slips(other)
    assert "the kernel is not flipped" in one.says.lower()
    assert "turned by half a turn" in other.says
    assert other.worked != one.worked


def test_a_stage_of_a_network_flips_too() -> None:
    given: dict[str, Any] = {"input": [[1, 2, 0], [3, 4, 0], [0, 0, 0]], "kernel": [[1, 2], [3, 4]]}
    assert asked("feature_map", FLIPPED, **given).value["convolution"][0][0] == 20


# ---- momentum as an average ----


def test_momentum_may_be_a_running_mean() -> None:
    given: dict[str, Any] = {"start": 1, "lr": 0.1, "gradients": [1, 2], "momentum": 0.5}
    one = asked("sgd_steps", {"momentum_form": "averaged"}, **given)
    assert one.value == {"v1": 0.5, "w1": 0.95, "v2": 1.25, "w2": 0.825}
    assert slips(one)["not_averaged"] == asked("sgd_steps", **given).value
    assert "running mean of gradients" in one.says
    assert r"0.5 \cdot 1" in one.worked
    ahead = asked("sgd_steps", {"momentum_form": "averaged"}, nesterov=True, **given)
    assert ahead.value == {"v1": 0.5, "w1": 0.925, "v2": 1.25, "w2": 0.7625}  # 0.925 − 0.1 (0.5 · 2 + 0.5 · 1.25)


def test_who_averages_by_mistake_still_looks_ahead() -> None:
    given: dict[str, Any] = {"start": 1, "lr": 0.1, "gradients": [1, 2], "momentum": 0.5, "nesterov": True}
    averaged = asked("sgd_steps", {"momentum_form": "averaged"}, **given)
    assert slips(asked("sgd_steps", **given))["averaged_velocity"] == averaged.value


# ---- ε within the root ----


@pytest.mark.parametrize(
    ("name", "more"),
    [("adagrad_steps", {}), ("rmsprop_steps", {"alpha": 0}), ("adam_steps", {"beta1": 0, "beta2": 0})],
)
def test_epsilon_may_stand_under_the_root(name: str, more: dict[str, Any]) -> None:
    given: dict[str, Any] = {"start": 1, "lr": 1, "gradients": [0.6], "eps": 0.64, **more}
    inside, outside = asked(name, {"epsilon_place": "inside"}, **given), asked(name, **given)
    assert inside.value["w1"] == 0.4  # √(0.36 + 0.64) = 1
    assert outside.value["w1"] == pytest.approx(1 - 0.6 / 1.24)
    assert r"\sqrt{0.36 + 0.64}" in inside.worked
    assert "under the root" in inside.says
    assert "not under it" in outside.says
    assert "left out" in asked(name, start=1, lr=1, gradients=[0.6], **more).says


@pytest.mark.parametrize("correction", ["yes", "no"])
@pytest.mark.parametrize("decay", ["gradient", "decoupled"])
def test_adam_with_epsilon_under_the_root_is_computed_twice(correction: str, decay: str) -> None:
    conventions = {"epsilon_place": "inside", "bias_correction": correction}
    one = asked("adam_steps", conventions, start=[1, 2], lr=0.1, curvature=[1, 2], steps=3, eps=0.1, decay=decay,
                weight_decay=0.1)  # fmt: skip
    assert len(one.value) >= 12
    assert slips(one)


# ---- other gated units ----

UNIT: dict[str, Any] = {"input": [0], "hidden": [1, 2], "input_weights": [[[0], [0]]] * 3,
        "hidden_weights": [[[0, 0], [0, 0]], [[0, 0], [0, 0]], [[0, 1], [1, 0]]],
        "biases": [[0, E3], [E3, E3], [0, 0]]}  # fmt: skip


def test_the_reset_gate_may_come_before_the_weights() -> None:
    after, before = asked("gru_step", **UNIT), asked("gru_step", {"gru_reset": "before"}, **UNIT)
    assert after.value["candidate"] == pytest.approx((math.tanh(0.5 * 2), math.tanh(0.75 * 1)))
    assert before.value["candidate"] == pytest.approx((math.tanh(0.75 * 2), math.tanh(0.5 * 1)))
    assert slips(after)["reset_before_weights"]["hidden"] == pytest.approx(before.value["hidden"])
    assert slips(before)["reset_after_weights"]["hidden"] == pytest.approx(after.value["hidden"])
    assert r"U (r \cdot h)" in before.says
    assert "PyTorch" not in before.says


@pytest.mark.parametrize("reset", ["after", "before"])
def test_the_update_gate_may_weigh_the_candidate(reset: str) -> None:
    zeros: dict[str, Any] = {
        "input": 0,
        "hidden": 1,
        "input_weights": [0, 0, 0],
        "hidden_weights": [0, 0, 0],
        "biases": [0, E3, 0],
    }
    old = asked("gru_step", {"gru_reset": reset}, **zeros)
    new = asked("gru_step", {"gru_reset": reset, "gru_update": "new"}, **zeros)
    assert old.value["hidden"] == pytest.approx(0.75)  # ¼ · 0 + ¾ · 1
    assert new.value["hidden"] == pytest.approx(0.25)
    assert slips(new)["update_turned"]["hidden"] == pytest.approx(0.75)
    assert "z n + (1 - z) h" in new.says
    wide = asked("gru_step", {"gru_reset": reset, "gru_update": "new"}, **UNIT)
    assert r"z \odot n + (1 - z) \odot h" in wide.worked
    assert {"no_reset", "gates_swapped", "sigmoid_candidate"} <= set(slips(wide))


# ---- indices from 0 ----

ZERO = {"indices": "zero"}
PIXELS = Network((1, 5, 5), read_listing("a - Conv2d(1, 1, 3, stride=2)"))


def test_terms_may_be_counted_from_zero() -> None:
    one = asked("input_gradient", network=PIXELS, layer="a", index=(1, 3))
    zero = asked("input_gradient", ZERO, network=PIXELS, layer="a", index=(0, 2))
    assert one.value == ((((1, 1), (1, 3)), 1), (((1, 2), (1, 1)), 1))
    assert zero.value == ((((0, 0), (0, 2)), 1), (((0, 1), (0, 0)), 1))
    assert slips(zero)["flipped_kernel"] == ((((0, 0), (2, 0)), 1), (((0, 1), (2, 2)), 1))
    assert "counted from 0" in zero.says
    assert "$dY_{0,1}\\,W_{0,0}$" in zero.worked
    weight = asked("weight_gradient", ZERO, network=PIXELS, layer="a", index=(0, 0))
    assert weight.value[0] == (((0, 0), (0, 0)), 1)
    assert slips(weight)["flipped_kernel"][0] == (((0, 0), (2, 2)), 1)
    assert asked("bias_gradient", ZERO, network=PIXELS, layer="a").value[-1] == (((1, 1),), 1)
    with pytest.raises(ValueError, match="has no element"):
        _ = asked("input_gradient", ZERO, network=PIXELS, layer="a", index=(5, 0)).value


def test_what_is_seen_may_be_counted_from_zero() -> None:
    one = asked("seen_inputs", network=PIXELS, layer="a", index=(1, 2))
    zero = asked("seen_inputs", ZERO, network=PIXELS, layer="a", index=(0, 1))
    assert one.value == {"first_row": 1, "last_row": 3, "first_column": 3, "last_column": 5}
    assert zero.value == {"first_row": 0, "last_row": 2, "first_column": 2, "last_column": 4}
    assert slips(zero)["counted_from_one"] == one.value
    assert "counted_from_zero" not in slips(zero)
    assert "| 0 to 2 | 2 to 4 |" in zero.worked
    assert "counted from 0" in zero.says


def test_centers_may_be_counted_from_zero() -> None:
    one = asked("receptive_field", network=PIXELS, layer="a")
    zero = asked("receptive_field", ZERO, network=PIXELS, layer="a")
    assert (one.value["center"], zero.value["center"]) == (2, 1)
    assert asked("receptive_field", ZERO, network=PIXELS, layer="a", unit=1).value["center"] == 3
    assert zero.worked.endswith("Unit 0 sees places 0 to 2; its center is 1.")


# ---- what the paper says, and what two ways share ----


def test_what_operations_leave_out_is_named_where_it_occurs() -> None:
    layers = read_listing(
        "a - Conv2d(3, 3, 3, padding=1)\nb - BatchNorm2d(3)\nc - Add('a')\nd - Upsample(scale_factor=2)"
    )
    assert (
        "leave out biases, activations, normalization, the addition of branches, upsampling and pooling"
        in asked("multiply_accumulates", network=Network((3, 4, 4), layers)).says
    )
    plain = asked("multiply_accumulates", network=Network((3, 4, 4), layers[:1])).says
    assert plain.endswith("leave out biases, activations and pooling.")


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        (attention, "attention", {"queries": [[1, 0, 2]], "keys": [[1, 2, 0], [2, 0, 1]], "values": [[1], [3]]}),
        (dropout, "dropout", {"values": [1, 2], "rate": 0.2, "mask": [1, 0], "weights": [1, 1]}),
    ],
)
def test_a_fault_of_the_second_way_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, arguments: dict[str, Any]
) -> None:
    """With what both ways once shared set wrong in plain Python, they differ."""
    if name == "attention":
        monkeypatch.setattr(module.math, "sqrt", lambda _: 2.0)
    else:
        monkeypatch.setattr(module, "Fraction", lambda _: module.math.pi / 10)
    with pytest.raises(reference.Disagreement):
        _ = asked(name, **arguments).value


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("kind", "scores", "target"),
    [("squared_error", [[1, 2], [3, 5]], [[0, 1], [1, 1]]),
     ("binary_cross_entropy", [[1, -1], [2, 0]], [[1, 0], [0, 1]]),
     ("cross_entropy", [[1, 2, 0], [0, 1, 1]], [1, 3]), ("hinge", [[1, 2, 0], [0, 1, 1]], [1, 3])],
)  # fmt: skip
def test_both_ways_reduce_a_loss_for_themselves(
    monkeypatch: pytest.MonkeyPatch, kind: str, scores: Any, target: Any, reduction: str
) -> None:
    monkeypatch.setattr(losses.Loss, "share", property(lambda _: 17.0))  # what wrong ways use
    one = asked("loss_gradient", {"loss_reduction": reduction}, loss=kind, scores=scores, target=target)
    assert one.value
    if kind != "hinge":
        weights = [[[1, 0], [0, 1], [1, 1]][: len(scores[0])]]
        given: dict[str, Any] = {"input": [[1, 2], [3, 1]], "weights": weights, "target": target, "loss": kind}
        assert asked("mlp_gradients", {"loss_reduction": reduction}, **given).value


# ---- misconceptions that do what they say ----


def test_a_wrong_way_that_gives_no_number_is_passed_over() -> None:
    one = asked("normalization", {"variance": "sample"}, values=[[1], [2], [4]], kind="batch")
    assert "wrong_axis" not in slips(one)
    for name in slips(one):
        assert "nan" not in str(slips(one)[name]), name


def test_uphill_in_adamw_leaves_the_decay_alone() -> None:
    given: dict[str, Any] = {"start": 5, "lr": 0.1, "gradients": [4], "weight_decay": 0.2, "decay": "decoupled"}
    assert asked("adam_steps", **given).value["w1"] == pytest.approx(0.98 * 5 - 0.1)
    assert slips(asked("adam_steps", **given))["uphill"]["w1"] == pytest.approx(0.98 * 5 + 0.1)


@pytest.mark.parametrize(("epoch", "had"), [(3, False), (4, False), (9, True)])
def test_one_drop_is_had_only_where_a_drop_is_due(epoch: int, had: bool) -> None:
    one = asked("learning_rate_schedule", schedule="step", lr=1.0, epoch=epoch, step_size=4, gamma=0.5)
    assert ("one_drop" in slips(one)) is had


def test_two_ways_of_counting_a_fan_are_refused() -> None:
    grouped = Network((6, 9), read_listing("a - Conv1d(6, 6, 5, groups=2)"))
    with pytest.raises(ValueError, match="layer a has groups"):
        _ = asked("initialization_variance", network=grouped, layer="a", scheme="xavier").value
    assert asked("initialization_variance", network=grouped, layer="a", scheme="he").value == pytest.approx(2 / 15)
