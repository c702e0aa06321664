"""Turn what was verified into lines of one screen, and into JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from generator.labor import Spread
from generator.verify import EXPERIMENTS, PartVerified
from torchexam.pools import PoolState
from torchexam.verification import Found, Verification, again

MOST_ROWS = 12  # questions that get a line of their own
IN_WORDS = {"text": "in words", "sketch": "drawn"}
DESIGNS = ("network", "weights")
KNOWN = {*IN_WORDS, *DESIGNS, "choice", "choices", "derivative"}  # where no quantity computes


def as_lines(verification: Verification) -> Iterator[str]:
    """What was verified, how, and what could not be; failures are told apart."""
    found = verification.found
    passed = [one for one in found if not one.verified.failures]
    parts = [(one, part) for one in passed for part in one.verified.parts]
    if len(found) <= MOST_ROWS:
        yield from _rows(found)
    if parts:
        draws = sum(one.verified.draws for one in passed)
        whole = f"{_count(len(passed), 'question')} with {_count(len(parts), 'part')}, in {_count(draws, 'draw')}"
        yield f"verified: {whole}"
        yield from (f"  {what:<16}{how}" for what, how in _verified(passed, [part for _, part in parts]))
        if open_ := list(_not_verified(passed, parts)):
            yield "not verified:"
            yield from (f"  {line}" for line in open_)
    if failed := [one.subject.question.id for one in found if one.verified.failures]:
        yield f"failed: {', '.join(failed)}"
    for pool in verification.pools:
        yield from _pool(pool)


def _rows(found: Sequence[Found]) -> Iterator[str]:
    """A line for each question: how many of its draws were looked at."""
    width = max((len(one.subject.question.id) for one in found), default=0)
    for one in found:
        seen = one.verified
        all_ = " (all)" if seen.whole else ""
        left = "".join(f", {_count(number, 'draw')} left out {why}" for number, why in _left_out([one]))
        failed = f", {_count(len(seen.failures), 'failure')}" if seen.failures else ""
        yield f"{one.subject.question.id:<{width}}  {seen.draws:,} of {_many(seen.size)} draws{all_}{left}{failed}"


def _left_out(found: Sequence[Found]) -> Iterator[tuple[int, str]]:
    """How many draws are not used, and why."""
    for number, why in (
        (sum(one.verified.left_out for one in found), "as wrong options coincide"),
        (sum(one.verified.unfair for one in found), "as outside the parity"),
    ):
        if number:
            yield number, why


def _verified(passed: Sequence[Found], parts: Sequence[PartVerified]) -> Iterator[tuple[str, str]]:
    whole = sum(one.verified.whole for one in passed)
    if len(passed) > MOST_ROWS:
        yield "draws", f"all of {_count(whole, 'question')}; of the other {len(passed) - whole}, spread over all values"
        yield from (("", f"{_count(number, 'draw')} left out, {why}") for number, why in _left_out(passed))
    if computed := sum(bool(part.quantity) for part in parts):
        yield "computed twice", f"{_count(computed, 'part')}: PyTorch and the second way agree"
    if gradients := sum(part.kind == "derivative" for part in parts):
        yield "gradients", f"{_count(gradients, 'part')}: autograd and dual numbers agree with the file's expression"
    yield "responses", f"{_count(len(parts), 'part')}: right, wrong and unreadable ones are told apart"
    if compared := sum(part.options for part in parts):
        yield "options", f"{_count(compared, 'part')}: no two look the same"
    if examples := sum(part.example for part in parts):
        yield "by hand", f"{_count(examples, 'example')}: PyTorch comes to the same"
    if samples := sum(part.samples for part in parts):
        yield "samples", f"{_count(samples, 'response')}: marked as the file says, as the rubric can give"
    if claims := sum(part.claims for part in parts if part.shown):
        yield "evidence", f"{_count(claims, 'claim')} came true in experiments, for up to {EXPERIMENTS} draws a part"
    yield from _parity(passed)
    yield "layout", "the longest draw of each part fits a page and its column, on paper and in the key"


def _parity(passed: Sequence[Found]) -> Iterator[tuple[str, str]]:
    """Whether the draws of a question ask for about the same work."""
    counted = [(one.verified.question, one.verified.spread) for one in passed if one.verified.spread]
    uneven = [(name, spread) for name, spread in counted if spread.uneven]
    if len(counted) == len(uneven) == 1:
        told = ", ".join(f"{measure} {getattr(uneven[0][1], measure)}" for measure in uneven[0][1].uneven)
        yield "parity", f"some draws ask for clearly more work than others: {told}"
    elif uneven:
        named = ", ".join(name for name, _ in uneven[:4]) + (" …" if len(uneven) > 4 else "")
        count = f"{len(uneven)} of {_count(len(counted), 'question')}"
        yield "parity", f"in {count} some draws ask for clearly more work than others: {named}"
    elif counted:
        yield "parity", f"{_count(len(counted), 'question')}: all draws ask for about the same work"


def _not_verified(passed: Sequence[Found], parts: Sequence[tuple[Found, PartVerified]]) -> Iterator[str]:
    for kind, how in IN_WORDS.items():
        if some := [(one, part) for one, part in parts if part.kind == kind]:
            yield f"{_count(len(some), 'answer')} {how}: people judge them; only model answer and samples are known"
            if unclaimed := [part for _, part in some if not part.claims]:
                yield f"  {_count(len(unclaimed), 'of these has', 'of these have')} no evidence"
    if chosen := [part for _, part in parts if part.kind in ("choice", "choices") and not part.quantity]:
        yield f"{_count(len(chosen), 'choice')}: the file says which option is right"
    if designs := [part for _, part in parts if part.kind in DESIGNS]:
        yield f"{_count(len(designs), 'design')}: the file's model was run; others are run when they are graded"
    if others := sorted({part.kind for _, part in parts if not part.quantity} - KNOWN):
        yield f"answers of the kind {', '.join(others)}: only what they judge themselves"
    if bare := [f"{one.subject.question.id}.{part.id}" for one, part in parts if part.quantity and not part.example]:
        shown = ", ".join(bare[:4]) + (" …" if len(bare) > 4 else "")
        yield f"{_count(len(bare), 'computed part has', 'computed parts have')} no example worked by hand: {shown}"
    if rest := [one for one in passed if not one.verified.whole]:
        yield f"{_count(len(rest), 'question has', 'questions have')} more draws than were looked at"
    yield "large print, and whether prompts, explanations and rubrics are true"


def _pool(pool: PoolState) -> Iterator[str]:
    if pool.variants:
        touched = len({(one.change.question, one.change.variant) for one in pool.touched})
        same = f"{_count(touched, 'variant')} changed" if touched else "all have the papers and keys that were frozen"
        yield f"{pool.file}: {_count(pool.variants, 'variant')} of each question; {same}"
    if pool.edited:
        yield f"  edited since, with the same papers and keys: {', '.join(pool.edited)}"


def _many(size: int) -> str:
    return f"{size:,}" if size < 10**9 else f"10^{len(str(size)) - 1}"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


# ---- for programs ----


def as_json(verification: Verification) -> dict[str, Any]:
    """Everything, for a program to read."""
    return {
        "questions": [_question(one) for one in verification.found],
        "mistakes": [mistake.as_json() for mistake in verification.mistakes],
        "pools": [_pool_json(pool) for pool in verification.pools],
    }


def _question(one: Found) -> dict[str, Any]:
    seen = one.verified
    return {
        "id": seen.question,
        "path": seen.path,
        "exam": one.subject.exam or None,
        "allowed": seen.size,
        "verified": seen.draws,
        "left_out": seen.left_out + seen.unfair,
        "outside_parity": seen.unfair,
        "parity": _spread(seen.spread) if seen.spread else [],
        "parts": [
            {
                "id": part.id,
                "kind": part.kind,
                "quantity": part.quantity or None,
                "wrong_response": part.wrong,
                "options": part.options,
                "example": part.example,
                "samples": part.samples,
                "claims": part.claims,
                "experiments": part.shown,
            }
            for part in seen.parts
        ],
        "failures": [
            {
                "line": failure.mistake.line,
                "column": failure.mistake.column,
                "message": failure.mistake.message,
                "draw": failure.draw,
                "draws": failure.often,
                "command": again(one.subject, failure),
            }
            for failure in seen.failures
        ],
    }


def _spread(spread: Spread) -> list[dict[str, Any]]:
    return [
        {"measure": measure, "least": found.least, "most": found.most, "uneven": measure in spread.uneven}
        for measure, found in vars(spread).items()
    ]


def _pool_json(pool: PoolState) -> dict[str, Any]:
    return {
        "path": pool.file,
        "exam": pool.exam,
        "variants": pool.variants,
        "edited": list(pool.edited),
        "changes": [
            {
                "question": one.change.question,
                "part": one.change.part or None,
                "variant": one.change.variant,
                "what": one.change.what,
                "old": one.change.old,
                "new": one.change.new,
                "copies": list(one.copies),
            }
            for one in pool.touched
        ],
    }
