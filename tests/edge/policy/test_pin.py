"""PINs: their length, their duress twin, and a verifier that tells nothing."""

from __future__ import annotations

import pytest

from edge.errors import InputError
from edge.policy.pin import Entered, Pin, verifier

USUAL, DURESS = "482913", "482914"
PIN = Pin(verifier(USUAL), verifier(DURESS))


def test_a_pin_is_right_wrong_or_under_duress() -> None:
    entered = {USUAL: Entered.RIGHT, DURESS: Entered.DURESS, "482915": Entered.WRONG, "": Entered.WRONG}
    assert {digits: PIN.judge(digits) for digits in entered} == entered
    assert Pin(PIN.usual).judge(USUAL) is Entered.RIGHT
    assert Pin(PIN.usual).judge(DURESS) is Entered.WRONG


def test_one_pin_for_both_is_duress() -> None:
    assert Pin(PIN.usual, PIN.usual).judge(USUAL) is Entered.DURESS


@pytest.mark.parametrize(
    "digits", ["48291", "4829131234567", "48291a", "48291\N{ARABIC-INDIC DIGIT THREE}", ""]
)
def test_what_is_no_pin_of_six_to_twelve_digits_is_refused(digits: str) -> None:
    with pytest.raises(InputError, match="not a PIN of 6 to 12 digits"):
        verifier(digits)


@pytest.mark.parametrize(("digits", "shortest"), [("4829", 4), ("482913123456", 6)])
def test_the_shortest_and_the_longest_pin_work(digits: str, shortest: int) -> None:
    assert Pin(verifier(digits, shortest=shortest)).judge(digits) is Entered.RIGHT
    with pytest.raises(InputError):
        verifier(digits[:3], shortest=shortest)


def test_what_is_no_verifier_fits_no_digits() -> None:
    for kept in (b"", b"$argon2id$", USUAL.encode()):
        assert Pin(kept).judge(USUAL) is Entered.WRONG


def test_a_verifier_has_a_salt_of_its_own_the_same_cost_and_no_digits() -> None:
    one, other = verifier(USUAL), verifier(USUAL)
    assert one != other
    assert one.startswith(b"$argon2id$v=19$m=8192,t=4,p=1$")
    assert USUAL.encode() not in one
    assert not one.endswith(b"\0")
    assert "argon2id" not in repr(PIN)
