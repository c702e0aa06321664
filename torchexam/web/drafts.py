"""Texts that are being edited and were not saved, so that a frame can show what they would print."""

from __future__ import annotations

from collections import OrderedDict

from torchexam.web.files import sha256
from torchexam.web.problems import Problem

MOST = 200
MOST_LETTERS = 20_000_000


class Drafts:
    """The latest texts, by their hashes."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()

    def keep(self, text: str) -> str:
        """Keep a text; returns its name."""
        name = sha256(text.encode("utf-8", "surrogatepass"))[:32]
        self._texts[name] = text
        self._texts.move_to_end(name)
        while len(self._texts) > MOST or sum(map(len, self._texts.values())) > MOST_LETTERS:
            self._texts.popitem(last=False)
        return name

    def find(self, name: str) -> str | None:
        """The text of this name, or nothing for no name; raises Problem when it is not kept any more."""
        if not name:
            return None
        if name not in self._texts:
            raise Problem(404, "this draft is not kept any more; edit it once more")
        self._texts.move_to_end(name)
        return self._texts[name]
