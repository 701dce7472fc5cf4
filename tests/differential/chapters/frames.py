"""Objects of pandas: captured, made in the block, and back."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

_MAKE = """
        import numpy as np, pandas as pd
        def make(kind):
            r = np.random.default_rng(3)
            n = 12
            if kind == "plain":
                made = {"a": r.random(n), "b": np.arange(n), "c": list("abcabcabcabc"), "d": r.random(n) > .5}
                return pd.DataFrame(made | {"e": r.random(n)})
            if kind == "dates":
                made = {"t": pd.date_range("2020-01-01", periods=n, freq="D"), "td": pd.to_timedelta(np.arange(n), "s")}
                zoned = pd.date_range("2020", periods=n, freq="h", tz="Europe/Berlin")
                return pd.DataFrame(made | {"u": zoned}).set_index("t")
            if kind == "masked":
                k = pd.Categorical(list("xyzxyzxyzxyz"), categories=["z", "y", "x"], ordered=True)
                s, i = pd.array(["a", None] * 6, dtype="string"), pd.array([1, None, 3] * 4, dtype="Int64")
                f, o = pd.array([1.5, None] * 6, dtype="Float64"), pd.array([True, None] * 6, dtype="boolean")
                return pd.DataFrame({"k": k, "s": s, "i": i, "f": f, "o": o})
            if kind == "levels":
                index = pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["p", "q"])
                columns = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1), ("y", 2)])
                return pd.DataFrame(r.random((6, 4)), index=index, columns=columns)
            if kind == "odd":
                odd = {"p": pd.period_range("2020-01", periods=n, freq="M"), "iv": pd.interval_range(0, n)}
                odd["o"] = [[1], (2,), {3}, None, "x", 1.5] * 2
                odd["nan"] = [float("nan"), None, np.nan, -np.nan] * 3
                return pd.DataFrame(odd | {"sp": pd.arrays.SparseArray([0.0, 0.0, 1.0] * 4)})
            if kind == "series":
                return pd.Series(r.random(n), index=list("abcdefghijkl"), name="nm")
            if kind == "indices":
                found = [pd.RangeIndex(2, 20, 3, name="r"), pd.Index([1, 2, 3], dtype="int8"), pd.Index(["a", "b"])]
                found += [pd.date_range("2021", periods=4, freq="MS", tz="UTC"), pd.CategoricalIndex(list("aba"))]
                found += [pd.IntervalIndex.from_breaks([0, 1, 2]), pd.period_range("2020Q1", periods=3, freq="Q")]
                return [*found, pd.TimedeltaIndex(["1s", "2s"]), pd.MultiIndex.from_arrays([[1, 1, 2], list("aba")])]
            if kind == "scalars":
                found = [pd.Timestamp("2020-01-01 01:02:03.123456789"), pd.Timestamp("2020-07-01", tz="Asia/Tokyo")]
                found += [pd.Timestamp("2020-01-01").as_unit("s"), pd.Timedelta("1d 2ns"), pd.NaT, pd.NA]
                found += [pd.Period("2020-03", "M"), pd.Interval(1, 2, closed="both"), pd.offsets.BDay(3)]
                return [*found, pd.DateOffset(months=2), pd.CategoricalDtype(["a", "b"], ordered=True), pd.Int64Dtype()]
            if kind == "views":
                d = pd.DataFrame(np.asfortranarray(r.random((50, 4))), columns=list("abcd"))
                return [d, d.T, d[["c", "a"]], d.iloc[::2], d["a"], d["a"][::3], pd.concat([d, d]), d.loc[:, "b":"c"]]
        kinds = "plain dates masked levels odd series indices scalars views".split()
