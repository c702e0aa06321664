"""Show that the best of many test results overstates what the chosen model can do.

`models` models are equally good: each is right on every example with the probability `accuracy`, independently. All are
tested on the same `examples` examples, the best is chosen, and then tested again on new examples. This is repeated
`TRIALS` times.
"""

from __future__ import annotations

import torch

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

TRIALS = 200


def run(stream: torch.Generator, *, models: int = 40, examples: int = 500, accuracy: float = 0.8) -> Findings:
    """Give the mean accuracy of the chosen model on the data that chose it, and on new data."""
    if not (5 <= models <= 500 and 50 <= examples <= 5000):
        raise ValueError("models must be from 5 to 500 and examples from 50 to 5000")
    if not 0.5 <= accuracy <= 0.95:
        raise ValueError(f"accuracy is {accuracy}; 0.5 to 0.95 would work")
    right = torch.full((TRIALS, models), float(examples), dtype=torch.float64)
    chance = torch.full_like(right, accuracy)
    tested = torch.binomial(right, chance, generator=stream) / examples
    again = torch.binomial(right, chance, generator=stream) / examples
    best = tested.argmax(1, keepdim=True)
    chosen, fresh = tested.gather(1, best)[:, 0], again.gather(1, best)[:, 0]
    figures: dict[str, Figures] = {
        "best": chosen.mean().item(),
        "fresh": fresh.mean().item(),
        "excess": (chosen - fresh).mean().item(),
        "standard_error": (accuracy * (1 - accuracy) / examples) ** 0.5,
        "trials": TRIALS,
    }
    running = tested.cummax(1).values.mean(0).tolist()
    return Findings(figures, _picture(running, accuracy))


def _picture(running: list[float], accuracy: float) -> Plot:
    counts = tuple(map(float, range(1, len(running) + 1)))
    return Plot(
        f"The best test accuracy so far by the number of models tried, all with a true accuracy of {accuracy:.0%}: it "
        f"rises from {running[0]:.1%} to {running[-1]:.1%}.",
        "models tried",
        "accuracy",
        (
            Series("best test accuracy so far", counts, tuple(running)),
            Series("true accuracy", (1.0, counts[-1]), (accuracy, accuracy)),
        ),
        x_log=True,
    )
