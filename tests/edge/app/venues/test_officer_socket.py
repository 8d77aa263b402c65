"""Officers' screens over a real Unix socket: referrals, verbs and roles."""

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
from edge.app.venues.officer_socket import MAX_OF_A_USER, OfficerSocket, roles_of
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

LONG_S = 60.0  # a loaded machine is slow; no test waits for this time to pass
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
    """The next decisions of officers."""
    for _ in range(12_000):  # a minute at least
        if words := tuple(officers.decisions()):
            return words
        threading.Event().wait(0.005)
    raise AssertionError("no officer decided")


def test_a_referral_is_sent_to_screens_that_connect_earlier_or_later(
    officers: OfficerSocket, path: Path
) -> None:
    officers.tell(CASE)
    with screen(path) as late, late.makefile("rb") as lines:
        assert parse_referral(lines.readline()) == CASE
        officers.tell(ReferralClosed(referral=7))
        assert parse_referral(lines.readline()) == ReferralClosed(referral=7)


def test_a_decision_has_the_role_of_the_connected_user(officers: OfficerSocket, path: Path) -> None:
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
    "an unknown message": b"open\n",
    "a line without an end": b"x" * 600,
    "another's name": b'{"referral":7,"officer":"o-1","v":1,"verb":"admit"}\n',
}


@pytest.mark.parametrize("said", WRONG)
def test_a_screen_with_an_unknown_message_is_disconnected(
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


def test_a_user_without_a_role_can_watch_and_not_decide(path: Path) -> None:
    served = OfficerSocket(path, {"another-user": "o-17"})
    served.tell(CASE)
    with screen(path) as guest, guest.makefile("rb") as lines:
        assert parse_referral(lines.readline()) == CASE
        guest.sendall(ADMIT)
        assert hung_up(guest)
    assert served.decisions() == ()
    served.close()


def test_only_owner_and_group_can_open_the_socket(officers: OfficerSocket, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_the_socket_of_a_crashed_run_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    OfficerSocket(path, {}).close()
    assert not path.exists()


def test_a_socket_in_use_is_not_replaced(officers: OfficerSocket, path: Path) -> None:
    with pytest.raises(ConfigError, match="another lane"):
        OfficerSocket(path, {})


def test_a_file_that_is_not_a_socket_stays(path: Path) -> None:
    path.write_text("a file")
    with pytest.raises(ConfigError, match="is not a socket"):
        OfficerSocket(path, {})
    assert path.read_text() == "a file"


def test_closing_disconnects_and_is_safe_twice(path: Path) -> None:
    served = OfficerSocket(path, {})
    with screen(path) as anna:
        served.close()
        served.close()
        assert hung_up(anna)


def test_roles_are_by_user() -> None:
    assert roles_of(["anna=officer-17", "bob=o-2"]) == {"anna": "officer-17", "bob": "o-2"}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_shows_referrals_and_sends_decisions(
    officers: OfficerSocket, path: Path, as_json: bool, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    """The verbs come through a pipe; the lane closes the connection at the end."""
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
        assert (
            "lane.swapped; compare the person with the document; people in the lane: 1 [admit or send-back]"
            in out
        )
        assert "referral 7: closed" in out


def type_until_closed(officers: OfficerSocket, keys: io.TextIOBase) -> threading.Thread:
    """Type "admit" until the lane closes: before the referral is shown, a verb has no effect."""

    def work() -> None:
        while not officers._closing:
            keys.write("admit\n")
            keys.flush()
            threading.Event().wait(0.02)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_lane_that_does_not_run_is_an_error(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lane", "watch", str(path)]) == 2
    assert "hint: start doorward run there" in capsys.readouterr().err


def test_one_user_cannot_take_all_places(path: Path) -> None:
    served = OfficerSocket(path, {getpass.getuser(): "o-17"})
    lines = [screen(path) for _ in range(MAX_OF_A_USER + 1)]
    assert hung_up(lines[-1])
    served.tell(CASE)
    for line_ in lines[:-1]:
        assert line_.recv(1_000)
    for line_ in lines:
        line_.close()
    served.close()
