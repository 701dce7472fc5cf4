"""One manager with a token and a worker beside it, for all tests that only look."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pyfora
from tests.daemons import Cluster

TOKEN = "a-token-for-tests-" + "0" * 32


class Looked:
    """A cluster, with what its HTTP port answers to who has the token."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.url = cluster.url

    def open(
        self, path: str, method: str = "GET", token: str = TOKEN, body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers in lower case, body) of a request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"{self.url}{path}", data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                found = {name.lower(): value for name, value in answer.headers.items()}
                return answer.status, found, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()

    def json(self, path: str, method: str = "GET") -> Any:
        """The JSON of a request that has status 200."""
        status, _, body = self.open(path, method)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def connect(self) -> pyfora.Executor:
        return pyfora.connect(self.url, token=TOKEN)


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    token: Path = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    settings = {"UFORA_TOKEN_FILE": str(token), "UFORA_BIND_ADDRESS": "127.0.0.1"}
    with Cluster(workers=1, cores=2, settings=settings, token=TOKEN) as cluster:
        yield Looked(cluster)
