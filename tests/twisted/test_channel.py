"""Requests that were sent ahead: answered in their order, one in each turn, and none while answers wait to be read."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from pyfora_twisted.web.channel import Channel

SENT_AHEAD = 5
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Page(Resource):
    """Counts how often it was asked for."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def render_GET(self, request: Request) -> bytes:
        self.asked += 1
        return b"answer %d" % self.asked


def connected() -> tuple[Page, Channel, StringTransport, Clock]:
    page, clock = Page(), Clock()
    site = Site(page, reactor=clock)
    site.protocol = Channel  # type: ignore[assignment]
    channel = site.buildProtocol(None)
    transport = StringTransport()
    channel.makeConnection(transport)
    return page, channel, transport, clock


def test_others_are_let_in_between() -> None:
    page, channel, transport, clock = connected()
    channel.dataReceived(REQUEST * SENT_AHEAD)
    assert page.asked == 1
    seen: list[int] = []
    clock.callLater(0, lambda: seen.append(page.asked))
    clock.advance(0)
    assert seen == [2], "what was due in the first turn found one more request answered"
    assert [transport.value().count(b"answer %d" % n) for n in range(1, SENT_AHEAD + 1)] == [1] * SENT_AHEAD


def test_none_while_answers_wait() -> None:
    page, channel, transport, clock = connected()
    channel.dataReceived(REQUEST * SENT_AHEAD)
    transport.producer.pauseProducing()
    for _ in range(10):
        clock.advance(0)
    assert page.asked == 1
    transport.producer.resumeProducing()
    for _ in range(10):
        clock.advance(0)
    assert page.asked == SENT_AHEAD


def test_none_after_the_end() -> None:
    page, channel, _, clock = connected()
    channel.dataReceived(REQUEST * SENT_AHEAD)
    channel.connectionLost()
    for _ in range(10):
        clock.advance(0)
    assert page.asked == 1
