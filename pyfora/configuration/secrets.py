"""The cluster's token: where it comes from, and whether it was kept from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyfora.configuration.machine import FileFound, Machine
from pyfora.configuration.reading import DEFAULT, ConfigError, Given

TOKEN_LIMIT_BYTES = 4096
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
"""systemd sets it to a directory that only the service may read (`LoadCredential=token:…`)."""
CREDENTIAL = "token"
_OTHERS = 0o037
"""Permission bits that a secret's file must not have: group may read it at most, others nothing."""


@dataclass(frozen=True)
class Token:
    """The token, b"" where there is none; `source` says who gave it."""

    secret: bytes = field(repr=False)
    source: str


def read_token(given: Mapping[str, Given], environ: Mapping[str, str], machine: Machine) -> Token:
    """The token of UFORA_TOKEN, UFORA_TOKEN_FILE, systemd's credential or the configuration file's `token_file`.

    Raises ConfigError; its text never holds the token.
    """
    inline, named = given["token"], given["token_file"]
    by_variable = named.source == named.setting.variable
    if inline.is_set and by_variable:
        raise ConfigError("UFORA_TOKEN and UFORA_TOKEN_FILE are both set: unset one of the two.")
    if inline.is_set:
        return Token(_checked(inline.text.encode("utf-8", "surrogateescape"), "UFORA_TOKEN"), inline.source)
    credentials = environ.get(CREDENTIALS_VARIABLE, "").strip()
    if credentials and not by_variable:
        path = Path(credentials) / CREDENTIAL
        try:
            content = machine.read_file(path).content
        except FileNotFoundError:
            pass  # a service with credentials of another kind
        except OSError as error:
            raise ConfigError(f"the credential {path} cannot be read: {error.strerror}.") from None
        else:
            return Token(_checked(content, f"the credential {path}"), f"${CREDENTIALS_VARIABLE}/{CREDENTIAL}")
    if named.is_set:
        return Token(read_token_file(named.text, named.shown, machine), f"{named.text} ({named.source})")
    return Token(b"", DEFAULT)


def read_token_file(path: str, shown: str, machine: Machine) -> bytes:
    """The token in a file that nobody else may read. Raises ConfigError, which calls the file `shown`."""
    try:
        found = machine.read_file(Path(path))
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read ({error.strerror}): name a readable file.") from None
    refuse_open_secret(found, shown, path, machine.user)
    return _checked(found.content, shown)


def refuse_open_secret(found: FileFound, shown: str, path: str, user: int) -> None:
    """Raise ConfigError unless only its owner, root or this user, may write it, and at most a group may read it."""
    if found.mode & _OTHERS:
        raise ConfigError(
            f"{shown} can be read or changed by other users (mode {found.mode & 0o777:04o}): chmod 600 {path} (or 640, "
            "for root and the group of the daemon)."
        )
    if found.owner not in (0, user):
        raise ConfigError(f"{shown} belongs to another user (uid {found.owner}): chown it to root or to this user.")


def _checked(content: bytes, shown: str) -> bytes:
    token = content.strip()
    if not token:
        raise ConfigError(f"{shown} is empty: put a token in it, such as 64 random hex digits.")
    if len(token) > TOKEN_LIMIT_BYTES:
        raise ConfigError(f"{shown} holds {len(token):,} bytes: a token has {TOKEN_LIMIT_BYTES:,} at most.")
    if not all(0x21 <= byte <= 0x7E for byte in token):
        raise ConfigError(f"{shown} holds blanks or letters beyond ASCII: a token is one line of visible ASCII.")
    return token
