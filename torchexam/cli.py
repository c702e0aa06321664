"""The command line: each command turns words into one call of the front door, and its result into lines and a code.

Exit codes: 0 fine, 1 mistakes found, 2 usage, 3 our bug, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from generator.mistakes import Mistake, Mistaken, show_all
from torchexam import __version__, interrupts
from torchexam.crews import Lost

MISTAKES, BUG, INTERRUPTED = 1, 3, 130
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

bank_option = click.option(
    "--bank",
    default="bank",
    envvar="TORCHEXAM_BANK",
    show_default=True,
    metavar="DIR",
    help="The folder with the questions.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="torchexam", message="%(prog)s %(version)s")
def torchexam() -> None:
    """Exams for deep-learning courses whose answer keys PyTorch computes.

    \b
    A first exam in three commands:
      torchexam new my-course            a small course folder to start from
      cd my-course
      torchexam build quiz --copies 3    papers and keys in output/quiz/

    Questions are YAML files in a bank folder; a file's name is the question's id.
    """  # noqa: D301 # click reads the backspace of \b as: leave the lines below as they are


@torchexam.command()
@click.argument("directory", metavar="DIR")
@click.option(
    "--sample", is_flag=True, help="Start from the sample bank: its questions, a midterm and three more exams."
)
def new(directory: str, sample: bool) -> None:
    """Make the course folder DIR to start from: two questions, a quiz, and the schemas for your editor."""
    from torchexam.course import new as make

    written = make(directory, sample=sample)
    click.echo("\n".join(str(path) for path in written))
    say(f"next: cd {directory} && torchexam build {'cs682-midterm' if sample else 'quiz'} --copies 3")


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that choose among questions."""
    for option in (
        click.option(
            "--find", default="", metavar="TEXT", help="Only questions whose id, title or prompts hold this text."
        ),
        click.option("--minutes", type=float, metavar="N", help="Only questions of at most N minutes."),
        click.option(
            "--kind",
            "kinds",
            multiple=True,
            metavar="K",
            help="Only questions with this kind of answer; may be repeated.",
        ),
        click.option(
            "--difficulty",
            type=click.Choice(["easy", "medium", "hard"]),
            help="Only questions of this difficulty.",
        ),
        click.option(
            "--topic", "topics", multiple=True, metavar="T", help="Only questions with this topic; may be repeated."
        ),
    ):
        command = option(command)
    return command


@torchexam.command("list")
@bank_option
@filter_options
@json_option
def list_(bank: str, as_json: bool, **wanted: Any) -> None:
    """List the questions: points, kinds of answer, and how many distinct variants each can be drawn in."""
    from torchexam.checks import load
    from torchexam.listing import Filter, as_lines, listing

    whole = load(bank)
    rows = listing(whole, Filter(**wanted))
    if as_json:
        click.echo(json.dumps({"questions": rows}, indent=1, ensure_ascii=False))
    else:
        for line in as_lines(rows):
            click.echo(line)
    if whole.mistakes:
        say(f"{_count(len({m.path for m in whole.mistakes}), 'file')} with mistakes left out; see: torchexam check")


@torchexam.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@bank_option
@json_option
def check(paths: Sequence[str], bank: str, as_json: bool) -> None:
    """Find every mistake in the bank, or in the question and exam files named.

    Each is shown with its file, line and column, and what would work. Networks run once with every distinct draw of
    their numbers; what was found is kept until the file changes.
    """
    from torchexam.checks import check as find

    mistakes: set[Mistake] = set()
    for path in paths or (bank,):
        mistakes |= set(find(path, lambda items, count: progress(items, count, "checking"), os.cpu_count() or 1))
    if as_json:
        click.echo(
            json.dumps({"mistakes": [mistake.as_json() for mistake in sorted(mistakes)]}, indent=1, ensure_ascii=False)
        )
    elif mistakes:
        click.echo(show_all(mistakes))
    say(_count(len(mistakes), "mistake") if mistakes else "no mistakes")
    if mistakes:
        sys.exit(MISTAKES)


