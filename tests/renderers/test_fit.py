"""What is wider than its column or higher than a page is found, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import sample

from renderers.document import DisplayMath, Document, Lines, Math, Paragraph, Part, Section, Table, Text
from renderers.fit import misfits


def document(part: Part, kind: str = "exam") -> Document:
    section = Section("1", "A section", "2 points", (), (part,))
    return Document("A paper", "ABC", "exam" if kind == "exam" else "key", "en", None, (section,))


PLAIN = Part("1.1", "2 points", (), (Paragraph((Text("Why?"),)),), Lines(4))


def found(part: Part) -> list[tuple[str, str]]:
    return [(misfit.piece, misfit.says) for misfit in misfits(document(part))]


def test_the_sample_papers_fit() -> None:
    assert list(misfits(sample.exam())) == []
    assert list(misfits(sample.key())) == []


def test_a_word_without_a_place_to_break_is_too_wide() -> None:
    ((piece, says),) = found(replace(PLAIN, prompt=(Paragraph((Text("x" * 200),)),)))
    assert piece == "part 1.1"
    assert says.startswith(f"'{'x' * 40}' is ")
    assert says.endswith(" points too wide")


def test_a_formula_in_a_line_is_too_wide() -> None:
    ((_, says),) = found(replace(PLAIN, prompt=(Paragraph((Math("+".join(["x_1"] * 60)),)),)))
    assert says.startswith("the formula 'x_1+x_1")
    assert "too wide" in says


def test_a_formula_on_its_own_line_may_shrink_a_little() -> None:
    assert found(replace(PLAIN, prompt=(DisplayMath("+".join(["x_1"] * 24)),))) == []


def test_a_formula_that_shrinks_until_nobody_reads_it_does_not_fit() -> None:
    ((_, says),) = found(replace(PLAIN, prompt=(DisplayMath("+".join(["x_1"] * 60)),)))
    assert "is shrunk to " in says


def test_a_word_that_runs_into_the_next_cell_is_too_wide() -> None:
    row = ((Text("w" * 70),), (Text("a sentence of many words that takes the most of the room"),))
    table = Table(((Text("one"),), (Text("other"),)), (row,))
    assert any("too wide" in says for _, says in found(replace(PLAIN, prompt=(table,))))


def test_a_part_that_is_higher_than_a_page_does_not_fit() -> None:
    ((piece, says),) = found(replace(PLAIN, space=Lines(40)))
    assert piece == "part 1.1"
    assert says.startswith("it is ")
    assert says.endswith("a page has 675 points")


def test_a_key_may_run_over_pages() -> None:
    long = replace(PLAIN, space=None, solution=tuple(Paragraph((Text("so " * 60),)) for _ in range(40)))
    assert list(misfits(document(long, "key"))) == []
