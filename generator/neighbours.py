"""Turn seats into neighbours, and give neighbours other answers.

Neighbours with the same answer swap variants with other copies, which leaves each variant as often as it was. Where
swaps are not enough, seats are colored as a board on which no two of eight neighbours have one color, and each color
gets variants of its own; or one variant takes the place of another. Then some come more often than others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from generator.exam import Seat
from generator.hands import Answer, Hands
from generator.streams import Stream

PASSES = 10  # over the copies that share an answer with a neighbour
REACH = 500  # copies among which partners for a swap are looked for
PARTNERS = 40  # that are tried


class Board:
    """For each copy, the copies on the up to eight seats around it, and the color of its own."""

    def __init__(self, seats: Sequence[Seat | None]) -> None:
        at: dict[tuple[str, int | None, int], list[int]] = {}
        for copy, seat in enumerate(seats):
            if seat:
                at.setdefault((seat.room, seat.row, seat.column), []).append(copy)
        self.beside = [
            [other for place in _around(seat) for other in at.get(place, ()) if other != copy] if seat else []
            for copy, seat in enumerate(seats)
        ]
        self.colors = [2 * ((seat.row or 0) % 2) + seat.column % 2 if seat else 0 for seat in seats]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Every two neighbours, once."""
        yield from ((one, other) for one, others in enumerate(self.beside) for other in others if one < other)


def _around(seat: Seat) -> Iterator[tuple[str, int | None, int]]:
    """A seat and those around it; without a row, those before and behind it in the line."""
    for row in (None,) if seat.row is None else (seat.row - 1, seat.row, seat.row + 1):
        for column in (seat.column - 1, seat.column, seat.column + 1):
            yield seat.room, row, column


def keep_apart(hands: Hands, board: Board, question: str, stream: Stream) -> bool:
    """Give neighbours other answers to a question; returns whether its variants come less evenly for it."""
    if not any(copy in hands.held[question] for copy, _ in board.pairs()):
        return False
    seating = _Seating(hands, board, question, stream)
    before = seating.unevenness()
    for _ in range(PASSES):
        if not sum(seating.swap(copy) for copy in seating.close()):
            break
    if seating.close():
        seating.color()
        for _ in range(PASSES):
            if not sum(seating.replace(copy) for copy in seating.close()):
                break
        seating.even_out()
    return seating.unevenness() > max(1, before)


class _Seating:
    """One question on the board: who holds which variant, and shares which answers."""

    def __init__(self, hands: Hands, board: Board, question: str, stream: Stream) -> None:
        self.hands, self.board, self.question = hands, board, question
        self.held = hands.held[question]
        self.answers, self.kinds = hands.pools[question].answers, hands.pools[question].kinds
        self.places = range(len(self.answers))
        self.order = stream.shuffled([*self.held])
        self.rank = {copy: rank for rank, copy in enumerate(self.order)}
        self.used = Counter(self.kinds[place] for place in self.held.values())

    def unevenness(self) -> int:
        """How much more often one kind of variant comes than another."""
        used = [self.used[kind] for kind in self.kinds]
        return max(used) - min(used)

    def times(self, place: int) -> int:
        """How often a variant comes, with those that are alike."""
        return self.used[self.kinds[place]]

    def close(self) -> list[int]:
        """The copies that share an answer with a neighbour."""
        return [copy for copy in self.order if self.shared(self.held[copy], self.heard(copy))]

    def heard(self, copy: int) -> Counter[Answer]:
        """How many neighbours have each answer."""
        return self.hands.answers(self.question, self.board.beside[copy])

    def shared(self, place: int, heard: Counter[Answer]) -> int:
        """How often a variant's answers are heard."""
        return sum(heard[answer] for answer in self.answers[place])

    def better(self, copy: int) -> dict[int, int]:
        """The variants with which a copy shares fewer answers, and how many fewer."""
        heard = self.heard(copy)
        now = self.shared(self.held[copy], heard)
        less = {place: now - self.shared(place, heard) for place in self.places}
        return {place: fewer for place, fewer in less.items() if fewer > 0}

    def change(self, changes: Mapping[int, int]) -> bool:
        """Give copies other variants, unless copies would come out the same."""
        before = [self.kinds[self.held[copy]] for copy in changes]
        if not self.hands.change(self.question, changes):
            return False
        self.used.subtract(before)
        self.used.update(self.kinds[place] for place in changes.values())
        return True

    def swap(self, copy: int) -> bool:
        """Swap variants with another copy, so that fewer answers are shared."""
        mine, better = self.held[copy], self.better(copy)
        start = self.rank[copy]
        others = (self.order[(start + step) % len(self.order)] for step in range(1, min(REACH, len(self.order))))
        for other in islice((other for other in others if self.held[other] in better), PARTNERS):
            theirs, heard = self.held[other], self.heard(other)
            more = self.shared(mine, heard) - self.shared(theirs, heard)
            if more < better[theirs] and self.change({copy: theirs, other: mine}):
                return True
        return False

    def replace(self, copy: int) -> bool:
        """Take a variant with which fewer answers are shared, rather one that comes seldom."""
        better = self.better(copy)
        best = sorted(better, key=lambda place: (-better[place], self.times(place), place))
        return any(self.change({copy: place}) for place in best)

    def color(self) -> None:
        """Give each color of seats variants that share no answer with those of another color, if there are enough."""
        copies: dict[int, list[int]] = {}
        for copy in self.order:
            if self.board.beside[copy]:
                copies.setdefault(self.board.colors[copy], []).append(copy)
        places: dict[int, list[int]] = {color: [] for color in copies}
        for family in sorted(_families(self.answers), key=len, reverse=True):
            poorest = max(
                places, key=lambda color: (not places[color], len(copies[color]) / max(1, len(places[color])))
            )
            places[poorest] += family
        if not all(places.values()):
            return
        before, close = dict(self.held), len(self.close())
        for color, mine in places.items():
            for copy in copies[color]:
                any(self.change({copy: place}) for place in sorted(mine, key=self.times))
        if len(self.close()) > close:  # where copies that must be distinct stood in the way
            self.change(before)

    def even_out(self) -> None:
        """Let variants that come seldom take the place of frequent ones, where that makes nobody share an answer."""
        for copy in self.order * PASSES:
            if self.unevenness() <= 1:
                return
            heard, times = self.heard(copy), self.times(self.held[copy])
            now = self.shared(self.held[copy], heard)
            rare = sorted((place for place in self.places if self.times(place) < times - 1), key=self.times)
            any(self.change({copy: place}) for place in rare if self.shared(place, heard) <= now)


def _families(answers: Sequence[Sequence[Answer]]) -> list[list[int]]:
    """Variants that share answers with each other, directly or through others, and none with another family."""
    above = [*range(len(answers))]

    def head(place: int) -> int:
        while above[place] != place:
            place = above[place]
        return place

    first: dict[Answer, int] = {}
    for place, each in enumerate(answers):
        for answer in each:
            above[head(place)] = head(first.setdefault(answer, place))
    families: dict[int, list[int]] = {}
    for place in range(len(answers)):
        families.setdefault(head(place), []).append(place)
    return list(families.values())
