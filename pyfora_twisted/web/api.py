"""`/api/v1`: which path is answered how."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from pyfora.cluster.events import CancelAsked, Event
from pyfora.cluster.jobs import State
from pyfora.cluster.manager import Manager
from pyfora.cluster.views import block_view, blocks_view, values_view, worker_view, workers_view
from pyfora.limits import PAGE_LIMIT
from pyfora_twisted.web.answers import allow_only, give, give_json, refuse
from pyfora_twisted.web.openapi import (
    BLOCK_PATTERN,
    PATHS,
    VALUE_PATTERN,
    WORKER_PATTERN,
    document,
)
from pyfora_twisted.web.uploads import Body
from pyfora_twisted.web.values import Values

QUERY_LIMIT = 16
"""Parameters of one request."""


class BadRequest(Exception):
    """A parameter is not of its form; the text says which."""


class Api(Resource):
    """Everything below `/api/v1`."""

    isLeaf = True

    def __init__(
        self,
        core: Manager,
        happened: Callable[[Event], None],
        seconds: Callable[[], float],
        values: Values,
        asks_for_token: bool,
    ) -> None:
        """`seconds`: the clock that the core is driven by."""
        super().__init__()
        self._core = core
        self._happened = happened
        self._seconds = seconds
        self._values = values
        self._document = document(core.pyfora_version, asks_for_token=asks_for_token)
        self._answers: dict[str, Callable[[Any, str], bytes | int]] = {
            "/status": lambda request, _: give_json(request, 200, self._core.snapshot()),
            "/workers": lambda request, _: give_json(request, 200, workers_view(self._core, self._seconds())),
            "/workers/{worker_id}": self._worker,
            "/blocks": self._blocks,
            "/blocks/{block_id}": self._block,
            "/values": self._list_values,
            "/values/{value_id}": self._value,
            "/parcels/{sha256}": self._parcel,
            "/openapi.json": lambda request, _: give_json(request, 200, self._document),
        }

    def render(self, request: Request) -> bytes | int:
        """The answer of the path that fits."""
        parts = [part.decode("utf-8", "replace") for part in request.postpath or []]
        for path, answer in self._answers.items():
            wanted = path.strip("/").split("/")
            if len(wanted) != len(parts) or wanted[0] != parts[0]:
                continue
            refused = allow_only(request, tuple(method.upper() for method in PATHS[path]))
            if refused is not None:
                return refused
            try:
                self._check_query(request, path)
                return answer(request, parts[-1])
            except BadRequest as error:
                return refuse(request, 400, str(error))
        return refuse(request, 404, "there is nothing here; GET /api/v1/openapi.json describes what there is")

    # ---- answers ---------------------------------------------------------------------------------------

    def _worker(self, request: Any, worker_id: str) -> bytes:
        _check(worker_id, WORKER_PATTERN, "a worker's id is 16 hex digits")
        member = self._core.membership.members.get(worker_id)
        if member is None:
            return refuse(request, 404, "there is no such worker now; GET /api/v1/workers lists them")
        return give_json(request, 200, worker_view(member, self._seconds()))

    def _blocks(self, request: Any, _: str) -> bytes:
        wanted = _parameter(request, "state")
        states = {state.value: state for state in State}
        if wanted and wanted not in states:
            raise BadRequest(f"state is one of {', '.join(states)}")
        after = _after(request, BLOCK_PATTERN)
        return give_json(request, 200, blocks_view(self._core, states.get(wanted), after, _limit(request)))

    def _block(self, request: Any, block_id: str) -> bytes:
        _check(block_id, BLOCK_PATTERN, "a block's id is 32 hex digits")
        job = self._core.lineage.jobs.get(block_id)
        if job is None:
            return refuse(request, 404, "the manager holds no such block; GET /api/v1/blocks lists those it holds")
        if request.method == b"DELETE":
            if job.ended is not None:
                return refuse(request, 409, f"the block has ended already: {job.ended.outcome}")
            self._happened(CancelAsked(block_id))
        return give_json(request, 200, block_view(job))

    def _list_values(self, request: Any, _: str) -> bytes:
        after = _after(request, VALUE_PATTERN)
        return give_json(request, 200, values_view(self._core, after, _limit(request)))

    def _value(self, request: Any, value_id: str) -> bytes | int:
        _check(value_id, VALUE_PATTERN, "a value's id has letters, digits and . _ - only")
        if self._values.full():
            return refuse(request, 503, "too many values are wanted at once; ask again later")
        self._values.want(value_id, request)
        return NOT_DONE_YET

    def _parcel(self, request: Any, _: str) -> bytes:
        body = request.content
        assert isinstance(body, Body), "the body has gone into the store as it came in"
        body.commit()
        code, text = body.verdict
        return refuse(request, code, text) if text else give(request, code, b"", b"")

    def _check_query(self, request: Any, path: str) -> None:
        """Every parameter is one of this path, and given once."""
        method = "get" if request.method == b"HEAD" else request.method.decode("ascii").lower()
        known = [given["name"] for given in PATHS[path][method]["parameters"] if given["in"] == "query"]
        if len(request.args) > QUERY_LIMIT:
            raise BadRequest(f"there are {QUERY_LIMIT} parameters at most")
        for name, values in request.args.items():
            if name.decode("latin-1") not in known:
                raise BadRequest(f"there is no such parameter here; there are: {', '.join(known) or 'none'}")
            if len(values) > 1:
                raise BadRequest("a parameter is given twice")


def _parameter(request: Any, name: str) -> str:
    values = request.args.get(name.encode("ascii"))
    if values is None:
        return ""
    text: str = values[0].decode("utf-8", "replace")
    if not text:
        raise BadRequest(f"{name} is given without a value")
    return text


def _after(request: Any, pattern: str) -> str:
    text = _parameter(request, "after")
    if text:
        _check(text, pattern, "after is the `next` of the page before this one")
    return text


def _limit(request: Any) -> int:
    text = _parameter(request, "limit")
    if not text:
        return PAGE_LIMIT
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= PAGE_LIMIT:
        raise BadRequest(f"limit is a number from 1 to {PAGE_LIMIT}")
    return int(text)


def _check(text: str, pattern: str, rule: str) -> None:
    if not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text):
        raise BadRequest(rule)
