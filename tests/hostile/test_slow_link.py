"""A client behind a slow link: every byte comes late, and few at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Iterator

import pytest

import pyfora
from tests.daemons import Cluster
from tests.hostile.conftest import expected

pytestmark = pytest.mark.cluster
DELAY_S = 0.15
BYTES_PER_S = 200_000
PIECE_BYTES = 16_384


class SlowLink:
    """A TCP proxy on loopback: each piece arrives DELAY_S later, BYTES_PER_S at most in each direction."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((near, far), (far, near)):
                on_the_way: deque[tuple[float, bytes]] = deque()
                threading.Thread(target=self._take, args=(source, on_the_way), daemon=True).start()
                threading.Thread(target=self._give, args=(sink, on_the_way), daemon=True).start()

    def _take(self, source: socket.socket, on_the_way: deque[tuple[float, bytes]]) -> None:
        while True:
            try:
                data = source.recv(PIECE_BYTES)
            except OSError:
                data = b""
            on_the_way.append((time.monotonic() + DELAY_S, data))
            if not data:
                return
            time.sleep(len(data) / BYTES_PER_S)

    def _give(self, sink: socket.socket, on_the_way: deque[tuple[float, bytes]]) -> None:
        while True:
            if not on_the_way:
                time.sleep(0.005)
                continue
            at, data = on_the_way.popleft()
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def link() -> Iterator[tuple[Cluster, SlowLink]]:
    with Cluster(workers=1, cores=1) as cluster:
        link = SlowLink(cluster.http_port)
        yield cluster, link
        link.close()


def test_small_and_large_blocks_over_a_slow_link(link: tuple[Cluster, SlowLink]) -> None:
    executor = pyfora.connect(f"http://127.0.0.1:{link[1].port}")
    for count in (10, 500_000):
        with executor.remotely.downloadAll():
            total = sum(x * x % 7 for x in range(count))
        assert total == expected(count)
    captured = (
        bytes(range(256)) * 4000
    )  # a megabyte there and back: five seconds each way, longer than any ping may take
    with executor.remotely.downloadAll():
        back = captured[::-1]
        for number in range(50):
            print(number)
    assert back == captured[::-1]
    executor.close()
