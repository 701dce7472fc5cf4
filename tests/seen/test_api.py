"""`/api/v1` as its own OpenAPI document describes it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import pyfora
from pyfora_twisted.web.openapi import PATHS
from tests.daemons import wait_for
from tests.parts import library
from tests.seen.conftest import TOKEN, Looked

pytestmark = pytest.mark.cluster


@pytest.mark.timeout(400)
def test_schemathesis_finds_no_fault(looked: Looked, tmp_path: Path) -> None:
    """All its checks, on a real manager that asks for a token."""
    library("schemathesis")
    executor = looked.connect()
    with executor.remotely.downloadSmall(10):
        kept = list(range(1000))
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{looked.url}/api/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {TOKEN}", "--checks", "all", "--max-examples", "30"]
    command += ["--seed", "1", "--generation-database", "none", "--phases", "examples,coverage,fuzzing,stateful"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=380, cwd=tmp_path)
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    operations = sum(len(methods) for path, methods in PATHS.items() if path != "/openapi.json")  # it reads that itself
    assert f"{operations} selected / {operations} total" in found.stdout
    assert "Missing test data" not in found.stdout, "blocks and values are found by the links"
    assert isinstance(kept, pyfora.RemotePythonObject)
    executor.close()


def test_errors_are_json_with_a_sentence(looked: Looked) -> None:
    for path, method, status in [
        ("/api/v1/nothing", "GET", 404),
        ("/nothing", "GET", 404),
        ("/api", "GET", 404),
        ("/api/v1/blocks/" + "0" * 32, "GET", 404),
        ("/api/v1/blocks/no-id", "GET", 400),
        ("/api/v1/blocks?limit=0", "GET", 400),
        ("/api/v1/blocks?limit=1&limit=2", "GET", 400),
        ("/api/v1/blocks?unknown=1", "GET", 400),
        ("/api/v1/workers/" + "0" * 16, "GET", 404),
        ("/api/v1/values/nobody.made-it", "GET", 404),
        ("/api/v1/parcels/" + "0" * 64, "PUT", 409),
        ("/api/v1/status", "POST", 405),
        ("/api/v1/blocks", "TRACE", 405),
        ("/metrics", "DELETE", 405),
        ("/healthz", "PUT", 405),
        ("/ws", "POST", 405),
        ("/ws", "GET", 426),
    ]:
        got, headers, body = looked.open(path, method, body=b"x" if method == "PUT" else None)
        assert got == status, (path, method, got, body)
        assert headers["content-type"] == "application/json", path
        said = json.loads(body)
        assert set(said) == {"error"} and len(said["error"]) > 10, path
        if status == 405:
            assert headers["allow"].endswith("OPTIONS")


def test_head_is_get_without_a_body_and_options_names_the_methods(looked: Looked) -> None:
    for path in ("/api/v1/status", "/api/v1/openapi.json", "/readyz", "/metrics"):
        _, with_body, body = looked.open(path)
        status, without, nothing = looked.open(path, "HEAD")
        assert (status, nothing) == (200, b"") and body
        assert without["content-type"] == with_body["content-type"]
        assert int(without["content-length"]) > 0
        status, headers, nothing = looked.open(path, "OPTIONS")
        assert (status, headers["allow"], nothing) == (204, "GET, HEAD, OPTIONS", b"")
    _, headers, _ = looked.open("/api/v1/blocks/" + "0" * 32, "OPTIONS")
    assert headers["allow"] == "GET, DELETE, HEAD, OPTIONS"


def test_every_path_of_the_document_asks_for_the_token(looked: Looked) -> None:
    for path in PATHS:
        status, headers, _ = looked.open(f"/api/v1{path}", token="another")
        assert status == 401 and headers["www-authenticate"].endswith(", Bearer"), path


def test_a_block_is_seen_and_cancelled(looked: Looked) -> None:
    executor = looked.connect()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with executor.remotely.downloadAll():
                total = 0
                while True:
                    total += 1
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        running = "/api/v1/blocks?state=running"
        (block,) = wait_for("the block", lambda: looked.json(running)["blocks"], 20)
        worker = looked.json(f"/api/v1/workers/{block['home_id']}")
        assert worker["blocks"] == [block["block_id"]]
        gone = looked.json(f"/api/v1/blocks/{block['block_id']}", "DELETE")
        assert gone["outcome"] == "cancelled" and gone["state"] == "ended"
    finally:
        thread.join(20)
    assert not thread.is_alive() and len(raised) == 1 and "cancelled" in str(raised[0]).lower()
    executor.close()


def test_values_are_listed_page_by_page(looked: Looked) -> None:
    executor = looked.connect()
    with executor.remotely.downloadSmall(10):
        first, second, third = list(range(1000)), list(range(2000)), list(range(3000))
    assert not isinstance(first, list) and not isinstance(second, list) and not isinstance(third, list)
    listed = looked.json("/api/v1/values")["values"]
    assert len(listed) >= 3
    ids, after = [], ""
    while True:
        page = looked.json(f"/api/v1/values?limit=1{f'&after={after}' if after else ''}")
        ids += [value["value_id"] for value in page["values"]]
        after = page["next"]
        if not after:
            break
    assert ids == [value["value_id"] for value in listed]
    for value in listed:
        status, headers, body = looked.open(f"/api/v1/values/{value['value_id']}")
        assert (status, len(body)) == (200, value["size_bytes"])
        status, headers, _ = looked.open(f"/api/v1/values/{value['value_id']}", "HEAD")
        assert (status, int(headers["content-length"])) == (200, value["size_bytes"])
    executor.close()
