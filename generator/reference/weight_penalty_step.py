"""One step of gradient descent on a loss with a penalty on its weights.

L2: ½ λ Σ w² (or λ Σ w²), L1: λ Σ |w|, whose derivative at 0 is taken as 0 (docs of torch.abs).
"""

from __future__ import annotations

from typing import Any, Literal

from generator.reference import DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import Named, equals, exact, result, tex
from generator.spec import CONVENTIONS

GIVES = "named"
Penalty = Literal["l2", "l1"]


def compute(
    *, weights: Any, gradient: Any, lr: float, coefficient: float, penalty: Penalty = "l2", weight_penalty: str = "half"
) -> Named:
    """Step with torch.optim.SGD on the penalized loss: penalty, its value; total, the gradient with it; weights, after.

    `gradient` is that of the loss alone at `weights`; both are numbers, or lists of one length.
    """
    import torch

    scalar, start, slope = _checked(weights, gradient, coefficient)
    w = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    loss = (torch.tensor(slope, dtype=torch.float64) * w).sum()  # any loss with this gradient
    size = w.abs().sum() if penalty == "l1" else (w**2).sum() * (0.5 if weight_penalty == "half" else 1.0)
    added = coefficient * size
    optimizer = torch.optim.SGD([w])
    optimizer.param_groups[0]["lr"] = float(lr)  # negative only to go uphill
    torch.autograd.backward(loss + added)
    assert w.grad is not None
    total = w.grad.tolist()
    optimizer.step()
    return {"penalty": added.item(), "total": _as(scalar, total), "weights": _as(scalar, w.tolist())}


def _checked(weights: Any, gradient: Any, coefficient: Any) -> tuple[bool, tuple[float, ...], tuple[float, ...]]:
    descent.number("coefficient", coefficient, 0, 1000)
    task = descent.problem(weights, [gradient], None, 0, 1)
    assert task.given
    return task.scalar, task.start, task.given[0]


def _as(scalar: bool, values: list[float]) -> Any:
    return values[0] if scalar else tuple(values)


def recompute(
    *, weights: Any, gradient: Any, lr: float, coefficient: float, penalty: Penalty = "l2", weight_penalty: str = "half"
) -> Named:
    """The same by the derivatives λ w, 2 λ w and λ sign(w), in exact fractions."""
    scalar, start, slope = _checked(weights, gradient, coefficient)
    eta, share = exact(descent.rate(lr)), exact(coefficient)
    before, alone = ([exact(one) for one in values] for values in (start, slope))
    if penalty == "l1":
        value = share * sum(abs(one) for one in before)
        total = [one + share * ((w > 0) - (w < 0)) for one, w in zip(alone, before, strict=True)]
    else:
        factor = share if weight_penalty == "half" else 2 * share
        value = factor / 2 * sum(one * one for one in before)
        total = [one + factor * w for one, w in zip(alone, before, strict=True)]
    after = [w - eta * one for w, one in zip(before, total, strict=True)]
    return {"penalty": float(value), "total": _as(scalar, [*map(float, total)]),
            "weights": _as(scalar, [*map(float, after)])}  # fmt: skip


def says(*, weights: Any, penalty: Penalty = "l2", weight_penalty: str = "half") -> str:
    """What the paper must state for the answer to be one."""
    if penalty == "l2":
        return CONVENTIONS["weight_penalty"][weight_penalty]
    at_zero = 0 in descent.numbers("weights", weights)
    return "the penalty is the coefficient times the sum of absolute weights" + (
        "; the derivative of |w| at 0 is taken as 0" if at_zero else ""
    )


def worked(
    *, weights: Any, gradient: Any, lr: float, coefficient: float, penalty: Penalty = "l2", weight_penalty: str = "half"
) -> str:
    """Penalty, gradient and step with their numbers."""
    found = tidy(compute(weights=weights, gradient=gradient, lr=lr, coefficient=coefficient, penalty=penalty,
                         weight_penalty=weight_penalty))  # fmt: skip
    values = descent.numbers("weights", weights)
    if penalty == "l1":
        size = " + ".join(f"|{{{result(one)}}}|" for one in values)
        first = f"{tex(coefficient)} \\cdot ({size}) {equals(found['penalty'])}"
        signs = tidy([float((one > 0) - (one < 0)) for one in values])
        added = f"{tex(coefficient)} \\cdot {tex(signs if isinstance(weights, list | tuple) else signs[0])}"
    else:
        size = " + ".join(f"{tex(one)}^2" for one in values)
        half = weight_penalty == "half"
        over = f"\\frac{{{result(coefficient)}}}{{2}}" if half else tex(coefficient)
        first = f"{over} \\cdot ({size}) {equals(found['penalty'])}"
        twice = "" if half else "2 \\cdot "
        added = f"{twice}{tex(coefficient)} \\cdot {tex(weights)}"
    return descent.aligned([
        (r"\text{penalty}", first),
        ("g", f"{result(gradient)} + {added} {equals(found['total'])}"),
        ("w", f"{result(weights)} - {tex(lr)} \\cdot {tex(found['total'])} {equals(found['weights'])}"),
    ])  # fmt: skip


def _other_factor(given: dict[str, Any]) -> dict[str, Any]:
    if given["penalty"] != "l2":
        raise DoesNotApply("the penalty has no square")
    return {"weight_penalty": "plain" if given["weight_penalty"] == "half" else "half"}


def _without_rate(
    *, weights: Any, gradient: Any, lr: float, coefficient: float, penalty: Penalty = "l2", weight_penalty: str = "half"
) -> Named:
    """The gradient of the penalty subtracted whole, as if the learning rate were in it."""
    first = {"weights": weights, "gradient": gradient, "lr": lr, "penalty": penalty, "weight_penalty": weight_penalty}
    large = compute(**first, coefficient=coefficient / lr)
    right = compute(**first, coefficient=coefficient)
    return {**right, "weights": large["weights"]}


MISCONCEPTIONS = {
    "no_penalty": Misconception(
        "the penalty is left out", descent.again(compute, descent.with_value("coefficient", 0))
    ),
    "other_factor": Misconception(
        "the derivative of the penalty has the wrong factor of 2", descent.again(compute, _other_factor)
    ),
    "penalty_without_rate": Misconception("the learning rate does not multiply the penalty's gradient", _without_rate),
    "no_learning_rate": Misconception(
        "the learning rate is missing", descent.again(compute, descent.with_value("lr", 1))
    ),
    "uphill": Misconception(
        "the step goes up the gradient", descent.again(compute, lambda given: {"lr": -given["lr"]})
    ),
    "other_penalty": Misconception(
        "L1 and L2 penalties have changed places",
        descent.again(compute, lambda given: {"penalty": "l2" if given["penalty"] == "l1" else "l1"}),
    ),
}
