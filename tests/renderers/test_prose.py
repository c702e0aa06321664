"""Markdown becomes blocks."""

from __future__ import annotations

import pytest

from renderers.document import (
    Code,
    CodeBlock,
    DisplayMath,
    Emphasis,
    Image,
    Items,
    LineBreak,
    Math,
    Paragraph,
    Strong,
    Table,
    Text,
)
from renderers.prose import blocks, inlines

PICTURE = Image(b"<svg/>", "image/svg+xml", "as the folder says")


def test_a_line_knows_emphasis_code_math_and_breaks() -> None:
    assert inlines("a *b* **c** `d` $x^2$") == (
        Text("a "),
        Emphasis((Text("b"),)),
        Text(" "),
        Strong((Text("c"),)),
        Text(" "),
        Code("d"),
        Text(" "),
        Math("x^2"),
    )
    assert blocks("a\\\nb\nc") == (Paragraph((Text("a"), LineBreak(), Text("b c"))),)


def test_quotes_apostrophes_dashes_and_dots_are_typeset() -> None:
    assert inlines("\"It's\" -- so... --- 'fine'") == (Text("“It’s” – so… — ‘fine’"),)


def test_quotes_close_after_formulas_and_code() -> None:
    assert inlines('"$x$" and "`c`", the cat\'s $y$\'s') == (
        Text("“"),
        Math("x"),
        Text("” and “"),
        Code("c"),
        Text("”, the cat’s "),
        Math("y"),
        Text("’s"),
    )


def test_a_letter_in_brackets_stays_one() -> None:
    assert inlines("layers (c), (r) and (tm)") == (Text("layers (c), (r) and (tm)"),)


def test_code_is_left_as_it_is() -> None:
    assert inlines("`--it's...`") == (Code("--it's..."),)


def test_prices_are_no_formulas() -> None:
    assert inlines("from $5 to $6") == (Text("from $5 to $6"),)
    assert inlines("of $3 \\times 3$ pixels") == (Text("of "), Math("3 \\times 3"), Text(" pixels"))


@pytest.mark.parametrize("markdown", ["a $$x$$ b", "a\n\n$$\nx\n$$\n\nb"])
def test_displayed_formulas_stand_on_lines_of_their_own(markdown: str) -> None:
    assert blocks(markdown) == (Paragraph((Text("a"),)), DisplayMath("x"), Paragraph((Text("b"),)))


def test_lists_nest_and_keep_their_first_number() -> None:
    assert blocks("3. a\n4. b\n   - c") == (
        Items(
            (
                (Paragraph((Text("a"),)),),
                (Paragraph((Text("b"),)), Items(((Paragraph((Text("c"),)),),))),
            ),
            start=3,
        ),
    )


def test_tables_keep_their_alignment() -> None:
    assert blocks("| a | b |\n|--|--:|\n| 1 | $x$ |") == (
        Table(((Text("a"),), (Text("b"),)), (((Text("1"),), (Math("x"),)),), align=("left", "right")),
    )


def test_code_blocks_name_their_language() -> None:
    assert blocks("```python\nx = 1\n```") == (CodeBlock("x = 1", "python"),)


def test_headings_become_strong_paragraphs_and_links_their_text() -> None:
    assert blocks("# Head\n[a *link*](http://example.org)") == (
        Paragraph((Strong((Text("Head"),)),)),
        Paragraph((Text("a "), Emphasis((Text("link"),)))),
    )


def test_html_is_text() -> None:
    assert blocks("<script>x</script>") == (Paragraph((Text("<script>x</script>"),)),)


def test_pictures_come_from_the_question_with_the_words_of_the_prose() -> None:
    assert blocks("![a box](my%20box.svg)", {"my box.svg": PICTURE}) == (Image(b"<svg/>", "image/svg+xml", "a box"),)
    assert blocks("![](box.svg)", {"box.svg": PICTURE}) == (PICTURE,)


def test_an_unknown_picture_is_named() -> None:
    with pytest.raises(KeyError, match=r"box\.svg"):
        blocks("![a](box.svg)")
    with pytest.raises(KeyError, match=r"box\.svg"):
        inlines("![a](box.svg)")


def test_nothing_gives_nothing() -> None:
    assert blocks("") == ()
    assert inlines("") == ()
