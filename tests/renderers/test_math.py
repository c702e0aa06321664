"""Formulas of deep-learning courses, and formulas nobody should be able to hurt us with."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import weasyprint

from generator import store
from renderers import math
from renderers.math import MathError, engine, markup, typeset
from renderers.math.pdf import image_for, img_tag, mark_formulas

ROOT = Path(__file__).parents[2]
FORMULAS = r"""
x
\hat{y}_i = \operatorname{softmax}(\mathbf{z})_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}
L = -\sum_{k=1}^{K} y_k \log \hat{y}_k
\mathcal{L}(\theta) = -\frac{1}{N}\sum_{n=1}^{N}\log p_\theta(y_n \mid x_n)
Y_{i,j} = \sum_{m=0}^{k-1}\sum_{n=0}^{k-1} W_{m,n}\, X_{i+m,\,j+n} + b
\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Y} * \operatorname{rot}_{180}(W)
\frac{\partial L}{\partial W_{i,j}} = \sum_{p,q} \frac{\partial L}{\partial Y_{p,q}} X_{p+i,q+j}
\begin{bmatrix} 1 & 0 & -1 \\ 2 & 0 & -2 \\ 1 & 0 & -1 \end{bmatrix}
\frac{\partial\,\mathrm{ReLU}(x)}{\partial x} = \begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}
\underbrace{k \cdot k \cdot C_{\text{in}} C_{\text{out}}}_{\text{weights}} + \underbrace{C_{\text{out}}}_{\text{biases}}
\hat{x} = \frac{x - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}
\|\mathbf{w}\|_2^2 = \sum_i w_i^2
\max_{0 \le i < k} x_{s\cdot j + i}
\theta^* = \argmin_{\theta} \mathbb{E}_{x \sim p_{\text{data}}}\left[\ell(f_\theta(x), y)\right]
\mathbf{W} \in \mathbb{R}^{m \times n}
\left\lfloor \frac{H + 2p - d(k-1) - 1}{s} \right\rfloor + 1
\lfloor x \rfloor + \lceil y \rceil
\begin{aligned} \mathbf{h} &= \ReLU(\mathbf{W}_1 \mathbf{x}) \\ \hat{\mathbf{y}} &= \mathbf{W}_2\mathbf{h} \end{aligned}
\sigma(x) = \frac{1}{1 + e^{-x}}
\sigma'(x) = \sigma(x)\bigl(1 - \sigma(x)\bigr)
\theta_{t+1} \leftarrow \theta_t - \eta \nabla_\theta L(\theta_t)
v_t = \beta_2 v_{t-1} + (1-\beta_2) g_t^2
D_{\mathrm{KL}}(q \,\|\, p) = \mathbb{E}_q\left[\log\frac{q(z)}{p(z)}\right]
\operatorname{Attention}(Q,K,V) = \softmax\!\left(\frac{QK^\top}{\sqrt{d_k}}\right)V
\mathbf{x}^{(l+1)} = \phi\left(\mathbf{W}^{(l)}\mathbf{x}^{(l)} + \mathbf{b}^{(l)}\right)
\frac{\partial L}{\partial x_i} = \hat{y}_i - y_i
28 \times 28 \times 3
3 \times 3 \times 64 \times 128 + 128 = 73\,856
p(y = 1 \mid x) \approx 0.73
x \odot y, \quad f \circ g
\mathcal{N}(0, \sigma^2 I)
\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}
\lim_{x \to 0^-} f(x) \ne \lim_{x \to 0^+} f(x)
J = \begin{pmatrix} \frac{\partial y_1}{\partial x_1} & \cdots \\ \vdots & \ddots \end{pmatrix}
\frac{dL}{dx} = \left.\frac{\partial L}{\partial u}\right|_{u=x^2}\cdot 2x
L = \frac{1}{2}(y - \hat{y})^2 + \lambda\|w\|^2
\int_0^1 x^2\,dx = \tfrac{1}{3}
\prod_{t=1}^{T} p(x_t \mid x_{<t})
\mathbb{1}[\hat{y} = y]
\bar{x} + \tilde{x} + \vec{v} + \overline{AB} + \dot{x}
\begin{array}{c|cc} & a & b \\ \hline 1 & 2 & 3 \end{array}
\sqrt[3]{x} + \boxed{y=2} + \xrightarrow{f}
O(n \log n), \; 10^{-3}, \; n!, \; \binom{n}{k}
\{x \in X : x > 0\} \subseteq \mathbb{R}, \; \forall x, \; \infty
\frac{\partial^2 L}{\partial x^2}, \; \frac{\partial}{\partial x} f
\text{Zoë's naïve façade, Łukasz}
""".strip().splitlines()

SPOKEN = {
    r"x_i^2": "x sub i squared",
    r"\frac{a}{b}": "a over b",
    r"\frac{a+1}{b}": "the fraction with numerator a plus 1, and denominator b, end fraction",
    r"\frac{\partial L}{\partial W}": "the partial derivative of cap L with respect to cap W",
    r"\frac{\partial^2 f}{\partial x \partial y}": "the second partial derivative of f with respect to x and y",
    r"\sum_{i=1}^n x_i": "the sum from i equals 1 to n of x sub i",
    r"\max_k z_k": "the maximum over k of z sub k",
    r"\operatorname{softmax}(z)": "softmax of z",
    r"d(k-1)": "d times open paren k minus 1 close paren",
    r"\mathbf{W}^\top \mathbf{x}": "bold cap W transpose bold x",
    r"A^{-1}": "cap A inverse",
    r"10^{-3}": "10 to the power negative 3",
    r"28 \times 28": "28 by 28",
    r"3.5 \times 10^{-4}": "3.5 times 10 to the power negative 4",
    r"H_{out} := W_{ijk}": "cap H sub out is defined as cap W sub i j k",
    r"2 \times 3 = 6": "2 times 3 equals 6",
    r"|x|": "the absolute value of x",
    r"p(y|x)": "p of open paren y given x close paren",
    r"\|w\|_2": "the 2 norm of w",
    r"\hat{y}": "y hat",
    r"W^{(2)}": "cap W superscript 2",
    r"f'(x)": "f prime of x",
    r"\begin{pmatrix}1\\2\end{pmatrix}": "the column vector 1, 2, end vector",
    r"\begin{bmatrix}1&2\\3&4\end{bmatrix}": "the 2 by 2 matrix; row 1: 1, 2; row 2: 3, 4; end matrix",
    r"\begin{cases}x&x>0\\0&\text{otherwise}\end{cases}": "2 cases: x, if x is greater than 0; 0, otherwise; end cases",
    r"\mathbb{E}[x]": "the expected value of x, end expected value",
    r"\lfloor x \rfloor": "the floor of x",
    r"\sqrt{x}": "the square root of x",
    r"\sqrt{x+1}-1": "the square root of x plus 1, end root, minus 1",
    r"\theta \leftarrow \theta - \eta g": "theta becomes theta minus eta g",
}

REFUSED = {
    r"\frc{1}{2}": r"TeX does not know '\frc' in '\frc{1}{2}'",
    r"\frac{1}{2": r"missing close brace in '\frac{1}{2'",
    r"x^2^3": "double exponent: use braces to clarify in 'x^2^3'",
    r"\begin{foo}x\end{foo}": r"unknown environment 'foo' in '\begin{foo}x\end{foo}'",
    r"\text{漢}": r"no outline for the character 漢 in '\text{漢}'",
    r"a \\ b": r"a line ends outside of aligned, cases or a matrix in 'a \\ b'",
    "": "nothing to see in ''",
    "$x$": "a '$' within the formula '$x$'",
    "x\x00": "a character that no page can show in 'x\x00'",
    "\ud800": r"a character that no page can show in '\ud800'",
    "x" * 3_000_000: f"the formula '{'x' * 77}…' has 3000000 characters; 4000 are the most it may have",
    r"\rule{100000em}{1em}x": r"the formula '\rule{100000em}{1em}x' is larger than a page",
    r"\vphantom{\rule{0em}{500em}}x": r"the formula '\vphantom{\rule{0em}{500em}}x' is larger than a page",
    r"\href{https://a.example}{x}": r"TeX does not know '\href' in '\href{https://a.example}{x}'",
    r"\require{html}x": r"TeX does not know '\require' in '\require{html}x'",
    r"x\tag{1}": r"TeX does not know '\tag' in 'x\tag{1}'",
}


@pytest.fixture(autouse=True, scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHEXAM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("latex", FORMULAS)
@pytest.mark.parametrize("display", [False, True], ids=["inline", "display"])
def test_a_formula_has_extents_outlines_markup_and_words(latex: str, display: bool) -> None:
    formula = typeset(latex, display)
    assert 0 < formula.width < 40
    assert 0 < formula.height < 5
    assert 0 <= formula.depth < 5
    assert formula.paths
    tree = ElementTree.fromstring(formula.mathml)
    assert tree.get("display") == ("block" if display else "inline")
    assert tree.get("alttext") == formula.alt
    assert formula.alt
    assert not set(formula.alt) & set("\\{}^_$&")
    assert all(ord(character) < 0x370 for character in formula.alt), "a sign was not put into words"


@pytest.mark.parametrize("latex", FORMULAS)
def test_markup_holds_only_what_browsers_draw(latex: str) -> None:
    for element in ElementTree.fromstring(typeset(latex).mathml).iter():
        tag = element.tag.removeprefix(f"{{{markup.NAMESPACE}}}")
        assert set(element.attrib) <= {*markup.ATTRIBUTES[tag], "style", "mathvariant", "accent", "display", "alttext"}


@pytest.mark.parametrize(("latex", "words"), SPOKEN.items())
def test_a_formula_is_said_as_a_colleague_would_say_it(latex: str, words: str) -> None:
    assert typeset(latex).alt == words


@pytest.mark.parametrize(("latex", "message"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_formula_is_refused_with_its_own_words(latex: str, message: str) -> None:
    with pytest.raises(MathError) as caught:
        typeset(latex)
    assert str(caught.value) == message


def test_a_misspelt_command_gets_a_hint() -> None:
    with pytest.raises(MathError) as caught:
        typeset(r"\sofmax(z)")
    assert caught.value.hint == r"did you mean '\softmax'?"


@pytest.mark.parametrize("latex", [r"\def\a{\a}\a", r"\def\a{x\a\a}\a", r"\newcommand{\a}{\a\a}\a"])
def test_a_macro_that_calls_itself_is_refused(latex: str) -> None:
    with pytest.raises(MathError, match="a macro that calls itself"):
        typeset(latex)


@pytest.mark.parametrize(
    "latex",
    [
        r"\def\a#1{#1#1#1#1#1#1#1#1#1#1}\a{\a{\a{\a{\a{\a{x}}}}}}",
        "{" * 1900 + "}" * 1900,
        r"\frac{1}{" * 300 + "}" * 300,
        r"\begin{array}{*{99999999}{c}}x\end{array}",
        r"\begin{array}{*{99}{*{99}{*{99}{c}}}}x\end{array}",
        "x+" * 1900,
    ],
    ids=["doubling", "braces", "fractions", "columns", "columns in columns", "long"],
)
def test_a_bomb_does_not_go_off(latex: str) -> None:
    with pytest.raises(MathError):
        typeset(latex)
    assert typeset("x + 1").alt == "x plus 1"


def test_v8_is_stopped_when_it_takes_too_long_and_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.3)
    engine._start().eval("typeset = () => { for (;;); }")
    with pytest.raises(MathError, match="takes more time or memory"):
        typeset("x_{1}")
    monkeypatch.undo()
    assert typeset("x_{2}").alt == "x sub 2"


def test_a_macro_does_not_outlive_its_formula() -> None:
    typeset(r"\newcommand{\mine}{x}\mine")
    with pytest.raises(MathError):
        typeset(r"\mine")


def test_an_author_writes_no_attributes() -> None:
    formula = typeset(r'\mmlToken{mi}[style="background:url(x)" class="y" href="javascript:z"]{z}')
    assert not re.search("url|class|href|javascript", formula.mathml)


def test_a_kept_formula_is_read_and_an_unreadable_one_computed_again() -> None:
    first = typeset(r"a_{12}")
    folder = store.folder() / "math"
    for path in folder.glob("*.json"):
        json.loads(path.read_text())
        path.write_text('{"mathml": 1}')
    assert typeset(r"a_{12}") == first
    engine.close()
    assert typeset(r"a_{12}") == first
    assert engine._racer is None, "a kept formula started V8"


def test_two_processes_set_the_same() -> None:
    script = "import sys; from renderers.math import typeset; print([typeset(x, True) for x in sys.argv[1:]])"
    runs = [
        subprocess.run(
            [sys.executable, "-c", script, *FORMULAS[:8]],
            cwd=ROOT,
            env={**os.environ, "TORCHEXAM_CACHE": str(store.folder() / name), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for name, seed in (("one", "1"), ("two", "2"))
    ]
    assert runs[0] == runs[1]
    assert runs[0].decode().strip() == str([typeset(latex, True) for latex in FORMULAS[:8]])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_starts_its_own_v8() -> None:
    script = (
        "import os; from renderers.math import typeset; typeset('x'); child = os.fork()\n"
        "if child == 0: print(typeset('y_{3}').alt, flush=True); os._exit(0)\n"
        "os.waitpid(child, 0); print(typeset('z_{4}').alt)"
    )
    environment = {**os.environ, "TORCHEXAM_CACHE": str(store.folder() / "forked")}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=30,
        text=True,
        check=True,
    )
    assert run.stdout.split("\n")[:2] == ["y sub 3", "z sub 4"]
    assert run.stderr == ""


def test_a_formula_may_be_set_while_an_event_loop_runs() -> None:
    engine.close()

    async def serve() -> str:
        return typeset("w_{5}").alt

    assert asyncio.run(serve()) == "w sub 5"


def test_the_pdf_shows_the_formula_where_its_box_is() -> None:
    formula = typeset(r"\left\lfloor\frac{x-1}{s}\right\rfloor g", display=True)
    size, scale = 40, 4  # CSS px of the text, pixels of the picture for a CSS px
    html = f'<html lang="en"><title>t</title><p>{img_tag(formula, "0")}'
    style = f"@page {{ size: 400px 300px; margin: 20px }} p {{ font-size: {size}px; line-height: 4 }}"
    page = weasyprint.CSS(string=style)
    document = weasyprint.HTML(string=html).render(stylesheets=[page], cache={"math:0": image_for(formula)})
    data = document.write_pdf()
    box = next(box for box in document.pages[0]._page_box.descendants() if box.element_tag == "img")
    left, top = box.content_box_x(), box.content_box_y()
    assert box.width == pytest.approx(formula.width * size, abs=0.1)
    assert box.height == pytest.approx((formula.height + formula.depth) * size, abs=0.1)
    picture = pypdfium2.PdfDocument(data)[0].render(scale=scale * 96 / 72).to_pil().convert("L")
    ink = picture.point(lambda value: 255 * (value < 128)).getbbox()
    assert ink is not None
    expected = (left, top, left + box.width, top + box.height)
    assert [edge / scale for edge in ink] == pytest.approx(
        expected, abs=0.15 * size
    )  # brackets have air at their sides


def test_a_formula_stands_on_the_baseline() -> None:
    assert 'style="vertical-align:-0.01em"' in img_tag(typeset("x"), "7")
    assert 'src="math:7"' in img_tag(typeset("x"), "7")


def test_a_pdf_calls_formulas_formulas_and_keeps_their_words() -> None:
    formula = typeset(r"\sqrt{x} < 1")
    html = f'<html lang="en"><title>t</title><p>{img_tag(formula, "0")}'
    data = weasyprint.HTML(string=html).write_pdf(
        cache={"math:0": image_for(formula)},
        pdf_variant="pdf/ua-1",
        finisher=lambda _, pdf: mark_formulas(pdf, {formula.alt}),
        uncompressed_pdf=True,
    )
    assert b"/S /Formula" in data
    assert b"/S /Figure" not in data
    assert b"the square root of x is less than 1" in data


def test_glyphs_are_stored_once_in_a_pdf() -> None:
    formula = typeset("x+x+x")
    html = '<html lang="en"><title>t</title><p>' + img_tag(formula, "0") * 50
    data = weasyprint.HTML(string=html).write_pdf(cache={"math:0": image_for(formula)})
    assert data.count(b"/Subtype /Form") == 2
    assert len(io.BytesIO(data).getvalue()) < 12_000


def test_the_bundle_is_small() -> None:
    assert engine.BUNDLE.stat().st_size < 1_000_000


def test_close_may_be_called_twice() -> None:
    math.close()
    math.close()
    assert typeset("q_{9}").alt == "q sub 9"


def test_a_percent_sign_is_printed_and_hides_nothing_after_it() -> None:
    assert typeset("63% + x").alt == typeset(r"63\% + x").alt
    assert "percent" in typeset("63% + x").alt
    assert "x" in typeset("63% + x").alt
