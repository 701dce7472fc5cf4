"""Whether the manager works (`/healthz`), and whether it can take a block now (`/readyz`), each with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Request

from pyfora_twisted.driver import Driver
from pyfora_twisted.web.answers import allow_only, give_json

STILL_S = 5.0
"""A driver that has not run for so long is said to stand still; its core wants to be told of the time much oftener."""


@dataclass(frozen=True)
class Health:
    """What is asked; each check gives "" where all is well, else one sentence."""

    driver: Driver
    ports: Mapping[str, Any]
    """Name -> what `listenTCP` gave."""
    journal_fault: Callable[[], str]

    def alive(self) -> dict[str, str]:
        """What a restart may mend."""
        return {"driver": self._driver(), "ports": self._ports()}

    def ready(self) -> dict[str, str]:
        """What stands between a client and the answer of its block."""
        workers = len(self.driver.core.snapshot()["workers"])
        none = "no worker is registered: start one, with UFORA_MANAGER_ADDRESS set to this machine"
        return {**self.alive(), "journal": self.journal_fault(), "workers": "" if workers else none}

    def _driver(self) -> str:
        if self.driver.stopped:
            return "the manager's core has stopped; its log says why"
        still_s = self.driver.still_s
        return f"the manager's core has stood still for {still_s:.0f} s" if still_s > STILL_S else ""

    def _ports(self) -> str:
        closed = [name for name, port in self.ports.items() if not port.connected]
        return f"the {' and the '.join(closed)} port does not listen" if closed else ""


class HealthPage(Resource):
    """200 or 503, and what was found."""

    isLeaf = True

    def __init__(self, look: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._look = look

    def render(self, request: Request) -> bytes:
        """The checks by name."""
        refused = allow_only(request, ("GET",))
        if refused is not None:
            return refused
        checks = self._look()
        well = not any(checks.values())
        found = {
            "status": "ok" if well else "failing",
            "checks": {name: {"ok": not reason, "reason": reason} for name, reason in checks.items()},
        }
        return give_json(request, 200 if well else 503, found)
