"""One program, run by the local CPython and through a cluster; and what is different afterwards."""

from __future__ import annotations

import atexit
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Program:
    """The text of a script that finds a global `executor`, and files beside it by relative path."""

    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 60.0

    def write(self, directory: Path) -> Path:
        """Write the files, and return the script."""
        for name, text in {"program.py": self.text, **self.files}.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
        return directory / "program.py"


Frame = tuple[str, int, str, str]


@dataclass(frozen=True)
class Link:
    """One exception of the chain that left the program: its type, and the frames of the program's own files."""

    kind: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Outcome:
    """What a program left: its global names with their values as text, its output, and its exception."""

    names: Mapping[str, str]
    stdout: str
    stderr: str
    failure: str | None = None
    message: str = ""
    chain: tuple[Link, ...] = ()
    loops: tuple[str, ...] = ()
    """How each loop that was worth a decision was run on the cluster: "compiled", "interpreted" or "in order"."""

    @property
    def raised(self) -> str | None:
        """The name of the exception's class, without its module."""
        return self.chain[0].kind.rpartition(".")[2] if self.chain else None


class Runner:
    """The process from which each run is forked: as fresh as a new process, without its imports."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("UFORA_")}
        environment |= {"PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.differential.runner"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, program: Program, url: str | None) -> Outcome:
        """Run `program` on the cluster at `url`, or by CPython here."""
        directory = Path(tempfile.mkdtemp(prefix="pyfora-program-"))
        try:
            result = directory / "outcome.json"
            script = program.write(directory / "home")
            request = {"script": str(script), "url": url, "outcome": str(result), "seconds": program.seconds}
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            ended = json.loads(self._process.stdout.readline())
            stdout, stderr = (
                _without(directory, Path(f"{result}.{stream}").read_text(errors="surrogateescape"))
                for stream in ("stdout", "stderr")
            )
            if not result.exists():
                return Outcome({}, stdout, stderr, f"the process {ended}", stderr, (Link("ended", ()),))
            return _outcome(json.loads(_without(directory, result.read_text())), stdout, stderr)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _without(directory: Path, text: str) -> str:
    """The text without the name of the directory, which is another one for each run."""
    return text.replace(str(directory / "home"), "HOME").replace(directory.name, "DIRECTORY")


def _outcome(found: dict[str, Any], stdout: str, stderr: str) -> Outcome:
    failure = found["failure"]
    if failure is None:
        return Outcome(found["names"], stdout, stderr, loops=tuple(found["loops"]))
    chain = tuple(
        Link(link["type"], tuple((name, line, function, text) for name, line, function, text in link["frames"]))
        for link in failure["chain"]
    )
    return Outcome(found["names"], stdout, stderr, failure["text"], failure["message"], chain, tuple(found["loops"]))


_idle: queue.LifoQueue[Runner] = queue.LifoQueue()


def _run(program: Program, url: str | None) -> Outcome:
    """By a runner that has nothing to do, or by a new one: as many as threads ask at once."""
    try:
        runner = _idle.get_nowait()
    except queue.Empty:
        runner = Runner()
        atexit.register(runner.stop)
    outcome = runner.run(program, url)
    _idle.put(runner)
    return outcome


def run_locally(program: Program) -> Outcome:
    """What CPython makes of the program, its blocks run in place."""
    return _run(program, None)


def run_on(url: str, program: Program) -> Outcome:
    """What the program makes on the cluster at `url`."""
    return _run(program, url)


def differences(local: Outcome, remote: Outcome) -> list[str]:
    """What a user would notice, in words; nothing if the outcomes are the same."""
    found = []
    if local.failure != remote.failure:
        found.append(_unlike("the exception", local.failure or "no exception", remote.failure or "no exception"))
    for here, there in zip(local.chain, remote.chain, strict=False):
        if here.kind != there.kind:
            found.append(f"the exception's chain: local {here.kind}, on the cluster {there.kind}")
        elif _without_entrances(here.frames) != _without_entrances(there.frames):
            found.append(f"the traceback of {here.kind}: local {_lines(here)}, on the cluster {_lines(there)}")
    for name in sorted({*local.names, *remote.names}):
        if name not in remote.names:
            found.append(f"`{name}` is not bound on the cluster; local {_short(local.names[name])}")
        elif name not in local.names:
            found.append(f"`{name}` is bound on the cluster only: {_short(remote.names[name])}")
        elif local.names[name] != remote.names[name]:
            found.append(_unlike(f"`{name}`", local.names[name], remote.names[name]))
    if local.stdout != remote.stdout:
        found.append(_unlike("standard output", local.stdout, remote.stdout))
    if local.stderr != remote.stderr:
        found.append(_unlike("standard error", local.stderr, remote.stderr))
    return found


def _without_entrances(frames: tuple[Frame, ...]) -> list[Frame]:
    """The frames without the `with` lines that a remote exception passes on its way out of the block."""
    return [
        frame
        for frame, following in zip(frames, [*frames[1:], None], strict=False)
        if following is None
        or not frame[3].startswith("with executor.remotely")
        or (frame[0], frame[2]) != (following[0], following[2])
        or following[1] <= frame[1]
    ]


def _lines(link: Link) -> str:
    return " > ".join(f"{name}:{line} {function}: {text}" for name, line, function, text in link.frames) or "(none)"


def _unlike(what: str, here: str, there: str) -> str:
    same = next((i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there)))
    start = max(0, same - 60) if len(here) > 300 or len(there) > 300 else 0
    at = f" (from character {start})" if start else ""
    return f"{what}{at}: local {_short(here[start:])!r}, on the cluster {_short(there[start:])!r}"


def _short(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:400]}… ({len(text)} characters)"
