"""Show how the errors of a network add up when it reads its own predictions in place of the truth.

A GRU learns to predict the next value of noisy sine waves of different frequencies. It is trained with teacher
forcing: each of its inputs is the true value. Then it goes on alone from `given` true values of new waves, once with
the truth as its next input (forced) and once with its own prediction (free). Errors are root mean squares over all
waves, without the noise.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

WAVES = 48
HIDDEN = 16
TRAINING_STEPS = 100
NOISE = 0.05
SEEN = 24  # values of a wave in training


class Predictor(nn.Module):
    """The next value after each one."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.GRU(1, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1)

    def forward(self, values: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Turn (time, waves, 1) values and a state into predictions of the same size and the state after them."""
        outputs, state = self.memory(values, state)
        return self.out(outputs), state


def run(stream: torch.Generator, *, given: int = 10, steps: int = 20) -> Findings:
    """Compare the errors of forced and free predictions, step by step."""
    if not 4 <= given <= 50 or not 5 <= steps <= 100:
        raise ValueError(f"given is {given} and steps {steps}; 4 to 50 and 5 to 100 would work")
    model = _trained(stream)
    wave = _waves(stream, given + steps)
    noisy = wave + NOISE * torch.randn(wave.shape, generator=stream)
    with torch.no_grad():
        forced = model(noisy[:-1])[0][given - 1 :]
        free = _alone(model, noisy[:given], steps)
    truth = wave[given:]
    errors = {"forced": _errors(forced, truth), "free": _errors(free, truth)}
    figures: dict[str, Figures] = {
        name: {"first": error[0], "last": error[-1], "mean": sum(error) / len(error)} for name, error in errors.items()
    }
    return Findings(figures, _plot(errors))


def _waves(stream: torch.Generator, length: int) -> Tensor:
    """Sine waves with 8 to 16 values a period, as (time, waves, 1)."""
    time = torch.arange(length)[:, None, None]
    turn = 2 * math.pi / (8 + 8 * torch.rand(WAVES, 1, generator=stream))
    return (turn * time + 2 * math.pi * torch.rand(WAVES, 1, generator=stream)).sin()


def _trained(stream: torch.Generator) -> Predictor:
    with torch.random.fork_rng():  # the modules draw weights of their own, which are replaced
        model = Predictor()
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -(HIDDEN**-0.5), HIDDEN**-0.5, generator=stream)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    wave = _waves(stream, SEEN)
    for _ in range(TRAINING_STEPS):
        noisy = wave + NOISE * torch.randn(wave.shape, generator=stream)
        optimizer.zero_grad()
        F.mse_loss(model(noisy[:-1])[0], noisy[1:]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model


def _alone(model: Predictor, known: Tensor, steps: int) -> Tensor:
    predictions, state = model(known)
    made = [predictions[-1:]]
    for _ in range(steps - 1):
        following, state = model(made[-1], state)
        made.append(following)
    return torch.cat(made)


def _errors(predicted: Tensor, truth: Tensor) -> list[float]:
    return [*(predicted - truth).square().mean((1, 2)).sqrt().tolist()]


def _plot(errors: dict[str, list[float]]) -> Plot:
    names = {"forced": "true values as input", "free": "own predictions as input"}
    steps = tuple(float(step) for step in range(1, len(errors["free"]) + 1))
    return Plot(
        f"Error of the prediction by time step: with true values as input it is {errors['forced'][0]:.2g} at the first "
        f"step and {errors['forced'][-1]:.2g} at the last; with its own predictions as input it grows to "
        f"{errors['free'][-1]:.2g}.",
        "time step",
        "error",
        tuple(Series(names[name], steps, tuple(error), marker="circle") for name, error in errors.items()),
    )
