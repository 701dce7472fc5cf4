"""The eager fork server, but that a kernel is asked for however soon a loop would end without: no clock decides."""

from __future__ import annotations

from pyfora.execute import server
from pyfora.fold import plan
from tests.execute.eager_server import be_eager

if __name__ == "__main__":
    be_eager()
    plan.WORTH_COMPILING_S = 0.0
    server.main()
