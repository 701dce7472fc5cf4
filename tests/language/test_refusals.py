"""What a block may not do: refused with the rule and the line, at entry or when it happens."""

from __future__ import annotations

import ast
import contextlib
import linecache
from collections.abc import Iterator

import pytest

from pyfora.errors import (
    BadWithBlockError,
    CantGetSourceTextError,
    InvalidPyforaOperation,
    PyforaError,
    UnconvertibleValueError,
)
from pyfora.language.rules import check_block
from tests.language.rehearsal import Driver, RemoteExecutor, run_script


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


def run(text: str, driver: Driver) -> dict[str, object]:
    return run_script(text, "/refused/script.py", RemoteExecutor(driver))


AT_ENTRY = {
    "return 1": "`return`",
    "yield 1": "`yield`",
    "yield from []": "`yield`",
    "x = yield": "`yield`",
    "break": "`break`",
    "if x:\n        continue": "`continue`",
    "for y in x: pass\n    else: break": "`break`",
    "await x": "`await`",
    "y = [z async for z in x]": "`await`",
    "async with x: pass": "`await`",
    "with executor.remotely: pass": "put them one after the other",
    "with open(x), other.remotely.downloadAll(): pass": "put them one after the other",
    "from os import *": "name what you need",
    "raise": "name the exception",
}


@pytest.mark.parametrize("body", AT_ENTRY)
def test_the_rules_of_a_block(body: str) -> None:
    tree = ast.parse(f"async def f():\n  while 1:\n    {body}\n")
    statements = tree.body[0].body[0].body  # type: ignore[attr-defined]
    with pytest.raises(BadWithBlockError, match=r"/some/file.py:[34]: ") as raised:
        check_block(statements, "/some/file.py")
    assert AT_ENTRY[body] in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        "def g(): return 1",
        "g = lambda: (yield)",
        "for y in x: break",
        "try: y\n    except E: raise",
        "while x:\n      continue",
        "async def g():\n      await x",
        "class A:\n      def m(self): return 1",
    ],
)
def test_what_stays_inside_is_allowed(body: str) -> None:
    tree = ast.parse(f"def f():\n    {body}\n")
    check_block(tree.body[0].body, "/some/file.py")  # type: ignore[attr-defined]


def test_nothing_of_a_refused_block_runs(driver: Driver) -> None:
    text = "ran = []\ndef f():\n    with executor.remotely:\n        ran.append(1)\n        return 2\nf()\n"
    with pytest.raises(BadWithBlockError, match=r"/refused/script.py:5: `return`"):
        run(text, driver)


def test_a_block_directly_in_a_class_body_is_refused(driver: Driver) -> None:
    with pytest.raises(BadWithBlockError, match=r"script.py:2: .*class body"):
        run("class A:\n    with executor.remotely:\n        x = 1\n", driver)


def test_separate_globals_and_locals_are_refused(driver: Driver) -> None:
    text = "with executor.remotely:\n    x = 1\n"
    linecache.cache["/refused/part.py"] = (len(text), None, text.splitlines(keepends=True), "/refused/part.py")
    with pytest.raises(BadWithBlockError, match=r"/refused/part.py:1: .*separate globals and locals"):
        exec(compile(text, "/refused/part.py", "exec"), {"executor": RemoteExecutor(driver)}, {})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def f():\n    with executor.remotely:\n        global x\n        x = 1\nf()", 3, "a global name"),
        ("def f():\n    global x\n    with executor.remotely:\n        x = 1\nf()", 4, "a global name"),
        (
            "def f():\n    x = 1\n    def g():\n        nonlocal x\n        with executor.remotely:\n"
            "            x = 2\n    g()\nf()",
            6,
            "a name of a function around it",
        ),
        (
            "def f():\n    k = 1\n    g = lambda: k\n    with executor.remotely:\n        k = 2\n        r = g()\nf()",
            5,
            "shares with it",
        ),
    ],
)
def test_names_of_other_scopes_cannot_be_assigned(text: str, line: int, words: str, driver: Driver) -> None:
    with pytest.raises(InvalidPyforaOperation, match=words) as raised:
        run(text, driver)
    assert f"/refused/script.py:{line}: " in str(raised.value)


