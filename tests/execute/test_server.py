"""The fork server: what it says, whom it kills, and that nothing outlives it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pyfora.language.program import build_call_program
from pyfora.wire.messages import DriveProgram, ProgramEnded, RunLeaves
from tests.execute import programs
from tests.execute.asking import run
from tests.execute.worker_in_test import Process, WorkerInTest


def line_of(worker: WorkerInTest, within_s: float = 10.0) -> str:
    assert worker.server.stdout is not None
    assert select.select([worker.server.stdout], [], [], within_s)[0], "the server says nothing"
    return worker.server.stdout.readline().decode().strip()


def is_gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether the process ends in time; it need not be a child of this one."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_s)[0])
    finally:
        os.close(handle)


def held_by(pid: int) -> dict[str, str]:
    """The open files of a process, by number: two looks that agree, as it may be opening one at that moment."""
    looks: list[dict[str, str]] = [{}]
    for _ in range(100):
        with contextlib.suppress(FileNotFoundError):
            looks.append({file.name: str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()})
            if looks[-1] == looks[-2]:
                return looks[-1]
    raise AssertionError(f"the open files of process {pid} change all the time")


def order(worker: WorkerInTest, line: str) -> None:
    assert worker.server.stdin is not None
    worker.server.stdin.write(line.encode() + b"\n")
    worker.server.stdin.flush()


def name_of(process: Process) -> str:
    return str(process.name)  # type: ignore[attr-defined]


def test_a_process_is_killed_when_it_is_told() -> None:
    with WorkerInTest() as worker:
        first, second = worker.fork(), worker.fork()
        order(worker, f"kill {name_of(first)}")
        assert line_of(worker) == f"died {name_of(first)} killed by SIGKILL (out of memory?)"
        assert is_gone(worker.pids[name_of(first)])
        order(worker, "kill nobody")
        order(worker, "nonsense")
        os.kill(worker.pids[name_of(second)], signal.SIGSEGV)
        assert line_of(worker) == f"died {name_of(second)} killed by SIGSEGV"


def test_a_process_whose_worker_is_gone_ends() -> None:
    with WorkerInTest() as worker:
        process = worker.fork()
        process.socket.close()
        assert line_of(worker) == f"died {name_of(process)} ended with status 0"


@pytest.mark.parametrize("how", ["its orders end", "SIGTERM", "SIGKILL"])
def test_nothing_outlives_the_server(how: str) -> None:
    with WorkerInTest() as worker:
        processes = [
            worker.fork() for _ in range(3)
        ]  # kept: without their ends of the sockets they leave by themselves
        pids = [worker.pids[name_of(process)] for process in processes]
        assert worker.server.stdin is not None
        if how == "its orders end":
            worker.server.stdin.close()
        else:
            worker.server.send_signal(getattr(signal, how))
        worker.server.wait(10)
        assert all(is_gone(pid) for pid in pids)


def test_children_hold_nothing_of_the_servers() -> None:
    """Its pipes stay open in no child, or their other ends would never see the end."""
    with WorkerInTest() as worker:
        process = worker.fork()  # kept: without its end of the socket the child leaves
        pid = worker.pids[name_of(process)]
        held = held_by(pid)
        assert held.pop("0") == held.pop("1") == os.devnull
        held.pop("2")
        assert [place.partition(":")[0] for place in held.values()] == ["socket"]
        status = Path(f"/proc/{pid}/status").read_text()
        assert "Threads:\t1\n" in status
        assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5


def test_texts_hash_alike_on_every_worker() -> None:
    """Or the order of a set would depend on who ran the leaf."""
    asked = [WorkerInTest(), WorkerInTest()]
    found = []
    for worker in asked:
        with worker:
            found.append(run(worker, programs.order_of_texts, 50)[0])
    assert found[0] == found[1]


def test_a_driver_that_dies_is_said_to_have_died() -> None:
    with WorkerInTest() as worker:
        driver = worker.fork()
        (worker.spool / "program").write_bytes(b"no program at all")
        driver.send(DriveProgram("0" * 32, 1, "program", "all", 0, {}, 1))
        (ended,) = driver.receive()
        assert isinstance(ended, ProgramEnded)
        assert ended.outcome == "crashed"
        assert "cannot be loaded" in ended.reason
        order(worker, f"kill {name_of(driver)}")
        assert line_of(worker).startswith(f"died {name_of(driver)}")


def test_a_program_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("only_here")
    module.__file__ = "/somewhere/site-packages/only_here.py"
    monkeypatch.setitem(sys.modules, "only_here", module)
    with WorkerInTest() as worker:
        driver = worker.fork()
        (worker.spool / "program").write_bytes(build_call_program(dir, (module,), {}).to_bytes())
        driver.send(DriveProgram("0" * 32, 1, "program", "all", 0, {}, 1))
        (ended,) = driver.receive()
        assert isinstance(ended, ProgramEnded)
        assert ended.outcome == "unloadable"
        assert "cannot be loaded on the worker: ModuleNotFoundError: No module named 'only_here'" in ended.reason


def test_a_leaf_process_without_its_environment() -> None:
    with WorkerInTest() as worker:
        leaf = worker.fork()
        leaf.send(RunLeaves("fold", 1, 0, 4, "not-there"))
        assert line_of(worker) == f"died {name_of(leaf)} ended with status 1"


def test_the_command_line_is_checked() -> None:
    command = [sys.executable, "-m", "pyfora.execute.server", "--socket", "x"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert found.returncode == 2
    assert "--spool" in found.stderr
