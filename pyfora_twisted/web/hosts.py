"""By which names the manager may be called: a foreign site's DNS could point any other name here."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


class Hosts:
    """Knows this manager's names. Addresses are always among them, and names that no foreign site can own.

    DNS rebinding: a page of evil.example lets its own name point to this manager, and is then of "the same origin" as
    its answers. It cannot do that to an address, to localhost, or to a name without a dot, which nobody can register.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(name.lower().rstrip(".") for name in names if name)

    def know(self, host: str) -> bool:
        """Whether a Host header, with or without a port, names this manager."""
        try:
            parts = urlsplit(f"//{host}")
            name = (parts.hostname or "").rstrip(".")
            _ = parts.port
        except ValueError:
            return False
        if not name or parts.path or parts.query or parts.fragment or parts.username is not None:
            return False
        if ("." not in name and ":" not in name) or name.endswith(".localhost") or name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
