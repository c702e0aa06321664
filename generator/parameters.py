"""Turn the parameters and conditions of a question file into its space of draws, or into their mistakes."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from generator import draw, formulas, prose
from generator.draw import Condition, NoDraws, Space
from generator.formulas import Formula, FormulaError
from generator.mistakes import Mistake, Mistaken, did_you_mean
from generator.spec import ParameterSpec, QuestionSpec
from generator.streams import Stream
from generator.text import MOST_MISTAKES, KeyPath, Source

MOST_VALUES = 10_000  # of one parameter
DECLARE = "declare it under 'parameters'"


@lru_cache
def people() -> tuple[str, ...]:
    """First names to choose from: of many places, none of a public figure's fame."""
    return tuple((files("generator") / "names.txt").read_text("utf-8").split())


class ParameterReader:
    """Reads parameters, conditions and any formula over them, and collects what is wrong."""

    def __init__(self, source: Source, spec: QuestionSpec) -> None:
        self.source, self.spec = source, spec
        self.mistakes: list[Mistake] = []
        self.declared = frozenset(spec.parameters)
        self.persons = tuple(name for name, parameter in spec.parameters.items() if parameter.choose == "names")

    def wrong(self, path: KeyPath, message: str, hint: str = "", **how: Any) -> None:
        """Note a mistake; raises Mistaken when there are more than anybody reads."""
        self.mistakes.append(self.source.mistake(path, message, hint, **how))
        if len(self.mistakes) >= MOST_MISTAKES:
            raise Mistaken(self.mistakes)

    def formula(self, path: KeyPath, text: str, more: frozenset[str] = frozenset(), within: str = "") -> Formula | None:
        """Read a formula whose names must be declared; `within` is the hole of a prose that it stands in."""
        try:
            formula = formulas.read(text)
        except FormulaError as error:
            self.wrong(path, str(error), error.hint, within=within or error.word)
            return None
        unknown = sorted(formula.names - self.declared - more)
        for name in unknown:
            hint = did_you_mean(name, self.declared | more) or DECLARE
            self.wrong(path, f"'{name}' is not declared", hint, within=within or name)
        return None if unknown else formula

    def parameters(self) -> tuple[dict[str, list[Any]], list[tuple[str, Formula]]]:
        """The values of each drawn parameter, and the formulas of the others in an order to compute them in."""
        choices: dict[str, list[Any]] = {}
        computed: dict[str, Formula] = {}
        for name, spec in self.spec.parameters.items():
            path = ("parameters", name)
            ways = [way for way in ("choose", "range", "compute", "integers") if getattr(spec, way) is not None]
            if keyword.iskeyword(name) or name in (prose.NETWORK, "output"):
                self.wrong(path, f"'{name}' has a meaning of its own in formulas", "choose another name", key=True)
            elif len(ways) != 1:
                hint = "for example choose: [2, 3], range: [2, 9] or compute: side // 2"
                self.wrong(path, f"parameter {name} needs one of choose, range, compute and integers", hint, key=True)
            elif spec.compute is not None:
                if formula := self.formula((*path, "compute"), spec.compute):
                    computed[name] = formula
            elif spec.integers is not None:
                choices[name] = self.arrays(name, spec)
            elif spec.choose != "names":
                choices[name] = self.values(path, spec)
            for key in sorted({"shape", "distinct", "without", "times", "count"} & spec.model_fields_set):
                if spec.integers is None:
                    self.wrong((*path, key), f"{key} belongs to integers", key=True)
            if spec.step != 1 and spec.range is None:
                self.wrong((*path, "step"), "step belongs to range", key=True)
        if len(self.persons) > len(people()):
            self.wrong(("parameters", self.persons[-1]), f"there are {len(people())} names of people to choose from")
        return choices, self.in_order(computed)

    def values(self, path: KeyPath, spec: ParameterSpec) -> list[Any]:
        """The values to choose from."""
        if spec.range is not None:
            span = range(spec.range[0], spec.range[1] + 1, spec.step)
            if not span:
                self.wrong((*path, "range"), "there is nothing to choose from", "the smaller number comes first")
            elif span[MOST_VALUES:]:
                self.wrong((*path, "range"), f"this range has more than {MOST_VALUES:,} values")
            return list(span[:MOST_VALUES])
        values = list(spec.choose or ())
        if not values:
            self.wrong((*path, "choose"), "there is nothing to choose from")
        if len(values) > MOST_VALUES:
            self.wrong((*path, "choose"), f"this list has more than {MOST_VALUES:,} values")
            return values
        seen = set()
        for place, value in enumerate(values):
            if value is None:
                self.wrong((*path, "choose", place), "a value is missing here")
            elif (same := repr(float(value) if isinstance(value, int) else value)) in seen:
                shown = "this" if isinstance(value, dict) else f"'{formulas.shown(value)}'"
                self.wrong((*path, "choose", place), f"{shown} stands here twice")
            else:
                seen.add(same)
        return values

    def arrays(self, name: str, spec: ParameterSpec) -> list[Any]:
        """Arrays to choose from: all of them where they are few, else `count` different ones, always the same."""
        assert spec.integers
        path = ("parameters", name)
        if spec.shape is None:
            self.wrong((*path, "integers"), "an array needs a shape", "for example shape: [3, 3]", key=True)
            return []
        first, last = spec.integers
        if last - first >= MOST_VALUES:
            self.wrong((*path, "integers"), f"this range has more than {MOST_VALUES:,} values")
            return []
        entries = [value for value in range(first, last + 1) if value not in spec.without]
        length = math.prod(spec.shape)
        if len(entries) < (length if spec.distinct else 1):
            lacking = f"there are not {length} different numbers" if spec.distinct else "there is no number"
            self.wrong((*path, "integers"), f"{lacking} to choose from", "the smaller number comes first")
            return []
        return [_shaped(one, spec.shape) for one in _arrays(entries, length, spec, name)]

    def in_order(self, computed: dict[str, Formula]) -> list[tuple[str, Formula]]:
        """Computed parameters such that each comes after those it needs."""
        ordered: list[tuple[str, Formula]] = []
        waiting = dict(computed)
        while waiting:
            ready = [name for name, formula in waiting.items() if not formula.names & set(waiting)]
            if not ready:
                name = next(iter(waiting))
                others = f": {' and '.join(waiting)} need each other" if len(waiting) > 1 else ""
                self.wrong(("parameters", name, "compute"), f"{name} is computed from itself{others}")
                return ordered
            ordered += [(name, waiting.pop(name)) for name in ready]
        return ordered

    def conditions(self) -> list[Condition]:
        """What every draw must meet."""
        conditions = []
        for place, text in enumerate(self.spec.require):
            formula = self.formula(("require", place), text)
            if formula and not formula.names:
                self.wrong(("require", place), f"'{text}' looks at no parameter")
            elif formula and formula.names & set(self.persons):
                hint = "those of one question always differ"
                self.wrong(("require", place), f"'{text}' looks at names of people", hint)
            elif formula:
                conditions.append(_condition(formula))
        return conditions

    def space(self, choices: Any, computed: Any, conditions: list[Condition]) -> Space | None:
        """Every draw that meets the conditions."""
        try:
            return draw.enumerate_space(choices, computed, conditions, self.persons, people())
        except NoDraws as error:
            self.wrong(("require",) if self.spec.require else ("parameters",), str(error), error.hint, key=True)
        except FormulaError as error:
            self.wrong(self.place_of(error.formula), str(error), error.hint, within=error.word)
        return None

    def place_of(self, formula: str) -> KeyPath:
        """Where a computed parameter or a condition stands."""
        for name, spec in self.spec.parameters.items():
            if spec.compute is not None and spec.compute.strip() == formula:
                return "parameters", name, "compute"
        for place, text in enumerate(self.spec.require):
            if text.strip() == formula:
                return "require", place
        return ("parameters",)


