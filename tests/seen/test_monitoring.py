"""The examples for Prometheus and Grafana speak of metrics that there are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.daemons import ROOT, wait_for
from tests.parts import program
from tests.seen.conftest import Looked

pytestmark = pytest.mark.cluster
MONITORING = ROOT / "packaging" / "monitoring"
METRIC = re.compile(r"\bpyfora_[a-z_0-9]+")


def shown(looked: Looked) -> set[str]:
    """The names of all samples."""
    _, _, body = looked.open("/metrics")
    return {sample.name for family in text_string_to_metric_families(body.decode()) for sample in family.samples}


def expressions() -> list[str]:
    dashboard: dict[str, Any] = json.loads((MONITORING / "grafana.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_of_the_dashboard_and_the_alerts_exists(looked: Looked) -> None:
    wait_for("a worker's first measured figures", lambda: "pyfora_worker_memory_bytes" in shown(looked), 15)
    there = shown(looked)
    texts = [*expressions(), (MONITORING / "alerts.yml").read_text()]
    named = {name for text in texts for name in METRIC.findall(text)}
    assert len(named) > 30
    assert named - there == set()


def test_every_metric_of_the_page_exists_and_every_one_is_on_it(looked: Looked) -> None:
    wait_for("a worker's first measured figures", lambda: "pyfora_worker_memory_bytes" in shown(looked), 15)
    page = (ROOT / "docs" / "operating.md").read_text()
    named = set(METRIC.findall(page)) - {"pyfora_twisted"}
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown(looked)}
    assert named - families == set()
    assert families - named == set()


def test_promtool_reads_the_rules_and_the_dashboards_queries(tmp_path: Path) -> None:
    promtool = program("promtool", "prometheus")
    subprocess.run([promtool, "check", "rules", str(MONITORING / "alerts.yml")], check=True, timeout=30)
    rules = [{"record": f"dashboard:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    subprocess.run([promtool, "check", "rules", str(tmp_path / "rules.yml")], check=True, timeout=30)
