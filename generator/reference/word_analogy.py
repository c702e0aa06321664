"""The word that completes an analogy of word vectors: a is to b as c is to which?

Mikolov, Yih and Zweig, Linguistic Regularities in Continuous Space Word Representations (2013): the word whose vector
has the largest cosine with b − a + c, other than a, b and c.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import Matrix, equals, matrix, picking_a_name, places, reading, tensor, tex, tex_vector

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
WHOLE = ("nearest",)
CLOSEST = 1e-6  # candidates whose similarities differ by less are no question
Named = dict[str, Any]
Measure = Literal["cosine", "dot"]


@dataclass(frozen=True)
class Task:
    """A row for each word, the places of a, b and c counted from 0, and what similarity is."""

    vectors: Matrix
    words: tuple[int, int, int]
    measure: Measure

    @property
    def others(self) -> list[int]:
        """The places of the words that can be the answer."""
        return [place for place in range(len(self.vectors)) if place not in self.words]


def _task(*, vectors: Any, words: Any, measure: Measure = "cosine") -> Task:
    """Check the vectors and the places of a, b and c, counted from 1; raises BadArgument."""
    rows = matrix("vectors", vectors)
    a, b, c = (place - 1 for place in places("words", words, 3, len(rows)))
    if len({a, b, c}) < 3 or len(rows) < 5:
        raise BadArgument("words", "an analogy needs three different words and at least two candidates")
    task = Task(rows, (a, b, c), measure)
    query = [y - x + z for x, y, z in zip(rows[a], rows[b], rows[c], strict=True)]
    if any(math.hypot(*row) < 1e-3 for row in (*rows, query)):
        raise BadArgument("vectors", "a vector of length 0 has no direction")
    best, second = sorted((_plain(query, rows[place], measure) for place in task.others), reverse=True)[:2]
    if best - second < CLOSEST:
        raise BadArgument("vectors", "two candidates are equally similar")
    return task


def _plain(one: Sequence[float], other: Sequence[float], measure: Measure) -> float:
    """The similarity of two vectors, in plain Python."""
    dot = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return dot if measure == "dot" else dot / math.hypot(*one) / math.hypot(*other)


@reading(_task)
def compute(task: Task) -> Named:
    """Compare b − a + c with all words on tensors: `query`, `similarities` (of the candidates in order), `nearest`.

    `vectors`: a row for each word; `words`: the places of a, b and c, counted from 1, as is `nearest`. `measure`:
    similarity is the cosine or the dot product.
    """
    a, b, c = tensor([task.vectors[place] for place in task.words])
    return _found(task, b - a + c, task.others)


def _found(task: Task, query: Tensor, candidates: list[int]) -> Named:
    import torch

    rows = tensor(task.vectors)
    by_cosine = torch.nn.CosineSimilarity(dim=1)(rows, query.expand_as(rows))
    similar = by_cosine if task.measure == "cosine" else rows @ query
    best = max(candidates, key=lambda place: float(similar[place]))
    return {"query": query.tolist(), "similarities": similar[task.others].tolist(), "nearest": best + 1}


@reading(_task)
def recompute(task: Task) -> Named:
    """The same number by number, in plain Python."""
    a, b, c = (task.vectors[place] for place in task.words)
    query = [y - x + z for x, y, z in zip(a, b, c, strict=True)]
    similar = {place: _plain(query, task.vectors[place], task.measure) for place in task.others}
    nearest = max(similar, key=lambda place: similar[place]) + 1
    return {"query": query, "similarities": list(similar.values()), "nearest": nearest}


@picking_a_name(_task)
def says(task: Task, pick: str) -> str:
    """What similarity is, and which words can be the answer; the query depends on neither."""
    if pick == "query":
        return ""
    measure = "the cosine of the angle" if task.measure == "cosine" else "the dot product"
    return f"similarity is {measure}, and the three words of the analogy are no candidates"


@picking_a_name(_task)
def worked(task: Task, pick: str) -> str:
    """The query, and its similarity to each candidate."""
    a, b, c = tensor([task.vectors[place] for place in task.words])
    found = _found(task, b - a + c, task.others)
    start = f"The query is $b - a + c = {tex_vector(found['query'])}$."
    if pick == "query":
        return start
    rows = [
        f"- word {place + 1}, ${tex_vector(task.vectors[place])}$: ${equals(value)}$"
        for place, value in zip(task.others, found["similarities"], strict=True)
    ]
    return "\n".join([f"{start} Its similarity to", "", *rows, "", f"Nearest is word {tex(found['nearest'])}."])


# ---- wrong ways ----


@reading(_task)
def _turned(task: Task) -> Named:
    a, b, c = tensor([task.vectors[place] for place in task.words])
    return _checked(task, a - b + c)


@reading(_task)
def _added(task: Task) -> Named:
    a, b, c = tensor([task.vectors[place] for place in task.words])
    return _checked(task, a + b + c)


@reading(_task)
def _of_last(task: Task) -> Named:
    return _checked(task, tensor(task.vectors[task.words[2]]))


@reading(_task)
def _other_measure(task: Task) -> Named:
    other: Measure = "dot" if task.measure == "cosine" else "cosine"
    a, b, c = tensor([task.vectors[place] for place in task.words])
    return _checked(Task(task.vectors, task.words, other), b - a + c)


@reading(_task)
def _all_candidates(task: Task) -> Named:
    a, b, c = tensor([task.vectors[place] for place in task.words])
    return _found(task, b - a + c, list(range(len(task.vectors))))


def _checked(task: Task, query: Tensor) -> Named:
    if query.norm() < 1e-3:
        raise DoesNotApply("the query would have no direction")
    return _found(task, query, task.others)


MISCONCEPTIONS = {
    "turned": Misconception("the difference of the first two words is turned round", _turned),
    "added": Misconception("the first word is added, not subtracted", _added),
    "like_the_third": Misconception("the word most similar to the third one is taken", _of_last),
    "other_measure": Misconception("dot products are compared in place of cosines, or the other way round",
                                   _other_measure),
    "all_candidates": Misconception("words of the analogy itself are taken as candidates", _all_candidates),
}  # fmt: skip
