"""What is to be built, and what a worker reads again of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from generator import exam as exam_room
from generator import pool as pool_room
from generator.bank import shown_path
from generator.exam import ExamPlan
from generator.mistakes import Mistake, Mistaken
from generator.pool import Pool
from generator.variant import Variant

Format = Literal["pdf", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True)
class Order:
    """What is to be built; with the same students, the same order gives the same bytes."""

    bank: Path
    exam: Path
    copies: int
    secret: str
    pool: int | None  # variants of each question; None: each copy has variants of its own
    formats: tuple[Format, ...]  # that some copy is made in
    paper: Literal["letter", "a4"]
    frozen: str = ""  # the hash of the frozen pool that copies are dealt from
    mark: str = ""  # the hash of all that decides about the bytes: with another, a process must read all again
    folder: Path = Path()  # where stages leave what they made
    run: str = ""  # another one each time, so that no process takes what it remembers of a former run for done
    plan: ExamPlan | None = field(default=None, compare=False, repr=False)  # read by the first process, for the others


def plan_of(order: Order) -> ExamPlan:
    """The exam of an order, with the questions that may come."""
    assert order.plan
    return order.plan


@lru_cache(maxsize=1)
def frozen_of(order: Order) -> Pool | None:
    """The frozen pool of an order, read again as a worker does; raises Mistaken when it is another by now."""
    if not order.frozen:
        return None
    path = pool_room.path_of(order.exam)
    found = pool_room.read(path, order.exam.stem)
    if hash_of(found) != order.frozen:
        raise Mistaken([Mistake(shown_path(path), 0, 0, "this frozen pool changed while papers were made")])
    return found


def hash_of(frozen: Pool | None) -> str:
    """The hash of a pool's file, as `torchexam freeze` writes it."""
    return hashlib.sha256(pool_room.written(frozen)).hexdigest() if frozen else ""


@lru_cache(maxsize=64)
def variant_of(order: Order, question: str, number: int) -> Variant:
    """Draw a variant; raises Mistaken."""
    return exam_room.draw(plan_of(order), question, order.secret, number, frozen_of(order))
