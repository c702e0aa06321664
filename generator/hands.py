"""Turn pools into hands: which variant of each question every copy holds while copies are dealt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from generator.dealing import Choice

Look: TypeAlias = tuple[object, ...]  # what a student can tell a copy by
Answer: TypeAlias = tuple[str, str]  # to a part


class Pool:
    """The variants of a question by their places in the pool: which are alike, and what their answers are."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self.numbers = [choice.number for choice in choices]
        kinds: dict[str, int] = {}
        self.kinds = [kinds.setdefault(choice.same, len(kinds)) for choice in choices]
        self.alike: list[list[int]] = [[] for _ in kinds]
        for place, kind in enumerate(self.kinds):
            self.alike[kind].append(place)
        found = {part: {choice.answers[part] for choice in choices} for part in choices[0].answers}
        self.constant = [part for part, answers in found.items() if len(answers) == 1]
        varied = [part for part, answers in found.items() if len(answers) > 1]
        self.answers = [tuple((part, choice.answers[part]) for part in varied) for choice in choices]


class Hands:
    """The place in its pool of the variant that each copy holds, question by question."""

    def __init__(self, pools: Mapping[str, Sequence[Choice]], asked: Sequence[Collection[str]]) -> None:
        self.pools = {question: Pool(choices) for question, choices in sorted(pools.items())}
        self.asked = [tuple(sorted(questions)) for questions in asked]
        self.held: dict[str, dict[int, int]] = {question: {} for question in self.pools}
        self.distinct: dict[int, Look] = {}  # copies that are to stay distinct, and what each looks like
        self.taken: set[Look] = set()

    def asking(self, question: str) -> list[int]:
        """The copies that ask a question."""
        return [copy for copy, questions in enumerate(self.asked) if question in questions]

    def look(self, copy: int, question: str = "", place: int = 0) -> Look:
        """What tells a copy from others, as it is or with another variant of one question."""
        names = self.asked[copy]
        places = (place if name == question else self.held[name][copy] for name in names)
        return names, *(self.pools[name].kinds[place] for name, place in zip(names, places, strict=True))

    def looks(self, copies: Sequence[int]) -> int:
        """How many different looks copies have."""
        return len({self.look(copy) for copy in copies})

    def keep_distinct(self, copies: Sequence[int]) -> None:
        """From now on, let no change make two of these copies the same."""
        self.distinct |= {copy: self.look(copy) for copy in copies}
        self.taken |= {self.distinct[copy] for copy in copies}

    def change(self, question: str, changes: Mapping[int, int]) -> bool:
        """Give copies other variants of a question, unless copies that are to stay distinct would not."""
        new = {copy: self.look(copy, question, place) for copy, place in changes.items() if copy in self.distinct}
        old, looks = {self.distinct[copy] for copy in new}, {*new.values()}
        if len(looks) < len(new) or (looks - old) & self.taken:
            return False
        self.held[question].update(changes)
        self.distinct |= new
        self.taken -= old
        self.taken |= looks
        return True

    def answers(self, question: str, copies: Iterable[int]) -> Counter[Answer]:
        """How many of some copies have each answer to a question that they may or may not ask."""
        held, answers = self.held[question], self.pools[question].answers
        return Counter(chain.from_iterable(answers[held[copy]] for copy in copies if copy in held))
