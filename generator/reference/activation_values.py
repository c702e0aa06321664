"""Values and derivatives of activation functions at a few points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, factor, number, reading, tensor, tex, vector
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "array"
Activation = Literal["relu", "leaky_relu", "sigmoid", "tanh", "step", "identity", "elu", "softplus", "silu", "gelu"]
Of = Literal["value", "derivative"]
FARTHEST = 30.0  # from 0 that a point may be
KINKS = ("relu", "leaky_relu", "step")  # no derivative at 0


@dataclass(frozen=True)
class Points:
    """Points, and what is taken of them."""

    activation: Activation
    points: list[float]
    of: Of
    slope: float  # of leaky ReLU below 0, or ELU's value far below 0
    threshold: str


def _task(
    *, activation: Activation, points: Any, of: Of = "value", slope: float | None = None, threshold: str = "at_least"
) -> Points:
    usual = 1.0 if activation == "elu" else 0.01
    if slope is not None and activation not in ("leaky_relu", "elu"):
        raise BadArgument("slope", f"{activation} has no slope to choose")
    task = Points(
        activation,
        vector("points", points, None, -FARTHEST, FARTHEST),
        of,
        usual if slope is None else number("slope", slope, 0, 10),
        threshold,
    )
    kink = activation in KINKS or (activation == "elu" and task.slope != 1)
    if of == "derivative" and kink and 0.0 in task.points:
        raise BadArgument("points", f"{activation} has no derivative at 0")
    return task


@reading(_task)
def compute(task: Points) -> list[float]:
    """Run the activation over a list of points, or autograd through it; `slope` is leaky ReLU's below 0 (0.01)."""
    return _run(task)


def _run(task: Points) -> list[float]:
    points = tensor(task.points).requires_grad_(task.of == "derivative")
    found = activate(task.activation, points, task.slope, task.threshold)
    if task.of == "value":
        return found.tolist()
    if not found.requires_grad:  # a step's slope is 0 wherever it has one
        return [0.0] * len(task.points)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert points.grad is not None
    return points.grad.tolist()


EXACT = 40.0  # from here on softplus(z) is z to the last digit; PyTorch, unless told so, takes it for z from 20 on


def activate(activation: str, sums: Tensor, slope: float = 0.01, threshold: str = "at_least") -> Tensor:
    """An activation by PyTorch, element by element."""
    from torch.nn import functional as F

    match activation:
        case "step":
            return (sums >= 0 if threshold == "at_least" else sums > 0).double()
        case "identity":
            return sums.clone()
        case "leaky_relu":
            return F.leaky_relu(sums, slope)
        case "elu":
            return F.elu(sums, slope)
        case "softplus":
            return F.softplus(sums, threshold=EXACT)
    functions: Mapping[str, Callable[[Tensor], Tensor]] = {
        "relu": F.relu, "sigmoid": F.sigmoid, "tanh": F.tanh, "silu": F.silu, "gelu": F.gelu,
    }  # fmt: skip
    return functions[activation](sums)


@reading(_task)
def recompute(task: Points) -> list[float]:
    """The same by the formulas of the PyTorch documentation and their derivatives, in plain Python."""
    by_hand = activated if task.of == "value" else _slope
    return [by_hand(task.activation, point, task.slope, task.threshold) for point in task.points]


def activated(activation: str, z: float, slope: float = 0.01, threshold: str = "at_least") -> float:
    """An activation of one number, by its formula."""
    match activation:
        case "relu":
            return z if z > 0 else 0.0
        case "leaky_relu":
            return z if z > 0 else slope * z
        case "elu":
            return z if z > 0 else slope * math.expm1(z)
        case "step":
            return 1.0 if z > 0 or (z == 0 and threshold == "at_least") else 0.0
        case "sigmoid":
            return _sigmoid(z)
        case "tanh":
            return (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z))
        case "softplus":
            return max(z, 0.0) + math.log1p(math.exp(-abs(z)))
        case "silu":
            return z * _sigmoid(z)
        case "gelu":
            return z * _normal(z)
    return z


def _slope(activation: str, z: float, slope: float, threshold: str) -> float:
    match activation:
        case "relu":
            return 1.0 if z > 0 else 0.0
        case "leaky_relu":
            return 1.0 if z > 0 else slope
        case "elu":
            return 1.0 if z > 0 else slope * math.exp(z)
        case "step":
            return 0.0
        case "sigmoid":
            return _sigmoid(z) * _sigmoid(-z)
        case "tanh":
            return 4 / (math.exp(z) + math.exp(-z)) ** 2
        case "softplus":
            return _sigmoid(z)
        case "silu":
            return _sigmoid(z) * (1 + z * _sigmoid(-z))
        case "gelu":
            return _normal(z) + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return 1.0


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _normal(z: float) -> float:
    """The standard normal distribution function."""
    return math.erfc(-z / math.sqrt(2)) / 2


@reading(_task)
def says(task: Points) -> str:
    """What the paper must state for the answer to be one."""
    return said(task.activation, task.slope, task.threshold)


def said(activation: str, slope: float = 0.01, threshold: str = "at_least") -> str:
    """What an activation's name leaves open."""
    match activation:
        case "leaky_relu":
            return f"the slope of leaky ReLU below 0 is ${tex(slope)}$"
        case "elu":
            return rf"below 0, ELU is ${'' if slope == 1 else tex(slope)}(e^z - 1)$"
        case "step":
            return CONVENTIONS["threshold"][threshold]
        case "softplus":
            return r"softplus is $\ln(1 + e^z)$"
        case "silu":
            return r"SiLU is $z\,\sigma(z)$"
        case "gelu":
            return r"GELU is $z\,\Phi(z)$ with the standard normal distribution function $\Phi$"
    return ""


