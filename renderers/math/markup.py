"""Turn MathJax's MathML into MathML Core, which is what browsers draw."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
APPLY = "\u2061"  # invisible: a function is applied to what follows

# Nothing but these reaches a page, whatever the LaTeX asked for.
ATTRIBUTES = {
    "math": (),
    "mi": (),
    "mn": (),
    "mo": ("form", "stretchy", "lspace", "rspace", "minsize", "maxsize", "movablelimits", "symmetric", "largeop"),
    "mtext": (),
    "mspace": ("width", "height", "depth"),
    "mrow": (),
    "mfrac": ("linethickness",),
    "msqrt": (),
    "mroot": (),
    "mstyle": ("displaystyle", "scriptlevel"),
    "mpadded": ("width", "height", "depth", "lspace", "voffset"),
    "mphantom": (),
    "msub": (),
    "msup": (),
    "msubsup": (),
    "munder": ("accentunder",),
    "mover": ("accent",),
    "munderover": ("accent", "accentunder"),
    "mmultiscripts": (),
    "mprescripts": (),
    "mtable": ("displaystyle",),
    "mtr": (),
    "mtd": (),
}
# The accent to draw for the one that MathJax writes.
ACCENTS = {"^": "ˆ", "~": "˜", "→": "\u20d7", "←": "\u20d6"} | {accent: accent for accent in "¯―‾˙¨ˇ˘´`˚\u20db\u20dc"}
BRACKETS = frozenset("()[]{}⟨⟩⌊⌋⌈⌉|‖")
LARGE = frozenset("∑∏∫∬∮⋃⋂⨁")
SIGNS = frozenset("+-−±∓")
STYLES = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "script": "SCRIPT",
    "bold-script": "BOLD SCRIPT",
    "fraktur": "FRAKTUR",
    "bold-fraktur": "BOLD FRAKTUR",
    "sans-serif": "SANS-SERIF",
    "bold-sans-serif": "SANS-SERIF BOLD",
    "sans-serif-italic": "SANS-SERIF ITALIC",
    "sans-serif-bold-italic": "SANS-SERIF BOLD ITALIC",
    "monospace": "MONOSPACE",
}


def parse(mathml: str) -> Element:
    """Turn MathML text into a tree of elements without namespaces."""
    root = ElementTree.fromstring(mathml)  # noqa: S314  MathJax wrote it
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag not in ("mi", "mn", "mo", "mtext"):
            element.text = None
        element.tail = None
    return root


def write(tree: Element, alt: str, display: bool) -> str:
    """Turn a tidy tree into the text of a <math> element."""
    tree.set("xmlns", NAMESPACE)
    tree.set("display", "block" if display else "inline")
    tree.set("alttext", alt)
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


@dataclass(frozen=True)
class Style:
    """What TeX knows of a place in a formula and MathML Core does not."""

    display: bool  # fractions are set large
    tight: bool = False  # in a script, where TeX leaves no space around operators


def tidy(element: Element, style: Style) -> Element:
    """Turn one element of MathJax's, with all below it, into MathML Core."""
    tag = element.tag if element.tag in ATTRIBUTES else "mrow"
    twin = Element(tag, {name: element.get(name, "") for name in ATTRIBUTES[tag] if name in element.attrib})
    if tag in ("mi", "mn", "mo", "mtext"):
        _write_letters(element, twin)
        if style.tight and tag == "mo" and twin.text not in BRACKETS:
            twin.attrib.update(lspace="0", rspace="0")
        return twin
    if tag == "mpadded" and any(value[:1] in "+-" for value in twin.attrib.values()):
        twin = Element("mrow")  # Core knows no lengths relative to the contents
    if element.tag == "menclose":
        twin.set("style", "border: 0.05em solid; padding: 0.2em")
    if element.get("mathbackground"):
        twin.set("style", "background: currentcolor")  # a rule
    children = [
        tidy(child, _style_of(element, index, style)) for index, child in enumerate(element) if not _is_nothing(child)
    ]
    if tag in ("math", "mrow", "mstyle", "mtd", "msqrt", "mphantom", "mpadded"):
        children = _space_operators(_space_functions(_flatten(children)), style)
    if element.get("data-mjx-texclass") == "ORD" and len(children) == 1 and children[0].tag == "mo":
        children[0].attrib.update(lspace="0", rspace="0")  # {=} is a letter to TeX
    if tag in ("mover", "munderover") and children[-1].tag == "mo" and (children[-1].text or "") in ACCENTS:
        twin.set("accent", "true")
        children[-1].text = ACCENTS[children[-1].text or ""]
    if tag in ("msup", "msubsup") and children[-1].tag == "mo" and (children[-1].text or "") in "′″‴":
        return _put_prime(children)
    twin.extend(children)
    if tag == "mtable":
        _align(element, twin)
    if tag == "mrow" and len(twin) == 1 and not twin.attrib:
        return twin[0]
    return twin


