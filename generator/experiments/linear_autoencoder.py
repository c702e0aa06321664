"""Show that a linear autoencoder finds the subspace of principal components, and what a large code learns.

Centered Gaussian data whose standard deviation falls along `inputs` hidden directions go through an encoder and a
decoder without activations, trained by gradient descent (L-BFGS) on the mean squared error. Errors are shares of the
data's variance. `pca` is what the `code` first principal components leave, from a singular value decomposition;
`angle` is the largest angle, in degrees, between the decoder's subspace and that of these components; `random` is a
subspace that was not learned. `copy` is an autoencoder whose code is as large as its input.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings

EXAMPLES = 200
DECAY = 0.7  # from one direction to the next


def run(stream: torch.Generator, *, inputs: int = 10, code: int = 2) -> Findings:
    """Train linear autoencoders with a small code and a full one."""
    if not 4 <= inputs <= 20 or not 1 <= code <= inputs // 2:
        raise ValueError(f"inputs is {inputs} and code {code}; 4 to 20 inputs and a code of at most half would work")
    data = _data(stream, inputs)
    total = data.square().mean().item()
    singular = torch.linalg.svd(data, full_matrices=False)
    principal = singular.Vh[:code]
    encoder, decoder = _trained(stream, data, code)
    copying = _trained(stream, data, inputs)
    figures: dict[str, Figures] = {
        "trained": _loss(data, encoder, decoder) / total,
        "pca": (data - data @ principal.T @ principal).square().mean().item() / total,
        "angle": angle(decoder.weight.detach(), principal.T),
        "random": _left(data, torch.randn(inputs, code, generator=stream, dtype=torch.float64)) / total,
        "copy": _loss(data, *copying) / total,
    }
    return Findings(figures)


def _data(stream: torch.Generator, inputs: int) -> Tensor:
    spread = DECAY ** torch.arange(inputs, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(inputs, inputs, generator=stream, dtype=torch.float64)).Q
    data: Tensor = (torch.randn(EXAMPLES, inputs, generator=stream, dtype=torch.float64) * spread) @ turn
    return data - data.mean(0)


def _trained(stream: torch.Generator, data: Tensor, code: int) -> tuple[nn.Linear, nn.Linear]:
    inputs = data.shape[1]
    encoder = nn.Linear(inputs, code, bias=False, dtype=torch.float64)
    decoder = nn.Linear(code, inputs, bias=False, dtype=torch.float64)
    for layer in (encoder, decoder):
        nn.init.normal_(layer.weight, std=0.3, generator=stream)
    weights = [encoder.weight, decoder.weight]
    optimizer = torch.optim.LBFGS(weights, max_iter=400, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.mse_loss(decoder(encoder(data)), data)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return encoder, decoder


def _loss(data: Tensor, encoder: nn.Linear, decoder: nn.Linear) -> float:
    with torch.no_grad():
        return F.mse_loss(decoder(encoder(data)), data).item()


def _left(data: Tensor, columns: Tensor) -> float:
    """The mean square of what the best reconstruction from a subspace leaves."""
    basis = torch.linalg.qr(columns).Q
    return float((data - data @ basis @ basis.T).square().mean())


def angle(columns: Tensor, others: Tensor) -> float:
    """The largest principal angle between the spaces of two matrices' columns, in degrees."""
    one, other = torch.linalg.qr(columns).Q, torch.linalg.qr(others).Q
    sine = torch.linalg.matrix_norm(other - one @ (one.T @ other), 2).clamp(max=1)  # exact for small angles, too
    return math.degrees(math.asin(sine.item()))
