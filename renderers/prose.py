"""Turn Markdown into blocks: CommonMark with tables, $math$ and pictures by name, without HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Literal, cast
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin

from renderers.document import (
    Block,
    Code,
    CodeBlock,
    DisplayMath,
    Emphasis,
    Image,
    Inline,
    Items,
    LineBreak,
    Math,
    Paragraph,
    Strong,
    Table,
    Text,
)

_KEPT = 500  # texts that a process remembers: much of a question says the same in each variant
# markdown-it's own replacements would print ©, not (c), where a question speaks of layer (c)
_MARKS = {"---": "—", "--": "–", "...": "…"}
# no line ends within "3 × 3", "1.5 × 10⁻³", "50 %" or "2 points"
_TIED = re.compile(r"(?<=\d) (?=[×%])|(?<=\d ×) (?=\d|$)|(?<=\d[\u00a0]×) (?=\d|$)|(?<=\d) (?=points?\b)")
_PARSER = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(["table", "smartquotes"])
dollarmath_plugin(_PARSER, allow_labels=False, allow_space=False, double_inline=True)


def blocks(markdown: str, images: Mapping[str, Image] | None = None) -> tuple[Block, ...]:
    """Turn Markdown into blocks; a picture that `images` does not hold raises KeyError."""
    return _without_pictures(markdown) if not images else tuple(_parsed(markdown, images))


@lru_cache(maxsize=_KEPT)
def _without_pictures(markdown: str) -> tuple[Block, ...]:
    return tuple(_parsed(markdown, {}))


def _parsed(markdown: str, images: Mapping[str, Image]) -> Iterator[Block]:
    return _blocks(SyntaxTreeNode(_PARSER.parse(markdown)).children, images)


@lru_cache(maxsize=_KEPT)
def inlines(markdown: str) -> tuple[Inline, ...]:
    """Turn a line of Markdown into inlines; pictures have no place in it and raise KeyError."""
    root = SyntaxTreeNode(_PARSER.parseInline(markdown))
    return _line(node for inline in root.children for node in inline.children)


def formulas(markdown: str) -> Iterator[tuple[str, bool]]:
    """Every formula of a piece of Markdown, and whether it stands on a line of its own."""
    for token in _PARSER.parse(markdown):
        if token.type == "math_block":
            yield token.content.strip(), True
        for inner in token.children or ():
            if inner.type in ("math_inline", "math_inline_double"):
                yield inner.content, inner.type != "math_inline"


def _blocks(nodes: Iterable[SyntaxTreeNode], images: Mapping[str, Image]) -> Iterator[Block]:
    for node in nodes:
        match node.type:
            case "paragraph":
                yield from _paragraphs(_inline_nodes(node), images)
            case "heading":
                yield Paragraph((Strong(_line(_inline_nodes(node))),))
            case "bullet_list":
                yield Items(_items(node, images))
            case "ordered_list":
                yield Items(_items(node, images), start=int(node.attrs.get("start", 1)))
            case "fence" | "code_block":
                language = node.info.split()[0] if node.info.strip() else ""
                yield CodeBlock(node.content.rstrip("\n"), language)
            case "math_block":
                yield DisplayMath(node.content.strip())
            case "table":
                yield _table(node)
            case "blockquote":
                yield from _blocks(node.children, images)
            case "hr":
                continue
            case other:
                raise AssertionError(f"a Markdown block of type {other}")


def _items(node: SyntaxTreeNode, images: Mapping[str, Image]) -> tuple[tuple[Block, ...], ...]:
    return tuple(tuple(_blocks(item.children, images)) for item in node.children)


def _inline_nodes(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [child for inline in node.children for child in inline.children]


def _paragraphs(nodes: Iterable[SyntaxTreeNode], images: Mapping[str, Image]) -> Iterator[Block]:
    """Split a paragraph at its displayed formulas and pictures, which stand on lines of their own."""
    line: list[SyntaxTreeNode] = []
    for node in nodes:
        if node.type not in {"math_inline_double", "image"}:
            line.append(node)
            continue
        yield from _paragraph(line)
        line = []
        if node.type == "image":
            picture = images[unquote(str(node.attrs["src"]))]
            yield replace(picture, alt=node.content) if node.content else picture
        else:
            yield DisplayMath(node.content.strip())
    yield from _paragraph(line)


def _paragraph(nodes: list[SyntaxTreeNode]) -> Iterator[Paragraph]:
    line = _line(nodes)
    if line:
        yield Paragraph(line)


def _table(node: SyntaxTreeNode) -> Table:
    rows = [row for group in node.children for row in group.children]
    cells = [tuple(_line(_inline_nodes(cell)) for cell in row.children) for row in rows]
    align = tuple(_alignment(cell) for cell in rows[0].children)
    return Table(header=cells[0], rows=tuple(cells[1:]), align=align)


def _alignment(cell: SyntaxTreeNode) -> Literal["left", "right", "center"]:
    style = str(cell.attrs.get("style", ""))
    return cast(Literal["left", "right", "center"], style.removeprefix("text-align:") or "left")


def _line(nodes: Iterable[SyntaxTreeNode]) -> tuple[Inline, ...]:
    """Turn nodes into inlines, neighbouring texts joined and blank ends dropped."""
    line: list[Inline] = []
    for inline in (inline for node in nodes for inline in _inlines(node)):
        match line, inline:
            case [*_, Text(before)], Text(after):
                line[-1] = Text(before + after)
            case _:
                line.append(inline)
    if line and isinstance(line[0], Text):
        line[0] = Text(line[0].text.lstrip())
    if line and isinstance(line[-1], Text):
        line[-1] = Text(line[-1].text.rstrip())
    return tuple(inline for inline in line if inline != Text(""))


def _inlines(node: SyntaxTreeNode) -> Iterator[Inline]:
    match node.type:
        case "text":
            marked = re.sub(r"---?|\.\.\.", lambda mark: _MARKS[mark[0]], node.content)
            yield Text(_TIED.sub("\u00a0", marked))
        case "softbreak":
            yield Text(" ")
        case "hardbreak":
            yield LineBreak()
        case "em":
            yield Emphasis(_line_inside(node))
        case "strong":
            yield Strong(_line_inside(node))
        case "code_inline":
            yield Code(node.content)
        case "math_inline" | "math_inline_double":
            yield Math(node.content.strip())
        case "link":
            for child in node.children:
                yield from _inlines(child)
        case "image":
            raise KeyError(str(node.attrs["src"]))
        case other:
            raise AssertionError(f"a Markdown inline of type {other}")


def _line_inside(node: SyntaxTreeNode) -> tuple[Inline, ...]:
    return tuple(inline for child in node.children for inline in _inlines(child))
