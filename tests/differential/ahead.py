"""Programs run ahead of the tests that ask for them, several at once: a test that waits leaves a core idle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import pytest

AT_ONCE = 2
"""Programs under way at once; more of them are hardly faster on two cores."""


class Ahead:
    """`with Ahead({name: task}) as ahead: ahead[name]` gives what the task gave; tasks are begun in their order."""

    def __init__(self, tasks: Mapping[str, Callable[[], list[str]]], at_once: int = AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once)
        self._found: dict[str, Future[list[str]]] = {name: self._pool.submit(task) for name, task in tasks.items()}

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __getitem__(self, name: str) -> list[str]:
        return self._found[name].result()


def parameters(request: pytest.FixtureRequest, name: str) -> list[object]:
    """What the selected tests of the module that asks have for their parameter `name`, in order."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    own = [item.callspec.params for item in items if item.module is request.module and hasattr(item, "callspec")]
    return [found[name] for found in own if name in found]
