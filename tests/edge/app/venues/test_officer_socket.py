"""Officers' screens over a real Unix socket: who hears, who may speak, and in whose name."""

from __future__ import annotations

import getpass
import io
import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.app.venues.officer_socket import OfficerSocket, roles_of
from edge.decision import Reason
from edge.errors import ConfigError
from edge.passage.lane.events import Why
from edge.passage.lane.officers.messages import (
    OfficerDecision,
    OfficerMessage,
    OfficerVerb,
    Referral,
    ReferralClosed,
    line,
    parse_referral,
)

LONG_S = 60.0  # a loaded machine is slow, and nothing here waits for a time to pass
CASE = Referral(
    referral=7, lane="border/lane-1", reason=Reason.LANE_SWAPPED, why=Why.FACE, people=1, admissible=True
)
ADMIT = line(OfficerMessage(referral=7, verb=OfficerVerb.ADMIT))


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("l") / "s"  # a socket's name has room for 107 bytes


@pytest.fixture
def officers(path: Path) -> Iterator[OfficerSocket]:
    served = OfficerSocket(path, {getpass.getuser(): "o-17"})
    yield served
    served.close()


def screen(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(LONG_S)
    connection.connect(str(path))
    return connection


def heard(officers: OfficerSocket) -> tuple[OfficerDecision, ...]:
    """The next words that come in."""
    for _ in range(12_000):  # a minute at least
        if words := tuple(officers.decisions()):
            return words
        threading.Event().wait(0.005)
    raise AssertionError("nobody said anything")


def test_a_case_is_told_to_who_is_there_and_to_who_comes_later(officers: OfficerSocket, path: Path) -> None:
    officers.tell(CASE)
    with screen(path) as late, late.makefile("rb") as lines:
        assert parse_referral(lines.readline()) == CASE
        officers.tell(ReferralClosed(referral=7))
        assert parse_referral(lines.readline()) == ReferralClosed(referral=7)


def test_a_word_comes_in_the_name_that_the_machine_knows(officers: OfficerSocket, path: Path) -> None:
    with screen(path) as anna:
        anna.sendall(ADMIT[:9])
        anna.sendall(ADMIT[9:] + line(OfficerMessage(referral=7, verb=OfficerVerb.SEND_BACK)))
        words = heard(officers)
        while len(words) < 2:
            words += heard(officers)
    assert words == (
        OfficerDecision(7, OfficerVerb.ADMIT, "o-17"),
        OfficerDecision(7, OfficerVerb.SEND_BACK, "o-17"),
    )


WRONG: dict[str, bytes] = {
    "no word": b"open\n",
    "a line without an end": b"x" * 600,
    "another's name": b'{"referral":7,"officer":"o-1","v":1,"verb":"admit"}\n',
}


@pytest.mark.parametrize("said", WRONG)
def test_who_says_what_nobody_understands_is_hung_up_on(
    officers: OfficerSocket, path: Path, said: str
) -> None:
    with screen(path) as odd:
        odd.sendall(WRONG[said])
        assert hung_up(odd)
    assert officers.decisions() == ()
    with screen(path) as another:
        another.sendall(ADMIT)
        assert heard(officers) == (OfficerDecision(7, OfficerVerb.ADMIT, "o-17"),)


def hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_who_has_no_role_may_watch_and_not_rule(path: Path) -> None:
    served = OfficerSocket(path, {"somebody-else": "o-17"})
    served.tell(CASE)
    with screen(path) as guest, guest.makefile("rb") as lines:
        assert parse_referral(lines.readline()) == CASE
        guest.sendall(ADMIT)
        assert hung_up(guest)
    assert served.decisions() == ()
    served.close()


def test_the_file_is_for_owner_and_group_alone(officers: OfficerSocket, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_the_socket_of_a_run_that_crashed_is_taken_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    OfficerSocket(path, {}).close()
    assert not path.exists()


def test_one_where_somebody_listens_is_not(officers: OfficerSocket, path: Path) -> None:
    with pytest.raises(ConfigError, match="another lane"):
        OfficerSocket(path, {})


def test_what_is_no_socket_stays(path: Path) -> None:
    path.write_text("a file")
    with pytest.raises(ConfigError, match="something else"):
        OfficerSocket(path, {})
    assert path.read_text() == "a file"


def test_closing_hangs_up_and_is_safe_twice(path: Path) -> None:
    served = OfficerSocket(path, {})
    with screen(path) as anna:
        served.close()
        served.close()
        assert hung_up(anna)


def test_roles_are_by_user() -> None:
    assert roles_of(["anna=officer-17", "bob=o-2"]) == {"anna": "officer-17", "bob": "o-2"}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_shows_cases_and_rules_on_them(
    officers: OfficerSocket, path: Path, as_json: bool, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    """The words come through a pipe, as from a terminal; the lane hangs up at the end."""
    officers.tell(CASE)
    told, words = os.pipe()
    verdicts: list[tuple[OfficerDecision, ...]] = []

    def officer() -> None:
        verdicts.append(heard(officers))
        officers.tell(ReferralClosed(referral=7))
        officers.close()

    with os.fdopen(told) as stdin, os.fdopen(words, "w") as keys:
        monkeypatch.setattr("sys.stdin", stdin)
        thread = threading.Thread(target=officer, daemon=True)
        thread.start()
        typing = type_until_closed(officers, keys)
        assert main(["lane", "watch", str(path), *(["--json"] if as_json else [])]) == 0
        thread.join()
        typing.join()
    assert set(verdicts[0]) == {OfficerDecision(7, OfficerVerb.ADMIT, "o-17")}
    out, _ = capsys.readouterr()
    if as_json:
        rows = [json.loads(row) for row in out.splitlines()]
        assert [row["kind"] for row in rows] == ["case", "over"]
    else:
        assert "lane.swapped; look who stands there; 1 in the lane [admit or send-back]" in out
        assert "case 7: over" in out


def type_until_closed(officers: OfficerSocket, keys: io.TextIOBase) -> threading.Thread:
    """Somebody types "admit" until the lane has heard it: before the case is shown it is about none."""

    def work() -> None:
        while not officers._closing:
            keys.write("admit\n")
            keys.flush()
            threading.Event().wait(0.02)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_lane_that_is_not_there_is_said_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lane", "watch", str(path)]) == 2
    assert "is the lane at work" in capsys.readouterr().err
