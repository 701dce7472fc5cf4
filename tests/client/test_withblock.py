"""The body of a block never runs where it stands, wherever it stands; names reach its frame."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pyfora.client.withblock import assign_names, frame_cells, raise_as_it_is
from pyfora.errors import InvalidPyforaOperation
from tests.client.recorder import run_python

SHAPES = """
    from recorder import executor, seen, Recorder
    with executor.remotely: x = 1
    assert x == 5
    with executor.remotely.downloadAll() as e: x = print("ran")
    assert e is executor
    with executor.remotely as e:
        "a docstring"
        x = print("ran")
    with open(__file__) as f, executor.remotely, open(__file__) as g:
        x = print("ran")
    assert f.closed and "g" not in globals()
    with (
        open(__file__) as f,
        executor.remotely as e,
    ):
        x = print("ran")
    with executor.remotely: pass
    with executor.remotely: 1
    with executor.remotely:
        for i in range(3): print("ran")
    with executor.remotely:
        while True: print("ran")
    with executor.remotely:
        def f(): pass
    with executor.remotely:
        import no_such_module
    with executor.remotely:
        with open("/no/such/file"): pass
    with executor.remotely:
        try: print("ran")
        finally: print("ran")
    if True:
        with executor.remotely: x = [print("ran") for _ in range(2)]
    def function():
        x = 1
        with executor.remotely: x = print("ran")
        inner = lambda: x
        assert x == 5 == inner()
        for _ in range(3):
            with executor.remotely: x = print("ran")
        try:
            1 / 0
        except ZeroDivisionError:
            with executor.remotely: x = print("ran")
        finally:
            with executor.remotely: x = print("ran")
        return x
    assert function() == 5
    def generator():
        yield 1
        with executor.remotely: x = print("ran")
        yield x
    assert list(generator()) == [1, 5]
    async def coroutine():
        with executor.remotely: x = print("ran")
        return x
    import asyncio
    assert asyncio.run(coroutine()) == 5
    a = [Recorder(), Recorder({"x": 6})]
    for one in a:
        with one.remotely: x = print("ran")
    assert x == 6
    for line, body in seen: print(line, body.replace(chr(10), " "))
"""


def test_every_shape_is_skipped(tmp_path: Path) -> None:
    out = run_python(SHAPES, tmp_path)
    lines = out.splitlines()
    assert "ran" not in lines
    bodies = [line.split(" ", 1) for line in lines]
    assert bodies[0] == ["3", "x = 1"]
    assert bodies[3] == ["10", "with open(__file__) as g:     x = print('ran')"]
    assert bodies[4] == ["13", "x = print('ran')"]
    assert len(bodies) == 24


def test_two_executors_in_one_with(tmp_path: Path) -> None:
    out = run_python(
        """
        from recorder import executor, seen, Recorder
        class Plain:
            def __enter__(self): return self
            def __exit__(self, *a): print("left")
        with Plain(), Plain(), executor.remotely, Plain() as last:
            x = 1
        print(seen[0][1].replace(chr(10), " "))
        """,
        tmp_path,
    )
    assert out.splitlines() == ["left", "left", "with Plain() as last:     x = 1"]


def test_without_columns_blocks_are_found_by_line(tmp_path: Path) -> None:
    text = """
    from recorder import executor, seen
    def f(y):
        with executor.remotely:
            x = y
        return x
    print(f(1), seen)
    """
    assert run_python(text, tmp_path, "-X", "no_debug_ranges") == "5 [(4, 'x = y')]\n"


def test_tracing_of_others_goes_on(tmp_path: Path) -> None:
    text = """
    import sys
    from recorder import executor
    lines = []
    def tracer(frame, event, arg):
        if frame.f_code.co_name == "traced" and event == "line":
            lines.append(frame.f_lineno - frame.f_code.co_firstlineno)
        return tracer
    def traced():
        a = 1
        with executor.remotely:
            x = 2
        b = 3
        return x
    sys.settrace(tracer)
    traced()
    assert sys.gettrace() is tracer
    sys.settrace(None)
    print(lines)
    def untraced():
        with executor.remotely: x = 2
        frame = sys._getframe()
        return sys.gettrace(), frame.f_trace, frame.f_trace_opcodes
    print(untraced())
    """
    lines, after = run_python(text, tmp_path).splitlines()
    assert after == "(None, None, False)"
    seen = eval(lines)
    assert 1 in seen and 4 in seen and 5 in seen and 3 not in seen


def test_a_bad_block_is_not_skipped_but_refused(tmp_path: Path) -> None:
    text = """
    from recorder import executor
    import sys
    def f():
        try:
            with executor.remotely:
                return print("ran")
        except Exception as error:
            print(type(error).__name__, sys.gettrace())
    f()
    """
    assert run_python(text, tmp_path) == "BadWithBlockError None\n"


# ---- names ----------------------------------------------------------------------------------------------------------


def test_names_reach_fast_locals_cells_and_arguments() -> None:
    def function(argument: int, shared: int) -> tuple[object, ...]:
        local, gone = 1, "object"
        if argument < 0:
            del gone

        def inner() -> int:
            return shared

        assign_names(sys._getframe(), {"argument": 10, "shared": 20, "local": 30, "fresh": 40}, {"gone"})
        try:
            gone  # noqa: B018
        except UnboundLocalError:
            unbound = True
        if argument < 0:
            fresh = 0
        return argument, shared, inner(), local, fresh, unbound

    for _ in range(3):
        assert function(1, 2) == (10, 20, 20, 30, 40, True)


def test_deleting_leaves_the_count_of_references_right() -> None:
    thing = object()
    before = sys.getrefcount(thing)

    def function() -> None:
        a = b = thing
        cell = thing
        assert (a, b) == (lambda: (cell, cell))()
        if thing is None:
            del a, b
        assign_names(sys._getframe(), {}, {"a", "b", "cell", "never"})

    for _ in range(100):
        function()
    assert sys.getrefcount(thing) == before


def test_frame_cells_are_the_closures_own() -> None:
    outer = 1

    def function(argument: int) -> None:
        def inner() -> tuple[int, int, int]:
            return argument, later, outer

        later = 2
        cells = frame_cells(sys._getframe())
        assert inner.__closure__ is not None
        by_name = dict(zip(inner.__code__.co_freevars, inner.__closure__, strict=True))
        assert by_name.keys() == {"argument", "later", "outer"}
        for name, cell in by_name.items():
            assert cells[name] is cell

    function(5)


def test_an_exception_keeps_its_context() -> None:
    context = KeyError("of its own")
    error = ValueError("raised")
    error.__context__ = context

    class Raising:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> bool:
            raise_as_it_is(error)

    with pytest.raises(ValueError, match="raised") as raised, Raising():
        raise RuntimeError
    assert raised.value is error and raised.value.__context__ is context
    before = sys.getrefcount(context)
    for _ in range(10):
        with pytest.raises(ValueError, match="raised"), Raising():
            raise RuntimeError
    assert sys.getrefcount(context) == before


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 checks every local that it reads")
def test_a_local_that_its_function_never_deletes_stays_bound() -> None:
    def function() -> int:
        kept = 1
        with pytest.raises(InvalidPyforaOperation, match=r"leave `del kept` out of the block"):
            assign_names(sys._getframe(), {}, {"kept"})
        return kept

    assert function() == 1
