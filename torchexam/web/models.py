"""What goes in and out of the API, with examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$", examples=["segment_digits"])]
Version = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$", description="SHA-256 of the file as you read it")]
Text = Annotated[str, Field(max_length=1_000_000)]
Seed = Annotated[str, Field(min_length=1, max_length=200, examples=["spring"])]
Points = Annotated[float, Field(gt=0, le=1000)]


class Strict(BaseModel):
    """A body that is refused when it says more than is understood."""

    model_config = ConfigDict(extra="forbid")


class MistakeOut(BaseModel):
    """A mistake in a file, at a line and column from 1; 0 where it has no place."""

    path: str = Field(examples=["bank/cnn/segment_digits.yaml"])
    line: int = Field(examples=[17])
    column: int = Field(examples=[36])
    message: str = Field(examples=["Conv2d has no argument 'kernal_size'"])
    hint: str = Field("", examples=["did you mean 'kernel_size'?"])
    excerpt: str = ""
    width: int = 1


class Mistakes(BaseModel):
    """Every mistake that was found, sorted by place."""

    mistakes: list[MistakeOut]


class ProblemOut(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")
    type: str = "about:blank"
    title: str = Field(examples=["there are mistakes"])
    status: int = Field(examples=[422])
    detail: str | None = None
    mistakes: list[MistakeOut] | None = None


def _refusal(says: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
    return {"description": says, "model": ProblemOut, "content": {"application/problem+json": schema}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _refusal("the request cannot be read"),
    401: _refusal("a token is needed"),
    403: _refusal("this token, host or origin may not do this"),
    404: _refusal("there is no such thing"),
    409: _refusal("something else is there by now"),
    413: _refusal("too large"),
    422: _refusal("the request or a file has mistakes"),
    503: _refusal("too much is asked at the moment"),
    504: _refusal("a limit of time or memory was reached"),
}


class PartRow(BaseModel):
    """A part in a list."""

    id: str = Field(examples=["shapes"])
    points: float = Field(examples=[6])
    kind: str = Field(examples=["table"])


class VerifiedRow(BaseModel):
    """What is known of a question's verification."""

    draws: int
    failures: int


class QuestionRow(BaseModel):
    """A question in a list."""

    id: str = Field(examples=["segment_digits"])
    title: str = Field(examples=["From a digit classifier to segmentation"])
    topics: list[str] = Field(examples=[["cnn", "shapes", "segmentation"]])
    points: float = Field(examples=[14])
    minutes: float | None = None
    difficulty: str | None = None
    variants: int = Field(examples=[384])
    parts: list[PartRow]
    verified: VerifiedRow | None = Field(None, description="null: not verified since it changed")


class Questions(BaseModel):
    """The questions of the bank, as `torchexam list --json` has them."""

    questions: list[QuestionRow]


class NetworkLayer(BaseModel):
    """A layer of the listing."""

    name: str = Field(examples=["a"])
    call: str = Field(examples=["Conv2d(in_channels=1, out_channels=10, kernel_size=3, padding=1)"])


class RubricRow(BaseModel):
    """What earns points."""

    model_config = ConfigDict(populate_by_name=True)
    points: float
    for_: str = Field(alias="for")


class MisconceptionRow(BaseModel):
    """A wrong answer, and the thought that leads to it."""

    answer: str
    says: str


class PartOut(BaseModel):
    """A part with drawn values; what only graders may see is there with `key=true`."""

    number: str = Field(examples=["1.1"])
    id: str
    kind: str
    points: float
    lead: str = Field(description="Markdown")
    prompt: str = Field(description="Markdown")
    space: dict[str, Any] = Field(description="what is printed around the room for the answer: rows, options, unit …")
    answer: Any = None
    worked: str | None = None
    explanation: str | None = None
    rubric: list[RubricRow] | None = None
    misconceptions: list[MisconceptionRow] | None = None


class VariantOut(BaseModel):
    """A question with drawn values."""

    question: str
    title: str
    number: int
    stem: str = Field(description="Markdown")
    network: list[NetworkLayer]
    parts: list[PartOut]
    values: dict[str, Any] | None = Field(None, description="for instructors: computed ones may be what is asked for")


class DrawRow(BaseModel):
    """One allowed draw."""

    draw: int
    values: dict[str, Any]


class Draws(BaseModel):
    """Some of the allowed draws, in order."""

    size: int
    start: int
    draws: list[DrawRow]


class FileOut(BaseModel):
    """A file of the bank, and its version."""

    path: str = Field(examples=["bank/cnn/segment_digits.yaml"])
    text: str
    version: str


