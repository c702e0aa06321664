"""Options to tick: shuffled, lettered, and never the same twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.answers import asking
from generator.answers.kind import UNREADABLE, Drawn, Finding, Mark, Response, Responses
from generator.formulas import FormulaError
from generator.streams import Stream
from generator.text import KeyPath


@dataclass(frozen=True)
class OptionsAnswer:
    """Options in the order of this variant, and the letters of the right ones."""

    options: tuple[str, ...]
    right: tuple[str, ...]
    several: bool
    why: tuple[tuple[str, str], ...] = ()  # letters of wrong options, and the misconception that leads there
    note: str = ""
    worked: str = ""

    @property
    def recorded(self) -> list[str]:
        """The letters of the right options."""
        return list(self.right)

    def letters(self) -> tuple[str, ...]:
        """A, B, C … one for each option."""
        return tuple(chr(ord("A") + place) for place in range(len(self.options)))

    def mark(self, response: Response) -> Mark:
        """One right option: all or nothing. Several: each option decided rightly counts, above a coin's half."""
        ticked = self._read(response)
        if ticked is None:
            return UNREADABLE
        right = set(self.right)
        if ticked == right:
            return Mark(1.0)
        remark = f"{', '.join(self.right)}, not {', '.join(sorted(ticked))}"
        if not self.several:
            return Mark(0.0, (remark, *(says for letter, says in self.why if letter in ticked)))
        decided = len(self.options) - len(ticked ^ right)
        return Mark(max(0.0, 2 * decided / len(self.options) - 1), (remark,))

    def letter(self, said: object) -> str:
        """The letters of options that are given by what they say; else what was given."""
        texts = [plain(str(one)) for one in (said if isinstance(said, list) else [said])]
        known = dict(zip(map(plain, self.options), self.letters(), strict=True))
        return ", ".join(known.get(text, text) for text in texts)

    def _read(self, response: Response) -> set[str] | None:
        if not isinstance(response, str):
            return None
        ticked = set(re.findall(r"[A-Za-z]+|\S", re.sub(r"[,;.:()\[\]]", " ", response).upper()))
        if not ticked or not ticked <= set(self.letters()) or (len(ticked) > 1 and not self.several):
            return None
        return ticked

    def responses(self) -> Responses:
        """The right letters, the other letters, and a letter that is not there."""
        wrong = [letter for letter in self.letters() if letter not in self.right]
        return Responses(", ".join(self.right), ", ".join(wrong if self.several else wrong[:1]), "?")


def prose(right: Sequence[str], wrong: Sequence[str], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every option, with its path."""
    for name, texts in (("right", right), ("wrong", wrong)):
        for place, text in enumerate(texts):
            yield (*path, name, place), text


def check(right: Sequence[str], wrong: Sequence[str], path: KeyPath) -> Iterator[Finding]:
    """No two options are the same as they stand, and there are not more than letters."""
    if len(right) + len(wrong) > 12:
        yield Finding(path, f"{len(right) + len(wrong)} options are too many; 12 fit on a paper")
    seen: set[str] = set()
    for where, text in prose(right, wrong, path):
        said = text.strip() if "<<" in text else plain(text)  # what a hole says, each draw shows
        if said in seen:
            yield Finding(where, f"two options say '{text.strip()}'")
        seen.add(said)


def plain(text: str) -> str:
    """An option as a reader sees it: numbers by value, without white space, markup and, outside of math, case."""
    around = re.split(r"(\$\$?[^$]+\$\$?)", text)
    cased = "".join(piece if place % 2 else piece.lower() for place, piece in enumerate(around))
    bare = re.sub(r"(?<!\w)[*`_]+|[*`_]+(?!\w)|[\s$]+", "", cased).rstrip(".").replace("−", "-")
    value = asking.number(bare)
    return bare if value is None else str(value)


def distinct(texts: Sequence[str]) -> bool:
    """Whether no two options look the same."""
    return len({plain(text) for text in texts}) == len(texts)


def shuffled(right: Sequence[str], wrong: Sequence[str], drawn: Drawn, several: bool) -> OptionsAnswer:
    """Fill and shuffle the options; raises FormulaError when two of them coincide."""
    texts = [drawn.fill(text) for text in (*right, *wrong)]
    if not distinct(texts):
        raise FormulaError("two options are the same for this draw")
    return mixed(texts[: len(right)], texts[len(right) :], drawn.stream, several)


def mixed(
    right: Sequence[str],
    wrong: Sequence[str],
    stream: Stream,
    several: bool,
    why: Mapping[str, str] | None = None,
    note: str = "",
    worked: str = "",
) -> OptionsAnswer:
    """Shuffle options; `why` says what leads to a wrong one."""
    texts = [*right, *wrong]
    order = stream.shuffled(range(len(texts)))
    mixed_ = tuple(texts[index] for index in order)
    lettered = [(chr(ord("A") + place), texts[index], index < len(right)) for place, index in enumerate(order)]
    letters = tuple(letter for letter, _, is_right in lettered if is_right)
    reasons = tuple((letter, why[text]) for letter, text, is_right in lettered if why and not is_right)
    return OptionsAnswer(mixed_, letters, several, reasons, note, worked)
