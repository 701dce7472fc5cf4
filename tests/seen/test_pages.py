"""The pages for operators: their messages are the source's, their commands work."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import ROOT, Cluster, wait_for
from tests.parts import program
from tests.seen.conftest import TOKEN, Looked

DOCS = ROOT / "docs"
SHORTEST = 8
"""Characters of a piece of a message that are looked up."""


def texts_of(file: Path) -> Iterator[str]:
    """Every string of a source file; what is filled in stands as one mark."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"\{\w+\}", "\0", node.value)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "\0" for v in node.values)


def messages() -> list[str]:
    page = (DOCS / "troubleshooting.md").read_text()
    return re.findall(r"^\| `(.+?)` \|", page, re.M)


def test_every_message_of_the_page_is_in_the_source() -> None:
    files = [*(ROOT / "pyfora").rglob("*.py"), *(ROOT / "pyfora_twisted").rglob("*.py")]
    texts = [text for file in files for text in texts_of(file)]
    assert len(messages()) > 30
    for message in messages():
        pieces = [piece for piece in re.split(r" ?… ?", message) if len(piece.strip()) >= SHORTEST]
        assert pieces, message
        assert any(all(piece in text for piece in pieces) for text in texts), message


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (DOCS / page).read_text(), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.mark.cluster
def test_the_requests_of_the_interface_page_are_answered(looked: Looked) -> None:
    curl = program("curl", "curl")
    asked = commands("api.md")
    assert len(asked) >= 7
    for command in asked:
        first, *rest = shlex.split(command.replace("http://127.0.0.1:30000", looked.url))
        assert first == "curl"
        done = subprocess.run([curl, *rest, "-H", f"Authorization: Bearer {TOKEN}"], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command
        assert done.stdout


@pytest.mark.cluster
def test_the_commands_of_the_operating_page_work() -> None:
    with Cluster(workers=2) as cluster:
        import pyfora

        with pyfora.connect(cluster.url) as executor, executor.remotely.downloadAll():
            total = sum(range(1000))
        assert total == 499500
        log = cluster.manager.directory / "data" / "logs" / "manager.log"
        found = wait_for("the block in the log", lambda: re.search("block=([0-9a-f]{32})", log.read_text()), 10)
        environment = {
            "UFORA_DATA_DIR": str(cluster.manager.directory / "data"),
            "UFORA_WEB_HTTP_PORT": str(cluster.http_port),
            "PATH": str(Path(sys.executable).parent),
        }
        asked = commands("operating.md")
        assert len(asked) == 6
        for command in asked:
            command = command.replace("BLOCK", found.group(1)).replace("http://127.0.0.1:30000", cluster.url)
            command = command.replace("127.0.0.1:30009", f"127.0.0.1:{cluster.workers[0].base_port}")
            pyfora_command = [sys.executable, "-m", *shlex.split(command)]
            done = subprocess.run(
                pyfora_command, capture_output=True, text=True, check=False, cwd=cluster.directory, env=environment
            )
            assert done.returncode == 0, (command, done.stderr)
            assert done.stdout, command
