"""The OpenAPI 3.1 document of `/api/v1`."""

from __future__ import annotations

from typing import Any

from pyfora.cluster.figures import OUTCOMES
from pyfora.cluster.jobs import State
from pyfora.limits import PAGE_LIMIT

BLOCK_PATTERN = "^[0-9a-f]{32}$"
WORKER_PATTERN = "^[0-9a-f]{16}$"
CONTENT_PATTERN = "^[0-9a-f]{64}$"
VALUE_PATTERN = "^[0-9a-zA-Z_-][0-9a-zA-Z._-]{0,199}$"

_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_FLAG: dict[str, Any] = {"type": "boolean"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_SCHEMAS = {
    "Error": _object(error=_TEXT),
    "Status": _object(
        manager_id=_TEXT,
        pyfora_version=_TEXT,
        python_version=_TEXT,
        cores=_COUNT,
        clients=_COUNT,
        workers={"type": "array", "items": {"type": "object"}},
        programs={"type": "array", "items": {"type": "object"}},
    ),
    "Worker": _object(
        worker_id=_TEXT,
        host=_TEXT,
        base_port=_COUNT,
        cores=_COUNT,
        idle_slots=_COUNT,
        connected=_FLAG,
        silent_s={"type": "number", "minimum": 0},
        blocks={"type": "array", "items": _TEXT},
        figures={"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
    ),
    "Block": _object(
        block_id=_TEXT,
        state={"enum": [state.value for state in State]},
        attempt=_COUNT,
        home_id=_TEXT,
        size_bytes=_COUNT,
        inputs={"type": "array", "items": _TEXT},
        leaves_done=_COUNT,
        leaves_total=_COUNT,
        workers=_COUNT,
        outcome={"enum": ["", *OUTCOMES]},
        reason=_TEXT,
        taken=_FLAG,
        values={"type": "array", "items": _object(value_id=_TEXT, size_bytes=_COUNT)},
    ),
    "Value": _object(value_id=_TEXT, size_bytes=_COUNT, worker_ids={"type": "array", "items": _TEXT}),
    "Workers": _object(workers=_list("Worker")),
    "Blocks": _object(blocks=_list("Block"), next=_TEXT),
    "Values": _object(values=_list("Value"), next=_TEXT),
}


def _in_path(name: str, pattern: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}


def _in_query(name: str, text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


_LIMIT = _in_query("limit", "how many at most", {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT})
_STATE = _in_query("state", "only those in this state", {"enum": [state.value for state in State]})


def _after(pattern: str) -> dict[str, Any]:
    text = "`next` of the page before this one"
    return _in_query("after", text, {"type": "string", "pattern": pattern})


def _json(text: str, schema: str, **links: tuple[str, str]) -> dict[str, Any]:
    """`links`: operation -> its parameter, and where in this answer the first value for it stands."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    answer: dict[str, Any] = {"description": text, "content": content}
    if links:
        answer["links"] = {
            operation: {"operationId": operation, "parameters": {name: f"$response.body#{place}"}}
            for operation, (name, place) in links.items()
        }
    return answer


def _operation(
    name: str, text: str, answers: dict[str, Any], errors: str, parameters: list[Any] | None = None, body: Any = None
) -> dict[str, Any]:
    reasons = {
        "400": "a parameter is not of its form",
        "404": "there is none of this id",
        "409": "it cannot be done as things are",
        "411": "the body's length is not said",
        "413": "it is too large",
        "503": "not just now",
        "507": "there is no room for it",
    }
    told = {code: _json(reasons[code], "Error") for code in errors.split()}
    told["401"] = _json("the token is missing, or another", "Error")
    told["403"] = _json("not from this page, or not under this name", "Error")
    operation = {"operationId": name, "summary": text, "parameters": parameters or [], "responses": {**answers, **told}}
    return operation if body is None else {**operation, "requestBody": body}


_BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {}}}

PATHS: dict[str, dict[str, Any]] = {
    "/status": {
        "get": _operation("status", "The cluster in a few words", {"200": _json("it is as follows", "Status")}, "400")
    },
    "/workers": {
        "get": _operation(
            "workers",
            "All registered workers",
            {"200": _json("the workers", "Workers", worker=("worker_id", "/workers/0/worker_id"))},
            "400",
        )
    },
    "/workers/{worker_id}": {
        "get": _operation(
            "worker",
            "One worker",
            {"200": _json("the worker", "Worker")},
            "400 404",
            [_in_path("worker_id", WORKER_PATTERN)],
        )
    },
    "/blocks": {
        "get": _operation(
            "blocks",
            "Blocks that the manager holds",
            {
                "200": _json(
                    "a page of them",
                    "Blocks",
                    block=("block_id", "/blocks/0/block_id"),
                    cancel=("block_id", "/blocks/0/block_id"),
                )
            },
            "400",
            [_STATE, _after(BLOCK_PATTERN), _LIMIT],
        )
    },
    "/blocks/{block_id}": {
        "get": _operation(
            "block",
            "One block",
            {"200": _json("the block", "Block")},
            "400 404",
            [_in_path("block_id", BLOCK_PATTERN)],
        ),
        "delete": _operation(
            "cancel",
            "Stop a block; its client is told that it was cancelled",
            {"200": _json("the block, as it is now", "Block")},
            "400 404 409",
            [_in_path("block_id", BLOCK_PATTERN)],
        ),
    },
    "/values": {
        "get": _operation(
            "values",
            "Values that workers keep",
            {"200": _json("a page of them", "Values", value=("value_id", "/values/0/value_id"))},
            "400",
            [_after(VALUE_PATTERN), _LIMIT],
        )
    },
    "/values/{value_id}": {
        "get": _operation(
            "value",
            "A value's parcel, streamed from the worker that keeps it",
            {"200": {"description": "the parcel", "content": _BYTES}},
            "400 404 503",
            [_in_path("value_id", VALUE_PATTERN)],
        )
    },
    "/parcels/{sha256}": {
        "put": _operation(
            "upload",
            "Keep a Program's bytes, for a block that is submitted next; the content is what the name says",
            {"204": {"description": "it is kept"}},
            "400 409 411 413 507",
            [_in_path("sha256", CONTENT_PATTERN)],
            {"required": True, "content": _BYTES},
        )
    },
    "/openapi.json": {
        "get": _operation(
            "document",
            "This document",
            {"200": {"description": "OpenAPI", "content": {"application/json": {"schema": {"type": "object"}}}}},
            "400",
        )
    },
}


def document(version: str, *, asks_for_token: bool) -> dict[str, Any]:
    """The whole document, for a manager that asks for a token or does not."""
    schemes = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "pyfora", "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}] if asks_for_token else [],
        "paths": PATHS,
        "components": {"schemas": _SCHEMAS, **({"securitySchemes": schemes} if asks_for_token else {})},
    }
