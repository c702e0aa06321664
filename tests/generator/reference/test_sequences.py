"""Recurrent steps, attention and word vectors: both computations agree, and examples worked by hand come out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reference import BadArgument, answer, ask, misconceptions, same

few = settings(max_examples=25, deadline=None)
numbers = st.integers(-16, 16).map(lambda value: value / 8)


def lists(length: int) -> st.SearchStrategy[list[float]]:
    return st.lists(numbers, min_size=length, max_size=length)


def matrices(rows: int, columns: int) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(lists(columns), min_size=rows, max_size=rows)


@st.composite
def sequences(draw: Any) -> dict[str, Any]:
    """A recurrent layer and its inputs, of numbers or of lists."""
    steps = draw(st.integers(1, 4))
    found: dict[str, Any] = {"activation": draw(st.sampled_from(["tanh", "relu", "identity"]))}
    if draw(st.booleans()):
        names = ("input_weights", "hidden_weights", "bias", "initial", "output_weights", "output_bias")
        return found | {"inputs": draw(lists(steps))} | {name: draw(numbers) for name in names}
    inputs, units = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return found | {
        "inputs": draw(matrices(steps, inputs)),
        "input_weights": draw(matrices(units, inputs)),
        "hidden_weights": draw(matrices(units, units)),
        "bias": draw(lists(units)),
        "output_weights": draw(matrices(2, units)),
    }


@st.composite
def cells(draw: Any, gates: int) -> dict[str, Any]:
    """A gated cell, its input and its state, of numbers or of lists."""
    if draw(st.booleans()):
        weights = {name: draw(lists(gates)) for name in ("input_weights", "hidden_weights", "biases")}
        return weights | {"input": draw(numbers), "hidden": draw(numbers)}
    inputs, units = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    return {
        "input_weights": [draw(matrices(units, inputs)) for _ in range(gates)],
        "hidden_weights": [draw(matrices(units, units)) for _ in range(gates)],
        "biases": draw(matrices(gates, units)),
        "input": draw(lists(inputs)),
        "hidden": draw(lists(units)),
    }


@few
@given(sequences())
def test_recurrent_states_are_computed_twice(layer: dict[str, Any]) -> None:
    asked = ask("rnn_forward", None, layer)
    assert len(asked.value["states"]) == len(layer["inputs"]) == len(asked.value["outputs"])
    assert asked.value["last"] == asked.value["states"][-1]
    assert asked.worked.count("h_") >= len(layer["inputs"])


@few
@given(cells(4), numbers)
def test_an_lstm_step_is_computed_twice(cell: dict[str, Any], state: float) -> None:
    several = isinstance(cell["hidden"], list)
    asked = ask("lstm_step", None, {**cell, "cell": [state] * len(cell["hidden"]) if several else state})
    assert isinstance(asked.value["hidden"], tuple) is several
    assert r"\sigma" in asked.worked


@few
@given(cells(3))
def test_a_gru_step_is_computed_twice(cell: dict[str, Any]) -> None:
    asked = ask("gru_step", None, cell)
    assert isinstance(asked.value["hidden"], tuple) is isinstance(cell["hidden"], list)
    assert r"\tanh" in asked.worked


@few
@given(st.data(), st.booleans(), st.sampled_from(["scaled", "unscaled"]))
def test_attention_is_computed_twice_and_its_weights_add_up_to_one(data: Any, causal: bool, scale: str) -> None:
    keys, size, width = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    queries = keys if causal else data.draw(st.integers(1, 3))
    given_ = {
        "queries": data.draw(matrices(queries, size)),
        "keys": data.draw(matrices(keys, size)),
        "values": data.draw(matrices(keys, width)),
        "causal": causal,
    }
    asked = ask("attention", None, given_, {"attention_scale": scale})
    assert all(math.isclose(sum(row), 1) for row in asked.value["weights"])
    assert not causal or all(same(one, 0) for at, row in enumerate(asked.value["weights"]) for one in row[at + 1 :])
    assert len(ask("attention", None, {**given_, "pick": "scores"}).worked) < len(asked.worked)


@few
@given(lists(3), lists(3))
def test_cosines_are_computed_twice(one: list[float], other: list[float]) -> None:
    if math.hypot(*one) < 0.01 or math.hypot(*other) < 0.01:
        return
    found = answer("cosine_similarity", one=one, other=other)
    assert abs(found) <= 1 + 1e-12
    assert same(found, answer("cosine_similarity", one=[3 * value for value in one], other=other))


# ---- worked by hand ----


def test_states_of_a_relu_unit() -> None:
    found = answer("rnn_forward", inputs=[1, 4, 2, -1], input_weights=2, hidden_weights=-1, bias=1, activation="relu")
    assert found["states"] == (3, 6, 0, 0)


def test_states_of_two_units() -> None:
    found = answer(
        "rnn_forward", inputs=[[1, 2], [0, -1]], input_weights=[[1, 0], [2, 1]], hidden_weights=[[0, 1], [1, 0]],
        activation="identity", output_weights=[[1, 1]],
    )  # fmt: skip
    assert found == {"states": ((1, 4), (4, 0)), "last": (4, 0), "outputs": (5, 4)}


def test_an_lstm_step_with_sums_of_zero_halves_the_cell() -> None:
    found = answer(
        "lstm_step", input=1, hidden=1, cell=3, input_weights=[1, 1, 1, 1], hidden_weights=[-1, -1, -1, -1],
        biases=[0, 0, 0, 0],
    )  # fmt: skip
    assert [found[name] for name in ("input_gate", "forget_gate", "candidate", "output_gate")] == [0.5, 0.5, 0, 0.5]
    assert found["cell"] == 1.5
    assert same(found["hidden"], 0.5 * math.tanh(1.5))


def test_a_gru_step_mixes_the_candidate_and_the_old_state() -> None:
    found = answer("gru_step", input=1, hidden=-2, input_weights=[2, 2, 1], hidden_weights=[1, 1, 1], biases=[0, 0, 0])
    assert (found["reset_gate"], found["update_gate"], found["candidate"]) == (0.5, 0.5, 0)  # tanh(1 + ½ · (−2))
    assert found["hidden"] == -1


def test_the_update_gate_of_pytorch_keeps_the_old_state() -> None:
    cell = torch.nn.GRUCell(1, 1, device="meta", dtype=torch.float64)
    held = {name: torch.zeros(one.shape, dtype=torch.float64) for name, one in cell.named_parameters()}
    held["bias_ih"] += torch.tensor([0.0, 100, 0])
    state = torch.tensor([[3.0]], dtype=torch.float64)
    assert torch.func.functional_call(cell, held, (0 * state, state)).item() == 3
    found = answer("gru_step", input=0, hidden=3, input_weights=[0, 0, 0], hidden_weights=[0, 0, 0], biases=[0, 100, 0])
    assert found["hidden"] == 3


def test_computing_a_step_leaves_the_random_numbers_alone() -> None:
    before = torch.random.get_rng_state()
    answer("rnn_forward", inputs=[1], input_weights=1, hidden_weights=1)
    answer("gru_step", input=0, hidden=3, input_weights=[0, 0, 0], hidden_weights=[0, 0, 0], biases=[0, 1, 0])
    assert torch.equal(before, torch.random.get_rng_state())


def test_attention_of_one_query() -> None:
    found = answer(
        "attention", queries=[[1, 0, 2, 1]], keys=[[1, 1, 0, 1], [0, 2, -1, 2], [2, 0, 1, 2]],
        values=[[1, 2], [4, 0], [0, 5]],
    )  # fmt: skip
    assert found["scores"] == ((1, 0, 3),)
    total = math.e + 1 + math.e**3
    assert same(found["weights"][0], (math.e / total, 1 / total, math.e**3 / total))


def test_causal_attention_with_scores_that_are_logarithms() -> None:
    scores = [[math.log(one) for one in row] for row in ([2, 3, 1], [1, 3, 5], [2, 3, 5])]
    unit = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    given_ = {"queries": scores, "keys": unit, "values": [[4], [-2], [6]], "causal": True}
    found = ask("attention", None, given_, {"attention_scale": "unscaled"})
    assert same(found.value["weights"], ((1, 0, 0), (0.25, 0.75, 0), (0.2, 0.3, 0.5)))
    assert same(found.value["output"], ((4,), (-0.5,), (3.2,)))
    slips = {slip.name: slip.value for slip in found.slips()}
    assert same(slips["zeros_for_hidden"]["weights"][1], (1 / 5, 3 / 5, 1 / 5))
    assert same(slips["no_mask"]["weights"][1], (1 / 9, 3 / 9, 5 / 9))


def test_the_cosine_of_two_vectors() -> None:
    assert same(answer("cosine_similarity", one=[2, 2, 1], other=[2, 3, 6]), 16 / 21)


def test_an_analogy_finds_the_word_nearest_to_the_query() -> None:
    vectors = [[1, 2], [3, 1], [3, 4], [-3, 2], [5, 4], [4, -2]]
    found = answer("word_analogy", vectors=vectors, words=[1, 2, 3])
    assert (found["query"], found["nearest"]) == ((5, 3), 5)
    assert len(found["similarities"]) == 3
    assert answer("word_analogy", vectors=vectors, words=[1, 2, 3], measure="dot")["similarities"] == (-9, 37, 14)


# ---- what makes no sense ----

GRU = {"input": 1, "hidden": 1, "input_weights": [1, 1, 1], "hidden_weights": [1, 1, 1], "biases": [0, 0, 0]}


@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("rnn_forward", {"inputs": [], "input_weights": 1, "hidden_weights": 1}, "inputs"),
        ("rnn_forward", {"inputs": [1] * 11, "input_weights": 1, "hidden_weights": 1}, "inputs"),
        ("rnn_forward", {"inputs": [[1], [1, 2]], "input_weights": [[1]], "hidden_weights": [[1]]}, "inputs"),
        ("rnn_forward", {"inputs": [1], "input_weights": [[1, 2]], "hidden_weights": 1}, "input_weights"),
        (
            "rnn_forward",
            {"inputs": [1000] * 9, "input_weights": 1, "hidden_weights": 1000, "activation": "identity"},
            "hidden_weights",
        ),
        ("gru_step", {**GRU, "input_weights": [1, 1]}, "input_weights"),
        ("gru_step", {**GRU, "hidden": [1, 2]}, "input_weights"),
        ("gru_step", {**GRU, "biases": [1000, 0, 0]}, "input_weights"),
        ("lstm_step", {name: [*one, 1] if isinstance(one, list) else one for name, one in GRU.items()}
            | {"cell": [1]}, "cell"),
        ("attention", {"queries": [[1, 2]], "keys": [[1]], "values": [[1]]}, "queries"),
        ("attention", {"queries": [[1]], "keys": [[1]], "values": [[1], [2]]}, "values"),
        ("attention", {"queries": [[1]], "keys": [[1], [2]], "values": [[1], [2]], "causal": True}, "causal"),
        ("attention", {"queries": [[1000]], "keys": [[1]], "values": [[1]]}, "queries"),
        ("cosine_similarity", {"one": [0, 0], "other": [1, 1]}, "one"),
        ("word_analogy", {"vectors": [[1, 0]] * 5, "words": [1, 1, 2]}, "words"),
        ("word_analogy", {"vectors": [[1, 0]] * 5, "words": [1, 2, 3]}, "vectors"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_named(name: str, arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(BadArgument) as error:
        answer(name, **arguments)
    assert error.value.argument == argument


def test_every_misconception_is_had_somewhere() -> None:
    weights = {"input_weights": [1, -1, 2, 1], "hidden_weights": [2, 1, -1, 1], "biases": [1, 0, 0, -1]}
    lstm = {"input": 1, "hidden": -1, "cell": 2, **weights}
    two = {"input": [1], "hidden": [1, -2], "input_weights": [[[1], [2]]] * 3, "biases": [[1, 0], [0, 1], [1, 1]],
           "hidden_weights": [[[1, 2], [0, 1]], [[-1, 1], [1, 1]], [[1, 1], [2, -1]]]}  # fmt: skip
    scalar = {name: one[:3] if isinstance(one, list) else one for name, one in lstm.items() if name != "cell"}
    attended = {"queries": [[1, 0], [0, 2]], "keys": [[1, 2], [2, 0]], "values": [[1, 2], [3, 5]]}
    of: dict[str, list[dict[str, Any]]] = {
        "rnn_forward": [{"inputs": [1, 2], "input_weights": 2, "hidden_weights": -1, "bias": 1, "initial": 1}],
        "lstm_step": [lstm],
        "gru_step": [scalar, two],
        "attention": [attended, {**attended, "causal": True}],
        "cosine_similarity": [{"one": [1, 3], "other": [2, 1]}],
        "word_analogy": [
            {"vectors": [[1, 2], [3, 1], [3, 4], [-3, 2], [5, 4], [4, -2]], "words": words}
            for words in ([1, 2, 3], [3, 5, 2])
        ],
    }
    forms = {"gru_step": [{}, {"gru_reset": "before"}]}
    for name, draws in of.items():
        chosen = forms.get(name, [{}])
        found = {slip.name for draw in draws for form in chosen for slip in ask(name, None, draw, form).slips()}
        assert found == set(misconceptions(name)), name
