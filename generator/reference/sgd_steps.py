"""Steps of stochastic gradient descent: plain, with momentum, with Nesterov's momentum, with weight decay.

`momentum_form: pytorch` (docs of torch.optim.SGD):     v ← β v + g,  w ← w − η v;  Nesterov: w ← w − η (g + β v)
`momentum_form: averaged` (Ng, 2017):                   v ← β v + (1 − β) g,  w ← w − η v
`momentum_form: classic` (Sutskever et al., 2013):      v ← β v − η g,  w ← w + v;  Nesterov: g is taken at w + β v

With weight decay, the gradient of the penalty (λ w, or 2 λ w where the penalty has no factor ½) is added to g.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from generator.reference import BadArgument, DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import Exact, Named, Problem, equals, exact, result, tex
from generator.spec import CONVENTIONS

GIVES = "named"
LARGEST_DECAY = 100


def compute(
    *,
    start: Any,
    lr: float,
    gradients: Any = None,
    curvature: Any = None,
    minimum: Any = 0,
    steps: int = 1,
    momentum: float | None = None,
    nesterov: bool = False,
    weight_decay: float = 0,
    momentum_form: str = "pytorch",
    weight_penalty: str = "half",
) -> Named:
    """Take the steps with torch.optim.SGD: v1, w1, v2, w2 … (v with momentum), and g1, g2 … of a loss.

    What PyTorch moves with Nesterov's momentum is the point that the classic form looks ahead to; its weights are that
    point less β v.
    """
    from torch.optim import SGD

    task = descent.problem(start, gradients, curvature, minimum, steps)
    beta, decay = _checked(momentum, nesterov, weight_decay, weight_penalty)
    ahead = nesterov and beta > 0
    rate = lr * (1 - beta) if momentum_form == "averaged" else lr  # a mean is that share of the sum
    taken = descent.descend(task, rate, lambda weights: SGD(weights, momentum=beta, weight_decay=decay, nesterov=ahead))
    rows = []
    for step in taken:
        without = tuple(g + decay * w for g, w in zip(step.gradient, step.before, strict=True))
        velocity, weights = step.state.get("momentum_buffer", without), step.weights
        if momentum_form == "averaged":
            velocity = tuple((1 - beta) * one for one in velocity)
        if momentum_form == "classic":
            velocity = tuple(-lr * one for one in velocity)
            if ahead:
                weights = tuple(w - beta * v for w, v in zip(weights, velocity, strict=True))
        rows.append({"g": step.gradient} | ({} if momentum is None else {"v": velocity}) | {"w": weights})
    return descent.named(task, rows)


def _checked(momentum: Any, nesterov: Any, weight_decay: Any, weight_penalty: str) -> tuple[float, float]:
    """The momentum, and what weights are multiplied by in the gradient of the penalty."""
    if not isinstance(nesterov, bool) or (nesterov and momentum is None):
        raise BadArgument("nesterov", "true or false, and true only with momentum")
    beta = 0.0 if momentum is None else descent.factor("momentum", momentum)
    decay = descent.number("weight_decay", weight_decay, 0, LARGEST_DECAY)
    return beta, decay * (2 if weight_penalty == "plain" else 1)


def recompute(
    *,
    start: Any,
    lr: float,
    gradients: Any = None,
    curvature: Any = None,
    minimum: Any = 0,
    steps: int = 1,
    momentum: float | None = None,
    nesterov: bool = False,
    weight_decay: float = 0,
    momentum_form: str = "pytorch",
    weight_penalty: str = "half",
) -> Named:
    """The same by the published rules, in exact fractions."""
    task = descent.problem(start, gradients, curvature, minimum, steps)
    eta, beta = exact(descent.rate(lr)), exact(momentum or 0)
    decay = exact(weight_decay) * (2 if weight_penalty == "plain" else 1)
    share = 1 - beta if momentum_form == "averaged" else Fraction(1)
    if momentum_form == "classic":
        followed = _classic(task, eta, beta, decay, nesterov)
    else:
        followed = _pytorch(task, eta, beta, share, decay, nesterov)
    rows = [{"g": g} | ({} if momentum is None else {"v": v}) | {"w": w} for g, v, w in followed]
    return descent.named(task, descent.floats(rows))


def _pytorch(
    task: Problem, eta: Fraction, beta: Fraction, share: Fraction, decay: Fraction, nesterov: bool
) -> Iterator[tuple[Exact, Exact, Exact]]:
    """Each gradient, velocity and weights; `share` is what a new gradient is multiplied by."""
    w = descent.start_of(task)
    v = [Fraction(0)] * len(w)
    for count in range(1, task.steps + 1):
        g = descent.slope(task, count, w)
        whole = [share * (one + decay * at) for one, at in zip(g, w, strict=True)]
        v = [beta * old + one for old, one in zip(v, whole, strict=True)]
        along = [one + beta * new for one, new in zip(whole, v, strict=True)] if nesterov else v
        w = [at - eta * one for at, one in zip(w, along, strict=True)]
        yield g, v, w


def _classic(
    task: Problem, eta: Fraction, beta: Fraction, decay: Fraction, nesterov: bool
) -> Iterator[tuple[Exact, Exact, Exact]]:
    w = descent.start_of(task)
    v = [Fraction(0)] * len(w)
    for count in range(1, task.steps + 1):
        at = [one + beta * old for one, old in zip(w, v, strict=True)] if nesterov else w
        g = descent.slope(task, count, at)
        v = [beta * old - eta * (one + decay * here) for old, one, here in zip(v, g, at, strict=True)]
        w = [one + new for one, new in zip(w, v, strict=True)]
        yield g, v, w


def says(
    *,
    gradients: Any = None,
    momentum: float | None = None,
    nesterov: bool = False,
    weight_decay: float = 0,
    momentum_form: str = "pytorch",
    weight_penalty: str = "half",
) -> str:
    """What the paper must state for the answer to be one."""
    told = []
    if momentum is not None:
        moves = "is added to the weights" if momentum_form == "classic" else "is subtracted from the weights"
        told.append(f"{CONVENTIONS['momentum_form'][momentum_form]}; it starts at 0 and {moves}")
    if nesterov and momentum_form == "classic":
        given = "each gradient given is" if gradients is not None else "each gradient is taken"
        told.append(f"{given} at the point that the weights plus momentum times the old velocity lead to")
    elif nesterov and momentum_form == "averaged":
        told.append(
            "in place of the velocity, a step uses one minus the momentum times the gradient, plus momentum times the "
            "new velocity"
        )
    elif nesterov:
        told.append("in place of the velocity, a step uses the gradient plus momentum times the new velocity")
    if weight_decay:
        told.append(f"{CONVENTIONS['weight_penalty'][weight_penalty]}; its gradient is added to that of the loss")
    return "; ".join(told)


def _lines(task: Problem, found: Named, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The equations of each step: gradient, velocity, weights."""
    momentum, lr = given["momentum"], given["lr"]
    classic, nesterov = given["momentum_form"] == "classic", given["nesterov"]
    beta, decay = _checked(momentum, nesterov, given["weight_decay"], given["weight_penalty"])
    w, v = task.of(task.start), task.of([0.0] * len(task.start))
    for count in range(1, task.steps + 1):
        at = w
        if nesterov and classic and count > 1:
            at = tidy(descent.combined(w, beta, v))
            left = f"w_{count - 1} + {tex(beta)} v_{count - 1}"
            yield left, f"{result(w)} + {tex(beta)} \\cdot {tex(v)} {equals(at)}"
        g = descent.gradient_of(task, found, count)
        yield from descent.slope_told(task, count, at, g)
        whole = f"({result(g)} + {tex(decay)} \\cdot {tex(at)})" if decay else tex(g)
        if momentum and given["momentum_form"] == "averaged":
            whole = f"{tex(1 - momentum)} \\cdot {whole}"
        new = found.get(f"v{count}")
        if new is not None:
            added = f"- {tex(lr)} \\cdot {whole}" if classic else f"+ {whole}"
            yield f"v_{count}", f"{tex(beta)} \\cdot {tex(v)} {added} {equals(new)}"
        if new is None:
            move = f"- {tex(lr)} \\cdot {whole}"
        elif classic:
            move = f"+ {tex(new)}"
        elif nesterov:
            move = f"- {tex(lr)} \\cdot ({whole} + {tex(beta)} \\cdot {tex(new)})"
        else:
            move = f"- {tex(lr)} \\cdot {tex(new)}"
        yield f"w_{count}", f"{result(w)} {move} {equals(found[f'w{count}'])}"
        w, v = found[f"w{count}"], new


