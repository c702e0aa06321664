"""Random small arrays, and what is asked of every quantity over them."""

from __future__ import annotations

import re
from typing import Any

import torch
from hypothesis import strategies as st

from generator import reference
from generator.reference import Asked

NUMBERS = st.integers(-4, 4)


def grids(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    """Matrices of small whole numbers."""
    return st.lists(st.lists(NUMBERS, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def convolutions(draw: st.DrawFn, most_maps: int = 3) -> dict[str, Any]:
    """Arguments of a convolution in two dimensions whose window fits."""
    maps = draw(st.integers(1, most_maps))
    kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    dilation = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(kernel, padding, dilation, strict=True)]
    sides = draw(st.integers(least[0], 6)), draw(st.integers(least[1], 7))
    values = [draw(grids(*sides)) for _ in range(maps)]
    weights = [draw(grids(*kernel)) for _ in range(maps)]
    alone = maps == 1 and draw(st.booleans())
    return {
        "input": values[0] if alone else values,
        "kernel": weights[0] if alone else weights,
        "stride": [draw(st.integers(1, 3)), draw(st.integers(1, 3))],
        "padding": list(padding),
        "dilation": list(dilation),
        **draw(st.sampled_from([{}, {"bias": 0}, {"bias": -3}, {"bias": 0.5}])),
    }


@st.composite
def signals(draw: st.DrawFn, most_maps: int = 3) -> dict[str, Any]:
    """Arguments of a convolution in one dimension whose window fits."""
    maps, kernel = draw(st.integers(1, most_maps)), draw(st.integers(1, 4))
    padding, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    length = draw(st.integers(max(1, dilation * (kernel - 1) + 1 - 2 * padding), 12))
    values = [draw(grids(1, length))[0] for _ in range(maps)]
    weights = [draw(grids(1, kernel))[0] for _ in range(maps)]
    alone = maps == 1 and draw(st.booleans())
    return {
        "input": values[0] if alone else values,
        "kernel": weights[0] if alone else weights,
        "stride": draw(st.integers(1, 4)),
        "padding": padding,
        "dilation": dilation,
        **draw(st.sampled_from([{}, {"bias": 2}])),
    }


@st.composite
def pools(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a pooling whose window fits, but for its kind."""
    kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2))
    sides = [draw(st.integers(max(1, k - 2 * p), 6)) for k, p in zip(kernel, padding, strict=True)]
    return {
        "input": draw(grids(sides[0], sides[1])),
        "kernel_size": list(kernel),
        "padding": list(padding),
        **draw(st.sampled_from([{}, {"stride": 1}, {"stride": 2}, {"stride": [1, 3]}])),
    }


def asked(name: str, **arguments: Any) -> Asked:
    """A quantity whose two ways agree, with a derivation, its misconceptions run, and nobody's randomness touched."""
    before = torch.get_rng_state()
    found = reference.ask(name, None, arguments)
    _ = found.value
    for slip in found.slips():
        assert slip.says
    worked = found.worked
    assert "nan" not in worked
    assert not re.search(r"-0(?![.0-9])", worked)
    assert worked.count("$") % 2 == 0
    assert not found.says or found.says.endswith(".")
    assert torch.equal(before, torch.get_rng_state())
    return found


def slips(name: str, **arguments: Any) -> dict[str, Any]:
    """What each misconception leads to, where that is another answer."""
    return {slip.name: slip.value for slip in reference.ask(name, None, arguments).slips()}
