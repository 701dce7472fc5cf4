"""What a block captures is frozen: each way of changing it is refused, and nothing catches the refusal."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

SETUP = """
import abc, collections, array, enum, functools
xs = [3, 1, 2]
d = {"a": 1, "b": [2]}
s = {1, 2}
ba = bytearray(b"abc")
dq = collections.deque([1, 2, 3])
dd = collections.defaultdict(list, {"k": [1]})
counter = collections.Counter("aab")
od = collections.OrderedDict(a=1, b=2)
nested = {"rows": [[1, 2], [3, 2]], "sets": ({1},)}
class A:
    shared = [1]
    level = 1
    def __init__(self):
        self.x = 1
        self.items = [1]
    def grow(self):
        self.items.append(2)
    def set(self):
        self.x = 2
class S:
    __slots__ = ("x",)
    def __init__(self):
        self.x = 1
class L(list):
    pass
class Meta(type):
    shared = [1]
class Derived(A, metaclass=Meta):
    pass
class Color(enum.Enum):
    RED = [1]
    def __init__(self, _):
        self.hits = 0
class Abstract(abc.ABC):
    pass
__made__ = [1]
a, slotted, sub, derived = A(), S(), L([1]), Derived()
def f(): pass
f.mark = []
append = [1].append
part = functools.partial(f)
def push(target, value):
    target.append(value)
    return value
