"""Every cap on what a peer or a program may make us hold, wait for or send."""

from __future__ import annotations

# ---- messages and frames -------------------------------------------------------------------------
MESSAGE_HEADER_LIMIT_BYTES = 64 * 1024
"""A message's JSON header, on the WebSocket and on the compute socket."""
CLIENT_MESSAGE_LIMIT_BYTES = 128 * 1024
"""A message of a client: a header, and a program that is not uploaded because it is small."""
HELLO_LIMIT_BYTES = 4 * 1024
"""The first message of a client that nobody knows yet."""
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
FIGURES_PERIOD_S = 2.0
"""How often a worker's beat carries its figures."""
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
RUN_TARGET_S = 0.1
"""How long a run is meant to take; its length follows the speed that was seen."""
RUN_LONGEST_S = 0.3
"""The same where much is left: what each run costs besides its leaves is some milliseconds."""
RUN_SHORTEST_S = 0.012
"""No run is cut shorter than this for the sake of balance."""
LEAF_ELEMENTS_LIMIT = 16_384
"""Elements of one leaf."""
ATTEMPTS_LIMIT = 3
"""How often a program or a run is tried again after its process died, before the program fails in words."""
PROGRAMS_LIMIT = 10_000
"""Programs that a manager holds at once: queued, running, or ended and not yet fetched."""
CHANNEL_QUEUE_LIMIT = 10_000
"""Messages to one peer that wait for its acknowledgement."""
CHANNEL_WINDOW = 256
"""Messages to one peer that are on their way at once; also how many a receiver keeps that came early."""
PEERS_LIMIT = 4096
"""Peers whose channels a daemon remembers; the longest gone is forgotten first."""

# ---- membership ----------------------------------------------------------------------------------------
REJOIN_LIMIT_S = 0.5
"""A worker whose connection to the manager broke, and that did not come back within this time, is lost."""
THIEF_REJOIN_LIMIT_S = 0.4
"""The same between thief and home, where being taken for lost costs a few runs."""
LEAVE_LIMIT_S = 5.0
"""How long a worker that was asked to stop goes on with what it has; the rest is then handed back."""
ADOPTION_GRACE_S = 3.0
"""How long a restarted manager waits for workers to say that they still run its programs."""
LOST_IDS_LIMIT = 10_000
"""Ids of lost workers that a manager remembers."""
CLIENTS_LIMIT = 1_000
"""Clients of one manager."""

# ---- programs and values -------------------------------------------------------------------------------
INPUTS_LIMIT = 1_000
"""Values on the cluster that one program may read."""
ARRAY_GAPS_LIMIT_BYTES = 256 * 1024 * 1024
"""What lies between the elements of one array of numpy that is sent: on the other side as much memory is set aside."""
PRINTS_LIMIT_BYTES = 256 * 1024 * 1024
"""Printed text of all programs that a manager keeps for clients that are away."""
WANTS_LIMIT = 1_000
"""Requests for values that wait at the manager."""
DISK_SPARE_BYTES = 16 * 1024 * 1024
"""With less than this free in its data directory a manager accepts no block: what it has accepted needs the room."""
PAGE_LIMIT = 1_000
"""Blocks or values in one answer of the HTTP interface."""
PARCEL_LINGER_S = 30.0
"""How long a parcel that nobody needs any more stays, so that one who is just about to name it again finds it."""
RETRY_AFTER_S = 0.5
"""Pause before a program is placed again after its bytes or inputs could not be brought to a worker."""

# ---- kernels -------------------------------------------------------------------------------------------
KERNEL_CACHE_LIMIT_BYTES = 256 * 1024 * 1024
"""Kernels on the disk of a worker; those that were not used for longest go first."""
KERNELS_LIMIT_BYTES = 16 * 1024 * 1024
"""Kernels that a manager keeps, in memory and on disk; those that were not asked for longest go first."""
KERNEL_LIMIT_BYTES = 256 * 1024
"""One kernel that a worker passes on to others (most have 3 to 12 KiB); what is larger, each compiles for itself."""
KERNELS_UNDER_WAY_LIMIT = 1_000
"""Kernels that are being compiled and that a manager knows of; beyond it nobody waits for another's."""
KERNEL_WAIT_S = 1.0
"""How long a kernel of another worker is waited for; about as long as it takes to compile a large one."""

# ---- stealing ------------------------------------------------------------------------------------------
OFFERS_LIMIT = 1_000
"""Offers of other workers that a worker remembers."""
FOLDS_LIMIT = 1_000
"""Parallel loops that are open at one worker at once."""
STARVED_AFTER_S = 0.25
"""A thief that was given nothing for this long turns to another fold."""
PROGRESS_PERIOD_S = 0.25
"""How often a worker tells the manager how far a program is, at most."""
PROCESS_START_LIMIT_S = 20.0
"""A compute process that has not spoken within this time of being forked is killed."""

# ---- doors -------------------------------------------------------------------------------------------------
ARRIVALS_WAITING_LIMIT = 1024
"""Connections that the kernel holds until they are let in: in a crowd an honest one waits there, and is not lost."""
UNPROVED_LIMIT = 256
"""Connections to one port whose peers are not known yet; beyond it the oldest of the largest crowd gives way."""
PROVED_LIMIT = 4096
"""Connections to one port whose peers have."""
PROVED_PER_ADDRESS_LIMIT = 2048
"""Those of one address, which may be a whole company's."""
ARRIVALS_PER_S = 200.0
"""New connections a second from one address to one port, in the long run."""
ARRIVALS_BURST = 4000.0
"""New connections from one address at once."""
CHALLENGE_LIFETIME_S = 60.0
"""How long callers of the HTTP port may use a challenge; it is taken for as long again after it was replaced."""
PROOFS_LIMIT = 100_000
"""Proofs over one challenge that are remembered; after so many there is a new one."""
ADDRESSES_LIMIT = 4096
"""Addresses whose arrivals a port remembers."""
