"""The kernels of other workers, as a driver asks its worker for them: in bounded time, and never with an error."""

from __future__ import annotations

from pyfora.execute.offering import Offering
from pyfora.limits import KERNEL_LIMIT_BYTES, KERNEL_WAIT_S
from pyfora.wire.messages import KernelAnswered, KernelBuilt, KernelWanted


class OthersKernels:
    """What a driver's cache of kernels turns to where it lacks one."""

    def __init__(self, offering: Offering) -> None:
        self._offering = offering

    def bring(self, key: str) -> bytes:
        """The sealed kernel; nothing where nobody has it, or nobody answers within KERNEL_WAIT_S. Raises WorkerGone."""
        self._offering.send(KernelWanted(key))
        answer = self._offering.wait_for(lambda message: _is_about(key, message), KERNEL_WAIT_S)
        return answer.payload if isinstance(answer, KernelAnswered) else b""

    def built(self, key: str, kernel: bytes | None) -> None:
        """Tell the worker of a sealed kernel; None: it cannot be built. Raises WorkerGone."""
        passed_on = kernel if kernel is not None and len(kernel) <= KERNEL_LIMIT_BYTES else b""
        self._offering.send(KernelBuilt(key, kernel is not None, passed_on))


def _is_about(key: str, message: object) -> bool:
    return isinstance(message, KernelAnswered) and message.key == key
