"""What a user sees: progress, printed text, the command."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyfora
from pyfora.cli import main, status_text
from pyfora.client.bar import Bar, choose_display, status_line
from pyfora.client.explaining import explain_function, explain_text
from pyfora.client.printing import PrintedText, write_text
from pyfora.client.progress import Progress, ProgressModel
from pyfora.wire.messages import ProgramProgressed
from tests.client.manager import FakeManager

FACTOR = 3


def test_progress_is_of_one_attempt_and_never_goes_back() -> None:
    model = ProgressModel(100.0)
    assert model.shown(100.9) is None
    model.take(ProgramProgressed("p", 1, 5, 10, 2), 100.5)
    model.take(ProgramProgressed("p", 1, 4, 10, 1), 101.0)
    shown = model.shown(101.0)
    assert shown is not None and (shown.leaves_done, shown.leaves_total, shown.leaves_per_s) == (5, 10, 5.0)
    assert model.shown(101.05) is None
    model.take(ProgramProgressed("p", 2, 0, 10, 1), 102.0)
    model.take(ProgramProgressed("p", 1, 9, 10, 1), 102.5)
    model.take(ProgramProgressed("p", 2, 1, 10, 1), 103.0)
    again = model.progress(103.0)
    assert (again.leaves_done, again.attempt, again.leaves_per_s, again.elapsed_s) == (1, 2, 1.0, 3.0)


def test_the_rate_is_of_the_last_seconds_and_falls_where_nothing_comes() -> None:
    model = ProgressModel(0.0)
    for second in range(1, 101):
        model.take(ProgramProgressed("p", 1, second * 10 if second <= 90 else 900 + (second - 90), 2000, 1), second)
    assert 1.0 <= model.progress(100.0).leaves_per_s < 1.5
    assert model.progress(200.0).leaves_per_s < 0.1


def test_the_bar_goes_away_and_text_goes_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = Bar()
    bar(Progress(0, 0, 0.0, 0, 1, 1.0, False))
    assert stream.getvalue() == "", "there is nothing to show before the first parallel loop"
    bar(Progress(3, 10, 1.5, 2, 1, 2.0, False))
    assert "3 of 10 leaves, 1.5/s, 2 workers, 0:02, 0:05 left" in stream.getvalue()
    bar.write(lambda: write_text("stderr", "text\n"), "text\n")
    assert "\rtext\n" in stream.getvalue()
    bar(Progress(10, 10, 1.5, 2, 1, 2.0, True))
    assert stream.getvalue().rpartition("\r")[2].strip() == ""


def test_the_bar_leaves_an_open_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = Bar()
    bar(Progress(3, 10, 1.5, 2, 1, 2.0, False))
    bar.write(lambda: write_text("stderr", "no newline"), "no newline")
    bar(Progress(4, 10, 1.5, 2, 1, 2.5, False))
    bar(Progress(4, 10, 1.5, 2, 1, 2.5, True))
    assert stream.getvalue().endswith("no newline")


def test_what_stands_beside_the_bar() -> None:
    said = status_line(Progress(5_371, 12_207, 3_472.7, 1, 2, 3_725.0, False))
    assert said == "5,371 of 12,207 leaves, 3,473/s, 1 worker, attempt 2, 1:02:05, 0:02 left"
    assert status_line(Progress(0, 7, 0.0, 3, 1, 1.0, False)) == "0 of 7 leaves, 3 workers, 0:01"


def test_who_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert choose_display(None) is None
    assert choose_display(False) is None
    assert isinstance(choose_display(True), Bar)
    assert choose_display(print) is print


def test_text_behind_a_gap_is_written_at_the_end() -> None:
    printed = PrintedText()
    assert printed.take("stdout", 0, "ab") == "ab"
    assert printed.take("stdout", 5, "f") == ""
    assert printed.take("stdout", 1, "bc") == "c"
    assert printed.rest() == [("stdout", "f")]
    assert printed.rest() == []


PROGRAM = """
import math, pyfora, unknown
from unknown import other
SCALE = -2.5 * 10**2
def half(v):
    return v / SCALE
def untouched(v):
    return v
