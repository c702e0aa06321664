"""Gradients as expressions: right in whatever notation, and what is said of those that are not."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
from drawn import answer_of, judges_itself, vary
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import tensors
from generator.answers import matrices
from generator.answers.derivative import KINDS, DerivativeAnswer
from generator.answers.matrix_values import Undefined
from generator.answers.spelling import Unreadable
from generator.mistakes import Mistaken

SOFTMAX = """
      derivative:
        of: cross_entropy(z, y)
        by: W
        symbols: {W: [3, 4], x: [4], b: [3], y: one_hot 3}
        where: {z: W @ x + b, p: softmax(z)}
        steps: {z: p - y}
        slips: [{says: the target is left out, model: "outer(p, x)"}]
        model: outer(p - y, x)"""
RIDGE = """
      derivative:
        of: sum(square(X @ w - t)) / (2 * N) + lam / 2 * norm2(w) ** 2
        by: w
        sizes: [N, d]
        symbols: {X: [N, d], w: [d], t: [N], lam: positive}
        model: X.T @ (X @ w - t) / N + lam * w"""
BIAS = """
      derivative:
        of: cross_entropy(Z, Y)
        by: b
        sizes: [N, d, k]
        symbols: {X: [N, d], W: [d, k], b: [k], Y: one_hot N x k}
        where: {Z: X @ W + b, P: softmax(Z)}
        model: sum_rows(P - Y) / N"""
LAYERS = """
      derivative:
        of: cross_entropy(W2 @ h, y)
        by: W1
        symbols: {W1: [3, 4], x: [4], W2: [5, 3], y: one_hot 5}
        where: {z: W1 @ x, h: sigmoid(z), p: softmax(W2 @ h), delta: p - y}
        model: outer((W2.T @ delta) * h * (1 - h), x)"""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DerivativeAnswer]:
    path = tmp_path_factory.mktemp("questions")
    written = {"softmax": SOFTMAX, "ridge": RIDGE, "bias": BIAS, "layers": LAYERS}
    return {name: answer_of(path, text) for name, text in written.items()}


@pytest.mark.parametrize("name", ["softmax", "ridge", "bias", "layers"])
def test_an_answer_judges_itself(name: str, known: dict[str, DerivativeAnswer]) -> None:
    assert judges_itself(known[name])
    assert known[name].responses().wrong is not None


RIGHT = {
    "softmax": [
        "(p - y) x^T", "(p-y)x'", "(p − y)xᵀ", r"(p-y)x^\top",
        r"\frac{\partial L}{\partial W} = \left(p - y\right) x^{\top}",
        "outer(p - y, x)", "torch.outer(p - y, x)", "(p - y) ⊗ x", "(p - y) @ x.T", "(p-y)*x^T", "px^T - yx^T",
        "δ x^T, δ = p - y", "dW = δ x^T, δ = p - y", "δ x^T; δ = p - y", "δ x^T\nδ = p - y", "d x^T, where d = p - y",
        "δ = p - y; δ x^T", "d = p − y\ndL/dW = d xᵀ", "d x^T where d = p - y", "−(y − p)x^⊤", "(x(p-y)^T)^T",
        "$$(p - y)\\,x^{\\mathsf{T}}$$", "(softmax(Wx + b) - y) x^T", "dW := (p-y) x^t.", "[p - y] x^{T}",
    ],
    "ridge": [
        "1/N X^T(Xw - t) + λw", r"\frac{1}{N} X^\top (X w - t) + \lambda w", "X'(Xw-t)/N + lambda w",
        "(X^T X w - X^T t)/N + lam*w", "X.T @ (X @ w - t) / N + lam * w",
        r"\tfrac1N X^T X w - \tfrac1N X^T t + \lambda w", "(1/N) X^T (Xw-t) + ½ 2 λ w",
    ],
    "bias": [
        r"\frac{1}{N} (P - Y)^T \mathbf{1}", "(P - Y)^T 1 / N", "(P−Y)ᵀ 1_N / N", "(1^T (P - Y))^T / N",
        "(P - Y).T @ ones / N",
    ],
    "layers": [
        "(W2^T δ ⊙ h ⊙ (1 - h)) x^T", r"\left(W_2^\top \delta \odot \sigma'(z)\right) x^\top",
        "W2^T (p-y) ⊙ h ⊙ (1-h) x^T",
        "(W2.T @ delta * h * (1 - h)) @ x.T", "((W_{2}^T δ) ∘ (h - h^2)) x^T", "diag(h ⊙ (1-h)) W2^T δ x^T",
        "(W₂ᵀδ .* sigmoid'(z)) xᵀ",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in RIGHT.items() for text in texts])
def test_a_gradient_is_right_however_it_is_written(name: str, text: str, known: dict[str, DerivativeAnswer]) -> None:
    assert known[name].mark(text).share == 1, known[name].mark(text)


@pytest.mark.parametrize(
    ("name", "text", "remark"),
    [
        ("softmax", "x (p - y)^T", "this is the transpose of the gradient"),
        ("softmax", "p x^T", "the target is left out"),
        ("softmax", "p - y", "this is the gradient with respect to z"),
        ("softmax", "(y - p) x^T", "its sign is the wrong way round"),
        ("softmax", "2 (p - y) x^T", "it is 2 times the gradient"),
        ("softmax", "(p - y) x", "3 × 1 and 4 × 1 numbers have no matrix product"),
        ("softmax", "p(p - y)", "3 × 1 and 3 × 1 numbers have no matrix product; elements are multiplied with ⊙"),
        ("softmax", "(p - y)^T", "it is 1 × 3, and the gradient with respect to W is 3 × 4"),
        ("softmax", "p + x", "3 × 1 and 4 × 1 numbers cannot be added"),
        ("softmax", "(z - y) x^T", "for random numbers it is not equal to the gradient"),
        ("softmax", "log(-p^2) x^T", "it has no value for all numbers"),
        ("softmax", "(p - y) x^T / 0", "it has no value for all numbers"),
        ("ridge", "X^T(Xw - t) + N λ w", "it is N times the gradient"),
        ("ridge", "X^T(Xw - t)/N", "for random numbers it is not equal to the gradient"),
        ("bias", "1^T (P - Y) / N", "this is the transpose of the gradient"),
        ("layers", "W2^T δ x^T", "for random numbers it is not equal to the gradient"),
    ],
)
def test_a_wrong_gradient_is_told_what_is_wrong(
    name: str, text: str, remark: str, known: dict[str, DerivativeAnswer]
) -> None:
    mark = known[name].mark(text)
    assert (mark.share, mark.readable) == (0, True)
    assert mark.remarks == (remark,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "something is missing at the end"),
        ("apply the chain rule", "'apply' is none of W, x, b, y, z, p"),
        ("(p - q) x^T", "'q' is none of W, x, b, y, z, p"),
        ("δ x^T", "'δ' is none of W, x, b, y, z, p"),
        ("p2 x^T", "'p2' is none of W, x, b, y, z, p"),
        ("(p - y x^T", "a bracket is not closed"),
        ("(p - y]) x^T", "'])xᵀ' was not expected here"),
        ("p - y) x^T", "')xᵀ' was not expected here"),
        ("(p - ) x^T", "something is missing before ')'"),
        ("(p - y) x^y", "the exponent 'y' is no number"),
        ("x^99", "the exponent 99 is too large"),
        ("∑_i p_i", "a sum over an index is not read; write it as a product of matrices"),
        (r"\frac{1", "a brace is not closed"),
        ("p ! y", "'! y' has no meaning here"),
        ("e x", "'e' needs its exponent"),
        ("|p", "'|' is not closed"),
        ("σ" * 60 + "z", "brackets are nested too deep"),
        ("(" * 60 + "p", "brackets are nested too deep"),
        ("p" * 3000, "an expression of 3000 characters is too long"),
        ("p" * 600, "this expression is too long"),
        ("a = p p; " + "; ".join(f"a{n} = a{n - 1 if n else ''} a{n - 1 if n else ''}" for n in range(40)) + "; a39",
         "this expression is too long"),
        ("1^T p 1^T p 1^T p", "there are too many columns of ones"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_apart(text: str, message: str, known: dict[str, DerivativeAnswer]) -> None:
    mark = known["softmax"].mark(text)
    assert (mark.share, mark.readable) == (0, False)
    assert mark.remarks == (message,)


@settings(max_examples=150)
@given(st.text(alphabet="pyxWz()[]{}+-*/^'Tᵀ⊙1_. =;∑\\σeN|<>\n", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    matrix = {
        "p": [[0.2], [0.8]],
        "y": [[0.0], [1.0]],
        "x": [[1.0], [2.0], [3.0]],
        "W": [[1.0, 2.0, 3.0]] * 2,
        "z": [[1.0]],
    }
    with contextlib.suppress(Unreadable):
        for reading in matrices.read(text, matrix).readings(["N"]):
            with contextlib.suppress(Undefined):
                reading.value(matrix, {"N": 2})


@given(st.data())
@settings(max_examples=60)
def test_what_the_key_prints_is_read_as_what_was_written(data: st.DataObject) -> None:
    """A random expression in PyTorch's notation, printed as plain text, read again, evaluated."""
    from generator import duals, notation

    text = data.draw(vectors(3))
    expression = tensors.read(text)
    shapes: dict[str, tuple[int, ...]] = {"u": (3,), "v": (3,), "W": (3, 4), "x": (4,), "s": ()}
    values: dict[str, Any] = {
        "u": [0.5, -1.2, 0.7], "v": [1.1, 0.4, -0.6], "x": [0.3, -0.8, 1.5, 0.2], "s": 0.9,
        "W": [[1, -2, 0.5, 0.3], [0.2, 0.1, -1, 1], [2, 1, 0.4, -0.7]],
    }  # fmt: skip
    wanted = duals.values((("", expression),), values)[""]
    known = {
        name: value if name == "W" else [[value]] if name == "s" else [[one] for one in value]
        for name, value in values.items()
    }
    first = next(matrices.read(notation.plain(expression, shapes), known).readings(["3"]))
    assert [row[0] for row in first.value(known, {"3": 3})] == pytest.approx(wanted, abs=1e-9)