class FileIn(Strict):
    """A new text for the file that still has this version."""

    text: Text
    version: Version


class NewQuestion(Strict):
    """A new question file."""

    id: Id
    folder: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,79})?$", examples=["cnn"])] = ""
    text: Text


class NewExam(Strict):
    """A new exam file."""

    id: Id
    text: Text


class Saved(BaseModel):
    """What a file is now, and its mistakes."""

    version: str
    mistakes: list[MistakeOut]


class CheckIn(Strict):
    """What is to be checked: a question or an exam as it is, or with another text; with nothing, the whole bank."""

    question: Id | None = None
    exam: Id | None = None
    text: Text | None = None
    run: bool = Field(True, description="also what only running the question shows")


class DraftIn(Strict):
    """A text that was not saved."""

    text: Text


class DraftOut(BaseModel):
    """The name of a text that is kept for a while."""

    draft: str


class VerifyIn(Strict):
    """How many draws of a question with more than 500."""

    draws: Annotated[int, Field(ge=1, le=500)] = 50


class VerifyOut(BaseModel):
    """What was verified, as `torchexam verify --json` has it."""

    questions: list[dict[str, Any]]
    mistakes: list[MistakeOut]
    pools: list[dict[str, Any]]


class ExamRow(BaseModel):
    """An exam in a list."""

    id: str = Field(examples=["cs682-midterm"])
    title: str
    course: str = ""
    date: str = ""
    minutes: int | None = None
    points: float | None = None
    sections: int | None = None
    parts: int | None = None
    mistakes: list[MistakeOut]


class Exams(BaseModel):
    """The exams of the bank."""

    exams: list[ExamRow]


class ChangesIn(Strict):
    """A text of an exam file, and the steps that change it."""

    text: Text
    steps: Annotated[list[dict[str, Any]], Field(max_length=100)] = Field(
        [], examples=[[{"do": "add", "section": 0, "question": "fgsm_step"}]]
    )


class ChangesOut(BaseModel):
    """The new text with its comments kept, what it says, and its mistakes."""

    text: str
    draft: str
    outline: dict[str, Any] | None
    mistakes: list[MistakeOut]


class Progress(BaseModel):
    """How far a build is."""

    what: str = Field(examples=["printing"])
    done: int = Field(examples=[3])
    count: int = Field(examples=[5])


class BuildIn(Strict):
    """What is to be built: the options of `torchexam build`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"exam": "cs682-midterm", "copies": 5, "seed": "spring"}]}
    )
    exam: Id
    copies: Annotated[int, Field(ge=1, le=2_000)] = 1
    roster: Annotated[str, Field(max_length=500_000, description="the text of a CSV file: name,id")] | None = None
    spare: Annotated[int, Field(ge=0, le=500, description="so many more copies, without names")] = 0
    seed: Seed | None = None
    unique: bool = Field(False, description="draw each question anew for each copy, in place of a pool")
    by_seat: bool = Field(False, description="sort the print bundle by seat, not as the roster is")
    pool: Annotated[int, Field(ge=1, le=10_000)] | None = None
    to: Annotated[list[Literal["pdf", "html"]], Field(min_length=1, max_length=2)] = ["pdf", "html"]
    paper: Literal["letter", "a4"] | None = None
    large: bool = False
    folder: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,79})?$")] = Field(
        "", description="a folder of its own within the output folder"
    )
    replace: bool = Field(False, description="let this build take the place of another in the same folder")


State = Literal["waiting", "running", "finished", "failed", "cancelled"]


class BuildOut(BaseModel):
    """A build: what was asked for, how far it is, what is there."""

    id: str = Field(examples=["cs682-midterm"])
    exam: str
    state: State
    progress: Progress | None = None
    copies: int | None = None
    folder: str
    mistakes: list[MistakeOut] = []
    finished: bool = Field(description="whether a finished build is in the folder")


class Builds(BaseModel):
    """The builds of the output folder."""

    builds: list[BuildOut]


class GradeIn(Strict):
    """A response to one part of one copy; a table's response gives each row's text."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"copy": "KGD", "part": "3.1", "response": "1600"}]}
    )
    copy_: Annotated[str, Field(alias="copy", pattern=r"^[A-Za-z0-9-]{1,20}$")]
    part: Annotated[str, Field(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}$")]
    response: (
        Annotated[str, Field(max_length=20_000)]
        | dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=2_000)]]
    )


class GradeOut(BaseModel):
    """What a response earns. Not readable: a person must judge it."""

    points: float
    earned: float
    share: float
    readable: bool
    remarks: list[str]
