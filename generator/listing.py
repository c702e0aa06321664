"""Turn listing text into layers, and layers into listing text.

A listing is read with `ast` against `LAYERS` and `WORDS`; nothing in it is executed as code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from generator import formulas
from generator.formulas import Formula, FormulaError
from generator.layers import INPUT, LAYERS, MOST_LAYERS, WORDS, Layer, LayerPattern
from generator.mistakes import did_you_mean

LONGEST_CALL = 1_000  # characters
LONGEST_LISTING = 20_000

# arguments that change what a layer returns or takes, or only how it learns, a listing cannot ask for
NOT_OFFERED = {
    "return_indices", "recompute_scale_factor", "batch_first", "proj_size", "add_bias_kv", "add_zero_attn", "kdim",
    "vdim", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse", "_weight", "_freeze",
}  # fmt: skip
_WORDS = {
    "padding": {"same", "valid"},
    "padding_mode": {"zeros", "reflect", "replicate", "circular"},
    "mode": {"nearest", "linear", "bilinear", "bicubic", "trilinear"},
    "approximate": {"none", "tanh"},
    "nonlinearity": {"tanh", "relu"},
    "activation": {"relu", "gelu"},
}
_SWITCHES = {
    "affine", "align_corners", "bias", "bidirectional", "ceil_mode", "count_include_pad", "elementwise_affine",
    "inplace", "norm_first", "track_running_stats",
}  # fmt: skip
_HOW = "a layer is written like ReLU() or Linear(8, 10)"


class ListingError(ValueError):
    """A listing cannot be read; `word` is the piece of it that is meant."""

    def __init__(self, message: str, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


def written(layers: Iterable[Layer]) -> str:
    """Layers in the exam's notation, one a line: a - ReLU()"""
    return "\n".join(f"{layer.name} - {layer.call}" for layer in layers)


# ---- one layer ----


def read_call(name: str, text: str) -> LayerPattern:
    """Read `Conv2d(in_channels=1, out_channels=maps, kernel_size=3)`; raises ListingError."""
    text = text.strip()
    if len(text) > LONGEST_CALL:
        raise ListingError(f"a layer of {len(text):,} characters is too long; {LONGEST_CALL:,} are allowed")
    try:
        tree = formulas.parsed(text)
    except FormulaError:
        raise ListingError(f"'{_short(text)}' is not a layer", hint=_HOW) from None
    if isinstance(tree, ast.Name | ast.Attribute):
        tree = ast.Call(func=tree, args=[], keywords=[])
    if not isinstance(tree, ast.Call):
        raise ListingError(f"'{_short(text)}' is not a layer", hint=_HOW)
    kind = _kind(ast.unparse(tree.func))
    if name == INPUT:
        raise ListingError(f"a layer cannot be called '{INPUT}', which is what goes into the network")
    if kind in WORDS:
        return LayerPattern(name, kind, _of_word(kind, tree, text))
    arguments = {name: _formula(node, text) for name, node in _named(kind, tree, text)}
    signature = LAYERS[kind]
    missing = [argument for argument in signature.arguments[: signature.required] if argument not in arguments]
    if missing:
        raise ListingError(f"{kind} needs {' and '.join(missing)}", kind)
    for argument, formula in arguments.items():
        _check_words(kind, argument, formula)
    if kind.startswith("Upsampl") and ("size" in arguments) == ("scale_factor" in arguments):
        raise ListingError(f"{kind} needs either size or scale_factor", kind)
    if kind in {"Softmax", "LogSoftmax"} and "dim" not in arguments:
        arguments["dim"] = formulas.read("-1")
    return LayerPattern(name, kind, tuple(arguments.items()))


def _kind(text: str) -> str:
    name = text.removeprefix("torch.").removeprefix("nn.")
    kind = name if name in LAYERS or name in WORDS else _BY_LOWER_CASE.get(name.lower(), "")
    if not kind:
        hint = did_you_mean(name, [*LAYERS, *WORDS])
        if not hint.startswith("did"):
            hint = "the layers that a listing may use are in docs/question-language.md"
        raise ListingError(f"there is no layer '{_short(name)}'", name, hint)
    return kind