@pytest.mark.parametrize(
    ("setup", "body", "name"),
    [
        ("xs = [1]", "xs.append(2)", "xs"),
        ("xs = [1]", "xs += [2]", "xs"),
        ("d = {}", "d['a'] = 1", "d"),
        ("s = {1}", "s.add(2)", "s"),
        ("xs = [[1]]", "xs[0].append(2)", "xs"),
        ("class A: pass\na = A()", "a.v = 1", "a"),
        ("class A: n = 0", "A.n += 1", "A"),
        ("xs = [1]\ndef f(): xs.append(1)", "f()", "xs"),
        (
            "def make():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n    return inc\ninc = make()",
            "inc()",
            "inc",
        ),
        ("def f(a=[]): a.append(1)", "f()", "f"),
        ("def f(): f.calls = 1", "f()", "f"),
        ("count = 0\ndef f():\n    global count\n    count += 1", "f()", "count"),
        ("def f():\n    global fresh\n    fresh = 1", "f()", "fresh"),
        ("import types\nt = types.SimpleNamespace(a=1)", "t.a = 2", "t"),
        ("import array\nb = bytearray(b'x')", "b[0] = 1", "b"),
    ],
)
def test_a_captured_value_is_frozen(setup: str, body: str, name: str, driver: Driver) -> None:
    for text in (
        f"{setup}\nwith executor.remotely:\n    z = 1\n    {body}\n",
        f"{setup}\nwith executor.remotely:\n    try:\n        {body}\n    except:\n        pass\n",
    ):
        with pytest.raises(InvalidPyforaOperation, match=f"`{name}`") as raised:
            run(text, driver)
        line = text.split("with")[0].count("\n") + 1
        assert f"/refused/script.py:{line}: " in str(raised.value)


def test_what_the_block_made_itself_may_change(driver: Driver) -> None:
    text = (
        "xs = [1]\nwith executor.remotely:\n    ys = list(xs)\n    ys.append(2)\n    xs = [0]\n    xs.append(5)\n"
        "def f(q):\n    with executor.remotely:\n        q = list(q)\n        q.append(1)\n    return q\nz = [1]\n"
        "w = f(z)\n"
    )
    names = run(text, driver)
    assert (names["ys"], names["xs"], names["w"], names["z"]) == ([1, 2], [0, 5], [1, 1], [1])


UNCONVERTIBLE = "import threading\nlock = threading.Lock()\n"


@pytest.mark.parametrize(
    "text",
    [
        "with executor.remotely:\n    a = 1\n    b = lock\n",
        "with executor.remotely:\n    a = 1\n    lock.acquire()\n",
        "with executor.remotely:\n    a = 1\n    try:\n        lock.acquire()\n    except:\n        pass\n",
        "def f(x): return lock if x else 0\nwith executor.remotely:\n    a = 1\n    b = f(1)\n",
        "def f():\n    global a\n    lock = threading.Lock()\n    with executor.remotely:\n        b = [lock]\n"
        "with executor.remotely:\n    a = 1\nf()\n",
        "fs = lambda: lock\nwith executor.remotely:\n    a = 1\n    b = fs()\n",
    ],
)
def test_what_cannot_be_sent_fails_when_it_is_read(text: str, driver: Driver) -> None:
    executor = RemoteExecutor(driver)
    with pytest.raises(UnconvertibleValueError, match=r"`lock` cannot be sent .*lock"):
        run_script(UNCONVERTIBLE + text, "/refused/script.py", executor)


def test_names_bound_before_the_failure_are_assigned(driver: Driver) -> None:
    text = UNCONVERTIBLE + (
        "try:\n    with executor.remotely:\n        a = 1\n        b = lock\n"
        "except BaseException as error:\n    e = error\n"
    )
    names = run(text, driver)
    assert names["a"] == 1 and "b" not in names and isinstance(names["e"], UnconvertibleValueError)


def test_a_result_that_cannot_come_back_fails_when_it_is_read(driver: Driver) -> None:
    names = run("with executor.remotely:\n    a = [1]\n    g = (i for i in range(3))\n    b = a\n", driver)
    assert names["a"] == [1] and names["b"] is names["a"]
    with pytest.raises(UnconvertibleValueError, match="`g`"):
        next(names["g"])  # type: ignore[call-overload]


def test_an_exception_that_cannot_come_back_shows_its_text(driver: Driver) -> None:
    text = "import threading\nwith executor.remotely:\n    raise ValueError('why', threading.Lock())\n"
    with pytest.raises(PyforaError, match=r"ValueError: \('why'"):
        run(text, driver)


def test_a_changed_file_is_noticed(driver: Driver) -> None:
    text = "with executor.remotely:\n    x = 1\n"
    changed = text.replace("1", "2")
    script = f"{text}del x\nexec(compile({changed!r}, '/refused/script.py', 'exec'))\n"
    with pytest.raises(CantGetSourceTextError, match=r"script.py:1: the file was changed"):
        run(script, driver)


def test_no_text_at_all(driver: Driver) -> None:
    namespace = {"executor": RemoteExecutor(driver)}
    with pytest.raises(CantGetSourceTextError, match=r"cannot be found.*Put the code into a file"):
        exec("with executor.remotely:\n    x = 1\n", namespace)
    assert "x" not in namespace


def test_a_block_has_to_be_a_with_statement(driver: Driver) -> None:
    with pytest.raises(BadWithBlockError, match="`with` statement of its own"), contextlib.ExitStack() as stack:
        stack.enter_context(RemoteExecutor(driver).remotely)


def test_a_block_in_a_test_function_whose_asserts_pytest_rewrote(driver: Driver) -> None:
    executor = RemoteExecutor(driver)
    with executor.remotely:
        x = sum(i for i in range(5))
        assert x == 10
    assert x == 10
    with pytest.raises(AssertionError), executor.remotely:
        assert x == 11
