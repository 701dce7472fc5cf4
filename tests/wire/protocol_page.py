"""Writes docs/protocol/messages.md from the message classes: `python -m tests.wire.protocol_page`."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from pyfora.wire import forms, messages
from pyfora.wire.links import Link
from pyfora.wire.messages import Message

PAGE = Path(__file__).parents[2] / "docs" / "protocol" / "messages.md"

LINKS = [
    ("Client to manager", "WebSocket `/ws` of the HTTP port", Link.CLIENT_TO_MANAGER),
    ("Manager to client", "WebSocket `/ws` of the HTTP port", Link.MANAGER_TO_CLIENT),
    ("Worker to manager", "AMP on the registry port", Link.WORKER_TO_MANAGER),
    ("Manager to worker", "AMP on the registry port", Link.MANAGER_TO_WORKER),
    ("Thief to home worker", "AMP on the home's control port", Link.THIEF_TO_HOME),
    ("Home worker to thief", "AMP on the home's control port", Link.HOME_TO_THIEF),
    ("Compute process to its worker", "frames on the worker's unix socket", Link.PROCESS_TO_WORKER),
    ("Worker to its compute processes", "frames on the worker's unix socket", Link.WORKER_TO_PROCESS),
]


def described() -> dict[str, tuple[str, list[tuple[str, str, str]]]]:
    """Each message class: its docstring, and its fields as (name, type, docstring)."""
    found = {}
    for node in ast.parse(inspect.getsource(messages)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields: list[tuple[str, str, str]] = []
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                fields.append((statement.target.id, ast.unparse(statement.annotation), ""))
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and fields:
                name, kind, _ = fields[-1]
                fields[-1] = (name, kind, " ".join(str(statement.value.value).split()))
        found[node.name] = (" ".join((ast.get_docstring(node) or "").split()), fields)
    return found


class _Written(ast.NodeTransformer):
    """Patterns that are made of others, as they are for those who do not have the others."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return ast.Constant(
            eval(compile(ast.fix_missing_locations(ast.Expression(node)), "forms", "eval"), vars(forms))
        )


def described_forms() -> list[str]:
    """Each form of a field, as a line."""
    lines: list[str] = []
    for node in ast.parse(inspect.getsource(forms)).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            lines.append(
                f"- `{node.targets[0].id}`: `{ast.unparse(_Written().visit(node.value)).removeprefix('Annotated')}`. "
            )
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and lines:
            lines[-1] += " ".join(str(node.value.value).split())
    return lines


def page() -> str:
    """The whole page."""
    classes = described()
    lines = [
        "# Messages",
        "",
        "Made from `pyfora/wire/messages.py` by `python -m tests.wire.protocol_page`; a test keeps the two equal.",
        "What is not listed for a link is refused there, and so is a field that is not of its form.",
        "",
        "## Forms of fields",
        "",
        *described_forms(),
    ]
    shown: set[type[Message]] = set()
    for title, carrier, kinds in LINKS:
        lines += ["", f"## {title}", "", f"{carrier}.", ""]
        for kind in kinds:
            text, fields = classes[kind.__name__]
            if kind in shown:
                lines.append(f"- **{kind.__name__}**: as above.")
                continue
            shown.add(kind)
            lines.append(f"- **{kind.__name__}**: {text}")
            for name, hint, doc in fields:
                lines.append(f"  - `{name}`: {hint}" + (f". {doc}" if doc else ""))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