def _arrays(entries: list[int], length: int, spec: ParameterSpec, name: str) -> Iterator[list[float]]:
    """Different flat lists of entries, in an order that depends on the parameter alone."""
    possible = math.perm(len(entries), length) if spec.distinct else len(entries) ** length
    stream = Stream("array", name, str(spec.integers), str(spec.shape), str(spec.distinct), str(spec.without))
    seen: set[tuple[int, ...]] = set()
    while len(seen) < min(spec.count, possible):
        found = stream.shuffled(entries)[:length] if spec.distinct else _some(stream, entries, length)
        if (one := tuple(found)) not in seen:
            seen.add(one)
            yield [entry if spec.times == 1 else round(entry * spec.times, 10) for entry in one]


def _some(stream: Stream, entries: list[int], length: int) -> list[int]:
    return [entries[stream.below(len(entries))] for _ in range(length)]


def _shaped(values: list[Any], shape: Sequence[int]) -> list[Any]:
    """A flat list as nested lists of that shape."""
    if len(shape) == 1:
        return values
    size = len(values) // shape[0]
    return [_shaped(values[start : start + size], shape[1:]) for start in range(0, len(values), size)]


def _condition(formula: Formula) -> Condition:
    return Condition(formula.names, lambda values: bool(formula.value(values)), formula.text)
