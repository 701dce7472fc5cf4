"""Scripts in a process of their own, with an executor that only skips bodies and says what they were."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.language.rehearsal import ROOT

# A context manager that skips its body, says what it captured, and assigns x = 5.
RECORDER = """
import sys
from pyfora.client.withblock import WithBlock
from pyfora.language.capture import block_statements
from pyfora.language.sources import parsed
import ast
seen = []
class Recorder:
    def __init__(self, names=None, deleted=()):
        self.names, self.deleted, self.entered = names or {"x": 5}, deleted, []
    @property
    def remotely(self): return self
    def downloadAll(self): return self
    def __enter__(self):
        block = WithBlock()
        block.enter(sys._getframe(1))
        self.entered.append(block)
        return self
    def __exit__(self, *raised):
        entered = self.entered.pop()
        block = entered.leave(*raised)
        node = parsed(block.segment).withs[block.number]
        body = block_statements(node, block.item)
        seen.append((block.line, "; ".join(ast.unparse(statement) for statement in body)))
        entered.assign(self.names, self.deleted, entered=self)
        return True
executor = Recorder()
"""


def run_python(text: str, tmp_path: Path, *arguments: str) -> str:
    (tmp_path / "recorder.py").write_text(RECORDER)
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(text))
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    done = subprocess.run(
        [sys.executable, *arguments, str(script)], capture_output=True, text=True, env=environment, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
