"""Installed for real: a Debian machine with systemd, a Debian package, a Docker engine; and the pages that tell how."""
