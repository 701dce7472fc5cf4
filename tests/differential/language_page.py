"""The lines of the table in docs/language.md, each with the rows that show it."""

from __future__ import annotations

SHOWN_BY: dict[str, tuple[str, ...]] = {
    # Functions, classes, statements
    "functions, defaults, `*args`, lambdas, closures, recursion": (
        "defaults",
        "star arguments",
        "closures",
        "late binding of a closure",
        "fib recursion",
        "several lambdas on one line",
    ),
    "decorators, `functools.lru_cache`, `functools.partial`": (
        "a decorator with arguments",
        "lru_cache",
        "partial and operator",
    ),
    "generators, also endless ones": (
        "generators",
        "an infinite generator",
        "generator with finally and throw",
    ),
    "your own modules and packages beside the script": (
        "a package beside the script",
        "mutual recursion across modules",
    ),
    "classes, inheritance, properties, slots, metaclasses, `__del__`": (
        "inheritance and super",
        "property, staticmethod, classmethod, class attribute",
        "slots",
        "metaclass",
        "weak references and __del__",
    ),
    "dataclasses, enums, named tuples, ABCs, operators, containers": (
        "dataclasses",
        "enums",
        "namedtuples",
        "operator methods",
        "container methods",
        "abc and Protocol",
    ),
    "`match`, walrus, f-strings, slices, unpacking, chained comparisons": (
        "match statements at block level",
        "walrus as running total",
        "f-strings",
        "slices",
        "star-unpacking",
        "chained comparisons",
    ),
    "`try`, `raise from`, groups, `finally`; an exception arrives as itself": (
        "try except else finally",
        "raise from",
        "exception groups",
        "exception caught outside the block",
    ),
    "changing what the block made itself: `x += 1`, `xs.append(y)`": (
        "mutation of what the block made",
        "augmented assignments",
        "rebinding a captured name",
    ),
    "names deleted, or never bound": (
        "deleted names",
        "a name that is not bound",
    ),
    "`print`, `logging`, `warnings`: on your own stdout and stderr, once, in order": (
        "print in order",
        "print to stderr and write to stdout",
        "logging configured",
        "warnings",
    ),
    "`async def`, run to its end inside the block": ("async functions run to their end inside the block",),
    "several blocks; a block in a function, a method or a loop": (
        "two blocks and code between",
        "a block in a function",
        "a block in a method with self",
        "a block in a loop and a try",
    ),
    "`await` in the block itself": ("async with at block level",),
    "`return` or `yield` out of the block": (
        "return at block level",
        "yield at block level",
    ),
    "`break` or `continue` out of the block": ("break out of the block",),
    "`import *`": ("star import in the block",),
    "a block directly in a class body": ("a block in a class body",),
    "a remote block in a remote block": ("a block in a block",),
    "assigning a global from a function": (
        "global assigned in a function",
        "globals() written",
    ),
    # What the block captures
    "reading captured values, which come back as the same objects": (
        "reading captured values in every way",
        "captured objects come back as themselves",
    ),
    "changing a captured list": ("changing xs: xs.append(1)",),
    "changing a captured dict, set, instance or array": (
        "changing a: a.x = 2",
        "changing d: d['z'] = 1",
        "changing s: s.add(5)",
        "changing an array: arr += 1",
    ),
    "state kept in a captured function, closure, default or class": (
        "a captured nonlocal counter",
        "a mutable default",
        "changing A: A.level = 2",
        "changing f: f.other = 1",
    ),
    "setting an attribute of a library's module": ("a library module's attribute",),
    "setting an attribute of a library's class": (
        "an attribute of a library's class, set in the block",
        "an attribute of a library's class, set by a function",
        "an attribute of a library's class, set through an instance",
        "an attribute of a library's class, set by one element of a parallel loop",
    ),
    "captured sets keep their order, and so do sets that come back": (
        "order of captured sets",
        "order of returned sets",
        "order of sets inside of other objects",
    ),
    "a NaN stays one object, so that `x in [x]` and `xs.index(x)` hold as locally": (
        "a captured nan is the same object everywhere",
        "NaNs: one in many places of what comes back",
        "NaNs: out of a parallel loop, captured ones and others",
    ),
    "values nested however deep, such as linked lists": (
        "a deeply nested captured list",
        "a deeply nested result",
        "a linked list as result",
    ),
    "what `lru_cache` keeps, with its counts: captured, and after the block": (
        "caches: every kind of key, in its order, with the counts",
        "caches: an object that the block has made is the one after it",
        "an object that a captured cache keeps",
    ),
    "changing an object that a captured cache keeps": ("caches: changing an object that a captured one keeps",),
    "an answer in a captured cache that cannot be sent (only where it is read)": (
        "caches: an answer that cannot be sent",
    ),
    "`cache_info()` of a function that a parallel loop has called (until `cache_clear()`)": (
        "caches: counts after a parallel loop, in the block",
        "caches: counts after a parallel loop, after the block",
    ),
    "strides of numpy's arrays, and the memory that several share": (
        "arrays: numbers that depend on how an array lies",
        "arrays: captured ones that share their memory",
        "numpy views, made in the block",
    ),
    "an array of few elements far apart in memory (only where it is read)": ("arrays: a few elements far apart",),
    "frames, series, indices and scalars of pandas 2": (
        "frames: all kinds, captured and made in the block",
        "frames: reading is no change",
        "frames: attributes, flags, classes of one's own",
        "frames: in parallel loops",
    ),
    "changing a captured frame, series or index": (
        "frames: changing a captured one: plain: x.loc[3, 'a'] = 9.0",
        "frames: changing a captured one: series: x += 1",
        "frames: changing a captured one: plain: x['a'].values[0] = 5.0",
    ),
    "objects of pandas that copy on write: pandas 3 (only where it is read)": ("frames: that copy on write, captured",),
    "`singledispatch` functions, context variables with their values": (
        "ambient: a captured singledispatch function, its registry and attributes",
        "ambient: context variables with a value, a default, and neither",
    ),
    "registering with such a function, or setting such a variable": (
        "ambient: registering with a captured singledispatch function",
        "ambient: setting a captured context variable",
    ),
    "matches of `re` and closed files come back": (
        "matches of regular expressions",
        "closed files left in names",
        "a captured closed file",
    ),
    "a lock, a generator or an open file from outside (only where it is read)": (
        "a captured lock",
        "a captured generator",
        "a captured open file",
    ),
    "your own module, run anew in the block from its source text": ("modules: run anew in the block",),
    "your own module that only the block imports, and that prints or raises as it is loaded (only where that is run)": (
        "modules: imported in the block, raising",
    ),
    "a value bound in the block that cannot be sent back (only where it is read)": (
        "an open file left in a name, read later",
        "a generator left in a name, read later",
    ),
    "a package that the worker does not have (only where it is used)": (
        "ambient: a package that the worker does not have",
        "ambient: a package that the worker does not have, imported in the block",
    ),
    "source text that cannot be found": ("a block without source text",),
    # What depends on more than its inputs
    "`random.Random(seed)`, `numpy.random.default_rng(seed)` made in the block": (
        "seeded generators",
        "numpy seeded generators",
    ),
    "functions of `random` and `numpy.random` after `seed(x)` in the same block": (
        "random, seeded in the block",
        "random, seeded in the block, drawn in parallel loops",
        "numpy.random, seeded in the block",
    ),
    "reading files that each worker has, too": ("files are read",),
    "`os.getcwd()` and relative paths: from your own directory": (
        "current directory",
        "a file beside the script, by relative path",
        "ambient: another directory than the script's, also in a parallel loop",
    ),
    "relative paths where the worker does not have your directory": (
        'ambient: a directory that the worker does not have: open("x")',
        'ambient: a directory that the worker does not have: os.path.exists("x")',
    ),
    "clocks": ("not pure: time.time",),
    "hidden random state": ("not pure: random.random",),
    "the same, drawn by a library": ("not pure: a library that draws from the hidden random state",),
    "the system's random bits": ("not pure: uuid4",),
    "facts about the machine": ("not pure: os.getpid",),
    "files in `/proc`, `/sys` or `/dev`": ("not pure: open of /proc",),
    "foreign code, loaded by `ctypes`": ("not pure: ctypes", "not pure: ctypes.cdll"),
    "`sys.path`": ("not pure: sys.path",),
    "`sys.modules`, but for modules of your own": ("not pure: 'numpy' in sys.modules", "not pure: len(sys.modules)"),
    "environment variables": ("not pure: os.environ read",),
    "sockets": ("not pure: socket",),
    "processes": ("not pure: subprocess.run",),
    "threads": ("not pure: thread",),
    "files opened for writing": ("not pure: open for writing",),
    "`sqlite3` files": ("not pure: sqlite3 file",),
    "event loops of `asyncio`": (
        "not pure: an event loop",
        "not pure: an event loop of the block's",
    ),
    "`gc.collect()` as a statement": ("gc.collect, as a statement",),
    "the value of `gc.collect()`": (
        "not pure: gc.collect, for its value",
        "not pure: gc.collect, in an expression",
    ),
    "`input`": ("not pure: input",),
    "`id(x)`": ("not pure: id",),
    "`hash(x)` where it would be an address": ("not pure: hash of an object",),
    "`id` held in a name, a default, a `partial` or a key function": (
        "not pure: id, captured",
        "not pure: id, in a captured partial",
        "not pure: id, as a default",
        "not pure: id, as a key",
    ),
    "`hash` held so, where it would be an address": (
        "not pure: hash, captured",
        "not pure: hash, in a captured dict",
        "not pure: hash, mapped",
    ),
    "`hash` held so, of what has a value": ("hash, captured, of what has a value",),
    # Loops
    "`sum`, `min`, `max`, `any`, `all`, `next` of a generator expression": (
        "consumed by sum",
        "consumed by min and max",
        "consumed by any and all",
    ),
    "`list`, `tuple`, `set`, `frozenset`, `dict`, `sorted` of one; comprehensions": (
        "consumed by list and tuple",
        "consumed by set and frozenset",
        "consumed by dict",
        "consumed by sorted",
    ),
    "`str.join`, `math.fsum`, `math.prod`, `functools.reduce`, `Counter`, `statistics.mean`": (
        "consumed by str.join",
        "consumed by math.fsum and math.prod",
        "consumed by functools.reduce",
        "consumed by Counter",
    ),
    "over a `range`, list, dict, `zip`, `enumerate`, `reversed`, `itertools.product`": (
        "elements of range with steps",
        "elements of dict items",
        "elements of enumerate",
    ),
    "over `map`, `filter`, `itertools.starmap`, also as the argument itself": (
        "elements of map",
        "elements of filter",
        "elements of itertools.starmap",
        "map, filter and starmap in builtins",
    ),
    "the keys of `sorted(xs, key=f)`, `min` and `max`, where `f` is yours": (
        "sorted, min and max with a key function",
    ),
    "the keys of `xs.sort(key=f)`, where `xs` is a list": ("list.sort by a key",),
    "`itertools.accumulate` of what is made in parallel": ("accumulate of what is made in parallel",),
    "`total(f(x) for x in xs)`, where `total` is `sum` of its argument": ("a generator passed on to who consumes it",),
    "a loop of which one element raises: the exception of the first that fails": (
        "parallel loop: the first of several fails",
    ),
    "`f(a) + g(b)`, `h(f(a), g(b))`, `[f(a), g(b)]`, `x = f(a)` above `y = g(b)`": ("calls: long ones",),
    "`for` and `while` loops": (
        "for loop: sums",
        "for loop: early exit",
    ),
    "comprehensions whose elements change something that they share": (
        "comprehension that memoises",
        "comprehension that counts calls",
    ),
    "over a generator function": ("a generator made in one place and consumed in another",),
}
