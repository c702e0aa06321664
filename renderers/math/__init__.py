"""Turn LaTeX formulas into MathML for browsers, outlines for PDF and spoken English for those who listen."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from generator import store
from renderers.math import engine, markup, speech
from renderers.math.engine import close

__all__ = ["Formula", "MathError", "close", "typeset"]

LONGEST = 4000  # characters of LaTeX
WIDEST, TALLEST = 200.0, 100.0  # em; a page is about 50 by 70


@dataclass(frozen=True)
class Formula:
    """A formula, set. Lengths are in em of the text around it.

    `paths` holds pairs of PDF operators, place and outline, in thousandths of an em from the left end of the
    baseline, y upwards: `q <place> <outline> f Q` for each pair draws the formula.
    """

    latex: str
    display: bool
    mathml: str
    alt: str
    width: float
    height: float
    depth: float
    paths: tuple[tuple[str, str], ...]


class MathError(ValueError):
    """LaTeX that cannot be set; the message quotes it, the hint says what would work."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


_COMMENT = re.compile(r"(?<!\\)%")


def typeset(latex: str, display: bool = False) -> Formula:
    """Turn LaTeX into a formula, raising MathError; each formula is computed once and kept on disk."""
    if len(latex) > LONGEST:
        raise MathError(f"the formula {_quote(latex)} has {len(latex)} characters; {LONGEST} are the most it may have")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in latex if character not in "\t\n\r"):
        raise MathError(f"a character that no page can show in {_quote(latex)}")
    latex = _COMMENT.sub(r"\\%", latex)  # 63% of a drawn value is meant, not a comment of LaTeX
    key = store.digest(engine.fingerprint(), latex, str(display))
    kept = store.read("math", key)
    formula = _unpack(latex, display, kept) if kept is not None else None
    if formula is None:
        formula = _compute(latex, display)
        store.keep("math", key, _pack(formula))
    return formula


def _compute(latex: str, display: bool) -> Formula:
    try:
        raw = engine.run(latex, display)
        tree = markup.parse(raw["mathml"])
        alt = speech.speak(tree)
        mathml = markup.write(markup.tidy(tree, markup.Style(display)), alt, display)
    except engine.RefusedError as refusal:
        raise _explain(refusal, latex) from None
    except RecursionError:
        raise MathError(f"too many braces within braces in {_quote(latex)}") from None
    except ElementTree.ParseError:
        raise MathError(f"a character that no page can show in {_quote(latex)}") from None
    width, height, depth = (round(raw[name] / 1000, 4) for name in ("width", "height", "depth"))
    if any(element.tag == "mo" and element.text == "$" for element in tree.iter()):
        raise MathError(f"a '$' within the formula {_quote(latex)}", "write '\\$' for a dollar sign")
    if not alt or width <= 0:
        raise MathError(f"nothing to see in {_quote(latex)}")
    if width > WIDEST or height + depth > TALLEST:
        raise MathError(f"the formula {_quote(latex)} is larger than a page")
    paths = tuple((place, outline) for place, outline in raw["paths"])
    return Formula(latex, display, mathml, alt, width, max(height, 0.0), max(depth, 0.0), paths)


def _pack(formula: Formula) -> dict[str, Any]:
    """Turn a formula into JSON that names each outline once."""
    outlines = list(dict.fromkeys(outline for _, outline in formula.paths))
    return {
        "mathml": formula.mathml,
        "alt": formula.alt,
        "extents": [formula.width, formula.height, formula.depth],
        "outlines": outlines,
        "places": [[place, outlines.index(outline)] for place, outline in formula.paths],
    }


def _unpack(latex: str, display: bool, kept: Any) -> Formula | None:
    """Turn kept JSON back into a formula, or into None when it is not what was kept."""
    try:
        width, height, depth = map(float, kept["extents"])
        paths = tuple((str(place), str(kept["outlines"][index])) for place, index in kept["places"])
        return Formula(latex, display, str(kept["mathml"]), str(kept["alt"]), width, height, depth, paths)
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _quote(latex: str) -> str:
    """The LaTeX in quotes, on one line, cut where it grows long."""
    line = " ".join(latex.encode("utf-8", "backslashreplace").decode().split())
    return f"'{line}'" if len(line) <= 80 else f"'{line[:77]}…'"


def _explain(refusal: engine.RefusedError, latex: str) -> MathError:
    """Turn MathJax's message into one of ours: lower case, quotes around what it names, no full stop."""
    message = str(refusal).strip().rstrip(".")
    if "call stack" in message:
        return MathError(f"too many braces within braces in {_quote(latex)}")
    if "recursive macro" in message:
        return MathError(f"a macro that calls itself, or too many macros, in {_quote(latex)}")
    if found := re.fullmatch(r"Undefined control sequence \\(.+)", message, re.DOTALL):
        near = difflib.get_close_matches(found[1], refusal.known, n=1)
        hint = f"did you mean '\\{near[0]}'?" if near else ""
        return MathError(f"TeX does not know '\\{found[1]}' in {_quote(latex)}", hint)
    message = re.sub(r"(?<![\\\w'])(\\(?:[A-Za-z]+|.))", r"'\1'", message)
    return MathError(f"{message[:1].lower()}{message[1:]} in {_quote(latex)}")
