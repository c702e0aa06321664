"""Turn what each layer counts into a Markdown list with its sum."""

from __future__ import annotations

from collections.abc import Sequence

from generator.formulas import grouped


def added_up(counted: Sequence[tuple[str, Sequence[str]]], total: int) -> str:
    """Each layer with the parts of its count, and the sum; a single number is not said twice."""
    lines = [f"- {name}: {' and '.join(parts)}" for name, parts in counted]
    alone = len(counted) == 1 and len(counted[0][1]) == 1
    return "\n".join(lines if alone else [*lines, f"\nTogether {grouped(total)}."])
