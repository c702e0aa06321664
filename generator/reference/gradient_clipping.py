"""Clipping a gradient: to a largest norm (Pascanu, Mikolov, Bengio, 2013), or each element to a largest size.

By norm, g becomes g · min(1, limit / ‖g‖), with one norm over all parameters (docs of torch.nn.utils.clip_grad_norm_);
by value, each element is brought between −limit and limit (clip_grad_value_).
"""

from __future__ import annotations

from typing import Any, Literal

from generator.formulas import vector
from generator.reference import BadArgument, DoesNotApply, Misconception, descent, tidy
from generator.reference.descent import Named, equals, exact, result, tex

GIVES = "named"
By = Literal["norm", "value"]
MOST_PARAMETERS = 4
LARGEST_LIMIT = 1e8  # beyond any norm of gradients that are allowed
GUARD = 1e-6  # what PyTorch adds to a norm before it divides by it


def compute(*, gradients: Any, limit: float, by: By = "norm") -> Named:
    """Clip with torch.nn.utils: norm, and the gradients clipped.

    `gradients` is a list, or a list of lists, one for each parameter: then the results are clipped1, clipped2 …
    PyTorch divides by the norm plus 10⁻⁶; the limit that it is given takes this back.
    """
    import torch

    several, given = _checked(gradients, limit)
    parameters = []
    for one in given:
        parameter = torch.nn.Parameter(torch.zeros(len(one), dtype=torch.float64))
        parameter.grad = torch.tensor(one, dtype=torch.float64)
        parameters.append(parameter)
    norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    if by == "value":
        torch.nn.utils.clip_grad_value_(parameters, limit)
    elif norm > 0:
        guarded = limit * (norm.item() + GUARD) / norm.item()
        torch.nn.utils.clip_grads_with_norm_(parameters, guarded, norm)
    clipped = [tuple(parameter.grad.tolist()) for parameter in parameters if parameter.grad is not None]
    return _named(several, norm.item(), clipped)


def _named(several: bool, norm: float, clipped: list[tuple[float, ...]]) -> Named:
    if not several:
        return {"norm": norm, "clipped": clipped[0]}
    return {"norm": norm, **{f"clipped{place}": one for place, one in enumerate(clipped, 1)}}


def _checked(gradients: Any, limit: Any) -> tuple[bool, list[tuple[float, ...]]]:
    descent.number("limit", limit, 1e-6, LARGEST_LIMIT)
    if not isinstance(gradients, list | tuple) or not gradients:
        raise BadArgument("gradients", "here belongs a list of numbers, or a list of such lists")
    several = isinstance(gradients[0], list | tuple)
    given = [descent.numbers("gradients", one) for one in (gradients if several else [gradients])]
    if len(given) > MOST_PARAMETERS:
        raise BadArgument("gradients", f"{len(given)} parameters are more than {MOST_PARAMETERS}")
    return several, given


def recompute(*, gradients: Any, limit: float, by: By = "norm") -> Named:
    """The same by the definition, with the norm to 50 digits."""
    several, given = _checked(gradients, limit)
    most = exact(limit)
    values = [[exact(value) for value in one] for one in given]
    norm = descent.root(sum((value**2 for one in values for value in one), exact(0)))
    if by == "value":
        clipped = [[min(most, max(-most, value)) for value in one] for one in values]
    else:
        share = min(exact(1), most / norm) if norm else exact(1)
        clipped = [[value * share for value in one] for one in values]
    return _named(several, float(norm), [tuple(map(float, one)) for one in clipped])


def says(*, gradients: Any, by: By = "norm") -> str:
    """What the paper must state for the answer to be one."""
    if by == "value":
        return "each element is clipped by itself"
    many = isinstance(gradients, list | tuple) and len(gradients) > 0 and isinstance(gradients[0], list | tuple)
    return "the norm is the square root of the sum of all squared elements" + (" of all parameters" if many else "")


def worked(*, gradients: Any, limit: float, by: By = "norm") -> str:
    """The norm, the factor and the clipped gradients with their numbers."""
    found = tidy(compute(gradients=gradients, limit=limit, by=by))
    several, given = _checked(gradients, limit)
    names = [f"clipped{place}" for place in range(1, len(given) + 1)] if several else ["clipped"]
    if by == "value":
        pairs = [(vector(tidy(one)), vector(found[name])) for one, name in zip(given, names, strict=True)]
        return "\n\n".join(f"${before} \\to {after}$" for before, after in pairs)
    squares = " + ".join(f"{tex(value)}^2" for one in given for value in one)
    lines = [("\\|g\\|", f"\\sqrt{{{squares}}} {equals(found['norm'])}")]
    if found["norm"] <= limit:
        return descent.aligned(lines) + f"\n\nThat is no more than ${result(limit)}$: the gradient stays as it is."
    share = f"\\frac{{{result(limit)}}}{{{result(found['norm'])}}}"
    lines += [
        (f"{share} \\cdot {vector(tidy(one))}", vector(found[name])) for one, name in zip(given, names, strict=True)
    ]
    return descent.aligned(lines)


def _always(*, gradients: Any, limit: float, by: By = "norm") -> Named:
    """Scaled to the limit even where it is shorter."""
    import torch

    several, given = _checked(gradients, limit)
    whole = torch.tensor([value for one in given for value in one], dtype=torch.float64)
    if by == "value" or not whole.norm():
        raise DoesNotApply("there is no norm to scale")
    share = limit / whole.norm().item()
    return _named(several, whole.norm().item(), [tuple(share * value for value in one) for one in given])


def _each_by_itself(*, gradients: Any, limit: float, by: By = "norm") -> Named:
    """Each parameter clipped by its own norm."""
    several, given = _checked(gradients, limit)
    if by == "value" or not several:
        raise DoesNotApply("there is one norm")
    whole = compute(gradients=gradients, limit=limit)["norm"]
    return _named(True, whole, [compute(gradients=list(one), limit=limit)["clipped"] for one in given])


def _of_order(gradients: Any, limit: float, by: By, order: float, power: float = 1) -> Named:
    """Another norm in place of the Euclidean one, or a power of it."""
    import torch

    several, given = _checked(gradients, limit)
    whole = torch.tensor([value for one in given for value in one], dtype=torch.float64)
    norm = torch.linalg.vector_norm(whole, order).item() ** power
    if by == "value" or not norm:
        raise DoesNotApply("there is no norm")
    share = min(1.0, limit / norm)
    return _named(several, norm, [tuple(share * value for value in one) for one in given])


def _sum_of_sizes(*, gradients: Any, limit: float, by: By = "norm") -> Named:
    return _of_order(gradients, limit, by, 1)


def _no_root(*, gradients: Any, limit: float, by: By = "norm") -> Named:
    return _of_order(gradients, limit, by, 2, 2)


MISCONCEPTIONS = {
    "other_way": Misconception(
        "elements and norm are mixed up: one way of clipping keeps the direction, the other does not",
        descent.again(compute, lambda given: {"by": "value" if given["by"] == "norm" else "norm"}),
    ),
    "no_root": Misconception("the root of the sum of squares is not taken", _no_root),
    "sum_of_sizes": Misconception("absolute values are added up in place of squares", _sum_of_sizes),
    "each_by_itself": Misconception("each parameter is clipped by its own norm", _each_by_itself),
    "always": Misconception("a gradient that is short enough is scaled too", _always),
    "not_clipped": Misconception(
        "the gradient is left as it is", descent.again(compute, lambda _: {"limit": LARGEST_LIMIT})
    ),
}
