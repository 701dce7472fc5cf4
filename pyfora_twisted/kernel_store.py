"""The kernels that a manager keeps, on its disk, for those that are started after it."""

from __future__ import annotations

from pathlib import Path

from twisted.logger import Logger

from pyfora.cluster.events import DropKernel, KeepKernel
from pyfora.limits import KERNEL_LIMIT_BYTES
from pyfora.values.sealing import unsealed
from pyfora.wire.tickets import is_content_id
from pyfora_twisted.measuring import free_bytes
from pyfora_twisted.spool import SPARE_BYTES, Spool

_SUFFIX = ".kernel"
_log = Logger()


class KernelStore:
    """A directory of sealed kernels by key."""

    def __init__(self, directory: Path) -> None:
        """Make the directory. Raises OSError, also where it is not this user's."""
        self._files = Spool(directory)

    def read(self) -> dict[str, bytes]:
        """The kernels by key, that which was written first the first; one that is not whole is deleted."""
        self._files.clean()
        found = {}
        paths = [path for path in self._files.directory.glob(f"*{_SUFFIX}") if is_content_id(path.stem)]
        for path in sorted(paths, key=lambda path: path.lstat().st_mtime_ns):
            try:
                with self._files.open(path.name) as file:
                    kernel = file.read(KERNEL_LIMIT_BYTES + 1)
            except OSError:
                continue
            if len(kernel) <= KERNEL_LIMIT_BYTES and unsealed(kernel) is not None:
                found[path.stem] = kernel
            else:
                path.unlink(missing_ok=True)
        return found

    def keep(self, effect: KeepKernel) -> None:
        """Write a kernel. Where there is no room a later manager is without it, and nothing else."""
        try:
            if free_bytes(self._files.directory) < len(effect.kernel) + SPARE_BYTES:
                return  # the last of it is the journal's
            self._files.write(f"{effect.key}{_SUFFIX}", effect.kernel)
        except OSError as error:
            _log.warn("A kernel was not written: {error}", error=error)

    def drop(self, effect: DropKernel) -> None:
        """Delete a kernel, if it is there."""
        try:
            self._files.drop(f"{effect.key}{_SUFFIX}")
        except OSError as error:
            _log.warn("A kernel was not deleted: {error}", error=error)
