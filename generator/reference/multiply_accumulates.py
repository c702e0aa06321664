"""How many multiplications, each with its addition, one example costs: in convolutions, linear layers and their kin."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from generator.forward import STEPS, Step, build, gives, run
from generator.layers import RECURRENT, Layer, Network
from generator.reference import DoesNotApply, Misconception
from generator.reference.altered import with_
from generator.reference.sizes import Shape, each, sized

GIVES = "count"
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def compute(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> int:
    """Count with PyTorch's own counter, which adds a multiplication and an addition for each: half of its FLOPs.

    Additions of the bias are not counted. All layers when none are named; `cost` is macs or flops.
    """
    total = sum(_counted(step) for step in run(network) if not layers or step.layer.name in layers)
    return total if cost == "flops" else total // 2


def _counted(step: Step) -> int:
    """The FLOPs of one layer; a recurrent layer costs the same in each step, so a few of them tell."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    size, times, of = step.input, 1, 1
    if step.layer.kind in RECURRENT:
        of = min(step.input[0], STEPS)
        size, times = (of, *step.input[1:]), step.input[0]
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        gives(
            step.layer, build(step.layer), [torch.empty((1, *shape), device="meta") for shape in (size, *step.others)]
        )
    return int(counter.get_total_flops()) // of * times


