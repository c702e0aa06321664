"""Compare how far back the gradient of the last output reaches in a plain recurrent network and in an LSTM.

nn.RNN (tanh) and nn.LSTM read the same random sequences, with weights as PyTorch draws them. In the LSTM the biases of
the forget gate are set so that they add up to `forget`, or to `closed`: the gate, a sigmoid, starts near σ(forget).
Autograd gives the length of the gradient of a random weighting of the last output with respect to the input of each
time step, relative to that of the last step. The plain network multiplies by W and by tanh′ ≤ 1 at each step back; the
LSTM's cell state is multiplied by the forget gate.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.experiments import Figures, Findings
from generator.plots import Plot, Series

HIDDEN = 24
INPUTS = 8
SEQUENCES = 8


def run(
    stream: torch.Generator, *, steps: int = 40, forget: float = 5.0, closed: float = -1.0, picture: str = "all"
) -> Findings:
    """Measure the gradient with respect to the input of each time step."""
    if not 10 <= steps <= 200:
        raise ValueError(f"steps is {steps}; 10 to 200 would work")
    if not -4 <= closed < forget <= 8:
        raise ValueError(f"closed is {closed:g} and forget {forget:g}; rising values from -4 to 8 would work")
    if picture not in ("all", "plain"):
        raise ValueError(f"picture is '{picture}'; 'all' or 'plain' would work")
    inputs = torch.randn(steps, SEQUENCES, INPUTS, generator=stream, dtype=torch.float64)
    weighting = torch.randn(SEQUENCES, HIDDEN, generator=stream, dtype=torch.float64)
    plain = _drawn(stream, nn.RNN(INPUTS, HIDDEN, dtype=torch.float64))
    lstm = _drawn(stream, nn.LSTM(INPUTS, HIDDEN, dtype=torch.float64))
    lengths = {
        "plain": reach(plain, inputs, weighting),
        "lstm": reach(_with_forget_gate(lstm, forget), inputs, weighting),
        "closed": reach(_with_forget_gate(lstm, closed), inputs, weighting),
    }
    figures: dict[str, Figures] = {
        name: {"ratio": length[0], "factor": length[0] ** (1 / (steps - 1))} for name, length in lengths.items()
    }
    gates = torch.tensor([forget, closed]).sigmoid().tolist()
    figures["gate"] = {"open": gates[0], "closed": gates[1]}
    return Findings(figures, _plot({name: lengths[name] for name in lengths if picture == "all" or name == "plain"}))


def _drawn(stream: torch.Generator, network: nn.RNNBase) -> nn.RNNBase:
    """Weights and biases uniform within ±1/√hidden, as PyTorch draws them, but from the stream."""
    for parameter in network.parameters():
        nn.init.uniform_(parameter, -(HIDDEN**-0.5), HIDDEN**-0.5, generator=stream)
    return network


def _with_forget_gate(lstm: nn.RNNBase, forget: float) -> nn.RNNBase:
    """Set both biases of the forget gate, the second of the four gates in PyTorch's order (i, f, g, o)."""
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias"):
                parameter[HIDDEN : 2 * HIDDEN] = forget / 2
    return lstm


def reach(network: nn.Module, inputs: Tensor, weighting: Tensor) -> list[float]:
    """The gradient's length by time step, from the first to the last, which is 1."""
    inputs = inputs.clone().requires_grad_()
    outputs = network(inputs)[0]
    (gradient,) = torch.autograd.grad((outputs[-1] * weighting).sum(), inputs)
    lengths = gradient.square().sum((1, 2)).sqrt()
    return [*(lengths / lengths[-1]).tolist()]


def _plot(lengths: dict[str, list[float]]) -> Plot:
    names = {
        "plain": "plain recurrent network",
        "lstm": "LSTM, forget gates open",
        "closed": "LSTM, forget gates closed",
    }
    back = tuple(float(step) for step in range(len(lengths["plain"])))
    ends = ", ".join(f"{names[name]}: {length[0]:.1g}" for name, length in lengths.items())
    return Plot(
        f"Length of the gradient {len(back) - 1} steps back, relative to the last input's. {ends}.",
        "steps back in time",
        "relative length of the gradient",
        tuple(Series(names[name], back, tuple(reversed(length))) for name, length in lengths.items()),
        y_log=True,
    )
