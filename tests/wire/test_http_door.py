"""A caller and the keeper of the HTTP door against each other, and against those who know no token."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.errors import WireError
from pyfora.limits import CHALLENGE_LIFETIME_S
from pyfora.wire import http_door
from pyfora.wire.http_door import Caller, Keeper, Stale, offered_challenge


def keeper(token: bytes = b"t") -> Keeper:
    numbers = itertools.count(1)
    return Keeper(token, lambda: next(numbers).to_bytes(32, "big"))


def caller(challenge: str, token: bytes = b"t", nonce: int = 7, method: str = "GET", path: str = "/ws") -> Caller:
    return Caller(token, challenge, f"{nonce:064x}", method, path)


def challenge_of(door: Keeper, now: float = 0.0) -> str:
    challenge = offered_challenge(door.offer(now))
    assert challenge is not None
    return challenge


def test_both_know_the_token() -> None:
    door = keeper()
    request = caller(challenge_of(door))
    proof = door.judge(request.authorization, "GET", "/ws", 0.0)
    assert request.check(proof)
    assert "t" not in request.authorization.partition("proof=")[2] and "token" not in repr(request)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic dDp0", "Pyfora", "Pyfora challenge=, nonce=, proof=", "Pyfora " + "x" * 99],
)
def test_who_shows_nothing_or_something_else_is_refused(authorization: str) -> None:
    with pytest.raises(WireError):
        keeper().judge(authorization, "GET", "/ws", 0.0)


def test_the_token_itself_may_be_shown() -> None:
    assert keeper().judge("Bearer t", "GET", "/x", 0.0) == keeper().judge("bearer  t", "PUT", "/y", 0.0) == ""


def test_another_token_is_refused_on_both_sides() -> None:
    door, impostor = keeper(), keeper(b"other")
    request = caller(challenge_of(door), token=b"other")
    with pytest.raises(WireError, match="not this manager's"):
        door.judge(request.authorization, "GET", "/ws", 0.0)
    ours = caller(challenge_of(impostor))
    answer = impostor.judge(caller(challenge_of(impostor), token=b"other").authorization, "GET", "/ws", 0.0)
    assert not ours.check(answer) and not ours.check(None) and not ours.check("") and not ours.check("é")


def test_a_proof_opens_once() -> None:
    door = keeper()
    request = caller(challenge_of(door))
    door.judge(request.authorization, "GET", "/ws", 0.0)
    with pytest.raises(WireError, match="used before"):
        door.judge(request.authorization, "GET", "/ws", 0.0)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/ws"), ("GET", "/api/v1/status")])
def test_a_proof_is_for_its_request_only(method: str, path: str) -> None:
    door = keeper()
    with pytest.raises(WireError, match="not this manager's"):
        door.judge(caller(challenge_of(door)).authorization, method, path, 0.0)


def test_a_keepers_proof_is_for_its_request_only() -> None:
    door = keeper()
    first, second = caller(challenge_of(door)), caller(challenge_of(door), nonce=8)
    assert not second.check(door.judge(first.authorization, "GET", "/ws", 0.0))


def test_a_callers_proof_is_no_keepers_proof() -> None:
    request = caller(challenge_of(keeper()))
    assert not request.check(request.authorization.rpartition("=")[2])


def test_challenges_grow_old() -> None:
    door = keeper()
    first = challenge_of(door)
    later = CHALLENGE_LIFETIME_S + 1
    second = challenge_of(door, later)
    assert second != first
    door.judge(caller(first).authorization, "GET", "/ws", later)
    with pytest.raises(WireError, match="used before"):
        door.judge(caller(first).authorization, "GET", "/ws", later)
    challenge_of(door, 2 * later)
    with pytest.raises(Stale):
        door.judge(caller(first, nonce=9).authorization, "GET", "/ws", 2 * later)
    with pytest.raises(Stale):
        door.judge(caller("ab" * 32).authorization, "GET", "/ws", 2 * later)


def test_remembered_proofs_are_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(http_door, "PROOFS_LIMIT", 3)
    door = keeper()
    first = challenge_of(door)
    for nonce in range(3):
        door.judge(caller(first, nonce=nonce).authorization, "GET", "/ws", 0.0)
    second = challenge_of(door)
    assert second != first
    with pytest.raises(WireError, match="used before"):
        door.judge(caller(first, nonce=1).authorization, "GET", "/ws", 0.0)
    for nonce in range(3):
        door.judge(caller(second, nonce=nonce).authorization, "GET", "/ws", 0.0)
    with pytest.raises(Stale):
        door.judge(caller(first, nonce=1).authorization, "GET", "/ws", 0.0)


@given(st.text(max_size=300) | st.from_regex(http_door._AUTHORIZATION, fullmatch=True), st.text(max_size=20))
def test_nothing_that_was_not_made_with_the_token_opens(authorization: str, path: str) -> None:
    door = keeper(b"a token that is not guessed")
    with pytest.raises(WireError):
        door.judge(authorization, "GET", path, 0.0)
    offered_challenge(authorization)
