"""Dot-product attention of a few short vectors: scores, weights and output.

Vaswani et al., Attention Is All You Need (2017): softmax(Q Kᵀ / √d) V, softmax being taken of each query's scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.reference import BadArgument, DoesNotApply, Misconception
from generator.reference.given import Matrix, matrix, picking_a_name, reading, tensor, tex, tex_matrix, tex_vector
from generator.spec import CONVENTIONS

if TYPE_CHECKING:
    from torch import Tensor

GIVES = "named"
HIGHEST = 200.0  # of a score
Named = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Rows of queries, keys and values; whether scores are scaled, and whether later keys are hidden."""

    queries: Matrix
    keys: Matrix
    values: Matrix
    scaled: bool
    causal: bool


def _task(*, queries: Any, keys: Any, values: Any, causal: bool = False, attention_scale: str = "scaled") -> Task:
    """Matrices that fit together; raises BadArgument."""
    keyed = matrix("keys", keys)
    asked = matrix("queries", queries, columns=len(keyed[0]))
    told = matrix("values", values, rows=len(keyed))
    if not isinstance(causal, bool):
        raise BadArgument("causal", "true or false")
    if causal and len(asked) != len(keyed):
        raise BadArgument("causal", "causal attention needs as many queries as keys")
    task = Task(asked, keyed, told, attention_scale == "scaled", causal)
    if any(abs(score) > HIGHEST for query in asked for score in _scores(task, query)):
        raise BadArgument("queries", "a score is so large that its exponential is no number of an exam")
    return task


@reading(_task)
def compute(task: Task) -> Named:
    """Run torch's scaled_dot_product_attention, once for the output and once with unit vectors for the weights.

    `queries`, `keys`, `values`: a row for each; `causal`: whether query i sees only keys 1 … i. Results: `scores`
    (before any mask), `weights`, `output`, all with a row for each query.
    """
    return _run(task)


def _run(task: Task, scale: float | None = None) -> Named:
    """Let PyTorch scale as it does, or by another factor."""
    import torch

    queries, keys, values = map(tensor, (task.queries, task.keys, task.values))
    factor = scale if task.scaled else 1.0
    scores = (queries @ keys.T) * (tensor(keys.shape[1]).rsqrt() if factor is None else factor)
    weights, output = (
        torch.nn.functional.scaled_dot_product_attention(
            queries[None], keys[None], told[None], is_causal=task.causal, scale=factor
        )[0]
        for told in (torch.eye(len(keys)).double(), values)
    )
    return _results(scores, weights, output)


def _results(scores: Tensor, weights: Tensor, output: Tensor) -> Named:
    return {"scores": scores.tolist(), "weights": weights.tolist(), "output": output.tolist()}


@reading(_task)
def recompute(task: Task) -> Named:
    """The same number by number, in plain Python."""
    found: Named = {"scores": [], "weights": [], "output": []}
    for place, query in enumerate(task.queries):
        scores = _scores(task, query)
        powers = [0.0 if task.causal and at > place else math.exp(score) for at, score in enumerate(scores)]
        weights = [power / math.fsum(powers) for power in powers]
        mixed = [math.fsum(w * value[at] for w, value in zip(weights, task.values, strict=True))
                 for at in range(len(task.values[0]))]  # fmt: skip
        found["scores"].append(scores)
        found["weights"].append(weights)
        found["output"].append(mixed)
    return found


def _scores(task: Task, query: Sequence[float]) -> list[float]:
    """The scores of a query, in plain Python."""
    products = [math.fsum(a * b for a, b in zip(query, key, strict=True)) for key in task.keys]
    return [one / math.sqrt(len(query)) for one in products] if task.scaled else products


@reading(_task)
def says(task: Task) -> str:
    """What the paper must state for the answer to be one."""
    told = [CONVENTIONS["attention_scale"]["scaled" if task.scaled else "unscaled"]]
    if len(task.queries) > 1:
        told.append("row $i$ belongs to query $i$")
    if task.causal:
        told.append("query $i$ sees only the keys 1 to $i$; scores are those before anything is hidden")
    return "; ".join(told)