_BY_LOWER_CASE = {kind.lower(): kind for kind in (*LAYERS, *WORDS)} | {
    "upsampling": "Upsample", "upsample2d": "Upsample", "maxpooling2d": "MaxPool2d", "averagepool2d": "AvgPool2d",
    "fc": "Linear", "dense": "Linear", "deconv2d": "ConvTranspose2d", "transposedconv2d": "ConvTranspose2d",
    "convtransposed2d": "ConvTranspose2d", "conv2dtranspose": "ConvTranspose2d",
    "cat": "Concat", "concatenate": "Concat", "multiheadselfattention": "MultiheadAttention",
}  # fmt: skip


def _of_word(kind: str, tree: ast.Call, text: str) -> tuple[tuple[str, Formula], ...]:
    """The layers that a word names, with quotes or without: Add('a') or Add(a)."""
    if tree.keywords:
        node = tree.keywords[0].value
        raise ListingError(
            f"{kind} takes names of layers only", _segment(text, node), f"write it like {_example(kind)}"
        )
    names = []
    for node in tree.args:
        match node:
            case ast.Constant(value=str() | int() as value) if not isinstance(value, bool):
                names.append(str(value))
            case ast.Name(id=value) | ast.Attribute(value=ast.Name(id="self"), attr=value):
                names.append(value)
            case _:
                piece = _segment(text, node)
                raise ListingError(f"'{_short(piece)}' is no name of a layer", piece, f"write it like {_example(kind)}")
        if not _NAME.fullmatch(names[-1]):
            raise ListingError(f"'{_short(names[-1])}' is no name of a layer", names[-1])
    if len(set(names)) < len(names):
        raise ListingError(f"{kind} names a layer twice", kind)
    wanted = {"From": len(names) == 1, "LastStep": not names}.get(kind, bool(names))
    if not wanted:
        raise ListingError(f"{kind} {_WANTED[kind]}, not {len(names)}", kind, f"write it like {_example(kind)}")
    return (("layers", formulas.read(repr(names))),) if names else ()


_WANTED = {"Add": "names one layer or more", "Concat": "names one layer or more", "From": "names one layer",
           "LastStep": "names no layer"}  # fmt: skip
_NAME = re.compile(r"\w{1,40}", re.ASCII)


def _example(kind: str) -> str:
    return f"{kind}()" if kind == "LastStep" else f"{kind}('a')"


def _named(kind: str, tree: ast.Call, text: str) -> Iterable[tuple[str, ast.expr]]:
    """Each argument of a call with its name; the names of positional ones come from PyTorch's order."""
    known = LAYERS[kind].arguments
    offered = [argument for argument in known if argument not in NOT_OFFERED]
    if len(tree.args) > len(known):
        raise ListingError(f"{kind} takes {_counted(len(known))}, not {len(tree.args)}", kind)
    given: set[str] = set()
    pairs = [*zip(known, tree.args, strict=False), *((keyword.arg or "**", keyword.value) for keyword in tree.keywords)]
    for argument, node in pairs:
        if isinstance(node, ast.Starred) or argument == "**":
            raise ListingError(f"'{_segment(text, node)}' has no meaning in a listing", _segment(text, node))
        if argument == "batch_first" and argument in known and _is_true(node):
            continue  # the batch is always first here, so to say so does no harm
        if argument not in offered:
            hint = did_you_mean(argument, offered)
            if argument == "batch_first":
                hint = "batch_first=True holds throughout"
            raise ListingError(f"{kind} has no argument '{argument}'", argument, hint)
        if argument in given:
            raise ListingError(f"{kind} is given '{argument}' twice", argument)
        given.add(argument)
        yield argument, node


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _counted(arguments: int) -> str:
    return f"{arguments} argument{'' if arguments == 1 else 's'}" if arguments else "no arguments"


