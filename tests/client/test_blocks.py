"""Blocks through a connection: names, proxies, exceptions, Ctrl-C."""

from __future__ import annotations

import gc
import math
import pickle
import signal
import sys
import threading
import traceback
from typing import Any

import pytest

import pyfora
from pyfora.client.executor import Executor
from pyfora.client.proxies import RemotePythonObject
from pyfora.wire.messages import (
    AnswerTaken,
    CancelProgram,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    ReleaseValues,
    SubmitProgram,
)
from tests.client.manager import FakeManager


def test_names_come_back(executor: Executor, manager: FakeManager) -> None:
    n = 100
    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range(n))
        values = [i for i in range(5) if i % 2]
    assert (x, values) == (sum(math.sin(i) for i in range(100)), [1, 3])
    manager.wait_for(lambda: manager.got(AnswerTaken))
    assert [loop.how for loop in executor.lastLoops] == ["in order"]


def test_a_block_runs_on_the_cluster_only(executor: Executor, manager: FakeManager) -> None:
    submitted = len(manager.got(SubmitProgram))
    with executor.remotely.downloadAll() as entered:
        y = 1
    assert y == 1 and entered is not None
    assert len(manager.got(SubmitProgram)) == submitted + 1


def test_proxies_are_used_in_later_blocks(executor: Executor) -> None:
    with executor.remotely:
        x = list(range(10))
    proxy: Any = x
    assert isinstance(proxy, RemotePythonObject)
    assert (proxy.isException, proxy.typeName) == (False, "list") and proxy.sizeBytes > 0
    assert proxy.toLocal().result(10) == list(range(10))
    with executor.remotely.downloadAll():
        total = sum(v for v in x)
        same = x
    assert total == 45
    assert same == list(range(10)), "what was a proxy is asked for here, and so is fetched"


def test_an_exception_object_is_a_value(executor: Executor) -> None:
    with executor.remotely:
        error = KeyError("k")
    proxy: Any = error
    assert proxy.isException
    assert proxy.toLocal().result(10).args == ("k",)


def test_a_proxy_of_a_proxied_value_is_the_value(executor: Executor) -> None:
    with executor.remotely:
        x = [1]
    with executor.remotely:
        z = x
    later: Any = z
    assert later.toLocal().result(10) == [1]


def test_download_small_leaves_the_large(executor: Executor) -> None:
    with executor.remotely.downloadSmall(bytecount=1000):
        small = 7
        large = bytes(5000)
    assert small == 7
    assert isinstance(large, RemotePythonObject)
    with pytest.raises(pyfora.ResultTooLargeError):
        large.toLocal(maxBytecount=100).result(10)
    assert large.toLocal(maxBytecount=10_000).result(10) == bytes(5000)


def test_large_results_come_over_http_and_are_released(executor: Executor, manager: FakeManager) -> None:
    with executor.remotely.downloadAll():
        large = list(range(10_000))
    assert large == list(range(10_000))
    manager.wait_for(lambda: any("-results" in i for m in manager.got(ReleaseValues) for i in m.value_ids))


def test_a_proxy_is_released_when_it_is_gone(executor: Executor, manager: FakeManager) -> None:
    with executor.remotely:
        x = 5
    proxy: Any = x
    value_id = proxy.valueId
    del x, proxy
    gc.collect()
    manager.wait_for(lambda: any(value_id in m.value_ids for m in manager.got(ReleaseValues)))


def divide(a: int, b: int) -> float:
    return a / b


FAILING = "with pytest.raises(ZeroDivisionError) as caught, executor.remotely.downloadAll():"


def test_an_exception_is_itself(executor: Executor) -> None:
    never: int
    with pytest.raises(ZeroDivisionError) as caught, executor.remotely.downloadAll():
        before = 3
        bad = divide(1, 0)
        never = 1
    assert before == 3
    with pytest.raises(UnboundLocalError):
        print(bad)
    with pytest.raises(UnboundLocalError):
        print(never)
    lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
    # Under a coverage tool, which traces too, our own two frames stay between the first and the rest.
    assert [lines[0], *lines[-2:]] == [FAILING, "bad = divide(1, 0)", "return a / b"]
    assert sys.gettrace() is not None or len(lines) == 3
    assert caught.value.__context__ is None


