"""Show how the noise of a mini-batch gradient and the cost of an epoch depend on the batch size.

Noise: the mean squared distance between the gradient of a batch and the gradient of all examples. Examples of a batch
are drawn with replacement, so theory says: the variance of one example's gradient, divided by the batch size. Because a
mean loss has the mean of the examples' gradients as its gradient, these are computed once, by autograd, and averaged
over many batches.

Cost: clock times differ from run to run and would make two keys of the same exam differ, so an epoch is counted in
optimizer steps, which run one after the other, and in multiply-accumulates (forward pass), by PyTorch's own counter;
memory is what autograd keeps of one batch for the backward pass.
"""

from __future__ import annotations

from math import ceil, log
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

FEATURES, HIDDEN, CLASSES = 16, 16, 4
BATCHES = 1000  # drawn for each batch size


def run(stream: torch.Generator, *, sizes: list[int] | None = None, examples: int = 1024) -> Findings:
    """Measure gradient noise, steps, multiply-accumulates and memory for each batch size."""
    sizes = [1, 4, 16, 64, 256] if sizes is None else sizes
    if not 64 <= examples <= 100_000:
        raise ValueError("examples must be from 64 to 100000")
    if not 2 <= len(sizes) <= 8 or sizes != sorted(set(sizes)) or not sizes[0] >= 1 or not sizes[-1] <= 512:
        raise ValueError("sizes must be two to eight batch sizes from 1 to 512, in rising order")
    network, data, labels = _problem(stream)
    gradients = example_gradients(network, data, labels)
    noise = [_noise(gradients, size, stream) for size in sizes]
    runs: list[dict[str, float | int]] = [
        {"size": size, "variance": variance, **_cost(network, data, labels, size, examples)}
        for size, variance in zip(sizes, noise, strict=True)
    ]
    single = (gradients - gradients.mean(0)).square().sum(1).mean().item()
    figures: dict[str, Figures] = {
        "runs": [*runs],
        "variance_ratio": noise[0] / noise[-1],
        "size_ratio": sizes[-1] / sizes[0],
        "slope": log(noise[-1] / noise[0]) / log(sizes[-1] / sizes[0]),
        "single": single,
    }
    return Findings(figures, _picture(sizes, noise, single))


def _problem(stream: torch.Generator) -> tuple[nn.Sequential, Tensor, Tensor]:
    """An untrained network and 512 examples with labels that a linear rule and noise decide."""
    network = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, CLASSES))
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.25, generator=stream)
    data = torch.randn(512, FEATURES, generator=stream)
    rule = torch.randn(FEATURES, CLASSES, generator=stream)
    return network, data, (data @ rule + torch.randn(512, CLASSES, generator=stream)).argmax(1)


def example_gradients(network: nn.Module, data: Tensor, labels: Tensor) -> Tensor:
    """The gradient of each example's loss, in one row of all parameters."""

    def loss(parameters: dict[str, Tensor], example: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(torch.func.functional_call(network, parameters, (example[None],)), label[None])

    parameters = {name: parameter.detach() for name, parameter in network.named_parameters()}
    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(parameters, data, labels)
    return torch.cat([each[name].flatten(1) for name in parameters], dim=1).double()


def _noise(gradients: Tensor, size: int, stream: torch.Generator) -> float:
    """The mean squared distance of a batch's gradient from the gradient of all examples."""
    chosen = torch.randint(len(gradients), (BATCHES, size), generator=stream)
    # how often each example is in each batch; the product with the gradients is their sum over the batch
    counts = torch.zeros(BATCHES, len(gradients), dtype=torch.float64)
    counts.scatter_add_(1, chosen, torch.ones(BATCHES, size, dtype=torch.float64))
    batch_gradients = counts @ gradients / size
    return (batch_gradients - gradients.mean(0)).square().sum(1).mean().item()


def _cost(network: nn.Module, data: Tensor, labels: Tensor, size: int, examples: int) -> dict[str, float | int]:
    """Steps and multiply-accumulates of an epoch, and bytes of activations kept for one batch."""
    batch, answers = data[:1].repeat(size, 1), labels[:1].repeat(size)
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter) and tensor._base is None:  # weights are there for any batch size
            kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    def give(tensor: Any) -> Any:
        return tensor

    with FlopCounterMode(display=False) as counter, torch.autograd.graph.saved_tensors_hooks(keep, give):
        F.cross_entropy(network(batch), answers)
    return {
        "steps": ceil(examples / size),
        "macs": counter.get_total_flops() // 2 // size * examples,
        "memory": sum(kept.values()),
    }


def _picture(sizes: list[int], noise: list[float], single: float) -> Plot:
    x = tuple(float(size) for size in sizes)
    return Plot(
        f"The variance of the mini-batch gradient falls from {noise[0]:.2g} at batch size {sizes[0]} to "
        f"{noise[-1]:.2g} at {sizes[-1]}, along the line of one over the batch size.",
        "batch size",
        "variance of the gradient",
        (
            Series("measured", x, tuple(noise), kind="points", marker="circle"),
            Series("one example's variance / batch size", x, tuple(single / size for size in sizes)),
        ),
        x_log=True,
        y_log=True,
    )
