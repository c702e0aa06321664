"""The variance that an initialization gives to the weights of a layer.

scheme  variance                    torch.nn.init
xavier  2 / (fan_in + fan_out)      xavier_normal_, xavier_uniform_ (Glorot and Bengio, 2010)
he      2 / fan_in                  kaiming_normal_, kaiming_uniform_ for ReLU (He et al., 2015)
lecun   1 / fan_in                  kaiming_normal_, kaiming_uniform_, linear (LeCun et al., 1998)

A uniform distribution on [−a, a] has the variance a² / 3. For a convolution, a fan is channels times kernel elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from generator.forward import DoesNotFit, build
from generator.layers import Layer, Network
from generator.reference import DoesNotApply, Misconception, descent
from generator.reference.descent import equals

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "number"
Scheme = Literal["xavier", "he", "lecun"]
Give = Literal["variance", "deviation", "bound"]
KINDS = ("Linear", "Conv1d", "Conv2d", "Conv3d")
LARGEST_WEIGHT = 20_000_000  # elements; a moment to fill
SOME = 1000  # elements that tell the scale of all
GAINS = {"xavier": 1.0, "he": 2.0, "lecun": 1.0}


def compute(network: Network, *, layer: str, scheme: Scheme, give: Give = "variance") -> float:
    """Initialize the layer's weight with torch.nn.init, and compare it with the same random numbers, not scaled.

    `give`: variance, deviation (its root), or bound: the largest size of a weight drawn from a uniform distribution.
    """
    return _measured(tuple(_weight(network, layer, scheme).shape), scheme, give)


def _weight(network: Network, name: str, scheme: Scheme) -> Tensor:
    """The weight of a layer, not filled, in double precision; raises DoesNotFit."""
    from torch import Tensor

    layer = _layer(network, name)
    if scheme == "xavier" and layer.argument("groups", 1) > 1:  # PyTorch's fan-out is that of all groups
        raise DoesNotFit(
            name, f"layer {name} has groups, and there are two ways to count its fan-out; he and lecun need none"
        )
    module = build(layer)
    weight = module.weight
    assert isinstance(weight, Tensor)
    if weight.numel() > LARGEST_WEIGHT:
        raise DoesNotFit(name, f"layer {name} has more than {LARGEST_WEIGHT:,} weights")
    return weight


def _layer(network: Network, name: str) -> Layer:
    layer = network.layer(name)
    if layer.kind not in KINDS:
        raise DoesNotFit(name, f"layer {name} is none of {', '.join(KINDS)}")
    return layer


@lru_cache(maxsize=1024)
def _measured(shape: tuple[int, ...], scheme: Scheme, give: Give) -> float:
    """The scale that torch.nn.init gives to standard random numbers."""
    import torch
    from torch.nn import init

    weight = torch.empty(shape, dtype=torch.float64)
    plain = torch.empty(weight.shape, dtype=torch.float64)
    here, there = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    uniform = give == "bound"
    with torch.no_grad():
        plain = plain.uniform_(-1, 1, generator=there) if uniform else plain.normal_(generator=there)
        match scheme, uniform:
            case "xavier", True:
                init.xavier_uniform_(weight, generator=here)
            case "xavier", False:
                init.xavier_normal_(weight, generator=here)
            case _, True:
                init.kaiming_uniform_(weight, nonlinearity="relu" if scheme == "he" else "linear", generator=here)
            case _:
                init.kaiming_normal_(weight, nonlinearity="relu" if scheme == "he" else "linear", generator=here)
        scaled, standard = weight.flatten()[:SOME], plain.flatten()[:SOME]
        scale = (scaled.dot(standard) / standard.dot(standard)).item()
    return scale**2 if give == "variance" else scale


def recompute(network: Network, *, layer: str, scheme: Scheme, give: Give = "variance") -> float:
    """The same by the closed formula."""
    return _closed(*_fans(_layer(network, layer)), scheme, give)


def _fans(layer: Layer) -> tuple[int, int]:
    """How many inputs a weight's unit has, and to how many outputs an input goes."""
    if layer.kind == "Linear":
        return layer.argument("in_features"), layer.argument("out_features")
    kernel = layer.argument("kernel_size")
    window = math.prod(kernel if isinstance(kernel, tuple) else (kernel,) * int(layer.kind[-2]))
    return layer.argument("in_channels") // layer.argument("groups", 1) * window, layer.argument(
        "out_channels"
    ) * window


