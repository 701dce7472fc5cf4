"""A client and a driver in two processes, without anything between them: what the language alone must get right."""

from __future__ import annotations

import contextlib
import linecache
import os
import pickle
import struct
import subprocess
import sys
import traceback
import types
from pathlib import Path
from types import GeneratorType
from typing import Any

from pyfora.client.withblock import WithBlock, raise_as_it_is
from pyfora.language.program import Program, build_block_program
from pyfora.language.raising import pack_exception, unpack_exception
from pyfora.language.results import pack_results, unpack_results
from pyfora.language.running import load_program
from pyfora.language.shipping import RemoteValue
from pyfora.values.parcels import read_parcel

ROOT = Path(__file__).resolve().parents[2]
_LENGTH = struct.Struct("<Q")


# ---- the driver's side: a process of its own, one fork for each program ------------------------------------------


def fold_as_it_stands(fold: Any, part: Any, source: Any, *rest: Any, at: Any, **keywords: Any) -> Any:
    return fold(source if part is None else part(source), *rest, **keywords)


def reduce_as_it_stands(reduce: Any, function: Any, part: Any, source: Any, *rest: Any, at: Any) -> Any:
    return reduce(function, source if part is None else part(source), *rest)


def comprehension_as_it_stands(kind: str, part: Any, source: Any, *, at: Any) -> Any:
    return set(part(source)) if kind == "set" else part(source)


kept: list[Any] = []


def is_short(at: str, *source: Any) -> bool:
    kept.extend(reversed(source))
    return False


class CallsInTheirTurn:
    """`pyfora_calls` that runs what was put off, as it was put off, when its turn has come."""

    on = True

    def __init__(self) -> None:
        self._thunks: list[list[Any]] = []

    def begin(self, *thunks: Any) -> Any:
        self.begin_row(*thunks)
        return self

    def begin_row(self, *thunks: Any) -> None:
        self._thunks.append([*reversed(thunks)])

    def here(self) -> bool:
        return False

    def take(self) -> Any:
        return self._thunks[-1].pop()()

    def end(self, value: Any = None) -> Any:
        self._thunks.pop()
        return value


PRIMITIVES: dict[str, Any] = {
    "pyfora_is_short": is_short,
    "pyfora_is_short_fold": is_short,
    "pyfora_is_short_keyed": is_short,
    "pyfora_kept": kept.pop,
    "pyfora_keyed": lambda callee, source, key, at, **keywords: callee(source, key=key, **keywords),
    "pyfora_fold": fold_as_it_stands,
    "pyfora_reduce": reduce_as_it_stands,
    "pyfora_comprehension": comprehension_as_it_stands,
    "pyfora_calls": CallsInTheirTurn(),
    "pyfora_accumulate": lambda callee, maker, part, source, *rest, at, **keywords: callee(
        maker(source if part is None else part(source), *rest, **keywords)
    ),
    "pyfora_sort": lambda callee, key, at, **keywords: callee(key=key, **keywords),
    "pyfora_generator": lambda part, source, at: part(source),
    "pyfora_generator_type": GeneratorType,
    "pyfora_consume": lambda callee, generator: callee(generator),
    "pyfora_type": type,
    "pyfora_range": None,
    "pyfora_is_long_array": lambda source: False,
    "pyfora_source": lambda at, maker, *arguments, **keywords: maker(*arguments, **keywords),
}


def answer(data: bytes) -> bytes:
    loaded = load_program(data, PRIMITIVES, resolve_value=lambda value_id, origins: ["value", value_id])
    end = loaded.run()
    names = pack_results(end.names, loaded).to_bytes()
    error = None if end.exception is None else pack_exception(end.exception, loaded).to_bytes()
    return pickle.dumps((names, end.deleted, error))


def serve() -> None:
    channel_in, channel_out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    while head := channel_in.read(_LENGTH.size):
        data = channel_in.read(_LENGTH.unpack(head)[0])
        child = os.fork()
        if child == 0:
            try:
                reply = answer(data)
            except BaseException:
                reply = pickle.dumps(traceback.format_exc())
            channel_out.write(_LENGTH.pack(len(reply)) + reply)
            channel_out.flush()
            os._exit(0)
        os.waitpid(child, 0)


class Driver:
    """The driver's process; `ask` runs one program in a fork of it."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.language.rehearsal import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd="/",
        )

    def ask(self, data: bytes) -> tuple[bytes, set[str], bytes | None]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(_LENGTH.pack(len(data)) + data)
        self._process.stdin.flush()
        head = self._process.stdout.read(_LENGTH.size)
        reply = pickle.loads(self._process.stdout.read(_LENGTH.unpack(head)[0]))
        assert not isinstance(reply, str), reply
        return reply

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


# ---- the client's side ---------------------------------------------------------------


class Proxy:
    """A value that is on the cluster."""

    def __init__(self, value_id: str) -> None:
        self.value_id = value_id


def proxy_id(value: object) -> RemoteValue | None:
    return RemoteValue(value.value_id, {}) if isinstance(value, Proxy) else None


class RemoteExecutor:
    """Runs the body of its blocks in the driver."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._blocks: list[WithBlock] = []
        self.programs: list[Program] = []

    @property
    def remotely(self) -> RemoteExecutor:
        return self

    def downloadAll(self) -> RemoteExecutor:
        return self

    def __enter__(self) -> RemoteExecutor:
        block = WithBlock()
        block.enter(sys._getframe(1))
        self._blocks.append(block)
        return self

    def __exit__(self, *raised: Any) -> bool:
        entered = self._blocks.pop()
        block, frame = entered.leave(*raised), entered.frame
        program = build_block_program(block, frame.f_globals, frame.f_locals, proxy_id)
        self.programs.append(program)
        names, deleted, error = self._driver.ask(program.to_bytes())
        values = unpack_results(read_parcel(names), program.origin, entered.cells())
        entered.assign(values, deleted, entered=self)
        if error is not None:
            raise_as_it_is(unpack_exception(read_parcel(error), program.origin))
        return True


class PlainExecutor:
    """Runs the body of its blocks where they stand, as Python does."""

    @property
    def remotely(self) -> PlainExecutor:
        return self

    def downloadAll(self) -> PlainExecutor:
        return self

    def __enter__(self) -> PlainExecutor:
        return self

    def __exit__(self, *raised: Any) -> None:
        return None


def run_script(text: str, filename: str, executor: object, name: str = "__main__") -> dict[str, Any]:
    """The globals after `text` ran as a script (or a notebook's cell) that sees `executor`."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = types.ModuleType(name)
    module.__dict__.update(executor=executor, frames=frames, Proxy=Proxy, __file__=filename)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
    finally:
        if before is not None:
            sys.modules[name] = before
        else:
            del sys.modules[name]
    return module.__dict__


def frames(error: BaseException) -> list[tuple[Any, ...]]:
    """The user's frames of a traceback, with the columns that Python marks."""
    own = {__file__, sys.modules[WithBlock.__module__].__file__}
    return [
        (
            Path(frame.filename).name,
            frame.lineno,
            frame.end_lineno,
            frame.colno,
            frame.end_colno,
            frame.name,
            frame.line,
        )
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename not in own and "executor.remotely" not in (frame.line or "")
    ]


@contextlib.contextmanager
def driver() -> Any:
    made = Driver()
    try:
        yield made
    finally:
        made.close()
