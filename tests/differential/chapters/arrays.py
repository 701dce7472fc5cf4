"""Arrays of numpy as they lie in memory: captured, made in the block, and back."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

_FACTS = """
        import numpy as np
        def facts(x):
            return x.strides, x.shape, str(x.dtype), x.flags.c_contiguous, x.flags.f_contiguous, x.flags.writeable
        def views(a):
            return [a, a[::2], a[:, 1:3], a[::-1, ::-2], a.T, a.T[1:], a[1], a[:, 1], a[None, ::3], a[1, 1, ...]]
"""

ROWS: list[Row] = [
    same(
        "arrays: strides of views, captured and back, each on its own",
        _FACTS
        + """
        kinds = [np.arange(60).reshape(6, 10), np.asfortranarray(np.ones((4, 5), "f4")), np.ones((3, 4), "M8[s]")]
        kinds += [np.array([[(1, 2.5)] * 4] * 3, [("a", "i1"), ("b", "f8")]), np.array([["x", 1, None]] * 4, object)]
        number = 10
        for kind in kinds:
            for i in range(number):
                x = views(kind.copy("K"))[i]
                with executor.remotely.downloadAll():
                    a = facts(x), x.tolist()
                    y = views(kind.copy("K"))[i]
                b = facts(x), facts(y), y.tolist()
                assert a == (facts(x), x.tolist())
        """,
    ),
    same(
        "arrays: numbers that depend on how an array lies",
        """
        import numpy as np
        random = np.random.default_rng(0)
        a, b = random.random(10001)[::3], random.random((300, 301))[:, ::2]
        with executor.remotely.downloadAll():
            x = float(np.dot(a, a)), float(b.sum()), (b * 2).strides, (b.T * 2).strides, float(np.dot(b.T, b).sum())
        y = float(np.dot(a, a)), float(b.sum())
        """,
    ),
    same(
        "arrays: views of one array share its memory, in the block and after it",
        _FACTS
        + """
        with executor.remotely.downloadAll():
            v = (a := np.arange(60).reshape(6, 10))[1:, ::2]
            w = a[:, 4]
            u, t = np.zeros(9)[1:5], None
            t = u[1:]
            s, r = np.arange(8)[:4], np.arange(8)[4:]
        v[:] = -1
        w[:] = 7
        t[0] = 5
        b = facts(v), facts(w), facts(u), facts(t), v.base is w.base
        """,
    ),
    same(
        "arrays: captured ones that share their memory",
        _FACTS
        + """
        a = np.arange(24)
        v, w = a[2:10], a[6:20:3]
        whole = np.zeros((4, 4))
        row, column = whole[1], whole[:, 1]
        with executor.remotely.downloadAll():
            x = np.shares_memory(v, w), np.shares_memory(row, column), facts(v), facts(w), facts(column)
            y = v[1:3]
            z = column[::2]
            k = w[::-1]
        y[:] = -1
        z[:] = -2
        k[0] = -3
        """,
    ),
    same(
        "arrays: read-only ones, broadcast ones, sliding windows",
        _FACTS
        + """
        a = np.broadcast_to(np.arange(3.0), (1000, 3))
        b = np.lib.stride_tricks.sliding_window_view(np.arange(10), 4)
        c = np.arange(5)
        c.flags.writeable = False
        with executor.remotely.downloadAll():
            x = facts(a), facts(b), facts(c), float(a.sum()), b.tolist()
            y = np.broadcast_to(np.arange(2), (7, 2))
            z = np.lib.stride_tricks.sliding_window_view(np.arange(6), 2)
            w = c[::2]
        d = [facts(q) for q in (y, z, w)]
        """,
    ),
    same(
        "arrays: in a parallel loop and out of one",
        _FACTS
        + """
        a = np.arange(6000.0).reshape(100, 60)[::2, ::3]
        def f(i):
            for _ in range(900): pass
            return float(np.dot(a[i % 50], a[i % 50])) + a.strides[0]
        def g(i):
            for _ in range(900): pass
            return np.arange(i % 7 + 4)[::2]
        with executor.remotely.downloadAll():
            x = [f(i) for i in range(4000)]
            y = [g(i) for i in range(4000)]
        z = {facts(q) for q in y}
        del y
        """,
    ),
    refused(
        "arrays: changing a view of a captured one",
        "was changed inside the block",
        """
        import numpy as np
        a = np.zeros((4, 4))
        v = a[:, 1]
        with executor.remotely.downloadAll():
            v[0] = 1
        """,
    ),
    refused(
        "arrays: a few elements far apart",
        "make a copy of it: array.copy()",
        """
        import numpy as np
        a = np.zeros(60_000_000)[::1_000_000]
        with executor.remotely.downloadAll():
            x = float(a.sum())
        """,
        refusal="UnconvertibleValueError",
    ),
    same(
        "arrays: masked ones, with and without a mask, a hard one, a fill value",
        """
        import numpy as np
        mine = np.ma.array([1.5, 2], hard_mask=True)
        with executor.remotely.downloadAll():
            made = [np.ma.array([1.5, 2]), np.ma.array([1, 2, 3], mask=[0, 1, 0], hard_mask=True, fill_value=7), mine]
            a = [(x.mask is np.ma.nomask, x.hardmask, x.sharedmask, x.sum()) for x in made]
        b = [(x.mask is np.ma.nomask, x.hardmask, x.sharedmask, x.filled().tolist()) for x in made], made[2] is mine
        made[1][1] = 9
        c = made[1].tolist()
        """,
    ),
]
