"""Say what one mathematical character is called in English."""

from __future__ import annotations

import unicodedata

OPERATORS = {
    "+": "plus",
    "\u2212": "minus",
    "-": "minus",
    "±": "plus or minus",
    "∓": "minus or plus",
    "×": "times",
    "⋅": "times",
    "·": "times",
    "∙": "times",
    "\u2062": "",
    "\u2063": "",
    "\u2064": "",
    "∗": "star",
    "*": "star",
    "⋆": "star",
    "/": "over",
    "∕": "over",
    "÷": "divided by",
    "⊙": "element-wise times",
    "⊗": "circled times",
    "⊕": "circled plus",
    "⊖": "circled minus",
    "∘": "composed with",
    "∖": "minus the set",
    "=": "equals",
    "≠": "is not equal to",
    "≈": "is approximately equal to",
    "≃": "is approximately equal to",
    "≅": "is congruent to",
    "≡": "is identical to",
    "≜": "is defined as",
    "≔": "is defined as",
    ":=": "is defined as",
    "∝": "is proportional to",
    "∼": "is distributed as",
    "~": "is distributed as",
    "<": "is less than",
    ">": "is greater than",
    "≤": "is less than or equal to",
    "⩽": "is less than or equal to",
    "≥": "is greater than or equal to",
    "⩾": "is greater than or equal to",
    "≪": "is much less than",
    "≫": "is much greater than",
    "∈": "in",
    "∉": "not in",
    "∋": "contains",
    "⊂": "is a subset of",
    "⊆": "is a subset of or equal to",
    "⊃": "is a superset of",
    "⊇": "is a superset of or equal to",
    "∪": "union",
    "∩": "intersection",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "→": "goes to",
    "⟶": "goes to",
    "←": "becomes",
    "⟵": "becomes",
    "↔": "is linked with",
    "↦": "maps to",
    "⟼": "maps to",
    "⇒": "implies",
    "⟹": "implies",
    "⇐": "is implied by",
    "⟸": "is implied by",
    "⇔": "if and only if",
    "⟺": "if and only if",
    "↑": "up arrow",
    "↓": "down arrow",
    "∀": "for all",
    "∃": "there exists",
    "∄": "there does not exist",
    "⊥": "is perpendicular to",
    "∥": "double bar",
    "‖": "double bar",
    "|": "given",
    "∣": "given",
    "∤": "does not divide",
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    ".": "point",
    "!": "factorial",
    "?": "question mark",
    "′": "prime",
    "″": "double prime",
    "‴": "triple prime",
    "…": "dot dot dot",
    "⋯": "dot dot dot",
    "⋮": "vertical dots",
    "⋱": "diagonal dots",
    "(": "open paren",
    ")": "close paren",
    "[": "open bracket",
    "]": "close bracket",
    "{": "open brace",
    "}": "close brace",
    "⟨": "open angle bracket",
    "⟩": "close angle bracket",
    "⌊": "open floor",
    "⌋": "close floor",
    "⌈": "open ceiling",
    "⌉": "close ceiling",
    "∑": "the sum",
    "∏": "the product",
    "∫": "the integral",
    "∬": "the double integral",
    "∮": "the contour integral",
    "⋃": "the union",
    "⋂": "the intersection",
    "⨁": "the direct sum",
    "max": "the maximum",
    "min": "the minimum",
    "lim": "the limit",
    "sup": "the supremum",
    "inf": "the infimum",
    "∂": "partial",
    "∇": "the gradient of",
    "∞": "infinity",
    "∅": "the empty set",
    "⊤": "top",
    "%": "percent",
    "#": "number",
    "$": "dollars",
    "°": "degrees",
    "ℓ": "ell",
    "ℏ": "h bar",
}
LETTERS = {
    "E": "the expected value",
    "R": "the reals",
    "N": "the natural numbers",
    "Z": "the integers",
    "Q": "the rationals",
    "C": "the complex numbers",
}
GREEK = {
    "ϵ": "epsilon",
    "ϕ": "phi",
    "ϑ": "theta",
    "ϱ": "rho",
    "ϖ": "pi",
    "ς": "sigma",
    "ϰ": "kappa",
    "λ": "lambda",
    "Λ": "cap lambda",
}
FUNCTIONS = {
    "exp": "exp",
    "ln": "the natural log",
    "log": "log",
    "sin": "sine",
    "cos": "cosine",
    "tan": "tangent",
    "tanh": "hyperbolic tangent",
    "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine",
    "det": "the determinant",
    "dim": "the dimension",
    "arg": "arg",
    "sgn": "sign",
    "sign": "sign",
    "Var": "the variance",
    "Cov": "the covariance",
    "tr": "the trace",
    "rank": "the rank",
    "diag": "diag",
    "softmax": "softmax",
    "mod": "modulo",
}
ACCENTS = {
    "^": "hat",
    "~": "tilde",
    "¯": "bar",
    "―": "bar",
    "‾": "bar",
    "_": "underlined",
    "→": "vector",
    "˙": "dot",
    "¨": "double dot",
    "ˇ": "check",
    "˘": "breve",
    "´": "acute",
    "`": "grave",
    "˚": "ring",
}
STYLES = {
    "bold": "bold ",
    "bold-italic": "bold ",
    "script": "script ",
    "bold-script": "bold script ",
    "fraktur": "fraktur ",
}


def name_operator(text: str) -> str:
    """Turn an operator into words; one that has none is spelled by its Unicode name."""
    if text in OPERATORS:
        return OPERATORS[text]
    if text in FUNCTIONS or text.isalnum():
        return FUNCTIONS.get(text, text)
    return " ".join(OPERATORS.get(character) or unicodedata.name(character, "").lower() for character in text)


def join_letters(letters: str) -> str:
    """Turn the letters of a subscript into words: out is a word, ijk are three indices."""
    word = letters == "in" or (len(letters) > 2 and not set(letters) <= set("ijklmnpqrst"))
    return letters if word and letters.isascii() and letters.isalpha() else ""


def name_letter(text: str, variant: str = "") -> str:
    """Turn an identifier into words: W in bold → bold cap W, θ → theta, softmax → softmax."""
    if text in FUNCTIONS:
        return FUNCTIONS[text]
    if variant == "double-struck":
        return LETTERS.get(text, _name_character(text))
    style = STYLES.get(variant, "")
    return style + (_name_character(text) if len(text) == 1 else text)


def _name_character(character: str) -> str:
    if character in GREEK:
        return GREEK[character]
    if character in OPERATORS:
        return OPERATORS[character]
    if character.isascii():
        return f"cap {character}" if character.isupper() else character
    name = unicodedata.name(character, character)
    if name.startswith("GREEK"):
        letter = name.split()[-1].lower()
        return f"cap {letter}" if character.isupper() else letter
    return character if character.isalpha() else name.lower()
