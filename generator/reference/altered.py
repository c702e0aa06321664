"""Turn a network into the one that a misconception takes it for: one change, and all later layers made to fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from generator.forward import DoesNotFit
from generator.layers import LAYERS, Layer, Network, shape_text
from generator.reference import DoesNotApply
from generator.reference.sizes import Shape, Walk

Change = Callable[[Layer, Shape], Layer | Sequence[Layer] | None]  # None: nothing to change here


def altered(network: Network, change: Change) -> Network:
    """Change layers, each with the size that comes into it.

    Raises DoesNotApply when none is changed, DoesNotFit when a layer cannot take what a changed one gives.
    """
    walk, changed = Walk(network.input), False
    layers: list[Layer] = []
    for layer in network.layers:
        size = walk.sizes[walk.feeding(layer)[0]]
        try:
            fitting = fitted(layer, size)
            new = change(fitting, size)
            for one in [fitting] if new is None else [new] if isinstance(new, Layer) else new:
                walk.go(one)
                layers.append(one)
        except (IndexError, ValueError):  # the formulas have no size for other axes than the layer takes
            raise DoesNotFit(layer.name, f"layer {layer.name} cannot take {shape_text(size)} values") from None
        changed = changed or new is not None
    if not changed:
        raise DoesNotApply("nothing here can be mistaken in this way")
    return Network(network.input, tuple(layers))


def fitted(layer: Layer, size: Shape) -> Layer:
    """The same layer made for another size of what comes in."""
    wanted: dict[str, Any] = {
        **dict.fromkeys(("in_channels", "num_features", "num_channels"), size[0]),
        **dict.fromkeys(("in_features", "input_size", "embed_dim", "d_model"), size[-1]),
    }
    if layer.argument("num_parameters", 1) > 1:
        wanted["num_parameters"] = size[0]
    if isinstance(layer.argument("normalized_shape"), int):
        wanted["normalized_shape"] = size[-1]
    elif layer.kind == "LayerNorm":
        wanted["normalized_shape"] = size[-len(layer.argument("normalized_shape")) :]
    given = dict(layer.arguments)
    return with_(layer, **{name: value for name, value in wanted.items() if name in given})


def with_(layer: Layer, **arguments: Any) -> Layer:
    """The layer with other arguments; those that are None go back to what is usual."""
    merged = {**dict(layer.arguments), **arguments}
    return replace(layer, arguments=tuple((name, value) for name, value in merged.items() if value is not None))


def as_kind(layer: Layer, kind: str, **arguments: Any) -> Layer:
    """A layer of another kind, with the arguments that both know."""
    known = {name: value for name, value in layer.arguments if name in LAYERS[kind].arguments}
    return with_(replace(layer, kind=kind, arguments=tuple(known.items())), **arguments)


def until(network: Network, names: Sequence[str]) -> Network:
    """The network up to the last of the named layers; all of it when none are named."""
    if not names:
        return network
    last = max(place for place, layer in enumerate(network.layers) if layer.name in names)
    return replace(network, layers=network.layers[: last + 1])