def test_ctrl_c_cancels_and_the_executor_goes_on(executor: Executor, manager: FakeManager) -> None:
    def interrupt(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        manager.send(connection, ProgramAccepted(message.program_id))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return True

    manager.on_submit = interrupt
    with pytest.raises(KeyboardInterrupt), executor.remotely.downloadAll():
        x = 1
    manager.wait_for(lambda: manager.got(CancelProgram))
    assert manager.got(CancelProgram)[0].program_id == manager.got(SubmitProgram)[0].program_id
    manager.on_submit = None
    with executor.remotely.downloadAll():
        x = 2
    assert x == 2


def test_printed_text_comes_once_and_in_order(
    executor: Executor, manager: FakeManager, capsys: pytest.CaptureFixture[str]
) -> None:
    def printing(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        for attempt, position, text in [(0, 0, "ab"), (0, 4, "ef"), (1, 0, "abc"), (1, 3, "d"), (1, 4, "efg\n")]:
            manager.send(connection, ProgramPrinted(message.program_id, attempt, position, "stdout", text))
        manager.send(connection, ProgramPrinted(message.program_id, 1, 0, "stderr", "oh\n"))
        return False

    manager.on_submit = printing
    with executor.remotely.downloadAll():
        x = 1
    assert x == 1
    assert capsys.readouterr() == ("abcdefg\n", "oh\n")


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("unloadable", pyfora.UnconvertibleValueError),
        ("crashed", pyfora.ComputeCrashError),
        ("cancelled", pyfora.CancelledError),
        ("lost", pyfora.ValueLostError),
    ],
)
def test_ends_that_are_no_completion(
    executor: Executor, manager: FakeManager, outcome: str, error: type[BaseException]
) -> None:
    def end(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        manager.send(connection, ProgramEnded(message.program_id, 0, outcome, "The reason.", {}, [], b""))
        return True

    manager.on_submit = end
    with pytest.raises(error, match="The reason"), executor.remotely.downloadAll():
        pass


def test_a_callback_gets_the_progress(manager: FakeManager) -> None:
    seen: list[Any] = []
    shown = threading.Event()

    def progress(state: Any) -> None:
        seen.append(state)
        shown.set()

    def slow(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        manager.send(connection, ProgramProgressed(message.program_id, 0, 3, 10, 2))
        assert shown.wait(20)
        return False

    manager.on_submit = slow
    with pyfora.connect(manager.url, progress=progress) as executor, executor.remotely.downloadAll():
        x = 1
    assert x == 1
    assert (seen[0].leaves_done, seen[0].leaves_total, seen[0].workers, seen[0].ended) == (3, 10, 2, False)
    assert seen[-1].ended


def test_what_the_block_may_not_do_is_said_before_anything_is_sent(executor: Executor, manager: FakeManager) -> None:
    def returning() -> int:
        with executor.remotely.downloadAll():
            return 1

    with pytest.raises(pyfora.BadWithBlockError, match="return"):
        returning()
    assert not manager.got(SubmitProgram)


def test_an_error_of_ours_rises_from_the_with_line(executor: Executor, manager: FakeManager) -> None:
    def end(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        manager.send(connection, ProgramEnded(message.program_id, 1, "crashed", "The reason.", {}, [], b""))
        return True

    manager.on_submit = end
    before = sys.gettrace()
    try:
        with executor.remotely.downloadAll():
            pass
    except pyfora.ComputeCrashError as error:
        caught = error
    frames = traceback.extract_tb(caught.__traceback__)
    assert frames[0].line == "with executor.remotely.downloadAll():"
    assert before is not None or len(frames) == 1
    assert caught.__context__ is None and sys.gettrace() is before


def test_a_progress_function_that_raises_is_in_the_traceback(manager: FakeManager) -> None:
    def progress(state: Any) -> None:
        raise LookupError("in the user's function")

    def slow(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        manager.send(connection, ProgramProgressed(message.program_id, 1, 3, 10, 2))
        return True

    manager.on_submit = slow
    with pyfora.connect(manager.url, progress=progress) as executor:
        with pytest.raises(LookupError) as caught, executor.remotely.downloadAll():
            pass
        manager.wait_for(lambda: manager.got(CancelProgram))
    lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert lines[-1] == 'raise LookupError("in the user\'s function")'
    assert sys.gettrace() is not None or len(lines) == 2


@pytest.mark.parametrize(
    "use",
    [
        lambda proxy: proxy + 1,
        lambda proxy: 1 + proxy,
        lambda proxy: proxy == [1],
        lambda proxy: proxy < 3,
        bool,
        len,
        list,
        lambda proxy: proxy[0],
        lambda proxy: proxy(3),
        lambda proxy: 1 in proxy,
        lambda proxy: f"{proxy:.3f}",
    ],
)
def test_a_proxy_is_not_its_value(executor: Executor, use: Any) -> None:
    with executor.remotely:
        x = [1]
    with pytest.raises(TypeError, match=r"inside a block|format string"):
        use(x)


def test_a_proxy_says_what_to_do_instead(executor: Executor) -> None:
    with executor.remotely:
        x = [1]
    proxy: Any = x
    with pytest.raises(AttributeError, match=r"no `append` here: .*toLocal\(\)\.result\(\)"):
        proxy.append(2)
    assert repr(proxy).startswith("<remote value of type list, ")
    assert {proxy: 1}[proxy] == 1
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(proxy)


def test_a_proxy_of_another_cluster_is_refused_where_it_is_read(executor: Executor, manager: FakeManager) -> None:
    with executor.remotely:
        x = [1]
    with pyfora.connect(manager.url, progress=False) as other:
        with pytest.raises(pyfora.UnconvertibleValueError, match="another cluster"), other.remotely.downloadAll():
            y = len(x)
        with pytest.raises(pyfora.UnconvertibleValueError, match="another cluster"):
            other.submit(len, x)
    del x
    assert "y" not in locals()


def test_classes_and_functions_of_values_on_the_cluster(executor: Executor) -> None:
    """A later block and the client read such a value with the very classes that the client has."""

    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

        def doubled(self) -> int:
            return 2 * self.x

    with executor.remotely:
        points = [Point(i) for i in range(4)]
    with executor.remotely.downloadAll():
        total = sum(p.doubled() for p in points)
    assert total == 12
    proxy: Any = points
    assert [type(p) for p in proxy.toLocal().result(10)] == [Point] * 4


def test_one_remotely_for_many_blocks(executor: Executor) -> None:
    remotely = executor.remotely.downloadAll()
    for n in range(3):
        with remotely:
            x = n + 1
        assert x == n + 1


def test_loops_are_reported(executor: Executor) -> None:
    with executor.remotely.downloadAll():
        pass
    (loop,) = executor.lastLoops
    assert str(loop) == f"f.py:1: in order, {loop.elements:,} elements, {loop.elapsed_s:.3f} s (It is small)"
