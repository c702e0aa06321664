"""Steps of Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019); docs of torch.optim.Adam and AdamW.

m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ),  w ← w − η m̂ / (√v̂ + ε)

With `bias_correction: no`, m and v take the place of m̂ and v̂. Weight decay is added to the gradient, or `decoupled`
from it, as in AdamW: w is first multiplied by 1 − η λ. With `epsilon_place: inside`, the step divides by √(v̂ + ε).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import Named, Problem, equals, exact, result, tex
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
LARGEST_DECAY = 100
Decay = Literal["gradient", "decoupled"]


def compute(
    *,
    start: Any,
    lr: float,
    gradients: Any = None,
    curvature: Any = None,
    minimum: Any = 0,
    steps: int = 1,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 0,
    weight_decay: float = 0,
    decay: Decay = "gradient",
    bias_correction: str = "yes",
    weight_penalty: str = "half",
    epsilon_place: str = "outside",
) -> Named:
    """Take the steps with torch.optim.Adam or AdamW: m1, v1, m1_hat, v1_hat, w1 …, and g1 … of a loss.

    PyTorch always corrects the running means. Without correction, the rate, ε and a decoupled decay of each step are
    set to what undoes it: a factor √(1 − β₂ᵗ) / (1 − β₁ᵗ) is in the step, and in ε one of 1 / √(1 − β₂ᵗ).
    """
    from torch.optim import Adam, AdamW

    task = descent.problem(start, gradients, curvature, minimum, steps)
    one, two, small, share = _checked(beta1, beta2, eps, weight_decay, decay, weight_penalty)

    def uncorrected(count: int, settings: dict[str, Any]) -> None:
        gain, root = 1 - one**count, math.sqrt(1 - two**count)
        settings.update(lr=lr * gain / root, eps=small / root)
        if decay == "decoupled":  # it is multiplied by the rate
            settings["weight_decay"] = share * root / gain

    def under_root(count: int, at: Tensor, _: Tensor, kept: Mapping[str, Tensor]) -> Tensor:
        first, second = kept["exp_avg"], kept["exp_avg_sq"]
        if bias_correction == "yes":
            first, second = first / (1 - one**count), second / (1 - two**count)
        return at * (1 - lr * share * (decay == "decoupled")) - lr * first / (second + small).sqrt()

    before = uncorrected if bias_correction == "no" else None
    moved = under_root if epsilon_place == "inside" else None  # which PyTorch does not have
    kind = AdamW if decay == "decoupled" else Adam
    taken = descent.descend(
        task, lr, lambda weights: kind(weights, betas=(one, two), eps=small, weight_decay=share), before, moved
    )
    rows = []
    for count, step in enumerate(taken, 1):
        m, v = step.state["exp_avg"], step.state["exp_avg_sq"]
        row = {"g": step.gradient, "m": m, "v": v}
        if not before:
            row["m_hat"] = tuple(mean / (1 - one**count) for mean in m)
            row["v_hat"] = tuple(mean / (1 - two**count) for mean in v)
        rows.append({**row, "w": step.weights})
    return descent.named(task, rows)


def _checked(
    beta1: Any, beta2: Any, eps: Any, weight_decay: Any, decay: str, weight_penalty: str
) -> tuple[float, float, float, float]:
    share = descent.number("weight_decay", weight_decay, 0, LARGEST_DECAY)
    doubled = 2 if weight_penalty == "plain" and decay == "gradient" else 1
    means = descent.factor("beta1", beta1), descent.factor("beta2", beta2)
    return (*means, descent.number("eps", eps, 0, 1), share * doubled)


def recompute(
    *,
    start: Any,
    lr: float,
    gradients: Any = None,
    curvature: Any = None,
    minimum: Any = 0,
    steps: int = 1,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 0,
    weight_decay: float = 0,
    decay: Decay = "gradient",
    bias_correction: str = "yes",
    weight_penalty: str = "half",
    epsilon_place: str = "outside",
) -> Named:
    """The same by the published rule, in exact fractions and roots to 50 digits."""
    task = descent.problem(start, gradients, curvature, minimum, steps)
    given = {
        "lr": descent.rate(lr), "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay,
        "decay": decay, "bias_correction": bias_correction, "weight_penalty": weight_penalty,
        "epsilon_place": epsilon_place,
    }  # fmt: skip
    return _follow(task, given)


def _follow(
    task: Problem, given: Mapping[str, Any], scale: Callable[[Fraction], Fraction] = descent.root, way: int = 1
) -> Named:
    eta, one, two, small, share = (exact(given[key]) for key in ("lr", "beta1", "beta2", "eps", "weight_decay"))
    corrected, below = given["bias_correction"] == "yes", descent.divisor(scale, small, given["epsilon_place"])
    penalty = share * (2 if given["weight_penalty"] == "plain" else 1) if given["decay"] == "gradient" else Fraction(0)
    shrink = 1 - eta * share if given["decay"] == "decoupled" else Fraction(1)
    w = descent.start_of(task)
    m = v = [Fraction(0)] * len(w)
    rows = []
    for count in range(1, task.steps + 1):
        g = descent.slope(task, count, w)
        whole = [slope + penalty * at for slope, at in zip(g, w, strict=True)]
        m = [one * old + (1 - one) * slope for old, slope in zip(m, whole, strict=True)]
        v = [two * old + (1 - two) * slope**2 for old, slope in zip(v, whole, strict=True)]
        first = [mean / (1 - one**count) for mean in m] if corrected else m
        second = [mean / (1 - two**count) for mean in v] if corrected else v
        under = [below(mean) for mean in second]
        if not all(under):
            raise BadArgument("start", f"step {count} divides by 0")
        w = [shrink * at - way * eta * mean / by for at, mean, by in zip(w, first, under, strict=True)]
        rows.append({"g": g, "m": m, "v": v} | ({"m_hat": first, "v_hat": second} if corrected else {}) | {"w": w})
    return descent.named(task, descent.floats(rows))


def says(
    *,
    eps: float = 0,
    weight_decay: float = 0,
    decay: Decay = "gradient",
    bias_correction: str = "yes",
    weight_penalty: str = "half",
    epsilon_place: str = "outside",
) -> str:
    """What the paper must state for the answer to be one."""
    told = [CONVENTIONS["bias_correction"][bias_correction]]
    told.append(descent.epsilon_said(eps, epsilon_place))
    if weight_decay and decay == "gradient":
        told.append(f"{CONVENTIONS['weight_penalty'][weight_penalty]}; its gradient is added to that of the loss")
    elif weight_decay:
        told.append("weight decay is decoupled: it is no part of the gradient, and is multiplied by the learning rate")
    return "; ".join(told)


def _lines(task: Problem, found: Named, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The equations of each step: gradient, both means, weights."""
    one, two, lr, eps = (given[key] for key in ("beta1", "beta2", "lr", "eps"))
    *_, share = _checked(one, two, eps, given["weight_decay"], given["decay"], given["weight_penalty"])
    coupled = share and given["decay"] == "gradient"
    w = task.of(task.start)
    m = v = task.of([0.0] * len(task.start))
    for count in range(1, task.steps + 1):
        g = descent.gradient_of(task, found, count)
        yield from descent.slope_told(task, count, w, g)
        if coupled:
            old, g = g, tidy(descent.combined(g, share, w))
            yield (
                f"g_{count} + {tex(share)} w_{count - 1}",
                f"{result(old)} + {tex(share)} \\cdot {tex(w)} {equals(g)}",
            )
        before, m = m, found[f"m{count}"]
        yield f"m_{count}", f"{tex(one)} \\cdot {tex(before)} + {tex(1 - one)} \\cdot {tex(g)} {equals(m)}"
        before, v = v, found[f"v{count}"]
        yield f"v_{count}", f"{tex(two)} \\cdot {tex(before)} + {tex(1 - two)} \\cdot {tex(g)}^2 {equals(v)}"
        first, second = m, v
        if given["bias_correction"] == "yes":
            first, second = found[f"m{count}_hat"], found[f"v{count}_hat"]
            yield f"\\hat m_{count}", f"{result(m)} / (1 - {_power(one, count)}) {equals(first)}"
            yield f"\\hat v_{count}", f"{result(v)} / (1 - {_power(two, count)}) {equals(second)}"
        at, w = w, found[f"w{count}"]
        start = f"(1 - {tex(lr)} \\cdot {tex(share)}) \\cdot {tex(at)}" if share and not coupled else result(at)
        yield f"w_{count}", f"{start} - {descent.ratio(lr, first, second, eps, given['epsilon_place'])} {equals(w)}"


