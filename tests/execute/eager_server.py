"""The fork server, but that its drivers spread every loop that lasts a fraction of a millisecond."""

from __future__ import annotations

from pyfora.execute import prefix, server
from pyfora.fold import plan

if __name__ == "__main__":
    prefix.PREFIX_S = 0.0001
    plan.WORTH_SPREADING_S = plan.SHIPPING_ELEMENT_S = plan.RETURNING_OBJECT_S = 0.0
    plan.WORTH_COMPILING_S = 0.05
    server.main()
