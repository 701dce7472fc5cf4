"""The command line of `twistd pyfora`, which leaves everything to the environment."""

from __future__ import annotations

import os
import sys

from twisted.python.usage import Options as TwistedOptions

from pyfora.configuration.config import Config, read_config
from pyfora.configuration.reading import ConfigError


class Options(TwistedOptions):
    """No options of its own: `UFORA_…` environment variables say what to run."""

    synopsis = "[twistd options] pyfora"
    longdesc = (
        "A pyfora manager with a worker. UFORA_MANAGER_ADDRESS=HOST makes it a worker of that manager, "
        "UFORA_NO_WORKER=1 a manager alone."
    )
    config: Config

    def postOptions(self) -> None:
        """Read the environment; end with status 1 and one line where it describes no daemon."""
        try:
            self.config = read_config(os.environ)
        except ConfigError as error:
            # A UsageError would be printed below a page of usage, and twistd would end with status 0.
            print(f"pyfora: {error}", file=sys.stderr)
            raise SystemExit(1) from None
