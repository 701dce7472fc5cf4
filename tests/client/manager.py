"""A manager in this process that speaks the real messages, and runs programs as they stand."""

from __future__ import annotations

import http.server
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

import pyfora
from pyfora.client.greeting import PYTHON_VERSION, our_libm_fingerprint
from pyfora.errors import WireError
from pyfora.language.raising import pack_exception
from pyfora.language.results import pack_results, pack_value, unpack_value
from pyfora.language.running import load_program
from pyfora.values.parcels import content_id, read_parcel
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.http_door import Keeper
from pyfora.wire.links import Link
from pyfora.wire.messages import (
    ClientHello,
    Message,
    ProgramAccepted,
    ProgramEnded,
    Refused,
    ReleaseValues,
    SubmitProgram,
    Welcome,
)
from tests.language.rehearsal import PRIMITIVES

INLINE_BYTES = 2000
LOOP = {"elements": 3, "leaves": 0, "gave_up": 0, "places": [], "elapsed_s": 0.1}


class FakeManager:
    """Serves the WebSocket and GET at `self.url`; what is PUT goes to a server of its own, `uploads`."""

    def __init__(self, token: str = "", **welcome: Any) -> None:
        self.keeper = Keeper(b"", lambda: bytes(32))
        self.token = token
        self.proofs: dict[ServerConnection, str] = {}
        self.heads: list[str] = []
        self.learn_token: Callable[[], str] | None = None
        """Where the token is not known when the manager is made."""
        self.proof = ""
        """What is shown in place of the true proof."""
        self.welcome = {"pyfora_version": pyfora.__version__, "python_version": PYTHON_VERSION, **welcome}
        self.refusal = ""
        self.received: list[Message] = []
        self.connections: list[ServerConnection] = []
        self.values: dict[str, bytes] = {}
        self.parcels: dict[str, bytes] = {}
        self.answers: dict[str, ProgramEnded] = {}
        self.changed = threading.Condition()
        self.on_submit: Callable[[FakeManager, ServerConnection, SubmitProgram], bool] | None = None
        """Called before a program runs; True: it is dealt with."""
        self.port = 0
        self._server: Any = None

    @property
    def token(self) -> str:
        """What clients have to know; empty: nothing."""
        return self._token

    @token.setter
    def token(self, token: str) -> None:
        self._token = token
        self.keeper = Keeper(token.encode(), lambda: secrets.token_bytes(32))

    def _prove(self, connection: ServerConnection, _: Request, response: Response) -> None:
        if self.proofs.get(connection):
            response.headers["Pyfora-Proof"] = self.proofs[connection]

    # ---- life ----

    def start(self) -> None:
        self._server = serve(
            self._serve,
            "127.0.0.1",
            self.port,
            process_request=self._request,
            process_response=self._prove,
            compression=None,
            max_size=None,
        )
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        for connection in self.connections:
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, condition: Callable[[], object], timeout_s: float = 10.0) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout_s), f"it did not come about; received: {self.received}"

    def got(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.received if isinstance(message, kind)]

    # ---- HTTP on the WebSocket's port: only GET reaches it ----

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        self.heads.append(f"{request.path} {request.headers}")
        if self.learn_token is not None and self.token != (token := self.learn_token()):
            self.token = token
        if self.token:
            try:
                proof = self.keeper.judge(request.headers.get("Authorization", ""), "GET", request.path, 0.0)
            except WireError:
                refused = connection.respond(401, "who are you?\n")
                refused.headers["WWW-Authenticate"] = self.keeper.offer(0.0)
                return refused
            self.proofs[connection] = self.proof or proof
        if request.path == "/ws":
            return None
        if request.path == "/api/v1/status":
            status = connection.respond(200, json.dumps({"manager_id": "m", "workers": [], "programs": []}))
            self._prove(connection, request, status)
            return status
        value = self.values.get(request.path.removeprefix("/api/v1/values/"))
        if value is None:
            return connection.respond(404, "no such value\n")
        response = connection.respond(200, "")
        self._prove(connection, request, response)
        del response.headers["Content-Length"]
        response.headers["Content-Length"] = str(len(value))
        response.body = value
        return response

    # ---- messages ----

    def _serve(self, connection: ServerConnection) -> None:
        with self.changed:
            self.connections.append(connection)
        with suppress(ConnectionClosed):
            for data in connection:
                message = decode_message(data, Link.CLIENT_TO_MANAGER)
                with self.changed:
                    self.received.append(message)
                    self.changed.notify_all()
                self._handle(connection, message)

    def send(self, connection: ServerConnection, message: Message) -> None:
        connection.send(encode_message(message))

    def _handle(self, connection: ServerConnection, message: Message) -> None:
        if isinstance(message, ClientHello):
            if self.refusal:
                self.send(connection, Refused(self.refusal))
                connection.close()
            else:
                facts = {"manager_id": "m", "libm_fingerprint": our_libm_fingerprint(), "workers": 2, "cores": 4}
                self.send(connection, Welcome(**{**facts, **self.welcome}))
        elif isinstance(message, SubmitProgram):
            if self.on_submit is None or not self.on_submit(self, connection, message):
                self.send(connection, ProgramAccepted(message.program_id))
                self.send(connection, self.run(message))
        elif isinstance(message, ReleaseValues):
            for value_id in message.value_ids:
                self.values.pop(value_id, None)

    def run(self, message: SubmitProgram) -> ProgramEnded:
        """The end of the program, run once here and now."""
        if message.program_id not in self.answers:
            data = message.payload or self.parcels[message.fingerprint]
            assert content_id(data) == message.fingerprint and len(data) == message.size_bytes
            self.answers[message.program_id] = self._run(message, data)
        return self.answers[message.program_id]

    def _run(self, message: SubmitProgram, data: bytes) -> ProgramEnded:
        def value(value_id: str, origins: dict[int, Any]) -> object:
            return unpack_value(read_parcel(self.values[value_id]), PRIMITIVES, origins)

        loaded = load_program(data, PRIMITIVES, resolve_value=value)
        end = loaded.run()
        kept: list[list[Any]] = []
        payload = b""

        def place(parcel: bytes, name: str) -> dict[str, Any]:
            nonlocal payload
            if len(parcel) <= INLINE_BYTES:
                payload += parcel
                return {"bytes": len(parcel), "value_id": ""}
            return {"bytes": len(parcel), "value_id": keep(parcel, name)}

        def keep(parcel: bytes, name: str) -> str:
            value_id = f"{message.program_id}.{name}"
            self.values[value_id] = parcel
            kept.append([value_id, len(parcel)])
            return value_id

        local, proxies = {}, {}
        for name, found in end.names.items():
            parcel = pack_value(name, found, loaded).to_bytes()
            limit = {"all": len(parcel), "small": message.download_limit_bytes, "none": -1}[message.download]
            if len(parcel) <= limit:
                local[name] = found
            else:
                facts = {
                    "bytes": len(parcel),
                    "type": type(found).__name__,
                    "exception": isinstance(found, BaseException),
                }
                proxies[name] = {"value_id": keep(parcel, name), **facts}
        results = place(pack_results(local, loaded, caches=end.caches).to_bytes(), "-results")
        error = None
        if end.exception is not None:
            error = place(pack_exception(end.exception, loaded).to_bytes(), "-exception")
        facts = {
            "raised": error is not None,
            "deleted": sorted(end.deleted),
            "results": {"names": list(local), "caches": len(end.caches), **results},
            "exception": error,
            "proxies": proxies,
            "loops": [
                {"file": "f.py", "line": 1, "how": "in order", "reason": "It is small."} | LOOP
            ],
            "loops_left_out": 0,
        }  # fmt: skip
        return ProgramEnded(message.program_id, 0, "completed", "", facts, kept, payload)


@contextmanager
def uploads(manager: FakeManager) -> Iterator[str]:
    """The URL of a server that takes the PUTs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            manager.parcels[self.path.rpartition("/")[2]] = data
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
