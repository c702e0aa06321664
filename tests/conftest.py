"""What all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# tests run beside each other, where PyTorch's threads would wait for one another
os.environ.setdefault("OMP_NUM_THREADS", "1")
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell started the tests in the background
# how long an example takes says little on a busy machine; and whether a change is good must not depend on chance:
# `pytest --hypothesis-profile explore` looks for new examples
settings.register_profile("shared machine", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kept results go to one folder for each run, so that no test sees those of an earlier one."""
    before = os.environ.get("TORCHEXAM_CACHE")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # by the processes of this run
    os.environ["TORCHEXAM_CACHE"] = str(shared / "cache")
    yield
    if before is None:
        del os.environ["TORCHEXAM_CACHE"]
    else:
        os.environ["TORCHEXAM_CACHE"] = before