def _put_prime(children: list[Element]) -> Element:
    """Put a prime behind its letter; the font's own is raised already."""
    *base, prime = children
    prime.attrib.update(form="postfix", lspace="0", rspace="0")
    letter = base[0]
    if len(base) == 2:
        letter = Element("msub")
        letter.extend(base)
    row = Element("mrow")
    row.extend([letter, prime])
    return row


def _style_of(parent: Element, index: int, style: Style) -> Style:
    """The style of a child, as TeX has it: smaller and tighter in scripts and in the fractions of a line."""
    match parent.tag:
        case "mfrac":
            return Style(False, tight=style.tight or not style.display)
        case "msub" | "msup" | "msubsup" | "munder" | "mover" | "munderover" | "mmultiscripts":
            return style if index == 0 else Style(False, tight=True)
        case "mtable" | "mstyle" if (chosen := parent.get("displaystyle")) is not None:
            return Style(chosen == "true", style.tight)
        case "mtable":
            return Style(False, style.tight)
        case "mstyle" if parent.get("scriptlevel", "0") not in ("0", "+0"):
            return Style(False, tight=True)
        case _:
            return style


def _is_nothing(element: Element) -> bool:
    """Whether it is the invisible partner of a lone bracket, which a browser would give room."""
    return element.tag == "mo" and not (element.text or "").strip(" \n")


def _write_letters(element: Element, twin: Element) -> None:
    """Write a token's letters; Core has no mathvariant, so bold W becomes the character U+1D416."""
    text, variant = element.text or "", element.get("mathvariant", "")
    twin.text = text
    if variant == "normal" and twin.tag == "mi" and len(text) == 1:
        twin.set("mathvariant", "normal")
    elif twin.tag == "mtext" and variant in STYLES:
        weight = "; font-weight: bold" if "bold" in variant else ""
        family = "; font-family: monospace" if variant == "monospace" else ""
        slant = "; font-style: italic" if "italic" in variant else ""
        twin.set("style", (weight + slant + family)[2:] or "font-style: normal")
    elif variant in STYLES and not (variant == "italic" and len(text) == 1):
        twin.text = "".join(_letter(character, variant) for character in text)
    if twin.tag != "mo":
        return
    match element.get("data-mjx-texclass"):
        case "ORD":
            twin.attrib.update(lspace="0", rspace="0")
        case "OP" if text.isalpha() and len(text) > 1:
            twin.attrib.update(lspace="0", rspace="0.167em")


def _letter(character: str, variant: str) -> str:
    """The mathematical letter of a style: R, double-struck → ℝ; the same letter when Unicode has none."""
    name = unicodedata.name(character, "").removeprefix("GREEK ").removeprefix("LATIN ").replace(" LETTER", "")
    for full in (f"MATHEMATICAL {STYLES[variant]} {name}", f"{STYLES[variant]} {name}", f"BLACK-LETTER {name}"):
        if full.startswith("BLACK-LETTER") and variant != "fraktur":
            continue
        try:
            return unicodedata.lookup(full)
        except KeyError:
            continue
    return character