worked = descent.telling(compute, _lines)


def _only_with_momentum(**change: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def changed(given: dict[str, Any]) -> dict[str, Any]:
        if not given["momentum"]:
            raise DoesNotApply("there is no momentum")
        return change

    return changed


def _form(other: str, given_form: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The rule of another form of momentum in the place of one."""

    def changed(given: dict[str, Any]) -> dict[str, Any]:
        if not given["momentum"] or given["momentum_form"] != given_form:
            raise DoesNotApply(f"the velocity is not of the form {given_form}")
        return {"momentum_form": other}

    return changed


MISCONCEPTIONS = {
    **descent.common(compute),
    "no_momentum": Misconception(
        "the momentum is left out", descent.again(compute, _only_with_momentum(momentum=0, nesterov=False))
    ),
    "no_look_ahead": Misconception(
        "this is a step of plain momentum, without looking ahead",
        descent.again(compute, descent.with_value("nesterov", False)),
    ),
    "no_weight_decay": Misconception(
        "the weight decay is left out", descent.again(compute, descent.with_value("weight_decay", 0))
    ),
    "averaged_velocity": Misconception(
        "the gradient is weighted with one minus the momentum", descent.again(compute, _form("averaged", "pytorch"))
    ),
    "not_averaged": Misconception(
        "the gradient is not weighted with one minus the momentum", descent.again(compute, _form("pytorch", "averaged"))
    ),
}