def recompute(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> int:
    """The same by closed formula: each output element of a layer is one sum over a window, or over all inputs."""
    total = 0
    for one in sized(network):
        if not layers or one.layer.name in layers:
            total += sum(math.prod(factors) for factors in _factors(one.layer, one.inputs[0], one.output))
    return total * (2 if cost == "flops" else 1)


def _factors(layer: Layer, given: Shape, out: Shape) -> Iterator[tuple[int, ...]]:
    """The products that add up to the cost of a layer."""
    kind = layer.kind
    if kind == "Linear":
        yield (*out, layer.argument("in_features"))
    if kind.startswith("Conv"):
        groups, window = layer.argument("groups", 1), each(layer, "kernel_size", len(given) - 1, 1)
        if kind.startswith("ConvTranspose"):  # here each input element is spread over a window of the output
            yield (*given, layer.argument("out_channels") // groups, *window)
        else:
            yield (*out, layer.argument("in_channels") // groups, *window)
    if kind in GATES:
        hidden, ways = layer.argument("hidden_size"), 2 if layer.argument("bidirectional") else 1
        for place in range(layer.argument("num_layers", 1)):
            wide = layer.argument("input_size") if place == 0 else ways * hidden
            yield (given[0], ways * GATES[kind], hidden, wide + hidden)
    if kind in {"MultiheadAttention", "TransformerEncoderLayer"}:
        steps, wide = given
        yield (4, steps, wide, wide)
        yield (2, steps, steps, wide)
    if kind == "TransformerEncoderLayer":
        yield (2, *given, layer.argument("dim_feedforward", 2048))


def says(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> str:
    """What counts as one, and what is left out."""
    one = {
        "macs": "count one multiplication with its addition as one operation",
        "flops": "count a multiplication and an addition as two operations",
    }[cost]
    kinds = {layer.kind for layer in network.layers if not layers or layer.name in layers}
    left_out = [name for name, of in LEFT_OUT.items() if any(kind.startswith(of) for kind in kinds)]
    return f"{one}, for one example; leave out {', '.join(['biases', 'activations', *left_out])} and pooling"


LEFT_OUT: dict[str, tuple[str, ...]] = {  # beside biases, activations and pooling, where such layers occur
    "products of gates and states": tuple(RECURRENT),
    "the softmax of attention": ("MultiheadAttention", "TransformerEncoderLayer"),
    "softmax": ("Softmax", "LogSoftmax"),
    "normalization": ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "TransformerEncoderLayer"),
    "the addition of branches": ("Add", "TransformerEncoderLayer"),
    "upsampling": ("Upsample", "Upsampling"),
}


def worked(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> str:
    """The count of each layer, as a Markdown list with the numbers of this network."""
    lines = []
    for one in sized(network):
        terms = [*_factors(one.layer, one.inputs[0], one.output)]
        if terms and (not layers or one.layer.name in layers):
            sums = " + ".join(r" \cdot ".join(map(str, factors)) for factors in terms)
            total = sum(map(math.prod, terms))
            lines.append(f"- {one.layer.name}: {_told(one.layer)}, ${sums} = {total}$")
    macs = compute(network, layers=layers)
    twice = f" Each is two operations: $2 \\cdot {macs} = {2 * macs}$." if cost == "flops" else ""
    return "\n".join([*lines, f"\nTogether {macs}.{twice}"])


def _told(layer: Layer) -> str:
    kind = layer.kind
    if kind.startswith("ConvTranspose"):
        return "for each input value one product with each weight that spreads it"
    if kind.startswith("Conv"):
        return "for each output value one product with each weight of its kernel"
    if kind == "Linear":
        return "for each output value one product with each input"
    if kind in GATES:
        return "in each step and for each gate one product with each input and each hidden value"
    if kind == "MultiheadAttention":
        return "four projections of each step, then scores and weighted sums"
    return "four projections of each step, scores and weighted sums, then the two linear layers"


# ---- wrong ways ----


def _wrong(change: Callable[[Layer, Shape], tuple[Layer, Shape] | None]) -> Callable[..., int]:
    """Count each layer for itself, changed where the misconception changes it."""

    def wrong(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> int:
        total, changed = 0, False
        for step in run(network):
            if layers and step.layer.name not in layers:
                continue
            new = change(step.layer, step.input)
            changed = changed or new is not None
            if new:
                total += compute(Network(new[1], (new[0],)), cost=cost)
            else:
                total += _counted(step) // (1 if cost == "flops" else 2)
        if not changed:
            raise DoesNotApply("nothing here can be mistaken in this way")
        return total

    return wrong


def _slides(layer: Layer) -> bool:
    return layer.kind.startswith("Conv") and "Transpose" not in layer.kind


def _one_channel(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    if not layer.kind.startswith("Conv") or layer.argument("in_channels") == layer.argument("groups", 1):
        return None
    return with_(layer, in_channels=1, groups=None), (1, *size[1:])


def _at_each_input(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    return (with_(layer, stride=None, padding="same"), size) if _slides(layer) else None


def _stride_ignored(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    return (with_(layer, stride=None), size) if _slides(layer) and layer.argument("stride", 1) != 1 else None


def _groups_ignored(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    return (with_(layer, groups=None), size) if layer.argument("groups", 1) > 1 else None


def _one_place(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    """On an input that one window covers, a convolution has one place."""
    if not _slides(layer):
        return None
    window = tuple(each(layer, "kernel_size", len(size) - 1, 1))
    return with_(layer, padding=None, dilation=None), (size[0], *window)


def _one_kernel(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    several = _slides(layer) and layer.argument("groups", 1) == 1 and layer.argument("out_channels") > 1
    return (with_(layer, out_channels=1), size) if several else None


def _one_step(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    return (layer, (1, size[1])) if layer.kind in RECURRENT and size[0] > 1 else None


def _only_projections(layer: Layer, size: Shape) -> tuple[Layer, Shape] | None:
    if layer.kind != "MultiheadAttention":
        return None
    return Layer(layer.name, "Linear", (("in_features", size[1]), ("out_features", 4 * size[1]))), size


def _other_cost(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> int:
    return compute(network, layers=layers, cost="macs" if cost == "flops" else "flops")


def _with_biases(network: Network, *, layers: Sequence[str] = (), cost: str = "macs") -> int:
    """One addition more for each output value of a layer with biases."""
    added = sum(
        math.prod(step.output)
        for step in run(network)
        if (not layers or step.layer.name in layers)
        and step.layer.kind.startswith(("Conv", "Linear"))
        and step.layer.argument("bias", True)
    )
    if not added:
        raise DoesNotApply("there are no biases to add")
    return compute(network, layers=layers, cost=cost) + added


MISCONCEPTIONS = {
    "macs_doubled": Misconception(
        "a multiplication and its addition are counted in the other way, as two for one or one for two", _other_cost
    ),
    "no_input_channels": Misconception("the channels of the input are left out", _wrong(_one_channel)),
    "input_size_for_output_size": Misconception(
        "the places of the input are counted, not those of the output", _wrong(_at_each_input)
    ),
    "stride_ignored": Misconception("the stride is left out", _wrong(_stride_ignored)),
    "groups_ignored": Misconception("the groups are left out", _wrong(_groups_ignored)),
    "one_place": Misconception("the kernel's weights are counted for one place only", _wrong(_one_place)),
    "one_kernel": Misconception("only one kernel is counted", _wrong(_one_kernel)),
    "one_step": Misconception("only one step of the sequence is counted", _wrong(_one_step)),
    "only_projections": Misconception("scores and weighted sums are left out", _wrong(_only_projections)),
    "biases_counted": Misconception("the biases are counted, too", _with_biases),
}
