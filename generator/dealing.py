"""Turn the variants of each question into those of each copy: distinct copies, other answers for neighbours.

Every copy gets the variants that its number is dealt from the pools. Where copies come out the same, as few questions
as it takes are dealt anew; then neighbours who share answers swap variants with other copies.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from generator.exam import Seat
from generator.hands import Hands, Look
from generator.neighbours import Board, keep_apart
from generator.streams import Stream, dealt
from generator.variant import Variant

WORDS = ("text", "sketch")  # kinds of answer that nobody computes


@dataclass(frozen=True)
class Choice:
    """One variant of a pool, as dealing sees it."""

    number: int
    same: str  # equal for variants that a student cannot tell apart
    answers: Mapping[str, str]  # what was computed for each part; nothing for parts in words


@dataclass(frozen=True)
class Touch:
    """Two neighbours who share an answer."""

    copies: tuple[int, int]
    question: str
    part: str


@dataclass(frozen=True)
class Deal:
    """Which variants stand on each copy, and what could not be had."""

    variants: tuple[Mapping[str, int], ...]  # for each copy: a question's id, and the number of its variant
    twins: tuple[tuple[int, ...], ...]  # copies that are all the same
    touching: tuple[Touch, ...]
    constant: tuple[tuple[str, str], ...]  # parts with one answer in the whole pool, which neighbours share
    uneven: tuple[str, ...]  # questions of which neighbours made one variant come more often than another


def choice(variant: Variant, parts: Collection[str]) -> Choice:
    """Turn a variant into what dealing needs to know of it; `parts` are those that the exam uses."""
    people = variant.question.space.people
    values = {name: value for name, value in variant.values.items() if name not in people}
    answers = {
        part.id: json.dumps(part.answer.recorded, sort_keys=True)
        for part in variant.parts
        if part.id in parts and part.kind not in WORDS
    }
    return Choice(variant.number, hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest(), answers)


def deal(
    pools: Mapping[str, Sequence[Choice]],
    asked: Sequence[Collection[str]],
    secret: str,
    exam: str,
    seats: Sequence[Seat | None] = (),
) -> Deal:
    """Turn pools into the variants of each copy, which asks the questions `asked` and lies on its seat, if any.

    No kind of variant comes a second time before all came once; where a pool has several alike, they take turns.
    """
    hands = Hands(pools, asked)
    for question, held in hands.held.items():
        alike = hands.pools[question].alike
        for copy in hands.asking(question):
            same = alike[dealt(copy, len(alike), secret, question, "pool")]
            held[copy] = same[copy // len(alike) % len(same)]
    return _settled(hands, secret, exam, seats)


def deal_unique(
    pools: Mapping[str, Sequence[Choice]],
    asked: Sequence[Collection[str]],
    secret: str,
    exam: str,
    seats: Sequence[Seat | None] = (),
) -> Deal:
    """Turn pools with a variant of its own for each copy, the one with the copy's number, into the variants of each."""
    hands = Hands(pools, asked)
    for question, held in hands.held.items():
        places = {number: place for place, number in enumerate(hands.pools[question].numbers)}
        held |= {copy: places[copy] for copy in hands.asking(question)}
    return _settled(hands, secret, exam, seats)


def _settled(hands: Hands, secret: str, exam: str, seats: Sequence[Seat | None]) -> Deal:
    """Make copies distinct, keep neighbours apart, and tell what came of it."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for copy, names in enumerate(hands.asked):
        groups.setdefault(names, []).append(copy)
    for names, copies in groups.items():
        possible = min(len(copies), math.prod(len(hands.pools[name].alike) for name in names))
        if hands.looks(copies) < possible:
            _deal_anew(hands, names, Stream(secret, exam, "distinct", *names).shuffled(copies))
        if possible == len(copies):
            hands.keep_distinct(copies)
    board = Board(seats)
    uneven = [name for name in hands.held if keep_apart(hands, board, name, Stream(secret, exam, "apart", name))]
    constant = {(name, part): None for _, _, name in _beside(hands, board) for part in hands.pools[name].constant}
    variants = tuple(
        {name: hands.pools[name].numbers[hands.held[name][copy]] for name in names}
        for copy, names in enumerate(hands.asked)
    )
    return Deal(variants, _twins(hands), tuple(_touching(hands, board)), tuple(constant), tuple(uneven))


def _deal_anew(hands: Hands, names: tuple[str, ...], copies: Sequence[int]) -> None:
    """Deal as few questions anew as it takes: copies alike in all others get combinations that follow each other."""
    alike = {name: hands.pools[name].alike for name in sorted(names, key=lambda name: -len(hands.pools[name].alike))}
    for count in range(1, len(names) + 1):
        anew, kept = [*alike][:count], [*alike][count:]
        blocks: dict[tuple[int, ...], list[int]] = {}
        for copy in copies:
            rest = tuple(hands.pools[name].kinds[hands.held[name][copy]] for name in kept)
            blocks.setdefault(rest, []).append(copy)
        sizes = [len(alike[name]) for name in anew]
        if max(map(len, blocks.values())) <= math.prod(sizes):
            break
    turns: Counter[tuple[str, int]] = Counter()
    for place, copy in enumerate(chain.from_iterable(blocks.values())):
        for name, kind in zip(anew, combination(place, sizes), strict=True):
            same = alike[name][kind]
            hands.held[name][copy] = same[turns[name, kind] % len(same)]
            turns[name, kind] += 1


def combination(place: int, sizes: Sequence[int]) -> Iterator[int]:
    """Turn a place into one number below each size.

    Places that follow each other, up to as many as there are combinations, get different ones, and among the first
    places, however many, each number comes equally often, give or take one: two sizes are run through along the
    diagonals of their rectangle, which shift by one where they would close; that rectangle and a third size likewise.
    """
    period = 1
    for size in sizes:
        at, diagonal = place % (period * size), math.lcm(period, size)
        yield (at + at // diagonal) % size
        period *= size


# ---- what came of it ----


def _twins(hands: Hands) -> tuple[tuple[int, ...], ...]:
    alike: dict[Look, list[int]] = {}
    for copy in range(len(hands.asked)):
        alike.setdefault(hands.look(copy), []).append(copy)
    return tuple(tuple(copies) for copies in alike.values() if len(copies) > 1)


def _beside(hands: Hands, board: Board) -> Iterator[tuple[int, int, str]]:
    """Every two neighbours with each question that both of them have."""
    for one, other in board.pairs():
        yield from ((one, other, name) for name in hands.asked[one] if name in hands.asked[other])


def _touching(hands: Hands, board: Board) -> Iterator[Touch]:
    for one, other, name in _beside(hands, board):
        held, answers = hands.held[name], hands.pools[name].answers
        for (part, mine), (_, theirs) in zip(answers[held[one]], answers[held[other]], strict=True):
            if mine == theirs:
                yield Touch((one, other), name, part)