def _closed(fan_in: int, fan_out: int, scheme: Scheme, give: Give) -> float:
    variance = 2 / (fan_in + fan_out) if scheme == "xavier" else GAINS[scheme] / fan_in
    return {"variance": variance, "deviation": math.sqrt(variance), "bound": math.sqrt(3 * variance)}[give]


NAMED = {"xavier": "Xavier (Glorot)", "he": "He (Kaiming)", "lecun": "LeCun"}


def says(*, scheme: Scheme, give: Give = "variance") -> str:
    """What the paper must state for the answer to be one."""
    fan = "the mean of fan-in and fan-out" if scheme == "xavier" else "fan-in"
    told = f"{NAMED[scheme]} initialization is used with {fan}" + (", for ReLU" if scheme == "he" else "")
    return told + ("; the bound is the largest size of a weight drawn uniformly" if give == "bound" else "")


def worked(network: Network, *, layer: str, scheme: Scheme, give: Give = "variance") -> str:
    """Both fans and the formula with their numbers."""
    one = _layer(network, layer)
    fan_in, fan_out = _fans(one)
    value = compute(network, layer=layer, scheme=scheme, give=give)
    lines = []
    if one.kind == "Linear":
        lines.append(f"Fan-in is ${fan_in}$, fan-out ${fan_out}$.")
    else:
        window = fan_out // one.argument("out_channels")
        inputs = fan_in // window
        lines.append(
            f"Fan-in is ${inputs} \\cdot {window} = {fan_in}$, "
            f"fan-out ${one.argument('out_channels')} \\cdot {window} = {fan_out}$."
        )
    fraction = (
        f"\\frac{{2}}{{{fan_in} + {fan_out}}}" if scheme == "xavier" else f"\\frac{{{GAINS[scheme]:g}}}{{{fan_in}}}"
    )
    variance = _closed(fan_in, fan_out, scheme, "variance")
    equations = [("\\sigma^2", f"{fraction} {equals(variance)}")]
    if give == "deviation":
        equations.append(("\\sigma", f"\\sqrt{{{fraction}}} {equals(value)}"))
    if give == "bound":
        equations.append(("a", f"\\sqrt{{3 \\cdot {fraction}}} {equals(value)}"))
    return "\n\n".join([*lines, descent.aligned(equations)])


def _reshaped(shape: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Callable[..., float]:
    """Initialize a weight of another shape, given as (outputs, inputs, kernel …)."""

    def wrong(network: Network, *, layer: str, scheme: Scheme, give: Give = "variance") -> float:
        return _measured(shape(tuple(_weight(network, layer, scheme).shape)), scheme, give)

    return wrong


def _of_another(give: Give, taken: Give) -> Callable[..., float]:
    """What is asked for mixed up with something else."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        if given["give"] != give:
            raise DoesNotApply(f"the {give} is not asked for")
        return {"give": taken}

    return descent.again(compute, change)


def _other_gain(given: dict[str, Any]) -> dict[str, Any]:
    return {"scheme": {"he": "lecun", "lecun": "he", "xavier": "lecun"}[given["scheme"]]}


MISCONCEPTIONS = {
    "fans_swapped": Misconception(
        "fan-out is taken for fan-in", _reshaped(lambda shape: (shape[1], shape[0], *shape[2:]))
    ),
    "kernel_ignored": Misconception("the elements of the kernel are not counted", _reshaped(lambda shape: shape[:2])),
    "wrong_gain": Misconception(
        "the numerator or the fan is that of another scheme", descent.again(compute, _other_gain)
    ),
    "deviation_for_variance": Misconception(
        "this is the standard deviation, not the variance", _of_another("variance", "deviation")
    ),
    "variance_for_deviation": Misconception(
        "this is the variance, whose root is not taken", _of_another("deviation", "variance")
    ),
    "deviation_for_bound": Misconception(
        "this is the standard deviation; a uniform distribution reaches √3 times as far",
        _of_another("bound", "deviation"),
    ),
}
