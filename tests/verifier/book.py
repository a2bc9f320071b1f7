"""Collects the cases of one file of vectors and holds each against the verifier at once."""

from .cases import RUNNERS
from .verify import outcome_of


class Book:
    """The cases of one file, with what they share."""

    def __init__(self, name: str, about: str, **shared):
        self.name = name
        self.about = about
        self.shared = shared
        self.cases: list[dict] = []

    def case(self, name: str, why: str, expect: str = "accepted", result: dict | None = None, **inputs) -> None:
        """Adds a case; bytes become hexadecimal, and `result` may state what is expected instead of computing it."""
        if any(case["name"] == name for case in self.cases):
            raise SystemExit(f"{self.name}: two cases are called {name}")
        case = {"name": name, "why": why} | {field: as_json(value) for field, value in inputs.items()}
        outcome, found = outcome_of(RUNNERS[self.name], case, self.shared)
        if outcome != expect or (result is not None and found != as_json(result)):
            raise SystemExit(f"{self.name}: {name}: expected {expect} {result or ''}, got {outcome} {found}")
        case["expect"] = expect
        if expect == "accepted":
            case["result"] = found
        self.cases.append(case)

    def file(self) -> dict:
        return {"about": self.about} | self.shared | {"cases": self.cases}


def as_json(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {as_json(key): as_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    return value