FORMULAS = {
    "relu": (r"\max(0, z)", r"1 \text{ for } z > 0, \text{ else } 0"),
    "leaky_relu": (r"\max(0, z) + a \min(0, z)", r"1 \text{ for } z > 0, \text{ else } a"),
    "elu": (r"z \text{ for } z > 0, \text{ else } a(e^z - 1)", r"1 \text{ for } z > 0, \text{ else } a e^z"),
    "step": (r"1 \text{ for } z \ge 0, \text{ else } 0", "0"),
    "sigmoid": (r"1 / (1 + e^{-z})", r"\sigma(z)(1 - \sigma(z))"),
    "tanh": (r"(e^z - e^{-z}) / (e^z + e^{-z})", r"1 - \tanh^2 z"),
    "softplus": (r"\ln(1 + e^z)", r"\sigma(z)"),
    "silu": (r"z\,\sigma(z)", r"\sigma(z)(1 + z(1 - \sigma(z)))"),
    "gelu": (r"z\,\Phi(z)", r"\Phi(z) + z\,\varphi(z)"),
    "identity": ("z", "1"),
}


@reading(_task)
def worked(task: Points) -> str:
    """The formula, and its result at each point; for a derivative, the value that it is got from."""
    derivative = task.of == "derivative"
    formula = FORMULAS[task.activation][derivative]
    if task.activation in ("leaky_relu", "elu"):
        formula += rf" \text{{ with }} a = {tex(task.slope)}"
    if task.activation == "step" and task.threshold == "above":
        formula = formula.replace(r"\ge", ">")
    told = [f"${'f′' if derivative else 'f'}(z) = {formula}$.".replace("f′", "f'")]
    lines = []
    for point, result in zip(task.points, _run(task), strict=True):
        more = "" if float(f"{point:.6g}") == point else r"\dots"
        left = f"{'f′' if derivative else 'f'}({tex(point)}{more})".replace("f′", "f'")
        between = ""
        if derivative and task.activation in ("sigmoid", "tanh"):
            value = activated(task.activation, point)
            between = (
                f"{factor(value)} (1 - {factor(value)})" if task.activation == "sigmoid" else f"1 - {factor(value)}^2"
            )
            between = f"{'=' if value == round(value, 6) else chr(92) + 'approx'} {between} "
        lines.append((left, f"{between}{equals(result)}"))
    return "\n\n".join([*told, aligned(*lines)])


# ---- wrong ways ----


def _other(activation: Activation, others: Sequence[Activation]) -> Callable[..., list[float]]:
    """What another activation gives in the place of some."""

    @reading(_task)
    def wrong(task: Points) -> list[float]:
        if task.activation not in others:
            raise DoesNotApply(f"{task.activation} is not mistaken for {activation}")
        kink = task.of == "derivative" and activation in KINKS and 0.0 in task.points
        if kink:
            raise DoesNotApply(f"{activation} has no derivative at 0")
        return _run(replace(task, activation=activation))

    return wrong


@reading(_task)
def _value(task: Points) -> list[float]:
    if task.of == "value":
        raise DoesNotApply("the value is what is asked for")
    return _run(replace(task, of="value"))


@reading(_task)
def _derivative(task: Points) -> list[float]:
    kink = task.activation in KINKS and 0.0 in task.points
    if task.of == "derivative" or kink:
        raise DoesNotApply("there is no derivative to take by mistake")
    return _run(replace(task, of="derivative"))


@reading(_task)
def _at_the_value(task: Points) -> list[float]:
    """The derivative at f(z) in place of z."""
    if task.of == "value" or task.activation in KINKS:
        raise DoesNotApply("there is no derivative that takes another one's value")
    return _run(replace(task, points=_run(replace(task, of="value"))))


@reading(_task)
def _of_the_point(task: Points) -> list[float]:
    """z(1 − z) or 1 − z² with the point in the place of the function's value."""
    points = tensor(task.points)
    if task.of == "derivative" and task.activation == "sigmoid":
        return (points * (1 - points)).tolist()
    if task.of == "derivative" and task.activation == "tanh":
        return (1 - points**2).tolist()
    raise DoesNotApply("the derivative is no formula over the value")


@reading(_task)
def _absolute(task: Points) -> list[float]:
    if task.activation not in ("relu", "leaky_relu") or task.of == "derivative":
        raise DoesNotApply("no sign is dropped here")
    return tensor(task.points).abs().tolist()


@reading(_task)
def _other_side(task: Points) -> list[float]:
    if task.activation != "step":
        raise DoesNotApply("there is no threshold")
    return _run(replace(task, threshold="above" if task.threshold == "at_least" else "at_least"))


MISCONCEPTIONS = {
    "value_for_derivative": Misconception("the function is taken, not its derivative", _value),
    "derivative_for_value": Misconception("the derivative is taken, not the function", _derivative),
    "of_the_point": Misconception("the point itself stands where the function's value belongs", _of_the_point),
    "at_the_value": Misconception("the derivative is taken at the function's value, not at the point", _at_the_value),
    "tanh_for_sigmoid": Misconception("tanh is taken for the sigmoid", _other("tanh", ["sigmoid"])),
    "sigmoid_for_tanh": Misconception("the sigmoid is taken for tanh", _other("sigmoid", ["tanh"])),
    "slope_forgotten": Misconception("negative numbers are set to 0, as by ReLU",
                                     _other("relu", ["leaky_relu", "elu"])),
    "no_activation": Misconception("negative numbers are left as they are",
                                   _other("identity", ["relu", "leaky_relu", "elu"])),
    "absolute": Misconception("negative numbers lose their sign", _absolute),
    "other_side": Misconception("a sum of exactly 0 falls on the wrong side of the threshold", _other_side),
}  # fmt: skip
