"""Programs for the simulation: what they are made of, and what they must answer."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass, field

from pyfora.values.sealing import sealed

TERMS = 3
"""Float terms of one leaf."""


@dataclass(frozen=True)
class Step:
    """One parallel loop."""

    kind: str
    """"int", "float", "big", "any", "raised", "touched" or "poison"."""
    seed: int
    leaves: int
    leaf_s: float
    at: int = -1
    """The leaf at which something is: the hit, the exception, the change of state, the fault."""


@dataclass(frozen=True)
class Spec:
    """A whole program."""

    program_id: str
    steps: list[Step] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    values: int = 0
    prints: int = 0
    crashes: bool = False
    """Its driver dies each time."""

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Spec:
        fields = json.loads(data)
        return Spec(**{**fields, "steps": [Step(**step) for step in fields["steps"]]})

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()


def terms(step: Step, leaf: int) -> list[float]:
    """The float terms of one leaf: such that any other order of adding gives other bits."""
    return [
        ((step.seed * 7919 + (leaf * TERMS + i) * 104729) % 100003) / 7.0 * 10.0 ** ((leaf * 5 + i) % 9 - 4)
        for i in range(TERMS)
    ]


def integer(step: Step, leaf: int) -> int:
    """The int total of one leaf."""
    return (step.seed * 31 + leaf * leaf) % 1009


def add_terms(step: Step, lo: int, hi: int, accumulator: float) -> float:
    """Leaves [lo, hi) onto the accumulator, in order."""
    for leaf in range(lo, hi):
        for term in terms(step, leaf):
            accumulator += term
    return accumulator


def answer_of_step(step: Step) -> str:
    """What the local loop would have given."""
    if step.kind == "raised":
        return f"raised at {step.at}"
    if step.kind == "any":
        return f"hit at {step.at}"
    if step.kind == "float":
        return add_terms(step, 0, step.leaves, 0.0).hex()
    return str(sum(integer(step, leaf) for leaf in range(step.leaves)))


def kernel_of(step: Step) -> tuple[str, bytes]:
    """The key and the content of the kernel of a step, which many steps have."""
    key = hashlib.sha256(f"{step.kind} {step.seed % 2}".encode()).hexdigest()
    return key, sealed(f"the code of {key}".encode())


def answer(spec: Spec, contents: dict[str, str]) -> str:
    """The whole program's answer; `contents`: of the values on the cluster, by id."""
    read = [contents[value_id] for value_id in spec.inputs]
    digest = hashlib.sha256(repr((spec.program_id, [answer_of_step(s) for s in spec.steps], read)).encode())
    return digest.hexdigest()


def value_content(answer_text: str, number: int) -> str:
    """What the program's value of this number holds."""
    return f"{answer_text} {number}"


def random_spec(chance: random.Random, program_id: str, inputs: list[str]) -> Spec:
    """Some program."""
    steps = []
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        kind = chance.choice(["int", "float", "float", "float", "big", "any", "raised", "touched", "poison"])
        leaves = chance.choice([1, 3, 20, 100, 400])
        leaf_s = chance.choice([0.0005, 0.002, 0.01, 0.05, 0.7])
        most_s = chance.choice([1.0, 2.0, 10.0])
        if leaves * leaf_s > most_s:
            leaf_s = most_s / leaves
        at = chance.randrange(leaves) if kind in ("any", "raised", "touched", "poison") else -1
        if chance.random() < 0.3:  # one that others have, too: its environment has the same name
            leaves, leaf_s, at = 20, 0.01, min(at, 5)
            steps.append(Step(kind, 1, leaves, leaf_s, at))
        else:
            steps.append(Step(kind, chance.randrange(1000), leaves, leaf_s, at))
    return Spec(
        program_id,
        steps,
        inputs,
        chance.choice([0, 0, 1, 2]),
        chance.choice([0, 0, 3]),
        chance.random() < 0.03,
    )
