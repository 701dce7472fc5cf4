"""docs/security.md: its commands, and the numbers in its tables."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyfora.configuration.config import LOOPBACK
from pyfora.limits import DOOR_TIMEOUT_S, PRINTS_LIMIT_BYTES, UNPROVED_LIMIT
from pyfora_twisted.amp.connection import UNSENT_LIMIT_BYTES
from tests.daemons import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("number", "setting"), [(0, "token"), (1, "tls_dir")])
def test_a_block_of_the_page(number: int, setting: str, tmp_path: Path) -> None:
    assert len(BLOCKS) == 2
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UFORA_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", BLOCKS[number]], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    (line,) = re.findall(rf"^{setting} .*$", done.stdout, re.MULTILINE)
    assert str(tmp_path) in line
    assert re.search(r"^bind_address +0\.0\.0\.0 ", done.stdout, re.MULTILINE)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".pem":
            assert path.stat().st_mode & 0o077 == 0, path


def test_its_numbers() -> None:
    assert f"{DOOR_TIMEOUT_S:g} s to prove oneself, at most {UNPROVED_LIMIT} who have not" in PAGE
    kept, unsent = PRINTS_LIMIT_BYTES >> 20, UNSENT_LIMIT_BYTES >> 20
    assert f"{kept} MB of all printed text; to a worker {unsent} MB" in PAGE
    assert f"| nothing set | {LOOPBACK} |" in PAGE
