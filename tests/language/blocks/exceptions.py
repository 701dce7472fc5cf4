"""Blocks that raise, unbind names, or hold what cannot be sent; see values.py for the form."""

CASES = {
    "unconvertible_in_closure": """
import threading
def make():
    lock = threading.Lock()
    n = 4
    def safe(x):
        if x < 0: return lock.locked()
        return x + n
    def other(x): return safe(x) * 2
    return safe, other
safe, other = make()
def g(k):
    lock = threading.Lock()
    inner = lambda x: lock if x < 0 else x + k
    with executor.remotely:
        r = inner(1)
    return r
with executor.remotely:
    r = safe(1), other(2)
out = r, g(3)
""",
    "user_exception": """
class Mine(Exception):
    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code
try:
    with executor.remotely:
        before = 1
        raise Mine(3, "oh")
        after = 2
except Mine as err:
    out = type(err) is Mine, err.args, err.code, str(err), before, "after" in globals(), frames(err)
""",
    "traceback_through_functions": """
def f(x):
    return (1 +
            g(x) + 2)
def g(x): return x / 0
try:
    with executor.remotely:
        a = 1
        b = f(a) + \\
            2
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "traceback_in_genexpr": """
def g(x): return 1 / (x - 3)
try:
    with executor.remotely:
        a = sum(
            g(i)
            for i in range(10))
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "traceback_in_listcomp": """
def go():
    with executor.remotely:
        a = 0
        b = [
            1 / (i - 3)
            for i in range(10)
        ]
try:
    go()
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "traceback_in_function_listcomp": """
def h(n):
    return [
        1 / (i - 3)
        for i in range(n)
    ]
try:
    with executor.remotely:
        b = h(10)
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "not_iterable": """
try:
    with executor.remotely:
        b = [i for i in 5]
except TypeError as err:
    out = err.args, frames(err)[:1]
""",
    "cause_and_context": """
try:
    with executor.remotely:
        try:
            {}["k"]
        except KeyError as key:
            raise ValueError("v") from key
except ValueError as err:
    c = err.__cause__
    out = [(type(c), c.args, frames(c)), err.__suppress_context__, err.__context__ is c]
try:
    with executor.remotely:
        try:
            {}["k"]
        except KeyError:
            int("x")
except ValueError as err:
    out += [type(err.__context__), err.args, err.__cause__, err.__suppress_context__]
""",
    "notes_and_groups": """
try:
    with executor.remotely:
        e = ValueError(1, 2)
        e.add_note("a note")
        e.extra = [1]
        raise e
except ValueError as err:
    out = [err.args, err.__notes__, err.extra]
try:
    with executor.remotely:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
except ExceptionGroup as err:
    out += [err.message, [(type(x), x.args) for x in err.exceptions]]
""",
    "special_exceptions": """
out = []
def attempt(fn):
    try:
        with executor.remotely:
            fn()
    except BaseException as err:
        out.append((type(err), err.args, str(err)))
        return err
e = attempt(lambda: open("/no/such/file"))
out.append((e.errno, e.filename))
e = attempt(lambda: b"\\xff".decode("utf-8"))
out.append((e.start, e.reason))
e = attempt(lambda: next(iter(())))
e = attempt(lambda: nothing_here)
out.append(e.name)
e = attempt(lambda: (1).nope)
e = attempt(lambda: [][3])
e = attempt(lambda: __import__("no_such_module_anywhere"))
out.append(e.name)
e = attempt(lambda: compile("1 +", "f", "exec"))
out.append((e.lineno, e.msg))
def exits(): raise SystemExit(4)
e = attempt(exits)
out.append(e.code)
""",
    "unbound": """
def f(flag):
    if flag:
        later = 1
    try:
        with executor.remotely:
            a = 1
            b = later
            c = 3
    except UnboundLocalError as err:
        return str(err), a, "b" in locals(), "c" in locals()
out = f(False)
try:
    with executor.remotely:
        q = undefined_name
except NameError as err:
    out += (str(err), err.name, "q" in globals())
""",
    "unbound_stays_local": """
later = "global"
def f():
    try:
        with executor.remotely:
            got = [later for _ in range(1)]
    except NameError as err:
        return isinstance(err, NameError)
    if 0:
        later = 1
out = f()
""",
    "del_names": """
a, b = 1, 2
with executor.remotely:
    del a
    c = b
    del c
def f():
    x, y, k = 1, 2, 3
    def g(): return y
    with executor.remotely:
        del x, y
        k = 5
    return sorted(n for n in ("x", "y", "k") if n in locals()), k
out = "a" in globals(), "c" in globals(), b, f()
""",
    "except_name_unbinds": """
def f():
    err = "mine"
    with executor.remotely:
        try:
            1 / 0
        except ZeroDivisionError as err:
            m = str(err)
    return "err" in locals(), m
err = "mine"
with executor.remotely:
    try:
        1 / 0
    except ZeroDivisionError as err:
        m = str(err)
out = f(), "err" in globals(), m
""",
    "try_finally": """
with executor.remotely:
    log = []
    try:
        try:
            log.append(1)
            raise KeyError("x")
        finally:
            log.append(2)
    except KeyError as e:
        log.append(e.args)
    else:
        log.append("no")
out = log
""",
    "unconvertible_not_read": """
import threading
lock = threading.Lock()
def guarded(x):
    if x < 0:
        with lock: pass
    return x * 2
with executor.remotely:
    if False: lock.acquire()
    r = [guarded(i) for i in range(3)]
def f():
    fd = threading.Lock()
    with executor.remotely:
        if r[0]: fd.read()
        z = 4
    return z
out = r, f()
""",
}
