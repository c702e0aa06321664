"""Show what a model that predicts the next token learns when it can see that token.

Sequences are random: every token is drawn from the vocabulary with equal chances, whatever came before, so no honest
prediction of the next token has an expected cross-entropy below ln(vocabulary). A layer of self-attention over token
and position embeddings learns to predict each next token, once with a causal mask and once without; losses are those
of new sequences. In the end the trained model without a mask is asked for the last token as when generating: that
token has not been produced yet, and a random one stands in its place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.experiments import Figures, Findings

SIZE = 24
BATCH = 64
STEPS = 150
TESTED = 512


class Predictor(nn.Module):
    """Scores of the next token at each place: one head of self-attention."""

    def __init__(self, vocabulary: int, length: int, masked: bool) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, SIZE)
        self.places = nn.Parameter(torch.empty(length, SIZE))
        self.query, self.key, self.value = (nn.Linear(SIZE, SIZE, bias=False) for _ in range(3))
        self.scores = nn.Linear(SIZE, vocabulary)
        self.masked = masked

    def forward(self, tokens: Tensor) -> Tensor:
        """Turn (batch, length) tokens into (batch, length, vocabulary) scores."""
        x = self.tokens(tokens) + self.places
        out = F.scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), is_causal=self.masked)
        scores: Tensor = self.scores(out)
        return scores


def run(stream: torch.Generator, *, vocabulary: int = 8, length: int = 6) -> Findings:
    """Train with and without a causal mask."""
    if not 4 <= vocabulary <= 32 or not 3 <= length <= 12:
        raise ValueError(f"vocabulary is {vocabulary} and length {length}; 4 to 32 and 3 to 12 would work")
    tested = _sequences(stream, TESTED, vocabulary, length)
    models = {
        "masked": _trained(stream, vocabulary, length, masked=True),
        "open": _trained(stream, vocabulary, length, masked=False),
    }
    figures: dict[str, Figures] = {name: {"loss": _loss(model, tested)} for name, model in models.items()}
    generating = tested.clone()
    generating[:, -1] = torch.randint(0, vocabulary, (TESTED,), generator=stream)
    with torch.no_grad():
        figures |= {
            "copies": {
                "seen": _right(models["open"], tested, tested[:, -1]),
                "unseen": _right(models["open"], generating, tested[:, -1]),
            },
            "chance": 1 / vocabulary,
            "bound": math.log(vocabulary),
        }
    return Findings(figures)


def _sequences(stream: torch.Generator, count: int, vocabulary: int, length: int) -> Tensor:
    """One token more than the model reads, so that each place has a next one."""
    return torch.randint(0, vocabulary, (count, length + 1), generator=stream)


def _trained(stream: torch.Generator, vocabulary: int, length: int, masked: bool) -> Predictor:
    with torch.random.fork_rng():  # the modules draw weights of their own, which are replaced
        model = Predictor(vocabulary, length, masked)
    for parameter in model.parameters():
        nn.init.normal_(
            parameter, std=1.0 if parameter.shape[0] in (vocabulary, length) else SIZE**-0.5, generator=stream
        )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(STEPS):
        optimizer.zero_grad()
        sequences = _sequences(stream, BATCH, vocabulary, length)
        _mean_loss(model, sequences).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model


def _mean_loss(model: Predictor, sequences: Tensor) -> Tensor:
    """Cross-entropy of the next token, over all places but the last, whose next token nothing can show."""
    scores = model(sequences[:, :-1])[:, :-1]
    return F.cross_entropy(scores.flatten(0, 1), sequences[:, 1:-1].flatten())


def _loss(model: Predictor, sequences: Tensor) -> float:
    with torch.no_grad():
        return _mean_loss(model, sequences).item()


def _right(model: Predictor, sequences: Tensor, wanted: Tensor) -> float:
    """How often the place before the last, which reads the last token without a mask, predicts that token."""
    scores = model(sequences[:, 1:])[:, -2]
    return float((scores.argmax(1) == wanted).double().mean())
