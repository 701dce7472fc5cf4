"""The table of what depends on more than its inputs, or changes more than its result."""

from __future__ import annotations

CLOCK = "reads a clock, so its answer would be another one each time; read it before the block and use the value"
_CHANCE = (
    "draws from a hidden random state, so its answer would be another one each time; "
    "seed it in the block: random.seed(seed), or make a generator of your own there: random.Random(seed)"
)
_ARRAY_CHANCE = (
    "draws from a hidden random state, so its answer would be another one each time; "
    "seed it in the block: numpy.random.seed(seed), or make a generator of your own there: "
    "numpy.random.default_rng(seed)"
)
_ARRAY_GENERATOR = (
    "exchanges the hidden generator of numpy for all code; make a generator of your own: numpy.random.Generator(…)"
)
_ENTROPY = "draws random bits from the system; draw them before the block and use the value"
UNSEEDED = "without a seed draws one from the system, so its answer would be another one each time; give it a seed"
_PROCESS = "starts a process on the worker, or ends this one; do that outside of the block"
_SOCKET = "opens a network connection on the worker; do that outside of the block"
_THREAD = "starts a thread; loops over ranges and lists are spread over all cores by themselves"
_EVENTS = (
    "waits for clocks and sockets, which a block does not have; let the block call plain functions, whose loops are "
    "spread over all cores by themselves, and run the event loop outside of it"
)
_GARBAGE = "tells about the memory of the worker's process, not about that of yours"
COLLECTED = _GARBAGE + "; write `gc.collect()` as a statement of its own, without using its value"
KEYBOARD = "reads from the keyboard, which is not at the worker; read it before the block"
_SETTINGS = "reads the worker's environment variables, not yours; read them before the block and use the values"
WRITES_A_FILE = "writes a file on whichever worker it happens to run; return the data, and write it after the block"
_FILES = "changes files of whichever worker it happens to run on; do that outside of the block"
_WORKER = "tells about the worker that it happens to run on, not about your machine; ask before the block"
TELLS_OF_THE_MACHINE = (
    "reads from /proc, /sys or /dev, which tell about the worker that it happens to run on; read it before the block"
)
_FOREIGN_CODE = (
    "loads machine code on the worker, of which nobody can tell what it reads or changes; call it outside of the block"
)
STORES_A_DATABASE = (
    "opens a database on whichever worker it happens to run; "
    "open it for reading (uri=True, mode=ro), in memory, or outside of the block"
)
ADDRESS = "is an address in memory, another one each time; compare with `is`, or give your objects numbers of your own"
HASHED_ADDRESS = (
    "of an object without a value of its own is an address in memory, another one each time; "
    "give its class a __hash__ made from what it holds"
)


def _table(reason: str, place: str, names: str) -> dict[str, str]:
    """Names in `place`, which is a module, or `module:Class`."""
    return {f"{place}.{name}": reason for name in names.split()}


REFUSED_WHERE_CALLED: dict[str, str] = {
    **_table(CLOCK, "time", "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time"),
    **_table(CLOCK, "time", "process_time_ns thread_time thread_time_ns"),
    **_table(_ARRAY_GENERATOR, "numpy.random", "set_bit_generator"),
    **_table(_ENTROPY, "numpy.random.bit_generator", "randbits"),
    **_table(_ENTROPY, "os", "urandom getrandom"),
    **_table(_ENTROPY, "uuid", "uuid1 uuid4"),
    **_table(_ENTROPY, "secrets", "choice randbelow randbits token_bytes token_hex token_urlsafe"),
    **_table(_PROCESS, "os", "fork system popen posix_spawn posix_spawnp execv execve execvp _exit kill abort"),
    **_table(_SETTINGS, "os", "getenv getenvb putenv unsetenv"),
    **_table(
        _FILES, "os", "remove unlink rename replace renames mkdir makedirs rmdir removedirs truncate symlink link"
    ),
    **_table(_FILES, "os", "chmod chown chdir mkfifo utime"),
    **_table(_FILES, "shutil", "rmtree move copytree"),
    **_table(_FILES, "tempfile", "mkstemp mkdtemp mktemp"),
    **_table(_FILES, "tempfile:TemporaryDirectory", "__init__"),
    **_table(_FILES, "pathlib:Path", "mkdir unlink rmdir rename replace touch chmod symlink_to hardlink_to"),
    **_table(_WORKER, "os", "getpid getppid cpu_count process_cpu_count sched_getaffinity uname getlogin getloadavg"),
    **_table(_WORKER, "socket", "gethostname getfqdn"),
    **_table(_WORKER, "platform", "node uname platform processor release version"),
    **_table(_WORKER, "multiprocessing", "cpu_count"),
    **_table(_WORKER, "uuid", "getnode"),
    **_table(_SETTINGS, "os:_Environ", "__getitem__ __setitem__ __delitem__ __iter__"),
    **_table(CLOCK, "datetime:datetime", "now utcnow today"),
    **_table(CLOCK, "datetime:date", "today"),
    **_table(_GARBAGE, "gc", "get_count get_stats get_objects get_referrers get_freeze_count"),
    **_table(_EVENTS, "asyncio", "run new_event_loop get_event_loop"),
    **_table(_EVENTS, "asyncio:Runner", "__init__"),
    **_table(_FOREIGN_CODE, "ctypes:CDLL", "__init__"),
    **_table(_FOREIGN_CODE, "ctypes:LibraryLoader", "LoadLibrary __getattr__ __getitem__"),
    "builtins.input": KEYBOARD,
}
"""Dotted name -> why it is refused where user code calls it, and what to do instead.

Library code may call it on a user's behalf: a log's time stamps, a cache's random keys.
"""

