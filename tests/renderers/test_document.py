"""The tree that renderers read comes back from plain data as it was."""

from __future__ import annotations

import json

import sample

from renderers.document import plain, read


def test_a_paper_and_its_key_come_back_from_json_as_they_were() -> None:
    for document in (sample.exam(), sample.key()):
        assert read(json.loads(json.dumps(plain(document)))) == document


def test_text_that_looks_like_a_name_stays_text() -> None:
    for tree in ((), ("",), ("Text", "bytes"), (b"\x00\xff", ("Plot", None, 1.5, True))):
        assert read(json.loads(json.dumps(plain(tree)))) == tree
