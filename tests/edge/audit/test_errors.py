"""Errors of a verifier: exit code 1, for a script, and what to do, for a technician."""

from __future__ import annotations

import pytest

from edge.audit.errors import AnotherKey, JournalBroken, JournalIncomplete, fingerprint
from edge.errors import EdgeError, Exit

OWN, OTHER = bytes(range(32)), bytes(range(100, 132))
ERRORS: dict[str, tuple[EdgeError, str]] = {
    "altered": (JournalBroken("a table is missing"), "keep this journal as evidence"),
    "another key": (AnotherKey(device="lobby-1", signed=OTHER, expected=OWN), "give the key of the device"),
    "records missing": (
        JournalIncomplete("records 0 to 3 are missing", hint="give the files"),
        "give the files",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_journal_that_fails_a_check_is_refused_with_a_hint(case: str) -> None:
    error, hint = ERRORS[case]
    assert error.exit_code is Exit.REFUSED
    assert error.hint.startswith(hint)


def test_keys_are_told_apart_by_their_first_sixteen_digits() -> None:
    assert fingerprint(OWN) == "0001020304050607"
    message = AnotherKey(device="lobby-1", signed=OTHER, expected=OWN).message
    assert f"the key {fingerprint(OTHER)} signed this journal of lobby-1" in message
    assert f"not the expected key {fingerprint(OWN)}" in message
