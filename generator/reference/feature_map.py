"""One stage of a convolutional network on a small map: convolution, activation, pooling, each with its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from generator.reference import DoesNotApply, Misconception
from generator.reference import convolution as plain
from generator.reference import pooling as pools
from generator.reference.activation_values import activate, activated, said
from generator.reference.convolution import Change, Convolution
from generator.reference.given import Matrix, Pick, number, picking, reading, tensor, tex_matrix
from generator.reference.pooling import Kind, Pool

GIVES = "named"
Activation = Literal["relu", "leaky_relu", "step", "identity"]
Named = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """A convolution, what follows it, and the pooling over its output."""

    convolution: Convolution
    activation: Activation
    slope: float
    threshold: str
    pool: Pool  # over a map of zeros

    def pooling(self, values: Matrix) -> Pool:
        """The pooling of a map."""
        return replace(self.pool, values=values)


def _task(
    *,
    input: Any,  # noqa: A002 - as PyTorch calls it
    kernel: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    bias: float | None = None,
    activation: Activation = "relu",
    slope: float = 0.01,
    threshold: str = "at_least",
    pool: Kind = "max",
    pool_size: Any = 2,
    pool_stride: Any = None,
    pool_padding: Any = 0,
    convolution_form: str = "plain",
) -> Stage:
    convolution = plain.task(False, input, kernel, stride, padding, dilation, bias, convolution_form)
    rows, columns = convolution.windows.outputs
    empty = [[0.0] * columns for _ in range(rows)]
    pooling = pools.pool(empty, pool, pool_size, pool_stride, pool_padding, False, True, False)
    return Stage(convolution, activation, number("slope", slope, 0, 10), threshold, pooling)


@reading(_task)
def compute(stage: Stage) -> Named:
    """Run conv2d, an activation and a pooling; `convolution`, `activation` and `pooling` are their outputs.

    Arguments are those of the quantities convolution and pooling; the stride of the pooling is its window by default.
    """
    return _run(stage)


def _run(stage: Stage) -> Named:
    sums = plain.run(stage.convolution)
    values = activate(stage.activation, tensor(sums), stage.slope, stage.threshold).tolist()
    return {"convolution": sums, "activation": values, "pooling": pools.run(stage.pooling(values))}


@reading(_task)
def recompute(stage: Stage) -> Named:
    """The same window by window, in plain Python."""
    return _by_hand(stage)


def _by_hand(stage: Stage) -> Named:
    sums = plain.by_hand(stage.convolution)
    values = [[activated(stage.activation, one, stage.slope, stage.threshold) for one in row] for row in sums]
    return {"convolution": sums, "activation": values, "pooling": pools.by_hand(stage.pooling(values))}


@reading(_task)
def says(stage: Stage) -> str:
    """What the paper must state for the answer to be one."""
    told = [
        plain.said(stage.convolution),
        said(stage.activation, stage.slope, stage.threshold),
        pools.said(stage.pool),
    ]
    return "; ".join(filter(None, told))


@picking(_task)
def worked(stage: Stage, pick: Pick) -> str:
    """The convolution with its sums, the map after the activation, and the windows of the pooling."""
    found = _by_hand(stage)
    told = {"convolution": plain.shown(stage.convolution), "activation": "", "pooling": ""}
    if pick != "convolution":
        told["convolution"] += f"\n\nAll windows together give $$Y = {tex_matrix(found['convolution'])}$$"
    if stage.activation != "identity":
        name = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "step": "the step"}[stage.activation]
        told["activation"] = f"After {name}: $${tex_matrix(found['activation'])}$$"
    told["pooling"] = pools.shown(stage.pooling(found["activation"]))
    last = list(told).index(pick if isinstance(pick, str) else "pooling")
    return "\n\n".join(filter(None, list(told.values())[: last + 1]))


# ---- wrong ways ----


def _convolved(change: Change) -> Callable[..., Named]:
    """What another convolution leads to."""

    @reading(_task)
    def wrong(stage: Stage) -> Named:
        other = replace(stage, convolution=change(stage.convolution))
        return _fitting(other)

    return wrong


def _fitting(stage: Stage) -> Named:
    rows, columns = stage.convolution.windows.outputs
    if min(rows, columns) < 1:
        raise DoesNotApply("no window would fit")
    if min(replace(stage.pool.windows, sides=(rows, columns)).outputs) < 1:
        raise DoesNotApply("no window of the pooling would fit")
    return _run(stage)


def _pooled(change: Callable[[Pool], Pool]) -> Callable[..., Named]:
    """What another pooling leads to."""

    @reading(_task)
    def wrong(stage: Stage) -> Named:
        return _fitting(replace(stage, pool=change(stage.pool)))

    return wrong


def _other_kind(pool: Pool) -> Pool:
    return replace(pool, kind="average" if pool.kind == "max" else "max")


def _one_by_one(pool: Pool) -> Pool:
    return replace(pool, stride=(1, 1))


@reading(_task)
def _linear(stage: Stage) -> Named:
    return _run(replace(stage, activation="identity"))


@reading(_task)
def _absolute(stage: Stage) -> Named:
    if stage.activation != "relu":
        raise DoesNotApply("there is no ReLU")
    sums = plain.run(stage.convolution)
    values = tensor(sums).abs().tolist()
    return {"convolution": sums, "activation": values, "pooling": pools.run(stage.pooling(values))}


MISCONCEPTIONS = {
    "flipped_kernel": Misconception("the kernel is flipped", _convolved(plain.flipped)),
    "not_flipped": Misconception("the kernel is not flipped", _convolved(plain.not_flipped)),
    "no_activation": Misconception("the activation is forgotten", _linear),
    "other_pooling": Misconception("maximum and average are mixed up", _pooled(_other_kind)),
    **{
        name: Misconception(plain.WAYS[name][0], _convolved(plain.WAYS[name][1]))
        for name in ("bias_forgotten", "no_padding", "stride_ignored", "one_channel", "transposed_kernel")
    },
    "absolute": Misconception("ReLU drops the sign of negative sums in place of giving 0", _absolute),
    "pool_stride_one": Misconception("the window of the pooling moves by one place", _pooled(_one_by_one)),
}
