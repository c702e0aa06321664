"""How many learnable numbers layers have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from generator.formulas import grouped, tex_grouped
from generator.forward import build, run
from generator.layers import LAYERS, RECURRENT, Layer, Network
from generator.reference import DoesNotApply, Misconception
from generator.reference.added_up import added_up
from generator.reference.altered import altered, with_
from generator.reference.multiply_accumulates import GATES
from generator.reference.sizes import Shape

GIVES = "count"
Counted = Literal["all", "weights", "biases"]


def compute(
    network: Network,
    *,
    layers: Sequence[str] = (),
    count: Counted = "all",
    recurrent_biases: str = "two",
    running_statistics: str = "no",
) -> int:
    """Build the modules and count the elements of their parameters; all layers when none are named.

    With one bias vector for each gate of a recurrent layer, the second of PyTorch's two is left out. Running means and
    variances are buffers of the module, and neither weights nor biases.
    """
    total = 0
    for layer in network.layers:
        if not layers or layer.name in layers:
            module = build(layer)
            for name, parameter in module.named_parameters():
                is_bias = "bias" in name.rpartition(".")[2]
                if "bias_hh" in name and recurrent_biases == "one":
                    continue
                if count == "all" or (count == "biases") is is_bias:
                    total += parameter.numel()
            if running_statistics == "yes" and count == "all":
                total += sum(buffer.numel() for name, buffer in module.named_buffers() if "running" in name)
    return total


def recompute(
    network: Network,
    *,
    layers: Sequence[str] = (),
    count: Counted = "all",
    recurrent_biases: str = "two",
    running_statistics: str = "no",
) -> int:
    """The same by closed formula, in whole numbers."""
    total = 0
    for layer in network.layers:
        if not layers or layer.name in layers:
            weights, biases = _weights_and_biases(layer, recurrent_biases)
            total += {"all": weights + biases, "weights": weights, "biases": biases}[count]
            if running_statistics == "yes" and count == "all":
                total += _running(layer)
    return total


def _weights_and_biases(layer: Layer, recurrent_biases: str) -> tuple[int, int]:
    kind, bias = layer.kind, bool(layer.argument("bias", True))
    if kind == "Linear":
        outputs = layer.argument("out_features")
        return layer.argument("in_features") * outputs, outputs * bias
    if kind.startswith("Conv"):
        inputs, outputs = layer.argument("in_channels"), layer.argument("out_channels")
        window = math.prod(_kernel(layer.argument("kernel_size"), int(kind[-2])))
        return inputs * outputs // layer.argument("groups", 1) * window, outputs * bias
    if kind.startswith(("BatchNorm", "InstanceNorm")):
        features = layer.argument("num_features") * bool(layer.argument("affine", kind.startswith("Batch")))
        return features, features * bias
    if kind == "GroupNorm":
        channels = layer.argument("num_channels") * bool(layer.argument("affine", True))
        return channels, channels * bias
    if kind == "LayerNorm":
        shape = layer.argument("normalized_shape")
        size = math.prod(shape if isinstance(shape, tuple) else (shape,))
        size *= bool(layer.argument("elementwise_affine", True))
        return size, size * bias
    if kind == "PReLU":
        return layer.argument("num_parameters", 1), 0
    if kind == "Embedding":
        return layer.argument("num_embeddings") * layer.argument("embedding_dim"), 0
    if kind in RECURRENT:
        weights = sum(rows * columns for rows, columns in _recurrent(layer))
        rows = GATES[kind] * layer.argument("hidden_size") * len(_inputs(layer))
        return weights, rows * (2 if recurrent_biases == "two" else 1) * bias
    if kind == "MultiheadAttention":
        size = layer.argument("embed_dim")
        return 4 * size * size, 4 * size * bias
    if kind == "TransformerEncoderLayer":
        size, wide = layer.argument("d_model"), layer.argument("dim_feedforward", 2048)
        return 4 * size * size + 2 * size * wide + 2 * size, (4 * size + wide + size + 2 * size) * bias
    return 0, 0


def _inputs(layer: Layer) -> list[int]:
    """What comes into each recurrent layer of a stack, in each direction."""
    hidden, ways = layer.argument("hidden_size"), 2 if layer.argument("bidirectional") else 1
    stacked = [layer.argument("input_size")] + [ways * hidden] * (layer.argument("num_layers", 1) - 1)
    return [wide for wide in stacked for _ in range(ways)]


def _recurrent(layer: Layer) -> list[tuple[int, int]]:
    """The matrices of a recurrent layer: gates · hidden rows, a column for each input and hidden value."""
    hidden = layer.argument("hidden_size")
    return [(GATES[layer.kind] * hidden, wide + hidden) for wide in _inputs(layer)]


def _running(layer: Layer) -> int:
    usual = layer.kind.startswith("BatchNorm")
    tracks = layer.kind.startswith(("BatchNorm", "InstanceNorm")) and layer.argument("track_running_stats", usual)
    return 2 * int(layer.argument("num_features")) if tracks else 0


def _kernel(size: Any, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,) * axes


# ---- what the paper says, and the key ----


def says(
    network: Network,
    *,
    layers: Sequence[str] = (),
    count: Counted = "all",
    recurrent_biases: str = "two",
    running_statistics: str = "no",
) -> str:
    """What is counted, with the conventions of recurrent and normalizing layers where there are any."""
    said = {"all": "count weights and biases", "weights": "count weights, not biases", "biases": "count biases only"}[
        count
    ]
    counted = [layer for layer in network.layers if not layers or layer.name in layers]
    if count != "weights":
        said += bias_vectors(counted, recurrent_biases)
    if count == "all" and any(map(_running, counted)):
        kept = "are counted, too" if running_statistics == "yes" else "are not counted, as they are not learned"
        said += f"; running means and variances {kept}"
    return said


def bias_vectors(layers: Sequence[Layer], recurrent_biases: str) -> str:
    """How many bias vectors recurrent layers have, where there are any with biases."""
    if not any(layer.kind in RECURRENT and layer.argument("bias", True) for layer in layers):
        return ""
    plain = any(layer.kind == "RNN" for layer in layers) and not any(layer.kind in {"LSTM", "GRU"} for layer in layers)
    each = "" if plain else " for each gate"
    many = f"one bias vector{each}" if recurrent_biases == "one" else f"two bias vectors{each}, as in PyTorch"
    return f"; a recurrent layer has {many}"


def worked(
    network: Network,
    *,
    layers: Sequence[str] = (),
    count: Counted = "all",
    recurrent_biases: str = "two",
    running_statistics: str = "no",
) -> str:
    """The count of each layer, as a Markdown list with the numbers of this network."""
    lines = []
    for layer in network.layers:
        weights, biases = _weights_and_biases(layer, recurrent_biases)
        running = _running(layer) if running_statistics == "yes" and count == "all" else 0
        if (not layers or layer.name in layers) and weights + biases + running:
            parts = [_product(layer, weights)] if count != "biases" and weights + biases else []
            if biases and count != "weights":
                parts.append(_biases(layer, biases, recurrent_biases))
            if running:
                parts.append(f"{grouped(running)} running means and variances")
            lines.append((layer.name, parts))
    total = compute(
        network,
        layers=layers,
        count=count,
        recurrent_biases=recurrent_biases,
        running_statistics=running_statistics,
    )
    return added_up(lines, total)


def _product(layer: Layer, weights: int) -> str:
    kind = layer.kind
    factors: Sequence[Any] = ()
    if kind == "Linear":
        factors = (layer.argument("in_features"), layer.argument("out_features"))
    elif kind.startswith("Conv"):
        inputs = layer.argument("in_channels") // layer.argument("groups", 1)
        factors = (inputs, layer.argument("out_channels"), *_kernel(layer.argument("kernel_size"), int(kind[-2])))
    elif kind == "Embedding":
        factors = (layer.argument("num_embeddings"), layer.argument("embedding_dim"))
    elif kind == "MultiheadAttention":
        factors = (4, layer.argument("embed_dim"), layer.argument("embed_dim"))
    if factors:
        why = " (queries, keys, values and output)" if kind == "MultiheadAttention" else ""
        return f"${_times(factors)} = {tex_grouped(weights)}$ weights{why}"
    if kind in RECURRENT:
        hidden, gates = layer.argument("hidden_size"), GATES[kind]
        terms = [(*(() if gates == 1 else (gates,)), hidden, f"({wide} + {hidden})") for wide in _inputs(layer)]
        return f"${' + '.join(map(_times, terms))} = {tex_grouped(weights)}$ weights"
    if kind == "TransformerEncoderLayer":
        size, wide = layer.argument("d_model"), layer.argument("dim_feedforward", 2048)
        sums = f"{_times((4, size, size))} + {_times((2, size, wide))} + {_times((2, size))}"
        return f"${sums} = {tex_grouped(weights)}$ weights of attention, linear layers and normalization"
    return f"{grouped(weights)} weights"


def _biases(layer: Layer, biases: int, recurrent_biases: str) -> str:
    if layer.kind not in RECURRENT:
        return f"{grouped(biases)} biases"
    ways = (
        len(_inputs(layer)),
        2 if recurrent_biases == "two" else 1,
        GATES[layer.kind],
        layer.argument("hidden_size"),
    )
    factors = [factor for factor in ways if factor != 1]
    return f"${_times(factors)} = {tex_grouped(biases)}$ biases" if len(factors) > 1 else f"{grouped(biases)} biases"


def _times(factors: Sequence[Any]) -> str:
    return r" \cdot ".join(tex_grouped(one) if isinstance(one, int) else one for one in factors)


# ---- wrong ways ----


def _wrong(change: Callable[[Layer], Layer | None]) -> Callable[..., int]:
    """Count layers of which some are changed, each for itself."""

    def wrong(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
        changed = [change(layer) if not layers or layer.name in layers else None for layer in network.layers]
        if not any(changed):
            raise DoesNotApply("nothing here can be mistaken in this way")
        mixed = tuple(new or old for new, old in zip(changed, network.layers, strict=True))
        return compute(Network(network.input, mixed), layers=layers, **conventions)

    return _declared(wrong)


def _declared(function: Callable[..., int]) -> Callable[..., int]:
    """Give a wrong way the arguments of compute, which `Asked` passes by their names."""

    def wrong(
        network: Network,
        *,
        layers: Sequence[str] = (),
        count: Counted = "all",
        recurrent_biases: str = "two",
        running_statistics: str = "no",
    ) -> int:
        return function(
            network,
            layers=layers,
            count=count,
            recurrent_biases=recurrent_biases,
            running_statistics=running_statistics,
        )

    return wrong


def _has_bias(layer: Layer) -> bool:
    known = layer.kind in LAYERS and "bias" in LAYERS[layer.kind].arguments
    return known and "Norm" not in layer.kind and bool(layer.argument("bias", True))


def _without_bias(layer: Layer) -> Layer | None:
    return with_(layer, bias=False) if _has_bias(layer) else None


def _one_channel(layer: Layer) -> Layer | None:
    groups = layer.argument("groups", 1)
    several = layer.kind.startswith("Conv") and layer.argument("in_channels", groups) > groups
    return with_(layer, in_channels=groups) if several else None


def _groups_ignored(layer: Layer) -> Layer | None:
    return with_(layer, groups=None) if layer.argument("groups", 1) > 1 else None


def _flat_kernel(layer: Layer) -> Layer | None:
    """One side of the kernel for all of it."""
    if not layer.kind.startswith("Conv") or layer.kind[-2:] not in {"2d", "3d"}:
        return None
    sides = _kernel(layer.argument("kernel_size"), int(layer.kind[-2]))
    return with_(layer, kernel_size=(sides[0], *(1 for _ in sides[1:]))) if set(sides[1:]) != {1} else None


def _no_gates(layer: Layer) -> Layer | None:
    known = {name: value for name, value in layer.arguments if name in LAYERS["RNN"].arguments}
    return Layer(layer.name, "RNN", tuple(known.items())) if layer.kind in {"LSTM", "GRU"} else None


def _no_recurrence(layer: Layer) -> Layer | None:
    """The weights of the inputs alone, with as many biases as a linear layer has."""
    if layer.kind not in RECURRENT or layer.argument("num_layers", 1) > 1 or layer.argument("bidirectional"):
        return None
    rows = GATES[layer.kind] * layer.argument("hidden_size")
    bias = bool(layer.argument("bias", True))
    return Layer(
        layer.name, "Linear", (("in_features", layer.argument("input_size")), ("out_features", rows), ("bias", bias))
    )


def _one_direction(layer: Layer) -> Layer | None:
    return with_(layer, bidirectional=None) if layer.argument("bidirectional") else None


def _no_output_projection(layer: Layer) -> Layer | None:
    """Queries, keys and values alone, as one linear layer gives them."""
    if layer.kind != "MultiheadAttention":
        return None
    size, bias = layer.argument("embed_dim"), bool(layer.argument("bias", True))
    return Layer(layer.name, "Linear", (("in_features", size), ("out_features", 3 * size), ("bias", bias)))


def _before_pooling(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
    """Take the last pooling before the first linear layer out, so that more values are flattened."""
    kinds = [layer.kind for layer in network.layers]
    first = kinds.index("Linear") if "Linear" in kinds else 0
    pools = [place for place in range(first) if "Pool" in kinds[place]]
    if not pools:
        raise DoesNotApply("no pooling stands before a linear layer")
    name = network.layers[pools[-1]].name

    def change(layer: Layer, _: Shape) -> Layer | None:
        return Layer(layer.name, "Identity", ()) if layer.name == name else None

    taken = altered(network, change)
    run(taken)  # raises DoesNotFit
    return compute(taken, layers=layers, **conventions)


def _bias_for_each_weight(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
    if conventions["count"] == "weights":
        raise DoesNotApply("no biases are counted")
    with_biases = [layer.name for layer in network.layers if (not layers or layer.name in layers) and _has_bias(layer)]
    if not with_biases:
        raise DoesNotApply("there are no biases")
    right = compute(network, layers=layers, **conventions)
    weights = compute(network, layers=with_biases, **{**conventions, "count": "weights"})
    biases = compute(network, layers=with_biases, **{**conventions, "count": "biases"})
    return right - biases + weights


def _one_bias_a_layer(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
    if conventions["count"] == "weights":
        raise DoesNotApply("no biases are counted")
    with_biases = [layer.name for layer in network.layers if (not layers or layer.name in layers) and _has_bias(layer)]
    if not with_biases:
        raise DoesNotApply("there are no biases")
    biases = compute(network, layers=with_biases, **{**conventions, "count": "biases"})
    return compute(network, layers=layers, **conventions) - biases + len(with_biases)


def _other_biases(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
    other = "one" if conventions["recurrent_biases"] == "two" else "two"
    return compute(network, layers=layers, **{**conventions, "recurrent_biases": other})


def _other_statistics(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
    other = "no" if conventions["running_statistics"] == "yes" else "yes"
    return compute(network, layers=layers, **{**conventions, "running_statistics": other})


def _heads_multiplied(network: Network, *, layers: Sequence[str] = (), **conventions: Any) -> int:
    """Every head with queries, keys and values of full width, and an output projection that takes them all."""
    total, changed = 0, False
    for layer in network.layers:
        if layers and layer.name not in layers:
            continue
        heads, size = layer.argument("num_heads", 1), layer.argument("embed_dim", 1)
        one = Network((1,), (layer,))
        if layer.kind == "MultiheadAttention" and heads > 1:
            changed, bias = True, bool(layer.argument("bias", True))
            wide = (("in_features", size), ("out_features", 3 * heads * size), ("bias", bias))
            back = (("in_features", heads * size), ("out_features", size), ("bias", bias))
            one = Network((1,), (Layer("heads", "Linear", wide), Layer("output", "Linear", back)))
        total += compute(one, **conventions)
    if not changed:
        raise DoesNotApply("there are no heads")
    return total


MISCONCEPTIONS = {
    "no_bias": Misconception("the biases are missing", _wrong(_without_bias)),
    "channels_not_multiplied": Misconception("the channels of the input are left out", _wrong(_one_channel)),
    "previous_layer": Misconception(
        "the size before pooling is taken for the first linear layer", _declared(_before_pooling)
    ),
    "kernel_not_squared": Misconception("only one side of the kernel is counted", _wrong(_flat_kernel)),
    "groups_ignored": Misconception("the groups are left out", _wrong(_groups_ignored)),
    "one_bias_a_layer": Misconception(
        "one bias is counted for a layer, not one for each output", _declared(_one_bias_a_layer)
    ),
    "bias_per_weight": Misconception("a bias is counted for each weight", _declared(_bias_for_each_weight)),
    "one_gate": Misconception("the weights of one gate are counted for all gates", _wrong(_no_gates)),
    "no_recurrence": Misconception("the weights of the hidden state are missing", _wrong(_no_recurrence)),
    "one_direction": Misconception("only one of the two directions is counted", _wrong(_one_direction)),
    "other_biases": Misconception(
        "the number of bias vectors of a recurrent layer is another", _declared(_other_biases)
    ),
    "no_output_projection": Misconception("the output projection is missing", _wrong(_no_output_projection)),
    "heads_multiplied": Misconception(
        "each head is taken to have projections of full width", _declared(_heads_multiplied)
    ),
    "other_statistics": Misconception(
        "running means and variances are counted or left out the other way round", _declared(_other_statistics)
    ),
}
