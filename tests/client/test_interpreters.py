"""Blocks that are typed: in a notebook's cell, at the interactive interpreter, on standard input."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.recorder import RECORDER, run_python
from tests.language.rehearsal import ROOT


def test_a_notebooks_cell(tmp_path: Path) -> None:
    # As IPython does: each statement compiled on its own, the last one in "single" mode, the text in linecache.
    text = """
    import ast, linecache, types, sys
    import recorder
    user = types.ModuleType("__main__")
    sys.modules["__main__"] = user
    user.executor = recorder.executor
    def run_cell(number, cell):
        name = f"/tmp/ipykernel_1/{number}.py"
        linecache.cache[name] = (len(cell), None, cell.splitlines(True), name)
        tree = ast.parse(cell, name)
        for node in tree.body[:-1]:
            exec(compile(ast.Module([node], []), name, "exec"), user.__dict__)
        exec(compile(ast.Interactive([tree.body[-1]]), name, "single"), user.__dict__)
    run_cell(1, "import math\\ndef f(x):\\n    with executor.remotely:\\n        x = math.sin(x)\\n    return x\\n")
    run_cell(2, "m = 4\\nwith executor.remotely:\\n    x = print('ran')\\n    y = 2\\n")
    run_cell(3, "z = f(x)\\nwith executor.remotely: x = print('ran')\\nz")
    print(recorder.seen)
    """
    out = run_python(text, tmp_path)
    assert out == "5\n[(2, \"x = print('ran'); y = 2\"), (3, 'x = math.sin(x)'), (2, \"x = print('ran')\")]\n"


INTERACTIVE = """\
from recorder import executor, seen
with executor.remotely: x = print("r" + "an")

with executor.remotely:
    x = print("r" + "an")
    y = 1

def f():
    with executor.remotely: x = print("r" + "an")
    return x

print("answer", x, f(), len(seen))
exit()
"""


def _at_a_terminal(command: list[str], tmp_path: Path, typed: str, **environment: str) -> str:
    """What a program prints at a terminal of its own while `typed` is typed, line by line as it prompts."""
    (tmp_path / "recorder.py").write_text(RECORDER)
    leader, follower = pty.openpty()
    whole = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "TERM": "dumb", **environment}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=whole, close_fds=True)
    os.close(follower)
    shown, lines = b"", typed.splitlines()
    try:
        while select.select([leader], [], [], 20)[0]:
            try:
                part = os.read(leader, 4096)
            except OSError:
                break
            shown += part
            if shown.rstrip(b" ").endswith((b">>>", b"...")) and lines:
                os.write(leader, lines.pop(0).encode() + b"\n")
        process.wait(10)
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    return shown.decode(errors="replace")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="3.13 is the first to keep what was typed")
def test_the_interactive_interpreter(tmp_path: Path) -> None:
    shown = _at_a_terminal([sys.executable, "-i", "-q"], tmp_path, INTERACTIVE, PYTHON_BASIC_REPL="1")
    assert "answer 5 5 3" in shown, shown
    assert "\nran" not in shown


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the text is kept")
def test_an_interpreter_that_keeps_no_text_says_what_to_do(tmp_path: Path) -> None:
    shown = _at_a_terminal([sys.executable, "-i", "-q"], tmp_path, INTERACTIVE)
    assert "CantGetSourceTextError" in shown and "Put the code into a file" in shown
    assert "\nran" not in shown


@pytest.mark.skipif(sys.version_info < (3, 13), reason="the coloured interpreter came with 3.13")
def test_the_interpreter_behind_pyrepl(tmp_path: Path) -> None:
    # The terminal of the new interpreter edits lines itself; what it does with a statement is this.
    text = """
    import recorder
    from _pyrepl.console import InteractiveColoredConsole
    import linecache
    console = InteractiveColoredConsole({"executor": recorder.executor, "__name__": "__main__"}, filename="<stdin>")
    for number, statement in enumerate(["with executor.remotely:\\n    x = print('ran')\\n    y = 1\\n",
                                        "def f():\\n    with executor.remotely: x = 1\\n    return x\\n",
                                        "print(x, f())"]):
        name = f"<python-input-{number}>"
        linecache._register_code(name, statement, "<stdin>") if NEW else linecache.cache.update(
            {name: (len(statement), None, statement.splitlines(True), name)})
        console.push(statement, filename=name, _symbol="single")
    print(recorder.seen)
    """
    out = run_python(text.replace("NEW", str(sys.version_info < (3, 13, 1))), tmp_path)
    assert out == "5 5\n[(1, \"x = print('ran'); y = 1\"), (2, 'x = 1')]\n"


def test_text_on_standard_input_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "recorder.py").write_text(RECORDER)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    text = "from recorder import executor\nwith executor.remotely:\n    print('ran')\n"
    done = subprocess.run(
        [sys.executable, "-"], input=text, capture_output=True, text=True, env=environment, timeout=30
    )
    assert "ran" not in done.stdout
    assert "CantGetSourceTextError: the source text of '<stdin>' cannot be found" in done.stderr
