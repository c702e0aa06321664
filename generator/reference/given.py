"""Read the arguments of a quantity that is worked by hand, and write its numbers as LaTeX.

In go the numbers and lists that stand under `with:`; out come floats in lists of one length, or BadArgument with the
argument's name. The second half turns computed numbers into short equations for the key.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from generator.formulas import tex_number
from generator.forward import one_thread
from generator.reference import BadArgument, tidy

if TYPE_CHECKING:
    from torch import Tensor

MOST = 100  # numbers in a list that a person works through
LARGEST = 1e6  # of a number that is given
Matrix = list[list[float]]
Pick = str | tuple[int, ...] | None
Task = TypeVar("Task")
Result = TypeVar("Result")


# ---- what is given ----


def number(name: str, value: Any, least: float = -LARGEST, most: float = LARGEST) -> float:
    """A number between two bounds, both included; raises BadArgument."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise BadArgument(name, f"{value} is no number from {least:g} to {most:g}")
    return float(value)


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number between two bounds, both included; raises BadArgument."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadArgument(name, f"{value} is no whole number from {least} to {most}")
    return value


def vector(
    name: str, value: Any, length: int | None = None, least: float = -LARGEST, most: float = LARGEST
) -> list[float]:
    """A flat list of numbers, of a length where one is asked for; raises BadArgument."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST:
        raise BadArgument(name, f"here belongs a list of 1 to {MOST} numbers")
    if length is not None and len(value) != length:
        raise BadArgument(name, f"{length} numbers are needed here, not {len(value)}")
    return [number(name, one, least, most) for one in value]


def matrix(
    name: str, value: Any, rows: int | None = None, columns: int | None = None, least: float = -LARGEST
) -> Matrix:
    """A list of rows of one length; raises BadArgument."""
    if not isinstance(value, list | tuple) or not value or not all(isinstance(row, list | tuple) for row in value):
        raise BadArgument(name, "here belongs a list of rows")
    if rows is not None and len(value) != rows:
        raise BadArgument(name, f"{rows} rows are needed here, not {len(value)}")
    if len(value) * len(value[0]) > MOST:
        raise BadArgument(name, f"{len(value)} rows of {len(value[0])} are more than {MOST} numbers")
    return [vector(name, row, columns or len(value[0]), least) for row in value]


def rows(name: str, value: Any) -> Matrix:
    """A matrix; a flat list is its only row. Raises BadArgument."""
    flat = isinstance(value, list | tuple) and value and not isinstance(value[0], list | tuple)
    return [vector(name, value)] if flat else matrix(name, value)


def first_place(indices: str) -> int:
    """What places are counted from: 1, or 0 under that convention."""
    return 0 if indices == "zero" else 1


def places(name: str, value: Any, count: int, of: int) -> list[int]:
    """`count` places among `of`, counted from 1; a single one may stand without a list. Raises BadArgument."""
    several = list(value) if isinstance(value, list | tuple) else [value]
    if len(several) != count:
        raise BadArgument(name, f"{count} of them are needed here, not {len(several)}")
    return [whole(name, one, 1, of) for one in several]


def reading(read: Callable[..., Task]) -> Callable[[Callable[[Task], Result]], Callable[..., Result]]:
    """Let a function of a checked task take the arguments that `read` turns into one.

    The functions of a quantity that are decorated with it have the signature of `read`, and raise its BadArgument.
    """

    def decorate(function: Callable[[Task], Result]) -> Callable[..., Result]:
        @functools.wraps(read)
        def asked(**arguments: Any) -> Result:
            task = read(**arguments)
            with one_thread():
                return function(task)

        asked.__name__, asked.__doc__ = function.__name__, function.__doc__
        return asked

    return decorate


def picking(read: Callable[..., Task]) -> Callable[[Callable[[Task, Pick], str]], Callable[..., str]]:
    """Let a derivation of a checked task take the arguments of `read`, and `pick`: which result is asked for.

    That is a name, or the place of an element counted from 1; or None, where all of it is asked for.
    """

    def decorate(function: Callable[[Task, Pick], str]) -> Callable[..., str]:
        @functools.wraps(read)
        def asked(*, pick: Pick = None, **arguments: Any) -> str:
            return function(read(**arguments), pick)

        own = inspect.Parameter("pick", inspect.Parameter.KEYWORD_ONLY, default=None)
        signature = inspect.signature(read)
        asked.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), own]
        )
        asked.__name__, asked.__doc__ = function.__name__, function.__doc__
        return asked

    return decorate


def picking_a_name(read: Callable[..., Task]) -> Callable[[Callable[[Task, str], str]], Callable[..., str]]:
    """The same for a derivation that takes the name of the result that is asked for; "" for all of them."""

    def decorate(function: Callable[[Task, str], str]) -> Callable[..., str]:
        @functools.wraps(function)
        def by_name(task: Task, pick: Pick) -> str:
            return function(task, pick if isinstance(pick, str) else "")

        return picking(read)(by_name)

    return decorate


def tensor(values: Any) -> Tensor:
    """Numbers as PyTorch holds them in double precision."""
    import torch

    return torch.tensor(values, dtype=torch.float64)


def reduction(losses: Sequence[float], loss_reduction: str) -> float:
    """The mean or the sum of the losses of examples."""
    return math.fsum(losses) / (len(losses) if loss_reduction == "mean" else 1)


# ---- how it is told ----

WIDEST = 44  # characters of an equation that fit into a column of the key


def tex(value: float) -> str:
    """A number in LaTeX: as it is where it has few digits, else with four that matter."""
    value = tidy(value)
    return tex_number(value, 6 if _short(value) else 4)


def factor(value: float) -> str:
    """A number in LaTeX that something stands before: a negative one in parentheses."""
    text = tex(value)
    return f"({text})" if text.startswith("-") or "times" in text else text


def equals(value: float) -> str:
    r"""A result with its sign: = 0.5, or \approx 0.3679 where digits are left out."""
    sign = "=" if _short(tidy(value)) else r"\approx"
    return f"{sign} {tex(value)}"


def _short(value: float) -> bool:
    return isinstance(value, int) or float(f"{value:.6g}") == value


def tex_vector(values: Iterable[float]) -> str:
    """Numbers between parentheses."""
    return f"({', '.join(map(tex, values))})"


def tex_matrix(values: Sequence[Sequence[float]]) -> str:
    """Rows between brackets."""
    return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(map(tex, row)) for row in values) + r"\end{bmatrix}"


def aligned(*lines: tuple[str, str]) -> str:
    """Equations below each other as a display formula: what stands left of their signs, and all from the sign on."""
    return "$$\\begin{aligned} " + " \\\\ ".join(f"{left} &{right}" for left, right in lines) + " \\end{aligned}$$"


def summed(
    left: str, terms: Sequence[str], result: str = "", start: str = "= ", end: str = ""
) -> list[tuple[str, str]]:
    """Lines for `left = term + term … = value`, broken where they grow too wide; a term may begin with a minus."""
    lines: list[tuple[str, str]] = []
    line, indent = start, left
    for place, term in enumerate(terms):
        sign = "" if place == 0 else "" if term.startswith("-") else "+ "
        piece = f"{sign}{term} "
        if place and width(indent + line + piece) > WIDEST:
            lines.append((indent, line.rstrip()))
            line, indent = r"\quad ", ""
        line += piece
    line = line.rstrip() + end
    if result and width(indent + line + result) <= WIDEST:
        return [*lines, (indent, f"{line} {result}")]
    return [*lines, (indent, line), *([("", result)] if result else [])]


def reduced(losses: Sequence[float], loss_reduction: str) -> str:
    """The mean or the sum of the losses of examples, as a display formula."""
    mean = loss_reduction == "mean"
    start = rf"= \tfrac{{1}}{{{len(losses)}}}(" if mean else "= "
    return aligned(
        *summed(
            "L", [tex(loss) for loss in losses], equals(reduction(losses, loss_reduction)), start, ")" if mean else ""
        )
    )


def width(latex: str) -> int:
    """About how many characters wide a formula of one line is; a fraction is as wide as its wider half."""
    while (shorter := _FRACTION.sub(lambda found: max(found[1], found[2], key=len), latex)) != latex:
        latex = shorter
    bare = re.sub(r"\\(?:left|right|text|mathrm|,|;)|[{}^_$]", "", latex)
    return len(re.sub(r"\\(?!ln|log|max|min|tanh)[a-z]+", "x", bare).replace("\\", ""))


_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")


def turned(values: Matrix) -> Matrix:
    """A matrix with its rows as columns."""
    return [list(column) for column in zip(*values, strict=True)]


def finite(name: str, values: Iterable[float]) -> None:
    """Raises BadArgument where a result is no number of an exam."""
    if not all(math.isfinite(value) for value in values):
        raise BadArgument(name, "this leads to a result that is no finite number")


def settled(total: float) -> float:
    """A sum of products of short decimals, where an activation may have a kink: what rounding leaves of 0 is 0."""
    return 0.0 if abs(total) < 1e-12 else total