@torchexam.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@bank_option
@click.option(
    "--draws",
    default=50,
    show_default=True,
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="How many draws of a question that has more than 500.",
)
@click.option("--draw", metavar="[QUESTION:]N", help="Only the draw with this number, as failures name it.")
@click.option(
    "--output", default="output", show_default=True, metavar="DIR", help="Where builds are that a change may touch."
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="J", help="How many processes.  [default: one for each core]"
)
@json_option
def verify(
    paths: Sequence[str], bank: str, draws: int, draw: str | None, output: str, jobs: int | None, as_json: bool
) -> None:
    """Verify keys: those of the bank, or of the questions and exams named by file or id.

    For many draws every answer is computed twice and judges responses; examples, samples, options, evidence and layout
    are looked at, and frozen pools compared. What was found is kept until something changes.
    """
    from torchexam.account import as_json as account
    from torchexam.account import as_lines
    from torchexam.verification import verify as find

    jobs = jobs or os.cpu_count() or 1
    found = find(*paths, bank=bank, draws=draws, draw=draw, output=output, jobs=jobs, progress=progress)
    if as_json:
        click.echo(json.dumps(account(found), indent=1, ensure_ascii=False))
    else:
        if found.mistakes:
            click.echo(show_all(found.mistakes))
        click.echo("\n".join(as_lines(found)))
    say(_count(len(found.mistakes), "failure") if found.mistakes else "no failures")
    if found.mistakes:
        sys.exit(MISTAKES)


@torchexam.command()
@click.argument("exam")
@bank_option
@click.option(
    "--pool", default=12, show_default=True, type=click.IntRange(1, 1000), metavar="K", help="How many variants."
)
@click.option("--seed", metavar="S", help="The same seed freezes the same variants.  [default: a new secret one]")
@click.option("--replace", "replace_other", is_flag=True, help="Let this pool take the place of another.")
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="J", help="How many processes.  [default: one for each core]"
)
@json_option
def freeze(
    exam: str, bank: str, pool: int, seed: str | None, replace_other: bool, jobs: int | None, as_json: bool
) -> None:
    """Verify K variants of each question of EXAM (an id or a file) and freeze them in a file next to it.

    From then on, the exam's builds deal only from this pool; `verify` tells when a key would be another one. The file
    holds all answers: keep it from students.
    """
    from torchexam.freezing import freeze as make

    jobs = jobs or os.cpu_count() or 1
    made = make(exam, bank, pool=pool, seed=seed, jobs=jobs, replace_other=replace_other, progress=progress)
    if as_json:
        data = {"pool": str(made.path), "written": made.written, "seed": made.pool.seed, "variants": made.pool.size}
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    click.echo(str(made.path))
    of = f"{_count(made.pool.size, 'variant')} of each of {_count(len(made.pool.questions), 'question')}"
    say(f"{'frozen' if made.written else 'this pool was frozen before'}: {of}, seed {made.pool.seed}")


@torchexam.command()
@click.argument("question")
@bank_option
@click.option("--seed", default="1", show_default=True, metavar="S", help="Another seed draws other numbers.")
@click.option(
    "--variant", default=0, show_default=True, type=click.IntRange(0), help="The number of the variant of this seed."
)
@click.option("--draw", type=click.IntRange(0), metavar="N", help="The draw with this number, as verify names it.")
@click.option("--key", is_flag=True, help="Show answers, how they are got, rubric and evidence.")
@click.option(
    "--to", "form", default="html", show_default=True, type=click.Choice(["html", "pdf"]), help="The kind of page."
)
@click.option("--large", is_flag=True, help="Large print.")
@click.option("--output", default="output", show_default=True, metavar="DIR", help="Where the page goes.")
@click.option("--open", "open_", is_flag=True, help="Show it in the browser.")
@json_option
def preview(
    question: str,
    bank: str,
    seed: str,
    variant: int,
    draw: int | None,
    key: bool,
    form: str,
    large: bool,
    output: str,
    open_: bool,
    as_json: bool,
) -> None:
    """Draw one variant of QUESTION (an id or a file) and write the page that students, or graders, would see."""
    from torchexam.page import preview as make

    found, root = _question(question, bank)
    to: Any = form
    page = make(found, root, seed, variant, key=key, to=to, large=large, draw=draw)
    name = f"{page.variant.question.id}{'-key' if key else ''}.{form}"
    path = page.write(Path(output) / "preview" / name)
    if as_json:
        click.echo(json.dumps({"page": str(path), "values": dict(page.variant.values)}, indent=1, ensure_ascii=False))
    else:
        click.echo(str(path))
        values = page.variant.values.items()
        say(
            "drawn: "
            + (", ".join(f"{name} = {value}" for name, value in values) or "nothing, the question has no parameters")
        )
    if open_:
        click.launch(str(path))