def _flatten(children: list[Element]) -> list[Element]:
    """Lift the contents of bare rows that hold one element or fewer."""
    return [child for child in children if child.tag != "mrow" or len(child) or child.attrib]


def _space_functions(children: list[Element]) -> list[Element]:
    """Give function names the thin space that TeX gives them: y log p, but log(p)."""
    spaced: list[Element] = []
    for index, child in enumerate(children):
        following = children[index + 1] if index + 1 < len(children) else None
        if following is not None and _applies(following) and spaced and _is_letter(spaced[-1]):
            spaced.append(Element("mspace", {"width": "0.167em"}))
        if _applies(child) and following is not None and not _opens(following):
            child.set("rspace", "0.167em")
        spaced.append(child)
    return spaced


def _space_operators(children: list[Element], style: Style) -> list[Element]:
    """Set signs as signs and not as operations, and sums close to the operator before them."""
    before: Element | None = None
    for child in children:
        if child.tag == "mspace":
            continue
        follows = before is None or (_core(before).tag == "mo" and (_core(before).text or "") not in ")]}⌋⌉⟩!′|‖")
        if child.tag == "mo" and child.text in SIGNS and follows and before is not None:
            child.set("form", "prefix")
        core = _core(child)
        if (
            core.tag == "mo"
            and core.text in LARGE
            and before is not None
            and follows
            and before.get("form") != "prefix"
        ):
            core.set("lspace", "0")
        if child.tag == "mo" and child.text == ":" and not child.attrib and not style.tight:
            child.attrib.update(lspace="0.278em", rspace="0.278em")
        before = child
    return children


def _core(element: Element) -> Element:
    """The operator that carries scripts or limits."""
    while element.tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover") and len(element):
        element = element[0]
    return element


def _applies(element: Element) -> bool:
    return element.tag == "mo" and element.text == APPLY


def _opens(element: Element) -> bool:
    first = element
    while len(first) and first.tag not in ("mfrac", "msqrt", "mroot", "mtable"):
        first = first[0]
    return (first.tag == "mo" and (first.text or "") in "([{|‖⌊⌈⟨") or element.tag == "mspace"


def _is_letter(element: Element) -> bool:
    return element.tag not in ("mo", "mspace") or (element.text or " ") in ")]}⌋⌉⟩"


def _align(source: Element, table: Element) -> None:
    """Turn a table's columnalign, columnspacing and lines into the style of each cell."""
    aligns = source.get("columnalign", "center").split()
    gaps = source.get("columnspacing", "1em").split()
    rules = source.get("columnlines", "none").split()
    below = source.get("rowspacing", "4pt").split()
    lines = source.get("rowlines", "none").split()
    if source.get("frame", "none") != "none":
        table.set("style", "border: 0.05em solid")
    for row_index, row in enumerate(table):
        for index, cell in enumerate(row):
            last_row, last = row_index == len(table) - 1, index == len(row) - 1
            left = "0" if index == 0 else f"calc({_at(gaps, index - 1)} / 2)"
            right = "0" if last else f"calc({_at(gaps, index)} / 2)"
            top = "0.1em" if row_index == 0 else f"calc(0.1em + {_at(below, row_index - 1)} / 2)"
            bottom = "0.1em" if last_row else f"calc(0.1em + {_at(below, row_index)} / 2)"
            style = f"text-align: {_at(aligns, index)}; padding: {top} {right} {bottom} {left}"
            if not last and _at(rules, index) != "none":
                style += f"; border-right: 0.05em {_at(rules, index)}"
            if not last_row and _at(lines, row_index) != "none":
                style += f"; border-bottom: 0.05em {_at(lines, row_index)}"
            cell.set("style", style)


def _at(values: list[str], index: int) -> str:
    return values[min(index, len(values) - 1)]