def vectors(depth: int) -> st.SearchStrategy[str]:
    """Expressions that are vectors of three numbers."""
    leaves = st.sampled_from(["u", "v", "W @ x"])
    if depth == 0:
        return leaves
    inner = vectors(depth - 1)
    scalars = st.sampled_from(["s", "2", "0.5", "(u @ v)", "(s - 1)", "norm2(x)", "(1 / s)"])
    return st.one_of(
        leaves,
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        st.tuples(scalars, inner).map(lambda p: f"{p[0]} * ({p[1]})"),
        st.tuples(inner, scalars).map(lambda p: f"({p[0]}) / (3 + {p[1]} ** 2)"),
        inner.map(lambda one: f"-({one})"),
        inner.map(lambda one: f"({one}) ** 2"),
        inner.map(lambda one: f"W @ (W.T @ ({one}))"),
        inner.map(lambda one: f"outer({one}, x) @ x"),
        st.tuples(st.sampled_from(["tanh", "sigmoid", "relu", "softmax", "step", "exp"]), inner).map(
            lambda p: f"{p[0]}(({p[1]}) / 50)"
        ),
    )


def test_the_paper_states_symbols_and_shapes(known: dict[str, DerivativeAnswer]) -> None:
    assert known["ridge"].note == (
        r"The gradient has the shape of $w$; it may use $X$ ($N \times d$), $w$ ($d$), $t$ ($N$), the number $\lambda$ "
        r"and the number $N$. Vectors are columns, $A^\top$ is a transpose, and $\odot$ multiplies element by element."
    )
    assert known["softmax"].latex == r"\frac{\partial L}{\partial W} = (p - y)\,x^{\top}"
    assert known["softmax"].recorded == "(p - y) x^T"
    assert "p\\,x^{\\top}$: the target is left out" in known["softmax"].worked


