"""The spreading fork server, but that each of these loops is compiled if it can be."""

from __future__ import annotations

from pyfora.execute import server
from pyfora.fold import plan
from tests.execute.spreading_server import spread_at_once

if __name__ == "__main__":
    spread_at_once()
    plan.WORTH_COMPILING_S = 0.0
    server.main()
