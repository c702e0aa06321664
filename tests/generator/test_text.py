"""YAML is read as plain data with places, and what is not plain YAML is one clear message in bounded time."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.mistakes import Mistake, Mistaken
from generator.text import MOST_MISTAKES, parse, read


def mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(Mistaken) as refused:
        parse(text, "q.yaml")
    return refused.value.mistakes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("NO", "NO"),
        ("true", True), ("False", False), ("TRUE", True), ("null", None), ("~", None), ("", None), ("Null", None),
        ("1", 1), ("-1", -1), ("+7", 7), ("0", 0), ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("5.", 5.0),
        ("1_000", "1_000"), ("0x10", "0x10"), ("0o7", "0o7"), ("12:30", "12:30"), ("2026-11-23", "2026-11-23"),
        (".inf", ".inf"), (".nan", ".nan"), ("1.2.3", "1.2.3"), ("'1'", "1"), ('"true"', "true"), ("9" * 41, "9" * 41),
        ("9×9×10", "9×9×10"), ("|\n  a\n  b\n", "a\nb\n"), (">-\n  a\n  b\n", "a b"), ("[1, a, [b]]", [1, "a", ["b"]]),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse(f"key: {text}", "q.yaml").data["key"]
    assert found == value
    assert type(found) is type(value)


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\x85\u2028\u2029\ufeff")),
)  # fmt: skip
_DATA = st.dictionaries(
    st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True),
    st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4), max_leaves=8),
    max_size=5,
)


class _Quoting(yaml.SafeDumper):
    """Writes text in quotes, so that YAML 1.1 and 1.2 agree on it."""


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
_Quoting.ignore_aliases = lambda *_: True  # type: ignore[method-assign]


@given(_DATA)
def test_what_was_written_is_read(data: dict[str, Any]) -> None:
    text = yaml.dump(data, Dumper=_Quoting, allow_unicode=True)
    assert parse(text, "q.yaml").data == data


@given(_DATA, st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_place_of_every_key_is_where_the_key_stands(data: dict[str, Any], line_end: str) -> None:
    text = yaml.dump({"größe": "9×9", **data}, Dumper=_Quoting, allow_unicode=True).replace("\n", line_end)
    source = parse(text, "q.yaml")
    for name in data:
        mistake = source.mistake((name,), "here", key=True)
        begin = mistake.column - 1
        assert mistake.excerpt[begin : begin + mistake.width].strip('"') == name
        assert source.text.split("\n")[mistake.line - 1] == mistake.excerpt


def test_a_place_counts_characters_and_not_bytes() -> None:
    source = parse("größe: ∂L/∂Y, maßstab\n", "q.yaml")
    mistake = source.mistake(("größe",), "here", within="maßstab")
    assert (mistake.line, mistake.column, mistake.width) == (1, 15, 7)


def test_a_word_is_found_by_itself_before_it_is_found_in_another() -> None:
    source = parse("formula: maps + ma + p\n", "q.yaml")
    assert source.mistake(("formula",), "", within="ma").column == 17
    assert source.mistake(("formula",), "", within="p").column == 22
    assert source.mistake(("formula",), "", within="ap").column == 11


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "q.yaml"
    path.write_bytes("title: größe\n".encode("utf-8-sig"))
    assert read(path, "q.yaml").mistake(("title",), "").column == 8


def test_a_mistake_after_windows_line_ends_is_in_its_line() -> None:
    (mistake,) = mistakes("a: 1\r\nb: 2\r\na: 3\r\n")
    assert (mistake.line, mistake.column, mistake.excerpt) == (3, 1, "a: 3")


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"title: gr\xf6\xdfe\n", "byte 0xf6 is not UTF-8", (1, 10)),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "byte 0x89 is not UTF-8", (1, 1)),
        ("title: größe\n".encode("utf-16"), "byte 0xff is not UTF-8", (1, 1)),
        ("größe\n\x00".encode(), "the character U+0000 may not stand in YAML", (2, 1)),
        ("a: größe\x07".encode(), "the character U+0007 may not stand in YAML", (1, 9)),
        (b"x" * 10_000_000, "the file has 10,000,000 bytes; a file of the bank may have 1,000,000", (1, 1)),
    ],
)
def test_a_file_that_is_no_text_is_one_message(tmp_path: Path, data: bytes, message: str, place: object) -> None:
    path = tmp_path / "q.yaml"
    path.write_bytes(data)
    with pytest.raises(Mistaken) as refused:
        read(path, "q.yaml")
    (mistake,) = refused.value.mistakes
    assert mistake.message == message
    assert (mistake.line, mistake.column) == place


def test_a_missing_file_and_a_folder_are_one_message(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.yaml"):
        with pytest.raises(Mistaken, match="there is no such file"):
            read(path, "q.yaml")


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n", "\n\n"])
def test_nothing_is_read_as_nothing(text: str) -> None:
    assert parse(text, "q.yaml").data is None


@pytest.mark.parametrize("nested", ["[" * 200_000, "a: {" * 100_000, "- " * 200_000])
def test_deep_nesting_is_refused_at_its_thirty_first_level(nested: str) -> None:
    (mistake,) = mistakes(nested)
    assert mistake.message == "this is nested more than 30 levels deep"


def test_a_file_of_twins_stops_at_a_hundred_mistakes() -> None:
    assert len(mistakes("a: 1\n" * 100_000)) == MOST_MISTAKES


def test_a_zero_before_a_long_number_is_text() -> None:
    assert parse("a: " + "0" * 5_000, "q.yaml").data["a"] == "0" * 5_000


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x\n", "a: !!python/object/apply:os.system [x]\n", "a: !x 1\n", "a: 1\n---\nb: 2\n", "true: 1\n",
     "a:\n\tb: 1\n", "a: [1\n", "a: 'x\n", "{a: 1}: 2\n", "null: 1\n", "a: b: c\n", "%YAML 9.9\n---\na: 1\n",
     "a: @x\n"],
)  # fmt: skip
def test_what_question_files_do_not_use_is_one_message(text: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.message[0].islower() or not mistake.message[0].isalpha()
    assert not mistake.message.endswith(".")


@given(st.text(max_size=200))
def test_any_text_is_data_or_mistakes(text: str) -> None:
    with contextlib.suppress(Mistaken):
        parse(text, "q.yaml")


@given(st.text("abc:-[]{}'\"#&*!|>%@`?,.\n\t 0189é", max_size=80))
def test_any_heap_of_yaml_signs_is_data_with_places_or_mistakes(text: str) -> None:
    with contextlib.suppress(Mistaken):
        source = parse(text, "q.yaml")
        for path, place in source.values.items():
            assert 0 <= place.start <= place.end <= len(source.text)
            assert source.mistake(path, "here").width >= 1


def test_hostile_files_are_refused_within_small_memory(tmp_path: Path) -> None:
    laughs = (
        "a: &a ["
        + ", ".join("x" * 9)
        + "]\n"
        + "".join(
            f"{b}: &{b} [" + ", ".join([f"*{a}"] * 9) + "]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        )
    )
    files = {"bomb": laughs, "brackets": "[" * 900_000, "keys": "? " * 450_000, "flow": "{a: " * 200_000}
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    code = """
import resource, sys
from pathlib import Path
from generator.text import read
from generator.mistakes import Mistaken
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read(path, path.name)
    except Mistaken as refused:
        print(path.stem, len(refused.mistakes))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - used) // 2**20 < 100)
"""
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["bomb 1", "brackets 1", "flow 1", "keys 1", "True"]
