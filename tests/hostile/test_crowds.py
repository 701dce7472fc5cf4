"""Many connections that do nothing, on every port at once."""

from __future__ import annotations

import pytest

from pyfora.limits import DOOR_TIMEOUT_S
from tests.hostile.conftest import Target, closed_within, undisturbed

pytestmark = pytest.mark.cluster
CROWD = 1000


def test_a_thousand_idle_connections_on_every_port(target: Target) -> None:
    with undisturbed(target, f"{CROWD} idle connections on each of four ports", blocks=6):
        crowd = [target.dial(port) for _ in range(CROWD) for port in target.ports]
        assert closed_within(crowd, 3 * DOOR_TIMEOUT_S) == len(crowd), "who proves nothing is closed"


def test_a_thousand_that_proved_themselves_and_then_fell_silent(target: Target) -> None:
    with undisturbed(target, f"{CROWD} silent connections behind each door", blocks=6):
        crowd = [target.through_the_door(port) for _ in range(CROWD // 4) for port in ("registry", "control", "data")]
        for _ in range(CROWD // 4):
            connection = target.dial("HTTP")
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            crowd.append(connection)
        for connection in crowd[-CROWD // 4 :]:
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        # HTTP connections may be kept for the next request; those between daemons have to say something.
        assert closed_within(crowd[: -CROWD // 4], 45) == len(crowd) - CROWD // 4
        for connection in crowd:
            connection.close()
