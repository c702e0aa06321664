"""Hold all copies of a build to one layout: as many pages, and every answer at the same place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.exam import ExamPlan
from generator.mistakes import Mistaken


class SameLayout:
    """What the first copy of each size of print looks like, which all others must."""

    def __init__(self, plan: ExamPlan) -> None:
        self.plan = plan
        self.first: dict[bool, Mapping[str, Any]] = {}

    def hold(self, copy: Mapping[str, Any]) -> None:
        """Compare a copy, as the manifest tells of it, with the first one; raises Mistaken where it differs."""
        known = self.first.setdefault(copy["large"], copy)
        if self.plan.spec.layout == "free" or not (difference := _difference(known, copy)):
            return
        hint = "a scanner needs the same boxes on every copy; where yours does not, say 'layout: free' in the exam file"
        raise Mistaken([self.plan.source.mistake(("sections",), difference, hint, key=True)])


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """How the layout of a copy differs from that of another, or nothing."""
    if one["pages"] != other["pages"]:
        return f"copy {one['code']} has {one['pages']} pages, copy {other['code']} {other['pages']}"
    for mine, theirs in zip(one["parts"], other["parts"], strict=False):
        if mine["boxes"] != theirs["boxes"] or mine["number"] != theirs["number"]:
            here = f"copy {other['code']} has its answer at {_told(theirs['boxes'])}"
            there = f"copy {one['code']} (question '{mine['question']}') at {_told(mine['boxes'])}"
            return f"question '{theirs['question']}', part {theirs['number']}: {here}, {there}"
    if len(one["parts"]) != len(other["parts"]):
        return f"copy {one['code']} has {len(one['parts'])} parts, copy {other['code']} {len(other['parts'])}"
    return ""


def _told(boxes: Sequence[Mapping[str, Any]]) -> str:
    if not boxes:
        return "no place"
    box = boxes[0]
    more = f" (and {len(boxes) - 1} more)" if len(boxes) > 1 else ""
    return f"page {box['page']}, x {box['x']:g}, y {box['y']:g}, {box['width']:g} × {box['height']:g} points{more}"
