"""docs/tunnels.md: each of its commands, against real daemons and a real sshd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates.made import directory
from tests.daemons import ROOT, Cluster, free_ports
from tests.sshd import sshd

pytestmark = pytest.mark.cluster

PAGE = (ROOT / "docs" / "tunnels.md").read_text()
BLOCKS = re.findall(r"^## (.+?)\n.*?^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
TOKEN = "a-token-of-the-tunnel"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home directory with a short path, as unix sockets want it."""
    path = Path(tempfile.mkdtemp(prefix="pf", dir="/tmp"))
    (path / ".pyfora-token").write_text(TOKEN)
    (path / ".pyfora-token").chmod(0o600)
    shutil.copytree(directory("ours"), path / ".pyfora-tls")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """`ssh` to a server of ours, and `pyfora`."""
    with sshd(tmp_path_factory.mktemp("sshd")) as path:
        (path / "pyfora").symlink_to(Path(sys.executable).with_name("pyfora"))
        yield path


def test_the_page_has_its_blocks() -> None:
    assert len(BLOCKS) == 6 and sum(text.count("pyfora status") for _, text in BLOCKS) == 6
    assert PAGE.count("```sh") == 6


@pytest.mark.parametrize(("title", "text"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_a_block_of_the_page(title: str, text: str, home: Path, commands: Path) -> None:
    settings = {"UFORA_BIND_ADDRESS": "127.0.0.1"}
    if "UFORA_TOKEN_FILE" in text:
        settings["UFORA_TOKEN_FILE"] = str(home / ".pyfora-token")
    if "UFORA_TLS_DIR" in text:
        settings["UFORA_TLS_DIR"] = str(home / ".pyfora-tls")
    with Cluster(workers=1, settings=settings) as cluster:
        near, far = str(free_ports(1)), str(cluster.http_port)
        # 30000 is the manager's port at the far end, and ours at the near one.
        text = re.sub(r"(-[LR] )30000:localhost:30000", rf"\g<1>{near}:localhost:{far}", text)
        text = re.sub(r"(-[LR] )8001:localhost:30000", rf"\g<1>{near}:localhost:{far}", text)
        text = re.sub(r"localhost:(30000|8001)\b", f"localhost:{near}", text)
        text = text.replace("ssh workstation pyfora", f"ssh workstation {commands / 'pyfora'}")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("UFORA_")}
        environment |= {"HOME": str(home), "PATH": f"{commands}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euc", text],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
    assert done.returncode == 0, done.stderr
    assert f"localhost:{near}" in done.stdout and "workers  1" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
