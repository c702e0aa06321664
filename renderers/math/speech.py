"""Turn MathJax's MathML into the English that a colleague would read aloud.

Capitals are "cap X", as in ClearSpeak, because x and X differ in these courses. What is longer than a few words ends
with "end fraction", "end sub" and so on, and commas make the pauses.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from renderers.math import words

GROUPS = {"math", "mrow", "mstyle", "mpadded", "mtd", "menclose", "merror"}
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
CLOSING = {"(": ")", "[": "]", "{": "}", "⌊": "⌋", "⌈": "⌉", "⟨": "⟩", "|": "|", "‖": "‖", "∥": "∥", "∣": "∣"}
FENCED = {"⌊": "floor", "⌈": "ceiling", "|": "absolute value", "∣": "absolute value", "‖": "norm", "∥": "norm"}
# Letters that are functions when a parenthesis follows; others are factors.
CALLED = frozenset("fghpqσφϕψℓLJDONPEℒ𝒩") | {"softmax"}
OVER = {"∑", "∏", "⋃", "⋂", "⨁", "max", "min", "sup", "inf", "argmax", "argmin", "∫", "∬", "∮"}
ORDERS = {"2": "second ", "3": "third "}
CONDITIONS = ("if", "for", "when", "otherwise", "else", "unless", "where", "in")
BUSY = re.compile(r"\b(plus|minus|times|over|equals|is|of|to|the|star|by|end)\b")


def speak(tree: Element) -> str:
    """Turn a formula into words; the empty text when there is nothing to say."""
    text = re.sub(r"\s+", " ", _speak(tree))
    text = re.sub(r"\s+([,;:])", r"\1", text)
    text = re.sub(r"(,\s*)+(?=[,;:])|,(?=\s*$)", "", text)
    return re.sub(r"([;:]),", r"\1", text).strip(" ,;")


def _speak(element: Element) -> str:
    text = (element.text or "").replace("\xa0", " ")
    match element.tag:
        case "mi":
            return words.name_letter(text.strip(), element.get("mathvariant", ""))
        case "mn":
            if element.get("mathvariant") == "double-struck":
                return "the indicator of"
            return words.STYLES.get(element.get("mathvariant", ""), "") + text.strip()
        case "mo":
            return words.name_operator(text.strip())
        case "mtext":
            return text
        case "mspace" | "mphantom" | "none" | "mprescripts":
            return ""
        case "mfrac":
            return _speak_fraction(*element)
        case "msqrt":
            return _close(f"the square root of {_speak_row(list(element))}", "root")
        case "mroot":
            order = _speak(element[1])
            return _close(f"the {'cube' if order == '3' else order + '-th'} root of {_speak(element[0])}", "root")
        case "mtable":
            return _speak_lines(element)
        case tag if tag in SCRIPTS:
            return _speak_script(element)
        case _:
            return _speak_row(list(element))


# ---- rows: fences, functions, signs ----


def _flatten(elements: list[Element]) -> list[Element]:
    """The elements of a row without the braces that only TeX saw."""
    flat: list[Element] = []
    for element in elements:
        if element.tag in GROUPS and not (element.tag == "mrow" and element.get("data-mjx-texclass") == "OP"):
            flat += _flatten(list(element))
        elif element.tag != "mphantom" and (element.tag != "mo" or (element.text or "").strip()):
            flat.append(element)
    return flat


def _speak_row(elements: list[Element]) -> str:
    row = _flatten(elements)
    visible = [element for element in row if element.tag != "mspace"]
    said: list[str] = []
    index = 0
    while index < len(row):
        sign = _sign(row[index])
        end = _find_closing(row, index)
        if sign in ("{", "") and sign and end is None and index + 1 < len(row) and row[index + 1].tag == "mtable":
            said.append(_speak_cases(row[index + 1]))
            index += 2
        elif end is not None:
            said.append(_multiply(row, index, _speak_fence(row, index, end, said), said))
            index = end + 1
        else:
            said.append(_multiply(row, index, _speak_token(row, index, visible, said), said))
            index += 1
    return " ".join(filter(None, said))


def _speak_token(row: list[Element], index: int, visible: list[Element], said: list[str]) -> str:
    """The words for one element that opens no fence."""
    element, text = row[index], (row[index].text or "").strip()
    if element.tag == "mspace":
        return ""
    if element.tag == "mn" and index > 1 and row[index - 1].tag == "mspace" and row[index - 2].tag == "mn":
        return _continue_number(said, text)
    if element.tag != "mo":
        return _speak(element)
    match text:
        case "\u2061":
            following = row[index + 1] if index + 1 < len(row) else None
            return "" if _ends_with_of(said) or following is None or _sign(following) in CLOSING else "of"
        case "×" if all(_is_size(other) for other in visible):
            return "by"
        case "\u2212" | "-" if not _is_operand(row, index - 1):
            return "negative" if index + 1 < len(row) and row[index + 1].tag == "mn" else "minus"
        case ":" if index + 1 < len(row) and _sign(row[index + 1]) == "=":
            return "is defined as"
        case "=" if index and _sign(row[index - 1]) == ":":
            return ""
        case "max" | "min" | "sup" | "inf" | "lim" | "∑" | "∏" | "∫":
            return f"{words.name_operator(text)} of"
    return words.name_operator(text)


def _is_size(element: Element) -> bool:
    """Whether it may stand in 28 × 28 × C, unlike the powers and signs of a product."""
    if element.tag == "msup":
        return element[0].tag != "mn"
    return element.tag != "mo" or (element.text or "").strip() == "×"


def _multiply(row: list[Element], index: int, text: str, said: list[str]) -> str:
    """Say "times" where two factors would run together: gamma times the fraction, 1 over N times the sum."""
    before = next((element for element in reversed(row[:index]) if element.tag != "mspace"), None)
    if (
        not text
        or before is None
        or _ends_with_of(said)
        or (before.tag in ("mo", "mtext") and _sign(before) not in ")]")
    ):
        return text
    long = text.startswith("the ") and row[index].tag != "mtext"
    after_fraction = before.tag == "mfrac" and row[index].tag in {"mi", "mn", *SCRIPTS} and " over " in said[-1]
    return f"times {text}" if long or after_fraction else text


def _continue_number(said: list[str], text: str) -> str:
    """73 and 856 with a thin space between them are one number."""
    while said and not said[-1]:
        said.pop()
    return (said.pop() if said else "") + text


def _sign(element: Element) -> str:
    """The operator at the heart of an element: the bracket of a bracket with a power."""
    while element.tag in SCRIPTS:
        element = element[0]
    return (element.text or "").strip() if element.tag == "mo" else ""


def _is_operand(row: list[Element], index: int) -> bool:
    """Whether a value ends at this place of the row."""
    while index >= 0 and row[index].tag == "mspace":
        index -= 1
    return index >= 0 and (_sign(row[index]) in {"", ")", "]", "}", "⌋", "⌉", "⟩", "|", "‖", "!", "′", "∞"})


def _find_closing(row: list[Element], start: int) -> int | None:
    """The place of the bracket that closes the one at start; None when that opens nothing."""
    opening = _sign(row[start])
    if opening not in CLOSING or row[start].tag in SCRIPTS:
        return None
    closing, depth = CLOSING[opening], 0
    alike = opening == closing
    divides = row[start].get("data-mjx-texclass") in ("REL", "CLOSE") or (
        _is_operand(row, start - 1) and _bars(row, start)
    )
    if alike and divides:
        return None
    for index in range(start + 1, len(row)):
        sign = _sign(row[index])
        if sign == closing and depth == 0:
            return index
        if alike:
            depth += (sign in "([{⌊⌈") * bool(sign) - (sign in ")]}⌋⌉") * bool(sign)
        else:
            depth += (sign == opening) - (sign == closing)
    return None


def _bars(row: list[Element], start: int) -> bool:
    """Whether a bar after a value divides it from what follows, as in p(y|x): no other bar is left to close it."""
    mark = _sign(row[start])
    return sum(_sign(element) == mark for element in row[start:]) % 2 == 1


def _speak_fence(row: list[Element], start: int, end: int, said: list[str]) -> str:
    """The words for a bracketed stretch, with the powers of its closing bracket."""
    mark, inside = _sign(row[start]), [element for element in row[start + 1 : end] if element.tag != "mspace"]
    scripts = _split_scripts(row[end])[1:] if row[end].tag in SCRIPTS else (None, None)
    if len(inside) == 1 and inside[0].tag == "mtable":
        text = _speak_matrix(inside[0])
        return _attach(f"the determinant of {text}" if mark == "|" else text, *scripts, noun=True)
    if len(inside) == 1 and inside[0].tag == "mfrac" and inside[0].get("linethickness") == "0":
        return f"{_speak(inside[0][0])} choose {_speak(inside[0][1])}"
    content = _speak_row(inside)
    if mark in FENCED:
        order = f"{_speak(scripts[0])} " if FENCED[mark] == "norm" and scripts[0] is not None else ""
        lower = None if order else scripts[0]
        return _attach(_close(f"the {order}{FENCED[mark]} of {content}", FENCED[mark]), lower, scripts[1], noun=True)
    call = _calls(row, start)
    if mark == "{" and not call:
        content = re.sub(r"\b(colon|given)\b", "such that", content, count=1)
        return _attach(f"the set {content}, end set", *scripts, noun=True)
    if "expected value" in (said[-1] if said else ""):
        return _attach(f"{'' if _ends_with_of(said) else 'of '}{content}, end expected value", *scripts, noun=True)
    before = ""
    if call and not _ends_with_of(said):
        before = "of "
    elif not call and _is_operand(row, start - 1) and not _ends_with_of(said) and mark in "([":
        before = "times "
    plain = (
        scripts == (None, None) and not re.search(r"\b(comma|given|double bar)\b", content) and not BUSY.search(content)
    )
    if plain and (call or _ends_with_of(said)):
        return before + content
    return _attach(f"{before}{words.OPERATORS[mark]} {content} {words.OPERATORS[CLOSING[mark]]}", *scripts)


def _calls(row: list[Element], start: int) -> bool:
    """Whether the thing before a bracket is a function: f(x), not d(k − 1)."""
    index = start - 1
    while index >= 0 and (row[index].tag == "mspace" or (row[index].text or "") == "\u2061"):
        index -= 1
    if index < 0:
        return False
    head = row[index]
    while head.tag in SCRIPTS or (head.tag in GROUPS and len(head)):
        head = head[0]
    text = (head.text or "").strip()
    match head.tag:
        case "mi":
            return len(text) > 1 or text in CALLED
        case "mn":
            return head.get("mathvariant") == "double-struck"
        case _:
            return text in {"max", "min", "sup", "inf", "Pr"}


def _ends_with_of(said: list[str]) -> bool:
    last = next((text for text in reversed(said) if text), "")
    return last.endswith(" of") or last == "of"


# ---- fractions and derivatives ----


def _speak_fraction(upper: Element, lower: Element) -> str:
    if derivative := _speak_derivative(_flatten([upper]), _flatten([lower])):
        return derivative
    above, below = _speak_row([upper]), _speak_row([lower])
    if _is_short(above) and _is_short(below):
        return f"{above} over {below}"
    return f"the fraction with numerator {above}, and denominator {below}, end fraction,"


def _speak_derivative(upper: list[Element], lower: list[Element]) -> str:
    """∂²L over ∂x² → the second partial derivative of L with respect to x; the empty text for other fractions."""
    upper, lower = ([item for item in row if item.tag != "mspace"] for row in (upper, lower))
    if not upper or len(lower) < 2:
        return ""
    sign, order = upper[0], ""
    if sign.tag == "msup":
        sign, order = sign[0], _speak(sign[1])
    letter = (sign.text or "").strip()
    if letter not in ("∂", "d") or (lower[0].text or "").strip() != letter:
        return ""
    groups: list[list[Element]] = []
    for element in lower:
        if (element.text or "").strip() == letter:
            groups.append([])
        else:
            groups[-1].append(element)
    with_respect = " and ".join(_speak_row([_drop_power(item, order) for item in group]) for group in groups)
    kind = "partial derivative" if letter == "∂" else "derivative"
    count = ORDERS.get(order, f"{order}-th " if order else "")
    of = f"of {_speak_row(upper[1:])} " if len(upper) > 1 else ""
    return f"the {count}{kind} {of}with respect to {with_respect}" + ("," if of else " of")


def _drop_power(element: Element, order: str) -> Element:
    return element[0] if order and element.tag == "msup" and _speak(element[1]) == order else element


# ---- scripts ----


def _split_scripts(element: Element) -> tuple[Element, Element | None, Element | None]:
    """Base, what is below, what is above."""
    match element.tag:
        case "msub" | "munder":
            return element[0], element[1], None
        case "msup" | "mover":
            return element[0], None, element[1]
        case _:
            return element[0], element[1], element[2]


def _speak_script(element: Element) -> str:
    base, lower, upper = _split_scripts(element)
    core = _flatten([base]) or [base]
    last = core[-1]
    if _sign(last) == "|" and last.get("data-mjx-texclass") == "CLOSE" and _sign(core[0]) != "|":
        return f"{_speak_row(core[:-1])}, evaluated at {_say(lower)},"
    name = "".join("".join(item.itertext()) for item in core).replace(" ", "").replace("\n", "")
    if name in OVER or name == "lim":
        return _speak_bounds(name, lower, upper)
    if name == "∇":
        return f"the gradient with respect to {_say(lower)} of" if lower is not None else _attach("nabla", None, upper)
    if name == "E" and core[0].get("mathvariant") == "double-struck":
        return f"the expected value over {_say(lower)} of" if lower is not None else "the expected value of"
    if name == "log" and lower is not None and upper is None:
        return f"log base {_say(lower)}"
    if element.tag in ("munder", "mover", "munderover"):
        return _speak_stack(core, lower, upper)
    if name == "R" and core[0].get("mathvariant") == "double-struck" and lower is None:
        return f"the reals to the {_say(upper)}"
    return _attach(_speak_row(core), lower, upper)


def _speak_bounds(name: str, lower: Element | None, upper: Element | None) -> str:
    """A sum, maximum or limit with what stands below and above it."""
    noun = {"argmax": "the arg max", "argmin": "the arg min"}.get(name) or words.name_operator(name)
    if upper is not None and lower is not None:
        return f"{noun} from {_say(lower)} to {_say(upper)} of"
    return f"{noun} {'as' if name == 'lim' else 'over'} {_say(lower if lower is not None else upper)} of"


def _speak_stack(core: list[Element], lower: Element | None, upper: Element | None) -> str:
    """Something with an accent, brace or label above or below."""
    base = _speak_row(core)
    for element, place in ((upper, "above"), (lower, "below")):
        if element is None:
            continue
        mark = (element.text or "").strip() if element.tag == "mo" else ""
        if mark in words.ACCENTS and (mark != "→" or _is_short(base)):
            base = f"{base} {words.ACCENTS[mark]}"
        elif mark not in ("⏟", "⏞", "⎵", "⎴"):
            braced = len(core) == 1 and core[0].tag in SCRIPTS | {"mrow"}
            label = f"with the label {_say(element)} {place}"
            base = f"{base}, {label}," if braced else f"{base} {label}"
    return base


def _attach(text: str, lower: Element | None, upper: Element | None, noun: bool = False) -> str:
    """Add a subscript and a superscript to the words for what they belong to."""
    if lower is not None:
        letters = [(item.text or "") if item.tag == "mi" else " " for item in _flatten([lower])]
        index = words.join_letters("".join(letters)) or _say(lower).removeprefix("is ")
        text += f" sub {index}" + (", end sub," if BUSY.search(index) else "")
    if upper is None:
        return text
    pause = "," if noun else ""
    power = _say(upper)
    inner = _flatten([upper])
    first = _sign(inner[0]) if inner else ""
    matrix = re.search(r"\b(cap|bold) ", text) is not None
    if (set(first) <= set("′″‴") and first) or power in ("star", "top", "plus", "minus", "dagger"):
        return f"{text} {'transpose' if power == 'top' else power}"
    if power == "cap T" and matrix:
        return f"{text} transpose"
    if power in ("2", "3"):
        return f"{text}{pause} {'squared' if power == '2' else 'cubed'}"
    if power == "negative 1" and matrix:
        return f"{text} inverse"
    if first == "(" and _find_closing(inner, 0) == len(inner) - 1:
        layer = _speak_row(inner[1:-1])
        return f"{text} superscript {layer}" + (", end superscript," if BUSY.search(layer) else "")
    return f"{text}{pause} to the power {power}" + (", end power," if BUSY.search(power) else "")


# ---- tables ----


def _rows(table: Element) -> list[list[str]]:
    return [[_speak_row(list(cell)) for cell in row] for row in table]


def _speak_lines(table: Element) -> str:
    """Aligned equations, line by line; a table with rules, row by row."""
    rows = _rows(table)
    if table.get("columnlines") or table.get("rowlines"):
        size = f"{len(rows)} rows and {max(map(len, rows))} columns"
        return f"the table with {size}; {_speak_numbered(rows)}; end table"
    return "; ".join(" ".join(filter(None, row)) for row in rows)


def _speak_cases(table: Element) -> str:
    cases = []
    for value, *condition in _rows(table):
        text = " ".join(condition).strip()
        joined = text if not text or text.split()[0].strip(",") in CONDITIONS else f"if {text}"
        cases.append(f"{value}, {joined}")
    return f"{len(cases)} cases: {'; '.join(cases)}; end cases"


def _speak_matrix(table: Element) -> str:
    rows = _rows(table)
    columns = max((len(row) for row in rows), default=0)
    if columns == 1 and len(rows) > 1:
        return f"the column vector {', '.join(row[0] for row in rows)}, end vector"
    if len(rows) == 1:
        return f"the row vector {', '.join(rows[0])}, end vector"
    return f"the {len(rows)} by {columns} matrix; {_speak_numbered(rows)}; end matrix"


def _speak_numbered(rows: list[list[str]]) -> str:
    return "; ".join(
        f"row {number}: {', '.join(cell or 'blank' for cell in row)}" for number, row in enumerate(rows, 1)
    )


# ---- lengths ----


def _say(element: Element | None) -> str:
    return "" if element is None else _speak_row([element])


def _is_short(text: str) -> bool:
    """Whether a listener cannot lose track of where it ends."""
    return len(text.split()) <= 4 and not BUSY.search(text.replace("cap ", ""))


def _close(text: str, name: str) -> str:
    """End with "end root" unless it is plain where the root ends."""
    content = text.split(" of ", 1)[1]
    return text if _is_short(content) else f"{text}, end {name},"
