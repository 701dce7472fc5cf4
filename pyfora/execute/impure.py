"""The table of what depends on more than its inputs, or changes more than its result."""

from __future__ import annotations

_CLOCK = "reads a clock, so its answer would be another one each time; read it before the block and use the value"
_CHANCE = (
    "draws from a hidden random state, so its answer would be another one each time; "
    "make a generator of your own in the block: random.Random(seed)"
)
_ARRAY_CHANCE = (
    "draws from a hidden random state, so its answer would be another one each time; "
    "make a generator of your own in the block: numpy.random.default_rng(seed)"
)
_ENTROPY = "draws random bits from the system; draw them before the block and use the value"
_UNSEEDED = "without a seed draws one from the system, so its answer would be another one each time; give it a seed"
_PROCESS = "starts a process on the worker, or ends this one; do that outside of the block"
_SOCKET = "opens a network connection on the worker; do that outside of the block"
_THREAD = "starts a thread; loops over ranges and lists are spread over all cores by themselves"
_INPUT = "reads from the keyboard, which is not at the worker; read it before the block"
_SETTINGS = "reads the worker's environment variables, not yours; read them before the block and use the values"
WRITES_A_FILE = "writes a file on whichever worker it happens to run; return the data, and write it after the block"
_FILES = "changes files of whichever worker it happens to run on; do that outside of the block"


def _table(reason: str, place: str, names: str) -> dict[str, str]:
    """Names in `place`, which is a module, or `module:Class`."""
    return {f"{place}.{name}": reason for name in names.split()}


REFUSED_WHERE_CALLED: dict[str, str] = {
    **_table(_CLOCK, "time", "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time"),
    **_table(_CLOCK, "time", "process_time_ns thread_time thread_time_ns localtime gmtime ctime"),
    **_table(_CHANCE, "random", "random randint randrange choice choices shuffle sample uniform gauss normalvariate"),
    **_table(_CHANCE, "random", "expovariate betavariate gammavariate lognormvariate paretovariate triangular"),
    **_table(_CHANCE, "random", "vonmisesvariate weibullvariate binomialvariate getrandbits randbytes seed getstate"),
    **_table(_ARRAY_CHANCE, "numpy.random", "rand randn randint random random_sample ranf sample choice shuffle"),
    **_table(
        _ARRAY_CHANCE, "numpy.random", "permutation uniform normal standard_normal exponential poisson seed bytes"
    ),
    **_table(_ENTROPY, "os", "urandom getrandom"),
    **_table(_ENTROPY, "uuid", "uuid1 uuid4"),
    **_table(_ENTROPY, "secrets", "choice randbelow randbits token_bytes token_hex token_urlsafe"),
    **_table(_PROCESS, "os", "fork system popen posix_spawn posix_spawnp execv execve execvp _exit kill abort"),
    **_table(_SETTINGS, "os", "getenv getenvb putenv unsetenv"),
    **_table(
        _FILES, "os", "remove unlink rename replace renames mkdir makedirs rmdir removedirs truncate symlink link"
    ),
    **_table(_FILES, "os", "chmod chown chdir mkfifo utime"),
    **_table(_SETTINGS, "os:_Environ", "__getitem__ __setitem__ __delitem__ __iter__"),
    **_table(_CLOCK, "datetime:datetime", "now utcnow today"),
    **_table(_CLOCK, "datetime:date", "today"),
    "builtins.input": _INPUT,
}
"""Dotted name -> why it is refused where user code calls it, and what to do instead.

Library code may call it on a user's behalf: a log's time stamps, a cache's random keys.
"""

REFUSED_WITHOUT_ARGUMENTS: dict[str, str] = {
    "random:Random.__init__": _UNSEEDED,
    "numpy.random.default_rng": _UNSEEDED,
}
"""The same, where no argument fixes what comes out."""

REFUSED_ANYWHERE_BELOW: dict[str, str] = {
    "subprocess:Popen.__init__": _PROCESS,
    "socket:socket.__init__": _SOCKET,
    "socket.create_connection": _SOCKET,
    "threading:Thread.start": _THREAD,
}
"""The same, where a library does it on behalf of user code."""
