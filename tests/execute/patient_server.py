"""The fork server, but that its drivers wait for another worker's kernel for as long as a slow machine may take."""

from __future__ import annotations

from pyfora.execute import others_kernels, server

PATIENCE_S = 60.0

if __name__ == "__main__":
    others_kernels.KERNEL_WAIT_S = PATIENCE_S  # type: ignore[attr-defined]
    server.main()
