"""The schemas that editors read say what the loader says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from generator.answers import KINDS
from generator.experiments import EXPERIMENTS
from torchexam.schemas import schema

ROOT = Path(__file__).parents[2]


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(item) for item in node))
    return set()


@pytest.mark.parametrize("what", ["question", "exam"])
def test_every_reference_of_a_schema_leads_somewhere(what: Literal["question", "exam"]) -> None:
    whole = schema(what)
    for reference in references(whole):
        assert reference.removeprefix("#/$defs/") in whole["$defs"], reference


def test_the_schema_knows_every_kind_of_answer_and_every_experiment() -> None:
    whole = schema("question")
    answer = whole["$defs"]["PartSpec"]["properties"]["answer"]
    assert [rule["if"]["required"][0] for rule in answer["allOf"]] == list(KINDS)
    assert whole["$defs"]["Evidence"]["properties"]["experiment"]["enum"] == sorted(EXPERIMENTS)


@pytest.mark.parametrize("what", ["question", "exam"])
def test_the_schema_in_the_bank_is_up_to_date(what: Literal["question", "exam"]) -> None:
    """Write it with: torchexam schema --of question > bank/question.schema.json"""
    kept = json.loads((ROOT / "bank" / f"{what}.schema.json").read_text("utf-8"))
    assert kept == schema(what)


def test_every_question_names_its_schema() -> None:
    for path in Path(ROOT / "bank").rglob("*.yaml"):
        first = path.read_text("utf-8").splitlines()[0]
        name = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / name).resolve().is_file(), path