def _formula(node: ast.expr, text: str) -> Formula:
    segment = _segment(text, node)
    try:
        return formulas.read(segment)
    except FormulaError as error:
        raise ListingError(str(error), error.word or segment, error.hint) from None


def _segment(text: str, node: ast.expr) -> str:
    """A piece of a call as it was written."""
    return ast.get_source_segment(text, node) or ast.unparse(node)


def _check_words(kind: str, argument: str, formula: Formula) -> None:
    """A word in quotes must be one that PyTorch knows there."""
    if not isinstance(formula.tree, ast.Constant) or not isinstance(formula.tree.value, str):
        return
    word, known = formula.tree.value, _WORDS.get(argument, set())
    if word not in known:
        of_another_type = f"{argument} is True or False" if argument in _SWITCHES else f"{argument} is a number"
        hint = did_you_mean(word, known) if known else of_another_type
        raise ListingError(f"{kind} does not know {argument} '{_short(word)}'", word, hint)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


# ---- a listing as a student writes it ----

_LINE = re.compile(
    r"(?:self\.)?(?:\(?(?P<name>\w{1,20})\)?\s*(?:[-:=).]+\s+|[-:=)]+))?\s*(?P<call>[A-Za-z][\w.]*\s*(?:\(.*\))?)",
    re.DOTALL,
)
_TYPOGRAPHY = str.maketrans(
    {**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’", "'"), **dict.fromkeys("“”", '"'), "\N{NO-BREAK SPACE}": " "}
)


def read_listing(text: str) -> tuple[Layer, ...]:
    """Read lines like `a - Conv2d(1, 10, kernel_size=(3, 3), padding=1)`; raises ListingError for the first bad one.

    Letters may be left out, positional arguments are those of PyTorch, and what follows a `#` is a remark.
    """
    if len(text) > LONGEST_LISTING:
        raise ListingError(f"a listing of {len(text):,} characters is too long; {LONGEST_LISTING:,} are allowed")
    lines = [_line(line) for line in _statements(text)]
    if not lines:
        raise ListingError("there is no layer here", hint="write one layer a line, like 'a - Linear(8, 10)'")
    if len(lines) > MOST_LAYERS:
        raise ListingError(f"a listing may have {MOST_LAYERS} layers")
    layers: dict[str, Layer] = {}
    for (given, call), name in zip(lines, _names([given for given, _ in lines]), strict=True):
        if name in layers:
            raise ListingError(f"two layers are called '{given}'", given)
        try:
            layers[name] = read_call(name, call).draw({})
        except (ListingError, FormulaError) as error:
            raise ListingError(f"layer {name}: {error}", error.word, error.hint) from None
    return tuple(layers.values())


def _line(line: str) -> tuple[str, str]:
    """The name before a layer, which may be empty, and its call."""
    found = _LINE.fullmatch(line) if len(line) <= LONGEST_CALL else None
    if not found:
        raise ListingError(f"'{_short(line)}' is not a layer", hint="write it like 'a - Linear(8, 10)'")
    return found["name"] or "", found["call"]


def _names(given: list[str]) -> Iterable[str]:
    """The names that were given; a layer without one gets the letter of its place, where that is free."""
    for place, name in enumerate(given):
        letter = chr(ord("a") + place) if place < 26 else f"layer{place + 1}"
        yield name or (f"{letter}_" if letter in given else letter)


def _statements(text: str) -> list[str]:
    """Lines of a listing, with a call that runs over several lines joined into one, without remarks."""
    statements: list[str] = []
    depth = 0
    for line in text.translate(_TYPOGRAPHY).splitlines():
        line = re.sub(r"#.*|(?<=[A-Za-z)])\s*//.*", "", line).strip()
        if depth > 0:
            statements[-1] += " " + line
        elif line:
            statements.append(line)
        depth = max(0, depth + line.count("(") - line.count(")"))
    return [statement.rstrip(" ;,") for statement in statements]
