"""Channels: in order, exactly once, bounded."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from pyfora.cluster.channel import Channel, ChannelBroken, Channels
from pyfora.cluster.invariants import check_channel
from pyfora.limits import CHANNEL_QUEUE_LIMIT, CHANNEL_WINDOW, PEERS_LIMIT, RESEND_AFTER_S
from pyfora.wire.messages import CancelProgram, Message


def said(number: int) -> Message:
    return CancelProgram(str(number))


def joined() -> Channel:
    channel = Channel("peer", "worker")
    channel.join(0.0)
    return channel


def test_numbers_count_from_one() -> None:
    channel = joined()
    assert [channel.send(said(n), 0.0)[0].sequence for n in range(3)] == [1, 2, 3]


def test_nothing_is_sent_before_the_peer_joins_and_all_at_once_then() -> None:
    channel = Channel("peer", "worker")
    assert channel.send(said(1), 0.0) == channel.send(said(2), 0.0) == []
    assert [t.sequence for t in channel.join(1.0)] == [1, 2]


def test_unacknowledged_messages_are_sent_again_with_growing_patience() -> None:
    channel = joined()
    channel.send(said(1), 0.0)
    assert channel.sweep(RESEND_AFTER_S * 0.9) == []
    assert len(channel.sweep(RESEND_AFTER_S)) == 1
    assert channel.sweep(RESEND_AFTER_S * 2) == []
    assert len(channel.sweep(RESEND_AFTER_S * 3)) == 1


def test_the_patience_is_bounded() -> None:
    channel = joined()
    channel.send(said(1), 0.0)
    times = [now / 2 for now in range(400) if channel.sweep(now / 2)]
    assert max(b - a for a, b in pairwise(times)) <= 8.0


def test_a_rejoin_sends_again_at_once_and_only_what_is_not_acknowledged() -> None:
    channel = joined()
    for n in range(3):
        channel.send(said(n), 0.0)
    channel.acknowledge(2, 0.1)
    channel.leave()
    assert channel.sweep(100.0) == []
    assert [t.sequence for t in channel.join(100.0)] == [1, 3]


def test_a_message_counts_as_handled_when_all_before_it_are_acknowledged() -> None:
    channel = joined()
    for n in range(3):
        channel.send(said(n), 0.0)
    assert channel.acknowledge(2, 0.1) == ([], [])
    assert channel.acknowledge(1, 0.1)[0] == [said(0), said(1)]
    assert channel.acknowledge(1, 0.1) == ([], [])


def test_the_window_moves_with_the_acknowledgements() -> None:
    channel = joined()
    sent = sum(len(channel.send(said(n), 0.0)) for n in range(CHANNEL_WINDOW + 10))
    assert sent == CHANNEL_WINDOW
    _, more = channel.acknowledge(1, 0.1)
    assert [t.sequence for t in more] == [CHANNEL_WINDOW + 1]


def test_messages_come_out_in_order_and_once() -> None:
    channel = Channel("peer", "worker")
    assert channel.receive(2, said(2)) == []
    assert channel.receive(1, said(1)) == [said(1), said(2)]
    assert channel.receive(1, said(1)) == channel.receive(2, said(2)) == []
    check_channel(channel)


def test_a_number_beyond_the_window_breaks_the_channel() -> None:
    channel = Channel("peer", "worker")
    channel.receive(CHANNEL_WINDOW, said(0))
    with pytest.raises(ChannelBroken, match="was expected"):
        channel.receive(CHANNEL_WINDOW + 1, said(0))


def test_a_queue_over_its_limit_breaks_the_channel() -> None:
    channel = Channel("peer", "worker")
    for n in range(CHANNEL_QUEUE_LIMIT):
        channel.send(said(n), 0.0)
    with pytest.raises(ChannelBroken, match="acknowledgement"):
        channel.send(said(0), 0.0)


def test_messages_aside_have_no_number_and_are_not_kept() -> None:
    channel = joined()
    assert channel.aside(said(1))[0].sequence == 0
    channel.leave()
    assert channel.aside(said(1)) == []
    assert not channel.outgoing


def test_the_longest_gone_peer_is_forgotten_first() -> None:
    channels = Channels()
    for n in range(PEERS_LIMIT):
        channels.open(f"p{n}", "home")
    channels.open("p0", "home").join(0.0)
    channels.open("new", "home")
    assert channels.find("p0", "home") is not None
    assert channels.find("p1", "home") is None


@pytest.mark.parametrize("seed", range(30))
def test_over_a_terrible_network_everything_arrives_in_order_once(seed: int) -> None:
    chance = random.Random(seed)
    sender, receiver = joined(), Channel("peer", "worker")
    network: list[tuple[str, int, Message]] = []
    arrived: list[Message] = []
    count, sent, now = 400, 0, 0.0
    while len(arrived) < count or sender.outgoing:
        now += chance.random() * 0.3
        assert now < 5000
        transmits = []
        if sent < count and chance.random() < 0.9:
            transmits += sender.send(said(sent), now)
            sent += 1
        if chance.random() < 0.02:
            sender.leave()
        if not sender.joined and chance.random() < 0.2:
            transmits += sender.join(now)
        transmits += sender.sweep(now)
        for transmit in transmits:
            network += [("message", transmit.sequence, transmit.message)] * chance.choice([0, 1, 1, 1, 2])
        for _ in range(min(len(network), 3)):
            network.append(network.pop(chance.randrange(len(network))))
        for _ in range(min(len(network), 6)):
            kind, sequence, message = network.pop()
            if kind == "message":
                arrived += receiver.receive(sequence, message)
                network += [("answer", sequence, message)] * chance.choice([0, 1, 1])
            else:
                transmits = sender.acknowledge(sequence, now)[1]
                network += [("message", t.sequence, t.message) for t in transmits]
        check_channel(sender)
        check_channel(receiver)
    assert arrived == [said(n) for n in range(count)]
