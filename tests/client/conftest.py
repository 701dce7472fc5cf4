"""A fake manager, and an executor of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pyfora
from pyfora.client.executor import Executor
from tests.client.manager import FakeManager


@pytest.fixture
def manager() -> Iterator[FakeManager]:
    made = FakeManager()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def executor(manager: FakeManager) -> Iterator[Executor]:
    with pyfora.connect(manager.url, timeout=5.0, progress=False) as made:
        yield made
