"""Limits that a process sets itself, as the system can keep them."""

from __future__ import annotations

MEMORY = 3_000_000_000  # bytes that a process may have of its own


def limit_memory(size: int = MEMORY) -> None:
    """Let this process have no more memory than that, where the system can see to it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or hard > size:
        # not the address space, of which the JavaScript engine reserves far more than it uses
        resource.setrlimit(resource.RLIMIT_DATA, (size, hard))
