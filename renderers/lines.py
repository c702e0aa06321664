"""Mend how WeasyPrint breaks lines.

Where the words before a formula fill a line and only the space after them does not fit, WeasyPrint 70 breaks the line
after the first of these words.
"""

from __future__ import annotations

from typing import Any

from weasyprint.layout import inline

_split = inline.split_first_line


def _split_first_line(
    text: str, style: Any, context: Any, max_width: Any, spacing: Any, *rest: Any, **more: Any
) -> Any:
    """What fits into a line: layout, length, where the next line resumes, width, height, baseline."""
    found = _split(text, style, context, max_width, spacing, *rest, **more)
    after_first_word = text.find(" ") + 1
    if found[2] and text.endswith(" ") and len(text[:after_first_word].encode()) == found[2]:
        without_space = _split(text.rstrip(" "), style, context, max_width, spacing, *rest, **more)
        if without_space[2] is None:
            return _split(text, style, context, None, spacing, *rest, **more)
    return found


def mend() -> None:
    """Mend WeasyPrint in this process."""
    inline.split_first_line = _split_first_line
