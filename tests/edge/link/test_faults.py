"""Faults of the link: each tells a technician why the controller said no, and which version has to follow."""

from __future__ import annotations

import pytest

from edge.link import faults
from edge.link.faults import PROTOCOL
from edge.link.messages import DenyCode, WrongVersion


@pytest.mark.parametrize("code", DenyCode)
def test_a_release_that_the_state_of_the_door_forbids_is_told_apart(code: DenyCode) -> None:
    fault = faults.release_denied(code)
    assert isinstance(fault, faults.KeptShut) is (code in faults._OF_THE_DOOR)
    assert (fault.code, fault.message, fault.hint) == (
        code,
        faults.denied(code).message,
        faults.denied(code).hint,
    )


@pytest.mark.parametrize("code", DenyCode)
def test_a_card_number_that_comes_too_soon_is_sent_again(code: DenyCode) -> None:
    fault = faults.number_denied(code)
    assert fault.code == code
    assert (fault.hint == "send the card number again") is (code is DenyCode.NOT_NOW)
    assert code is DenyCode.NOT_NOW or fault.message == faults.denied(code).message


VERSIONS = {  # protocol and firmware of the controller, the message, the hint's end
    "an older protocol": (PROTOCOL - 1, (9, 9, 9), "protocol 1 (firmware 9.9.9)", "make firmware"),
    "a newer protocol": (PROTOCOL + 1, (9, 9, 9), "protocol 3 (firmware 9.9.9)", "update doorward"),
    "an older firmware": (PROTOCOL, (0, 0, 1), "0.0.1, older than 0.2.0", "make firmware"),
}


@pytest.mark.parametrize(("version", "firmware", "said", "hint"), VERSIONS.values(), ids=VERSIONS)
def test_the_older_side_is_updated(
    version: int, firmware: tuple[int, int, int], said: str, hint: str
) -> None:
    fault = faults.wrong_firmware(WrongVersion(version, firmware))
    assert said in fault.message
    assert fault.hint.endswith(hint)
