"""The executor's whole surface against real daemons, from another process."""

from __future__ import annotations

import pytest

from tests.daemons import Cluster
from tests.end_to_end.conftest import RunScript

pytestmark = pytest.mark.cluster

PROXIES = """
    import pyfora, sys

    class Point:
        def __init__(self, x, y):
            self.x, self.y = x, y
        def __eq__(self, other):
            return (self.x, self.y) == (other.x, other.y)

    executor = pyfora.connect(sys.argv[1], progress=False)
    with executor.remotely:
        numbers = [i * i for i in range(50_000)]
        point = Point(1, 2)
        small = 7
    print(type(numbers).__name__, numbers.typeName, numbers.isException, numbers.sizeBytes > 100_000)
    with executor.remotely.downloadAll():
        total = sum(numbers) + small
        same = type(point) is Point and point.x + point.y
    print(total == sum(i * i for i in range(50_000)) + 7, same)
    print(type(point.toLocal().result()) is Point, point.toLocal().result() == Point(1, 2))
    print(numbers.toLocal().result() == [i * i for i in range(50_000)])
    try:
        numbers.toLocal(maxBytecount=10).result()
    except pyfora.ResultTooLargeError as error:
        print("too large")
    with executor.remotely.downloadSmall(bytecount=1000):
        a = [1, 2, 3]
        b = list(range(10_000))
    print(a, type(b).__name__)
    with executor.remotely.remoteAll():
        c = 5
    print(type(c).__name__, c.toLocal().result())
"""


def test_proxies(cluster: Cluster, run_script: RunScript) -> None:
    assert run_script(PROXIES, cluster.url).stdout.splitlines() == [
        "RemotePythonObject list False True",
        "True 3",
        "True True",
        "True",
        "too large",
        "[1, 2, 3] RemotePythonObject",
        "RemotePythonObject 5",
    ]


FUTURES = """
    import concurrent.futures, pyfora, sys, time

    def slow(n):
        total = 0
        for i in range(n):
            total += i % 7
        return total

    def fails(x):
        return 1 // x

    executor = pyfora.connect(sys.argv[1], progress=False)
    future = executor.submit(slow, 1000)
    print(isinstance(future, concurrent.futures.Future), future.result().toLocal().result() == slow(1000))
    defined = executor.define({"a": 1}).result()
    print(executor.submit(lambda d, k: d[k], defined, k="a").result().toLocal().result())
    print(executor.submit(max, future, 10).result().toLocal().result() == slow(1000))
    failing = executor.submit(fails, 0)
    print(type(failing.exception()).__name__)
    endless = executor.submit(slow, 10**12)
    time.sleep(0.5)
    print(endless.cancel(), endless.cancelled())
    print(executor.getWorkerCount(), executor.isClosed())
    executor.close()
    print(executor.isClosed())
    try:
        executor.submit(slow, 1)
    except pyfora.ConnectionError:
        print("closed")
"""


def test_futures(cluster: Cluster, run_script: RunScript) -> None:
    assert run_script(FUTURES, cluster.url).stdout.splitlines() == [
        "True True",
        "1",
        "True",
        "ZeroDivisionError",
        "True True",
        "2 False",
        "True",
        "closed",
    ]


EXCEPTIONS = """
    import pyfora, sys, traceback

    def divide(a, b):
        return a // b

    executor = pyfora.connect(sys.argv[1], progress=False)
    try:
        with executor.remotely.downloadAll():
            before = 41
            after = [divide(10, 500_000 - i) for i in range(1_000_000)]
    except ZeroDivisionError as error:
        print(before, error)
        traceback.print_exc(file=sys.stdout)
    try:
        after
    except NameError:
        print("unbound")
"""


def test_exceptions(cluster: Cluster, run_script: RunScript) -> None:
    lines = run_script(EXCEPTIONS, cluster.url).stdout.splitlines()
    assert lines[0] == "41 integer division or modulo by zero"
    assert lines[-1] == "unbound"
    text = "\n".join(lines)
    assert "return a // b" in text
    assert "program.py" in text
    assert "with executor.remotely.downloadAll():" in text
    assert "pyfora/execute" not in text


CTRL_C = """
    import _thread, pyfora, sys, threading, time

    def slow(i):
        while True:
            i = (i * 7 + 1) % 1_000_003

    executor = pyfora.connect(sys.argv[1], progress=False)
    threading.Timer(1.0, _thread.interrupt_main).start()
    try:
        with executor.remotely.downloadAll():
            x = [slow(i) for i in range(10)]
    except KeyboardInterrupt:
        print("interrupted")
    with executor.remotely.downloadAll():
        y = 6 * 7
    print(y)
"""


def test_ctrl_c_stops_the_work_on_the_cluster(cluster: Cluster, run_script: RunScript) -> None:
    from tests.daemons import wait_for

    assert run_script(CTRL_C, cluster.url).stdout.split() == ["interrupted", "42"]
    wait_for("the cluster to be idle", lambda: not running(cluster), 15)


PRINTS = """
    import pyfora, sys
    executor = pyfora.connect(sys.argv[1], progress=False)

    def shown(i):
        if i % 100_000 == 0:
            print("at", i)
        return str(i)

    with executor.remotely.downloadAll():
        print("begin")
        texts = [shown(i) for i in range(400_000)]
        print("end", len(texts))
"""


def test_printed_text_comes_in_program_order(cluster: Cluster, run_script: RunScript) -> None:
    assert run_script(PRINTS, cluster.url).stdout.splitlines() == [
        "begin",
        "at 0",
        "at 100000",
        "at 200000",
        "at 300000",
        "end 400000",
    ]


def running(cluster: Cluster) -> list[str]:
    """Programs that have not ended; ended ones are kept while a value or an answer of theirs may be asked for."""
    status = cluster.status()
    assert status is not None
    return [p["program_id"] for p in status["programs"] if p["state"] != "ended"]
