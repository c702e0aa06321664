"""Drawn values in prose are printed as they are written where they stand."""

from __future__ import annotations

import pytest

from generator.prose import fill

VALUES = {"n": 138357544, "m": 9216, "minus": -12800, "half": 0.5, "word": "20480"}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("<<n>> weights", "138,357,544 weights"),
        ("<<m>> of <<minus>>", "9216 of −12,800"),
        ("$<<n>> \\cdot <<half>>$ and <<n>>", "$138{,}357{,}544 \\cdot 0.5$ and 138,357,544"),
        ("$$x = <<minus>>$$", "$$x = -12{,}800$$"),
        ("`Linear(<<n>>, <<m>>)`", "`Linear(138357544, 9216)`"),
        ("```\nx = <<n>>\n```", "```\nx = 138357544\n```"),
        ("it costs $<<n>>, or \\$<<n>>, and $x$", "it costs $138,357,544, or \\$138,357,544, and $x$"),
        ("<<word>>", "20480"),
    ],
)
def test_large_counts_have_commas_that_fit_their_place(text: str, printed: str) -> None:
    assert fill(text, VALUES) == printed
