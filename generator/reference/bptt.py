"""Backpropagation through time in a small recurrent network: gradients by the shared weights and by every state.

The layer is h_t = f(U h_{t-1} + W x_t + b) (Elman, 1990); gradients go back through time (Werbos, 1990), in truncated
form through at most k steps from each loss (Williams and Peng, 1990).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.chosen import choosing
from generator.reference.given import (
    Matrix,
    aligned,
    equals,
    factor,
    reading,
    settled,
    summed,
    tensor,
    tex,
    tex_matrix,
    tex_vector,
    whole,
)
from generator.reference.graph import straight_through
from generator.reference.recurrent import Vector, column, weights
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
MOST_STEPS = 10
HIGHEST = 1e9  # of a state
Activation = Literal["identity", "relu", "tanh", "sigmoid"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """The sequence and the layer; a target for each step that has one; `scalar` where a state is a number."""

    inputs: Matrix
    input_weights: Matrix
    hidden_weights: Matrix
    bias: Vector
    initial: Vector
    activation: Activation
    targets: dict[int, Vector]  # by step, from 1; empty where `upstream` is given
    upstream: Vector | None
    truncate: int
    half: bool
    scalar: bool

    @property
    def steps(self) -> int:
        """How many inputs there are."""
        return len(self.inputs)

    @property
    def losses(self) -> list[int]:
        """The steps that gradients come from."""
        return sorted(self.targets) or [self.steps]


def _task(
    *,
    inputs: Any,
    input_weights: Any,
    hidden_weights: Any,
    bias: Any = 0,
    initial: Any = 0,
    activation: Activation = "tanh",
    target: Any = None,
    targets: Any = None,
    upstream: Any = None,
    truncate: Any = None,
    squared_error: str = "plain",
) -> Task:
    """Check all arguments; raises BadArgument."""
    scalar = not isinstance(hidden_weights, list | tuple)
    if not isinstance(inputs, list | tuple) or not 1 <= len(inputs) <= MOST_STEPS:
        raise BadArgument("inputs", f"here belongs a list of 1 to {MOST_STEPS} inputs, one for each step")
    steps = [column("inputs", one, len(column("inputs", inputs[0]))) for one in inputs]
    units = 1 if scalar else len(hidden_weights)
    if sum(one is not None for one in (target, targets, upstream)) != 1:
        raise BadArgument("inputs", "give one of target, targets and upstream")
    wanted: dict[int, Vector] = {}
    if targets is not None:
        if not isinstance(targets, list | tuple) or len(targets) != len(steps):
            raise BadArgument("targets", f"here belongs a list of {len(steps)} targets, one for each step")
        wanted = {place: column("targets", one, units) for place, one in enumerate(targets, 1)}
    elif target is not None:
        wanted = {len(steps): column("target", target, units)}
    return Task(
        steps,
        weights("input_weights", input_weights, units, len(steps[0])),
        weights("hidden_weights", hidden_weights, units, units),
        column("bias", [0] * units if bias == 0 else bias, units),
        column("initial", [0] * units if initial == 0 else initial, units),
        activation,
        wanted,
        None if upstream is None else column("upstream", upstream, units),
        len(steps) if truncate is None else whole("truncate", truncate, 1, len(steps)),
        squared_error == "half",
        scalar,
    )


@reading(_task)
def compute(task: Task) -> Named:
    """Unroll the layer in PyTorch and backpropagate by autograd.

    `inputs`: a number or a list for each step; `input_weights` (units × inputs), `hidden_weights` (units × units),
    `bias` and `initial` (the state before step 1): numbers for one unit, else lists. One of: `target`, what the last
    state should be; `targets`, one for each step, whose squared errors add up; `upstream`, the gradient of a loss by
    the last state. `truncate`: how many steps each loss goes back at most. Results: h1, h2 …, loss (with targets), and
    the gradients dh1 …, dhidden_weights, dinput_weights, dbias, dinitial.
    """
    return _run(task)


def _run(task: Task, recur: Callable[[Tensor, Tensor], Tensor] | None = None, identity: bool = False) -> Named:
    """Each loss by a run of its own; `recur` is another way to multiply a state by the recurrent weights."""
    import torch
    from torch.nn.functional import linear

    w, u, b, start = (tensor(one).requires_grad_() for one in _parameters(task))
    function = _functions()[task.activation]
    if identity:
        function = straight_through(function, lambda z: 1 * z)
    slopes = [torch.zeros_like(one) for one in (w, u, b, start)]
    by_states = [torch.zeros_like(start) for _ in task.inputs]
    total = 0.0
    for last in task.losses:
        states = [start]
        for place, x in enumerate(tensor(task.inputs[:last])):
            inside = last <= task.truncate or place > last - task.truncate
            before = states[-1] if inside else states[-1].detach()
            states.append(function(linear(x, w, b) + (recur or linear)(before, u)))
        loss = _loss(task, states[-1], last)
        total += loss.item()
        found = torch.autograd.grad(loss, [w, u, b, start, *states[1:]], allow_unused=True)
        for known, more in zip([*slopes, *by_states[:last]], found, strict=True):
            known += 0 if more is None else more
    return _named(task, _states(task), total, [one.tolist() for one in by_states], *(one.tolist() for one in slopes))


def _parameters(task: Task) -> tuple[Any, ...]:
    return task.input_weights, task.hidden_weights, task.bias, task.initial


def _states(task: Task) -> Matrix:
    """Every state, by PyTorch."""
    from torch.nn.functional import linear

    w, u, b, h = map(tensor, _parameters(task))
    found = []
    for x in tensor(task.inputs):
        h = _functions()[task.activation](linear(x, w, b) + linear(h, u))
        found.append(h.tolist())
    return found


def _loss(task: Task, state: Tensor, step: int) -> Tensor:
    if task.upstream is not None:
        return (state * tensor(task.upstream)).sum()
    squares: Tensor = (state - tensor(task.targets[step])).square().sum()
    return squares / 2 if task.half else squares


def _functions() -> dict[str, Callable[[Tensor], Tensor]]:
    import torch

    return {"identity": lambda z: 1 * z, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def _named(
    task: Task, states: Matrix, loss: float, by_states: Matrix, w: Matrix, u: Matrix, b: Vector, start: Vector
) -> Named:
    if not max(abs(one) for state in states for one in state) <= HIGHEST:
        raise BadArgument("hidden_weights", "the states grow beyond all bounds")
    of: Callable[[Any], Any] = (lambda one: one[0]) if task.scalar else (lambda one: one)
    found = {f"h{place}": of(state) for place, state in enumerate(states, 1)}
    if task.targets:
        found["loss"] = loss
    found |= {f"dh{place}": of(slope) for place, slope in enumerate(by_states, 1)}
    return found | {
        "dhidden_weights": of(of(u)),
        "dinput_weights": w if not task.scalar else w[0][0] if len(w[0]) == 1 else w[0],
        "dbias": of(b),
        "dinitial": of(start),
    }


@reading(_task)
def recompute(task: Task) -> Named:
    """The same by the recursion from the last step to the first, in plain Python."""
    states, units = [task.initial], range(len(task.initial))
    for x in task.inputs:
        sums = _summed(task, states[-1], x)
        states.append([_value(task.activation, one) for one in sums])
    u = [[0.0] * len(units) for _ in units]
    w = [[0.0] * len(task.inputs[0]) for _ in units]
    b, start = [0.0] * len(units), [0.0] * len(units)
    by_states = [[0.0] * len(units) for _ in task.inputs]
    total = 0.0
    for last in task.losses:
        loss, back = _loss_by_hand(task, states[last], last)
        total += loss
        for step in range(last, last - min(task.truncate, last), -1):
            by_states[step - 1] = _added(by_states[step - 1], back)
            sums = _summed(task, states[step - 1], task.inputs[step - 1])
            delta = [slope * _slope(task.activation, one) for slope, one in zip(back, sums, strict=True)]
            u = [_added(row, [one * h for h in states[step - 1]]) for row, one in zip(u, delta, strict=True)]
            w = [_added(row, [one * x for x in task.inputs[step - 1]]) for row, one in zip(w, delta, strict=True)]
            b = _added(b, delta)
            back = [math.fsum(task.hidden_weights[i][j] * delta[i] for i in units) for j in units]
        if last <= task.truncate:
            start = _added(start, back)
    return _named(task, states[1:], total, by_states, w, u, b, start)


def _summed(task: Task, state: Vector, x: Vector) -> Vector:
    rows = zip(task.hidden_weights, task.input_weights, task.bias, strict=True)
    return [
        settled(math.fsum([*_products(recurrent, state), *_products(into, x), shift]))
        for recurrent, into, shift in rows
    ]


def _products(one: Vector, other: Vector) -> list[float]:
    return [a * b for a, b in zip(one, other, strict=True)]


def _added(one: Vector, other: Vector) -> Vector:
    return [a + b for a, b in zip(one, other, strict=True)]


def _loss_by_hand(task: Task, state: Vector, step: int) -> tuple[float, Vector]:
    """A loss and its gradient by the state."""
    if task.upstream is not None:
        return 0.0, task.upstream
    gaps = [one - goal for one, goal in zip(state, task.targets[step], strict=True)]
    share = 0.5 if task.half else 1.0
    return share * math.fsum(gap * gap for gap in gaps), [2 * share * gap for gap in gaps]


def _value(activation: str, z: float) -> float:
    match activation:
        case "relu":
            return max(z, 0.0)
        case "tanh":
            return math.tanh(z)
        case "sigmoid":
            return _sigmoid(z)
    return z


def _slope(activation: str, z: float) -> float:
    match activation:
        case "relu":
            return float(z > 0)
        case "tanh":
            return 1 / math.cosh(z) ** 2 if abs(z) < 300 else 0.0
        case "sigmoid":
            return _sigmoid(z) * _sigmoid(-z)
    return 1.0


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


@reading(_task)
def says(task: Task) -> str:
    """What is differentiated, and how far back."""
    told = []
    if task.targets:
        told.append(CONVENTIONS["squared_error"]["half" if task.half else "plain"])
        if len(task.targets) > 1:
            told.append("the loss is the sum of the losses of all steps")
    if task.truncate < task.steps:
        steps = "one step" if task.truncate == 1 else f"{task.truncate} steps"
        told.append(f"the state before the last {steps} is taken as a constant" if len(task.losses) == 1 else
                    f"each loss goes back through {steps} at most, itself counted")  # fmt: skip
    if task.activation == "relu" and any(_met_zero(task)):
        told.append("the derivative of ReLU at 0 is taken to be 0")
    return "; ".join(told)


def _met_zero(task: Task) -> list[bool]:
    state, found = task.initial, []
    for x in task.inputs:
        sums = _summed(task, state, x)
        found.append(0 in sums)
        state = [_value(task.activation, one) for one in sums]
    return found


@choosing(_task)
def worked(task: Task, wanted: frozenset[str]) -> str:
    """The states forwards; backwards, for one unit each step's share, else the results."""
    found = _run(task)
    states = [_state(task, found, step) for step in range(1, task.steps + 1)]
    if task.targets:
        states.append(("L", equals(found["loss"])))
    blocks = [aligned(*states)] if not wanted or any(name[0] != "d" for name in wanted) else []
    letters = {letter.lower() if task.scalar else letter: name for letter, name in _LETTERS.items()}
    shared = {letter: name for letter, name in letters.items() if not wanted or name in wanted}
    if any(name[0] == "d" for name in wanted) or not wanted:
        by_steps = task.scalar and len(task.inputs[0]) == 1 and len(task.losses) == 1
        lines = _steps(task, found, shared) if by_steps else _results(task, found, shared)
        blocks.append(aligned(*lines))
    return "\n\n".join(blocks)