def _question(name: str, bank: str) -> tuple[Any, Any]:
    """A question file by its path, or the name of a question in the bank."""
    if name.endswith((".yaml", ".yml")):
        from generator import question as question_room
        from generator.bank import shown_path

        return question_room.load(Path(name), shown_path(Path(name))), bank
    return name, bank


@torchexam.command()
@bank_option
@filter_options
@click.option("--seed", default="1", show_default=True, metavar="S", help="Another seed draws other numbers.")
@click.option("--to", "forms", default="html", show_default=True, metavar="FORMATS", help="pdf, html, or both.")
@click.option("--output", default="output", show_default=True, metavar="DIR", help="Where the pages go.")
def catalogue(bank: str, seed: str, forms: str, output: str, **wanted: Any) -> None:
    """Write one page with a drawn variant of each question and its key, to choose from."""
    from generator.store import write_whole
    from torchexam.catalogues import catalogue as compose
    from torchexam.listing import Filter

    for form in _formats(forms):
        data = compose(bank, Filter(**wanted), seed, form, lambda items, count: progress(items, count, "drawing"))
        path = Path(output) / f"catalogue.{form}"
        write_whole(path, data)
        click.echo(str(path))


@torchexam.command()
@click.argument("exam")
@bank_option
@click.option("--copies", type=click.IntRange(1, 10_000), metavar="N", help="How many copies.  [default: 1]")
@click.option(
    "--roster",
    type=click.Path(),
    metavar="FILE.csv",
    help="One copy for each student: a CSV file with the columns name and id, and perhaps email, seat, accommodation.",
)
@click.option(
    "--spare", type=click.IntRange(0, 1000), default=0, metavar="N", help="So many more copies, without names."
)
@click.option(
    "--pool",
    type=click.IntRange(1),
    metavar="K",
    help="How many variants of each question are dealt to the copies.  [default: 12, or all of a frozen pool]",
)
@click.option("--unique", is_flag=True, help="Draw each question anew for each copy, in place of a pool.")
@click.option("--seed", metavar="S", help="The same seed gives the same bytes.  [default: a new secret one]")
@click.option("--to", "forms", default="pdf,html", show_default=True, metavar="FORMATS", help="pdf, html, or both.")
@click.option("--paper", type=click.Choice(["letter", "a4"]), help="The paper size.  [default: as the exam file says]")
@click.option("--large", is_flag=True, help="Large print: 18 points, sans serif.")
@click.option(
    "--output", default="output", show_default=True, metavar="DIR", help="The exam gets a folder of its own in DIR."
)
@click.option(
    "--replace", "replace_other", is_flag=True, help="Let this build take the place of another in the same folder."
)
@click.option("--by-seat", is_flag=True, help="Sort the print bundle by seat, not as the roster is.")
@click.option(
    "--keys-password",
    type=click.File(),
    metavar="FILE",
    help="Encrypt keys with the password in this file; - asks for it.",
)
@click.option("--only", metavar="CODE", help="Build the one copy with this code again, as a finished build has it.")
@click.option(
    "--executor",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Work on this machine, or on a dask cluster.",
)
@click.option("--scheduler", default="", metavar="ADDRESS", help="The address of the dask scheduler: tcp://host:8786")
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="J", help="How many processes.  [default: one for each core]"
)
@json_option
def build(exam: str, copies: int | None, roster: str | None, as_json: bool, **wanted: Any) -> None:
    """Print copies of EXAM (an id or a file) with their keys, as PDF and HTML.

    Run again, it finishes what was interrupted, and does nothing when all is there. The manifest in the folder holds
    the secret seed: keep it, and keep it from students.
    """
    from torchexam.building import build as make
    from torchexam.building import build_again

    if copies is not None and roster is not None:
        raise click.UsageError("either --copies or --roster, not both")
    if wanted["unique"] and wanted["pool"]:
        raise click.UsageError("either --pool or --unique, not both")
    executor, scheduler = wanted.pop("executor"), wanted["scheduler"]
    if (executor == "dask") != bool(scheduler):
        raise click.UsageError("a dask cluster needs both: --executor dask --scheduler ADDRESS")
    formats, password, jobs = _formats(wanted.pop("forms")), _password(wanted.pop("keys_password")), wanted.pop("jobs")
    if code := wanted.pop("only"):
        keep = {name: wanted[name] for name in ("bank", "output")}
        made = build_again(exam, code, password=password, jobs=jobs or os.cpu_count() or 1, progress=progress, **keep)
        click.echo(str(made.folder / "copies" / code))
        return
    built = make(
        exam,
        copies=copies or 1,
        roster=roster,
        to=formats,
        password=password,
        jobs=jobs or os.cpu_count() or 1,
        progress=progress,
        **wanted,
    )
    head = built.head
    if as_json:
        click.echo(json.dumps({"folder": str(built.folder), "written": built.written, "secret": head["secret"]}))
        return
    click.echo(str(built.folder))
    done = f"{built.written} files written" if built.written else "nothing to do: this build was finished before"
    say(f"{done}; {_count(head['count'], 'copy', 'copies')}, seed {head['secret']}")
    for group in head["fairness"]["twins"]:
        say(f"the pools are too small: copies {', '.join(group)} are the same; more variants with a larger --pool")
    if alike := head["fairness"]["neighbors_alike"]:
        say(f"{_count(alike, 'answer')} that neighbors share could not be avoided; see {built.folder / 'report.html'}")
    if head["frozen"]:
        say(f"dealt from the exam's frozen pool: {_count(head['pool'], 'variant')} of each question")