def _power(base: float, exponent: int) -> str:
    return result(base) if exponent == 1 else f"{result(base)}^{exponent}"


worked = descent.telling(compute, _lines, descent.BY_ELEMENT)


def _other_decay(given: dict[str, Any]) -> dict[str, Any]:
    if not given["weight_decay"]:
        raise DoesNotApply("there is no weight decay")
    return {"decay": "gradient" if given["decay"] == "decoupled" else "decoupled"}


def _no_correction(task: Problem, given: Mapping[str, Any]) -> Named:
    """Steps by the uncorrected means; the hats are the means themselves."""
    if given["bias_correction"] == "no":
        raise DoesNotApply("the means are not corrected")
    found = _follow(task, {**given, "bias_correction": "no"})
    return {name: found[name.removesuffix("_hat")] for name in compute(**given)}


MISCONCEPTIONS = {
    **descent.common(compute),
    "uphill": Misconception(
        "the step goes up the gradient", descent.instead(compute, lambda task, given: _follow(task, given, way=-1))
    ),
    "no_bias_correction": Misconception(
        "the running means are not corrected", descent.instead(compute, _no_correction)
    ),
    "no_root": Misconception(
        "the step is divided by the mean of squares, not by its root",
        descent.instead(compute, lambda task, given: _follow(task, given, scale=lambda s: s)),
    ),
    "shares_swapped": Misconception(
        "the old mean and the new gradient have each other's share",
        descent.again(compute, lambda given: {"beta1": 1 - given["beta1"], "beta2": 1 - given["beta2"]}),
    ),
    "betas_swapped": Misconception(
        "the two decay rates have changed places",
        descent.again(compute, lambda given: {"beta1": given["beta2"], "beta2": given["beta1"]}),
    ),
    "no_weight_decay": Misconception(
        "the weight decay is left out", descent.again(compute, descent.with_value("weight_decay", 0))
    ),
    "other_decay": Misconception(
        "the decay belongs on the other side: AdamW keeps it out of the gradient, Adam puts it in",
        descent.again(compute, _other_decay),
    ),
}
