"""Sets that travel: their order is the one that the local CPython gives, wherever they are and wherever they were."""

from __future__ import annotations

from tests.differential.rows import Row, same

# Each of them, filled again in its order, has another one. Strings hash as on the workers: the seed is fixed here.
MAKING = """
    words = {f"w{i * 7919 % 503}" for i in range(300)}
    thinned = set(range(0, 4096, 8))
    for i in range(500):
        thinned.discard(i * 16)
        thinned.add(i << 20)
    odd = [
        {7, 31}, frozenset([7, 31]), frozenset({7, 31, 39, 71, 8}), {-1, -2, -9, 7, 15}, {i << 20 for i in range(1000)},
        {i / 8 for i in range(500)}, {(i % 7, i % 11) for i in range(77)}, {i * 7919 % 100_003 for i in range(5000)},
        words, frozenset(words), thinned, {frozenset([7, 31]), frozenset(words)}, {2**61 - 1, 0, 2**61, 1, 8, 16},
    ]
"""

ROWS: list[Row] = [
    same(
        "captured sets and dicts of instances that are hashed by what their module has",
        """
        from helper import Key
        KIND = 3
        def kind_of(number):
            return number % KIND
        class Own:
            def __init__(self, number):
                self.number = number
            def __hash__(self):
                return hash((Own.__name__, kind_of(self.number)))
            def __eq__(self, other):
                return isinstance(other, Own) and self.number == other.number
        a_set = {Own(i) for i in range(9)}
        a_dict = {Key(i): i for i in range(9)}
        def ask():
            table = {Key(i): Own(i) for i in range(5)}
            with executor.remotely.downloadAll():
                found = table[Key(2)].number
            return found
        with executor.remotely.downloadAll():
            found = Own(4) in a_set, a_dict[Key(5)], [own.number for own in a_set]
        asked = ask()
        """,
        files={
            "helper.py": """
            KIND = "k"
            def mixed(number):
                return KIND, number % 3
            class Key:
                def __init__(self, number):
                    self.number = number
                def __hash__(self):
                    return hash(mixed(self.number))
                def __eq__(self, other):
                    return isinstance(other, Key) and self.number == other.number
            """
        },
    ),
    same(
        "sets and dicts of instances that are compared by what the block has bound",
        """
        with executor.remotely.downloadAll():
            def kind_of(number):
                return number % 3
            class Key:
                def __init__(self, number):
                    self.number = number
                def __hash__(self):
                    return hash(kind_of(self.number))
                def __eq__(self, other):
                    return isinstance(other, Key) and self.number == other.number
            keys = {Key(i) for i in range(9)}
            by_key = {Key(i): i for i in range(9)}
        numbers = [key.number for key in keys]
        found = by_key[Key(4)], Key(5) in keys, len(keys), list(by_key.values())
        """,
    ),
    same(
        "order of captured sets",
        MAKING
        + """
    with executor.remotely.downloadAll():
        orders = [list(s) for s in odd]
        others = [list(set(s)) for s in odd], [list(s | {1, 64}) for s in odd], [set(s).pop() for s in odd]
        sizes = [s.__sizeof__() for s in odd]
    """,
    ),
    same(
        "order of returned sets",
        f"""
    with executor.remotely.downloadAll():
        {MAKING.replace(chr(10), chr(10) + "    ").strip()}
    orders = [list(s) for s in odd]
    sizes = [s.__sizeof__() for s in odd]
    """,
    ),
    same(
        "order of returned sets that are added to later",
        """
    numbers = {i * 24 for i in range(100)}
    with executor.remotely.downloadAll():
        s = set(numbers)
        for i in range(0, 100, 3):
            s.discard(i * 24)
            s.add(i << 20)
    for i in range(400):
        s.add(i * 16)
    order = list(s)
    """,
    ),
    same(
        "order of what is popped from a returned set",
        """
    with executor.remotely.downloadAll():
        s = set(range(0, 800, 8))
        for i in range(60):
            s.pop()
            s.add(i << 20)
    order = [s.pop() for i in range(50)]
    """,
    ),
    same(
        "order of sets whose elements took the slots of removed ones",
        """
    def turned_over(size, step):
        s = set(range(0, size * step, step))
        for i in range(size):
            s.pop()
            s.add(i * 7919 % (size * step))
            s.add(i << 20)
            s.discard(i * step // 2)
        return s
    captured = [turned_over(size, step) for size in (3, 5, 40, 600) for step in (1, 3, 8)]
    with executor.remotely.downloadAll():
        orders = [list(s) for s in captured], [list(frozenset(s)) for s in captured]
        made = [turned_over(size, step) for size in (3, 5, 40, 600) for step in (1, 3, 8)]
        frozen = [frozenset(s) for s in made]
        looped = [turned_over(4, i % 9 + 1) for i in range(3000)]
    back = [list(s) for s in [*captured, *made, *frozen, *looped]]
        """,
    ),
    same(
        "order of sets inside of other objects",
        """
    import dataclasses, collections, functools

    class Plain:
        def __init__(self, held): self.held = held

    class Slotted:
        __slots__ = ("held",)

    class Hooked:
        def __init__(self): self.numbers = [7, 31]
        def __getstate__(self): return {"made": set(self.numbers)}

    class Mine(set):
        pass

    class Frozen(frozenset):
        pass

    class Filled(set):
        def __init__(self, *given): super().__init__(given)

    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int
        def __hash__(self): return self.x

    slotted = Slotted(); slotted.held = {7, 31}
    mine = Mine([7, 31]); mine.name = "mine"
    points = {Point(7), Point(31), Point(15)}
    ring = Plain(None); ring.held = {7, 31, 2, 12}; ring.again = [ring, ring.held]
    things = [{"a": {7, 31}}, ({7, 31},), Plain({7, 31}), slotted, ring, collections.deque([{7, 31}])]
    bound = functools.partial(list, {7, 31})
    def default(s=frozenset([7, 31]), *, t={7, 31}): return list(s), list(t)
    def closing():
        s = {7, 31}
        return lambda: list(s)
    close = closing()
    class Attributed:
        S = frozenset([7, 31])
    with executor.remotely.downloadAll():
        a = list(things[0]["a"]), list(things[1][0]), list(things[2].held), list(slotted.held), list(ring.held)
        b = bound(), default(), close(), list(Attributed.S), list(mine), mine.name, [p.x for p in points]
        c = ring.again[1] is ring.held, list(Frozen([7, 31])), list(things[5][0])
        d = [Mine({7, 31}), Frozen({7, 31}), Frozen([7, 31]), Filled(7, 31), {"k": [Plain({7, 31})]}]
        e = {Point(7), Point(31)}
    """,
    ),
    same(
        "order of a set of a module",
        """
    import beside
    with executor.remotely.downloadAll():
        a = list(beside.NUMBERS), beside.listed(), [list(s) for s in beside.TABLE.values()]
    """,
        files={
            "beside.py": """
            NUMBERS = {7, 31}
            TABLE = {"a": frozenset([7, 31]), "b": {i << 20 for i in range(100)}}
            def listed(): return list(NUMBERS)
            """
        },
    ),
    same(
        "order of captured sets in a parallel loop",
        MAKING
        + """
    def work(i):
        return [x for s in odd[:4] for x in s] + list(odd[i % len(odd)])[:5]
    with executor.remotely.downloadAll():
        a = [work(i) for i in range(40_000)][::501]
        b = [list(odd[0]) for i in range(400_000)][::5003]
        for s in [set(odd[8])]:
            c = [next(iter(s)) for i in range(300_000)][-3:]
    """,
    ),
    same(
        "order of sets out of a parallel loop",
        """
    def work(i):
        total = 0
        for j in range(300):
            total += j * i
        return {7, 31, i}, frozenset([7, 31]), {f"w{i * j % 503}" for j in range(20)}, {(i % 5) << 20, 1 << 20, 0}
    with executor.remotely.downloadAll():
        a = [work(i) for i in range(6000)]
        b = {i: work(i)[0] for i in range(6000)}
    orders = [list(s) for sets in a[::50] for s in sets], [list(s) for s in list(b.values())[::50]]
    """,
    ),
    same(
        "a set that comes back is the client's own, and so is what it holds",
        """
    s, f = {7, 31}, frozenset([7, 31])
    with executor.remotely.downloadAll():
        t, g, both, fresh = s, f, [s, f], {7, 31}
    same = t is s, g is f, both[0] is s, both[1] is f, list(fresh) == list(s)
    """,
    ),
    same(
        "order of a set in an exception",
        """
    try:
        with executor.remotely.downloadAll():
            raise ValueError({7, 31}, frozenset([7, 31]))
    except ValueError as error:
        order = [list(s) for s in error.args]
    """,
    ),
]
