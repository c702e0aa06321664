r"""Turn formulas as people write them, in LaTeX, Unicode or Python, into plain characters.

`W_{2}^\top\delta` becomes `W2ᵀ delta`, `\frac{1}{N}` becomes `((1)/(N))`, `W2.T @ d` becomes `W2ᵀ @ d`.
"""

from __future__ import annotations

import re

from generator.notation import GREEK

DEEPEST = 20  # fractions


class Unreadable(ValueError):
    """The text is no expression; the message says where it stops making sense."""


TRANSPOSE = "ᵀ"
_WORDS = [  # LaTeX and Python, in plain characters
    (r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|limits)(?![a-zA-Z])", ""),
    (r"\\(?:lVert|rVert|\|)|\|\|", "‖"),
    (r"\\(?:lvert|rvert|vert)(?![a-zA-Z])|\\mid(?![a-zA-Z])", "|"),
    (r"\\(?:quad|qquad)(?![a-zA-Z])|\\[,;:! ]|\\\\(?=\s)|[~&]", " "),
    (r"\\(?:geq?|geqslant)(?![a-zA-Z])|>=", "≥"),
    (r"\\(?:leq?|leqslant)(?![a-zA-Z])|<=", "≤"),
    (r"\\gt(?![a-zA-Z])", ">"),
    (r"\\lt(?![a-zA-Z])", "<"),
    (r"\\(?:odot|circ|circledcirc)(?![a-zA-Z])|∘|◦|⊚|\.\*", "⊙"),
    (r"\\oslash(?![a-zA-Z])|\./", "⊘"),
    (r"\\otimes(?![a-zA-Z])", "⊗"),
    (r"\\cdot(?![a-zA-Z])|⋅|•|∙", "·"),
    (r"\\(?:times|ast)(?![a-zA-Z])|×|∗", "*"),
    (r"\*\*", "^"),
    (r"[−–—]", "-"),
    (r"½", "(1/2)"),
    (r"\b(?:torch\.nn\.functional|nn\.functional|torch|numpy|np|nn|F)\.(?=[A-Za-z])", ""),
    (r"\\(?:[dt]frac|cfrac)", r"\\frac"),
    (r"\bones\(\s*([A-Za-z]\w*)\s*\)", r" 𝟏\1 "),
    (r"(?:\\(?:mathbf|mathbb|bm|boldsymbol|vec|mathds)(?:\{\s*1\s*\}|\s*1)|𝟏|𝟙|\bones\b)"
     r"(?:_(?:\{\s*([A-Za-z]\w*)\s*\}|([A-Za-z])))?", r" 𝟏\1\2 "),
    (r"(?<![\w.])1_(?:\{\s*([A-Za-z]\w*)\s*\}|([A-Za-z]))", r" 𝟏\1\2 "),
    (r"\^\s*(?:\{\s*t\s*\}|t(?![A-Za-z]))", "ᵀ"),
    (r"\\([{}])", r"\1"),
    (r":=?", "="),
    (r"\.(?:T\b|t\(\)|transpose\(\))|\^\s*\{?\s*(?:\\top|\\intercal|\\mathsf\{T\}|\\mathrm\{T\}|\\text\{T\}|⊤|T)(?:\s*\})?|⊤",
     TRANSPOSE),
    (r"\^\s*\{?\s*(?:\\prime|['′’])(?:\s*\})?|\\prime(?![a-zA-Z])|[′’]", "'"),
    (r"\\(?:mathbf|mathrm|mathit|mathsf|text|operatorname|boldsymbol|bm|vec|mathcal)\*?\{([^{}]*)\}", r"\1"),
    (r"\\(hat|bar|tilde)(?:\{\s*([A-Za-z])\s*\}|\s*([A-Za-z]))", r" \2\3\1"),
    (r"([A-Za-z])\u0302", r"\1hat"),
    (r"([A-Za-z])\u0304", r"\1bar"),
    (r"ŷ", "yhat"),
    (r"([A-Za-z])_\{?(hat|bar)\}?", r"\1\2"),
    (r"\blambda\b", "lam"),
    (r"_\{([^{}]*[<>≥≤][^{}]*)\}", r"[\1]"),
    (r"_\{\s*(\w+)\s*\}", r"\1"),
    (r"_(\w)", r"\1"),
]  # fmt: skip
_SPELLING = [(re.compile(pattern), plain) for pattern, plain in _WORDS]
_END = "\0"  # of the name of a Greek letter, which an index may follow
_LETTERS = {letter: f" {name}{_END}" for name, letter in (*GREEK.items(), ("epsilon", "ϵ"), ("phi", "ϕ"))}
_COMMANDS = {"lambda": "lam", "varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta"}
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_INDEXED = re.compile(r"\\sum(?![a-zA-Z])|[∑Σ]")
_RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789-0123456789")


def tidy(text: str) -> str:
    """Text in plain characters: no LaTeX commands, Greek letters by name, indices as part of names."""
    if _INDEXED.search(text):
        raise Unreadable("a sum over an index is not read; write it as a product of matrices")
    text = re.sub(r"\$|\\[()\[\]]", " ", text).strip().rstrip(".,")
    for pattern, plain in _SPELLING:
        text = pattern.sub(plain, text)
    text = _fractions(text)
    text = "".join(_LETTERS.get(letter, letter) for letter in text)
    text = _COMMAND.sub(lambda found: f" {_COMMANDS.get(found[1], found[1])}{_END}", text)
    text = re.sub(rf"{_END}(?=\d)", "", text).replace(_END, " ")
    text = _RAISED.sub(lambda found: f"^{{{found[0].translate(_LOWERED)}}}", text)
    return text.translate(_LOWERED)


def _fractions(text: str) -> str:
    """Every fraction of LaTeX as a quotient in brackets."""
    for _ in range(DEEPEST):
        start = text.find("\\frac")
        if start < 0:
            return text
        over, after = _argument(text, start + len("\\frac"))
        under, end = _argument(text, after)
        text = f"{text[:start]}(({over})/({under})){text[end:]}"
    raise Unreadable("there are too many fractions")


def _argument(text: str, start: int) -> tuple[str, int]:
    """What stands between the braces at a place, or the one character there; and where it ends."""
    while start < len(text) and text[start].isspace():
        start += 1
    if start >= len(text):
        raise Unreadable("a fraction lacks its numerator or denominator")
    if text[start] != "{":
        return text[start], start + 1
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place], place + 1
    raise Unreadable("a brace is not closed")
