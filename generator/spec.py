"""What a question file and an exam file may say, and the mistakes of those that say something else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.mistakes import Mistake, did_you_mean
from generator.text import MOST_MISTAKES, KeyPath, Source


class Model(BaseModel):
    """A mapping of a file: unknown keys are mistakes, and numbers are not text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Points = Annotated[float | int, Field(gt=0, le=1000, multiple_of=0.5)]
Earned = Annotated[float | int, Field(ge=0, le=1000, multiple_of=0.5)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
Prose = Annotated[str, Field(min_length=1, max_length=20_000)]
Term = str | int | float | bool  # a formula, or a number as it stands


class ParameterSpec(Model):
    """Where a drawn value comes from: one of choose, range, compute, integers."""

    choose: list[Any] | Literal["names"] | None = Field(
        None, description="a list to choose from, or the word names for first names of people"
    )
    range: Annotated[list[int], Field(min_length=2, max_length=2)] | None = Field(
        None, description="whole numbers from the first to the last, both included"
    )
    step: Annotated[int, Field(ge=1)] = Field(1, description="the step of range")
    compute: str | None = Field(None, description="a formula over other parameters")
    integers: Annotated[list[int], Field(min_length=2, max_length=2)] | None = Field(
        None, description="an array of whole numbers from the first to the last, both included"
    )
    shape: Annotated[list[Annotated[int, Field(ge=1, le=32)]], Field(min_length=1, max_length=3)] | None = Field(
        None, description="the shape of the array: [length], [rows, columns] or [channels, rows, columns]"
    )
    distinct: bool = Field(False, description="whether all entries of the array differ")
    without: list[int] = Field([], description="whole numbers that the array does not hold")
    times: Annotated[float | int, Field(gt=0)] = Field(
        1, description="what every entry is multiplied by: 0.1 for tenths"
    )
    count: Annotated[int, Field(ge=1, le=10_000)] = Field(200, description="how many arrays there are to choose from")


class NetworkSpec(Model):
    """The one listing of layers that is printed, built, run and changed."""

    input: Annotated[list[Term], Field(min_length=1, max_length=4)] = Field(
        description="the shape of what goes in, as in PyTorch and without the batch: [channels, height, width]"
    )
    layers: Annotated[dict[Name, str], Field(min_length=1, max_length=200)] = Field(
        description="a layer a line: its letter and its PyTorch call"
    )


class EvidenceSpec(Model):
    """A claim of an answer that PyTorch must show to be true."""

    experiment: str = Field(description="the name of an experiment")
    with_: dict[Name, Any] = Field({}, alias="with", description="its arguments: numbers or formulas over drawn values")
    expect: Annotated[list[str], Field(min_length=1)] = Field(description="conditions over the findings")
    says: Prose = Field(description="what the key prints, with <<formula>> over the findings")


class ExampleSpec(Model):
    """A draw and its answer, worked by hand; PyTorch must come to the same."""

    with_: dict[Name, Any] = Field({}, alias="with", description="drawn values")
    answer: Any = Field(description="the answer, written as a student would")


class PartSpec(Model):
    """What carries points and an answer."""

    id: Name
    points: Points
    lead: Prose | None = Field(None, description="context printed before this part, which later parts may use")
    prompt: Prose
    answer: dict[str, Any] = Field(description="one kind of answer and what belongs to it")
    explanation: Prose | None = Field(None, description="how the answer is got, for the key")
    evidence: Any = Field(None, description="one claim or a list of claims that PyTorch must show")
    example: ExampleSpec | None = None


class QuestionSpec(Model):
    """A question file: it is complete in itself, and its name is the question's id."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    topics: Annotated[list[str], Field(min_length=1)]
    minutes: Annotated[float | int, Field(gt=0)] | None = None
    difficulty: Literal["easy", "medium", "hard"] | None = None
    parameters: Annotated[dict[Name, ParameterSpec], Field(max_length=100)] = {}
    require: Annotated[list[str], Field(max_length=100)] = Field(
        [], description="conditions: only draws for which all of them hold are used"
    )
    network: NetworkSpec | None = None
    conventions: dict[str, str] = Field({}, description="conventions that differ from the exam's")
    stem: Prose | None = None
    parts: Annotated[list[PartSpec], Field(min_length=1, max_length=100)]


# ---- exams ----


class UsedSpec(Model):
    """A question of the bank as this exam uses it."""

    question: str
    parts: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="only these parts, in this order"
    )
    points: dict[Name, Points] = Field({}, description="points that differ from the question's")


class PickSpec(Model):
    """Questions drawn from the bank by topic, other ones on each copy."""

    topics: Annotated[list[str], Field(min_length=1)] = Field(description="questions that have all of these topics")
    count: Annotated[int, Field(ge=1, le=100)] = 1


class SectionSpec(Model):
    """A numbered section of the paper."""

    title: str | None = Field(None, description="by default the title of its first question")
    questions: Annotated[list[str | dict[str, Any]], Field(min_length=1)] | None = Field(
        None, description="ids of questions, or mappings with question, parts, points"
    )
    pick: PickSpec | None = None
    shuffle: Literal["no", "questions"] = Field("no", description="questions: in another order on each copy")


class CoverSpec(Model):
    """What the first page says."""

    fields: list[str] = Field(default=["Name", "Student ID"], description="boxes to fill in")
    instructions: Prose | None = None


class ExamSpec(Model):
    """An exam file: what stands on the paper, in which order."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    course: str = ""
    date: str = Field("", description="as it is to be printed")
    minutes: Annotated[int, Field(ge=1, le=1000)] | None = None
    paper: Literal["letter", "a4"] = "letter"
    cover: CoverSpec = Field(default_factory=CoverSpec)
    conventions: dict[str, str] = Field({}, description="conventions that hold throughout, and are printed")
    shuffle: Literal["no", "sections"] = "no"
    layout: Literal["same", "free"] = Field("same", description="same: every answer at the same place on all copies")
    sections: Annotated[list[SectionSpec], Field(min_length=1)]


# where the same question has several right answers, the paper says which one is meant; the first is the default
CONVENTIONS: dict[str, dict[str, str]] = {
    "shape_order": {
        "hwc": "sizes are given as height × width × channels, without the batch",
        "chw": "sizes are given as channels × height × width, without the batch",
        "whc": "sizes are given as width × height × channels, without the batch",
        "nchw": "sizes are given as N × channels × height × width, with N for the number of examples in a batch",
        "nhwc": "sizes are given as N × height × width × channels, with N for the number of examples in a batch",
    },
    "recurrent_biases": {
        "two": "a recurrent layer has two bias vectors for each gate, as in PyTorch",
        "one": "a recurrent layer has one bias vector for each gate",
    },
    "running_statistics": {
        "no": "running means and variances of batch normalization are not counted, as they are not learned",
        "yes": "running means and variances of batch normalization are counted",
    },
    "cost": {
        "macs": "a multiplication with its addition counts as one operation (a multiply-accumulate)",
        "flops": "a multiplication and an addition count as two floating-point operations",
    },
    "memory_unit": {"MB": "1 MB is 1,000,000 bytes", "MiB": "1 MiB is 1,048,576 bytes"},
    "loss_reduction": {
        "mean": "the loss of a batch is the mean over its examples",
        "sum": "the loss of a batch is the sum over its examples",
    },
    "squared_error": {
        "plain": "the squared error has no factor of one half",
        "half": "the squared error has a factor of one half",
    },
    "weight_penalty": {
        "half": "the penalty is half the coefficient times the sum of squared weights",
        "plain": "the penalty is the coefficient times the sum of squared weights",
    },
    "attention_scale": {
        "scaled": "scores are divided by the square root of the key's size",
        "unscaled": "scores are not scaled",
    },
    "momentum_form": {
        "pytorch": "the velocity adds up gradients, and the learning rate multiplies the velocity",
        "classic": "the velocity adds up steps, and holds the learning rate already",
        "averaged": "the velocity is a running mean of gradients, with one minus the momentum on the new one, and the "
        "learning rate multiplies the velocity",
    },
    "bias_correction": {
        "yes": "both running means are corrected for their start at zero, and the first step is step 1",
        "no": "the running means are not corrected for their start at zero",
    },
    "epsilon_place": {
        "outside": "ε is added to the root, not under it",
        "inside": "ε is added under the root",
    },
    "convolution_form": {
        "plain": "the kernel is not flipped, as in PyTorch",
        "flipped": "the kernel is flipped, turned by half a turn, as in mathematics",
    },
    "indices": {"one": "places are counted from 1", "zero": "places are counted from 0"},
    "gru_reset": {
        "after": "the reset gate weighs what the weights make of the old state, as in PyTorch",
        "before": "the reset gate weighs the old state before the weights do",
    },
    "gru_update": {
        "old": "the update gate weighs the old state, and one minus it the candidate, as in PyTorch",
        "new": "the update gate weighs the candidate, and one minus it the old state",
    },
    "variance": {
        "population": "the variance divides by the number of values",
        "sample": "the variance divides by the number of values less one",
    },
    "dropout_scaling": {
        "training": "values that are kept are divided by the probability of keeping them, in training",
        "test": "values are multiplied by the probability of keeping them, at test time",
    },
    "threshold": {
        "at_least": "a unit fires when its sum is 0 or more",
        "above": "a unit fires when its sum is more than 0",
    },
    "box_edges": {
        "continuous": "boxes are given by the coordinates of their edges, so a width is the difference of two of them",
        "pixels": "boxes are given by their first and last pixel, so a width is their difference plus one",
    },
    "average_precision": {
        "all_points": "precision is made non-increasing, and the area below it is summed over all recalls",
        "eleven_points": "precision is made non-increasing, and averaged over the recalls 0, 0.1, …, 1",
    },
}
DEFAULT_CONVENTIONS = {name: next(iter(values)) for name, values in CONVENTIONS.items()}

# ---- reading them ----

Spec = TypeVar("Spec", bound=Model)


def validate(model: type[Spec], source: Source, path: KeyPath = ()) -> tuple[Spec | None, list[Mistake]]:
    """Turn a value of a file into a model, or into all its mistakes."""
    data: Any = source.data
    for step in path:
        data = data[step]
    if not isinstance(data, dict):
        keys = ", ".join(field.alias or name for name, field in model.model_fields.items())
        return None, [source.mistake(path, f"here belongs a mapping with the keys {keys}")]
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = [dict(detail) for detail in error.errors(include_url=False)[:MOST_MISTAKES]]
        return None, [_mistake(model, source, path, detail) for detail in _one_for_each_place(found)]


_BRANCHES = {"string_type": "str", "int_type": "int", "float_type": "float", "bool_type": "bool", "list_type": "list[",
             "dict_type": "dict[", "literal_error": "literal["}  # fmt: skip
_TYPES = {"string_type": "text", "int_type": "a number", "float_type": "a number", "list_type": "a list",
          "dict_type": "a mapping"}  # fmt: skip


def _one_for_each_place(details: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Where several types are allowed, pydantic reports each that does not fit: make one finding of them."""
    together: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for detail in details:
        branch, loc = _BRANCHES.get(detail["type"]), detail["loc"]
        of_a_union = branch and loc and isinstance(loc[-1], str) and loc[-1].startswith(branch)
        together.setdefault(("union", *loc[:-1]) if of_a_union else ("alone", *loc), []).append(detail)
    for (_, *place), group in together.items():
        if len(group) == 1:
            yield group[0]
            continue
        known = [f"'{name}'" for detail in group for name in _expected(detail)]
        wanted = dict.fromkeys([*(_TYPES[d["type"]] for d in group if d["type"] in _TYPES), *known])
        yield {**group[0], "type": "union", "loc": tuple(place), "wanted": list(wanted)}


def _expected(detail: Mapping[str, Any]) -> list[str]:
    """The words that may stand where one of them is expected."""
    return (
        str(detail.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        if detail["type"] == "literal_error"
        else []
    )


def _mistake(model: type[Model], source: Source, path: KeyPath, detail: dict[str, Any]) -> Mistake:
    """Say one of pydantic's findings in our words, at its place."""
    where = (*path, *itertools.takewhile(lambda step: step != "[key]", detail["loc"]))
    last = next((step for step in reversed(where) if isinstance(step, str)), "")
    of_key = "[key]" in detail["loc"]
    value = _shown(detail.get("input"))
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            known = _keys(model, detail["loc"][:-1])
            return source.mistake(
                where, f"there is no key '{where[-1]}' here", did_you_mean(str(where[-1]), known), key=True
            )
        case "missing":
            return source.mistake(where[:-1], f"the key '{last}' is missing", key=True)
        case "union":
            wanted = detail["wanted"]
            words = f"neither {', '.join(wanted[:-1])} nor {wanted[-1]}" if len(wanted) > 1 else _no(wanted[0])
            return source.mistake(where, f"{last}: {value} is {words}")
        case "string_type" if of_key:
            return source.mistake(where, f"{value} is no name", "a name begins with a letter", key=True)
        case "string_type":
            return source.mistake(
                where, f"{last}: {value} is no text", "put quotes around it" if _is_scalar(detail) else ""
            )
        case "int_type" | "int_from_float":
            return source.mistake(where, f"{last}: {value} is no whole number")
        case "float_type":
            return source.mistake(where, f"{last}: {value} is no number")
        case "bool_type":
            return source.mistake(where, f"{last}: {value} is neither true nor false")
        case "list_type":
            return source.mistake(
                where, f"{last}: {value} is no list", "a list is written [a, b], or a line each with '- '"
            )
        case "dict_type" | "model_type":
            return source.mistake(where, f"{last}: here belongs a mapping, a line each with 'key: value'")
        case "literal_error":
            expected = _expected(detail)
            return source.mistake(
                where, f"{last}: {value} is not known here", did_you_mean(str(detail["input"]), expected)
            )
        case "string_pattern_mismatch":
            return source.mistake(
                where,
                f"{value} cannot be a name",
                "a name begins with a letter and has up to 40 letters, digits and _",
                key=of_key,
            )
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal" | "multiple_of":
            return source.mistake(where, f"{last}: {value} {_bound(detail['type'], context)}")
        case "too_short" | "string_too_short":
            needed = f"{last}: {context['min_length']} items are needed, not {len(detail['input'])}"
            return source.mistake(where, needed if detail["input"] else f"{last}: this is empty")
        case "too_long" | "string_too_long":
            most = context.get("max_length")
            if isinstance(detail["input"], dict):
                return source.mistake(where, f"{last}: {len(detail['input'])} keys stand here; {most} may")
            return source.mistake(
                where, f"{last}: this is too long", f"at most {most:,} may stand here" if most else ""
            )
        case _:
            return source.mistake(where, f"{last}: {value}: {detail['msg'].lower()}")


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    words = {
        "greater_than": "must be more than {gt:g}",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than": "must be less than {lt:g}",
        "less_than_equal": "must be at most {le:g}",
        "multiple_of": "must be a multiple of {multiple_of:g}",
    }
    return words[kind].format(**context)


def _no(noun: str) -> str:
    return f"no {noun.removeprefix('a ')}"


def _is_scalar(detail: Mapping[str, Any]) -> bool:
    return isinstance(detail.get("input"), int | float | bool)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}…'"
        case bool():
            return "true" if value else "false"
    return str(value)


def _keys(model: type[Model], steps: tuple[str | int, ...]) -> list[str]:
    """The keys that the mapping at the end of the steps may have."""
    inner: type[BaseModel] = model
    within = False  # within a list or a mapping of models, whose indices and names are no fields
    for step in steps:
        if within:
            within = False
            continue
        field = next((f for name, f in inner.model_fields.items() if step in (name, f.alias)), None)
        found = next(_models_in(field.annotation), None) if field else None
        if found is None:
            return []
        inner, within = found
    return [field.alias or name for name, field in inner.model_fields.items()]


def _models_in(annotation: Any, within: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models that an annotation like list[PartSpec] or NetworkSpec | None holds, and whether in a collection."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, within
    for argument in get_args(annotation):
        yield from _models_in(argument, within or get_origin(annotation) in (list, dict))
