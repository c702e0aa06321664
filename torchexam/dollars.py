"""Turn a question into the mistakes of its dollar signs: those that belong to no formula when its prose is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from generator.mistakes import Mistake
from generator.question import Question, all_prose
from renderers.document import Image, Text
from renderers.prose import blocks

_HOLE = re.compile(r"<<.*?>>", re.DOTALL)
_PRICE = r"\d[\d.,]*[kMB]?(?![\w\\^_{])"  # $5, $1,000 or $2M, but not $2x
_ALONE = re.compile(rf"(?:(?<=\s)|^)[^\s$]{{0,30}}\$(?!{_PRICE})\S{{0,30}}")
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\\$")
HINT = (
    r"both $ of a formula stand in one paragraph, item or cell, with no space inside; a dollar sign alone is written \$"
)


def unpaired(question: Question) -> Iterator[Mistake]:
    """The first dollar sign of each piece of prose that begins or ends no formula."""
    for path, text, _ in all_prose(question.spec, list(question.parts)):
        bare = _ESCAPED.sub(r"\1", _HOLE.sub("0", text))
        if word := next(filter(None, map(_alone, _texts(blocks(bare, _AnyImage())))), ""):
            yield question.source.mistake(path, f"the $ of '{word}' belongs to no formula", HINT, within=word)


def _alone(text: str) -> str:
    found = _ALONE.search(text)
    return found[0] if found else ""


def _texts(node: Any) -> Iterator[str]:
    """The letters of a tree that are set as they are."""
    match node:
        case Text(text):
            yield text
        case tuple():
            for inner in node:
                yield from _texts(inner)
        case _ if is_dataclass(node):
            for one in fields(node):
                yield from _texts(getattr(node, one.name))


class _AnyImage(dict[str, Image]):
    """A picture for every name."""

    def __bool__(self) -> bool:
        return True

    def __missing__(self, name: str) -> Image:
        return Image(b"", "", name)
