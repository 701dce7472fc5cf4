"""Programs, their bytes, modules of the user's, environments of leaves, remote values."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from pyfora.errors import UnconvertibleValueError, WireError
from pyfora.language.frozen import fingerprint_of_state
from pyfora.language.program import build_call_program, build_value_program, read_program
from pyfora.language.results import (
    pack_environment,
    pack_results,
    pack_value,
    unpack_environment,
    unpack_results,
    unpack_value,
)
from pyfora.language.running import load_program
from pyfora.language.shipping import RemoteValue
from pyfora.values.parcels import read_parcel
from tests.language.rehearsal import PRIMITIVES, ROOT, Driver, Proxy, RemoteExecutor, proxy_id, run_script

PACKAGE = {
    "shop/__init__.py": "from . import prices\nfrom .stock import Stock\nVERSION = 3\nunused = open(__file__)\n",
    "shop/prices.py": (
        "import math\nfrom shop import tax as tax_of\nTABLE = {'a': 1.5, 'b': 2.5}\nBIG = object()\n"
        "def price(name): return math.floor(TABLE[name] * 10) + tax_of.rate(name)\n"
    ),
    "shop/tax.py": (
        "def rate(name):\n    from .deep.inner import FACTOR\n    return len(name) * FACTOR + recurse(3)\n"
        "def recurse(n): return 0 if n == 0 else 1 + recurse(n - 1)\n"
    ),
    "shop/stock.py": "class Stock:\n    '''A stock.'''\n    def __init__(self, n): self.n = n\n"
    "    def value(self): return price('a') * self.n\nfrom shop.prices import price\n",
    "shop/deep/__init__.py": "",
    "shop/deep/inner.py": "FACTOR = 100\n",
    "lonely.py": "def alone(x): return [x for _ in range(2)]\n",
}

SCRIPT = """
import shop, shop.deep.inner as inner
import shop.prices
from shop import Stock
s = Stock(2)
with executor.remotely:
    a = shop.prices.price("a")
    b = s.value(), Stock(3).value(), shop.VERSION
    c = [shop.tax.recurse(i) for i in range(3)]
    d = inner.FACTOR
    import lonely
    from shop.deep.inner import FACTOR as f
    e = lonely.alone(f)
    g = Stock(1)
    h = shop
    k = shop.prices.price
out = a, b, c, d, e, type(g) is Stock, h is shop, k is shop.prices.price, lonely.__name__
"""


def test_modules_and_packages_of_the_user_are_sent_themselves(tmp_path: Path) -> None:
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "script.py").write_text(SCRIPT)
    runner = """
        import sys
        from tests.language.rehearsal import *
        text = open("script.py").read()
        plain = run_script(text, "script.py", PlainExecutor())["out"]
        with driver() as d:
            executor = RemoteExecutor(d)
            for name in [n for n in sys.modules if n.startswith("lonely")]: del sys.modules[name]
            remote = run_script(text, "script.py", executor)["out"]
        assert remote == plain, (remote, plain)
        print(remote[:4])
    """
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(runner)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(118, (236, 354, 3), [0, 1, 2], 100)\n"


def test_only_what_is_reached_is_sent() -> None:
    text = "used = list(range(10))\nbig = list(range(100_000))\nold = list(range(100_000))\n"
    block = "with executor.remotely:\n    x = used[0]\n    old = 1\n"
    driver = Driver()
    try:
        executor = RemoteExecutor(driver)
        names = run_script(text + block, "/programs/reach.py", executor)
    finally:
        driver.close()
    assert (names["x"], names["old"], len(names["big"])) == (0, 1, 100_000)
    assert executor.programs[0].parcel.size_bytes < 5000


# ---- headers and bytes ------------------------------------------------------------------------------------


def a_call(base: int = 1) -> Any:
    return build_call_program(lambda x, y=2: [x + y + base + i for i in range(3)], (10,), {"y": 5})


def test_the_header() -> None:
    program = a_call()
    header, _ = read_program(program.to_bytes())
    assert header == program.header == json.loads(json.dumps(program.header))
    assert header["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert header["kind"] == "call" and header["names"] == ["result"] and header["filename"] == __file__
    assert len(header["fingerprint"]) == 64
    assert a_call(1).fingerprint == program.fingerprint != a_call(2).fingerprint


def test_every_cut_of_a_program_is_refused() -> None:
    data = a_call().to_bytes()
    for length in range(0, len(data), 7):
        with pytest.raises(WireError):
            load_program(data[:length], PRIMITIVES)
    with pytest.raises(WireError):
        load_program(b"x" + data, PRIMITIVES)
    broken = bytearray(data)
    broken[20] = 0xFF
    with pytest.raises(WireError):
        load_program(broken, PRIMITIVES)


def test_a_call_and_a_value() -> None:
    program = a_call()
    loaded = load_program(program.to_bytes(), PRIMITIVES)
    end = loaded.run()
    assert end.names == {"result": [16, 17, 18]} and end.exception is None
    value = {"a": [1, 2], "b": (3,)}
    program = build_value_program(value)
    loaded = load_program(program.to_bytes(), PRIMITIVES)
    end = loaded.run()
    assert end.names == {"result": value}
    back = unpack_results(read_parcel(pack_results(end.names, loaded).to_bytes()), program.origin)
    assert back["result"] is value


def test_what_cannot_be_submitted_is_refused_at_once() -> None:
    with pytest.raises(UnconvertibleValueError, match="args cannot be sent"):
        build_call_program(len, ((i for i in ()),), {})
    with pytest.raises(UnconvertibleValueError, match="result cannot be sent"):
        build_value_program(sys._getframe())


def test_arrays_travel_out_of_band_and_can_be_written() -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(10_000.0)
    program = build_call_program(lambda a: (a + 1, a.sum()), (array,), {})
    assert any(buffer.nbytes == array.nbytes for buffer in program.parcel.buffers)
    loaded = load_program(program.to_bytes(), PRIMITIVES)
    assert loaded.captured["args"][0].flags.writeable
    end = loaded.run()
    back = unpack_results(read_parcel(pack_results(end.names, loaded).to_bytes()), program.origin)
    result, total = back["result"]  # type: ignore[misc]
    assert result.flags.writeable and (result == array + 1).all() and total == array.sum()


def test_remote_values_go_by_their_ids() -> None:
    proxy = Proxy("v7")
    program = build_call_program(lambda p, q: [len(p), p, q], (proxy, [proxy]), {}, proxy_id)
    assert program.header["remote_value_ids"] == ["v7"]
    big = ["the", "value"]
    values = {"v7": big}
    loaded = load_program(program.to_bytes(), PRIMITIVES, resolve_value=lambda value_id, origins: values[value_id])
    end = loaded.run()
    assert end.names["result"] == [2, big, [big]]


class Point:
    """A class of the user's."""

    def __init__(self, x: int) -> None:
        self.x = x


