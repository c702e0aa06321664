"""Turn a space of draws into those to look at: all where they are few, else some that show every value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from generator.draw import Cluster, Space
from generator.streams import Stream, dealt

LOOKED_AT = 30  # combinations that hold a value, to find one that holds other missing values too


def places(space: Space, count: int) -> Iterator[int]:
    """Every place of a space, each once; within the first `count` each value of each parameter comes, where they can.

    Parameters that no condition ties together get the values of their own lists, shuffled; of tied ones, combinations
    are chosen that hold values which did not come yet. What comes after the first `count` is dealt.
    """
    if space.size <= count:
        yield from range(space.size)
        return
    seen: set[int] = set()
    rest = (dealt(number, space.size, "spread") for number in range(space.size))
    for place in itertools.chain(_spread(space.clusters, count), rest):
        if place not in seen:
            seen.add(place)
            yield place


def _spread(clusters: Sequence[Cluster], count: int) -> Iterator[int]:
    """Places that hold, one below the other, what each cluster shows."""
    columns = [_shown(cluster, count) for cluster in clusters]
    strides = [math.prod(len(cluster.draws) for cluster in clusters[:place]) for place in range(len(clusters))]
    for indices in zip(*columns, strict=True):
        yield sum(index * stride for index, stride in zip(indices, strides, strict=True))


def _shown(cluster: Cluster, count: int) -> list[int]:
    """`count` indices of combinations of a cluster."""
    size = len(cluster.draws)
    if size > count:
        chosen = _covering(cluster, count)
        others = (
            index for number in range(size) if (index := dealt(number, size, "shown", *cluster.names)) not in chosen
        )
        return Stream("shown", *cluster.names).shuffled([*chosen, *itertools.islice(others, count - len(chosen))])
    laps = (Stream("shown", *cluster.names, lap).shuffled(range(size)) for lap in itertools.count())
    return list(itertools.islice(itertools.chain.from_iterable(laps), count))


def _covering(cluster: Cluster, count: int) -> dict[int, None]:
    """At most `count` combinations that hold every value, the first and the last of each parameter before others."""
    holders: dict[tuple[int, str], list[int]] = {}
    for index, draw in enumerate(cluster.draws):
        for pair in _pairs(draw):
            holders.setdefault(pair, []).append(index)
    missing = dict.fromkeys(_ends_first(holders, len(cluster.names)))
    chosen: dict[int, None] = {}
    while missing and len(chosen) < count:
        holding = holders[next(iter(missing))]
        some = holding[:: math.ceil(len(holding) / LOOKED_AT)]
        best = max(some, key=lambda index: sum(pair in missing for pair in _pairs(cluster.draws[index])))
        chosen[best] = None
        for pair in _pairs(cluster.draws[best]):
            missing.pop(pair, None)
    return chosen


def _pairs(draw: Sequence[object]) -> Iterator[tuple[int, str]]:
    """Each value with the place of its parameter; lists cannot be looked up, their text can."""
    return ((column, repr(value)) for column, value in enumerate(draw))


def _ends_first(pairs: dict[tuple[int, str], list[int]], columns: int) -> list[tuple[int, str]]:
    """What breaks mostly breaks with the smallest or the largest value."""
    lists = [[pair for pair in pairs if pair[0] == column] for column in range(columns)]
    ends = [pair for values in lists for pair in (values[0], values[-1])]
    return [*ends, *Stream("covering", columns, len(pairs)).shuffled(list(pairs))]
