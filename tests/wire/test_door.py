"""Two doors against each other, and against strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.errors import WireError
from pyfora.wire.door import CALLER, HELLO_BYTES, KEEPER, PORTS, PROOF_BYTES, Door


def talk(caller: Door, keeper: Door, chunk: int, after: bytes = b"") -> None:
    """Carry bytes between the two, `chunk` at a time, until nothing is left; `after` follows the caller's proof."""
    to_keeper, to_caller = caller.start(), keeper.start()
    sent_after = not after
    while to_keeper or to_caller:
        piece, to_caller = to_caller[:chunk], to_caller[chunk:]
        if piece:
            proof = caller.receive(piece)
            to_keeper += proof
            if proof and not sent_after:
                to_keeper, sent_after = to_keeper + after, True
        piece, to_keeper = to_keeper[:chunk], to_keeper[chunk:]
        if piece and not keeper.open:
            to_caller += keeper.receive(piece)


@pytest.mark.parametrize("chunk", [1, 7, 40, 1000])
@pytest.mark.parametrize("token", [b"", b"secret"])
def test_both_ends_open(chunk: int, token: bytes) -> None:
    caller, keeper = Door(CALLER, token, b"a" * 32, b"data"), Door(KEEPER, token, b"b" * 32, b"data")
    talk(caller, keeper, chunk)
    assert caller.open and keeper.open


def test_what_follows_the_proof_is_kept() -> None:
    caller, keeper = Door(CALLER, b"t", b"a" * 32, b"data"), Door(KEEPER, b"t", b"b" * 32, b"data")
    talk(caller, keeper, 1000, after=b"more")
    assert keeper.rest() == b"more" and keeper.rest() == b""


@pytest.mark.parametrize("tokens", [(b"a", b"b"), (b"", b"b"), (b"a", b"")])
def test_another_token_is_refused_by_the_keeper(tokens: tuple[bytes, bytes]) -> None:
    caller, keeper = Door(CALLER, tokens[0], b"a" * 32, b"data"), Door(KEEPER, tokens[1], b"b" * 32, b"data")
    with pytest.raises(WireError, match="token"):
        talk(caller, keeper, 1000)
    assert not keeper.open and not caller.open


def test_a_keeper_that_knows_nothing_is_refused() -> None:
    caller = Door(CALLER, b"t", b"a" * 32, b"data")
    caller.receive(Door(KEEPER, b"", b"b" * 32, b"data").start())
    with pytest.raises(WireError, match="token"):
        caller.receive(b"\x00" * PROOF_BYTES)


def test_the_keeper_proves_nothing_to_a_stranger() -> None:
    keeper = Door(KEEPER, b"t", b"b" * 32, b"data")
    assert keeper.receive(Door(CALLER, b"x", b"a" * 32, b"data").start()) == b""


def test_a_reflected_hello_is_refused() -> None:
    door = Door(CALLER, b"t", b"a" * 32, b"data")
    with pytest.raises(WireError, match="own hello"):
        door.receive(door.start())


def test_another_protocol_is_refused_at_its_first_byte() -> None:
    with pytest.raises(WireError, match="protocol"):
        Door(KEEPER, b"", b"b" * 32, b"data").receive(b"G")
    assert len(Door(KEEPER, b"", b"b" * 32, b"data").start()) == HELLO_BYTES


def recorded(token: bytes) -> tuple[bytes, bytes]:
    """What a caller and a keeper that know the token have said in a conversation that somebody listened to."""
    caller, keeper = Door(CALLER, token, b"a" * 32, b"data"), Door(KEEPER, token, b"b" * 32, b"data")
    hello = caller.start()
    proof = caller.receive(keeper.start())
    keeper.receive(hello)
    answer = keeper.receive(proof)
    return hello + proof, Door(KEEPER, token, b"b" * 32, b"data").start() + answer


def test_a_callers_words_do_not_open_a_door_twice() -> None:
    said, _ = recorded(b"t")
    keeper = Door(KEEPER, b"t", b"c" * 32, b"data")
    keeper.start()
    with pytest.raises(WireError, match="token"):
        keeper.receive(said)
    assert not keeper.open


def test_a_keepers_words_do_not_deceive_a_caller_twice() -> None:
    _, said = recorded(b"t")
    caller = Door(CALLER, b"t", b"d" * 32, b"data")
    caller.start()
    with pytest.raises(WireError, match="token"):
        caller.receive(said)
    assert not caller.open


def test_a_callers_own_proof_does_not_deceive_it() -> None:
    caller = Door(CALLER, b"t", b"a" * 32, b"data")
    proof = caller.receive(Door(KEEPER, b"", b"b" * 32, b"data").start())
    with pytest.raises(WireError, match="token"):
        caller.receive(proof)


@pytest.mark.parametrize("first", [b"\x16\x03\x01", b"\x15\x03\x03"])
def test_tls_at_a_plain_door_is_told_of(first: bytes) -> None:
    with pytest.raises(WireError, match=r"speaks TLS.*UFORA_TLS_DIR"):
        Door(KEEPER, b"", b"b" * 32, b"data").receive(first)


@given(st.sampled_from([CALLER, KEEPER]), st.booleans(), st.lists(st.binary(max_size=100), max_size=5))
def test_no_bytes_open_a_door(role: bytes, begins_well: bool, pieces: list[bytes]) -> None:
    door = Door(role, b"t", b"a" * 32, b"data")
    try:
        if begins_well:
            door.receive(Door(KEEPER if role == CALLER else CALLER, b"", b"b" * 32, b"data").start())
        for piece in pieces:
            door.receive(piece)
    except WireError:
        pass
    assert not door.open


@pytest.mark.parametrize("token", [b"", b"t"])
@pytest.mark.parametrize("meant", PORTS)
@pytest.mark.parametrize("taken", PORTS)
def test_a_proof_for_one_port_opens_no_other(token: bytes, meant: bytes, taken: bytes) -> None:
    """Who has taken one port passes on, byte for byte, what a daemon says there to a port of another kind."""
    caller, keeper = Door(CALLER, token, b"a" * 32, meant), Door(KEEPER, token, b"b" * 32, taken)
    if meant == taken:
        talk(caller, keeper, 1000)
        return
    with pytest.raises(WireError, match="another port"):
        talk(caller, keeper, 1000)
    assert not keeper.open and not caller.open
