"""The tree that renderers read comes back from plain data as it was."""

from __future__ import annotations

import json
from dataclasses import is_dataclass

import sample

from generator import plots
from renderers import document
from renderers.document import plain, read


def test_a_paper_and_its_key_come_back_from_json_as_they_were() -> None:
    for tree in (sample.exam(), sample.key()):
        assert read(json.loads(json.dumps(plain(tree)))) == tree


def test_text_that_looks_like_a_name_stays_text() -> None:
    for tree in ((), ("",), ("Text", "bytes"), (b"\x00\xff", ("Plot", None, 1.5, True))):
        assert read(json.loads(json.dumps(plain(tree)))) == tree


def test_no_two_kinds_of_node_have_the_same_name() -> None:
    names = [
        each.__name__
        for module in (document, plots)
        for each in vars(module).values()
        if is_dataclass(each) and isinstance(each, type) and each.__module__ == module.__name__
    ]
    assert len(names) == len(set(names)) > 30
