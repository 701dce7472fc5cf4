"""The private cluster that `pyfora.connect()` starts, for real: what it gives, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import math
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pyfora
from pyfora.client.executor import Executor
from tests.client.terminal import at_a_terminal
from tests.daemons import wait_for

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with pyfora.connect(progress=False) as made:
        yield made


# ---- what it gives -------------------------------------------------------------------------------------------------


def test_a_sum_of_sines(executor: Executor) -> None:
    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range(1_000_000))
    assert x == sum(math.sin(i) for i in range(1_000_000))
    (loop,) = executor.lastLoops
    assert loop.how in ("compiled", "interpreted") and loop.elements == 1_000_000 and loop.leaves > 0, loop
    assert (Path(loop.file).name, loop.line) == (Path(__file__).name, test_a_sum_of_sines.__code__.co_firstlineno + 2)


def failing(i: int) -> float:
    return 1 / (i - 700_000)


def test_an_exception_of_the_middle_of_a_loop(executor: Executor) -> None:
    before = 0
    try:
        with executor.remotely.downloadAll():
            before = 7
            total = sum(failing(i) for i in range(1_000_000))
    except ZeroDivisionError as error:
        caught = error
    assert before == 7 and "total" not in locals()
    assert caught.args == ("float division by zero",) or caught.args == ("division by zero",)
    lines = [frame.line for frame in traceback.extract_tb(caught.__traceback__)]
    assert lines[-1] == "return 1 / (i - 700_000)"
    assert lines[0] == "with executor.remotely.downloadAll():"


def test_text_comes_in_order_while_the_block_runs(executor: Executor, capsys: pytest.CaptureFixture[str]) -> None:
    with executor.remotely.downloadAll():
        for n in range(5):
            print("line", n, "of", sum(math.sqrt(i) for i in range(n)) >= 0)
    assert capsys.readouterr().out == "".join(f"line {n} of True\n" for n in range(5))


def test_proxies_and_futures_through_everything(executor: Executor) -> None:
    with executor.remotely:
        numbers = list(range(50_000))
    proxy: Any = numbers
    assert proxy.typeName == "list" and proxy.sizeBytes > 50_000 and not proxy.isException
    with pytest.raises(pyfora.ResultTooLargeError):
        proxy.toLocal(maxBytecount=1000).result(20)
    with executor.remotely.downloadSmall(bytecount=1000):
        total = sum(n * 2 for n in numbers)
        doubled = [n * 2 for n in numbers]
    assert total == 2 * sum(range(50_000))
    assert isinstance(doubled, pyfora.RemotePythonObject)
    future = executor.submit(lambda values, start: start + sum(values), doubled, start=executor.define(5))
    assert future.result(20).toLocal().result(20) == total + 5
    with pytest.raises(KeyError, match="gone"):
        executor.submit({}.__getitem__, "gone").result(20)
    assert doubled.toLocal().result(20) == [n * 2 for n in range(50_000)]


def test_a_large_capture_and_a_large_result(executor: Executor) -> None:
    data = os.urandom(3_000_000)
    with executor.remotely.downloadAll():
        back = data[::-1]
    assert back == data[::-1]


def test_cancelled_while_it_runs(executor: Executor) -> None:
    def for_ever() -> None:
        while True:
            pass

    future = executor.submit(for_ever)
    wait_for("it to run", lambda: any(p["state"] == "running" for p in status(executor)["programs"]))
    assert future.cancel()
    wait_for("it to end", lambda: not any(p["state"] == "running" for p in status(executor)["programs"]))


def status(executor: Executor) -> dict[str, Any]:
    return executor.connection.address.status()


def test_blocks_in_many_threads(executor: Executor) -> None:
    found: dict[int, int] = {}

    def block(n: int) -> None:
        with executor.remotely.downloadAll():
            x = sum(i * n for i in range(1000))
        found[n] = x

    threads = [threading.Thread(target=block, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {n: n * 499_500 for n in range(6)}


# ---- in processes of their own -------------------------------------------------------------------------------------


class Program:
    """A user's program in a process of its own."""

    def __init__(self, directory: Path, text: str) -> None:
        script = directory / "program.py"
        script.write_text(textwrap.dedent(text))
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(script)],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read_until(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line
        raise AssertionError(self.process.stderr.read() if self.process.stderr else "")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    started: list[Program] = []

    def start(text: str) -> Program:
        started.append(Program(tmp_path, text))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate(timeout=10)


def family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    found = [pid]
    for member in found:
        for task in Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


LONG = """
    import pyfora, math, os, sys
    def slow(i):
        return math.sin(i) + (i * 10**20) % 7
    executor = pyfora.connect(progress=lambda state: print("progress"))
    print("cluster", executor._cluster.pid, executor._cluster._directory, executor.connection.address.port)
    def block():
        with executor.remotely.downloadAll():
            x = sum(slow(i) for i in range(10**9))
"""


def whereabouts(program: Program) -> tuple[list[int], Path, int]:
    _, pid, directory, port = program.read_until("cluster").split()
    return family(int(pid)), Path(directory), int(port)


def lives(pid: int) -> bool:
    """Whether the process is there, and not only waits for whoever adopted it to take notice of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def left_behind(pids: list[int], directory: Path, spools: set[Path]) -> list[object]:
    left: list[object] = [pid for pid in pids if lives(pid)]
    left += [path for path in (directory, *spools) if path.exists()]
    return left


def spools_of(pids: list[int]) -> set[Path]:
    return {path for path in Path("/dev/shm").glob("pyfora-*") for pid in pids if f"-{pid}-" in path.name}


def test_ctrl_c_leaves_the_block_and_cancels_it(run: Any) -> None:
    program = run(
        LONG
        + """
    import traceback
    try:
        block()
    except KeyboardInterrupt as error:
        print("interrupted at", [frame.line for frame in traceback.extract_tb(error.__traceback__)], error.__context__)
    with executor.remotely.downloadAll():
        y = sum(i * i for i in range(1000))
    print("after", y, [p["state"] for p in executor.connection.address.status()["programs"] if p["state"] == "running"])
    """
    )
    program.read_until("progress")
    program.process.send_signal(signal.SIGINT)
    line = program.read_until("interrupted")
    # It may have come while the user's own progress function ran; no frame of pyfora's is between them.
    assert line.startswith("interrupted at ['block()', 'with executor.remotely.downloadAll():'")
    assert line.count(", ") <= 2 and line.endswith("] None\n")
    assert program.read_until("after") == f"after {sum(i * i for i in range(1000))} []\n"
    assert program.process.wait(20) == 0


@pytest.mark.parametrize("end", ["kill", "terminate", "exit", "close", "raise"])
def test_nothing_is_left(run: Any, end: str) -> None:
    endings = {"exit": "sys.exit(0)", "close": "executor.close(); print('closed'); input()", "raise": "1 / 0"}
    program = run(LONG + f"    {endings[end]}\n" if end in endings else LONG + "    block()\n")
    pids, directory, _ = whereabouts(program)
    spools = spools_of(pids)
    assert len(pids) >= 3 and directory.exists()
    if end in ("kill", "terminate"):
        program.read_until("progress")
        pids = sorted({*pids, *family(pids[0])})
        program.process.send_signal(signal.SIGKILL if end == "kill" else signal.SIGTERM)
    if end == "close":
        program.read_until("closed")
        assert not directory.exists() and not lives(pids[0])
    wait_for("everything to end", lambda: not left_behind(pids, directory, spools), 15)


def test_a_fork_that_outlives_us_keeps_nothing_alive(run: Any) -> None:
    program = run(
        LONG
        + """
    child = os.fork()
    if child == 0:
        print("child", os.getpid(), flush=True)
        import time
        time.sleep(120)
        os._exit(0)
    block()
    """
    )
    pids, directory, _ = whereabouts(program)
    child = int(program.read_until("child").split()[1])
    try:
        program.read_until("progress")
        program.process.kill()
        wait_for("the cluster to end", lambda: not left_behind(pids, directory, set()), 15)
        os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)


def test_multiprocessing_beside_it(run: Any) -> None:
    program = run(
        """
    import multiprocessing, pyfora
    def square(n):
        return n * n
    executor = pyfora.connect(progress=False)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        squares = pool.map(square, range(5))
        with executor.remotely.downloadAll():
            total = sum(squares)
    with executor.remotely.downloadAll():
        more = total + 1
    print("totals", total, more)
    """
    )
    assert program.read_until("totals") == "totals 30 31\n"
    assert program.process.wait(20) == 0


def test_the_bar_at_a_terminal(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent(
            """
        import pyfora, math
        executor = pyfora.connect()
        def slow(i):
            return math.sin(i) + (i * 10**20) % 7
        with executor.remotely.downloadAll():
            print("first line")
            x = sum(slow(i) for i in range(12_000_000))
            print("last line")
        print("done")
        """
        )
    )
    written = at_a_terminal([sys.executable, str(script)], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    states = [
        tuple(int(number.replace(",", "")) for number in found)
        for found in re.findall(r"([\d,]+) of ([\d,]+) leaves", written)
    ]
    assert states and all(done <= total for done, total in states), written
    assert states == sorted(states) and len({total for _, total in states}) == 1
    assert "1 worker" in written
    # As a terminal shows it: what a line was when it ended.
    shown = [line.rstrip("\r").rpartition("\r")[2].strip() for line in written.split("\n")]
    assert [line for line in shown if line] == ["first line", "last line", "done"]