REFUSED_UNSEEDED: dict[str, str] = {
    **_table(_CHANCE, "random", "random randint randrange choice choices shuffle sample uniform gauss normalvariate"),
    **_table(_CHANCE, "random", "expovariate betavariate gammavariate lognormvariate paretovariate triangular"),
    **_table(_CHANCE, "random", "vonmisesvariate weibullvariate binomialvariate getrandbits randbytes getstate"),
}
"""The same, as long as no seed of the program's decides what is drawn; also where a library draws on its behalf."""

REFUSED_ARRAYS_UNSEEDED: dict[str, str] = {
    **_table(_ARRAY_CHANCE, "numpy.random", "beta binomial bytes chisquare choice dirichlet exponential f gamma"),
    **_table(_ARRAY_CHANCE, "numpy.random", "geometric get_state gumbel hypergeometric laplace logistic lognormal"),
    **_table(_ARRAY_CHANCE, "numpy.random", "logseries multinomial multivariate_normal negative_binomial"),
    **_table(_ARRAY_CHANCE, "numpy.random", "noncentral_chisquare noncentral_f normal pareto permutation poisson"),
    **_table(_ARRAY_CHANCE, "numpy.random", "power rand randint randn random random_integers random_sample ranf"),
    **_table(_ARRAY_CHANCE, "numpy.random", "rayleigh sample shuffle standard_cauchy standard_exponential"),
    **_table(_ARRAY_CHANCE, "numpy.random", "standard_gamma standard_normal standard_t triangular uniform vonmises"),
    **_table(_ARRAY_CHANCE, "numpy.random", "wald weibull zipf"),
}
"""The same, of numpy."""

REFUSED_AS_SEEDS: dict[str, str] = {"random.seed": UNSEEDED, "numpy.random.seed": UNSEEDED}
"""The same, where what is given is no seed."""

REFUSED_WITHOUT_ARGUMENTS: dict[str, str] = {
    **_table(CLOCK, "time", "localtime gmtime ctime asctime"),
    "random:Random.__init__": UNSEEDED,
    "numpy.random.default_rng": UNSEEDED,
}
"""The same, where no argument fixes what comes out."""

_DIRECTORY = (
    "looks from the directory that you are in, which this worker does not have; give the whole path of a file that "
    "each worker has, or read it before the block"
)
REFUSED_WITHOUT_DIRECTORY: dict[str, str] = {
    **_table(_DIRECTORY, "builtins", "open"),
    **_table(_DIRECTORY, "io", "open"),
    **_table(_DIRECTORY, "os", "open stat lstat access listdir scandir readlink walk"),
}
"""The same, of relative paths, where the client's directory is not here."""

REFUSED_ANYWHERE_BELOW: dict[str, str] = {
    "asyncio:BaseEventLoop.__init__": _EVENTS,
    "subprocess:Popen.__init__": _PROCESS,
    "socket:socket.__init__": _SOCKET,
    "socket.create_connection": _SOCKET,
    "threading:Thread.start": _THREAD,
}
"""The same, where a library does it on behalf of user code."""
