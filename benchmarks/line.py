"""One measurement beside its baseline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One measurement: seconds, those of its baseline, and the seconds that the project promises."""

    what: str
    seconds: float
    baseline: str
    bare: float
    promise: float | None

    @property
    def is_slow(self) -> bool:
        """Whether it takes longer than the project promises."""
        return self.promise is not None and self.seconds > self.promise

    def __str__(self) -> str:
        promise = f"promised {self.promise:g} s: {'SLOW' if self.is_slow else 'ok'}" if self.promise else ""
        ratio = f"{self.seconds / self.bare:5.2f} × {self.baseline} ({self.bare:.3f} s)"
        return f"{self.what:44} {self.seconds:7.3f} s  {ratio:52} {promise}".rstrip()
