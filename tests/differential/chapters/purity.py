"""What depends on more than its inputs is refused, when it is executed."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

IMPURE: dict[str, tuple[str, str]] = {
    "time.time": ("import time", "time.time()"),
    "time.perf_counter": ("import time", "time.perf_counter()"),
    "time.monotonic_ns": ("from time import monotonic_ns", "monotonic_ns()"),
    "time.localtime": ("import time", "time.localtime()"),
    "datetime.now": ("import datetime", "datetime.datetime.now()"),
    "datetime.utcnow": ("import datetime", "datetime.datetime.utcnow()"),
    "date.today": ("import datetime", "datetime.date.today()"),
    "random.random": ("import random", "random.random()"),
    "random.shuffle": ("import random", "random.shuffle([1, 2])"),
    "random.seed without a seed": ("import random", "random.seed()"),
    "random.seed with a NaN": ("import random", "random.seed(float('nan'))"),
    "from random import random": ("from random import random", "random()"),
    "from random import randint": ("from random import randint", "randint(1, 6)"),
    "random.Random unseeded": ("import random", "random.Random().random()"),
    "random.SystemRandom": ("import random", "random.SystemRandom().random()"),
    "secrets": ("import secrets", "secrets.token_hex(4)"),
    "os.urandom": ("import os", "os.urandom(4)"),
    "uuid4": ("import uuid", "uuid.uuid4()"),
    "uuid1": ("import uuid", "uuid.uuid1()"),
    "numpy global random": ("import numpy as np", "np.random.rand()"),
    "numpy unseeded generator": ("import numpy as np", "np.random.default_rng().random()"),
    "numpy global random, rarer": ("import numpy as np", "np.random.beta(1, 2)"),
    "numpy, from numpy.random import rand": ("from numpy.random import rand", "rand()"),
    "numpy, from numpy.random import default_rng": ("from numpy.random import default_rng", "default_rng().random()"),
    "numpy random.seed without a seed": ("import numpy as np", "np.random.seed()"),
    "socket": ("import socket", "socket.socket()"),
    "socket.create_connection": ("import socket", "socket.create_connection(('127.0.0.1', 1))"),
    "socket.gethostname": ("import socket", "socket.gethostname()"),
    "urlopen": ("from urllib.request import urlopen", "urlopen('http://127.0.0.1:1/')"),
    "subprocess.run": ("import subprocess", "subprocess.run(['true'])"),
    "os.system": ("import os", "os.system('true')"),
    "os.fork": ("import os", "os.fork()"),
    "gc.collect, for its value": ("import gc", "gc.collect()"),
    "gc.get_count": ("import gc", "gc.get_count()"),
    "os.getpid": ("import os", "os.getpid()"),
    "os.environ read": ("import os", "os.environ['HOME']"),
    "os.getenv": ("import os", "os.getenv('HOME')"),
    "os.environ written": ("import os", "os.environ.update(A='b')"),
    "os.cpu_count": ("import os", "os.cpu_count()"),
    "open of /proc": ("", "open('/proc/self/environ').read()"),
    "a path to /proc": ("import pathlib", "pathlib.Path('/', 'proc', 'meminfo').read_text()"),
    "os.open of /dev": ("import os", "os.open('/dev/urandom', os.O_RDONLY)"),
    "ctypes": ("import ctypes", "ctypes.CDLL(None).getppid()"),
    "ctypes.cdll": ("import ctypes", "ctypes.cdll.LoadLibrary('libc.so.6').getppid()"),
    "ctypes, from ctypes import PyDLL": ("from ctypes import PyDLL", "PyDLL(None)"),
    "platform.node": ("import platform", "platform.node()"),
    "open for writing": ("", "open('new.txt', 'w')"),
    "open for appending": ("", "open('new.txt', 'a')"),
    "open for update": ("", "open(__file__, 'r+')"),
    "Path.write_text": ("import pathlib", "pathlib.Path('new.txt').write_text('x')"),
    "os.remove": ("import os", "os.remove('new.txt')"),
    "os.mkdir": ("import os", "os.mkdir('new')"),
    "os.open for writing": ("import os", "os.open('new', os.O_WRONLY | os.O_CREAT)"),
    "tempfile": ("import tempfile", "tempfile.NamedTemporaryFile()"),
    "shutil.copy": ("import shutil", "shutil.copy(__file__, 'copy')"),
    "os.chdir": ("import os", "os.chdir('/')"),
    "sqlite3 file": ("import sqlite3", "sqlite3.connect('base.db').close()"),
    "input": ("", "input()"),
    "stdin": ("import sys", "sys.stdin.readline()"),
    "thread": ("import threading", "threading.Thread(target=print).start()"),
    "thread pool": ("import concurrent.futures as c", "c.ThreadPoolExecutor(1).submit(len, 'a').result()"),
    "process pool": ("import multiprocessing", "multiprocessing.Pool(1).map(len, ['a'])"),
    "id": ("", "id([])"),
    "hash of an object": ("", "hash(object())"),
    "id, captured": ("i = id", "i([])"),
    "id, in a captured partial": ("import functools\nf = functools.partial(id)", "f([])"),
    "id, as a default": ("def f(x, key=id): return key(x)", "f([])"),
    "id, as a key": ("", "sorted([[1], [2]], key=id)"),
    "hash, captured": ("class O: pass\nh = hash", "h(O())"),
    "hash, in a captured dict": ("class O: pass\nh = {'h': hash}", "h['h'](O())"),
    "hash, mapped": ("class O: pass", "list(map(hash, [O()]))"),
    "hash, captured and mapped": ("class O: pass\nh = hash", "list(map(h, [O()]))"),
    "hash of a function": ("def f(): pass", "hash(f)"),
}


def _refused(name: str, setup: str, expression: str) -> Row:
    text = f"{setup}\nwith executor.remotely.downloadAll():\n    x = {expression}\n"
    return refused(f"not pure: {name}", "", text)


def _unused(name: str, setup: str, expression: str) -> Row:
    text = f"""{setup}
