"""How many values the layers of a network give for a batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from generator.formulas import grouped, tex_grouped
from generator.forward import run
from generator.layers import Layer, Network
from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.added_up import added_up
from generator.reference.altered import Change, altered, until, with_
from generator.reference.sizes import Shape, sized

GIVES = "count"
LARGEST_BATCH = 10**6


def compute(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> int:
    """Run the network and count the values that come out of each layer; all layers when none are named."""
    return batch_size(batch) * sum(math.prod(step.output) for step in run(network) if _counts(step.layer, layers))


def batch_size(batch: int) -> int:
    """The number of examples; raises BadArgument when it is none."""
    if not isinstance(batch, int) or not 1 <= batch <= LARGEST_BATCH:
        raise BadArgument("batch", f"a batch has 1 to {LARGEST_BATCH:,} examples, not {batch}")
    return batch


def _counts(layer: Layer, layers: Sequence[str]) -> bool:
    """From only goes back to values that are there already."""
    return layer.name in layers if layers else layer.kind != "From"


def recompute(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> int:
    """The same by the closed formulas of sizes."""
    total = 0
    for one in sized(network):
        if one.layer.name in layers or (not layers and one.layer.kind != "From"):
            count = 1
            for side in one.output:
                count *= side
            total += count
    return total * batch


def says(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> str:
    """What counts as an activation."""
    of = "for one example" if batch == 1 else f"for a batch of {batch} examples"
    several = len(layers if layers else network.layers) > 1
    return f"count the values that {'each of these layers' if several else 'the layer'} gives, {of}"


def worked(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> str:
    """The count of each layer, as a Markdown list with the numbers of this network."""
    lines = []
    for step in run(network):
        if _counts(step.layer, layers):
            product = r" \cdot ".join(map(tex_grouped, step.output))
            total = f" = {tex_grouped(math.prod(step.output))}" if len(step.output) > 1 else ""
            lines.append((step.layer.name, [f"${product}{total}$"]))
    each = compute(network, layers=layers)
    all_ = f"${tex_grouped(batch)} \\cdot {tex_grouped(each)} = {tex_grouped(batch * each)}$"
    return "\n\n".join([added_up(lines, each), *([f"A batch of {grouped(batch)} gives {all_}."] if batch > 1 else [])])


# ---- wrong ways ----


def _wrong(change: Change) -> Callable[..., int]:
    def wrong(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> int:
        return compute(altered(until(network, layers), change), layers=layers or _names(network), batch=batch)

    return wrong


def _names(network: Network) -> list[str]:
    return [layer.name for layer in network.layers if _counts(layer, ())]


def _no_padding(layer: Layer, _: Shape) -> Layer | None:
    padding = layer.argument("padding", 0)
    sides = padding if isinstance(padding, tuple) else (padding,)
    slides = layer.kind.startswith(("Conv", "MaxPool", "AvgPool")) and padding != "valid"
    return with_(layer, padding=None) if slides and any(sides) else None


def _stride_ignored(layer: Layer, _: Shape) -> Layer | None:
    several = layer.argument("stride", 1) not in (1, (1,), (1, 1), (1, 1, 1))
    return with_(layer, stride=1, output_padding=None) if several else None


def _pooling_ignored(layer: Layer, _: Shape) -> Layer | None:
    return Layer(layer.name, "Identity", ()) if "Pool" in layer.kind else None


def _one_channel(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> int:
    outputs = [step.output for step in run(network) if _counts(step.layer, layers)]
    if all(len(output) < 2 or output[0] == 1 for output in outputs):
        raise DoesNotApply("there is one channel")
    return batch * sum(math.prod(output[1:]) if len(output) > 1 else output[0] for output in outputs)


def _inputs(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> int:
    return batch * sum(math.prod(step.input) for step in run(network) if _counts(step.layer, layers))


def _one_example(network: Network, *, layers: Sequence[str] = (), batch: int = 1) -> int:
    if batch == 1:
        raise DoesNotApply("there is one example")
    return compute(network, layers=layers)


MISCONCEPTIONS = {
    "no_padding": Misconception("the padding is left out", _wrong(_no_padding)),
    "channels_left_out": Misconception("the channels are left out", _one_channel),
    "input_for_output": Misconception("the values that come in are counted, not those that come out", _inputs),
    "stride_ignored": Misconception("the stride is left out", _wrong(_stride_ignored)),
    "pooling_ignored": Misconception("pooling is left out", _wrong(_pooling_ignored)),
    "batch_forgotten": Misconception("only one example is counted", _one_example),
}