def _password(file: Any) -> str:
    """The first line of a file, or what is typed; raises a usage error when it is empty."""
    if file is None:
        return ""
    typed = file is sys.stdin and sys.stdin.isatty()
    found = click.prompt("password of the keys", hide_input=True) if typed else file.readline().rstrip("\r\n")
    if not found:
        raise click.BadParameter("the file has no password in its first line", param_hint="--keys-password")
    return str(found)


def _formats(words: str) -> Any:
    from torchexam.building import FORMATS

    chosen = tuple(word.strip() for word in words.split(",") if word.strip())
    for word in chosen:
        if word not in FORMATS:
            raise click.BadParameter(f"'{word}' is no format; known: {', '.join(FORMATS)}", param_hint="--to")
    if not chosen:
        raise click.BadParameter(f"name one of {', '.join(FORMATS)}", param_hint="--to")
    return chosen


@torchexam.command()
@click.argument("bank", default="bank", envvar="TORCHEXAM_BANK")
@click.option("--port", default=8682, show_default=True, type=click.IntRange(1, 65535), metavar="N", help="The port.")
@click.option(
    "--output", default="output", show_default=True, metavar="DIR", help="Where builds are, and where they go."
)
@click.option("--host", metavar="NAME", help="Listen for others too; only with tokens.  [default: this machine alone]")
@click.option("--url", metavar="URL", help="The address that browsers see where a proxy stands in between.")
@click.option(
    "--tokens",
    type=click.Path(),
    metavar="FILE",
    help="A file with lines 'instructor: …' and 'student: …'; the students' token shows papers and no answers.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="J",
    help="How many processes draw, or build.  [default: one for each core]",
)
@click.option("--open/--no-open", "open_", default=None, help="Show the page in the browser.  [default: at a terminal]")
def serve(
    bank: str, port: int, output: str, host: str | None, url: str | None, tokens: str | None, jobs: int | None,
    open_: bool | None,
) -> None:  # fmt: skip
    """Serve the bank as pages and an HTTP API, until Ctrl-C: browse, edit, compose exams, build.

    The address that is printed holds a token that lets your browser in. Files stay the only truth: edit them with
    whatever you like in the meantime.
    """
    from torchexam.web.settings import settle

    settings = settle(bank, output, host, port, url, tokens, jobs)
    is_here = not host and not url

    def started() -> None:
        if is_here:
            click.echo(settings.start)
        say(f"serving {bank}{'' if is_here else f' at {settings.url or settings.host}'}; Ctrl-C ends it")
        if open_ if open_ is not None else is_here and sys.stdout.isatty():
            click.launch(settings.start if is_here else settings.url)

    from torchexam.web.serving import serve as run

    run(settings, started)


