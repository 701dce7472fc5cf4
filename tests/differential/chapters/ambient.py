"""What surrounds a block and decides with it: the working directory, context variables, what is registered."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

_SHOW = """
        import functools
        @functools.singledispatch
        def show(x):
            "doc"
            return "other"
        @show.register
        def _(x: int):
            return f"int {x}"
        @show.register(list)
        def _(x):
            return [show(y) for y in x]
        class P: pass
        show.register(P, lambda x: "P")
        show.unit = "m"
"""

_PACKAGE = {"site-packages/onlyhere.py": "__version__ = '1.2'\nx = 1\n"}
_ITS_PLACE = """
        import os, sys
        sys.path.insert(0, os.path.abspath("site-packages"))
"""

ROWS: list[Row] = [
    refused(
        "ambient: a package that the worker does not have",
        "your program uses onlyhere 1.2, which is not installed on the worker; install that version there",
        _ITS_PLACE
        + """
        import onlyhere
        with executor.remotely.downloadAll():
            a = onlyhere.x
        """,
        refusal="UnconvertibleValueError",
        files=_PACKAGE,
    ),
    refused(
        "ambient: a package that the worker does not have, imported in the block",
        "your program uses onlyhere 1.2, which is not installed on the worker; install that version there",
        _ITS_PLACE
        + """
        import onlyhere
        def f():
            try:
                import onlyhere
                return 1
            except BaseException:
                return 2
        with executor.remotely.downloadAll():
            a = f()
        """,
        refusal="UnconvertibleValueError",
        files=_PACKAGE,
    ),
    same(
        "ambient: a package that the worker does not have, in a branch that is not taken",
        _ITS_PLACE
        + """
        def f(x):
            if x:
                import onlyhere
                return onlyhere.x
            return 2
        with executor.remotely.downloadAll():
            a = f(0)
        """,
        files=_PACKAGE,
    ),
    same(
        "ambient: a captured singledispatch function, its registry and attributes",
        _SHOW
        + """
        with executor.remotely.downloadAll():
            a = show([1, "a", [True, P()]]), show.unit, show.__doc__, show.__name__
            b = show.dispatch(bool)(2), sorted(k.__name__ for k in show.registry)
            c = show
        d = c is show
        """,
    ),
    same(
        "ambient: singledispatch of methods, in parallel, and made in the block",
        _SHOW
        + """
        class Printer:
            @functools.singledispatchmethod
            def text(self, x):
                return "other"
            @text.register
            def _(self, x: int):
                return f"int {x}"
        def f(i):
            for _ in range(900): pass
            return show(i) + show(P())
        with executor.remotely.downloadAll():
            p = Printer()
            a = p.text(1), p.text("a"), Printer().text(True)
            b = [f(i) for i in range(3000)]
            @functools.singledispatch
            def own(x):
                return 0
            own.register(int, lambda x: x + 1)
        c = own(3), own("x"), p.text(2)
        """,
    ),
    refused(
        "ambient: registering with a captured singledispatch function",
        "`show` was changed inside the block",
        _SHOW
        + """
        with executor.remotely.downloadAll():
            show.register(str, lambda x: "str")
            a = show("a")
        """,
    ),
    same(
        "ambient: context variables with a value, a default, and neither",
        """
        import contextvars
        v, w, u = contextvars.ContextVar("v"), contextvars.ContextVar("w", default=[1]), contextvars.ContextVar("u")
        v.set({"a": 1})
        def read(variable, *default):
            try:
                return variable.get(*default)
            except LookupError:
                return "none"
        def f(i):
            for _ in range(900): pass
            return v.get()["a"] + i
        with executor.remotely.downloadAll():
            a = read(v), read(w), read(u), read(u, 3), v.name
            b = v.get() , w.get()
            c = sum(f(i) for i in range(3000))
            token = u.set(5)
            d = read(u)
            u.reset(token)
            del token
            x = contextvars.ContextVar("x", default=2)
            x.set(9)
        e = b[0] is v.get(), b[1] is w.get(), x.get(), x.name
        """,
    ),
    refused(
        "ambient: setting a captured context variable",
        "`v` was changed inside the block",
        """
        import contextvars
        v = contextvars.ContextVar("v", default=1)
        with executor.remotely.downloadAll():
            v.set(2)
        """,
    ),
    same(
        "ambient: another directory than the script's, also in a parallel loop",
        """
        import os, pathlib
        os.mkdir("sub")
        pathlib.Path("sub/x.txt").write_text("there")
        os.chdir("sub")
        def f(i):
            for _ in range(900): pass
            return os.path.exists("x.txt") + os.path.isfile("program.py") + len(os.path.basename(os.getcwd()))
        with executor.remotely.downloadAll():
            a = open("x.txt").read(), pathlib.Path.cwd().name, os.listdir("."), os.path.relpath("y")
            b = sum(f(i) for i in range(3000))
        os.chdir("..")
        with executor.remotely.downloadAll():
            c = os.path.exists("x.txt"), os.path.exists("sub/x.txt")
        """,
    ),
    *(
        refused(
            f"ambient: a directory that the worker does not have: {expression}",
            "looks from the directory that you are in, which this worker does not have",
            f"""
            import os, pathlib
            before = os.getcwd
            os.getcwd = lambda: "/nowhere/at/all"
            with executor.remotely.downloadAll():
                a = {expression}
            """,
        )
        for expression in ('open("x")', 'os.path.exists("x")', 'pathlib.Path("x").exists()', 'os.listdir("y")')
    ),
    same(
        "ambient: paths in a directory that the worker does not have",
        """
        import os
        before = os.getcwd
        os.getcwd = lambda: "/nowhere/at/all"
        try:
            with executor.remotely.downloadAll():
                a = os.path.abspath("x"), os.path.exists("/"), os.path.relpath("/nowhere/b")
        finally:
            os.getcwd = before
            del before
        """,
    ),
    same(
        "ambient: the terminal's size",
        """
        import os, shutil
        os.environ["COLUMNS"], os.environ["LINES"] = "133", "44"
        with executor.remotely.downloadAll():
            a = shutil.get_terminal_size()
        """,
    ),
]