_LETTERS = {"U": "dhidden_weights", "W": "dinput_weights", "b": "dbias"}


def _state(task: Task, found: Named, step: int) -> tuple[str, str]:
    """A state, for one unit with the numbers that it is made of."""
    result = _shown(found[f"h{step}"])
    if not task.scalar or len(task.inputs[0]) > 1:
        return f"h_{{{step}}}", result
    before = found[f"h{step - 1}"] if step > 1 else task.initial[0]
    recurrent = rf"{tex(task.hidden_weights[0][0])} \cdot {factor(before)}"
    into = rf"{factor(task.input_weights[0][0])} \cdot {factor(task.inputs[step - 1][0])}"
    shift = f" {'-' if task.bias[0] < 0 else '+'} {tex(abs(task.bias[0]))}" if task.bias[0] else ""
    total = f"{recurrent} + {into}{shift}"
    return f"h_{{{step}}}", f"= {total if task.activation == 'identity' else f'f({total})'} {result}"


def _by(letter: str) -> str:
    return rf"\tfrac{{\partial L}}{{\partial {letter}}}"


def _shown(value: Any) -> str:
    if not isinstance(value, list):
        return equals(value)
    return f"= {tex_matrix(value) if isinstance(value[0], list) else tex_vector(value)}"


def _results(task: Task, found: Named, shared: Mapping[str, str]) -> list[tuple[str, str]]:
    """The gradients by states and by the shared weights."""
    steps = range(task.steps, 0, -1)
    back = [(_by(f"h_{{{step}}}"), _shown(found[f"dh{step}"])) for step in steps]
    return back + [(_by(letter), _shown(found[name])) for letter, name in shared.items()]


