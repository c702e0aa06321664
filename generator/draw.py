"""Turn parameters and conditions into the exact space of allowed draws, and a seed into one of them.

Parameters that no condition ties together are drawn independently, so the space is a product of small lists that
are enumerated one by one: exact counts without walking the whole product.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator import streams
from generator.formulas import Formula, FormulaError
from generator.streams import Stream

MOST_TOGETHER = 200_000  # combinations of parameters that conditions tie together
MOST_DRAWS = 10**60  # of all parameters; a deal takes numbers of 256 bits

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """What a draw must meet: the names it looks at, the test, and the words for it."""

    names: frozenset[str]
    holds: Callable[[Values], bool]
    text: str


@dataclass(frozen=True)
class Cluster:
    """Parameters that conditions tie together, and every allowed combination of their values."""

    names: tuple[str, ...]
    draws: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Space:
    """All allowed draws of a question: one combination from each cluster, then what is computed from them."""

    clusters: tuple[Cluster, ...]
    computed: tuple[tuple[str, Formula], ...]
    people: tuple[str, ...] = ()  # parameters that are first names; those of one draw are all different
    first_names: tuple[str, ...] = ()

    @cached_property
    def size(self) -> int:
        """How many distinct variants there are, people's names aside."""
        return math.prod(len(cluster.draws) for cluster in self.clusters)

    def draw(self, secret: str, question: str, number: int) -> dict[str, Any]:
        """Variant `number` of a question; any two variants below `size` differ in more than names of people."""
        place = streams.dealt(number, self.size, secret, question, "values")
        return self.at(place, Stream(secret, question, number, "names"))

    def at(self, place: int, names: Stream) -> dict[str, Any]:
        """The draw at a place of the space, from 0 to size - 1, with people's names from a stream."""
        people = zip(self.people, names.shuffled(self.first_names), strict=False)
        return self.complete(_at(self.clusters, place) | dict(people))

    def allows(self, values: Values) -> bool:
        """Whether values are one of the draws."""
        return all(
            all(name in values for name in cluster.names)
            and any(draw == tuple(values[name] for name in cluster.names) for draw in cluster.draws)
            for cluster in self.clusters
        )

    def complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Add what is computed; raises FormulaError."""
        whole = dict(values)
        for name, formula in self.computed:
            whole[name] = formula.value(whole)
        return whole

    def over(self, names: frozenset[str], most: int) -> Iterator[dict[str, Any]]:
        """Every combination of the clusters that hold these names (other names at their first value), at most `most`.

        When there are more, they are dealt from the whole list: at even steps some values would never come.
        """
        touched = self._needed(names)
        free = [cluster for cluster in self.clusters if touched & set(cluster.names)]
        rest = [cluster for cluster in self.clusters if not touched & set(cluster.names)]
        size = math.prod(len(cluster.draws) for cluster in free)
        for step in range(min(size, most)):
            place = step if size <= most else streams.dealt(step, size, "over")
            yield self.complete(_at(free, place) | _at(rest, 0) | self._anybody())

    def _anybody(self) -> dict[str, str]:
        return dict(zip(self.people, self.first_names, strict=False))

    def _needed(self, names: frozenset[str]) -> set[str]:
        """The drawn parameters behind names, some of which are computed."""
        needed = set(names)
        for name, formula in reversed(self.computed):
            if name in needed:
                needed |= formula.names
        return needed


def _at(clusters: Sequence[Cluster], place: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for cluster in clusters:
        place, index = divmod(place, len(cluster.draws))
        values |= zip(cluster.names, cluster.draws[index], strict=True)
    return values


class NoDraws(ValueError):
    """No draw meets the conditions, or there are too many to look at."""

    def __init__(self, message: str, conditions: Sequence[Condition] = ()) -> None:
        super().__init__(message)
        self.hint = "\n".join(condition.text for condition in conditions)


def enumerate_space(
    choices: Mapping[str, Sequence[Any]],
    computed: Sequence[tuple[str, Formula]],
    conditions: Sequence[Condition],
    people: Sequence[str] = (),
    first_names: Sequence[str] = (),
) -> Space:
    """Turn parameters and conditions into their space; raises NoDraws and FormulaError."""
    behind = _behind(choices, computed)
    anybody = dict(zip(people, first_names, strict=False))
    ties = [frozenset(itertools.chain.from_iterable(behind.get(name, ()) for name in c.names)) for c in conditions]
    ties += [behind[name] for name, _ in computed]
    clusters = []
    for names in _groups(list(choices), ties):
        combinations = math.prod(len(choices[name]) for name in names)
        if combinations > MOST_TOGETHER:
            raise NoDraws(
                f"conditions tie {', '.join(names)} together, which makes {combinations:,} combinations; "
                f"at most {MOST_TOGETHER:,} can be looked at"
            )
        tests = [c for c, tie in zip(conditions, ties, strict=False) if tie and tie <= set(names)]
        inner = [(name, formula) for name, formula in computed if behind[name] <= set(names)]
        draws = tuple(_allowed([choices[name] for name in names], names, inner, tests, anybody))
        if not draws:
            raise NoDraws(f"no draw of {', '.join(names)} meets all conditions", tests)
        clusters.append(Cluster(tuple(names), draws))
    space = Space(tuple(clusters), tuple(computed), tuple(people), tuple(first_names))
    if space.size > MOST_DRAWS:
        raise NoDraws("there are more draws than can be dealt out: 10 to the power of 60 and more")
    constants = Space((), tuple((name, formula) for name, formula in computed if not behind[name])).complete(anybody)
    for condition, tie in zip(conditions, ties, strict=False):
        if not tie and not condition.holds(constants):
            raise NoDraws("no draw meets a condition over what always stays the same", [condition])
    return space


def _allowed(
    lists: Sequence[Sequence[Any]],
    names: Sequence[str],
    computed: Sequence[tuple[str, Formula]],
    tests: Sequence[Condition],
    anybody: Mapping[str, str],
) -> Iterator[tuple[Any, ...]]:
    for combination in itertools.product(*lists):
        values = {**anybody, **dict(zip(names, combination, strict=True))}
        try:
            for name, formula in computed:
                values[name] = formula.value(values)
            if all(test.holds(values) for test in tests):
                yield combination
        except FormulaError as error:
            drawn = {name: values[name] for name in names}
            hint = "\n".join(filter(None, [error.hint, f"drawn: {told(drawn)}"]))
            raise FormulaError(str(error), error.word, hint, error.formula) from None


def _behind(choices: Mapping[str, Any], computed: Sequence[tuple[str, Formula]]) -> dict[str, frozenset[str]]:
    """The drawn parameters that stand behind each name."""
    behind = {name: frozenset([name]) for name in choices}
    for name, formula in computed:
        behind[name] = frozenset(itertools.chain.from_iterable(behind.get(part, ()) for part in formula.names))
    return behind


def _groups(names: list[str], ties: Sequence[frozenset[str]]) -> list[list[str]]:
    """Names in groups, such that names of one tie stand in one group; groups in order of their first name."""
    group = {name: {name} for name in names}
    for tie in ties:
        merged = set().union(*(group[name] for name in tie))
        for name in merged:
            group[name] = merged
    seen: set[str] = set()
    groups = []
    for name in names:
        if name not in seen:
            seen |= group[name]
            groups.append([other for other in names if other in group[name]])
    return groups


def told(values: Values) -> str:
    """Drawn values as a message tells them: side = 15, maps = 10."""
    return ", ".join(f"{name} = {_short(value)}" for name, value in values.items())


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
