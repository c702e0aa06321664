"""How much memory the weights and the activations of a network take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from generator.formulas import grouped, tex_grouped, tex_number
from generator.forward import build, run
from generator.layers import Network
from generator.reference import BadArgument, DoesNotApply, Misconception, activation_count, parameter_count
from generator.reference.activation_count import batch_size

GIVES = "number"
What = Literal["weights", "activations", "both"]
Training = Literal["no", "gradients", "momentum", "adam"]
Scale = Literal["bytes", "kilo", "mega", "giga"]
_TYPES = {1: "int8", 2: "float16", 4: "float32", 8: "float64"}
_COPIES = {"no": 1, "gradients": 2, "momentum": 3, "adam": 4}
_POWERS = {"bytes": 0, "kilo": 1, "mega": 2, "giga": 3}


def compute(
    network: Network,
    *,
    layers: Sequence[str] = (),
    what: What = "both",
    number_bytes: int = 4,
    batch: int = 1,
    training: Training = "no",
    scale: Scale = "mega",
    memory_unit: str = "MB",
    recurrent_biases: str = "two",
) -> float:
    """Add up the bytes of the tensors: weights, their gradients and the optimizer's state, and the layers' outputs.

    `training` says what is kept for each weight: its gradient, SGD's momentum beside it, or Adam's two running means.
    `number_bytes` is the size of a number: 1, 2, 4 or 8.
    """
    import torch

    if number_bytes not in _TYPES:
        raise BadArgument("number_bytes", f"a number takes 1, 2, 4 or 8 bytes, not {number_bytes}")
    kind, total = getattr(torch, _TYPES[number_bytes]), 0
    for step in run(network):
        if layers and step.layer.name not in layers:
            continue
        if what != "activations":
            parameters = [
                parameter
                for name, parameter in build(step.layer).named_parameters()
                if recurrent_biases == "two" or "bias_hh" not in name
            ]
            kept = [*parameters, *_beside(parameters, training)]
            total += sum(tensor.to(kind).nbytes for tensor in kept)
        if what != "weights" and (layers or step.layer.kind != "From"):
            total += torch.empty((batch_size(batch), *step.output), dtype=kind, device="meta").nbytes
    return total / _unit(scale, memory_unit)


def _beside(parameters: Sequence[Any], training: Training) -> Iterator[Any]:
    """The tensors that training keeps for parameters, made by a step of PyTorch's optimizer."""
    import torch

    if training == "no" or not parameters:
        return
    for parameter in parameters:
        parameter.grad = torch.empty_like(parameter)
        yield parameter.grad
    if training == "gradients":
        return
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(parameters, foreach=False)
        if training == "adam"
        else torch.optim.SGD(parameters, lr=1.0, momentum=0.9, foreach=False)
    )
    optimizer.step()
    for state in optimizer.state.values():
        yield from (tensor for name, tensor in state.items() if name != "step")


def _unit(scale: Scale, memory_unit: str) -> int:
    return int((1000 if memory_unit == "MB" else 1024) ** _POWERS[scale])


def recompute(
    network: Network,
    *,
    layers: Sequence[str] = (),
    what: What = "both",
    number_bytes: int = 4,
    batch: int = 1,
    training: Training = "no",
    scale: Scale = "mega",
    memory_unit: str = "MB",
    recurrent_biases: str = "two",
) -> float:
    """The same by closed formulas: numbers kept, times their size."""
    learned, given = _numbers(network, layers, batch, recurrent_biases)
    kept = {"weights": learned * _COPIES[training], "activations": given}
    numbers = sum(kept.values()) if what == "both" else kept[what]
    size = {"bytes": 1, "kilo": 10**3, "mega": 10**6, "giga": 10**9}[scale]
    if memory_unit == "MiB":
        size = {"bytes": 1, "kilo": 2**10, "mega": 2**20, "giga": 2**30}[scale]
    return numbers * number_bytes / size


def _numbers(network: Network, layers: Sequence[str], batch: int, recurrent_biases: str) -> tuple[int, int]:
    learned = parameter_count.recompute(network, layers=layers, recurrent_biases=recurrent_biases)
    return learned, activation_count.recompute(network, layers=layers, batch=batch)


def unit(scale: Scale, memory_unit: str) -> str:
    """MB, KiB …"""
    if scale == "bytes":
        return "bytes"
    return {"kilo": "kK", "mega": "MM", "giga": "GG"}[scale][memory_unit == "MiB"] + memory_unit[1:]


def says(
    network: Network,
    *,
    layers: Sequence[str] = (),
    what: What = "both",
    number_bytes: int = 4,
    batch: int = 1,
    training: Training = "no",
    scale: Scale = "mega",
    memory_unit: str = "MB",
    recurrent_biases: str = "two",
) -> str:
    """What is kept, how large a number is, and how many bytes the unit has."""
    kept_with_it = ", each with its gradient and what the optimizer keeps for it"  # how much that is, may be asked
    for_each = {
        "no": "",
        "gradients": ", each with its gradient",
        "momentum": kept_with_it,
        "adam": kept_with_it,
    }[training]
    of = f" of {'layer' if len(layers) == 1 else 'layers'} {', '.join(layers)}" if layers else ""
    weights = f"the weights and biases{of}{for_each}"
    examples = "one example" if batch == 1 else f"{batch} examples"
    outputs = f"the output{of or ' of every layer'} for {examples}"
    kept = {"weights": weights, "activations": outputs, "both": f"{weights}, and {outputs}"}[what]
    size = f"a number takes {number_bytes} byte{'s' if number_bytes > 1 else ''}"
    name = unit(scale, memory_unit)
    return f"count {kept}; {size}" + (
        f", and 1 {name} is {_unit(scale, memory_unit):,} bytes" if name != "bytes" else ""
    )


