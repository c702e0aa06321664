"""Turn the question and exam language into JSON schemas for editors."""

from __future__ import annotations

from typing import Any, Literal

from generator import answers, experiments
from generator.spec import EvidenceSpec, ExamSpec, QuestionSpec, UsedSpec


def schema(what: Literal["question", "exam"] = "question") -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a question file or an exam file."""
    return _exam() if what == "exam" else _question()


def _question() -> dict[str, Any]:
    whole = _of(QuestionSpec, "A torchexam question")
    definitions = whole["$defs"]
    for name in answers.names():
        # every kind calls its own definitions what it likes, so each gets the kind's name in front
        written = answers.kind(name).Spec.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}_{{model}}")
        inner = written.pop("$defs", {})
        definitions |= {f"{name}_{key}": value for key, value in inner.items()}
        definitions[f"answer_{name}"] = written
    evidence = EvidenceSpec.model_json_schema(by_alias=True)
    evidence["properties"]["experiment"]["enum"] = experiments.names()
    definitions["Evidence"] = evidence
    part = definitions["PartSpec"]["properties"]
    # a rule for each kind, so that an editor names all kinds when one is misspelt
    part["answer"] = {
        "type": "object",
        "description": part["answer"]["description"],
        "anyOf": [{"required": [name]} for name in answers.names()],
        "allOf": [{"if": {"required": [name]}, "then": {"$ref": f"#/$defs/answer_{name}"}} for name in answers.names()],
    }
    one = {"$ref": "#/$defs/Evidence"}
    part["evidence"] = {"anyOf": [one, {"type": "array", "items": one}]}
    return whole


def _exam() -> dict[str, Any]:
    whole = _of(ExamSpec, "A torchexam exam")
    used = UsedSpec.model_json_schema(by_alias=True)
    whole["$defs"]["UsedSpec"] = used
    questions = whole["$defs"]["SectionSpec"]["properties"]["questions"]
    for way in questions.get("anyOf", [questions]):
        if way.get("type") == "array":
            way["items"] = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/UsedSpec"}]}
    return whole


def _of(model: Any, title: str) -> dict[str, Any]:
    whole: dict[str, Any] = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": title}
