"""The door of the HTTP port: both ends prove in one request's headers that they know the token, which never travels.

The keeper hands out a challenge with every 401. The caller answers with a number of its own and a proof over both, the
method and the path; each such number opens the door once. The keeper's answer carries its own proof, which the caller
checks before it believes a byte of the body. (As in HTTP Digest, RFC 7616, with HMAC-SHA256 in place of its hash.)
Tools that cannot do this may show the token itself, as `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.errors import WireError
from pyfora.limits import CHALLENGE_LIFETIME_S, PROOFS_LIMIT
from pyfora.wire.door import CALLER, KEEPER, MAGIC, NONCE_BYTES

SCHEME = "Pyfora"
PROOF_HEADER = "Pyfora-Proof"
CHALLENGE_PATH = "/api/v1/challenge"
"""There is nothing there: a manager with a token answers 401, with a challenge; one without answers 404."""
_HEX = rf"[0-9a-f]{{{2 * NONCE_BYTES}}}"
_AUTHORIZATION = re.compile(rf"{SCHEME} challenge=({_HEX}), nonce=({_HEX}), proof=({_HEX})", re.ASCII)
_OFFER = re.compile(rf'{SCHEME} challenge="({_HEX})"', re.ASCII)


class Stale(WireError):
    """The challenge is too old, or of another life of the manager: the caller asks for a new one."""


# ---- the caller ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """One request of a caller: `authorization` is its header, `check` judges the keeper's answer."""

    token: bytes = field(repr=False)
    challenge: str
    nonce: str
    method: str
    path: str

    @property
    def authorization(self) -> str:
        """The value of the Authorization header."""
        proof = _proof(self.token, CALLER, self.challenge, self.nonce, self.method, self.path)
        return f"{SCHEME} challenge={self.challenge}, nonce={self.nonce}, proof={proof}"

    def check(self, proof: str | None) -> bool:
        """Whether the keeper's PROOF_HEADER shows that it knows the token."""
        expected = _proof(self.token, KEEPER, self.challenge, self.nonce, self.method, self.path)
        return hmac.compare_digest((proof or "").encode("utf-8", "replace"), expected.encode())


def offered_challenge(offer: str | None) -> str | None:
    """The challenge in a WWW-Authenticate header; None where there is none."""
    found = _OFFER.search(offer or "")
    return found.group(1) if found else None


# ---- the keeper ------------------------------------------------------------------------------------------------------


class Keeper:
    """Hands out challenges and judges proofs. `make_nonce` gives NONCE_BYTES random bytes."""

    def __init__(self, token: bytes, make_nonce: Callable[[], bytes]) -> None:
        self._token = token
        self._make_nonce = make_nonce
        self._used: dict[str, set[str]] = {}
        """The callers' numbers that were seen, by challenge: the current one last, the one before it first."""
        self._since = 0.0

    def offer(self, now: float) -> str:
        """The value of WWW-Authenticate for who has not proved itself."""
        return f'{SCHEME} challenge="{self._challenge(now)}", Bearer'

    def judge(self, authorization: str, method: str, path: str, now: float) -> str:
        """The keeper's own proof for a caller that has proved itself, "" for one that showed the token itself.

        Raises WireError where it did neither; Stale where it only needs a new challenge.
        """
        scheme, _, shown = authorization.partition(" ")
        if scheme.lower() == "bearer":
            if not hmac.compare_digest(shown.strip().encode("latin-1", "replace"), self._token):
                raise WireError("the token shown is not this manager's")
            return ""
        found = _AUTHORIZATION.fullmatch(authorization)
        if found is None:
            raise WireError("this manager asks for its token: Authorization: Bearer TOKEN")
        challenge, nonce, proof = found.groups()
        current = self._challenge(now)
        used = self._used.get(challenge)
        if used is None:
            raise Stale("the challenge is no longer good: ask for another")
        expected = _proof(self._token, CALLER, challenge, nonce, method, path)
        if not hmac.compare_digest(proof.encode(), expected.encode()):
            raise WireError("the token of this caller is not this manager's")
        if nonce in used:
            raise WireError("this proof was used before")
        used.add(nonce)
        if challenge == current and len(used) >= PROOFS_LIMIT:
            self._renew(now)
        return _proof(self._token, KEEPER, challenge, nonce, method, path)

    def _challenge(self, now: float) -> str:
        if not self._used or now - self._since > CHALLENGE_LIFETIME_S:
            if now - self._since > 2 * CHALLENGE_LIFETIME_S:
                self._used.clear()
            self._renew(now)
        return list(self._used)[-1]

    def _renew(self, now: float) -> None:
        if len(self._used) > 1:
            del self._used[next(iter(self._used))]
        self._used[self._make_nonce().hex()] = set()
        self._since = now


def _proof(token: bytes, role: bytes, challenge: str, nonce: str, method: str, path: str) -> str:
    parts = (MAGIC, b"http", role, challenge.encode(), nonce.encode(), method.encode(), path.encode())
    return hmac.new(token, b"\x00".join(parts), hashlib.sha256).hexdigest()