def _steps(task: Task, found: Named, shared: Mapping[str, str]) -> list[tuple[str, str]]:
    """For one unit: what comes back at each step, δ at its sum, and the products that add up."""
    u, before = task.hidden_weights[0][0], [task.initial[0], *(found[f"h{step}"] for step in range(1, task.steps))]
    steps = range(task.steps, task.steps - task.truncate, -1)
    lines: list[tuple[str, str]] = []
    deltas: dict[int, float] = {}
    for step in steps:
        back = found[f"dh{step}"]
        slope = _slope(task.activation, _summed(task, [before[step - 1]], task.inputs[step - 1])[0])
        deltas[step] = back * slope
        start = "" if step == task.steps else rf"{tex(u)} \cdot {factor(deltas[step + 1])} = "
        lines.append((_by(f"h_{{{step}}}"), f"= {start}{tex(back)}"))
        if task.activation != "identity":
            lines.append((rf"\delta_{{{step}}}", rf"= {tex(back)} \cdot {factor(slope)} {equals(deltas[step])}"))
    values = {"u": before, "w": [x[0] for x in task.inputs]}
    for letter, name in shared.items():
        terms = [tex(deltas[step]) for step in steps]
        if letter in values:
            terms = [rf"{tex(deltas[step])} \cdot {factor(values[letter][step - 1])}" for step in steps]
        lines += summed(_by(letter), terms, equals(found[name]))
    return lines


