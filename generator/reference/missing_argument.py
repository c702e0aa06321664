"""The padding, kernel, stride, dilation or output padding with which a side of a given size becomes one of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from generator.forward import DoesNotFit, run
from generator.layers import Layer, Network
from generator.reference import BadArgument, DoesNotApply, Misconception

GIVES = "count"
Find = Literal["padding", "kernel_size", "stride", "dilation", "output_padding"]
Kind = Literal["convolution", "pooling", "transposed"]
_LAYERS = {"convolution": "Conv1d", "pooling": "MaxPool1d", "transposed": "ConvTranspose1d"}
_USUAL = {"padding": 0, "stride": 1, "dilation": 1, "output_padding": 0}
LARGEST = 512  # of a side


def compute(
    *,
    find: Find,
    before: int,
    after: int,
    kind: Kind = "convolution",
    kernel_size: int | None = None,
    padding: int = 0,
    stride: int | None = None,
    dilation: int = 1,
    output_padding: int = 0,
) -> int:
    """Run layers with one candidate after the other; the smallest that gives the wanted side is the answer.

    The other arguments are those of PyTorch; the stride of pooling is its kernel where none is given. Raises
    BadArgument where no candidate does it.
    """
    given = _given(find, kind, kernel_size, padding, stride, dilation, output_padding)
    return _found(find, kind, before, after, given)


def _given(
    find: Find,
    kind: Kind,
    kernel_size: int | None,
    padding: int,
    stride: int | None,
    dilation: int,
    output_padding: int,
) -> dict[str, int]:
    """The arguments that are known."""
    if kernel_size is None and find != "kernel_size":
        raise BadArgument("kernel_size", "the kernel must be given")
    known = {"kernel_size": kernel_size, "padding": padding, "stride": stride, "dilation": dilation,
             "output_padding": output_padding}  # fmt: skip
    if kind != "transposed":
        if output_padding or find == "output_padding":
            raise BadArgument("output_padding", "only a transposed convolution has an output padding")
        del known["output_padding"]
    return {name: value for name, value in known.items() if name != find and value is not None}


def _found(find: Find, kind: Kind, side: int, wanted: int, given: dict[str, int]) -> int:
    for name, size in (("before", side), ("after", wanted)):
        if not isinstance(size, int) or not 1 <= size <= LARGEST:
            raise BadArgument(name, f"a side has 1 to {LARGEST} values, not {size}")
    for candidate in range(_USUAL.get(find, 1), 2 * LARGEST + 1):
        gives = _gives(kind, side, {**given, find: candidate})
        if gives == wanted:
            return candidate
        if gives is not None and _beyond(find, kind, gives, wanted):
            break
    raise BadArgument("after", f"no {find} turns {side} into {wanted}")


def _gives(kind: Kind, side: int, arguments: dict[str, int]) -> int | None:
    """The side that comes out, or nothing when the layer cannot be built or run."""
    channels = {} if kind == "pooling" else {"in_channels": 1, "out_channels": 1}
    layer = Layer("layer", _LAYERS[kind], tuple({**channels, **arguments}.items()))
    try:
        return run(Network((1, side), (layer,)))[0].output[-1]
    except DoesNotFit:
        return None


def _beyond(find: Find, kind: Kind, gives: int, wanted: int) -> bool:
    """Whether larger candidates can only lead further away: these sides grow or shrink with the argument."""
    grows = (find == "padding") != (kind == "transposed")
    return gives > wanted if grows else gives < wanted


def recompute(
    *,
    find: Find,
    before: int,
    after: int,
    kind: Kind = "convolution",
    kernel_size: int | None = None,
    padding: int = 0,
    stride: int | None = None,
    dilation: int = 1,
    output_padding: int = 0,
) -> int:
    """The same by solving the closed formula: (after − 1) · stride ≤ room < after · stride, an equation if transposed.

    `room` is before + 2 · padding − dilation · (kernel − 1) − 1. The padding of pooling is at most half its kernel.
    """
    n, m, k, p, d = before, after, kernel_size or 1, padding, dilation
    s = stride or (k if kind == "pooling" and find != "kernel_size" else 1)
    tied = kind == "pooling" and stride is None and find == "kernel_size"  # the stride is the kernel that is asked for
    if kind == "transposed":
        rest = m - 1 - output_padding  # = (n − 1)s − 2p + d(k − 1)
        solved = {
            "padding": ((n - 1) * s + d * (k - 1) - rest, 2),
            "kernel_size": (rest + 2 * p - (n - 1) * s + d, d),
            "stride": (rest + 2 * p - d * (k - 1), n - 1),
            "dilation": (rest + 2 * p - (n - 1) * s, k - 1),
            "output_padding": (m - 1 - (n - 1) * s + 2 * p - d * (k - 1), 1),
        }
        over, under = solved[find]
        return over // under if under else _USUAL.get(find, 1)
    least, most = (m - 1) * s, m * s - 1  # of the room
    match find:
        case "padding":
            return max(0, -(-(least - n + d * (k - 1) + 1) // 2))
        case "kernel_size" if tied:  # (n + 2p − d(k − 1) − 1) // k + 1 = m
            return next(c for c in range(max(1, 2 * p), n + 2 * p + 1) if (n + 2 * p - d * (c - 1) - 1) // c + 1 == m)
        case "kernel_size":
            return max(2 * p if kind == "pooling" else 1, 1, -(-(n + 2 * p - 1 - most) // d) + 1)
        case "dilation":
            return max(1, -(-(n + 2 * p - 1 - most) // (k - 1))) if k > 1 else 1
    room = n + 2 * p - d * (k - 1) - 1
    return room // m + 1  # the smallest stride with m · stride > room


# ---- what the paper says, and the key ----

_WORDS = {
    "padding": "padding on each side", "kernel_size": "kernel size", "stride": "stride", "dilation": "dilation",
    "output_padding": "output padding",
}  # fmt: skip


def says(*, find: Find) -> str:
    """Which of several solutions is meant."""
    begins = "dilation 1 is none; " if find == "dilation" else "padding is given for each side; "
    return f"{begins}if several {find.replace('kernel_size', 'kernel size').replace('_', ' ')}s fit, give the smallest"


def worked(
    *,
    find: Find,
    before: int,
    after: int,
    kind: Kind = "convolution",
    kernel_size: int | None = None,
    padding: int = 0,
    stride: int | None = None,
    dilation: int = 1,
    output_padding: int = 0,
) -> str:
    """The formula of the side with the answer put in."""
    given = _given(find, kind, kernel_size, padding, stride, dilation, output_padding)
    answer = _found(find, kind, before, after, given)
    full = {**_USUAL, **given, find: answer}
    k, p, d = full["kernel_size"], full["padding"], full["dilation"]
    s = full["stride"] if "stride" in given or find == "stride" or kind != "pooling" else k
    if kind == "transposed":
        formula = r"m = (n - 1) \cdot s - 2 p + d \cdot (k - 1) + o + 1"
        put = f"({before} - 1) \\cdot {s} - 2 \\cdot {p} + {d} \\cdot ({k} - 1) + {full['output_padding']} + 1"
    else:
        formula = r"m = \left\lfloor \frac{n + 2 p - d \cdot (k - 1) - 1}{s} \right\rfloor + 1"
        over = f"{before} + 2 \\cdot {p} - {d} \\cdot ({k} - 1) - 1"
        put = f"\\left\\lfloor \\frac{{{over}}}{{{s}}} \\right\\rfloor + 1"
    near = [_near(candidate, find, kind, before, {**given, find: candidate}) for candidate in (answer - 1, answer + 1)]
    tried = "; ".join(filter(None, near))
    letters = ", dilation $d$ and output padding $o$" if kind == "transposed" else " and dilation $d$"
    return (
        f"With kernel $k$, padding $p$, stride $s${letters}, a side of $n$ values becomes one of\n\n$${formula}$$\n\n"
        f"values. With {_WORDS[find]} {answer} these are\n\n$${put} = {after}.$$"
        + (f"\n\nTo compare: {tried}." if tried else "")
    )


def _near(candidate: int, find: Find, kind: Kind, side: int, arguments: dict[str, int]) -> str:
    gives = _gives(kind, side, arguments) if candidate >= _USUAL.get(find, 1) else None
    return f"{candidate} gives {gives}" if gives is not None else ""


# ---- wrong ways ----


def _wrong(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., int]:
    def wrong(
        *,
        find: Find,
        before: int,
        after: int,
        kind: Kind = "convolution",
        kernel_size: int | None = None,
        padding: int = 0,
        stride: int | None = None,
        dilation: int = 1,
        output_padding: int = 0,
    ) -> int:
        given = {
            "find": find, "before": before, "after": after, "kind": kind, "kernel_size": kernel_size,
            "padding": padding, "stride": stride, "dilation": dilation, "output_padding": output_padding,
        }  # fmt: skip
        new = {**given, **change(given)}
        if new == given:
            raise DoesNotApply("nothing here can be mistaken in this way")
        return compute(**new)

    return wrong


def _one_less(given: dict[str, Any]) -> dict[str, Any]:
    """Without + 1, the wanted side is one less than what the layer gives."""
    if given["kind"] == "transposed":
        raise DoesNotApply("the formula is another")
    return {"after": given["after"] + 1}


def _other_kind(given: dict[str, Any]) -> dict[str, Any]:
    if given["kind"] != "transposed" or given["find"] == "output_padding":
        raise DoesNotApply("no transposed convolution is asked for")
    return {"kind": "convolution", "output_padding": 0}


def _turned(given: dict[str, Any]) -> dict[str, Any]:
    """A transposed convolution turns the sizes of a convolution round."""
    if given["kind"] != "convolution":
        raise DoesNotApply("no convolution is asked for")
    return {"kind": "transposed"}


def _in_all(
    *,
    find: Find,
    before: int,
    after: int,
    kind: Kind = "convolution",
    kernel_size: int | None = None,
    padding: int = 0,
    stride: int | None = None,
    dilation: int = 1,
    output_padding: int = 0,
) -> int:
    """Zeros on both sides together, where they are asked for on each."""
    if find != "padding":
        raise DoesNotApply("the padding is known")
    return 2 * compute(
        find=find, before=before, after=after, kind=kind, kernel_size=kernel_size, stride=stride, dilation=dilation,
        output_padding=output_padding,
    )  # fmt: skip


MISCONCEPTIONS = {
    "padding_in_all": Misconception("the padding of both sides is added up", _in_all),
    "forgot_plus_one": Misconception("the + 1 for the first window is missing", _wrong(_one_less)),
    "stride_ignored": Misconception(
        "the stride is left out", _wrong(lambda given: {} if given["find"] == "stride" else {"stride": 1})
    ),
    "padding_ignored": Misconception(
        "the padding is left out", _wrong(lambda given: {} if given["find"] == "padding" else {"padding": 0})
    ),
    "dilation_ignored": Misconception(
        "the dilation is left out", _wrong(lambda given: {} if given["find"] == "dilation" else {"dilation": 1})
    ),
    "same_size": Misconception(
        "the side is taken to stay the same", _wrong(lambda given: {"after": given["before"], "stride": 1})
    ),
    "output_padding_ignored": Misconception("the output padding is left out", _wrong(lambda _: {"output_padding": 0})),
    "transposed_as_convolution": Misconception(
        "a transposed convolution is taken for a convolution", _wrong(_other_kind)
    ),
    "convolution_as_transposed": Misconception("a convolution is taken for a transposed convolution", _wrong(_turned)),
}