@picking_a_name(_task)
def worked(task: Task, pick: str) -> str:
    """Scores, then exponentials and weights, then the output: as far as what is asked for."""
    found = _run(task)
    under = rf" / \sqrt{{{len(task.keys[0])}}}" if task.scaled and len(task.keys[0]) > 1 else ""
    told = [f"Scores $Q K^\\top{under}$, a row for each query:", f"$${tex_matrix(found['scores'])}$$"]
    if pick == "scores":
        return "\n\n".join(told)
    powers = [
        [math.exp(score) for score in (scores[: place + 1] if task.causal else scores)]
        for place, scores in enumerate(found["scores"])
    ]
    told.append(f"Their exponentials{', hidden keys getting 0' if task.causal else ''}, divided by the sum of the row:")
    told.append("\n".join(f"- ${tex_vector(row)}$, the sum is ${tex(math.fsum(row))}$" for row in powers))
    told.append(f"$$A = {tex_matrix(found['weights'])}$$")
    if pick != "weights":
        told.append(f"$$A V = {tex_matrix(found['output'])}$$")
    return "\n\n".join(told)


# ---- wrong ways ----


@reading(_task)
def _other_scale(task: Task) -> Named:
    if len(task.keys[0]) == 1:
        raise DoesNotApply("the square root of 1 scales nothing")
    return _run(replace(task, scaled=not task.scaled))


@reading(_task)
def _by_size(task: Task) -> Named:
    if not task.scaled:
        raise DoesNotApply("nothing is scaled")
    return _run(task, 1 / len(task.keys[0]))


@reading(_task)
def _no_mask(task: Task) -> Named:
    return _run(replace(task, causal=False))


@reading(_task)
def _mask_turned(task: Task) -> Named:
    import torch

    if not task.causal:
        raise DoesNotApply("nothing is hidden")
    scores = tensor(_run(task)["scores"])
    hidden = torch.ones_like(scores).tril(-1).bool()
    weights = scores.masked_fill(hidden, -math.inf).softmax(1)
    return _results(scores, weights, weights @ tensor(task.values))


@reading(_task)
def _zeros_for_hidden(task: Task) -> Named:
    import torch

    if not task.causal:
        raise DoesNotApply("nothing is hidden")
    scores = tensor(_run(task)["scores"])
    weights = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), 0).softmax(1)
    return _results(scores, weights, weights @ tensor(task.values))


@reading(_task)
def _down_columns(task: Task) -> Named:
    scores = tensor(_run(task)["scores"])
    if task.causal or len(scores) == 1:
        raise DoesNotApply("there is one query, or keys are hidden")
    weights = scores.softmax(0)
    return _results(scores, weights, weights @ tensor(task.values))


@reading(_task)
def _no_softmax(task: Task) -> Named:
    scores = tensor(_run(task)["scores"])
    seen = scores.tril() if task.causal else scores
    return _results(scores, seen, seen @ tensor(task.values))


@reading(_task)
def _best_only(task: Task) -> Named:
    import torch

    scores = tensor(_run(task)["scores"])
    seen = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -math.inf) if task.causal else scores
    weights = torch.nn.functional.one_hot(seen.argmax(1), len(task.keys)).double()
    return _results(scores, weights, weights @ tensor(task.values))


@reading(_task)
def _unweighted(task: Task) -> Named:
    found = _run(task)
    if task.causal:
        raise DoesNotApply("each query sees other keys")
    mean = tensor(task.values).mean(0).tolist()
    return found | {"output": [mean] * len(task.queries)}


@reading(_task)
def _keys_mixed(task: Task) -> Named:
    return _run(replace(task, values=task.keys))


@reading(_task)
def _swapped(task: Task) -> Named:
    if len(task.queries) != len(task.keys):
        raise DoesNotApply("there are not as many queries as keys")
    return _run(replace(task, queries=task.keys, keys=task.queries))


MISCONCEPTIONS = {
    "other_scale": Misconception("the division by the root of the key's size is left out, or put in", _other_scale),
    "by_size": Misconception("scores are divided by the key's size, not by its square root", _by_size),
    "down_columns": Misconception("softmax is taken over the queries, not over the keys", _down_columns),
    "no_softmax": Misconception("the scores are weights as they are, without softmax", _no_softmax),
    "no_mask": Misconception("later keys are not hidden", _no_mask),
    "zeros_for_hidden": Misconception("hidden keys get the score 0, not the weight 0", _zeros_for_hidden),
    "mask_turned": Misconception("earlier keys are hidden, not later ones", _mask_turned),
    "best_only": Misconception("the key with the highest score gets everything", _best_only),
    "unweighted": Misconception("the values are averaged without weights", _unweighted),
    "keys_mixed": Misconception("keys are mixed in place of values", _keys_mixed),
    "queries_and_keys_swapped": Misconception("queries and keys are swapped", _swapped),
}
