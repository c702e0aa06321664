"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # how long an example takes says little on a busy machine
settings.load_profile("shared machine")


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kept results go to one folder for each session, so that no test sees those of an earlier one."""
    before = os.environ.get("TORCHEXAM_CACHE")
    os.environ["TORCHEXAM_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["TORCHEXAM_CACHE"]
    else:
        os.environ["TORCHEXAM_CACHE"] = before
