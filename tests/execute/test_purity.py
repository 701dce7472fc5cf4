"""What is not pure is refused, each with a sentence of its own; what is pure is not."""

from __future__ import annotations

import builtins
import functools
import json
import operator
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyfora.errors import InvalidPyforaOperation
from pyfora.execute.identity import GUARDED_BUILTINS
from pyfora.execute.purity import is_safe_to_call_for
from pyfora.language.primitives import FOLD
from tests.execute.asking import run
from tests.execute.worker_in_test import WorkerInTest

REFUSED = {
    "import time; time.time()": "time.time() reads a clock",
    "from time import perf_counter\nperf_counter()": "time.perf_counter() reads a clock",
    "import datetime; datetime.datetime.now()": "datetime.datetime.now() reads a clock",
    "from datetime import datetime, timezone\ndatetime.now(timezone.utc)": "datetime.datetime.now() reads a clock",
    "import datetime; datetime.date.today()": "datetime.date.today() reads a clock",
    "import datetime\nclass Own(datetime.datetime): pass\nOwn.now()": "datetime.datetime.now() reads a clock",
    "import random; random.random()": "random.random() draws from a hidden random state",
    "import random; random.shuffle([1, 2])": "random.Random(seed)",
    "import random; random.Random()": "random.Random() without a seed",
    "import numpy; numpy.random.rand(3)": "numpy.random.default_rng(seed)",
    "import numpy; numpy.random.default_rng()": "numpy.random.default_rng() without a seed",
    "import numpy; numpy.random.RandomState()": "numpy.random.RandomState() without a seed",
    "import numpy; numpy.random.PCG64()": "draws random bits",
    "import os; os.urandom(4)": "os.urandom() draws random bits",
    "import uuid; uuid.uuid4()": "uuid.uuid4() draws random bits",
    "import secrets; secrets.token_hex()": "secrets.token_hex() draws random bits",
    "import os; os.environ['HOME']": "the worker's environment variables",
    "import os; os.environ.get('HOME')": "the worker's environment variables",
    "import os; os.getenv('HOME')": "the worker's environment variables",
    "import os; 'HOME' in os.environ": "the worker's environment variables",
    "import os; os.system('true')": "os.system() starts a process",
    "import subprocess; subprocess.run(['true'])": "subprocess.Popen() starts a process",
    "import subprocess; subprocess.check_output(['true'])": "subprocess.Popen() starts a process",
    "import socket; socket.socket()": "socket.socket() opens a network connection",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')": "opens a network connection",
    "import threading; threading.Thread(target=print).start()": "threading.Thread.start() starts a thread",
    "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(print)": "starts a thread",
    "input()": "input() reads from the keyboard",
    "open(directory + '/a', 'w')": "open() writes a file",
    "open(directory + '/a', mode='a')": "open() writes a file",
    "import io; io.open(directory + '/a', 'xb')": "open() writes a file",
    "import pathlib; pathlib.Path(directory, 'a').write_text('x')": "open() writes a file",
    "import numpy; numpy.savetxt(directory + '/a', [1])": "open() writes a file",
    "import os; os.open(directory + '/a', os.O_CREAT | os.O_WRONLY)": "os.open() writes a file",
    "import os; os.mkdir(directory + '/a')": "os.mkdir() changes files",
    "import pathlib; pathlib.Path(directory, 'a').mkdir()": "pathlib.Path.mkdir() changes files",
    "import tempfile; tempfile.mkdtemp()": "tempfile.mkdtemp() changes files",
    "import tempfile; tempfile.TemporaryDirectory()": "tempfile.TemporaryDirectory() changes files",
    "import sqlite3; sqlite3.connect(directory + '/a.db')": "sqlite3.connect() opens a database",
    "import time; time.gmtime()": "time.gmtime() reads a clock",
    "import time; time.localtime(None)": "time.localtime() reads a clock",
    "import time; time.strftime('%Y')": "time.strftime() reads a clock",
    "import os; os.getpid()": "os.getpid() tells about the worker",
    "import os; os.cpu_count()": "os.cpu_count() tells about the worker",
    "import socket; socket.gethostname()": "socket.gethostname() tells about the worker",
    "import platform; platform.node()": "platform.node() tells about the worker",
    "import sys; sys.stdin.readline()": "sys.stdin.readline() reads from the keyboard",
    "import sys; list(sys.stdin)": "reads from the keyboard",
    "import sys, json; json.load(sys.stdin)": "sys.stdin.read() reads from the keyboard",
    "id([])": "id() is an address in memory",
    "list(map(id, [1, 2]))": "id() is an address in memory",
    "hash(object())": "hash() of an object without a value of its own",
    "hash((1, [].append))": "hash() of an object without a value of its own",
    "hash(float('nan'))": "hash() of an object without a value of its own",
    "class C:\n    def __hash__(self): return id(self)\nhash(C())": "id() is an address in memory",
    "import os; os.remove(directory + '/here')": "os.remove() changes files",
}
ALLOWED = [
    "import random; assert random.Random(5).random() == random.Random(5).random()",
    "import numpy; numpy.random.default_rng(5).random(3)",
    "import numpy; assert numpy.random.RandomState(3).randint(100) == 24",
    "import numpy; assert 'at 0x' in repr(numpy.random.RandomState(numpy.random.MT19937(3)))",
    "import numpy, copy; r = numpy.random.RandomState(3); assert copy.deepcopy(r).rand() == r.rand()",
    "import datetime; assert type(datetime.datetime(2020, 1, 1)) is datetime.datetime",
    "import datetime; datetime.datetime.fromtimestamp(0, datetime.timezone.utc)",
    "import copy, random; copy.deepcopy(random.Random(5))",
    "import time; time.sleep(0)",
    "import os; open(os.devnull, 'w').close()",
    "assert open(directory + '/here').read() == 'text'",
    "import pathlib; assert pathlib.Path(directory, 'here').read_text() == 'text'",
    "import logging; logging.getLogger('x').warning('stamped with the time')",
    "import os; assert os.path.join('a', 'b')",
    "import time; time.gmtime(0), time.localtime(0), time.ctime(0), time.strftime('%Y', time.gmtime(0))",
    "import sqlite3; sqlite3.connect(':memory:').close()",
    "hash((1, 'a', 2.5, frozenset([1])))",
    "class C:\n    def __hash__(self): return hash('c')\nhash(C())",
    "class C:\n    def __hash__(self): return hash((1, None, id(self)))\n{C(): 1}",
    "import copy; copy.deepcopy([[]])",
    "import functools; functools.partial(id)",
    "import sys; sys.stdin.isatty()",
    "import json, collections, email.mime.text, xml.dom.minidom",
    "import tempfile; tempfile.gettempprefix()",
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    directory = tmp_path_factory.mktemp("files")
    (directory / "here").write_text("text")
    found = subprocess.run(
        [sys.executable, "-m", "tests.execute.refused_snippets", str(directory)],
        input=json.dumps([*REFUSED, *ALLOWED]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert sorted(path.name for path in directory.iterdir()) == ["here"]
    outcomes: dict[str, str] = json.loads(found.stdout)
    return outcomes


@pytest.mark.parametrize("snippet", REFUSED)
def test_refused(outcomes: dict[str, str], snippet: str) -> None:
    assert outcomes[snippet].startswith("refused: ")
    assert REFUSED[snippet] in outcomes[snippet]
    assert "user.py:" in outcomes[snippet]


@pytest.mark.parametrize("snippet", ALLOWED)
def test_allowed(outcomes: dict[str, str], snippet: str) -> None:
    assert outcomes[snippet] == "ok"


def reads_the_clock(_: int) -> float:
    import time

    return time.time()


def swallows_it(_: int) -> int:
    import time

    try:
        return int(time.time())
    except BaseException:
        return 7


def swallows_it_in_a_leaf(count: int) -> list[int]:
    import time

    def element(i: int) -> int:
        try:
            return int(time.time()) if i == count - 3 else i
        except BaseException:
            return 7

    return [element(i) for i in range(count)]


def library_reads_it(count: int) -> int:
    import logging

    return len([logging.LogRecord("x", 10, "", i, "", None, None).lineno for i in range(count)])


@pytest.mark.parametrize("function", [reads_the_clock, swallows_it, swallows_it_in_a_leaf])
def test_programs_are_refused_for_good(eager_worker: WorkerInTest, function: Callable[[int], object]) -> None:
    with pytest.raises(InvalidPyforaOperation, match=r"time\.time\(\) reads a clock.*test_purity\.py:\d+"):
        run(eager_worker, function, 3_000)


def test_libraries_may(eager_worker: WorkerInTest) -> None:
    assert run(eager_worker, library_reads_it, 2_000)[0] == 2_000


def test_nothing_is_guarded_in_this_process() -> None:
    """The tables are data until they are installed."""
    import time

    assert not hasattr(time.time, "__wrapped__")
    assert Path(__file__).exists()


def test_what_pyfora_may_call_on_behalf_of_user_code() -> None:
    text = "class Own:\n    def __init__(self): ...\n    def __call__(self): ...\nclass Bare: ...\ndef own(): ...\n"
    names: dict[str, Any] = {"__builtins__": {**vars(builtins), FOLD: None}, "__name__": "users"}
    exec(text, names)
    own, kind = names["own"], names["Own"]
    for safe in (own, functools.partial(own, 1), kind, kind(), kind().__call__, str, len, str.upper, [].append, None):
        assert is_safe_to_call_for(safe), safe
    for unsafe in (random.choice, functools.partial(random.choice), subprocess.Popen, subprocess.run, names["Bare"]):
        assert not is_safe_to_call_for(unsafe), unsafe
    for unsafe in (operator.methodcaller("now"), functools.lru_cache(own), GUARDED_BUILTINS["id"], 5):
        assert not is_safe_to_call_for(unsafe), unsafe
