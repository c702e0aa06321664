"""Show what batch normalization does in training and in evaluation, and with batches large, small, and of one.

A fully connected layer with batch normalization behind it sees Gaussian inputs. First its running statistics settle
over many batches in training mode. Then the same example goes through it in both modes, every time among other
examples of its batch.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

INPUTS, UNITS = 8, 4
SETTLING = 200  # batches
TIMES = 100  # batches that the one example is put into
POPULATION = 4096


def run(stream: torch.Generator, *, large: int = 64, small: int = 2) -> Findings:
    """Measure means and variances, and how one example's output depends on the other examples of its batch."""
    if not 2 <= small < large <= 512:
        raise ValueError("small must be at least 2 and below large, which is at most 512")
    linear, norm = nn.Linear(INPUTS, UNITS).double(), nn.BatchNorm1d(UNITS).double()
    with torch.no_grad():
        linear.weight.copy_(torch.randn(UNITS, INPUTS, generator=stream))
        linear.bias.copy_(3 * torch.randn(UNITS, generator=stream))
        norm.weight.copy_(0.5 + torch.rand(UNITS, generator=stream))
        norm.bias.copy_(torch.randn(UNITS, generator=stream))
        for _ in range(SETTLING):
            norm(linear(_inputs(stream, 256)))
        running = norm.running_mean
        assert running is not None
        everything = linear(_inputs(stream, POPULATION))
        batch = linear(_inputs(stream, large))
        plain = nn.BatchNorm1d(UNITS, affine=False).double()(batch)
        figures: dict[str, Figures] = {
            "running_error": (running - everything.mean(0)).abs().max().item(),
            "mean": plain.mean(0).abs().max().item(),
            "variance": plain.var(0, correction=0).mean().item(),
            # copies, as every batch in training mode moves the running statistics
            "bias_effect": (copy.deepcopy(norm)(batch + 5) - copy.deepcopy(norm)(batch)).abs().max().item(),
            "scale_effect": (copy.deepcopy(norm)(2 * batch) - copy.deepcopy(norm)(batch)).abs().max().item(),
            "parameters": sum(parameter.numel() for parameter in norm.parameters()) // UNITS,
            "largest": copy.deepcopy(norm)(batch).abs().max().item(),
        }
        example = linear(_inputs(stream, 1))
        outputs = {
            "small": _outputs(copy.deepcopy(norm), linear, example, small, stream),
            "large": _outputs(copy.deepcopy(norm), linear, example, large, stream),
            "evaluation": _outputs(norm.eval(), linear, example, large, stream),
        }
        figures["spread"] = {name: values.std(0).mean().item() for name, values in outputs.items()}
        figures["alone"] = _alone(norm, example)
    return Findings(figures, _picture(outputs, small, large))


def _inputs(stream: torch.Generator, count: int) -> Tensor:
    return torch.randn(count, INPUTS, generator=stream, dtype=torch.float64)


def _outputs(norm: nn.Module, linear: nn.Module, example: Tensor, size: int, stream: torch.Generator) -> Tensor:
    """The example's outputs in many batches of this size: one row a batch."""
    rows = [norm(torch.cat([example, linear(_inputs(stream, size - 1))]))[0] for _ in range(TIMES)]
    return torch.stack(rows)


def _alone(norm: nn.BatchNorm1d, example: Tensor) -> dict[str, Figures]:
    """A batch of one in training mode: what PyTorch says, and how far the formula's output is from the shift β."""
    try:
        norm.train()(example)
        refused = False
    except ValueError:
        refused = True
    normalized = (example - example.mean(0)) / (example.var(0, correction=0) + norm.eps).sqrt()
    output = norm.weight * normalized + norm.bias
    return {"refused": refused, "from_shift": (output - norm.bias).abs().max().item()}


def _picture(outputs: dict[str, Tensor], small: int, large: int) -> Plot:
    names = {
        "small": f"training, batches of {small}",
        "large": f"training, batches of {large}",
        "evaluation": "evaluation",
    }
    shown = 30
    spreads = ", ".join(f"{names[name]}: {values[:, 0].std().item():.2g}" for name, values in outputs.items())
    return Plot(
        f"The output of one unit for the same example in {shown} batches. Its standard deviation over all batches: "
        f"{spreads}.",
        "batch",
        "output for the same example",
        tuple(
            Series(names[name], tuple(map(float, range(1, shown + 1))), tuple(values[:shown, 0].tolist()))
            for name, values in outputs.items()
        ),
    )
