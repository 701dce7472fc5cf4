"""Values that travel there and back with their exact types, and the identity of objects."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

SETUP = """
import struct, math, datetime, decimal, fractions, collections, uuid, pathlib, re, zoneinfo, array, types
Decimal, Fraction, D = decimal.Decimal, fractions.Fraction, datetime
def nan(bits):
    return struct.unpack(">d", bits.to_bytes(8, "big"))[0]
"""

EXPRESSIONS: dict[str, list[str]] = {
    "bool and int": [
        "True",
        "1",
        "False",
        "0",
        "-1",
        "True + True",
        "int(True)",
        "bool(2)",
        "[True, 1, 1.0]",
    ],
    "big ints": ["2**64", "-2**63", "2**63 - 1", "10**100", "-(10**40)", "3**5000", "1 << 4000"],
    "floats": ["0.0", "-0.0", "1e308 * 10", "-1e400", "5e-324", "0.1 + 0.2", "1e16 + 1", "math.pi", "1.0"],
    "nan": [
        "float('nan')",
        "-float('nan')",
        "nan(0x7FF8000000000123)",
        "nan(0xFFF8000000000001)",
        "math.inf - math.inf",
    ],
    "complex": [
        "1j",
        "complex(-0.0, -0.0)",
        "complex(nan(0x7FF8000000000007), -0.0)",
        "(1 + 2j) ** 2",
        "-1j",
    ],
    "strings": ["''", "'é\\u4e00\\U0001F600'", "'\\udc80x\\ud800'", "'a' * 1000", "'\\x00'", "'\\r\\n'"],
    "bytes": ["b''", "b'\\x00\\xff'", "bytearray(b'ab')", "bytes(range(256))"],
    "singletons": ["None", "...", "NotImplemented", "[None, ..., NotImplemented]"],
    "range and slice": ["range(5)", "range(5, -5, -2)", "range(2**70)", "slice(1, None, 2)", "slice(None)"],
    "containers": [
        "[]",
        "()",
        "{}",
        "(1,)",
        "[[], [[]]]",
        "{'b': 1, 'a': 2, 3: None}",
        "{1: 'a', True: 'b', 1.0: 'c'}",
    ],
    "sets of ints": [
        "{3, 1, 2}",
        "set()",
        "frozenset({5, 4})",
        "{frozenset({1}), 2}",
        "set(range(1000, 0, -7))",
    ],
    "sets of strings": [
        "set('hello world')",
        "frozenset(['b', 'a', 'c'])",
        "{'x' + str(i) for i in range(50)}",
    ],
    "datetime": [
        "D.datetime(2024, 2, 29, 12, 30, 1, 5, fold=1)",
        "D.date(2024, 2, 29).isocalendar()",
        "D.datetime(2024, 1, 1, tzinfo=D.timezone.utc)",
        "D.date(1, 1, 1)",
        "D.time(23, 59)",
        "D.timedelta(days=-1, microseconds=7)",
        "D.timezone(D.timedelta(hours=5, minutes=30), 'X')",
        "D.datetime(2024, 3, 1) - D.datetime(2023, 3, 1)",
    ],
    "Decimal": [
        "Decimal('1.10')",
        "Decimal('-0')",
        "Decimal('sNaN12')",
        "Decimal('Infinity')",
        "Decimal(1) / 3",
    ],
    "Fraction": ["Fraction(2, 6)", "Fraction('-1.5')", "Fraction(1, 3) + 1", "Fraction(0.1)"],
    "collections": [
        "collections.OrderedDict([('b', 1), ('a', 2)])",
        "collections.Counter('abracadabra')",
        "collections.deque([1, 2, 3], maxlen=3)",
        "collections.defaultdict(list, {'a': [1]})",
        "collections.ChainMap({'a': 1}, {'b': 2})",
        "array.array('d', [1.5, -0.0])",
        "types.MappingProxyType({'a': 1}).copy()",
        "types.SimpleNamespace(b=1, a=[2])",
    ],
    "library objects": [
        "uuid.UUID(int=5)",
        "pathlib.PurePosixPath('/a/b')",
        "re.compile('a+(?P<n>b)', re.I)",
        "re.match('(a)(b)', 'ab').groups()",
        "memoryview(b'abc').tobytes()",
        "struct.Struct('<i').size",
    ],
    "types": [
        "int",
        "type(None)",
        "list[int]",
        "dict[str, int] | None",
        "type(...)",
        "collections.abc",
    ],
    "types of dict views": ["type({}.keys())"],
    "types without a name": ["type(len)", "type(iter([]))", "type(lambda: 0)"],
    "builtin functions": ["len", "math.sin", "str.join", "[].append.__name__", "abs", "print"],
}

NUMPY = """
import numpy as np
captured = np.arange(12, dtype=np.int16).reshape(3, 4)
fortran = np.asfortranarray(np.ones((2, 3)))
structured = np.array([(1, 2.5, b"x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "S3")])
"""

ARRAYS: dict[str, list[str]] = {
    "numpy dtypes": [
        "np.array([1, 2], dtype=np.uint8)",
        "np.array([1.5, -0.0, np.nan], dtype='>f4')",
        "np.array([True, False])",
        "np.array(['ab', 'c'])",
        "np.array([b'x'])",
        "np.array([1 + 2j])",
        "np.array(['2024-01-01'], dtype='M8[D]')",
        "np.array([1, 'a', None, [2]], dtype=object)",
        "structured",
        "structured['b']",
        "np.arange(3).dtype",
    ],
    "numpy shapes": [
        "np.zeros((0, 3))",
        "np.array(5)",
        "np.ones((2, 3, 4))",
        "captured.T",
        "captured * 2",
        "fortran + 0",
    ],
    "numpy orders": [
        "np.asfortranarray(np.eye(3))",
        "np.eye(3).T.copy('F')",
        "fortran",
        "np.arange(24).reshape(2, 3, 4)",
    ],
    "numpy scalars": [
        "np.float32(0.1)",
        "np.int64(5)",
        "captured[1, 2]",
        "np.bool_(True)",
        "np.str_('a')",
        "captured.sum()",
    ],
    "numpy views": [
        "captured[:, ::2].copy()",
        "captured[1:]",
        "captured.reshape(4, 3)",
        "np.arange(10)[::3]",
    ],
    "numpy arithmetic": [
        "np.sin(np.linspace(0, 1, 1000))",
        "captured @ captured.T",
        "np.cumsum(np.arange(100) / 7)",
        "np.sort(np.array([3, 1, 2]))",
        "np.add.reduce(np.arange(1000) * 0.1)",
        "np.dot(np.arange(300.0) / 7, np.arange(300.0) / 3)",
        "np.where(captured > 5, captured, 0)",
        "np.concatenate([captured, captured])",
        "np.linalg.norm(captured.astype(float))",
    ],
}


def _made_and_captured(name: str, setup: str, expressions: list[str]) -> list[Row]:
    listed = "".join(f"    v{i} = {expression}\n" for i, expression in enumerate(expressions))
    captured = "".join(f"c{i} = {expression}\n" for i, expression in enumerate(expressions))
    tags = "".join(f"    t{i} = type(c{i}).__name__, repr(c{i})\n" for i in range(len(expressions)))
    again = "".join(f"    b{i} = c{i}\n" for i in range(len(expressions)))
    header = "with executor.remotely.downloadAll():\n"
    return [
        same(f"{name}, made in the block", f"{setup}{header}{listed}"),
        same(f"{name}, captured", f"{setup}{captured}{header}{tags}{again}"),
    ]


ROWS = [row for name, items in EXPRESSIONS.items() for row in _made_and_captured(name, SETUP, items)]
ROWS += [row for name, items in ARRAYS.items() for row in _made_and_captured(name, NUMPY, items)]
ROWS += [
    same(
        "two names of one list",
        """
        with executor.remotely.downloadAll():
            a = b = [1, 2]
            c = {"x": a, "y": (b, [a])}
            d = [a[:], a]
        a.append(3)
        """,
    ),
    same(
        "cycles",
        """
        class Node:
            def __init__(self, v):
                self.v, self.next = v, self
        with executor.remotely.downloadAll():
            a = [1]
            a.append(a)
            d = {}
            d["self"] = d
            n = Node(1)
            m = Node(2)
            n.next, m.next = m, n
            t = ([],)
            t[0].append(t)
        ok = a[1] is a and n.next.next is n
        """,
    ),
    same(
        "captured objects come back as themselves",
        """
        xs, d, s = [1, 2], {"k": [3]}, {1}
        class A:
            pass
        a = A()
        a.xs = xs
        def f():
            pass
        with executor.remotely.downloadAll():
            ys, e, r, b, g, K = xs, d["k"], s, a, f, A
            both = [xs, a.xs, d]
            inner = a.xs
        ok = ys is xs, e is d["k"], r is s, b is a, g is f, K is A, both[0] is xs, both[1] is xs, inner is xs
        """,
    ),
    same(
        "a captured object inside a new one",
        """
        base = [1, 2, 3]
        with executor.remotely.downloadAll():
            wrapped = {"base": base, "copy": list(base)}
            many = [base for _ in range(10_000)]
        ok = wrapped["base"] is base, wrapped["copy"] is not base, all(x is base for x in many)
        """,
    ),
    same(
        "identity within a parallel loop",
        """
        shared = [0]
        with executor.remotely.downloadAll():
            mine = ["m"]
            rows = [mine for _ in range(30_000)]
            one = all(r is mine for r in rows)
            pairs = [(shared, mine, [i]) for i in range(30_000)]
            again = pairs[-1][0] is shared, pairs[-1][1] is mine, pairs[0][1] is pairs[-1][1]
            fresh = len({i for i in range(3)})
        """,
    ),
    same(
        "identity of elements of a captured list",
        """
        class A:
            def __init__(self, i):
                self.i = i
        objects = [A(i % 50) for i in range(20_000)]
        with executor.remotely.downloadAll():
            def pick(a):
                x = a.i
                for _ in range(8):
                    x = x * 31 % 1009
                return x
            chosen = [a for a in objects if pick(a) % 3 == 0]
            best = max((a for a in objects), key=pick)
            del pick
        mine = set(map(id, objects))
        count = sum(id(a) in mine for a in chosen)
        found = id(best) in mine
        del mine
        """,
    ),
    same(
        "identity of ints and strings is not asked",
        """
        with executor.remotely.downloadAll():
            a = None is None, True is True, ... is ...
            x = "abc"
            y = x
            b = x is y
        """,
    ),
    same(
        "a second block sees the first one's objects",
        """
        with executor.remotely.downloadAll():
            a = [1]
            b = {"a": a}
        with executor.remotely.downloadAll():
            same = b["a"] is a
            c = [a, b]
        ok = c[0] is a
        """,
    ),
    same(
        "hashes of values",
        """
        with executor.remotely.downloadAll():
            a = hash(5), hash(2**70), hash(0.5), hash((1, 2)), hash(None is None), hash(1j), hash(frozenset({1, 2}))
        """,
    ),
    same(
        "hash of a string",
        """
        here = hash("text")
        with executor.remotely.downloadAll():
            a = hash("text"), hash(b"x"), hash(("a", 1))
        """,
    ),
    same(
        "set of strings out of a parallel loop",
        """
        with executor.remotely.downloadAll():
            s = {str(i * 7919 % 5003) for i in range(60_000)}
            order = list(s)
        """,
    ),
    same(
        "order of a captured set of strings",
        """
        words = set("the quick brown fox jumps over the lazy dog".split())
        with executor.remotely.downloadAll():
            order = [w for w in words]
            joined = ",".join(words)
            first = next(iter(words))
            popped = set(words).pop()
        """,
    ),
    same(
        "order of dicts after deletes",
        """
        d = {i: str(i) for i in range(10)}
        del d[3]
        d[3] = "new"
        with executor.remotely.downloadAll():
            e = dict(d)
            del e[5]
            e[5] = 1
            order = list(d), list(e)
            item = e.popitem()
        """,
    ),
    same(
        "string methods and codecs",
        """
        with executor.remotely.downloadAll():
            a = "Straße".upper(), "ǅ".lower(), "a,b,,c".split(","), "x".center(5, "*"), "ﬁ".casefold()
            b = "é".encode("utf-16"), b"\\xff".decode("latin-1"), "\\udc80".encode("utf-8", "surrogateescape")
            c = "abc".translate({97: "z", 98: None}), "12".isdigit(), "½".isnumeric(), ascii("é")
            d = repr(1e22), repr(0.1), str(1e-7), "%r" % 1.0, float("1e23"), round(2.675, 2), round(0.5), round(-1.5)
        """,
    ),
    same(
        "int arithmetic at the edges",
        """
        with executor.remotely.downloadAll():
            a = [(x // y, x % y, divmod(x, y)) for x in (-7, 7, 2**63, -2**63) for y in (2, -2, 3, -1)]
            b = [x ** y for x in (-2, 3, 10) for y in (0, 1, 63, 64, -1)]
            c = sum(2**62 for _ in range(50_000)), sum(i ** 5 for i in range(50_000))
            d = [x << 3 for x in (2**62, -5)], -5 >> 1, ~5, 5 & -2, int("ff", 16), (255).to_bytes(2, "big")
            e = pow(3, 1000, 1007), math_isqrt(10**40)
        """.replace("with executor", "from math import isqrt as math_isqrt\n        with executor"),
    ),
    same(
        "float arithmetic at the edges",
        """
        import math
        xs = [0.0, -0.0, 1.5, -2.5, 1e308, 5e-324, math.inf, -math.inf, math.nan, 1/3]
        def op(f, *a):
            try:
                return f(*a)
            except (ValueError, OverflowError, ZeroDivisionError) as error:
                return str(error)
        with executor.remotely.downloadAll():
            a = [op(f, x, y) for f in (pow, math.fmod, math.atan2, math.copysign, divmod) for x in xs for y in xs]
            b = [op(f, x) for f in (math.sqrt, math.exp, math.log, math.sin, math.gamma, math.floor, round) for x in xs]
            c = [(x < y, x == y, max(x, y), min(x, y)) for x in xs for y in xs]
            s = sum(1.0 / (i + 1) for i in range(100_000)), sum([0.1] * 30_000), math.fsum(0.1 for _ in range(50_000))
            n = max(float(i % 7) if i % 11 else math.nan for i in range(50_000))
        """,
    ),
    same(
        "iterators of builtin containers: begun, at their end, and with what they go over",
        """
        def drained(it):
            for _ in it:
                pass
            return it
        own = {5: 6, 7: 8}
        mine = iter(own.items())
        next(mine)
        with executor.remotely.downloadAll():
            over = [[1], (1,), "a", "\u00e4\u20ac", b"a", bytearray(b"a"), range(2), range(10**30, 10**30 + 2)]
            ended = [drained(iter(x)) for x in over] + [drained(reversed([1])), drained(iter(int, 0))]
            begun = [iter(x) for x in over]
            d, s = {1: [2], 3: [4], 5: [6]}, {"x", 2, 3}
            its = [iter(d), iter(d.values()), iter(d.items()), reversed(d), reversed(d.items()), iter(s)]
            its.append(iter(frozenset("ab")))
            done = [drained(i) for i in (iter({}), iter({1: 2}), iter({1}), iter(d.items()))]
            for i in its:
                next(i)
            v = alias = iter(d.values())
            first = next(v)
        a = [(type(i), i.__reduce__()[1:], i.__length_hint__()) for i in ended[:-1] + begun + done]
        b = [type(i) for i in its], [list(i) for i in its], first is d[1], next(v) is d[3], alias is v, next(mine)
        try:
            d[9] = 1
            next(v)
        except RuntimeError as e:
            c = str(e)
        """,
    ),
    refused(
        "iterators: over a dict whose keys were swapped under it",
        "cannot be brought back",
        """
        with executor.remotely.downloadAll():
            d = {1: 2, 3: 4, 5: 6}
            i = iter(d)
            next(i)
            del d[1]
            d[7] = 8
        i.__next__
        """,
        refusal="UnconvertibleValueError",
    ),
]