"""

# name of what is changed: statements that change it
MUTATIONS: dict[str, list[str]] = {
    "xs": [
        "xs.append(1)",
        "xs.extend([1])",
        "xs.insert(0, 1)",
        "xs.remove(1)",
        "xs.pop()",
        "xs.clear()",
        "xs.sort()",
        "xs.reverse()",
        "xs[0] = 5",
        "xs[1:2] = []",
        "del xs[0]",
        "xs += [1]",
        "xs *= 2",
        "list.append(xs, 1)",
        "m = xs.append; m(1)",
        "alias = xs; alias.append(1)",
        "push(xs, 1)",
        "xs.__setitem__(0, 1)",
        "xs.__init__([1])",
        "[xs.append(i) for i in range(30_000)]",
        "import random; random.Random(1).shuffle(xs)",
        "import heapq; heapq.heapify(xs)",
        "import bisect; bisect.insort(xs, 2)",
        "for xs[0] in range(3): pass",
    ],
    "d": [
        "d['z'] = 1",
        "del d['a']",
        "d.update(z=1)",
        "d.setdefault('z', 1)",
        "d.pop('a')",
        "d.popitem()",
        "d.clear()",
        "d |= {'z': 1}",
        "d['b'].append(1)",
        "[d.__setitem__(i, i) for i in range(30_000)]",
        "dict.update(d, z=1)",
    ],
    "s": [
        "s.add(5)",
        "s.remove(1)",
        "s.discard(1)",
        "s.pop()",
        "s.clear()",
        "s.update([7])",
        "s |= {9}",
        "s -= {1}",
        "s ^= {1}",
        "s &= {1}",
        "s.intersection_update([1])",
        "s.difference_update([1])",
        "s.symmetric_difference_update([1])",
    ],
    "ba": [
        "ba.append(1)",
        "ba[0] = 1",
        "ba.extend(b'x')",
        "ba += b'x'",
        "del ba[0]",
        "ba.clear()",
        "memoryview(ba)[0] = 1",
    ],
    "dq": [
        "dq.append(1)",
        "dq.appendleft(1)",
        "dq.pop()",
        "dq.popleft()",
        "dq.rotate(1)",
        "dq.extend([1])",
        "dq[0] = 9",
    ],
    "dd": ["dd['new']", "dd['k'].append(2)", "dd['z'] = []"],
    "counter": ["counter.update('b')", "counter['a'] += 1", "counter.subtract('a')"],
    "od": ["od.move_to_end('a')", "od.popitem(last=False)", "od['z'] = 1"],
    "nested": [
        "nested['rows'][0].append(1)",
        "nested['sets'][0].add(2)",
        "row = nested['rows'][1]; row[0] = 9",
        "for r in nested['rows']: r.sort()",
    ],
    "a": [
        "a.x = 2",
        "a.y = 2",
        "del a.x",
        "a.x += 1",
        "a.items.append(1)",
        "a.grow()",
        "a.set()",
        "setattr(a, 'x', 2)",
        "a.__dict__['x'] = 5",
        "vars(a).update(x=3)",
        "object.__setattr__(a, 'x', 3)",
        "[setattr(a, 'x', i) for i in range(30_000)]",
    ],
    "slotted": ["slotted.x = 2", "del slotted.x"],
    "sub": ["sub.append(1)", "sub.mark = 1", "sub[0] = 2"],
    "A": [
        "A.level = 2",
        "A.shared.append(1)",
        "A.new = 1",
        "del A.level",
        "setattr(A, 'level', 3)",
        "A.grow = None",
        "A.__init__ = None",
        "A.__len__ = lambda self: 3",
        "A.__made__ = 1",
        "A.__name__ = 'B'",
        "A.__qualname__ = 'B'",
    ],
    "append": ["append(1)"],
    "part": ["part.mark = 1", "part.keywords['x'] = 1"],
    "derived": ["derived.shared.append(1)", "type(type(derived)).shared.append(1)"],
    "Color": ["Color.RED.value.append(2)", "Color.RED.hits += 1", "Color.shared = 1"],
    "Abstract": ["Abstract.register(A)"],
    "__made__": ["__made__.append(1)"],
    "f": [
        "f.mark.append(1)",
        "f.other = 1",
        "f.__defaults__ = (1,)",
        "f.__dict__['q'] = 1",
        "f.__name__ = 'g'",
    ],
}

NUMPY = """
import numpy as np
arr = np.arange(60.0, 0.0, -1.0).reshape(20, 3)
holder = {"inside": np.arange(3)}
"""
ARRAY_MUTATIONS = [
    "arr[0, 0] = 1",
    "arr += 1",
    "arr.sort()",
    "arr.fill(0)",
    "np.add(arr, 1, out=arr)",
    "view = arr[0]; view[0] = 5",
    "arr.T[0, 0] = 5",
    "np.copyto(arr, 0)",
    "np.put(arr, [0], [1])",
    "arr.flat[0] = 1",
    "holder['inside'][0] = 5",
    "np.random.default_rng(1).shuffle(arr)",
    "arr.resize((60,), refcheck=False)",
    "arr.shape = (60,)",
    "arr.setflags(write=True); arr[0, 0] = 1",
]


def _change(setup: str, what: str, statement: str) -> Row:
    return refused(
        f"changing {what}: {statement}", "", f"{setup}with executor.remotely.downloadAll():\n    {statement}\n"
    )


ROWS = [_change(SETUP, what, statement) for what, statements in MUTATIONS.items() for statement in statements]
ROWS += [_change(NUMPY, "an array", statement) for statement in ARRAY_MUTATIONS]
ROWS += [
    refused(
        "the message names what is changed",
        "numbers",
        """
        numbers = [1]
        with executor.remotely.downloadAll():
            numbers.append(2)
        """,
    ),
    refused(
        "a refusal is not caught by except Exception",
        "xs",
        """
        xs = [1]
        with executor.remotely.downloadAll():
            try:
                xs.append(2)
            except Exception:
                print("caught")
        """,
        stdout="",
    ),
    refused(
        "a refusal is not caught by except BaseException",
        "xs",
        """
        xs = [1]
        with executor.remotely.downloadAll():
            try:
                xs.append(2)
            except BaseException:
                print("caught")
        """,
        stdout="",
    ),
    refused(
        "a refusal is not caught by a bare except in a function",
        "xs",
        """
        xs = [1]
        def f():
            try:
                xs.append(2)
            except:
                print("caught")
                return 1
        with executor.remotely.downloadAll():
            y = f()
        """,
        stdout="",
    ),
    refused(
        "a refusal is not caught by contextlib.suppress",
        "xs",
        """
        import contextlib
        xs = [1]
        with executor.remotely.downloadAll():
            with contextlib.suppress(BaseException):
                xs.append(2)
        """,
        stdout="",
    ),
    refused(
        "a refusal is not swallowed by return in finally",
        "xs",
        """
        xs = [1]
        def f():
            try:
                xs.append(2)
            finally:
                return 1
        with executor.remotely.downloadAll():
            y = f()
        """,
        stdout="",
    ),
    refused(
        "a refusal is not swallowed by an __exit__",
        "xs",
        """
        class Swallow:
            def __enter__(self):
                return self
            def __exit__(self, *details):
                return True
        xs = [1]
        with executor.remotely.downloadAll():
            with Swallow():
                xs.append(2)
        """,
        stdout="",
    ),
    refused(
        "a refusal is not caught by except star",
        "xs",
        """
        xs = [1]
        with executor.remotely.downloadAll():
            try:
                xs.append(2)
            except* BaseException:
                print("caught")
        """,
        stdout="",
    ),
    refused(
        "finally clauses run on the way of a refusal",
        "xs",
        """
        xs = [1]
        def f():
            try:
                xs.append(2)
            finally:
                print("inner")
        with executor.remotely.downloadAll():
            try:
                f()
            finally:
                print("outer")
        """,
        stdout="inner\nouter\n",
    ),
    refused(
        "a module's global",
        "",
        """
        import settings
        with executor.remotely.downloadAll():
            settings.level = 3
        """,
        files={"settings.py": "level = 1\nitems = []\n"},
    ),
    refused(
        "a module's list",
        "",
        """
        import settings
        with executor.remotely.downloadAll():
            settings.items.append(3)
        """,
        files={"settings.py": "level = 1\nitems = []\n"},
    ),
    refused(
        "a module's global set by its own function",
        "level",
        """
        import settings
        with executor.remotely.downloadAll():
            settings.change()
        """,
        files={"settings.py": "level = 1\ndef change():\n    global level\n    level = 2\n"},
    ),
    refused(
        "a library module's attribute",
        "",
        """
        import math
        with executor.remotely.downloadAll():
            math.pi = 3
        """,
    ),
    refused(
        "a closure's captured list",
        "",
        """
        def make():
            log = []
            def add(x):
                log.append(x)
                return x
            return add
        add = make()
        with executor.remotely.downloadAll():
            y = [add(i) for i in range(10)]
        """,
    ),
    refused(
        "a captured nonlocal counter",
        "",
        """
        def make():
            n = 0
            def step():
                nonlocal n
                n += 1
                return n
            return step
        step = make()
        with executor.remotely.downloadAll():
            y = [step() for i in range(10)]
        """,
    ),
    refused(
        "a mutable default",
        "",
        """
        def f(x, seen=[]):
            seen.append(x)
            return len(seen)
        with executor.remotely.downloadAll():
            y = f(1)
        """,
    ),
    refused(
        "globals() written",
        "`new` was assigned by a function, exec or globals() inside the block",
        """
        with executor.remotely.downloadAll():
            globals()["new"] = 1
        """,
    ),
    refused(
        "exec that assigns",
        "`new` was assigned by a function, exec or globals() inside the block",
        """
        with executor.remotely.downloadAll():
            exec("new = 1")
        """,
    ),
    refused(
        "a captured object of another block",
        "made",
        """
        with executor.remotely.downloadAll():
            made = [1]
        with executor.remotely.downloadAll():
            made.append(2)
        """,
    ),
    refused(
        "a captured lock",
        "lock",
        """
        import threading
        lock = threading.Lock()
        with executor.remotely.downloadAll():
            x = lock.locked()
        """,
        refusal="UnconvertibleValueError",
    ),
    refused(
        "a captured open file",
        "handle",
        """
        handle = open(__file__)
        with executor.remotely.downloadAll():
            x = handle.read()
        """,
        refusal="UnconvertibleValueError",
    ),
    refused(
        "a captured generator",
        "g",
        """
        g = (i for i in range(3))
        with executor.remotely.downloadAll():
            try:
                x = list(g)
            except BaseException:
                x = "caught"
        """,
        refusal="UnconvertibleValueError",
    ),
    same(
        "a captured lock that is not read",
        """
        import threading
        lock = threading.Lock()
        flag = False
        with executor.remotely.downloadAll():
            x = lock.locked() if flag else 1
        del lock
        """,
    ),
    same(
        "source text that changed since",
        """
        import pathlib, helper
        pathlib.Path(helper.__file__).write_text("import os\\n\\n\\ndef other():\\n    return 2\\n")
        with executor.remotely.downloadAll():
            x = helper.f()
        """,
        files={"helper.py": "def f():\n    return 1\n"},
    ),
    same(
        "a function whose code was replaced",
        """
        def f():
            return 1
        f.__code__ = f.__code__.replace(co_consts=(None, 2))
        with executor.remotely.downloadAll():
            x = f()
        """,
    ),
    same(
        "a function without source text",
        """
        import types
        code = compile("def f():\\n    return 1\\n", "nowhere.py", "exec").co_consts[0]
        f = types.FunctionType(code, globals())
        del code
        with executor.remotely.downloadAll():
            x = f()
        """,
    ),
    refused(
        "a block without source text",
        "source",
        """
        exec("with executor.remotely.downloadAll():\\n    x = 1\\n")
        """,
        refusal="CantGetSourceTextError",
    ),
    same(
        "a lambda by eval",
        """
        f = eval("lambda x: x + 1")
        with executor.remotely.downloadAll():
            x = f(1)
        """,
    ),
    same(
        "inner objects of captured ones, inside new ones",
        """
        d = {"b": [2], "c": [3]}
        with executor.remotely.downloadAll():
            e = dict(d)
            f = [d["b"]]
            g = d["c"]
        ok = e["b"] is d["b"], f[0] is d["b"], g is d["c"]
        """,
    ),
    same(
        "inner objects of a captured instance",
        """
        class A:
            def __init__(self):
                self.items = [1]
        a = A()
        with executor.remotely.downloadAll():
            b = A()
            b.items = a.items
        ok = b.items is a.items
        """,
    ),
    same(
        "an exec'd function",
        """
        exec("def f(x):\\n    return x + 1\\n")
        with executor.remotely.downloadAll():
            x = f(1)
        """,
    ),
    same(
        "reading captured values in every way",
        f"""{SETUP}
