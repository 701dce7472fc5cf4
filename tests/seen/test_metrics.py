"""`/metrics`: checked by promtool, scraped by a real Prometheus, true to what happened."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pyfora.cluster.figures import WORKER_FIGURES
from tests.daemons import ROOT, free_ports, wait_for
from tests.parts import program
from tests.seen.conftest import TOKEN, Looked

pytestmark = pytest.mark.cluster
MONITORING = ROOT / "packaging" / "monitoring"


def samples(looked: Looked) -> dict[str, float]:
    """name{labels except worker} -> the sum over workers."""
    status, headers, body = looked.open("/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()) if k != "worker")
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            found[name] = found.get(name, 0.0) + sample.value
    return found


def run_a_block(looked: Looked) -> None:
    executor = looked.connect()
    with executor.remotely.downloadAll():
        total = sum(x % 7 for x in range(30_000_000))
    executor.close()
    assert total == sum(x % 7 for x in range(30_000_000))


def test_promtool_finds_no_fault(looked: Looked) -> None:
    promtool = program("promtool", "prometheus")
    run_a_block(looked)
    _, _, body = looked.open("/metrics")
    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False, timeout=30)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def reported(looked: Looked) -> dict[str, float]:
    """The figures once the worker has reported of all blocks that have run, each of which had one kernel."""
    ended, kernels = "pyfora_blocks_ended_total{outcome=completed}", "pyfora_worker_compile_seconds_count"

    def is_complete() -> bool:
        found = samples(looked)
        return found.get(ended, 0) == found.get(kernels, 0)

    wait_for("the worker's report of all blocks", is_complete, 10)
    return samples(looked)


def test_the_figures_are_those_of_what_ran(looked: Looked) -> None:
    before = reported(looked)
    run_a_block(looked)
    after = reported(looked)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grown("pyfora_blocks_accepted_total") == grown("pyfora_blocks_ended_total{outcome=completed}") == 1
    assert grown("pyfora_block_duration_seconds_count") == 1
    assert after["pyfora_workers"] == 1 and after["pyfora_cores"] == 2
    assert grown("pyfora_worker_compile_seconds_count") == 1, "the loop has a kernel"
    assert grown("pyfora_worker_run_seconds_count") > 0
    assert grown("pyfora_port_received_bytes_total{port=HTTP}") > 500
    assert after["pyfora_worker_memory_bytes"] > 1 << 20
    missing = [f.name for f in WORKER_FIGURES if f"pyfora_worker_{f.name}{'_total' if f.counts else ''}" not in after]
    assert missing == []


def test_a_stranger_sees_nothing(looked: Looked) -> None:
    status, _, body = looked.open("/metrics", token="")
    assert status == 401 and b"pyfora_" not in body


def ask(port: int, query: str) -> list[dict[str, object]]:
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: list[dict[str, object]] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


def test_a_real_prometheus_scrapes_it_with_the_example_configuration(looked: Looked, tmp_path: Path) -> None:
    prometheus, promtool = program("prometheus", "prometheus"), program("promtool", "prometheus")
    (tmp_path / "token").write_text(TOKEN)
    text = (MONITORING / "prometheus.yml").read_text()
    assert "manager:30000" in text and "/etc/pyfora/token" in text and "scrape_interval: 15s" in text
    text = text.replace("manager:30000", looked.url.removeprefix("http://"))
    text = text.replace("/etc/pyfora/token", str(tmp_path / "token")).replace("interval: 15s", "interval: 1s")
    (tmp_path / "prometheus.yml").write_text(text.replace("timeout: 10s", "timeout: 1s"))
    (tmp_path / "alerts.yml").write_text((MONITORING / "alerts.yml").read_text())
    subprocess.run([promtool, "check", "config", str(tmp_path / "prometheus.yml")], check=True, timeout=30)
    port = free_ports(1)
    options = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([prometheus, *options, f"--web.listen-address=127.0.0.1:{port}"], stderr=log)
    try:
        wait_for("a scrape", lambda: ask(port, "up == 1"), 30)
        (cores,) = wait_for("the figure", lambda: ask(port, "pyfora_cores"), 10)
        assert cores["value"][1] == "2"  # type: ignore[index]
    finally:
        process.terminate()
        process.wait(20)