def run(executor, n, values, SCALE):
    offset = 0.5
    with executor.remotely.downloadAll():
        a = sum(i * n for i in range(9))
        b = [i + offset for i in range(9) if i < n]
        c = sum(v * n for v in values)
        d = sum(i * SCALE for i in range(9))
executor = pyfora.connect()
with executor.remotely.downloadAll():
    x = sum(math.sin(half(i)) for i in range(10))
    y = [str(i) for i in range(10)]
    z = sum(unknown.thing(i) for i in range(10))
    w = {i: i for i in range(3)}
    u = any(other(i) for i in range(10))
    v = [k for k in sorted(range(10))]
    t = [str(i) * q for i in range(10)]
raise SystemExit("it was run")
"""


def verdict(said: str, line: int) -> str:
    rest = said.partition(f"p.py:{line}: ")[2]
    return " / ".join(part.strip() for part in rest.splitlines()[:2])


@pytest.mark.parametrize(
    ("line", "word", "reason"),
    [
        (12, "compiled", "its elements are of type int, taking `n` to be an int"),
        (13, "compiled", "its elements are of type float, taking `n` to be an int"),
        (14, "decided when it runs", "it is compiled where `values` gives ints, taking `n` to be an int"),
        (15, "compiled", "its elements are of type int, taking `SCALE` to be an int"),
        (18, "compiled", "its elements are of type float"),
        (19, "interpreted", "str() of (int) is not compiled (line 19 of p.py)"),
        (20, "decided when it runs", "it depends on what `unknown` is when the block runs"),
        (21, "in order", "it is over within a millisecond, as its text tells (line 21)"),
        (22, "decided when it runs", "it depends on what `other` is when the block runs"),
        (23, "decided when it runs", "it is compiled where `sorted(range(10))` gives ints"),
        (24, "interpreted", "str() of (int) is not compiled (line 24 of p.py)"),
    ],
)
def test_explain_says_of_each_loop_whether_it_is_compiled(line: int, word: str, reason: str) -> None:
    said = verdict(explain_text(PROGRAM, "p.py"), line)
    assert said.startswith(word + ": ") and said.endswith(f" / {reason}"), said


def test_explain_points_at_what_is_not_compiled() -> None:
    said = explain_text(PROGRAM, "p.py").splitlines()
    at = said.index("        t = [str(i) * q for i in range(10)]", len(said) - 8)
    assert said[at + 1] == "             ^^^^^^"


LOOPS = """
import math, pyfora
def grown(xs):
    for x in xs:
        if x > 3:
            break
    return [k for k in (1, 2)]
def run(executor, n, xs):
    for turn in range(3):
        with executor.remotely.downloadAll():
            total, best, texts, seen = 0, -1, [], {}
            for i in range(n):
                total += math.isqrt(i)
                texts.append(i * 0.5)
            for i in range(n):
                texts.append(str(i))
            for x in xs:
                total += abs(x)
            for i in range(n):
                total = total * 2 + i
            for i in range(n):
                seen[i] = hex(i)
                seen[i + 1] = seen.get(i, 0)
            for i in range(n):
                if abs(i) > best:
                    y = i
                total += y
            while total > 3:
                total //= 2
            z = [j := k for k in xs]
            fs = [lambda: k for k in xs]
            for i in range(n):
                def inner():
                    return i
for k in range(10):
    executor = pyfora.connect()
