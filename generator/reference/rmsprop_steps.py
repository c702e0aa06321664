"""Steps of RMSProp (Hinton, Lecture 6 of Neural Networks for Machine Learning, 2012; docs of torch.optim.RMSprop).

s ← α s + (1 − α) g²,  w ← w − η g / (√s + ε)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from generator.reference import Misconception, descent
from generator.reference.descent import Named, Problem, equals, exact, result, tex

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"


def compute(
    *,
    start: Any,
    lr: float,
    gradients: Any = None,
    curvature: Any = None,
    minimum: Any = 0,
    steps: int = 1,
    alpha: float = 0.9,
    eps: float = 0,
    epsilon_place: str = "outside",
) -> Named:
    """Take the steps with torch.optim.RMSprop: s1, w1, s2, w2 …, and g1, g2 … of a loss."""
    from torch.optim import RMSprop

    task = descent.problem(start, gradients, curvature, minimum, steps)
    keep, small = descent.factor("alpha", alpha), descent.number("eps", eps, 0, 1)

    def under_root(_: int, at: Tensor, gradient: Tensor, kept: Mapping[str, Tensor]) -> Tensor:
        return at - lr * gradient / (kept["square_avg"] + small).sqrt()

    moved = under_root if epsilon_place == "inside" else None  # which PyTorch does not have
    taken = descent.descend(task, lr, lambda weights: RMSprop(weights, alpha=keep, eps=small), moved=moved)
    return descent.named(
        task, [{"g": step.gradient, "s": step.state["square_avg"], "w": step.weights} for step in taken]
    )


def recompute(
    *,
    start: Any,
    lr: float,
    gradients: Any = None,
    curvature: Any = None,
    minimum: Any = 0,
    steps: int = 1,
    alpha: float = 0.9,
    eps: float = 0,
    epsilon_place: str = "outside",
) -> Named:
    """The same by the published rule, in exact fractions and roots to 50 digits."""
    task = descent.problem(start, gradients, curvature, minimum, steps)
    return _follow(task, {"lr": descent.rate(lr), "alpha": alpha, "eps": eps, "epsilon_place": epsilon_place})


def _follow(
    task: Problem,
    given: Mapping[str, Any],
    remember: Callable[[Fraction, Fraction], Fraction] | None = None,
    scale: Callable[[Fraction], Fraction] = descent.root,
) -> Named:
    keep, small = exact(given["alpha"]), exact(given["eps"])
    mean = remember or (lambda old, g: keep * old + (1 - keep) * g * g)
    return descent.scaled(task, exact(given["lr"]), mean, descent.divisor(scale, small, given["epsilon_place"]))


def says(*, eps: float = 0, epsilon_place: str = "outside") -> str:
    """What the paper must state for the answer to be one."""
    return f"the running mean of squared gradients starts at 0, and {descent.epsilon_said(eps, epsilon_place)}"


def _lines(task: Problem, found: Named, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The equations of each step: gradient, mean of squares, weights."""
    w, s = task.of(task.start), task.of([0.0] * len(task.start))
    keep = given["alpha"]
    for count in range(1, task.steps + 1):
        g = descent.gradient_of(task, found, count)
        yield from descent.slope_told(task, count, w, g)
        old, s = s, found[f"s{count}"]
        yield f"s_{count}", f"{tex(keep)} \\cdot {tex(old)} + {tex(1 - keep)} \\cdot {tex(g)}^2 {equals(s)}"
        at, w = w, found[f"w{count}"]
        yield (
            f"w_{count}",
            f"{result(at)} - {descent.ratio(given['lr'], g, s, given['eps'], given['epsilon_place'])} {equals(w)}",
        )


worked = descent.telling(compute, _lines, descent.BY_ELEMENT)

MISCONCEPTIONS = {
    **descent.common(compute),
    "no_root": Misconception(
        "the gradient is divided by the mean of squares, not by its root",
        descent.instead(compute, lambda task, given: _follow(task, given, scale=lambda s: s)),
    ),
    "summed": Misconception(
        "the squares are added up, as in AdaGrad, not averaged",
        descent.instead(compute, lambda task, given: _follow(task, given, lambda old, g: old + g * g)),
    ),
    "shares_swapped": Misconception(
        "the old mean and the new square have each other's share",
        descent.again(compute, lambda given: {"alpha": 1 - given["alpha"]}),
    ),
    "not_scaled": Misconception(
        "the gradient is not divided by the root of the mean",
        descent.instead(compute, lambda task, given: _follow(task, given, scale=lambda _: Fraction(1))),
    ),
}
