"""What a row of the table is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.differential.harness import Outcome, Program, differences, run_locally, run_on

REFUSALS = ("InvalidPyforaOperation", "BadWithBlockError", "UnconvertibleValueError", "CantGetSourceTextError")


@dataclass(frozen=True)
class Row:
    """A construct, as a program, and what is expected of it.

    Without `refused` the outcome on the cluster is the same as the local one, which ends with an exception of the
    class that `raises` names, or with none. `refused` is words of the refusal's message; `stdout` is then what was
    printed before it. `known_difference` says what is different still.
    """

    name: str
    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    raises: str | None = None
    refused: str | None = None
    refusal: str = "InvalidPyforaOperation"
    stdout: str | None = None
    known_difference: str | None = None

    def program(self) -> Program:
        return Program(self.text, self.files)

    def complaints(self, url: str) -> list[str]:
        """What is not as expected on the cluster at `url`, in words."""
        return self.complaints_about(run_on(url, self.program()))

    def complaints_about(self, remote: Outcome) -> list[str]:
        """The same of an outcome that is there."""
        if self.refused is not None:
            return self._refusal_complaints(remote)
        local = run_locally(self.program())
        if local.raised != self.raises:
            return [f"the row itself is wrong: local CPython raised {local.raised} ({local.failure})"]
        return differences(local, remote)

    def _refusal_complaints(self, remote: Outcome) -> list[str]:
        assert self.refused is not None
        found = []
        if remote.raised != self.refusal:
            found.append(
                f"expected {self.refusal}; {remote.failure or f'no exception, and {dict(remote.names)}'}"[:600]
            )
        elif self.refused not in remote.message:
            found.append(f"expected {self.refused!r} in the message {remote.message!r}")
        if self.stdout is not None and remote.stdout != self.stdout:
            found.append(f"expected {self.stdout!r} on standard output; {remote.stdout!r}")
        return found


def same(
    name: str,
    text: str,
    raises: str | None = None,
    files: Mapping[str, str] | None = None,
) -> Row:
    """A program that ends in the same way on the cluster."""
    return Row(name, text, files or {}, raises)


def refused(
    name: str,
    words: str,
    text: str,
    refusal: str = "InvalidPyforaOperation",
    stdout: str | None = None,
    files: Mapping[str, str] | None = None,
) -> Row:
    """A program that a refusal ends, whose message holds `words`."""
    return Row(name, text, files or {}, None, words, refusal, stdout)
