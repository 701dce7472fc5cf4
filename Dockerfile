# The daemon in a container: `docker build -t ufora/service .`; docs/docker.md says how it is run.
# Any Debian whose Python is 3.11 to 3.13 will do as the base.
ARG BASE_IMAGE=debian:bookworm-slim

# ---- the virtual environment ---------------------------------------------------------------------
# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS build
# Versions are the distribution's of the day: its security updates are wanted.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The secrets are for networks in which pip needs settings or certificates of its own; without them they are left out.
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca_bundle,target=/etc/ssl/certs/ca-certificates.crt \
    python3 -m venv /opt/pyfora \
    && /opt/pyfora/bin/pip install --no-cache-dir --constraint packaging/constraints.txt . \
    && /opt/pyfora/bin/twistd --help >/dev/null

# ---- what runs -----------------------------------------------------------------------------------
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
# tini is the first process: it buries the orphans of compute processes, which twistd would not.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 tini \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /var/ufora /home/ufora \
    && chown 10001:10001 /var/ufora /home/ufora
COPY --from=build /opt/pyfora /opt/pyfora
# The container's network is its wall: the daemon listens on all its addresses, and warns where it has no token.
ENV PATH=/opt/pyfora/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/home/ufora \
    UFORA_BIND_ADDRESS=0.0.0.0
USER 10001:10001
WORKDIR /home/ufora
# Logs, journal, spool, kernel cache.
VOLUME /var/ufora
# Clients; workers; a worker's control port and data port.
EXPOSE 30000 30002 30009 30010
STOPSIGNAL SIGTERM
# A manager alone is well without workers.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
    CMD ["sh", "-c", "[ \"$UFORA_NO_WORKER\" = 1 ] || ready=--ready; exec pyfora health $ready"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["twistd", "--nodaemon", "--pidfile=", "--logger=pyfora_twisted.logs.to_terminal", "pyfora"]