def worked(
    network: Network,
    *,
    layers: Sequence[str] = (),
    what: What = "both",
    number_bytes: int = 4,
    batch: int = 1,
    training: Training = "no",
    scale: Scale = "mega",
    memory_unit: str = "MB",
    recurrent_biases: str = "two",
) -> str:
    """The numbers that are kept, and their bytes."""
    lines, total = [], 0
    learned, given = _numbers(network, layers, batch, recurrent_biases)
    if what != "activations":
        copies = _COPIES[training]
        all_ = f"${copies} \\cdot {tex_grouped(learned)} = {tex_grouped(copies * learned)}$"
        kept = all_ if copies > 1 else grouped(learned)
        lines += [parameter_count.worked(network, layers=layers, recurrent_biases=recurrent_biases), ""]
        lines.append(f"For the weights, {kept} numbers are kept.\n")
        total += copies * learned
    if what != "weights":
        lines += [activation_count.worked(network, layers=layers, batch=batch), ""]
        total += given
    value = recompute(
        network, layers=layers, what=what, number_bytes=number_bytes, batch=batch, training=training, scale=scale,
        memory_unit=memory_unit, recurrent_biases=recurrent_biases,
    )  # fmt: skip
    size = _unit(scale, memory_unit)
    bytes_ = tex_grouped(total * number_bytes)
    taken = f"${tex_grouped(total)} \\cdot {number_bytes} = {bytes_}$ bytes"
    if size > 1:
        result = tex_grouped(value) if isinstance(value, int) else tex_number(value)
        taken += f", which is ${bytes_} / {tex_grouped(size)} = {result}$ {unit(scale, memory_unit)}"
    return "\n".join([*lines, f"{grouped(total)} numbers take {taken}."])


# ---- wrong ways ----


def _wrong(**other: Any) -> Callable[..., float]:
    """Compute with other arguments, where they are not what was asked for."""

    def wrong(
        network: Network,
        *,
        layers: Sequence[str] = (),
        what: What = "both",
        number_bytes: int = 4,
        batch: int = 1,
        training: Training = "no",
        scale: Scale = "mega",
        memory_unit: str = "MB",
        recurrent_biases: str = "two",
    ) -> float:
        given: dict[str, Any] = {
            "what": what, "number_bytes": number_bytes, "batch": batch, "training": training, "scale": scale,
            "memory_unit": memory_unit, "recurrent_biases": recurrent_biases,
        }  # fmt: skip
        new = {name: value(given) if callable(value) else value for name, value in other.items()}
        if all(given[name] == value for name, value in new.items()):
            raise DoesNotApply("this is what was asked for")
        return compute(network, layers=layers, **{**given, **new})

    return wrong


def _in_bits(
    network: Network,
    *,
    layers: Sequence[str] = (),
    what: What = "both",
    number_bytes: int = 4,
    batch: int = 1,
    training: Training = "no",
    scale: Scale = "mega",
    memory_unit: str = "MB",
    recurrent_biases: str = "two",
) -> float:
    return 8 * compute(
        network, layers=layers, what=what, number_bytes=number_bytes, batch=batch, training=training, scale=scale,
        memory_unit=memory_unit, recurrent_biases=recurrent_biases,
    )  # fmt: skip


def _one_part(part: str) -> Callable[[dict[str, Any]], str]:
    """Leave one part out, where both are asked for."""
    return lambda given: part if given["what"] == "both" else given["what"]


def _less_state(given: dict[str, Any]) -> str:
    return "gradients" if given["training"] in {"momentum", "adam"} else given["training"]


MISCONCEPTIONS = {
    "bytes_forgotten": Misconception("numbers are counted, not their bytes", _wrong(number_bytes=1)),
    "bits": Misconception("bits are counted, not bytes", _in_bits),
    "batch_forgotten": Misconception("only one example is counted", _wrong(batch=1)),
    "gradients_forgotten": Misconception(
        "only the weights are counted, not what training keeps", _wrong(training="no")
    ),
    "optimizer_forgotten": Misconception("the state of the optimizer is missing", _wrong(training=_less_state)),
    "weights_forgotten": Misconception("the weights are missing", _wrong(what=_one_part("activations"))),
    "activations_forgotten": Misconception("the activations are missing", _wrong(what=_one_part("weights"))),
    "other_unit": Misconception(
        "the unit is taken for its neighbor with 1,000 or 1,024 in place of the other",
        _wrong(memory_unit=lambda given: "MiB" if given["memory_unit"] == "MB" else "MB"),
    ),
}
