"""The derivative of the last unit of a chain by its input: the product of all weights and activation slopes.

A chain has one unit in each layer, h_i = f(w_i h_{i-1} + b_i), as in the textbook picture of vanishing gradients
(Hochreiter, 1991; Nielsen, Neural Networks and Deep Learning, chapter 5).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import aligned, equals, factor, reading, tensor, tex, vector

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
MOST_LAYERS = 30
LARGEST_WEIGHT = 100
Activation = Literal["sigmoid", "tanh", "relu", "identity"]


@dataclass(frozen=True)
class Chain:
    """The weight and the output of each unit."""

    activation: Activation
    weights: list[float]
    outputs: list[float]


def _task(*, activation: Activation, weights: Any, outputs: Any) -> Chain:
    """As many weights as outputs; one number stands for a list only where the other is a list. Raises BadArgument."""
    given = {"weights": weights, "outputs": outputs}
    lengths = [len(one) for one in given.values() if isinstance(one, list | tuple)]
    if not lengths or not 1 <= lengths[0] <= MOST_LAYERS:
        raise BadArgument("weights", f"here belongs a list with a weight for each of 1 to {MOST_LAYERS} layers")
    lists = {name: one if isinstance(one, list | tuple) else [one] * lengths[0] for name, one in given.items()}
    found = vector("weights", lists["weights"], lengths[0], -LARGEST_WEIGHT, LARGEST_WEIGHT)
    values = vector("outputs", lists["outputs"], lengths[0])
    lowest = {"sigmoid": 0.0, "tanh": -1.0}.get(activation, -math.inf)
    highest = 1.0 if activation in ("sigmoid", "tanh") else math.inf
    for value in values:
        if not lowest < value < highest or (activation == "relu" and value < 0):
            raise BadArgument("outputs", f"{value:g} does not come out of {activation}")
    return Chain(activation, found, values)


@reading(_task)
def compute(chain: Chain) -> float:
    """Run the chain and backpropagate by autograd, with biases that lead to these outputs.

    `weights`: a weight for each layer; `outputs`: what each unit gives. One of them may be one number for all layers.
    """
    return _run(chain, _functions()[chain.activation])


def _functions() -> dict[str, Callable[[Tensor], Tensor]]:
    import torch

    return {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: 1 * z}


def _run(chain: Chain, function: Callable[[Tensor], Tensor]) -> float:
    """Every unit gets the sum that leads to its output: the bias is this sum less the weight's share."""
    import torch

    start = h = tensor(0.0).requires_grad_()
    for weight, output in zip(chain.weights, chain.outputs, strict=True):
        bias = _sum(chain.activation, output) - weight * h.detach()
        h = function(weight * h + bias)
    (slope,) = torch.autograd.grad(h, start)
    return slope.item()


def _sum(activation: str, output: float) -> Tensor:
    """What went into a unit with this output."""
    import torch

    found = tensor(output)
    return {"sigmoid": torch.logit, "tanh": torch.atanh}.get(activation, lambda one: one)(found)


@reading(_task)
def recompute(chain: Chain) -> float:
    """The product by closed formulas, in fractions."""
    return _product(chain)


def _product(chain: Chain) -> float:
    product = Fraction(1)
    for weight, output in zip(chain.weights, chain.outputs, strict=True):
        product *= Fraction(repr(weight)) * _slope(chain.activation, Fraction(repr(output)))
    return float(product)


def _slope(activation: str, output: Fraction) -> Fraction:
    match activation:
        case "sigmoid":
            return output * (1 - output)
        case "tanh":
            return 1 - output**2
        case "relu":
            return Fraction(output > 0)
    return Fraction(1)


def says() -> str:
    """Nothing: weights and outputs are given."""
    return ""


@reading(_task)
def worked(chain: Chain) -> str:
    """The slopes, and the product of all factors."""
    slopes = [float(_slope(chain.activation, Fraction(repr(output)))) for output in chain.outputs]
    formula = {"sigmoid": " = h_i\\,(1 - h_i)", "tanh": " = 1 - h_i^2"}.get(chain.activation, "")
    named = f"Layer $i$ contributes $w_i\\,f'(z_i)$ with $f'(z_i){formula}$."
    total = equals(_product(chain))
    if len(set(zip(chain.weights, slopes, strict=True))) == 1 and len(slopes) > 1:
        return rf"{named} $$({_times(chain.weights[0], slopes[0])})^{{{len(slopes)}}} {total}$$"
    layers = [
        (rf"w_{{{place}}}\,f'(z_{{{place}}})", f"= {_times(weight, slope)} {equals(weight * slope)}")
        for place, (weight, slope) in enumerate(zip(chain.weights, slopes, strict=True), 1)
    ]
    layers.append((r"\text{product}", total))
    return f"{named}\n\n{aligned(*layers)}"


def _times(weight: float, slope: float) -> str:
    return rf"{tex(weight)} \cdot {factor(slope)}"


# ---- wrong ways ----


@reading(_task)
def _no_weights(chain: Chain) -> float:
    return _run(replace(chain, weights=[1.0] * len(chain.weights)), _functions()[chain.activation])


@reading(_task)
def _no_slopes(chain: Chain) -> float:
    return _run(chain, lambda z: 1 * z)


@reading(_task)
def _values_for_slopes(chain: Chain) -> float:
    return math.prod(weight * output for weight, output in zip(chain.weights, chain.outputs, strict=True))


@reading(_task)
def _one_layer_less(chain: Chain) -> float:
    if len(chain.weights) == 1:
        raise DoesNotApply("there is one layer")
    return _run(Chain(chain.activation, chain.weights[1:], chain.outputs[1:]), _functions()[chain.activation])


@reading(_task)
def _added(chain: Chain) -> float:
    function = _functions()[chain.activation]
    pairs = zip(chain.weights, chain.outputs, strict=True)
    return sum(_run(Chain(chain.activation, [weight], [output]), function) for weight, output in pairs)


MISCONCEPTIONS = {
    "no_weights": Misconception("the weights are left out", _no_weights),
    "no_slopes": Misconception("the derivatives of the activation are left out", _no_slopes),
    "values_for_slopes": Misconception("the outputs are taken for the derivatives", _values_for_slopes),
    "one_layer_less": Misconception("one layer is left out", _one_layer_less),
    "added": Misconception("the layers' factors are added, not multiplied", _added),
}
