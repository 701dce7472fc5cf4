"""What goes through a port, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Meter:
    """The counts of one port since the daemon's start."""

    received_bytes: int = 0
    sent_bytes: int = 0
    """Given to the transport; of a connection that broke, some may not have left."""
    connections: int = 0
    """Open now."""
    accepted: int = 0
    refused: int = 0
    """Closed because there were too many, too fast or too slow."""
