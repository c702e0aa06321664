"""Turn the text of a YAML file and one change of its data into the new text, which keeps comments, order and style.

Only the lines that say something else are written again. What comes out is read once more: where it does not say what
it should, the change is refused and the text stays as it was.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import yaml

from generator.mistakes import Mistake, Mistaken
from generator.text import KeyPath, Source, parse

INDENT = "  "


def put(text: str, path: KeyPath, value: Any, order: Sequence[str] = ()) -> str:
    """Give the key at the path a value; a new key stands behind those that come before it in `order`."""
    source = parse(text, "text")
    if path in source.values:
        changed = _replaced(source, path, value)
    elif len(path) > 1 and path[:-1] not in source.values:
        return put(text, path[:-1], {path[-1]: value}, order)
    else:
        changed = _added(source, path, value, order)
    data = copy.deepcopy(source.data)
    at(data, path[:-1])[path[-1]] = value
    return _checked(changed, data)


def drop(text: str, path: KeyPath) -> str:
    """Remove the key at the path, and what stands there."""
    source = parse(text, "text")
    if path not in source.values:
        return text
    data = copy.deepcopy(source.data)
    del at(data, path[:-1])[path[-1]]
    if _is_flow(source, path[:-1]):
        return put(text, path[:-1], at(data, path[:-1]))
    start = _line_start(source.text, source.keys[path].start)
    end = _line_end(source.text, _end(source, path))
    return _checked(source.text[:start] + source.text[end:], data)


def insert(text: str, path: KeyPath, index: int, value: Any) -> str:
    """Put an item into the list at the path."""
    source = parse(text, "text")
    data = copy.deepcopy(source.data)
    items = at(data, path)
    index = max(0, min(index, len(items)))
    items.insert(index, value)
    if _is_flow(source, path):
        raw = _flow_items(source, path)
        raw.insert(index, _flow(value))
        return _checked(_with_flow(source, path, raw), data)
    chunks, start, end = _chunks(source, path)
    chunks.insert(index, item(value, _dash(source, path)))
    return _checked(source.text[:start] + "".join(chunks) + source.text[end:], data)


def remove(text: str, path: KeyPath, index: int) -> str:
    """Take an item out of the list at the path."""
    source = parse(text, "text")
    data = copy.deepcopy(source.data)
    del at(data, path)[index]
    if not at(data, path):
        return put(text, path, [])
    if _is_flow(source, path):
        raw = _flow_items(source, path)
        del raw[index]
        return _checked(_with_flow(source, path, raw), data)
    chunks, start, end = _chunks(source, path)
    del chunks[index]
    return _checked(source.text[:start] + "".join(chunks) + source.text[end:], data)


def move(text: str, path: KeyPath, index: int, to: KeyPath, place: int) -> str:
    """Take an item to another place, of the same list or of another one; its comments go along within a list."""
    source = parse(text, "text")
    if path != to:
        value = at(source.data, path)[index]
        return remove(insert(text, to, place, value), path, index)
    data = copy.deepcopy(source.data)
    items = at(data, path)
    place = max(0, min(place, len(items) - 1))
    items.insert(place, items.pop(index))
    if _is_flow(source, path):
        raw = _flow_items(source, path)
        raw.insert(place, raw.pop(index))
        return _checked(_with_flow(source, path, raw), data)
    chunks, start, end = _chunks(source, path)
    chunks.insert(place, chunks.pop(index))
    return _checked(source.text[:start] + "".join(chunks) + source.text[end:], data)


def _checked(text: str, data: Any) -> str:
    """The text, when it says this; raises Mistaken."""
    try:
        same = _plain(parse(text, "text").data) == _plain(data)
    except Mistaken:
        same = False
    if not same:
        message = "this change cannot be made here, as the file is written in a way of its own"
        raise Mistaken([Mistake("text", 0, 0, message, "make it in the YAML")])
    return text


def _plain(data: Any) -> str:
    return json.dumps(data, sort_keys=True)


def at(data: Any, path: KeyPath) -> Any:
    """What stands at a path of plain data."""
    for step in path:
        data = data[step]
    return data


# ---- where things stand ----


def _is_flow(source: Source, path: KeyPath) -> bool:
    """Whether a collection is written in brackets or braces."""
    return source.text[source.values[path].start : source.values[path].start + 1] in ("[", "{")


def _end(source: Source, path: KeyPath) -> int:
    """Where a value ends: behind its last letter, before comments and empty lines that follow."""
    place = source.values[path]
    value = at(source.data, path)
    if isinstance(value, dict | list) and value and not _is_flow(source, path):
        last = list(value)[-1] if isinstance(value, dict) else len(value) - 1
        return _end(source, (*path, last))
    return place.start + len(source.text[place.start : place.end].rstrip())


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """The start of the next line."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _chunks(source: Source, path: KeyPath) -> tuple[list[str], int, int]:
    """The items of a block list as whole lines, each with the comments above it, and the stretch that they fill."""
    text, count = source.text, len(at(source.data, path))
    starts = [_with_comments(text, _line_start(text, source.values[(*path, n)].start)) for n in range(count)]
    end = _line_end(text, _end(source, (*path, count - 1)))
    edges = [*starts, end]
    chunks = [text[edges[n] : edges[n + 1]] for n in range(count)]
    return [chunk if chunk.endswith("\n") else f"{chunk}\n" for chunk in chunks], starts[0], end


