"""Runs programs, each in a process of its own: by this CPython, or through a cluster.

Started as `python -m tests.differential.runner`. Each line of standard input is a request in JSON: `script`, the path
of the program; `url` of the cluster, or null for a local run; `outcome`, the path to write what came of it; `seconds`,
how long it may take. The answer is a line on standard output, when the outcome is there.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import signal
import sys
import time
import traceback
import types
from pathlib import Path
from typing import Any

import websockets.sync.client  # noqa: F401  (loaded once, not by each process that connects)

import pyfora
import pyfora.client.joining
from pyfora.client.executor import Executor
from pyfora.fold.libm import libm_fingerprint
from tests.differential.canonical import Canonical


class LocalExecutor:
    """Stands where the cluster's executor stands; its blocks run in place."""

    remotely: LocalExecutor

    def __init__(self) -> None:
        self.remotely = self

    def downloadAll(self) -> contextlib.nullcontext[None]:
        return contextlib.nullcontext()

    def close(self) -> None:
        pass


def frames(error: BaseException, directory: str) -> list[list[Any]]:
    """The frames of the traceback that are in the program's own files."""
    found: list[list[Any]] = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        filename = frame.f_code.co_filename
        if filename.startswith(directory):
            text = linecache.getline(filename, line).strip()
            found.append([filename[len(directory) + 1 :], line, frame.f_code.co_name, text])
    return found


def outcome_of(script: Path, executor: Any) -> dict[str, Any]:
    """Run the program as the main module, and describe what it bound and how it ended."""
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    main.__dict__["executor"] = executor
    initial = set(main.__dict__) | {"__builtins__", "__annotations__", "__warningregistry__"}
    sys.modules["__main__"] = main
    sys.argv = [str(script)]
    sys.path[0] = str(script.parent)
    failure: BaseException | None = None
    try:
        exec(compile(script.read_text(), str(script), "exec"), main.__dict__)
    except BaseException as error:
        failure = error
    sys.stdout.flush()
    sys.stderr.flush()
    sys.setrecursionlimit(100_000)
    canonical = Canonical()
    names = {}
    for name, value in sorted(main.__dict__.items()):
        if name not in initial:
            try:
                names[name] = canonical.text(value)
            except (Exception, pyfora.UnconvertibleValueError) as error:
                names[name] = f"{type(value).__name__}, which cannot be read: {error}"
    described = None
    if failure is not None:
        chain: list[dict[str, Any]] = []
        link: BaseException | None = failure
        while link is not None and len(chain) < 20:
            chain.append(
                {
                    "type": f"{type(link).__module__}.{type(link).__qualname__}",
                    "frames": frames(link, str(script.parent)),
                }
            )
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
        described = {"text": canonical.text(failure), "message": str(failure), "chain": chain}
    return {"names": names, "failure": described}


def serve_one(request: dict[str, Any]) -> None:
    """In the forked process: run, write the outcome, end."""
    script = Path(request["script"])
    os.chdir(script.parent)
    for number, stream in ((1, "stdout"), (2, "stderr")):
        target = os.open(f"{request['outcome']}.{stream}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, number)
        setattr(sys, stream, io.TextIOWrapper(os.fdopen(number, "wb", closefd=False), "utf-8", "backslashreplace"))
    executor: Any = LocalExecutor() if request["url"] is None else pyfora.connect(request["url"], progress=False)
    loops: list[str] = []
    if isinstance(executor, Executor):
        # `lastLoops` tells of the last block only.
        executor.note_loops = lambda found, _: loops.extend(loop.how for loop in found)  # type: ignore[method-assign]
    outcome = {**outcome_of(script, executor), "loops": loops}
    Path(request["outcome"]).write_text(json.dumps(outcome))


def fork_and_wait(request: dict[str, Any]) -> str:
    """How the process that ran the program ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            serve_one(request)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    deadline = time.monotonic() + float(request["seconds"])
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return f"ended with {os.waitstatus_to_exitcode(status)}"
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return f"did not end within {request['seconds']} s"


def main() -> None:
    """Serve requests until standard input ends."""
    libm_fingerprint()  # computed once, not by each process that connects
    for line in sys.stdin:
        print(json.dumps(fork_and_wait(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
