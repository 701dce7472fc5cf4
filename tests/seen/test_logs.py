"""A block's lines, followed through manager, home and thief."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import pyfora
from pyfora_twisted.log_lines import LINE_LIMIT_BYTES
from tests.daemons import Cluster, wait_for

pytestmark = pytest.mark.cluster


def blocks_of(cluster: Cluster) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{cluster.url}/api/v1/blocks", timeout=5) as answer:
        found: list[dict[str, Any]] = json.load(answer)["blocks"]
        return found


def logs_of(block: str, directories: list[Path]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pyfora", "logs", "--block", block, *map(str, directories)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_block_is_followed_from_the_manager_over_its_home_to_a_thief(log_format: str) -> None:
    settings = {"UFORA_LOG_FORMAT": log_format, "UFORA_LOG_LEVEL": "debug"}
    with Cluster(workers=2, cores=1, settings=settings) as cluster:
        executor = pyfora.connect(cluster.url)

        def run() -> None:
            with executor.remotely.downloadAll():
                total = sum(x % 3 % 2 for x in range(400_000_000))
            assert total > 0

        thread = threading.Thread(target=run)
        thread.start()
        (block,) = wait_for("the block", lambda: [b for b in blocks_of(cluster) if b["home_id"]], 20)
        thread.join(60)
        executor.close()
        directories = [daemon.directory / "data" for daemon in [cluster.manager, *cluster.workers]]
        found = logs_of(block["block_id"], directories)
        assert found.returncode == 0, found.stderr
        lines = found.stdout.splitlines()
        texts = ["a block is accepted", "a block is placed", "a block is at home here", "a block has ended"]
        places = [min(at for at, line in enumerate(lines) if text in line) for text in texts]
        assert places == sorted(places), lines
        thieves = [line for line in lines if "stealing from a loop" in line]
        assert len(thieves) == 1 and f"home={block['home_id']}" in thieves[0]
        assert any("stolen leaves are done" in line and "lo=" in line for line in lines)
        assert logs_of(block["block_id"][:8], directories).stdout == found.stdout
        if log_format == "json":
            check_json(directories, block)


def check_json(directories: list[Path], block: dict[str, Any]) -> None:
    """Each line is one JSON object; the three daemons name the same block, each by its own id."""
    by: dict[str, set[str]] = {}
    for directory in directories:
        for file in (directory / "logs").iterdir():
            for line in file.read_text().splitlines():
                assert len(line) <= LINE_LIMIT_BYTES
                event = json.loads(line)
                assert event["time"].endswith("+00:00") and event["level"] in ("debug", "info", "warn", "error")
                assert event["daemon"] == file.name.removesuffix(".log")
                if event.get("block") == block["block_id"]:
                    by.setdefault(event["daemon"], set()).add(event["by"])
    assert len(by) == 3 and all(len(ids) == 1 for ids in by.values())
    assert {block["home_id"]} in by.values()


def test_where_there_is_nothing_to_read_it_says_so(tmp_path: Path) -> None:
    found = logs_of("0123456789abcdef", [tmp_path])
    assert found.returncode == 1 and "there are no logs in" in found.stderr
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "manager.log").write_text("nothing\n")
    assert (logs_of("0123456789abcdef", [tmp_path]).returncode, logs_of("xyz", [tmp_path]).returncode) == (0, 1)
