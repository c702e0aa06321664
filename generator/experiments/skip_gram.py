"""Train skip-gram word vectors on made-up text, and look at what they take over from it.

Text is drawn as pairs of a word and a word near it. Each word has topics, and each topic has words of its own that
appear near it: royal words near `king` and `queen`, he-words near `king` and `man`. Two jobs are alike but for whom
the text speaks of with them: of the pairs of `first_job` with a he-word or a she-word, the share `share` has a
he-word, and of those of `second_job` a she-word. Vectors learn the expected loss of skip-gram with negative sampling
(Mikolov et al. 2013, equation 4): −Σ N(w, c) ln σ(u_w · v_c) − k Σ N(w) P(c) ln σ(−u_w · v_c), N counting the pairs
and P the plain frequencies.

No word that gets a vector is ever drawn near another one. Similarities are cosines. `lean` of a word is its cosine
with `man` less its cosine with `woman`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.experiments import Figures, Findings

TOPICS = {
    "royal": ("crown", "throne", "palace"),
    "person": ("says", "walks", "sleeps", "smiles"),
    "he": ("he", "his", "him"),
    "she": ("she", "her", "hers"),
    "young": ("school", "toys"),
    "work": ("office", "salary", "shift"),
    "drink": ("cup", "hot", "spoon", "sugar"),
}
WORDS: dict[str, dict[str, float]] = {
    "king": {"royal": 2, "person": 2, "he": 2},
    "queen": {"royal": 2, "person": 2, "she": 2},
    "man": {"person": 2, "he": 2},
    "woman": {"person": 2, "she": 2},
    "boy": {"young": 2, "person": 2, "he": 2},
    "girl": {"young": 2, "person": 2, "she": 2},
    "coffee": {"drink": 3},
    "tea": {"drink": 3},
}
BACKGROUND = 0.03  # any word can stand near any other
SIZE = 8
PAIRS = 400_000
NEGATIVES = 2
STEPS = 250


def run(stream: torch.Generator, *, share: float = 0.9) -> Findings:
    """Draw the text, train the vectors and compare them."""
    if not 0.5 <= share <= 0.95:
        raise ValueError(f"share is {share:g}; 0.5 to 0.95 would work")
    jobs: dict[str, dict[str, float]] = {
        "first_job": {"work": 2, "person": 1, "he": 2 * share, "she": 2 * (1 - share)},
        "second_job": {"work": 2, "person": 1, "she": 2 * share, "he": 2 * (1 - share)},
    }
    topics = WORDS | jobs
    counts = _pairs(stream, topics)
    vectors = dict(zip(topics, F.normalize(train(stream, counts), dim=1), strict=True))

    def alike(one: str, other: str) -> float:
        return float(vectors[one] @ vectors[other])

    wanted = F.normalize(vectors["king"] - vectors["man"] + vectors["woman"], dim=0)
    others = {word: (wanted @ vectors[word]).item() for word in topics if word not in ("king", "man", "woman")}
    leans = {word: alike(word, "man") - alike(word, "woman") for word in jobs}
    figures: dict[str, Figures] = {
        "alike": {"tea_coffee": alike("tea", "coffee"), "tea_king": alike("tea", "king")},
        "analogy": {"nearest": max(others, key=others.__getitem__), "cosine": max(others.values())},
        "lean": {"first": leans["first_job"], "second": leans["second_job"]},
        "pairs": PAIRS,
    }
    return Findings(figures)


def _pairs(stream: torch.Generator, topics: dict[str, dict[str, float]]) -> Tensor:
    """How often each word (row) is drawn with each word near it (column)."""
    near = [word for words in TOPICS.values() for word in words]
    chances = torch.full((len(topics), len(near)), BACKGROUND, dtype=torch.float64)
    for row, weights in enumerate(topics.values()):
        for topic, weight in weights.items():
            for word in TOPICS[topic]:
                chances[row, near.index(word)] += weight / len(TOPICS[topic])
    flat = chances.flatten()
    drawn = torch.multinomial(flat, PAIRS, replacement=True, generator=stream)
    return torch.bincount(drawn, minlength=len(flat)).view_as(chances).double()


def train(stream: torch.Generator, counts: Tensor) -> Tensor:
    """Turn (word, near word) counts into a vector for each word."""
    rows, columns = counts.shape
    words = (0.1 * torch.randn(rows, SIZE, generator=stream, dtype=torch.float64)).requires_grad_()
    near = (0.1 * torch.randn(columns, SIZE, generator=stream, dtype=torch.float64)).requires_grad_()
    negatives = NEGATIVES * counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum()
    optimizer = torch.optim.Adam([words, near], lr=0.05)
    for _ in range(STEPS):
        scores = words @ near.T
        loss = -(counts * F.logsigmoid(scores) + negatives * F.logsigmoid(-scores)).sum() / counts.sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return words.detach()
