"""A connection that is cut: what is said again, and what is not."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import pyfora
from pyfora.wire.messages import (
    AnswerTaken,
    CancelProgram,
    ClientHello,
    ProgramAccepted,
    ProgramPrinted,
    ReleaseValues,
    SubmitProgram,
)
from tests.client.manager import FakeManager


class CuttingProxy:
    """Stands between client and manager; `cut` breaks every connection without a word to either side's program."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            with self._lock:
                self._pairs.append((near, far))
                self.accepted += 1
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.cut()


@pytest.fixture
def proxy(manager: FakeManager) -> Iterator[CuttingProxy]:
    made = CuttingProxy(manager.port)
    yield made
    made.close()


def test_what_was_accepted_is_not_submitted_again(manager: FakeManager, proxy: CuttingProxy) -> None:
    def accept_only(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        manager.send(connection, ProgramAccepted(message.program_id))
        return True

    manager.on_submit = accept_only
    with pyfora.connect(proxy.url, timeout=20, progress=False) as executor:
        future = executor.submit(abs, -3)
        manager.wait_for(lambda: manager.got(SubmitProgram))
        accepted = executor.connection
        wait_until(lambda: any(s.accepted_by for s in accepted._submissions.values()))
        proxy.cut()
        manager.wait_for(lambda: len(manager.got(ClientHello)) == 2)
        # The manager tells the end by itself, more than once: it is taken once, and acknowledged each time.
        end = manager.run(manager.got(SubmitProgram)[0])
        for _ in range(2):
            manager.send(manager.connections[-1], end)
        found = future.result(10)
        manager.wait_for(lambda: len(manager.got(AnswerTaken)) == 2)
        assert found.toLocal().result(10) == 3, "its value was not released by the second telling"
    assert len(manager.got(SubmitProgram)) == 1


def test_a_manager_that_is_another_one_gets_everything_again(manager: FakeManager, proxy: CuttingProxy) -> None:
    def accept_once(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        if len(manager.got(SubmitProgram)) > 1:
            return False
        manager.send(connection, ProgramAccepted(message.program_id))
        return True

    manager.on_submit = accept_once
    with pyfora.connect(proxy.url, timeout=20, progress=False) as executor:
        future = executor.submit(abs, -3)
        wait_until(lambda: any(s.accepted_by for s in executor.connection._submissions.values()))
        manager.welcome["manager_id"] = "another"
        proxy.cut()
        assert future.result(10).toLocal().result(10) == 3
    first, second = manager.got(SubmitProgram)
    assert first == second


def test_a_cancellation_survives_a_lost_connection(manager: FakeManager) -> None:
    manager.on_submit = lambda *_: True
    with pyfora.connect(manager.url, timeout=20, progress=False) as executor:
        future = executor.submit(abs, -3)
        manager.wait_for(lambda: manager.got(SubmitProgram))
        manager.stop()
        wait_until(lambda: not executor.connection._connected)
        future.cancel()
        manager.start()
        manager.wait_for(lambda: manager.got(CancelProgram))
        (submitted,) = manager.got(SubmitProgram)
        assert manager.got(CancelProgram)[0].program_id == submitted.program_id
        # It had ended before: what it left there is released.
        end = replace(manager.run(submitted), values=[["left.behind", 1]])
        manager.send(manager.connections[-1], end)
        manager.wait_for(lambda: any("left.behind" in m.value_ids for m in manager.got(ReleaseValues)))


def test_values_that_are_held_are_released_at_close(manager: FakeManager) -> None:
    with pyfora.connect(manager.url, timeout=20, progress=False) as executor:
        proxies = [executor.define(n).result(10) for n in range(3)]
        ids = {proxy.valueId for proxy in proxies}
    manager.wait_for(lambda: ids <= {i for m in manager.got(ReleaseValues) for i in m.value_ids})


def test_text_and_progress_go_on_after_a_cut(
    manager: FakeManager, proxy: CuttingProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_in_the_middle(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        if len(manager.got(SubmitProgram)) == 1:
            manager.send(connection, ProgramPrinted(message.program_id, 1, 0, "stdout", "one "))
            proxy.cut()
            return True
        for position, text in ((0, "one "), (4, "two\n")):
            manager.send(connection, ProgramPrinted(message.program_id, 1, position, "stdout", text))
        return False

    manager.on_submit = cut_in_the_middle
    with pyfora.connect(proxy.url, timeout=20, progress=False) as executor, executor.remotely.downloadAll():
        x = 1
    assert x == 1
    assert capsys.readouterr().out == "one two\n"


def wait_until(condition: Any, timeout_s: float = 10.0) -> None:
    """Poll until `condition()` is true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)