flag = False
def never():
    return {expression}
with executor.remotely.downloadAll():
    x = [1 if not flag else {expression}, 2]
    if flag:
        x = never()
"""
    return same(f"not executed: {name}", text)


ROWS = [_refused(name, setup, expression) for name, (setup, expression) in IMPURE.items()]
ROWS += [
    _unused(name, *IMPURE[name])
    for name in ("time.time", "random.random", "socket", "subprocess.run", "os.environ read", "open for writing", "id")
]
ROWS += [
    same(
        "modules that nobody has loaded before the block are modules",
        """
        with executor.remotely.downloadAll():
            import colorsys, sys, wave
            import numpy as np
            kinds = [type(one).__name__ for one in (colorsys, wave, np, sys)]
            like = isinstance(wave, type(sys)), repr(type(sys)), colorsys.rgb_to_hsv(1, 0, 0)
            a = np.arange(3)
            class Own(type(sys)):
                def __init__(self, name):
                    super().__init__(name)
                    self.own = 1
            b = Own("m").own, type(Own("m")).__name__, isinstance(wave, Own), issubclass(type(wave), type(sys))
            del Own
        """,
    ),
    refused(
        "not pure: numpy imported by the block",
        "numpy.random.rand()",
        """
        with executor.remotely.downloadAll():
            import numpy as np
            x = np.random.rand()
        """,
    ),
    refused(
        "not pure: hash, captured, in a parallel loop",
        "hash() of an object without a value",
        """
        class O: pass
        h = hash
        def f(i):
            for _ in range(50): pass
            return h(O()) if i > 50_000 else h(i)
        with executor.remotely.downloadAll():
            x = [f(i) for i in range(60_000)]
        """,
    ),
    same(
        "hash, captured, of what has a value",
        """
        h, i = hash, id
        def f(n, key=hash):
            for _ in range(50): pass
            return key((n, str(n))) + h(n)
        with executor.remotely.downloadAll():
            x = [f(n) for n in range(60_000)]
            told = h is hash, i is id, list(map(h, [1.5, 'a', (1, 2)]))
            back = h
        ok = back is hash, h is hash, i is id
        """,
    ),
    same(
        "gc.collect, as a statement",
        """
        import gc
        from gc import collect
        class A: pass
        def f(i):
            gc.collect(0)
            return i
        with executor.remotely.downloadAll():
            a = A()
            a.a = a
            del a
            gc.collect()
            collect()
            for i in range(2):
                gc.collect(generation=1)
            with_value = [f(i) for i in range(20)]
        """,
    ),
    refused(
        "not pure: gc.collect, in an expression",
        "gc.collect() tells about the memory of the worker's process",
        """
        import gc
        def f():
            return gc.collect()
        with executor.remotely.downloadAll():
            x = 1 if f() else 2
        """,
    ),
    refused(
        "not pure: an event loop",
        "asyncio.run() waits for clocks and sockets",
        """
        import asyncio
        async def f():
            return 1
        with executor.remotely.downloadAll():
            x = asyncio.run(f())
        """,
    ),
    refused(
        "not pure: an event loop, by a captured function",
        "BaseEventLoop() waits for clocks and sockets",
        """
        from asyncio import run
        async def f():
            return 1
        with executor.remotely.downloadAll():
            x = run(f())
        """,
    ),
    refused(
        "not pure: an event loop of the block's",
        "asyncio.new_event_loop() waits for clocks and sockets",
        """
        with executor.remotely.downloadAll():
            import asyncio
            x = asyncio.new_event_loop()
        """,
    ),
    refused(
        "not pure: in a parallel loop",
        "time",
        """
        import time
        def f(i):
            x = i
            for _ in range(5):
                x = x * 31 % 1009
            return x if i < 40_000 else time.time()
        with executor.remotely.downloadAll():
            xs = [f(i) for i in range(60_000)]
        """,
    ),
    refused(
        "not pure: nothing catches it",
        "time",
        """
        import time
        def f():
            try:
                return time.time()
            except:
                return 0
        with executor.remotely.downloadAll():
            x = f()
        """,
    ),
    refused(
        "not pure: in a user module",
        "random",
        """
        import helper
        with executor.remotely.downloadAll():
            x = helper.roll()
        """,
        files={"helper.py": "import random\ndef roll():\n    return random.randint(1, 6)\n"},
    ),
    refused(
        "not pure: as a value that is called",
        "time",
        """
        import time
        clock = time.time
        with executor.remotely.downloadAll():
            xs = list(map(lambda f: f(), [clock]))
        """,
    ),
    refused(
        "not pure: as the function of map",
        "random",
        """
        import random
        with executor.remotely.downloadAll():
            xs = list(map(random.randrange, [10, 10]))
        """,
    ),
    *(
        refused(
            f"not pure: as the function of map, {where}",
            "random",
            f"""
            import random, functools, itertools, operator
            def f():
                return {expression}
            with executor.remotely.downloadAll():
                xs = {call}
            """,
        )
        for where, expression, call in (
            ("reduced", "1", "functools.reduce(operator.add, map(random.randrange, [10, 10]))"),
            ("nested", "1", "[[sum(map(random.randrange, [10, 10])) for i in range(2)] for j in range(2)]"),
            (
                "deeper",
                "1",
                "[[[sum(map(random.randrange, [10, 10])) for i in range(2)] for j in range(2)] for k in [1]]",
            ),
            ("divided", "sum(map(random.randrange, [10, 10]))", "f() + f()"),
            ("in a function", "list(filter(random.randrange, [10, 10]))", "f()"),
            ("as a key", "sorted([3, 1], key=random.randrange)", "f()"),
            ("as a key of the block", "1", "max([3, 1], key=random.randrange)"),
            ("in a loop", "1", "[sum(map(random.randrange, [10 + i, 10])) for i in range(40_000)]"),
            ("sorted in place", "[3, 1].sort(key=random.randrange)", "f()"),
            ("reducing", "1", "functools.reduce(random.randint, range(3, 5))"),
            ("accumulated", "1", "list(itertools.accumulate(range(3, 5), random.randint))"),
            ("sorting many", "1", "sorted(range(3, 60_000), key=random.randrange)[:2]"),
            ("a row", "set(map(random.randrange, [10, 10]))", "f(), sorted(map(random.randrange, [10, 10]))"),
        )
    ),
    same(
        "seeded generators",
        """
        import random
        r = random.Random(7)
        with executor.remotely.downloadAll():
            mine = random.Random(42)
            a = [mine.random() for _ in range(20_000)]
            b = mine.randint(1, 6), mine.gauss(0, 1), mine.choice("abc"), mine.sample(range(100), 5)
            xs = list(range(50))
            mine.shuffle(xs)
            def pi(seed):
                g = random.Random(seed)
                return sum(g.random() ** 2 + g.random() ** 2 < 1 for _ in range(50))
            hits = sum(pi(i) for i in range(2_000))
            text = random.Random("seed").random()
            del pi
        """,
    ),
    refused(
        "a captured generator of random numbers",
        "",
        """
        import random
        r = random.Random(7)
        with executor.remotely.downloadAll():
            x = r.random()
        """,
    ),
    same(
        "numpy seeded generators",
        """
        import numpy as np
        with executor.remotely.downloadAll():
            g = np.random.default_rng(5)
            a = g.random(1000)
            b = g.integers(0, 10, 100), g.normal(size=5), g.permutation(10)
            d = [np.random.default_rng(i).random() for i in range(500)]
            e = np.random.Generator(np.random.PCG64(1)).random()
        """,
    ),
    same(
        "numpy RandomState with a seed",
        """
        import numpy as np
        with executor.remotely.downloadAll():
            c = np.random.RandomState(3).rand(5)
        """,
    ),
    same(
        "files are read",
        """
        import pathlib, json
        here = pathlib.Path(__file__).with_name("data.json")
        with executor.remotely.downloadAll():
            a = json.loads(here.read_text())
            with open(here) as handle:
                b = handle.read()
            del handle
            c = here.exists()
        """,
        files={"data.json": '{"x": [1, 2.5]}'},
    ),
    same(
        "pure parts of impure modules",
        """
        import time, os, datetime, uuid, random
        with executor.remotely.downloadAll():
            a = os.path.join("a", "b"), os.sep
            b = datetime.datetime(2024, 1, 1).isoformat(), datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
            c = time.strftime("%Y", (2024, 1, 1, 0, 0, 0, 0, 1, 0))
            d = uuid.uuid5(uuid.NAMESPACE_DNS, "x"), uuid.UUID(int=3)
        """,
    ),
    same(
        "exec and eval without a trace",
        """
        with executor.remotely.downloadAll():
            space = {}
            exec("y = 1 + 1", space)
            a = space["y"]
            del space
            b = eval("[i * 2 for i in range(5)]")
            c = compile("1 + 2", "f", "eval").co_code is not None
        """,
    ),
    same(
        "print in order",
        """
        with executor.remotely.downloadAll():
            print("a", 1, sep="-", end="!\\n")
            for i in range(3):
                print(i)
            print("é \\u4e00", [1], None)
        print("after")
        """,
    ),
    same(
        "print out of a comprehension",
        """
        def f(i):
            if i % 5000 == 0:
                print("at", i)
            x = i
            for _ in range(5):
                x = x * 31 % 1009
            return x
        with executor.remotely.downloadAll():
            print("start")
            total = sum(f(i) for i in range(60_000))
            print("middle", total)
            xs = [f(i) for i in range(60_000)]
            d = {i: print(i) for i in range(3)}
            print("end")
        """,
    ),
    same(
        "print to stderr and write to stdout",
        """
        import sys
        with executor.remotely.downloadAll():
            print("to stderr", file=sys.stderr)
            sys.stdout.write("written\\n")
            sys.stdout.flush()
            print("flushed", flush=True)
        """,
    ),
    same(
        "print without a last newline",
        """
        with executor.remotely.downloadAll():
            print("a", end="")
        print("b", end="")
        with executor.remotely.downloadAll():
            print("\\r1\\t2", end="")
        """,
    ),
    same(
        "print redirected",
        """
        import io, contextlib
        with executor.remotely.downloadAll():
            buffer = io.StringIO()
            with contextlib.redirect_stdout(buffer):
                print("inside")
            text = buffer.getvalue()
            out = io.StringIO()
            print("x", file=out)
            n = len(out.getvalue())
            del buffer, out
        """,
    ),
    same(
        "warnings",
        """
        import warnings
        def f(x):
            warnings.warn(f"about {x}", DeprecationWarning, stacklevel=1)
            return x
        with executor.remotely.downloadAll():
            warnings.warn("plain")
            a = f(1)
        """,
    ),
    same(
        "warnings out of parallel loops, each once",
        """
        import warnings
        def always(i):
            warnings.warn("always")
            return i
        def late(i):
            if i > 50_000:
                warnings.warn(f"late {i % 3}")
            return i
        def recorded(i):
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                warnings.warn("recorded")
            return len(seen)
        with executor.remotely.downloadAll():
            a = sum(always(i) for i in range(100_000))
            b = sum(late(i) for i in range(60_000))
            c = [late(i) for i in range(60_000)][-1]
            d = sum(recorded(i) for i in range(3000))
            warnings.simplefilter("always", append=False)
            e = sum(late(i) for i in range(50_020))
            warnings.resetwarnings()
        """,
    ),
    same(
        "warnings recorded",
        """
        import warnings
        with executor.remotely.downloadAll():
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                warnings.warn("one")
                warnings.warn("two", UserWarning)
            texts = [str(w.message) for w in seen]
            del seen
        """,
    ),
    same(
        "warnings that the program made errors",
        """
        import warnings
        warnings.simplefilter("error")
        with executor.remotely.downloadAll():
            a = 1
            warnings.warn("fatal")
        """,
        raises="UserWarning",
    ),
    same(
        "logging without configuration",
        """
        import logging
        log = logging.getLogger(__name__)
        with executor.remotely.downloadAll():
            log.warning("careful %s", 1)
            logging.getLogger("other").error("bad")
            log.info("not shown")
        """,
    ),
    same(
        "logging configured",
        """
        import logging, sys
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
        log = logging.getLogger("mine")
        with executor.remotely.downloadAll():
            log.info("shown %d", 5)
            log.debug("hidden")
            enabled = log.isEnabledFor(logging.INFO)
        """,
    ),
    same(
        "decimal context",
        """
        import decimal
        decimal.getcontext().prec = 5
        with executor.remotely.downloadAll():
            a = decimal.Decimal(1) / 3
            with decimal.localcontext() as context:
                context.prec = 10
                b = decimal.Decimal(1) / 3
            del context
            c = sum(decimal.Decimal(1) / (i + 1) for i in range(5_000))
        """,
    ),
    same(
        "settings in a parallel loop",
        """
        import decimal, sys
        import numpy as np
        decimal.getcontext().prec = 6
        np.seterr(divide="raise")
        sys.setrecursionlimit(400)
        def f(i):
            for _ in range(20):
                i = i * 31 % 1009
            try:
                y = np.float64(1) / i
            except FloatingPointError:
                y = -1.0
            return decimal.Decimal(1) / (i + 3), y, sys.getrecursionlimit()
        with executor.remotely.downloadAll():
            xs = [f(i) for i in range(20_000)]
        """,
    ),
    same(
        "settings that a parallel loop changes",
        """
        import decimal
        def f(i):
            for _ in range(20):
                i = i * 31 % 1009
            if i == 500:
                decimal.getcontext().prec = 4
            return decimal.Decimal(1) / (i + 3)
        with executor.remotely.downloadAll():
            xs = [f(i) for i in range(20_000)]
        last = decimal.getcontext().prec
        """,
    ),
    same(
        "printing of arrays",
        """
        import numpy as np
        np.set_printoptions(precision=3, suppress=True)
        with executor.remotely.downloadAll():
            print(np.array([1 / 3, 1e-9]))
            np.set_printoptions(precision=5)
        print(np.array([1 / 3]))
        """,
    ),
    same(
        "settings of an exception's block",
        """
        import logging, warnings
        with executor.remotely.downloadAll():
            logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
            logging.info("from the block")
            warnings.simplefilter("error")
            try:
                warnings.warn("fatal")
            except UserWarning:
                caught = True
        logging.info("after it")
        try:
            warnings.warn("fatal, too")
        except UserWarning:
            again = True
        """,
    ),
    same(
        "clock functions that read no clock",
        """
        import time
        with executor.remotely.downloadAll():
            a = time.gmtime(0)[:6], time.localtime(86_400)[0], time.ctime(0)[-4:]
            time.sleep(0.001)
        """,
    ),
    same(
        "submodules of imported packages",
        """
        import urllib.parse, os.path, xml.etree.ElementTree, importlib.util, concurrent.futures
        with executor.remotely.downloadAll():
            a = urllib.parse.quote("a b")
            b = xml.etree.ElementTree.fromstring("<a>t</a>").text
            c = importlib.util.find_spec("json").name
        """,
    ),
    same(
        "int digits that the program allowed",
        """
        import sys
        sys.set_int_max_str_digits(0)
        with executor.remotely.downloadAll():
            a = len(str(10 ** 6000))
        """,
    ),
    same(
        "recursion limit of the program",
        """
        import sys
        sys.setrecursionlimit(3000)
        def depth(n):
            return 0 if n == 0 else 1 + depth(n - 1)
        with executor.remotely.downloadAll():
            a = depth(2500)
            b = sys.getrecursionlimit()
        """,
    ),
    same(
        "recursion limit set in the block",
        """
        import sys
        def depth(n):
            return 0 if n == 0 else 1 + depth(n - 1)
        with executor.remotely.downloadAll():
            sys.setrecursionlimit(6000)
            a = depth(5000)
        """,
    ),
    same(
        "names of the script",
        """
        import sys, os
        with executor.remotely.downloadAll():
            a = __name__, os.path.basename(__file__), sys.version_info[:2], sys.byteorder, sys.maxsize
        """,
    ),
    same(
        "sys.argv",
        """
        import sys, os
        with executor.remotely.downloadAll():
            b = [os.path.basename(x) for x in sys.argv]
        """,
    ),
    same(
        "current directory",
        """
        import os, pathlib
        with executor.remotely.downloadAll():
            c = os.path.basename(os.getcwd())
            d = pathlib.Path("data.txt").read_text()
            e = os.path.abspath("x")
        """,
        files={"data.txt": "text"},
    ),
    same(
        "locale and default encodings",
        """
        import sys, locale
        with executor.remotely.downloadAll():
            a = sys.getdefaultencoding(), sys.getfilesystemencoding(), locale.getlocale(), sys.stdout.encoding
        """,
    ),
    refused(
        "not pure: a library that draws from the hidden random state",
        "random.gauss() draws from a hidden random state",
        """
        import random, statistics
        random.seed(1)
        with executor.remotely.downloadAll():
            a = statistics.NormalDist(0, 1).samples(3)
        """,
    ),
    same(
        "a library that draws from a random state seeded in the block",
        """
        import random, statistics
        with executor.remotely.downloadAll():
            random.seed(1)
            a = statistics.NormalDist(0, 1).samples(3)
        b = random.random()
        """,
    ),
    same(
        "sys.modules, of the program's own modules",
        """
        import sys, helper, importlib
        def here():
            return sys.modules[__name__].x
        x = 5
        with executor.remotely.downloadAll():
            a = sys.modules["helper"].x, "helper" in sys.modules, importlib.import_module("helper").x
            b = getattr(sys.modules[__name__], "x"), here(), sys.modules.get("helper").x
            c = sys.maxsize, sys.byteorder, sys.version_info[:2], sys.getrecursionlimit()
            h = helper.x
        """,
        files={"helper.py": "x = 1\n"},
    ),
    *(
        refused(
            f"not pure: {expression}",
            words,
            f"""
            import sys
            with executor.remotely.downloadAll():
                try:
                    a = {expression}
                except BaseException:
                    a = None
            """,
        )
        for expression, words in (
            ("sys.path", "sys.path tells where the worker looks for modules"),
            ("'/x' in sys.path", "sys.path tells where the worker looks for modules"),
            ("'numpy' in sys.modules", "sys.modules tells which modules the worker has loaded"),
            ("len(sys.modules)", "sys.modules tells which modules the worker has loaded"),
            ("sys.modules.copy()", "sys.modules tells which modules the worker has loaded"),
        )
    ),
]
