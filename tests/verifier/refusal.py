"""The one error of this package and the list of its codes (docs/spec/README.md, "Refusals")."""

CODES = frozenset({
    # reading
    "truncated", "trailing-bytes", "too-long", "too-many", "not-canonical", "not-utf8", "bad-magic", "newer-version",
    "bad-value", "unknown-tlv", "weak-key", "bad-checksum", "bad-path",
    # verifying
    "bad-signature", "unknown-key", "wrong-channel", "wrong-log", "out-of-sequence", "not-linked", "hash-mismatch",
    "bad-proof", "not-a-fork",
    # charters
    "bad-enrolment", "unknown-signer", "below-threshold", "roots-not-committed", "delegate-narrowed", "delegate-returned",
    # reasons of a status
    "wrong-role", "void-log", "beyond-closing", "other-branch", "not-linked-yet", "outside-key-life", "forked",
})


class Refused(Exception):
    """Says that an object is refused and, by a code of the specification, why."""

    def __init__(self, code: str, detail: str = ""):
        if code not in CODES:
            raise ValueError(f"{code} is no code of the specification")
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


def require(condition: bool, code: str, detail: str = "") -> None:
    """Refuses with `code` unless the condition holds."""
    if not condition:
        raise Refused(code, detail)
