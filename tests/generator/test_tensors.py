"""Tensor expressions: what is read, what shapes they have, and that autograd and dual numbers agree on all of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import duals, notation, tensors
from generator.formulas import FormulaError

SHAPES: dict[str, tuple[int, ...]] = {
    "x": (4,), "w": (4,), "v": (3,), "p": (3,), "y": (3,), "W": (3, 4), "X": (5, 4), "Y": (5, 3), "s": (), "t": (),
}  # fmt: skip


def numbers(shape: tuple[int, ...], lowest: int = -15, highest: int = 15) -> st.SearchStrategy[Any]:
    """Tenths that no kink and no pole is at."""
    one = st.integers(lowest, highest).filter(bool).map(lambda n: n / 10 + 0.01)
    if not shape:
        return one
    return st.lists(numbers(shape[1:], lowest, highest), min_size=shape[0], max_size=shape[0])


def given_for(program: tensors.Program) -> st.SearchStrategy[dict[str, Any]]:
    targets: dict[str, Any] = {"y": st.just([0, 1, 0]), "Y": st.just([[0, 1, 0]] * 5), "p": numbers((3,), 1, 9)}
    return st.fixed_dictionaries({
        name: targets.get(name, numbers(SHAPES[name])) for name in tensors.inputs(program)
    })  # fmt: skip


LOSSES = [
    "cross_entropy(W @ x + v, y)", "cross_entropy(X @ W.T + v, Y)", "sum(square(relu(W @ x + v)))",
    "mse(X @ W.T, Y) + 0.1 * norm2(W) ** 2", "bce(p, y)", "bce_with_logits(W @ x, y)",
    "sum(tanh(outer(v, x)) * W)", "mean(softmax(X @ W.T) / (3 + cos(v)))", "v @ (diag(p) @ v)",
    "dot(v, p) ** 3 / exp(s)", "sum(sin(X) + softplus(X) * X - abs(X))", "sum(log(p) * sqrt(p) + p ** -2 + p ** 1.5)",
    "sum(leaky_relu(W, 0.1)) + sum(log_softmax(v))", "sum(sum_rows(X) * x)", "x @ W.T @ v", "-s + +s * 2 / t",
    "sigmoid(s) * step(t) + t", "max(s, t) * 2 - min(s, 3 * t)", "x @ w",
]  # fmt: skip


@pytest.mark.parametrize("text", LOSSES)
def test_autograd_and_dual_numbers_agree(text: str) -> None:
    program = (("L", tensors.read(text)),)

    @settings(max_examples=8)
    @given(given_for(program))
    def agree(values: dict[str, Any]) -> None:
        if "max(s, t)" in text and (values["s"] in (values["t"], 3 * values["t"])):
            return
        names = list(values)
        by_torch, by_hand = tensors.gradients(program, values, names), duals.gradients(program, values, names)
        for name in names:
            torch.testing.assert_close(_tensor(by_torch[name]), _tensor(by_hand[name]), rtol=1e-9, atol=1e-9)
        found = tensors.run(program, {name: tensors.tensor(value) for name, value in values.items()})["L"]
        assert found.item() == pytest.approx(duals.values(program, values)["L"], rel=1e-10, abs=1e-10)

    agree()


def _tensor(value: Any) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize("text", LOSSES)
def test_gradients_are_what_finite_differences_show(text: str) -> None:
    program = (("L", tensors.read(text)),)
    fixed = {"y": [0, 1, 0], "Y": [[0, 1, 0]] * 5, "p": [0.3, 0.6, 0.2], "s": 0.7, "t": -0.4}
    values = {
        name: fixed.get(name, (torch.linspace(-1.13, 1.07, _size(name)).reshape(SHAPES[name])).tolist())
        for name in tensors.inputs(program)
    }
    for name, slopes in tensors.gradients(program, values, list(values)).items():
        flat = _tensor(values[name]).reshape(-1)
        for place in range(len(flat)):
            ends = []
            for step in (1e-6, -1e-6):
                moved = flat.clone()
                moved[place] += step
                shifted = {**values, name: moved.reshape(_tensor(values[name]).shape).tolist()}
                ends.append(duals.values(program, shifted)["L"])
            numerical = (ends[0] - ends[1]) / 2e-6
            assert _tensor(slopes).reshape(-1)[place].item() == pytest.approx(numerical, rel=1e-5, abs=1e-5)


def _size(name: str) -> int:
    return int(torch.tensor(SHAPES[name]).prod())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a formula is missing here"),
        ("x +", "'x +' is not a formula"),
        ("rellu(x)", "there is no function 'rellu'"),
        ("relu(x, y)", "relu takes 1 arguments"),
        ("leaky_relu(x, s)", "the slope of leaky_relu is a number"),
        ("x ^ 2", "'x ^ 2' uses an operator that expressions do not have"),
        ("x ** s", "the exponent 's' is no number"),
        ("x ** 99", "the exponent 99 is larger than 12"),
        ("x[0]", "'x[0]' is more than an expression may do"),
        ("x.numpy()", "'x.numpy()' is more than an expression may do"),
        ("__import__('os')", "there is no function '__import__'"),
        ("_x + 1", "'_x' is no name of a tensor"),
        ("relu + 1", "'relu' is no name of a tensor"),
        ("'x'", "''x'' has no meaning in an expression"),
        ("True", "'True' has no meaning in an expression"),
        ("9 * 10000000", "1e+07 is larger than any number of an exam"),
        ("+".join(["x"] * 120), "'x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x+x…' is nested more than 60"),
        ("x if s else w", "'x if s else w' is more than an expression may do"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as raised:
        tensors.read(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("W @ v", "matmul does not take 3 × 4 and 3"),
        ("x + v", "add does not take 4 and 3"),
        ("x.T", "transpose does not take 4"),
        ("outer(W, x)", "outer does not take 3 × 4 and 4"),
        ("softmax(s)", "softmax does not take a scalar"),
        ("cross_entropy(x, y)", "cross_entropy does not take 4 and 3"),
        ("q + 1", "there is no symbol 'q'"),
        ("outer(outer(x, x) @ x, x)", ""),
    ],
)
def test_shapes_that_do_not_go_together_are_refused(text: str, message: str) -> None:
    if not message:
        assert tensors.shape(tensors.read(text), SHAPES) == (4, 4)
        return
    with pytest.raises(FormulaError, match=message):
        tensors.shape(tensors.read(text), SHAPES)


def test_tensors_do_not_grow_without_bound() -> None:
    with pytest.raises(FormulaError, match="more than 400 elements"):
        tensors.shape(tensors.read("outer(u, u)"), {"u": (30,)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = x + y; x y", "'x y' defines no name"),
        ("a = x; a = y", "'a' is defined twice"),
        ("b = a + 1; a = x", "'a' is used before it is defined"),
        ("a = a + 1", "'a' is defined by itself"),
        ("relu = x", "'relu = x' defines no name"),
        (" ; ", "an expression is missing here"),
        ("f + x", "'f' is the name of the result"),
    ],
)
def test_what_is_no_program_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        tensors.read_program(text)


def test_an_expression_is_divided_into_its_operations() -> None:
    program = tensors.read_program("(x + y) * max(y, -z) ** 2")
    assert [(name, one.text) for name, one in program] == [
        ("v1", "x + y"), ("v2", "-z"), ("v3", "max(y, v2)"), ("v4", "v3 ** 2"), ("f", "v1 * v4"),
    ]  # fmt: skip
    assert tensors.inputs(program) == ["x", "y", "z"]
    assert duals.values(program, {"x": 1, "y": 2, "z": -3})["f"] == 27


def test_a_maximum_has_no_derivative_where_both_are_equal() -> None:
    with pytest.raises(FormulaError, match="no derivative"):
        duals.gradients(tensors.read_program("f = max(x, y)"), {"x": 1, "y": 1}, ["x"])


@pytest.mark.parametrize("text", ["log(x)", "1 / x", "x ** -1", "sqrt(x - 1)", "exp(exp(20 + x))"])
def test_a_value_that_is_none_is_said(text: str) -> None:
    with pytest.raises(FormulaError):
        duals.values(tensors.read_program(f"f = {text}"), {"x": 0})


@pytest.mark.parametrize(
    ("text", "latex", "plain"),
    [
        ("outer(p - y, x)", r"(p - y)\,x^{\top}", "(p - y) x^T"),
        ("W.T @ (p - y)", r"W^{\top}\,(p - y)", "W^T (p - y)"),
        ("(W.T @ v) * x * (1 - x)", r"W^{\top}\,v \odot x \odot (1 - x)", "W^T v ⊙ x ⊙ (1 - x)"),
        ("2 * X.T @ (X @ w - x @ x) / t", r"\frac{2}{t}\,X^{\top}\,(X\,w - x^{\top}\,x)", None),
        ("W @ ((x @ w) * x)", r"W\,(x^{\top}\,w)\,x", "W (x^T w) x"),
        ("v @ W", r"W^{\top}\,v", "W^T v"),
        ("x @ w", r"x^{\top}\,w", "x^T w"),
        ("X @ W.T + v", r"X\,W^{\top} + \mathbf{1}\,v^{\top}", None),
        ("sum_rows(X)", r"X^{\top}\,\mathbf{1}", "X^T 𝟏"),
        ("x * step(x)", r"x \odot \mathbb{1}[x > 0]", "x ⊙ 1[x > 0]"),
        ("s - (t - 1)", "s - (t - 1)", "s - (t - 1)"),
        ("-(s + t) ** 2", "-(s + t)^{2}", "-(s + t)^2"),
        ("norm2(w) ** 2 * exp(s)", r"\lVert w \rVert^{2}\,e^{s}", "||w||^2 exp(s)"),
        ("s / (t + 1) * 3", r"\frac{s}{t + 1} \cdot 3", "s / (t + 1) * 3"),
        ("relu(W @ x) + 0", None, "relu(W x) + 0"),
    ],
)
def test_an_expression_is_written_in_usual_notation(text: str, latex: str | None, plain: str | None) -> None:
    expression = tensors.read(text)
    if latex:
        assert notation.latex(expression, SHAPES) == latex
    if plain:
        assert notation.plain(expression, SHAPES) == plain


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W1", "W_{1}"), ("lam", r"\lambda"), ("yhat", r"\hat{y}"), ("dz2", "dz_{2}"), ("delta", r"\delta"),
        ("h_t", "h_{t}"),
    ],
)  # fmt: skip
def test_names_are_written_as_symbols(name: str, latex: str) -> None:
    assert notation.symbol(name) == latex