def test_a_remote_value_is_of_the_later_programs_classes() -> None:
    """What one program left on the cluster is read by another: an instance there is one of the same class."""
    first = build_call_program(Point, (3,), {})
    made = load_program(first.to_bytes(), PRIMITIVES)
    stored = pack_value("result", made.run().names["result"], made).to_bytes()
    proxy = Proxy("v1")
    origins = {index: sent for index, sent in first.origin.objects.items() if isinstance(sent, type)}

    def stands_for(value: object) -> RemoteValue | None:
        return RemoteValue("v1", origins) if value is proxy else None

    second = build_call_program(lambda p: (type(p) is Point, p.x), (proxy,), {}, stands_for)

    def resolve(value_id: str, sent: dict[int, Any]) -> object:
        return unpack_value(read_parcel(stored), PRIMITIVES, sent)

    assert load_program(second.to_bytes(), PRIMITIVES, resolve).run().names["result"] == (True, 3)


# ---- environments -----------------------------------------------------------------------------------------

LEAF = """
import pickle, sys
from pyfora.language.frozen import fingerprint_of_state
from pyfora.language.results import unpack_environment
from pyfora.values.parcels import open_parcel
from tests.language.rehearsal import PRIMITIVES
objects = unpack_environment(open_parcel(sys.argv[1]), PRIMITIVES)
before = fingerprint_of_state(objects)
result = objects["part"](objects["source"])
result = list(result)
print(repr(result), fingerprint_of_state(objects) == before)
"""

PART = """
import math, threading
factor = 3
calls = []
lock = threading.Lock()
class Shape:
    def __init__(self, w): self.w = w
    def area(self): return self.w * factor
def area_of(i):
    if i < 0: lock.acquire()
    return Shape(i).area()
def touching(i):
    calls.append(i)
    return i
def rebinding(i):
    global factor
    factor = i
    return i
def go(n, which):
    offset = 100
    if which == 0: return [area_of(i) + offset + math.floor(i) for i in range(n)]
    if which == 1: return [touching(i) for i in range(n)]
    if which == 2: return [rebinding(i) for i in range(n)]
    return sum(x for x in [area_of(i) for i in range(n)])
"""


@pytest.mark.parametrize(
    ("which", "expected", "untouched"),
    [(0, [100, 104, 108], True), (1, [0, 1, 2], False), (2, [0, 1, 2], False)],
)
def test_an_environment_runs_in_another_process(
    which: int, expected: list[int], untouched: bool, tmp_path: Path
) -> None:
    packed: list[bytes] = []
    names = run_script(PART, "/programs/part.py", None)
    loaded: Any = None

    def comprehension(kind: str, part: Any, source: Any, *, at: Any) -> Any:
        assert fingerprint_of_state({"part": part}) is not None
        packed.append(pack_environment({"part": part, "source": source}, loaded).to_bytes())
        return part(source)

    program = build_call_program(names["go"], (3, which), {})
    loaded = load_program(program.to_bytes(), {**PRIMITIVES, "pyfora_comprehension": comprehension})
    loaded.run()
    (tmp_path / "environment").write_bytes(packed[0])
    done = subprocess.run(
        [sys.executable, "-c", LEAF, str(tmp_path / "environment")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{expected} {untouched}\n"


def test_an_environment_needs_nothing_of_its_program() -> None:
    program = build_call_program(lambda n: [i * n for i in range(4)], (3,), {})
    packed: list[Any] = []
    loaded: Any = None

    def comprehension(kind: str, part: Any, source: Any, *, at: Any) -> Any:
        packed.append(pack_environment({"part": part}, loaded))
        return part(source)

    loaded = load_program(program.to_bytes(), {**PRIMITIVES, "pyfora_comprehension": comprehension})
    loaded.run()
    part = unpack_environment(read_parcel(packed[0].to_bytes()), PRIMITIVES)["part"]
    assert part(range(2)) == [0, 3]


def test_importing_the_language_is_cheap() -> None:
    heavy = "numpy", "numba", "twisted", "cloudpickle"
    text = f"import sys, pyfora.language, pyfora.client.withblock; print([m for m in {heavy!r} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=environment, timeout=30)
    assert done.stdout == "[]\n", done.stderr


def test_a_program_is_not_for_plain_pickle() -> None:
    _, parcel = read_program(a_call().to_bytes())
    unpickler = pickle.Unpickler(__import__("io").BytesIO(parcel.stream), buffers=parcel.buffers)
    unpickler.load()
    with pytest.raises(TypeError, match="loaded with pyfora"):
        unpickler.load()