def _with_comments(text: str, start: int) -> int:
    """The start of the comment lines right above a line."""
    while start:
        above = _line_start(text, start - 1)
        if not text[above:start].lstrip().startswith("#"):
            return start
        start = above
    return start


def _dash(source: Source, path: KeyPath) -> str:
    """What stands before the dash of a block list's items."""
    start = source.values[(*path, 0)].start
    line = source.text[_line_start(source.text, start) : start]
    return line[: line.index("-")]


def _flow_items(source: Source, path: KeyPath) -> list[str]:
    """The items of a list in brackets, as they are written."""
    count = len(at(source.data, path))
    return [source.text[source.values[(*path, n)].start : _end(source, (*path, n))] for n in range(count)]


def _with_flow(source: Source, path: KeyPath, items: Sequence[str]) -> str:
    place = source.values[path]
    return source.text[: place.start] + "[" + ", ".join(items) + "]" + source.text[_end(source, path) :]


# ---- writing ----


def _replaced(source: Source, path: KeyPath, value: Any) -> str:
    text = source.text
    if path not in source.keys:  # an item of a list
        place = source.values[path]
        return text[: place.start] + _flow(value) + text[_end(source, path) :]
    key = source.keys[path]
    colon = text.index(":", key.end - 1 if text[key.end - 1] == ":" else key.end)
    end = max(_end(source, path), colon + 1)
    if _is_flow(source, path[:-1]):
        return text[: colon + 1] + " " + _flow(value) + text[end:]
    written = _behind_key(value, " " * (key.column - 1))
    if "\n" in written and text[end : _line_end(text, end)].strip():  # a remark behind it would become a part of it
        written = f" {_flow(value)}"
    return text[: colon + 1] + written + text[end:]


def _added(source: Source, path: KeyPath, value: Any, order: Sequence[str]) -> str:
    parent, name = path[:-1], str(path[-1])
    text, known = source.text, list(at(source.data, parent))
    if _is_flow(source, parent):
        close = _end(source, parent) - 1
        return text[:close].rstrip() + (", " if known else "") + f"{name}: {_flow(value)}" + text[close:]
    before = [key for key in known if name not in order or key not in order or order.index(key) < order.index(name)]
    column = source.keys[(*parent, known[0])].column - 1
    line = f"{name}:{_behind_key(value, ' ' * column)}\n"
    if not before:  # it becomes the first key, perhaps behind a dash
        start = source.keys[(*parent, known[0])].start
        return text[:start] + line + " " * column + text[start:]
    here = _line_end(text, _end(source, (*parent, before[-1])))
    glue = "" if text[:here].endswith("\n") else "\n"
    return text[:here] + glue + " " * column + line + text[here:]


def _behind_key(value: Any, indent: str) -> str:
    """What stands behind `key:` in a block mapping whose keys have this indentation."""
    if isinstance(value, str) and "\n" in value.strip("\n") and _fits_block(value):
        mark = "|" if value.endswith("\n") else "|-"
        lines = "\n".join(f"{indent}{INDENT}{line}" if line else "" for line in value.rstrip("\n").split("\n"))
        return f" {mark}\n{lines}"
    if isinstance(value, dict) and any(isinstance(one, str) and "\n" in one for one in value.values()):
        inner = indent + INDENT
        return "".join(f"\n{inner}{name}:{_behind_key(one, inner)}" for name, one in value.items())
    return f" {_flow(value)}"


def _fits_block(value: str) -> bool:
    """Whether a text keeps all its letters as a block with `|`."""
    lines = value.split("\n")
    return (
        not value[0].isspace() and not value.endswith("\n\n") and "\r" not in value
        and all(line == line.rstrip() for line in lines)
    )  # fmt: skip


def item(value: Any, before: str) -> str:
    """A new item of a block list; of a mapping, each key has a line."""
    if isinstance(value, dict) and value and "question" not in value:
        inner = before + INDENT
        lines = [f"{name}:{_behind_key(one, inner)}" for name, one in value.items()]
        return f"{before}- " + f"\n{inner}".join(lines) + "\n"
    return f"{before}- {_flow(value)}\n"


def _flow(value: Any) -> str:
    """A value on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_flow(name)}: {_flow(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return _words(value)
    return json.dumps(value)


def _words(value: str) -> str:
    """Text without quotes where it can do without, also within brackets."""
    try:
        if "\n" not in value and value and parse(f"[{value}, x]", "text").data == [value, "x"] and " #" not in value:
            return value
    except Mistaken:
        pass
    quoted = json.dumps(value, ensure_ascii=False)
    try:
        if parse(quoted, "text").data == value:
            return quoted
    except Mistaken:
        pass
    return yaml.safe_dump(value, default_style='"', width=10**9).strip()
