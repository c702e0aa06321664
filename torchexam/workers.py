"""What processes that share work must have in common: the code, and how many threads each uses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from generator import plugins


@cache
def own_code() -> str:
    """The hash of the code, styles and fonts that make a paper; the service only shows them."""
    import generator
    import renderers
    import torchexam

    whole = hashlib.sha256()
    for room in (generator, renderers, torchexam):
        folder = Path(str(room.__file__)).parent
        for path in sorted(folder.rglob("*")):
            if path.relative_to(folder).parts[0] == "web":
                continue
            if path.is_file() and path.suffix in (".py", ".css", ".j2", ".ttf", ".woff2", ".xz", ".txt"):
                whole.update(path.read_bytes())
    whole.update(plugins.stamp().encode())
    return whole.hexdigest()


@contextmanager
def one_thread() -> Iterator[None]:
    """While many small networks run: PyTorch's threads would wait for each other, and for other processes."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
