"""The roles that a certificate can give, and the files of each."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["manager", "worker", "client"]
ROLES: tuple[Role, ...] = get_args(Role)
SCHEME = "pyfora"
AUTHORITY_FILE = "ca.pem"
AUTHORITY_KEY_FILE = "ca.key"


def role_uri(role: Role) -> str:
    """The URI among a certificate's alternative names that says its role.

    Of the form `scheme:name`, as service-identity takes URI names apart (RFC 6125, 6.5.2).
    """
    return f"{SCHEME}:{role}"


def certificate_file(role: Role) -> str:
    """The name of this role's certificate in a directory of certificates."""
    return f"{role}.pem"


def key_file(role: Role) -> str:
    """The name of its key."""
    return f"{role}.key"