# ---- wrong ways ----


@reading(_task)
def _last_step_only(task: Task) -> Named:
    if task.truncate == 1:
        raise DoesNotApply("there is one step")
    found = _run(task)
    cut = _run(replace(task, truncate=1))
    return found | {name: cut[name] for name in _LETTERS.values()}


@reading(_task)
def _weight_ignored(task: Task) -> Named:
    """A state is multiplied by the recurrent weights, but by 1 on the way back."""
    from torch.nn.functional import linear

    def along(state: Tensor, u: Tensor) -> Tensor:
        return state + linear(state.detach(), u)

    return _run(task, straight_through(linear, along))


@reading(_task)
def _activation_ignored(task: Task) -> Named:
    if task.activation == "identity":
        raise DoesNotApply("there is no activation")
    return _run(task, identity=True)


@reading(_task)
def _not_truncated(task: Task) -> Named:
    if task.truncate == task.steps:
        raise DoesNotApply("all steps are gone back")
    return _run(replace(task, truncate=task.steps))


@reading(_task)
def _one_step_less(task: Task) -> Named:
    if task.truncate == 1:
        raise DoesNotApply("there is one step")
    return _run(replace(task, truncate=task.truncate - 1))


@reading(_task)
def _last_loss_only(task: Task) -> Named:
    if len(task.targets) < 2:
        raise DoesNotApply("there is one loss")
    return _run(replace(task, targets={task.steps: task.targets[task.steps]}))


@reading(_task)
def _other_factor(task: Task) -> Named:
    if not task.targets:
        raise DoesNotApply("nothing is squared")
    return _run(replace(task, half=not task.half))


@reading(_task)
def _sign(task: Task) -> Named:
    found = _run(task)
    return {name: _negative(value) if name.startswith("d") else value for name, value in found.items()}


def _negative(value: Any) -> Any:
    return [_negative(one) for one in value] if isinstance(value, list) else -value


MISCONCEPTIONS = {
    "last_step_only": Misconception("the shared weights are counted in the last step only", _last_step_only),
    "weight_ignored": Misconception("the recurrent weight is left out on the way back", _weight_ignored),
    "activation_ignored": Misconception("the derivative of the activation is left out", _activation_ignored),
    "not_truncated": Misconception("the gradient goes back through all steps", _not_truncated),
    "one_step_less": Misconception("the gradient goes back through one step too few", _one_step_less),
    "last_loss_only": Misconception("only the loss of the last step is counted", _last_loss_only),
    "other_factor": Misconception("a factor of 2 is left out or put in", _other_factor),
    "sign": Misconception("the sign is the wrong way round", _sign),
}