squares = [k * k for k in range(10**6)]
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (4, "in order: for x in xs: / a turn may end the loop (line 6) / break / ^^^^^"),
        (7, "in order: [k for k in (1, 2)] / it is over a few elements (line 7) / return [k for k in (1, 2)]"),
        (12, "compiled: for i in range(n): / its turns add int and float"),
        (15, "interpreted: for i in range(n): / str() of (int) is not compiled (line 16 of p.py)"),
        (17, "decided when it runs: for x in xs: / it is compiled where `xs` gives ints"),
        (
            19,
            "in order: for i in range(n): / a turn may need what an earlier one has bound (line 20) / total =",
        ),
        (21, "in order: for i in range(n): / a turn uses `seen` in another way than to add to it (line 23)"),
        (24, "in order: for i in range(n): / a turn may need what an earlier one has bound (line 27) / total += y"),
        (28, "in order: while total > 3: / a turn of a `while` depends on those before it (line 28)"),
        (30, "in order: [(j := k) for k in xs] / this has an effect on the function that it stands in (line 30)"),
        (31, "in order: [lambda: k for k in xs] / a function that may outlive its element sees the variables of"),
        (32, "in order: for i in range(n): / a turn may leave the loop here, or bind or keep variables in a way not"),
        (9, ""),
        (35, ""),
        (37, ""),
    ],
)
def test_explain_names_every_loop_that_is_sent(line: int, said: str) -> None:
    rest = explain_text(LOOPS, "p.py").partition(f"\np.py:{line}: ")[2].split("\np.py:")[0]
    found = " / ".join(part.strip() for part in rest.splitlines())
    assert found.startswith(said) and bool(found) == bool(said), found


def test_filter_by_nothing_asks_for_the_truth_of_each() -> None:
    text = "import pyfora\nexecutor = pyfora.connect()\nwith executor.remotely.downloadAll():\n"
    said = explain_text(text + "    n = sum(filter(None, range(1000)))\n", "p.py")
    assert "compiled: filter(None, range(1000))\n    its elements are of type int" in said