with executor.remotely.downloadAll():
    r1 = sorted(xs), xs + [1], xs[:], xs.index(3), xs.copy(), xs * 2, 3 in xs, len(xs), list(reversed(xs))
    r2 = d.get("a"), d | {{"q": 1}}, dict(d), list(d.items()), d.copy(), "a" in d
    r3 = s | {{5}}, s & {{1}}, s.union([7]), s.issubset({{1, 2, 3}}), s.copy()
    r4 = ba.decode(), ba + b"x", bytes(ba), ba.find(b"b")
    r5 = list(dq), dq[0], dq.copy(), dq.index(2)
    r6 = dd["k"], dd.get("none"), counter["zzz"], counter.most_common(1), counter + counter, list(od)
    r7 = a.x, a.items + [1], A.level, a.shared, slotted.x, sub + [2], f.mark
    import copy
    own = copy.deepcopy(nested)
    own["rows"][0].append(5)
    mine = copy.copy(a)
    mine.x = 100
    xs2 = list(xs)
    xs2.append(9)
xs.append(1)
a.x = 5
d["new"] = 1
""",
    ),
    same(
        "mutation of what the block made",
        """
        class A:
            level = 0
        with executor.remotely.downloadAll():
            xs = [3, 1]
            xs.append(2); xs.sort(); xs[0] = 9; del xs[1]; xs += [1]
            d = {}
            d["a"] = 1; d.setdefault("b", []).append(2); d.update(c=3); d.pop("a")
            s = set(); s.add(1); s |= {2}
            ba = bytearray(b"x"); ba += b"y"
            a = A(); a.x = 1; a.level += 1
            import collections
            dd = collections.defaultdict(list); dd["k"].append(1)
            q = collections.deque(); q.append(1); q.appendleft(0)
            c = collections.Counter(); c["x"] += 1
            def f():
                f.calls = 1
            f()
            calls = f.calls
            class B:
                n = 0
            B.n += 1
            n = B.n
            del f, B
        """,
    ),
    same(
        "rebinding a captured name",
        """
        xs, n, t, text = [1], 5, (1,), "a"
        with executor.remotely.downloadAll():
            xs = xs + [2]
            xs.append(3)
            n += 1
            t += (2,)
            text += "b"
        """,
    ),
    same(
        "numpy: arrays of one's own",
        """
        import numpy as np
        arr = np.arange(6.0)
        with executor.remotely.downloadAll():
            own = arr.copy()
            own[0] = 100
            own += 1
            own.sort()
            z = np.zeros(3)
            z[1:] = 5
            back = arr
        arr[0] = -1
        ok = back is arr
        """,
    ),
    refused(
        "an attribute of a library's module, set by one element of a parallel loop",
        "`math.pi` was set inside the block",
        """
        import math
        def f(i):
            for _ in range(50): pass
            if i == 90_000: math.pi = 3
            return math.pi if i > 90_000 else 2.0
        with executor.remotely.downloadAll():
            x = sum(f(i) for i in range(100_000))
        """,
    ),
    refused(
        "an attribute of a library's class, set by one element of a parallel loop",
        "`fractions.Fraction.foo` was set inside the block",
        """
        from fractions import Fraction
        def f(i):
            for _ in range(50): pass
            if i == 90_000: setattr(Fraction, 'foo', 1)
            return i
        with executor.remotely.downloadAll():
            x = [f(i) for i in range(100_000)]
        """,
    ),
    *(
        refused(
            f"a list of a module, changed by one element of a parallel loop: {way}",
            "`helper.seen` was changed",
            f"""
            {before}
            def f(i):
                {within}
                for _ in range(50): pass
                if i == 90_000: {change}
                return i
            with executor.remotely.downloadAll():
                x = [f(i) for i in range(100_000)]
            """,
            files={
                "helper.py": """
                seen = []
                def note(i):
                    seen.append(i)
                class Note:
                    def __init__(self, i):
                        seen.append(i)
                """
            },
        )
        for way, before, within, change in (
            ("as its attribute", "import helper", "pass", "helper.seen.append(i)"),
            ("by its function", "import helper", "pass", "helper.note(i)"),
            ("by an instance", "from helper import Note", "pass", "Note(i)"),
            ("imported in a function", "", "import helper", "helper.seen.append(i)"),
        )
    ),
    *(
        refused(
            f"an attribute of a library's class, set {where}",
            f"`{name}.foo` was set inside the block",
            f"""
            import collections
            from fractions import Fraction
            captured = Fraction(1, 2)
            def f():
                collections.UserDict.foo = 1
            with executor.remotely.downloadAll():
                {statement}
            """,
        )
        for where, name, statement in (
            ("in the block", "fractions.Fraction", "Fraction.foo = 1"),
            ("by a function", "collections.UserDict", "f()"),
            ("through an instance", "fractions.Fraction", "type(captured).foo = 1"),
            ("after its import in the block", "string.Template", "import string; string.Template.foo = 1"),
        )
    ),
    same(
        "library classes and modules used in a parallel loop",
        """
        import collections, json, re, statistics
        from fractions import Fraction
        def f(i):
            for _ in range(50): pass
            c = collections.Counter([i])
            c.update([i])
            return Fraction(i, 3) + len(json.dumps([i])) + len(re.findall('a', str(i))) + c[i]
        with executor.remotely.downloadAll():
            x = sum(f(i) for i in range(20_000))
            y = json.dumps([1]), statistics.mean([1, 2])
        """,
    ),
    *(
        refused(
            f"the advice for {what}",
            advice,
            f"""
            import helper
            xs = [1]
            def push():
                xs.append(2)
            def f():
                ys = [1]
                def g():
                    with executor.remotely.downloadAll():
                        ys.append(2)
                with executor.remotely.downloadAll():
                    {statement if where == "function" else "pass"}
                g()
            with executor.remotely.downloadAll():
                {statement if where == "module" else "pass"}
            f()
            """,
            files={"helper.py": "area = {}\ndef fill():\n    area[1] = 1\n"},
        )
        for what, where, statement, advice in (
            ("a global name of the block's module", "module", "push()", "inside the block: xs = list(xs)"),
            ("a name of the function around", "function", "ys.append(2)", "inside the block: ys = list(ys)"),
            ("a global name, changed by a function's block", "function", "push()", "it: own = list(xs)"),
            ("a name of another module", "module", "helper.fill()", "it: own = dict(helper.area)"),
            ("a name of a function further out", "", "", "it: own = list(ys)"),
        )
    ),
    same(
        "what the advice for a changed list says, followed",
        """
        import helper
        xs = [1]
        def push():
            xs.append(2)
        def f(ys):
            with executor.remotely.downloadAll():
                ys = list(ys)
                ys.append(2)
                own = dict(helper.area)
                helper.fill_this(own)
            return ys, own
        with executor.remotely.downloadAll():
            xs = list(xs)
            push()
        y = f([1])
        """,
        files={"helper.py": "area = {}\ndef fill_this(area):\n    area[1] = 1\n"},
    ),
]