def test_drawn_values_stand_in_expressions_and_shapes(tmp_path: Path) -> None:
    head = "parameters:\n  n: {choose: [5]}\n  f: {choose: [{of: tanh, slope: 1 - h * h}]}\n"
    answer = answer_of(
        tmp_path,
        "{derivative: {of: sum(h), by: z, symbols: {z: [n]}, where: {h: <<f.of>>(z)}, model: <<f.slope>>}}",
        head,
    )
    assert answer.mark("1 - h ⊙ h").share == 1
    assert "$z$ ($5$)" in answer.note


def test_a_gradient_by_a_number_is_a_number(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "{derivative: {of: sigmoid(a) ** 2, by: a, symbols: {a: []}, where: {s: sigmoid(a)}, "
                       "model: 2 * s ** 2 * (1 - s)}}")  # fmt: skip
    assert answer.mark("2s²(1 − s)").share == 1
    assert answer.mark("2 s^2").share == 0
    assert answer.note == "It may use the number $a$ and the number $s$."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("outer(p - y, x)", "outer(y - p, x)"), "'outer(y - p, x)' is not the gradient by W: an element is"),
        (("outer(p - y, x)", "p - y"), "the gradient by W is 3 × 4, and 'p - y' is 3"),
        (("of: cross_entropy(z, y)", "of: softmax(z)"), "'softmax(z)' is no scalar, so it has no gradient"),
        (("z: p - y", "z: p"), "'p' is not the gradient by z"),
        (('model: "outer(p, x)"', 'model: "(p - y) * 1 @ x"'), "matmul does not take"),
        (('model: "outer(p, x)"', 'model: "outer(p - y, x) * 1"'), "this wrong gradient is right"),
        (("x: [4]", "x: [5]"), "matmul does not take 3 × 4 and 5"),
        (("b: [3]", "b: [300]"), "b has a side of 300; 1 to 12 would work"),
    ],
)
def test_a_model_that_is_not_the_gradient_is_refused(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    assert change[0] in SOFTMAX
    with pytest.raises(Mistaken) as raised:
        vary(tmp_path, SOFTMAX.replace(*change))
    assert message in raised.value.mistakes[0].message


@pytest.mark.parametrize("kind", KINDS)
def test_symbols_stand_for_numbers_of_their_kind(kind: str, tmp_path: Path) -> None:
    answer = answer_of(
        tmp_path, f"{{derivative: {{of: s * sum(a), by: s, symbols: {{s: [], a: {kind} 3}}, model: sum(a)}}}}"
    )
    drawn = [[row[0] for row in point.known["a"]] for point in answer.points]
    one = {value for row in drawn for value in row}
    match kind:
        case "binary":
            assert one == {0, 1}
        case "sign":
            assert one == {-1, 1}
        case "one_hot":
            assert all(sorted(row) == [0, 0, 1] for row in drawn)
        case "distribution":
            assert all(sum(row) == pytest.approx(1) and min(row) > 0 for row in drawn)
        case _:
            assert min(one) > 0
    assert kind != "unit" or max(one) < 1


def test_the_points_are_the_same_every_time(known: dict[str, DerivativeAnswer], tmp_path: Path) -> None:
    again = answer_of(tmp_path, SOFTMAX)
    assert [point.known for point in again.points] == [point.known for point in known["softmax"].points]


def test_the_page_lists_every_function_and_kind_of_number() -> None:
    page = (Path(__file__).parents[2] / "docs" / "question-language.md").read_text("utf-8")
    section = page[page.index("### derivative") : page.index("### network")]
    listed = set(re.findall(r"`([a-z_0-9]+)`", section))
    assert set(tensors.FUNCTIONS) <= listed
    assert set(KINDS) <= listed
