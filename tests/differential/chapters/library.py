"""Objects and functions of the standard library that need more than pickle."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

ROWS: list[Row] = [
    same(
        "struct.Struct, captured and made in the block",
        """
        import struct
        S = struct.Struct('<I')
        unpack, also = S.unpack, {1: S}
        def f(i):
            return S.unpack(S.pack(i))[0]
        with executor.remotely.downloadAll():
            numbers = [f(i) for i in range(60_000)]
            total = sum(numbers) + unpack(b'\\1\\2\\3\\4')[0]
            same_one = also[1] is S
            made = [struct.Struct(b'>H'), struct.Struct('=3s')]
            again = S
        told = [(s.format, s.size, s.pack(7)) for s in made[:1]], made[1].pack(b'ab'), again is S
        """,
    ),
    same(
        "random, seeded in the block",
        """
        import random
        with executor.remotely.downloadAll():
            random.seed(1)
            x = [random.random() for _ in range(3)], random.gauss(0, 1), random.randint(1, 6)
            y = random.sample(range(100), 3), random.choice('abc'), random.getrandbits(70)
            z = list(range(10))
            random.shuffle(z)
            state = random.getstate()
            random.seed('text', version=2)
            z += random.choices(z, k=3)
            random.setstate(state)
        after = random.random(), random.gauss(0, 1), random.gauss(0, 1)
        """,
    ),
    same(
        "random, seeded in the block, its functions held elsewhere",
        """
        import random
        from random import randint, random as draw, seed
        class A:
            pick, draw = random.choice, draw
        held = {'f': random.uniform, 'g': draw}
        with executor.remotely.downloadAll():
            seed(4)
            x = randint(1, 6), draw(), A().pick('abc'), A.pick('abc'), A().draw(), held['f'](1, 2), held['g']()
            k = random.randint
        after = draw(), k is random.randint, k == random.randint
        del randint, draw, held, k
        """,
    ),
    same(
        "random, seeded in the block, drawn in parallel loops",
        """
        import random, statistics
        def f(i):
            for _ in range(9): pass
            return random.random() * i
        def g(i):
            for _ in range(9): pass
            return random.random() if i == 40_000 else i
        def h(i):
            random.seed(i)
            return random.random()
        def n(i):
            return statistics.NormalDist(0, 1).samples(1)[0]
        with executor.remotely.downloadAll():
            random.seed(4)
            a = sum(f(i) for i in range(60_000)), max(f(i) for i in range(60_000))
            b = [random.randint(0, i) for i in range(60_000)]
            c = all(random.random() < 0.9999 for i in range(100_000))
            d = sum(g(i) for i in range(60_000)), len({g(i) for i in range(60_000)})
            e = sum(n(i) for i in range(20_000))
            between = random.random()
            f = sum(h(i) for i in range(20_000))
            del f
        after = random.random()
        """,
    ),
    same(
        "random, seeded in a parallel loop",
        """
        import random
        def h(i):
            random.seed(i)
            return random.random()
        with executor.remotely.downloadAll():
            x = sum(h(i) for i in range(40_000))
        after = random.random()
        """,
    ),
    same(
        "random, seeded in a block that fails",
        """
        import random
        try:
            with executor.remotely.downloadAll():
                random.seed(3)
                a = random.random()
                1 / 0
        except ZeroDivisionError:
            after = random.random()
        """,
    ),
    same(
        "random, its state set in the block",
        """
        import random
        state = random.Random(5).getstate()
        with executor.remotely.downloadAll():
            random.setstate(state)
            a = random.random()
        after = random.random()
        """,
    ),
    refused(
        "random, seeded in another block",
        "random.random() draws from a hidden random state",
        """
        import random
        with executor.remotely.downloadAll():
            random.seed(3)
        with executor.remotely.downloadAll():
            a = random.random()
        """,
    ),
    same(
        "numpy.random, seeded in the block",
        """
        import numpy as np
        from numpy.random import rand, seed
        def f(i):
            for _ in range(9): pass
            return float(rand()) * i
        with executor.remotely.downloadAll():
            seed(3)
            a = np.random.rand(3), np.random.normal(), np.random.beta(1, 2), np.random.randint(5)
            b = sum(f(i) for i in range(20_000)), np.random.permutation(5), np.random.get_state()[2]
        after = np.random.rand(), np.random.normal()
        del rand, seed
        """,
    ),
    same(
        "numpy.random, imported and seeded in the block",
        """
        with executor.remotely.downloadAll():
            import numpy as np
            np.random.seed(2)
            a = np.random.rand()
        b = np.random.rand()
        """,
    ),
    same(
        "numpy, a captured RandomState is asked for its state",
        """
        import copy
        import numpy as np
        captured = np.random.RandomState(5)
        with executor.remotely.downloadAll():
            r = copy.deepcopy(captured)
            x = r.rand(), r.get_state()[2]
        """,
    ),
    same(
        "matches of regular expressions",
        """
        import re
        P = re.compile(r'(\\w)(\\d+)?')
        captured = P.search('  a12 b')
        text = 'a1 b2 c d ' * 500
        def f(i):
            for _ in range(9): pass
            return re.search('(9)|(8)', str(i))
        def facts(m):
            return m and (m.group(), m.regs, m.pos, m.endpos, m.lastgroup, m.lastindex, m.re.pattern, m.string is text)
        with executor.remotely.downloadAll():
            found = [
                P.search('xx y22'), re.match('(?P<n>a)b', 'abab'), re.fullmatch('a+?', 'aaa'), re.search(b'a', b'bab'),
                P.match('a1a2', 2), P.search('a1a2', 1, 3), captured,
                *P.finditer(text, 1, 4000), *re.finditer('a*?', 'baac'),
            ]
            seen = []
            re.sub('b|(c)', lambda m: seen.append(m) or 'x', 'abcb')
            looped = [f(i) for i in range(8_000)]
            span = captured.span(2), captured.re is P
        told = [facts(m) for m in [*found, *seen, *looped]]
        same_ones = found[6] is captured, found[7].string is found[8].string, found[7].re is P
        """,
    ),
    same(
        "closed files left in names",
        """
        import io
        with executor.remotely.downloadAll():
            with open(__file__) as f:
                line = f.readline()
            with open(__file__, 'rb') as g:
                data = g.readline()
            with open(__file__, 'rb', buffering=0) as h, io.StringIO('a') as s, io.BytesIO() as b:
                pass
            held = {'files': [f, g]}
        told = [(repr(x), x.name, x.mode, x.closed) for x in (f, g, h)], f.encoding, f.errors, held['files'][0] is f
        closed = s.closed, b.closed
        for file in (f, g, h, s, b):
            try:
                file.read()
            except ValueError as error:
                told += str(error),
        """,
    ),
    same(
        "a captured closed file",
        """
        with open(__file__) as f:
            pass
        with executor.remotely.downloadAll():
            told = f.name, f.mode, f.closed, repr(f)
            again = f
        ok = again is f
        """,
    ),
    refused(
        "an open file left in a name, read later",
        "`f`, which the block bound to an object of the type _io.TextIOWrapper, cannot be brought back",
        """
        with executor.remotely.downloadAll():
            f = open(__file__)
            line = f.readline()
        f.readline()
        """,
        "UnconvertibleValueError",
    ),
    refused(
        "a generator left in a name, read later",
        "`g`, which the block bound to an object of the type generator, cannot be brought back",
        """
        with executor.remotely.downloadAll():
            g = (i for i in range(4))
        list(g)
        """,
        "UnconvertibleValueError",
    ),
    refused(
        "a captured open file, read in the block",
        "`f` cannot be sent to the cluster: an open file",
        """
        f = open(__file__)
        with executor.remotely.downloadAll():
            line = f.readline()
        """,
        "UnconvertibleValueError",
    ),
    same(
        "warnings of the compiler are shown once",
        """
        import warnings
        def f(a):
            return a is 1
        def g():
            with executor.remotely.downloadAll():
                x = 1
                y = x is 1
                z = "\\d"
                many = sum(i is 1 for i in range(60_000))
                warnings.warn("one of the block's own")
            return y
        told = g(), f(2)
        """,
    ),
    same(
        "warnings of the compiler, and filters that make errors of them",
        """
        import warnings
        def g():
            with executor.remotely.downloadAll():
                x = 1
                y = x is 1, "\\d"
            return y
        warnings.simplefilter("error")
        told = g()
        """,
    ),
    same(
        "a block does not have warnings shown again",
        """
        import warnings
        def f():
            warnings.warn("shown once")
        for i in range(3):
            f()
            with executor.remotely.downloadAll():
                x = "\\d"
        """,
    ),
]
