"""How many steps an optimizer takes: one for each mini-batch, over one or several epochs."""

from __future__ import annotations

from typing import Any

from generator.reference import BadArgument, DoesNotApply, Misconception, descent

GIVES = "count"
LARGEST_DATA = 10**9


def compute(*, examples: int, batch_size: int, epochs: int = 1, drop_last: bool = False, accumulate: int = 1) -> int:
    """Ask torch.utils.data.DataLoader for its number of batches.

    `drop_last` leaves a last batch out that is not full; with `accumulate`, the gradients of so many batches are added
    up before a step (at the end of an epoch, of those that are left).
    """
    from torch.utils.data import BatchSampler, DataLoader

    _check(examples, batch_size, epochs, drop_last, accumulate)
    loader: DataLoader[int] = DataLoader(range(examples), batch_size=batch_size, drop_last=drop_last)  # type: ignore[arg-type] # a range has a length and items
    steps = BatchSampler(range(len(loader)), accumulate, drop_last=False)  # a step is a batch of batches
    return epochs * len(steps)


def _check(examples: Any, batch_size: Any, epochs: Any, drop_last: Any, accumulate: Any) -> None:
    most = {"examples": LARGEST_DATA, "batch_size": LARGEST_DATA, "epochs": 10_000, "accumulate": 10_000}
    given = {"examples": examples, "batch_size": batch_size, "epochs": epochs, "accumulate": accumulate}
    for name, value in given.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most[name]:
            raise BadArgument(name, f"{value} is no whole number from 1 to {most[name]:,}")
    if not isinstance(drop_last, bool):
        raise BadArgument("drop_last", "true or false")


def recompute(*, examples: int, batch_size: int, epochs: int = 1, drop_last: bool = False, accumulate: int = 1) -> int:
    """The same by dividing, in whole numbers."""
    full, rest = divmod(examples, batch_size)
    batches = full if drop_last or not rest else full + 1
    whole, left = divmod(batches, accumulate)
    return epochs * (whole + (left > 0))


def says(*, examples: int, batch_size: int, drop_last: bool = False) -> str:
    """What the paper must state for the answer to be one."""
    if examples % batch_size == 0:
        return ""
    return "a last batch that is not full is " + ("left out" if drop_last else "used too")


def worked(*, examples: int, batch_size: int, epochs: int = 1, drop_last: bool = False, accumulate: int = 1) -> str:
    """The divisions with their numbers."""
    batches = compute(examples=examples, batch_size=batch_size, drop_last=drop_last)
    steps = compute(examples=examples, batch_size=batch_size, drop_last=drop_last, accumulate=accumulate)
    full, rest = divmod(examples, batch_size)
    kept = "" if not rest else f", {rest} examples are {'left out' if drop_last else 'the last batch'}"
    told = f"${examples} = {full} \\cdot {batch_size} + {rest}${kept}: {batches} batches in an epoch."
    if accumulate > 1:
        told += f" Of {accumulate} batches each: {steps} steps."
    if epochs > 1:
        told += f" In {epochs} epochs $${epochs} \\cdot {steps} = {epochs * steps}.$$"
    return told


def _other_rest(given: dict[str, Any]) -> dict[str, Any]:
    if given["examples"] % given["batch_size"] == 0:
        raise DoesNotApply("every batch is full")
    return {"drop_last": not given["drop_last"]}


def _over_all(given: dict[str, Any]) -> dict[str, Any]:
    """All epochs as one long one."""
    return {"examples": given["examples"] * given["epochs"], "epochs": 1}


MISCONCEPTIONS = {
    "other_rest": Misconception(
        "the last batch, which is not full, is taken the other way", descent.again(compute, _other_rest)
    ),
    "one_epoch": Misconception("this is one epoch only", descent.again(compute, descent.with_value("epochs", 1))),
    "each_example": Misconception(
        "a step is taken for each example, not for each batch",
        descent.again(compute, descent.with_value("batch_size", 1)),
    ),
    "one_an_epoch": Misconception(
        "a step is taken for each epoch, not for each batch",
        descent.again(compute, lambda given: {"batch_size": given["examples"], "drop_last": False, "accumulate": 1}),
    ),
    "batch_size_itself": Misconception(
        "the number of examples in a batch is taken for the number of batches",
        descent.again(compute, lambda given: {"examples": given["batch_size"], "batch_size": 1}),
    ),
    "over_all": Misconception(
        "all epochs are divided into batches as one, so that a last batch that is not full comes once only",
        descent.again(compute, _over_all),
    ),
    "not_accumulated": Misconception(
        "a step is taken after every batch", descent.again(compute, descent.with_value("accumulate", 1))
    ),
}
