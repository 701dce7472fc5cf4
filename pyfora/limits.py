"""Every cap on what a peer or a program may make us hold, wait for or send."""

from __future__ import annotations

# ---- messages and frames -------------------------------------------------------------------------
MESSAGE_HEADER_LIMIT_BYTES = 64 * 1024
"""A message's JSON header, on the WebSocket and on the compute socket."""
MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
"""A whole message; what is larger travels as a parcel, over HTTP or the data port."""
INLINE_LIMIT_BYTES = 16 * 1024
"""A parcel up to this size travels inside a message. One AMP value holds at most 65,535 bytes."""
PARCEL_LIMIT_BYTES = 64 * 1024**3
"""One parcel (a program, an environment, a value)."""
PRINT_LIMIT_BYTES = 16 * 1024 * 1024
"""What one program may print."""

# ---- time ------------------------------------------------------------------------------------------
BEAT_PERIOD_S = 0.5
"""How often a worker tells the manager, and a thief its victim, that it is alive."""
SILENCE_LIMIT_S = 2.0
"""A peer that said nothing for this long is taken for lost; its work goes elsewhere."""
RESEND_AFTER_S = 1.0
"""A message between daemons that was not acknowledged within this time is sent again."""
RECONNECT_GRACE_S = 60.0
"""How long the manager keeps an ended program's answer for a client that went away."""
DOOR_TIMEOUT_S = 5.0
"""How long a peer may take to say its hello and prove that it knows the token."""

# ---- work --------------------------------------------------------------------------------------------
HELD_RUNS_LIMIT = 2
"""Runs whose terms a leaf process may hold while they wait for the accumulator."""
RUN_LEAVES_LIMIT = 256
"""Leaves of one run."""
RUN_TARGET_S = 0.05
"""How long a run is meant to take; its length follows the speed that was seen."""
LEAF_ELEMENTS_LIMIT = 16_384
"""Elements of one leaf."""
ATTEMPTS_LIMIT = 3
"""How often a program or a run is tried again after its process died, before the program fails in words."""
PROGRAMS_LIMIT = 10_000
"""Programs that a manager holds at once: queued, running, or ended and not yet fetched."""
CHANNEL_QUEUE_LIMIT = 10_000
"""Messages to one peer that wait for its acknowledgement."""
