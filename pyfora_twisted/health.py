"""Whether the daemon of this environment is alive and ready: `python -m pyfora_twisted.health`, for a container."""

from __future__ import annotations

import http.client
import os
import sys

from pyfora_twisted.config import LOOPBACK, Config, ConfigError, read_config
from pyfora_twisted.pulse import pulse_path, read_pulse

HTTP_TIMEOUT_S = 3.0


def look(config: Config) -> tuple[bool, str]:
    """Whether the daemon that was started with this configuration is well, and one line about it."""
    is_well, text = read_pulse(pulse_path(config.data_dir, config.daemon_name))
    if is_well and config.run_manager:
        host = LOOPBACK if config.bind_address in ("0.0.0.0", "::") else config.bind_address
        connection = http.client.HTTPConnection(host, config.http_port, timeout=HTTP_TIMEOUT_S)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()  # any answer: a manager with a token says no more to one without it
        except (OSError, http.client.HTTPException) as error:
            return False, f"the HTTP port {config.http_port} does not answer: {error}"
        finally:
            connection.close()
    return is_well, text


def main() -> int:
    """The command line: one line, and 0 where all is well."""
    try:
        is_well, text = look(read_config(os.environ))
    except ConfigError as error:
        is_well, text = False, str(error)
    print(text)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