"""
_CHANGES = (
    ("plain", "x['z'] = 1"),
    ("plain", "x.loc[3, 'a'] = 9.0"),
    ("plain", "x.sort_values('a', inplace=True)"),
    ("plain", "del x['a']"),
    ("plain", "x.columns = list('vwxyz')"),
    ("plain", "x.index.name = 'q'"),
    ("plain", "x['a'].values[0] = 5.0"),
    ("plain", "x.iloc[2:5]['a'].values[:] = 0"),
    ("plain", "x.copy(deep=False).iloc[0, 0] = 9.0"),
    ("plain", "x.attrs['k'] = 1"),
    ("plain", "x.flags.allows_duplicate_labels = False"),
    ("plain", "x.own = 3"),
    ("series", "x += 1"),
    ("series", "x.name = 'q'"),
    ("series", "x.loc['new'] = 2.0"),
    ("masked", "x.loc[0, 'i'] = None"),
    ("masked", "x['k'].array[0] = 'y'"),
    ("masked", "x['s'].array[0] = 'y'"),
    ("dates", "x['td'].array[0] = pd.Timedelta('5s')"),
    ("odd", "x['o'].iloc[0].append(2)"),
    ("levels", "x.index.names = ['P', 'Q']"),
    ("indices", "x[1].values[0] = 5"),
    ("views", "x[4].iloc[0] = 5.0"),
)

ROWS: list[Row] = [
    same(
        "frames: all kinds, captured and made in the block",
        _MAKE
        + """
        mine = [make(kind) for kind in kinds]
        with executor.remotely.downloadAll():
            back = [one for one in mine]
            other = [make(kind) for kind in kinds]
        a = [one is two for one, two in zip(mine, back)]
        """,
    ),
    same(
        "frames: reading is no change",
        _MAKE
        + """
        x, m, s, d, o, i = (make(kind) for kind in "plain levels masked dates odd indices".split())
        t = pd.Series(["aB", "c d", None])
        u = make("plain")
        u["z"] = u.a * 2
        with executor.remotely.downloadAll():
            a = x.describe(), x.groupby("c")[["a", "e"]].sum(), x.sort_values("a"), x[x.b > 3], x.iloc[3], x.e.std()
            a += x["c"].value_counts(), x.pivot_table(values="a", index="c", columns="d"), x.merge(x, on="c"), x.T
            a += x.corr(numeric_only=True), x.rolling(2)["a"].mean(), list(x.itertuples()), x.to_csv(), str(x)
            b = s.groupby("k", observed=False).size(), s.k.cat.codes, s.s.str.upper(), s.i.sum(), s.f.mean(), s.isna()
            c = m.loc["a"], m.xs(2, level="q"), m.unstack(), m.sum(axis=1), m["x"], m.index.get_loc(("a", 2))
            e = d.resample("3D").size(), d.u.dt.hour, d.loc["2020-01-03":"2020-01-05"], d.index.month, d.td.sum()
            f = o.p.dt.year, o.sp.sum(), o.nan.isna().sum(), [(k.is_unique, k.is_monotonic_increasing) for k in i]
            g = t.str.upper(), t.str.extract(r"(.)(.)"), u.groupby("c").a.sum(), u.mean(numeric_only=True)
        """,
    ),
    same(
        "frames: numbers that depend on how blocks lie in memory",
        _MAKE
        + """
        x = pd.DataFrame(np.random.default_rng(1).random((999, 7)))
        y = x.T.iloc[:, ::3]
        with executor.remotely.downloadAll():
            z = x * 3
            a = [f(d) for d in (x, y, z, z.T) for f in (pd.DataFrame.sum, pd.DataFrame.mean, lambda d: d.values.sum())]
            a += [(d.to_numpy().strides, d.sum(axis=1)) for d in (x, y, z)] + [x.T @ x]
        b = z.sum(), z.values.sum(), z.values.strides
        """,
    ),
    same(
        "frames: views share memory after the block",
        _MAKE
        + """
        import warnings
        warnings.simplefilter("ignore")
        with executor.remotely.downloadAll():
            x = make("views")[0]
            s, w, a, t = x["a"], x.iloc[3:9], x.values, x.T
        s.iloc[0], w.iloc[0, 1], a[7, 2] = 5.0, 6.0, 9.0
        b = x.copy(), s.copy(), w.copy(), a.copy(), t.copy()
        """,
    ),
    same(
        "frames: attributes, flags, classes of one's own",
        _MAKE
        + """
        import warnings
        warnings.simplefilter("ignore")
        class F(pd.DataFrame):
            _metadata = ["meta"]
            @property
            def _constructor(self):
                return F
            def total(self):
                return float(self.a.sum())
        x, s, i, f = make("plain"), make("series"), make("indices"), F(make("plain"))
        x.own, s.own, i[0].own, i[3].own, f.meta, f.own = [1, 2], "q", 3, 4, {"k": 1}, 7
        x.attrs["k"] = [1]
        with executor.remotely.downloadAll():
            a = x.own, s.own, i[0].own, i[3].own, f.meta, f.own, f.total(), f[f.b > 3].meta, x.attrs
            y = make("plain").set_flags(allows_duplicate_labels=False)
            y.own = x.own
            g = F(y)
            g.meta = 5
            h = g[g.b > 2]
        b = y.own is x.own, type(h) is F, h.meta
        """,
    ),
    same(
        "frames: options",
        _MAKE
        + """
        x = make("plain")
        pd.set_option("display.precision", 2)
        pd.options.display.max_columns = 3
        with executor.remotely.downloadAll():
            a = str(x), repr(x.a)
            pd.set_option("display.max_rows", 6)
            b = str(x)
        c = str(x), pd.get_option("display.max_rows")
        """,
    ),
    same(
        "frames: in parallel loops",
        """
        import pandas as pd, numpy as np
        x = pd.DataFrame({"a": np.arange(3000) * .1, "k": list("abc") * 1000})
        def f(i):
            return float(x.a.iloc[i % 3000]) * 2
        def g(i):
            y.loc[i % 100, "a"] += i
            return i
        with executor.remotely.downloadAll():
            a = [f(i) for i in range(6000)], sum(f(i) for i in range(6000)), {k: v.a.sum() for k, v in x.groupby("k")}
            b = [x.iloc[i:i + 3] for i in range(100)], sum(x.a), [z + 1 for z in x.a], [r.a for r in x.itertuples()]
            y = pd.DataFrame({"a": np.zeros(100)})
            c = [g(i) for i in range(2000)]
        """,
    ),
    same(
        "frames: exceptions",
        """
        import pandas as pd
        x = pd.DataFrame({"a": [1.5, 2], "b": [3, 4]})
        with executor.remotely.downloadAll():
            found = []
            for f in (lambda: x.loc[7], lambda: x.merge(x, on="q"), lambda: pd.Timestamp("no"), lambda: bool(x)):
                try:
                    f()
                except Exception as error:
                    found.append((type(error), error.args))
            x["no"]
        """,
        raises="KeyError",
    ),
    *(
        refused(f"frames: changing a captured one: {kind}: {change}", "`x` was changed inside the block", _MAKE + f"""
        x = make({kind!r})
        with executor.remotely.downloadAll():
            {change}
        """)
        for kind, change in _CHANGES
    ),
    *(
        refused(f"frames: an option that is a function, {where}", "cannot be sent to another process", _MAKE + text)
        for where, text in (
            ("before the block", """
        pd.set_option("display.float_format", "{:.2f}".format)
        with executor.remotely.downloadAll():
            a = 1
        """),
            ("set in it", """
        with executor.remotely.downloadAll():
            pd.set_option("display.float_format", "{:.2f}".format)
        """),
        )
    ),
    *(
        refused(f"frames: that copy on write, {where}", "do not travel yet; use pandas 2", _MAKE + """
        pd.options.mode.copy_on_write = True
        """ + text, refusal="UnconvertibleValueError")
        for where, text in (
            ("captured", """
        x = make("plain")
        with executor.remotely.downloadAll():
            a = x.a.sum()
        """),
            ("brought back", """
        with executor.remotely.downloadAll():
            x = make("plain")
        x.a
        """),
        )
    ),
    refused(
        "frames: a sample without a seed",
        "draws from a hidden random state",
        _MAKE
        + """
        with executor.remotely.downloadAll():
            a = make("plain").sample(5)
        """,
    ),
    refused(
        "frames: the present",
        "reads a clock",
        """
        import pandas as pd
        with executor.remotely.downloadAll():
            a = pd.Timestamp.now()
        """,
    ),
]  # fmt: skip