@torchexam.command()
@click.option("--of", "what", default="question", show_default=True, type=click.Choice(["question", "exam"]))
def schema(what: str) -> None:
    """Print the JSON schema of question or exam files, for editors that complete and underline as you type."""
    from torchexam.schemas import schema as describe

    click.echo(json.dumps(describe("exam" if what == "exam" else "question"), indent=1, ensure_ascii=False))


@torchexam.command()
@click.option("--install", is_flag=True, help="Install missing system libraries, where you may.")
@json_option
def doctor(install: bool, as_json: bool) -> None:
    """Say what this machine lacks for building exams, and how to get it."""
    from torchexam import machine as room

    if install:
        room.install()
    findings = room.doctor()
    if as_json:
        click.echo(json.dumps({"findings": [finding.as_json() for finding in findings]}, indent=1, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{'ok     ' if finding.fine else 'MISSING'} {finding.what}: {finding.says}")
            if not finding.fine:
                click.echo(f"        get it with: {finding.remedy}")
    if not all(finding.fine for finding in findings):
        sys.exit(MISTAKES)


# ---- what all commands share ----


def say(message: str) -> None:
    """A message for the person at the terminal, away from the data."""
    click.echo(message, err=True)


def progress(items: Iterable[Any], count: int, what: str) -> Iterable[Any]:
    """The items, with a bar on stderr when somebody is there to see it."""
    if not sys.stderr.isatty() or count < 2:
        return interrupts.heeding(items)
    return _bar(interrupts.heeding(items), count, what)


def _bar(items: Iterable[Any], count: int, what: str) -> Iterator[Any]:
    from tqdm import tqdm

    yield from tqdm(items, desc=what, total=count, leave=False, file=sys.stderr, ascii=True)


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what goes wrong becomes a message and an exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is to be ignored
        interrupts.remember()
    try:
        code = torchexam.main(
            args=list(arguments) if arguments is not None else None, prog_name="torchexam", standalone_mode=False
        )
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _end_interrupted()
    except Mistaken as error:
        say(show_all(error.mistakes))
        sys.exit(MISTAKES)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads any more
        sys.exit(0)
    except OSError as error:
        name = error.filename or "writing"
        say(f"{name}: {(error.strerror or str(error)).lower()}")
        sys.exit(MISTAKES)
    except Lost as error:
        say(f"{error}; did memory run out? the same command with a smaller --jobs goes on from here")
        sys.exit(MISTAKES)
    except Exception as error:
        if interrupts.was_asked():
            _end_interrupted()
        _report_bug(error)
        sys.exit(BUG)


def _end_interrupted() -> NoReturn:
    say("interrupted; what was written is whole, and the same command goes on from there")
    sys.exit(INTERRUPTED)


def _report_bug(error: Exception) -> None:
    import platform
    import traceback

    say("this is a bug in torchexam, not in your files; please report it with these lines:")
    say(f"torchexam {__version__}, Python {platform.python_version()}, {platform.system()}")
    say("".join(traceback.format_exception(error)))
