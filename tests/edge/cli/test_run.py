"""`doorward run`: its rows, its end, and refused options. The live loop is tested in a scenario."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from worlds.trust import NOW, TRUST

from edge.__main__ import main
from edge.app.demo.live import EVERYDAY, in_random_order, run_sim
from edge.audit.evidence import open_segment_reader
from edge.cli.run import _Rows
from edge.cli.visits.story import Story
from edge.decision import Deny, Grant, Reason
from edge.passage.machine import PassageState
from edge.passage.verifier import PassageOutcome, StepResult
from edge.policy.obligations import Obligations, StaffNotice
from edge.reasons.table import reasons
from edge.screen_text import staff_texts
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime

SPENT = {"code": 4_000, "verify": 500, "face": 9_040, "record": 2_000, "detect": 7_000}
GRANTED = PassageOutcome(Grant(3_000), 7, SPENT)
DENIED = PassageOutcome(Deny(Reason.CARD_REPLAYED), 8, {"code": 1_000})
UNWRITTEN = PassageOutcome(Deny(Reason.DEVICE_FAULT), None, {})


def moment(state: PassageState, outcome: PassageOutcome | None = None) -> StepResult:
    return StepResult(tick_ms=0, state=state, signal=None, outcome=outcome)


def rows(*, limit: int | None = None, as_json: bool = False) -> tuple[_Rows, threading.Event]:
    stop = threading.Event()
    return _Rows(limit=limit, as_json=as_json, stop=stop), stop


def test_a_text_row_has_outcome_reason_record_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    show, _ = rows()
    show.ready("tower-1/lobby, watching the camera")
    show(moment(PassageState.IDLE))
    for outcome in (GRANTED, DENIED, UNWRITTEN):
        show(moment(PassageState.COOLDOWN, outcome))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["ready:", "tower-1/lobby,", "watching", "the", "camera;", "Ctrl-C", "stops"],
        ["grant", "record", "7", "15.5", "ms"],
        ["deny", "card.replayed", "record", "8", "1.0", "ms"],
        ["deny", "device.fault", "record", "None", "0.0", "ms"],
    ]


def test_json_lines_are_passages_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    show, _ = rows(as_json=True)
    show.ready("a simulated door")
    show(moment(PassageState.RELEASED, GRANTED))
    show(moment(PassageState.COOLDOWN, DENIED))
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"outcome": "grant", "reason": None, "record": 7, "ms": 15.5},
        {"outcome": "deny", "reason": "card.replayed", "record": 8, "ms": 1.0},
    ]


ASKED = ["turn your head to the left", "turn your head to the left", None, "look into the camera"]


@pytest.mark.parametrize("at_terminal", [True, False])
def test_a_terminal_shows_each_instruction_once_and_a_pipe_none(
    at_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: at_terminal)
    show, _ = rows()
    for words in ASKED:
        show(replace(moment(PassageState.CHALLENGE), prompt=words))
    told = ["asked: turn your head to the left", "asked: look into the camera"]
    assert capsys.readouterr().out.splitlines() == (told if at_terminal else [])


@pytest.mark.parametrize(("anomaly", "word"), [(None, "trusted"), (ClockAnomaly.AHEAD, "ahead")])
def test_a_row_has_the_age_of_each_trust_input(
    capsys: pytest.CaptureFixture[str], anomaly: ClockAnomaly | None, word: str
) -> None:
    show, _ = rows(as_json=True)
    standing = trust_state(TRUST, TrustedTime(NOW, anomaly), AgePolicy())
    show(replace(moment(PassageState.RELEASED, GRANTED), trust_state=standing))
    row = json.loads(capsys.readouterr().out)
    assert row["clock"] == word
    assert row["trust"] == {
        "keys": {"age_s": 400 * 86_400, "freshness": "ageing", "leaves": "pass"},
        "status": {"age_s": 3_600, "freshness": "fresh", "leaves": "pass"},
        "time": {"age_s": 3_600, "freshness": "fresh", "leaves": "pass"},
    }


# Limit, the steps in order, and the number of the step that ends the run.
ENDINGS: dict[str, tuple[int | None, list[StepResult], int | None]] = {
    "a denial ends it at once": (1, [moment(PassageState.FACE), moment(PassageState.COOLDOWN, DENIED)], 1),
    "a grant ends it after the relock": (
        1,
        [moment(PassageState.RELEASED, GRANTED), moment(PassageState.RELEASED), moment(PassageState.COOLDOWN)],
        2,
    ),
    "the second of two": (2, [moment(PassageState.COOLDOWN, DENIED), moment(PassageState.IDLE), moment(PassageState.COOLDOWN, DENIED)], 2),
    "without a limit never": (None, [moment(PassageState.COOLDOWN, DENIED)] * 3, None),
}  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_run_ends_when_the_last_passage_is_over(ending: str) -> None:
    limit, moments, last = ENDINGS[ending]
    show, stop = rows(limit=limit)
    over = []
    for shown in moments:
        show(shown)
        over.append(stop.is_set())
    assert over == [last is not None and number >= last for number in range(len(moments))]


REFUSED = {
    "no passages": (["--passages", "0"], "is not a whole number from 1"),
    "passages that are not a number": (["--passages", "many"], "is not a whole number from 1"),
    "a configuration for the simulation": (
        ["--sim", "--config", "door.toml"],
        "--config and --sim exclude each other",
    ),
    "a folder for a real journal": (["--journal", "."], "--journal needs --sim"),
    "two sources": (["--sim", "--camera", "0"], "--camera and --sim exclude each other"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_options_that_contradict_each_other_are_refused(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, message = REFUSED[words]
    assert main(["run", *argv]) == 2
    assert message in capsys.readouterr().err


def test_a_simulation_goes_on_with_its_own_journal(built_models: Path, photos: Path, tmp_path: Path) -> None:
    told: list[str] = []
    over = threading.Event()
    over.set()
    for _ in range(2):
        assert run_sim(stop=over, on_ready=told.append, on_moment=lambda _: None, journal=tmp_path) == 0
    with open_segment_reader(tmp_path / "journal.db") as segment:
        kinds = [type(entry.record).__name__ for entry in segment.entries()]
        assert segment.verify().device == "demo-1"
    assert kinds == ["Started", "Stopped", "Started", "Stopped"]
    assert told == [f"a simulated door, journal in {tmp_path / 'journal.db'}"] * 2


@pytest.mark.parametrize("at_terminal", [False, True])
def test_notices_go_to_a_terminal_only_and_duress_has_a_neutral_word_there(
    at_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: at_terminal)
    show, _ = rows()
    obligations = Obligations(
        notices=frozenset({StaffNotice.DURESS}), lines=staff_texts(("room 12, \x1b[2Jtwo nights",))
    )
    show(replace(moment(PassageState.COOLDOWN, DENIED), obligations=obligations))
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("       ")]
    assert said[-2:] == (["       routine", "       room 12, \\x1b[2Jtwo nights"] if at_terminal else [])


# -- the story, at a terminal --------------------------------------------------------------------------------


def test_a_terminal_gets_who_came_what_happened_why_and_what_staff_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show, _ = rows()
    show.ready("tower-1/lobby, watching the camera")
    for outcome in (replace(GRANTED, card="0123456789ab"), DENIED, UNWRITTEN):
        show(moment(PassageState.COOLDOWN, outcome))
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if not line.startswith(" ")] == [
        "ready: tower-1/lobby, watching the camera; Ctrl-C stops",
        'visitor 1, card 0123456789ab: may come in, sees "welcome" (record 7, 15.5 ms)',
        'visitor 2, no valid card: is turned away, sees "try again" (record 8, 1.0 ms)',
        'visitor 3, no valid card: is turned away, sees "ask staff" (not on record, 0.0 ms)',
    ]
    words = " ".join(told.split())
    for reason in (Reason.CARD_REPLAYED, Reason.DEVICE_FAULT):
        row = reasons()[reason]
        assert f"why: {reason}. {row.meaning} staff: {row.staff}" in words


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told_in_lines_that_fit(reason: Reason) -> None:
    told = list(Story().lines(PassageOutcome(Deny(reason), 1, {}), 0.0))
    assert max(map(len, told)) <= 100
    assert told[1].startswith(f"    why: {reason}. ")


def test_json_at_a_terminal_is_json_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show, _ = rows(as_json=True)
    show.ready("tower-1/lobby, watching the camera")
    show.scene("Erin", "her own code")
    show(moment(PassageState.COOLDOWN, DENIED))
    assert [json.loads(line)["reason"] for line in capsys.readouterr().out.splitlines()] == ["card.replayed"]


def test_a_simulation_says_who_comes_at_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows()[0].scene("Erin", "her own code")
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    rows()[0].scene("Erin", "her own code")
    assert capsys.readouterr().out == "\nErin: her own code\n"


def test_a_replayed_code_in_a_simulation_is_that_of_the_visitor_before() -> None:
    for _ in range(20):
        order = in_random_order()
        assert sorted(map(id, order)) == sorted(map(id, EVERYDAY))
        replay = next(at for at, scene in enumerate(order) if scene.expected is Reason.CARD_REPLAYED)
        assert order[replay - 1].expected is None
        assert order[replay - 1].who == "Erin"
