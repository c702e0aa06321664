"""Show what the KL term of a variational autoencoder does to its latent space.

Points in the plane lie in clusters around a circle. Three networks with the same layers learn to encode them in two
numbers and to decode them: without noise and without a KL term (a plain autoencoder), with both (a variational
autoencoder), and with the KL term multiplied by `heavy`. Then codes are drawn from the standard normal prior and
decoded. `away` is the mean distance of what comes out from the nearest data point; `error` is the root mean square
error of reconstruction from the mean code; `codes` is the standard deviation of the mean codes; `kl` is the mean
divergence from the prior, in nats. The decoder's Gaussian noise has the standard deviation NOISE, which sets the
weight of the squared error.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from generator.experiments import Figures, Findings
from generator.plots import Panel, Panels

EXAMPLES = 192
HIDDEN = 32
STEPS = 300
NOISE = 0.15
SHOWN = 2000  # points in the picture
CELLS = 24  # on each side of the picture
NAMES = ("plain", "vae", "heavy")


class Autoencoders:
    """Networks of the same layers as one batch: each weight is (networks, inputs, outputs)."""

    def __init__(self, stream: torch.Generator, networks: int) -> None:
        self.parameters = []
        for inputs, outputs in ((2, HIDDEN), (HIDDEN, 4), (2, HIDDEN), (HIDDEN, 2)):
            bound = inputs**-0.5
            for rows in (inputs, 1):
                drawn = 2 * bound * torch.rand(networks, rows, outputs, generator=stream) - bound
                self.parameters.append(drawn.requires_grad_())

    def encode(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (networks, examples, 2) points into means and log-variances of the same size."""
        mean, log_variance = _two_layers(points, self.parameters[:4]).chunk(2, dim=2)
        return mean, log_variance

    def decode(self, codes: Tensor) -> Tensor:
        """Turn (networks, examples, 2) codes into points."""
        return _two_layers(codes, self.parameters[4:])


def _two_layers(x: Tensor, parameters: list[Tensor]) -> Tensor:
    first, first_bias, second, second_bias = parameters
    return torch.baddbmm(second_bias, torch.baddbmm(first_bias, x, first).tanh(), second)


def run(stream: torch.Generator, *, clusters: int = 5, heavy: float = 100.0) -> Findings:
    """Train the three networks, and decode codes drawn from the prior."""
    if not 3 <= clusters <= 8:
        raise ValueError(f"clusters is {clusters}; 3 to 8 would work")
    if not 50 <= heavy <= 1000:
        raise ValueError(f"heavy is {heavy:g}; 50 to 1000 would work")
    data = _data(stream, clusters, EXAMPLES)
    models = _trained(stream, data, [0.0, 1.0, heavy])
    codes = torch.randn(EXAMPLES, 2, generator=stream)
    with torch.no_grad():
        mean, log_variance = models.encode(data.expand(3, -1, -1))
        rebuilt, made = models.decode(mean), models.decode(codes.expand(3, -1, -1))
    figures: dict[str, Figures] = {
        name: {
            "away": _away(made[place], data),
            "error": (rebuilt[place] - data).square().mean().sqrt().item(),
            "codes": mean[place].std(0).mean().item(),
            "kl": kl(mean[place], log_variance[place]).mean().item(),
        }
        for place, name in enumerate(NAMES)
    }
    figures["spread"] = (data - data.mean(0)).square().mean().sqrt().item()
    return Findings(figures, _picture(stream, models, clusters))


def _data(stream: torch.Generator, clusters: int, count: int) -> Tensor:
    turn = 2 * math.pi * torch.arange(count) / clusters
    centers = torch.stack([turn.cos(), turn.sin()], dim=1)
    return centers + 0.1 * torch.randn(count, 2, generator=stream)


def _trained(stream: torch.Generator, data: Tensor, weights: list[float]) -> Autoencoders:
    """Train a network for each weight of the KL term; with the weight 0 there is no noise either."""
    models = Autoencoders(stream, len(weights))
    weight = torch.tensor(weights)[:, None]
    noisy = (weight[..., None] > 0).float()
    optimizer = torch.optim.Adam(models.parameters, lr=0.01)
    for _ in range(STEPS):
        mean, log_variance = models.encode(data.expand(len(weights), -1, -1))
        noise = noisy * torch.randn(mean.shape, generator=stream)
        error = (models.decode(mean + noise * (0.5 * log_variance).exp()) - data).square().sum(2) / (2 * NOISE**2)
        loss = (error + weight * kl(mean, log_variance)).mean(1).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return models


def kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) ‖ N(0, 1)), summed over a code's elements (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)


def _away(made: Tensor, data: Tensor) -> float:
    return torch.cdist(made, data).min(1).values.mean().item()


def _picture(stream: torch.Generator, models: Autoencoders, clusters: int) -> Panels:
    with torch.no_grad():
        plain, vae, _ = models.decode(torch.randn(SHOWN, 2, generator=stream).expand(len(NAMES), -1, -1))
    panels = {"data": _data(stream, clusters, SHOWN), "plain": plain, "variational": vae}
    return Panels(
        "How often points fall into each part of the plane: clusters in the data; many points between and far outside "
        "of them, decoded by the plain autoencoder; most of them in or near clusters, decoded by the variational one.",
        tuple(Panel(title, _density(points)) for title, points in panels.items()),
    )


def _density(points: Tensor) -> tuple[tuple[float, ...], ...]:
    """Rows of a picture of the square from −2 to 2, the darker the more points fall into a cell."""
    cells = ((points.clamp(-1.999, 1.999) + 2) / 4 * CELLS).long()
    counts = torch.bincount(cells[:, 1] * CELLS + cells[:, 0], minlength=CELLS**2).view(CELLS, CELLS).flip(0)
    dark = (counts / (8 * SHOWN / CELLS**2)).clamp(max=1)
    return tuple(tuple(round(value, 2) for value in row) for row in dark.tolist())
