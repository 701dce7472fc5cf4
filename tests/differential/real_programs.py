"""Programs that others wrote: the benchmarks of the installed package `pyperformance`, read when a test runs.

Each row's script imports a benchmark as a module that lies beside it, unchanged, and its block calls the benchmark's
own functions. The module `pyperf`, which they import for their clock, is one whose clock stands still.
"""

from __future__ import annotations

import functools
import importlib.util
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.differential.rows import Row, refused, same

PYPERF = '''
"""Stands where `pyperf` stands, without a clock."""


def perf_counter():
    return 0.0


def python_implementation():
    return "cpython"
'''


@functools.cache
def _benchmarks() -> Path:
    """The directory of the installed benchmarks."""
    package = importlib.util.find_spec("pyperformance")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "data-files" / "benchmarks"


def with_files(row: Row) -> Row:
    """The row with the benchmarks that its script imports, and their data, beside the script."""
    files = {"pyperf.py": PYPERF}
    for path in sorted(_benchmarks().glob("bm_*/run_benchmark.py")):
        if path.parent.name in row.text:
            files[f"{path.parent.name}.py"] = path.read_text()
    return replace(row, text=row.text.replace("DATA", str(_benchmarks())), files=files)


def _program(imports: str, block: str) -> str:
    return (
        textwrap.dedent(imports).strip()
        + "\n\nwith executor.remotely.downloadAll():\n"
        + textwrap.indent(textwrap.dedent(block).strip(), "    ")
        + "\n"
    )


def _same(name: str, imports: str, block: str, raises: str | None = None) -> Row:
    return same(name, _program(imports, block), raises)


def _refused(name: str, words: str, imports: str, block: str, refusal: str = "InvalidPyforaOperation") -> Row:
    return refused(name, words, _program(imports, block), refusal)


def _anew(name: str, block: str) -> Row:
    """The benchmark's module is run in the block, whose state it keeps then: its own functions, unchanged."""
    imports = f"import inspect\nimport bm_{name}\ntext = inspect.getsource(bm_{name})"
    start = 'own = {"__name__": "own"}\nexec(text, own)\n'
    return _same(f"{name}, run anew in the block", imports, start + textwrap.dedent(block).strip() + "\ndel own")


# The name of a row, and why the cluster's outcome is another one still.
KNOWN: Mapping[str, str] = {}

