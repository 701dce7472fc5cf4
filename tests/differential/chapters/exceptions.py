"""Exceptions: caught inside, leaving the block, and out of parallel loops."""

from __future__ import annotations

from tests.differential.rows import same

FAILING = """
class Bad(Exception):
    def __init__(self, i, why):
        super().__init__(i, why)
        self.i = i

def check(i):
    x = i
    for _ in range(5):
        x = (x * 7919 + 1) % 10007
    if i in FAILS:
        error = Bad(i, f"element {i}")
        error.add_note(f"note of {i}")
        raise error
    return x

def chained(i):
    try:
        return check(i)
    except Bad as error:
        raise RuntimeError("wrapped", i) from error

"""


def _failing(fails: str, block: str) -> str:
    return f"FAILS = {fails}\n{FAILING}{block}\n"


ROWS = [
    same(
        "try except else finally",
        """
        def f(x):
            try:
                y = 10 // x
            except ZeroDivisionError as error:
                return ("zero", str(error))
            except (TypeError, ValueError):
                return "type"
            else:
                return y
            finally:
                print("finally", x)
        with executor.remotely.downloadAll():
            out = [f(x) for x in (0, 2, "a", 5)]
            try:
                try:
                    {}["k"]
                finally:
                    log = "inner finally"
            except LookupError as error:
                kind, args = type(error).__name__, error.args
        """,
    ),
    same(
        "an exception from a function, names before it",
        """
        def inner(x):
            return 1 // x
        def outer(x):
            y = x - 1
            return inner(y)
        with executor.remotely.downloadAll():
            a = 1
            b = [1, 2]
            c = outer(1)
            d = 3
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "exception class of one's own",
        """
        class MyError(ValueError):
            def __init__(self, code, *, hint=None):
                super().__init__(f"code {code}")
                self.code, self.hint = code, hint
        with executor.remotely.downloadAll():
            try:
                raise MyError(3, hint="h")
            except MyError as error:
                got = error.code, error.hint, str(error)
                kept = error
            raise MyError(4, hint=["x"])
        """,
        raises="MyError",
    ),
    same(
        "exception caught outside the block",
        """
        import errors
        caught = None
        try:
            with executor.remotely.downloadAll():
                errors.fail(3)
        except errors.Custom as error:
            caught = error
        ok = type(caught) is errors.Custom
        """,
        files={
            "errors.py": """
            class Custom(Exception):
                pass
            def fail(n):
                if n == 0:
                    raise Custom("deep", n)
                fail(n - 1)
            """
        },
    ),
    same(
        "raised in a module beside",
        """
        import errors
        with executor.remotely.downloadAll():
            errors.fail(3)
        """,
        files={
            "errors.py": """
            class Custom(Exception):
                pass


            def fail(n):
                if n == 0:
                    raise Custom("deep", n)
                fail(n - 1)
            """
        },
        raises="Custom",
    ),
    same(
        "raise from",
        """
        def f():
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("outer") from error
        with executor.remotely.downloadAll():
            f()
        """,
        raises="ValueError",
    ),
    same(
        "raise from None",
        """
        with executor.remotely.downloadAll():
            try:
                {}["key"]
            except KeyError:
                raise ValueError("outer") from None
        """,
        raises="ValueError",
    ),
    same(
        "raised while handling",
        """
        def f():
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("outer")
        with executor.remotely.downloadAll():
            f()
        """,
        raises="ValueError",
    ),
    same(
        "bare re-raise",
        """
        def f(x):
            try:
                return 1 / x
            except ZeroDivisionError as error:
                error.add_note("from f")
                raise
        with executor.remotely.downloadAll():
            a = f(1)
            b = f(0)
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "exception in finally replaces",
        """
        def f():
            try:
                raise KeyError("first")
            finally:
                raise ValueError("second")
        with executor.remotely.downloadAll():
            f()
        """,
        raises="ValueError",
    ),
    same(
        "return in finally",
        """
        def f():
            try:
                raise KeyError
            finally:
                return 5
        def g():
            for i in range(5):
                try:
                    continue
                finally:
                    print(i)
            return i
        with executor.remotely.downloadAll():
            a, b = f(), g()
        """,
    ),
    same(
        "exception groups",
        """
        def f():
            raise ExceptionGroup("many", [ValueError(1), TypeError("t"), ExceptionGroup("in", [KeyError("k")])])
        with executor.remotely.downloadAll():
            seen = []
            try:
                f()
            except* ValueError as group:
                seen.append([str(e) for e in group.exceptions])
            except* (TypeError, KeyError) as group:
                seen.append(len(group.exceptions))
            f()
        """,
        raises="ExceptionGroup",
    ),
    same(
        "exceptions as values",
        """
        with executor.remotely.downloadAll():
            errors = [ValueError("a", 1), KeyError("k"), OSError(2, "No such file", "name"), StopIteration(5)]
            errors += [UnicodeDecodeError("utf-8", b"abc", 0, 1, "why"), SystemExit(3), AssertionError()]
            errors[0].add_note("a note")
            errors[0].extra = [1]
            try:
                raise ValueError("x") from KeyError("y")
            except ValueError as error:
                chained = error
        """,
    ),
    same(
        "SystemExit",
        """
        import sys
        with executor.remotely.downloadAll():
            a = 1
            sys.exit(3)
        """,
        raises="SystemExit",
    ),
    same(
        "KeyboardInterrupt raised by the program",
        """
        with executor.remotely.downloadAll():
            a = 1
            raise KeyboardInterrupt("mine")
        """,
        raises="KeyboardInterrupt",
    ),
    same(
        "StopIteration in a generator",
        """
        def g():
            yield 1
            raise StopIteration("inner")
        with executor.remotely.downloadAll():
            xs = list(g())
        """,
        raises="RuntimeError",
    ),
    same(
        "messages of CPython",
        """
        class A:
            def m(self, x): pass
        def f(a, b): pass
        table = {
            "attribute": lambda: A().zzz,
            "item": lambda: [1][5],
            "key": lambda: {}[(1, 2)],
            "call": lambda: f(1),
            "method": lambda: A().m(),
            "keyword": lambda: f(1, 2, c=3),
            "int": lambda: int("x"),
            "add": lambda: 1 + "a",
            "unpack": lambda: (lambda: [1, 2])()[0][0],
            "hash": lambda: {[]: 1},
            "lambda": lambda: (lambda x: x)(),
            "none": lambda: None.x,
            "iter": lambda: list(5),
            "sum": lambda: sum(["a"]),
            "max": lambda: max([]),
            "next": lambda: next(iter([])),
            "encode": lambda: "\\udc80".encode(),
            "overflow": lambda: 2.0 ** 5000,
            "float": lambda: float("1e"),
            "range": lambda: range(0.5),
            "sort": lambda: sorted([1, "a"]),
            "unbound": lambda: undefined_name,
        }
        with executor.remotely.downloadAll():
            out = {}
            for name, g in table.items():
                try:
                    g()
                except Exception as error:
                    out[name] = (type(error), error.args, str(error))
        """,
    ),
    same(
        "unbound local",
        """
        def f(flag):
            if flag:
                x = 1
            return x
        with executor.remotely.downloadAll():
            a = f(True)
            b = f(False)
        """,
        raises="UnboundLocalError",
    ),
    same(
        "parallel loop: one fails",
        _failing(
            "{35_000}", "with executor.remotely.downloadAll():\n    a = 1\n    t = sum(check(i) for i in range(60_000))"
        ),
        raises="Bad",
    ),
    same(
        "parallel loop: the first of several fails",
        _failing(
            "{59_999, 41_234, 20_001, 50_000}",
            "with executor.remotely.downloadAll():\n    xs = [check(i) for i in range(60_000)]",
        ),
        raises="Bad",
    ),
    same(
        "parallel loop: the very first and the last element",
        _failing("{0}", "with executor.remotely.downloadAll():\n    xs = [check(i) for i in range(60_000)]"),
        raises="Bad",
    ),
    same(
        "parallel loop: the last element fails",
        _failing("{59_999}", "with executor.remotely.downloadAll():\n    xs = {check(i) for i in range(60_000)}"),
        raises="Bad",
    ),
    same(
        "parallel loop: cause",
        _failing("{40_000}", "with executor.remotely.downloadAll():\n    xs = list(chained(i) for i in range(60_000))"),
        raises="RuntimeError",
    ),
    same(
        "parallel loop: caught in the element",
        _failing(
            "range(0, 60_000, 997)",
            """
def safe(i):
    try:
        return check(i)
    except Bad as error:
        return -error.i
with executor.remotely.downloadAll():
    xs = [safe(i) for i in range(60_000)]
""",
        ),
    ),
    same(
        "parallel loop: caught around the loop",
        _failing(
            "{45_000}",
            """
with executor.remotely.downloadAll():
    try:
        total = sum(check(i) for i in range(60_000))
    except Bad as error:
        i, notes = error.i, error.__notes__
        kept = error
    else:
        never = 1
    finally:
        done = True
""",
        ),
    ),
    same(
        "parallel loop: in a function",
        _failing(
            "{45_000}",
            """
def run(n):
    return sum(check(i) for i in range(n))

with executor.remotely.downloadAll():
    x = run(60_000)
""",
        ),
        raises="Bad",
    ),
    same(
        "parallel loop: early exit before the failure",
        _failing(
            "{45_000}", "with executor.remotely.downloadAll():\n    x = any(check(i) == 77 for i in range(60_000))"
        ),
    ),
    same(
        "parallel loop: CPython's own exception",
        """
        xs = [1] * 40_000 + [0] + [1] * 5000 + ["a"]
        def f(i, x):
            y = i
            for _ in range(4):
                y = y * 31 % 1009
            return y // x
        with executor.remotely.downloadAll():
            total = sum(f(i, x) for i, x in enumerate(xs))
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "parallel loop: printed before it fails",
        _failing(
            "{30_500}",
            """
with executor.remotely.downloadAll():
    for_print = [print(i) for i in range(60_000) if check(i) % 3000 == 0]
""",
        ),
        raises="Bad",
    ),
    same(
        "for loop: state before the exception",
        """
        with executor.remotely.downloadAll():
            total, seen = 0, []
            for i in range(50_000):
                total += i
                if i % 1000 == 0:
                    seen.append(i)
                if i == 30_000:
                    raise ValueError(i)
        """,
        raises="ValueError",
    ),
    same(
        "for loop: index error at the end",
        """
        xs = list(range(30_000))
        with executor.remotely.downloadAll():
            total = 0
            for i in range(40_000):
                total += xs[i]
        """,
        raises="IndexError",
    ),
    same(
        "traceback text inside the block",
        """
        import traceback
        def f():
            raise ValueError("x")
        with executor.remotely.downloadAll():
            try:
                f()
            except ValueError as error:
                lines = [(s.name, s.line, s.lineno) for s in traceback.extract_tb(error.__traceback__)]
                text = traceback.format_exception_only(error)
        """,
    ),
    same(
        "traceback texts of loops, inside the block",
        """
        import logging, traceback
        def f(i):
            if i == 7:
                raise ValueError("seven", i)
            return i
        def loop(count):
            out = []
            for i in range(count):
                out.append(f(i))
            return out
        loops = {
            "list": lambda count: [f(i) for i in range(count)],
            "set": lambda count: {f(i) for i in range(count)},
            "dict": lambda count: {i: f(i) for i in range(count)},
            "sum": lambda count: sum(
                f(i) for i in range(count)
            ),
            "join": lambda count: ",".join(str(f(i)) for i in range(count)),
            "map": lambda count: max(map(f, range(count))),
            "key": lambda count: sorted(range(count), key=f),
            "for": loop,
        }
        def tried(loop, count):
            try:
                loop(count)
            except ValueError as error:
                lines = [(frame.f_code.co_name, line) for frame, line in traceback.walk_tb(error.__traceback__)]
                return traceback.format_exc(), lines
        with executor.remotely.downloadAll():
            texts = {name: tried(loop, 12) for name, loop in loops.items()}
            try:
                squares = [f(i) for i in range(len(loops) + 4)]
            except ValueError:
                logging.exception("failed")
                traceback.print_exc()
        """,
    ),
    same(
        "tracebacks of exceptions that are values",
        """
        import traceback
        def f(i):
            if i % 2:
                raise ValueError("odd", i)
            return {}[i]
        def tried(i):
            try:
                f(i)
            except Exception as error:
                return error
        captured = tried(1)
        with executor.remotely.downloadAll():
            traceback.print_exception(captured)
            many = [tried(i % 10) for i in range(4_000)]
            inside = ["".join(traceback.format_exception(error)) for error in many[-10:]]
            try:
                try:
                    f(3)
                except ValueError as error:
                    raise KeyError("k") from error
            except KeyError as error:
                chained = error
            group = ExceptionGroup("g", [tried(1), tried(2)])
            never_raised = ValueError("v")
        outside = ["".join(traceback.format_exception(error)) for error in (*many[-10:], chained, group)]
        frames = traceback.extract_tb(chained.__traceback__), never_raised.__traceback__
        lines = [(frame.name, frame.lineno, frame.line) for frame in frames[0]]
        many = frames = None
        """,
    ),
    same(
        "sys.exc_info and context",
        """
        import sys
        with executor.remotely.downloadAll():
            try:
                raise ValueError("v")
            except ValueError:
                kind = sys.exc_info()[0]
                try:
                    raise TypeError("t")
                except TypeError as error:
                    context = repr(error.__context__)
            clear = sys.exc_info()
        """,
    ),
    same(
        "tracebacks through set comprehensions",
        """
        import traceback
        def f(i):
            return 1 // (i - 3)
        def g(n):
            return {f(i)
                    for i in range(n)}
        def tried(call):
            try:
                with executor.remotely.downloadAll():
                    call()
            except ZeroDivisionError as error:
                frames = [(frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
                return [frame for frame in frames if frame[0] != "tried"]
        told = [
            tried(lambda: g(8)),
            tried(lambda: [{f(i) for i in range(j)} for j in range(8)]),
            tried(lambda: {a for a in (f(i) for i in range(8))}),
            tried(lambda: {1 // (3 - i) for i in range(8)}),
        ]
        """,
    ),
    same(
        "an exception and the block's names have objects in common",
        """
        class E(Exception):
            def __init__(self, a, b): self.a, self.b = a, b
        class N: pass
        captured = [1]
        e = n = k = inner = None
        try:
            with executor.remotely.downloadAll():
                n = N()
                n.f = lambda: n
                e = E([n, n], {1: n})
                k = [e, captured]
                try:
                    1 / 0
                except ZeroDivisionError as error:
                    inner = error
                    raise e from RuntimeError(k)
        except E as error:
            told = error is e, error.a[0] is n, error.b[1] is n, error.__cause__.args[0] is k, k[1] is captured
            told += error.__context__ is inner, n.f() is n, inner.__traceback__ is not None
        """,
    ),
    same(
        "a list of the block's in the arguments of an exception",
        """
        def f():
            e = d = None
            try:
                with executor.remotely.downloadAll():
                    e = []
                    d = {1: e}
                    raise ValueError(e, d)
            except ValueError as error:
                error.args[0].append(5)
                return error.args[0] is e, error.args[1] is d, e
        told = f()
        """,
    ),
    same(
        "members of a group that leaves the block, as text",
        """
        import traceback
        def f(x):
            try:
                1 / 0
            except ZeroDivisionError as z:
                raise KeyError(x) from z
        def block():
            with executor.remotely.downloadAll():
                found = []
                for i in range(2):
                    try:
                        f(i)
                    except KeyError as error:
                        found.append(error)
                raise ExceptionGroup("two", [*found, ExceptionGroup("in", [found[0], ValueError(3)])])
        def lines_of(error):
            return [(s.lineno, s.name, s.line) for s in traceback.extract_tb(error.__traceback__)]
        try:
            block()
        except ExceptionGroup as group:
            one, two, more = group.exceptions
            a = lines_of(one), lines_of(two), lines_of(one.__cause__), lines_of(more.exceptions[1])
            b = more.exceptions[0] is one
            del group, one, two, more
        """,
    ),
]