MORE = """
import functools, itertools, math, operator, random, pyfora
class Point:
    def far(self, other):
        return 1
def opened(n):
    with functools.partial(n) as q:
        return q
def helper(n):
    return (1 +
            opened(n))
def nested(n):
    def inner(k):
        global SCALE
        return k
    return inner(n)
executor = pyfora.connect()
with executor.remotely.downloadAll():
    a = sum(helper(i) for i in range(1000))
    b = sum(nested(i) for i in range(1000))
    c = [Point().far(i) for i in range(1000)]
    d = sum(
        i if i % 2 else
        1.5
        for i in range(100_000)
    )
    e = sum(map(lambda v: v * 2, range(1000)))
    f = sum(filter(lambda v: str(v), range(1000)))
    g = sum(map(math.floor, unknown))
    h = list(map(max, range(1000), range(1000)))
    j = sorted(range(1000), key=lambda v: -v)
    k = sum(functools.reduce(operator.add, [i, i]) for i in range(1000))
    l = [(k, v) for k, v in pairs.items()]
    m = sum(map(str, map(abs, range(1000))))
    words = []
    words.sort(key=len)
    for i in range(1000):
        words.append(i)
    else:
        n = 3
    y = 0
    for i in range(1000):
        y = y * 3 % 1001 + i
    z = [(lambda: i)() for i in range(1000)]
    for i, w in enumerate(words):
        y += abs(i)
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (19, "interpreted: (helper(i) for i in range(1000)) / with is not compiled (line 7 of p.py) / with functools"),
        (20, "interpreted: (nested(i) for i in range(1000)) / a function with await, global or nonlocal (line 14 of p"),
        (21, "decided when it runs: [Point().far(i) for i in range(1000)] / it depends on what `Point` is when the"),
        (
            22,
            "interpreted: (i if i % 2 else 1.5 for i in range(100000)) / the two sides of 'if … else …' are of "
            "different types: int and float (line 23 of p.py) / i if i % 2 else 1.5 / ^^^^^^^^^^^^^^^^^^^",
        ),
        (27, "compiled: map(lambda v: v * 2, range(1000)) / its elements are of type int"),
        (28, "interpreted: filter(lambda v: str(v), range(1000)) / str() of (int) is not compiled (line 28 of p.py)"),
        (29, "decided when it runs: map(math.floor, unknown) / it is compiled where `unknown` gives ints"),
        (30, "decided when it runs: map(max, range(1000), range(1000)) / it depends on what `map(max, range(1000)"),
        (
            31,
            "interpreted: sorted(range(1000), key=lambda v: -v) / keys for `sorted`, `min` and `max` are made by call",
        ),
        (32, "compiled: (functools.reduce(operator.add, [i, i]) for i in range(1000)) / its elements are of type int"),
        (33, "decided when it runs: [(k, v) for k, v in pairs.items()] / it depends on what `pairs.items()` gives"),
        (
            34,
            "decided when it runs: map(str, map(abs, range(1000))) / where `map(abs, range(1000))` gives ints, it is ",
        ),
        (36, "interpreted: words.sort(key=len) / keys for `sorted`, `min` and `max` are made by calls, which are not"),
        (37, "in order: for i in range(1000): / it has an `else` (line 40) / n = 3 / ^^^^^"),
        (42, "in order: for i in range(1000): / a turn may need what an earlier one has bound (line 43) / y = y * 3"),
        (44, "in order: [(lambda: i)() for i in range(1000)] / a function that may outlive its element sees the var"),
        (45, "decided when it runs: for i, w in enumerate(words): / it depends on what `enumerate(words)` gives"),
    ],
)
def test_explain_says_why_and_where(line: int, said: str) -> None:
    rest = explain_text(MORE, "p.py").partition(f"\np.py:{line}: ")[2].split("\np.py:")[0]
    found = " / ".join(part.strip() for part in rest.splitlines())
    assert found.startswith(said), found


def test_explain_shows_the_blocks_and_what_they_reach() -> None:
    said = explain_text(PROGRAM, "p.py")
    assert "p.py:11: the block\n    with executor.remotely.downloadAll():\n        a = pyfora_fold(sum, lambda" in said
    assert "p.py:17: the block\n" in said
    assert "reached by it: half\n    def half(v):" in said
    assert "untouched" not in said


def scaled(n: int) -> int:
    return sum(i * FACTOR for i in range(n))


def test_explain_of_a_function_knows_its_globals() -> None:
    said = explain_function(scaled)
    assert f"{__file__}:{scaled.__code__.co_firstlineno + 1}: compiled" in said
    assert "type int" in said and "pyfora_fold(sum" in said
    with pytest.raises(pyfora.CantGetSourceTextError, match="no function written in Python"):
        explain_function(len)


def test_explain_of_what_is_no_python() -> None:
    with pytest.raises(pyfora.CantGetSourceTextError, match=r"p\.py:2: this is no Python"):
        explain_text("x = 1\nx = = 2\n", "p.py")


def test_the_command(manager: FakeManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    assert main(["explain", str(tmp_path / "p.py")]) == 0
    assert "compiled" in capsys.readouterr().out
    assert main(["explain", str(tmp_path / "none.py")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["status", manager.url]) == 0
    assert "workers  0 with 0 cores" in capsys.readouterr().out
    assert main(["status", "nowhere"]) == 1
    assert "is not the URL of a manager" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == "pyfora 0.1.0\n"


def test_the_status_as_text() -> None:
    status = {
        "manager_id": "m", "pyfora_version": "0.1.0", "python_version": "3.11", "cores": 4, "clients": 1,
        "workers": [{"worker_id": "w", "host": "h", "base_port": 30009, "cores": 4, "programs": 1}],
        "programs": [{
            "program_id": "abcdef0123", "state": "running", "attempt": 2, "home_id": "w",
            "leaves_done": 25, "leaves_total": 100, "workers": 1,
        }],
    }  # fmt: skip
    text = status_text("http://h:1", status)
    assert "1 with 4 cores" in text and "h:30009  4 cores, 1 block at home" in text
    assert "abcdef01  running, 25 of 100 leaves (25 %), 1 worker, attempt 2" in text


def test_importing_pyfora_is_light() -> None:
    code = "import sys, pyfora; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"twisted", "numba", "numpy", "websockets", "tqdm"} & set(done.stdout.split())


def test_what_is_public_is_there() -> None:
    for name in pyfora.__all__:
        assert getattr(pyfora, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pyfora.nothing  # noqa: B018  (the read is the test)


def test_a_terminal_that_tells_no_size_shows_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()  # of 0 rows and 0 columns
    os.set_blocking(ours, False)
    with os.fdopen(theirs, "w") as stream, os.fdopen(ours, "rb") as screen:
        monkeypatch.setattr(sys, "stderr", stream)
        Bar()(Progress(3, 12, 1.5, 2, 1, 4.0, ended=False))
        assert b"3 of 12 leaves, 1.5/s, 2 workers, 0:04" in (screen.read1() or b"")