_ROWS = [
    # Numbers.
    _refused(
        "nbody",
        "`bm_nbody.advance` was changed inside the block",
        "import bm_nbody",
        """
        before = bm_nbody.report_energy()
        bm_nbody.advance(0.01, 20000)
        after = bm_nbody.report_energy()
        """,
    ),
    _anew(
        "nbody",
        """
        before = own["report_energy"]()
        own["advance"](0.01, 20000)
        after = own["report_energy"]()
        """,
    ),
    _same(
        "nbody, bodies of the block",
        """
        import copy
        import bm_nbody
        """,
        """
        bodies = copy.deepcopy(bm_nbody.SYSTEM)
        pairs = bm_nbody.combinations(bodies)
        bm_nbody.offset_momentum(bodies[0], bodies)
        before = bm_nbody.report_energy(bodies, pairs)
        bm_nbody.advance(0.01, 40000, bodies, pairs)
        after = bm_nbody.report_energy(bodies, pairs)
        """,
    ),
    _same(
        "spectral_norm",
        "from bm_spectral_norm import bench_spectral_norm, eval_AtA_times_u",
        """
        seconds = bench_spectral_norm(2)
        u = [1] * 130
        for _ in range(10):
            v = eval_AtA_times_u(u)
            u = eval_AtA_times_u(v)
        norm = (sum(a * b for a, b in zip(u, v)) / sum(b * b for b in v)) ** 0.5
        """,
    ),
    _same("fannkuch", "from bm_fannkuch import fannkuch", "flips = [fannkuch(n) for n in range(3, 10)]"),
    _same("float", "import bm_float", "point = bm_float.benchmark(200_000)\nshown = repr(point)"),
    _same(
        "barnes_hut",
        "import bm_barnes_hut as b",
        """
        particles = b.create_deterministic_galaxy(200, 500.0, 400.0)
        before = b.calculate_system_energy(particles)
        for _ in range(15):
            b.advance_system(particles, 0.5, b.TIME_STEP, 1000, 800)
        after = b.calculate_system_energy(particles)
        b.bench_quadtree_nbody(1, 100, 5, 0.5)
        """,
    ),
    _same("pidigits", "from bm_pidigits import calc_ndigits", "digits = calc_ndigits(3000)"),
    _same(
        "scimark, successive over-relaxation",
        "from bm_scimark import Array2D, SOR_execute",
        "grid = Array2D(100, 100)\ngrid[50, 50] = 1.0\nSOR_execute(1.25, grid, 40, Array2D)",
    ),
    _same(
        "scimark, sparse matrix",
        "import bm_scimark",
        """
        seconds = bm_scimark.bench_SparseMatMult(20, 1000, 50_000)
        random = bm_scimark.Random(5)
        x, y, values = random.RandomVector(100), random.RandomVector(100), random.RandomVector(1000)
        bm_scimark.SparseCompRow_matmult(100, y, values, range(0, 1001, 10), [i % 100 for i in range(1000)], x, 50)
        """,
    ),
    _same("scimark, Monte Carlo", "from bm_scimark import MonteCarlo", "pi = MonteCarlo(500_000)"),
    _same(
        "scimark, LU",
        "from bm_scimark import ArrayList, LU, Random, bench_LU",
        """
        a = Random(7).RandomMatrix(ArrayList(100, 100))
        lu = ArrayList(100, 100)
        pivot = [0] * 100
        LU(lu, a, pivot)
        bench_LU(2, 100)
        """,
    ),
    _same(
        "scimark, FFT",
        "from bm_scimark import FFT_inverse, FFT_transform, Random, copy_vector",
        """
        first = Random(7).RandomVector(2048)
        x = copy_vector(first)
        for _ in range(30):
            FFT_transform(2048, x)
            FFT_inverse(2048, x)
        """,
    ),
    _same(
        "decimal_pi",
        "import decimal\nimport bm_decimal_pi",
        """
        bm_decimal_pi.bench_decimal_pi()
        decimal.getcontext().prec = 60
        pi = bm_decimal_pi.pi_decimal()
        """,
    ),
    _same(
        "decimal_factorial",
        "import decimal\nimport bm_decimal_factorial",
        """
        context = decimal.getcontext()
        context.prec, context.Emax, context.Emin = decimal.MAX_PREC, decimal.MAX_EMAX, decimal.MIN_EMIN
        small = bm_decimal_factorial.factorial(decimal.Decimal(1000), 0)
        bm_decimal_factorial.bench_decimal_factorial()
        """,
    ),
    _same(
        "telco",
        "import os\nimport decimal\nfrom bm_telco import bench_telco",
        """
        seconds = bench_telco(40, "DATA/bm_telco/data/telco-bench.b")
        rounding = decimal.getcontext().rounding
        """,
    ),
    # Objects.
    _same("raytrace", "import bm_raytrace", "seconds = bm_raytrace.bench_raytrace(4, 60, 60, None)"),
    _same(
        "raytrace, its picture",
        "import bm_raytrace as r",
        """
        canvas = r.Canvas(50, 40)
        scene = r.Scene()
        scene.addLight(r.Point(30, 30, 10))
        scene.lookAt(r.Point(0, 3, 0))
        scene.addObject(r.Sphere(r.Point(1, 3, -10), 2), r.SimpleSurface(baseColour=(1, 1, 0)))
        scene.addObject(r.Halfspace(r.Point(0, 0, 0), r.Vector.UP), r.CheckerboardSurface())
        scene.render(canvas)
        """,
    ),
    _refused(
        "richards",
        "`bm_richards.taskWorkArea` was changed inside the block, but what a block captures is frozen. "
        "Make a copy of another name",
        "from bm_richards import Richards",
        "done = Richards().run(1)",
    ),
    _anew("richards", 'done = own["Richards"]().run(1)'),
    _refused(
        "richards_super",
        "`bm_richards_super.taskWorkArea` was changed inside the block",
        "from bm_richards_super import Richards",
        "done = Richards().run(1)",
    ),
    _anew("richards_super", 'done = own["Richards"]().run(1)'),
    _refused(
        "deltablue",
        "the global name `bm_deltablue.planner` was assigned by a function, exec or globals() inside the block",
        "from bm_deltablue import delta_blue",
        "delta_blue(20)",
    ),
    _anew("deltablue", 'own["delta_blue"](20)\nmark = own["planner"].current_mark'),
    _refused(
        "go",
        "the global name `bm_go.TIMESTAMP` was assigned by a function, exec or globals() inside the block",
        "import bm_go",
        "move = bm_go.versus_cpu()",
    ),
    _anew("go", 'own["random"].seed(1)\nmove = own["versus_cpu"]()'),
    _same(
        "chaos",
        "import bm_chaos as c",
        """
        points = [c.GVector(x, y, 0.0) for x, y in [(1.6, 3.3), (1.57, 4.1), (1.3, 5.3), (1.6, 5.3)]]
        spline = c.Spline(points, 3, [0, 0, 0, 1, 1, 1])
        game = c.Chaosgame([spline], 0.25)
        path = [c.GVector(1.5, 4.0, 0.0)]
        for i in range(30_000):
            path.append(game.transform_point(path[-1], (0, i * i % game.num_total)))
        end = path[-1]
        del path
        """,
    ),
    _same(
        "chaos, its picture",
        "import bm_chaos as c",
        """
        points = [c.GVector(x, y, 0.0) for x, y in [(1.6, 3.3), (1.57, 4.1), (1.3, 5.3), (1.6, 5.3)]]
        game = c.Chaosgame([c.Spline(points, 3, [0, 0, 0, 1, 1, 1])], 0.25)
        game.create_image_chaos(100, 100, 5000, None, 1234)
        """,
    ),
    _same(
        "hexiom",
        "import io\nimport bm_hexiom",
        """
        seconds = bm_hexiom.main(60, 25)
        output = io.StringIO()
        level = bm_hexiom.LEVELS[2][0].strip()
        bm_hexiom.solve_file(level, bm_hexiom.Done.FIRST_STRATEGY, bm_hexiom.DESCENDING, output)
        text = output.getvalue()
        """,
    ),
    _same(
        "meteor_contest",
        "import bm_meteor_contest as m",
        """
        board, cti, pieces = m.get_puzzle(m.WIDTH, m.HEIGHT)
        footprints = m.get_footprints(board, cti, pieces)
        neighbours = m.get_senh(board, cti)
        solutions = []
        m.solve(m.SOLVE_ARG, 0, frozenset(range(len(board))), [-1] * len(board), list(range(len(pieces))), solutions,
                footprints, neighbours)
        m.bench_meteor_contest(1, board, pieces, m.SOLVE_ARG, footprints, neighbours)
        """,
    ),
    _same(
        "nqueens",
        "from bm_nqueens import n_queens, permutations",
        "solutions = [list(n_queens(8)) for _ in range(6)]\nsmall = [list(n_queens(n)) for n in range(7)]",
    ),
    _same(
        "mdp",
        "from bm_mdp import Battle",
        """
        battle = Battle()
        value = battle.evaluate(0.192)
        frozen = sorted(map(repr, battle.frozen))
        bounds = [(low, battle.max[state]) for state, low in battle.min.items()]
        del battle
        """,
    ),
    _same(
        "mdp, the set of a battle",
        "from bm_mdp import Battle",
        "frozen = Battle()\nfrozen.evaluate(0.7)\nfrozen = frozen.frozen",
    ),
    _same(
        "comprehensions",
        "import bm_comprehensions as c",
        """
        seconds = c.bench_comprehensions(20_000)
        widgets = c.make_some_widgets()
        tray = c.WidgetTray(1, widgets)
        """,
    ),
    _same("unpack_sequence", "from bm_unpack_sequence import bench_all", "seconds = bench_all(50_000)"),
    _same(
        "deepcopy",
        "import copy\nimport bm_deepcopy",
        """
        bm_deepcopy.benchmark(500)
        bm_deepcopy.benchmark_reduce(20_000)
        bm_deepcopy.benchmark_memo(1000)
        first = bm_deepcopy.A("a", [1], True)
        second = copy.deepcopy([first, first])
        """,
    ),
    _same(
        "generators",
        "import bm_generators",
        "bm_generators.bench_generators(2)\ntree = bm_generators.tree(range(100))\nvalues = list(tree)",
    ),
    _same(
        "coroutines",
        "import bm_coroutines",
        """
        bm_coroutines.bench_coroutines(10)
        values = []
        for n in range(15):
            try:
                bm_coroutines.fibonacci(n).send(None)
            except StopIteration as end:
                values.append(end.value)
        """,
    ),
    _refused(
        "async_generators",
        "asyncio.run() waits for clocks and sockets",
        "import asyncio\nimport bm_async_generators",
        "asyncio.run(bm_async_generators.bench_async_generators())",
    ),
    _same(
        "async_generators, without a loop",
        "import bm_async_generators",
        """
        coroutine = bm_async_generators.bench_async_generators()
        try:
            coroutine.send(None)
        except StopIteration as end:
            value = end.value
        del coroutine
        """,
    ),
    _refused(
        "async_tree",
        "asyncio.run() waits for clocks and sockets",
        "import asyncio\nimport bm_async_tree",
        "tree = bm_async_tree.NoneAsyncTree()\nasyncio.run(tree.run())",
    ),
    _refused(
        "typing_runtime_protocols",
        "time.perf_counter",
        "import bm_typing_runtime_protocols",
        "seconds = bm_typing_runtime_protocols.bench_protocols(10)",
    ),
    _same(
        "typing_runtime_protocols, without its clock",
        "import bm_typing_runtime_protocols as t",
        """
        protocols = [t.HasX, t.HasManyAttributes, t.SupportsInt, t.SupportsManyMethods, t.SupportsIntAndX]
        kinds = [t.Empty, t.PropertyX, t.HasIntMethod, t.HasManyMethods, t.InstanceVarXWithInt, t.NominalX]
        found = [[isinstance(kind(), protocol) for kind in kinds] for protocol in protocols for _ in range(2000)]
        """,
    ),
    _refused(
        "gc_traversal",
        "gc.collect() tells about the memory of the worker's process",
        "import bm_gc_traversal",
        "bm_gc_traversal.benchamark_collection(2, 1000)",
    ),
    _refused(
        "gc_collect",
        "gc.collect() tells about the memory of the worker's process",
        "import bm_gc_collect",
        "bm_gc_collect.benchamark_collection(20, 100, 20)",
    ),
    _same(
        "gc_collect, the count unused",
        "import gc\nimport bm_gc_collect",
        """
        cycles = bm_gc_collect.create_gc_cycles(20, 100)
        del cycles
        gc.collect()
        """,
    ),
    # Text.
    _same(
        "pickle",
        "import pickle\nimport types\nimport bm_pickle as b",
        """
        options = types.SimpleNamespace(protocol=4)
        b.bench_pickle(500, pickle, options)
        b.bench_unpickle(500, pickle, options)
        b.bench_pickle_list(500, pickle, options)
        b.bench_unpickle_list(500, pickle, options)
        b.bench_pickle_dict(500, pickle, options)
        dumped = pickle.dumps(b.DICT_GROUP, 4)
        back = pickle.loads(dumped)
        """,
    ),
    _same(
        "json",
        "import json\nimport bm_json_dumps, bm_json_loads",
        """
        cases = [bm_json_dumps.EMPTY, bm_json_dumps.SIMPLE, bm_json_dumps.NESTED]
        bm_json_dumps.bench_json_dumps([(data, range(count)) for data, count in cases])
        texts = [json.dumps(bm_json_loads.DICT), json.dumps(bm_json_loads.DICT_GROUP)]
        for _ in range(500):
            bm_json_loads.bench_json_loads(texts)
        values = [json.loads(text) for text in texts]
        nested = json.dumps(bm_json_dumps.NESTED)
        """,
    ),
    _same(
        "logging",
        "import io\nimport logging\nimport bm_logging as b",
        """
        stream = io.StringIO()
        handler = logging.StreamHandler(stream=stream)
        logger = logging.getLogger("benchlogger")
        logger.propagate = False
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        b.bench_silent(5000, logger, stream)
        b.bench_simple_output(2000, logger, stream)
        b.bench_formatted_output(2000, logger, stream)
        lines = stream.getvalue()
        logger.removeHandler(handler)
        del logger, handler, stream
        """,
    ),
    _same("regex_v8", "from bm_regex_v8 import bench_regex_v8", "seconds = bench_regex_v8(20)"),
    _refused(
        "regex_effbot",
        "`bm_regex_effbot.bench_regex_effbot` was changed inside the block",
        "import bm_regex_effbot",
        "seconds = bm_regex_effbot.bench_regex_effbot(1)",
    ),
    _anew(
        "regex_effbot",
        """
        seconds = own["bench_regex_effbot"](1)
        kept = own["bench_regex_effbot"].__dict__.keys() - {"data"}
        """,
    ),
    _same(
        "regex_effbot, without its cache",
        "import bm_regex_effbot as b",
        """
        def groups(regex, string):
            match = regex.search(string)
            return match and (match.span(), match.groups())

        found = [groups(regex, string) for _ in range(20) for regex, string in b.init_benchmarks((0, 5, 50, 250, 1000))]
        """,
    ),
    _refused(
        "regex_compile",
        "`bm_regex_effbot.bench_regex_effbot` was changed inside the block",
        "import bm_regex_compile\n# which imports bm_regex_effbot and bm_regex_v8",
        "regexes = bm_regex_compile.capture_regexes()",
    ),
    _same(
        "regex_compile, given expressions",
        "import bm_regex_compile",
        "bm_regex_compile.bench_regex_compile(500, [('Python|Perl', 0), ('([0a-z][a-z0-9]*,)+', 0), ('(?P<a>x)', 2)])",
    ),
    _same(
        "regex_dna",
        "import bm_regex_dna as b",
        """
        sequence = b.init_benchmarks(50_000, 42)
        results = b.run_benchmarks(sequence)
        """,
    ),
    _same(
        "bpe_tokeniser",
        "import re\nimport bm_bpe_tokeniser as b",
        """
        with open("DATA/bm_bpe_tokeniser/data/frankenstein_intro.txt", encoding="utf8") as f:
            data = f.read()[:15_000]
        del f
        encoding = b.SimpleBytePairEncoding.train(data, vocab_size=350, pat_str=r" ?[a-zA-Z]+|\\s+")
        tokens = encoding.encode(data[:500])
        text = encoding.decode(tokens)
        """,
    ),
    _same(
        "argparse",
        "import bm_argparse",
        """
        bm_argparse.bm_many_optionals()
        bm_argparse.bm_subparsers()
        for _ in range(50):
            bm_argparse.bm_many_optionals()
        arguments = bm_argparse.generate_arguments(3)
        """,
    ),
    _same(
        "pprint",
        "import bm_pprint",
        "text = bm_pprint.PrettyPrinter().pformat(bm_pprint.printable[:20_000])",
    ),
    _same(
        "base64",
        "import bm_base64 as b",
        """
        b.bench_b64_small(20)
        b.bench_b32_small(20)
        b.bench_a85_small(20)
        b.bench_b85_small(20)
        b.bench_b85_large(1)
        """,
    ),
    _same(
        "pyflate",
        "import bz2\nimport io\nimport bm_pyflate as b",
        """
        field = b.RBitfield(io.BytesIO(bz2.compress(bytes(i * i % 251 for i in range(30_000)))))
        magic = field.readbits(16)
        out = b.bzip2_main(field)
        """,
    ),
    _same(
        "xml_etree",
        "import xml.etree.ElementTree as etree\nimport bm_xml_etree as b",
        """
        root = b.build_xml_tree(etree)
        data = etree.tostring(root)
        result = b.process(etree, root)
        b.bench_generate(etree, None, data, root)
        count = sum(1 for _ in root.iter())
        del root
        """,
    ),
    _refused(
        "xml_etree, its files",
        "tempfile.mkstemp() changes files of whichever worker it happens to run on",
        "import xml.etree.ElementTree as etree\nimport bm_xml_etree as b",
        "b.bench_etree(1, etree, b.bench_parse)",
    ),
    _refused(
        "pathlib",
        "tempfile.mkdtemp() changes files of whichever worker it happens to run on",
        "import bm_pathlib as b",
        "b.bench_pathlib(1, b.setup(b.NUM_FILES))",
    ),
    _refused(
        "concurrent_imap, processes",
        "loops over ranges and lists are spread over all cores by themselves",
        "import bm_concurrent_imap as b",
        "b.bench_mp_pool(2, 100, 10)",
    ),
    _refused(
        "concurrent_imap, threads",
        "loops over ranges and lists are spread over all cores by themselves",
        "import bm_concurrent_imap as b",
        "b.bench_thread_pool(2, 100, 10)",
    ),
]
ROWS = [replace(row, known_difference=KNOWN.get(row.name)) for row in _ROWS]
