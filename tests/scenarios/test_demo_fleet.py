"""The second part of the demo, end to end: a real authority, hub, device and journal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from samples.journals import read_records

from edge.app.parts.model_folders import CHECKOUT
from edge.app.parts.trust_folder import open_files, open_trust
from edge.audit.record import Passage
from edge.errors import Exit
from tools.demo import cli
from tools.demo.story import LADDER, ROWS, StoryRow
from tools.issuing.repository import Repository

Act = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def act(tmp_path_factory: pytest.TempPathFactory, built_models: Path, photos: Path) -> Act:
    folder = tmp_path_factory.mktemp("act")
    command = [sys.executable, CHECKOUT / "tools" / "demo", "month", "--json", "--out", folder]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)
    return folder, done


@pytest.fixture(scope="module")
def told(act: Act) -> list[dict]:
    return [json.loads(line) for line in act[1].stdout.splitlines()]


@pytest.mark.slow
def test_everything_ends_as_expected(act: Act, told: list[dict]) -> None:
    assert [part for part in told[:-1] if not part["as_expected"]] == []
    things = ROWS + len(LADDER)
    assert told[-1] == {"things": things, "as_expected": things}
    assert len(told) == things + 1
    assert act[1].returncode == Exit.OK
    assert act[1].stderr == ""


@pytest.mark.slow
def test_a_revoked_card_is_refused_after_the_next_sync(told: list[dict]) -> None:
    outcomes = [part["outcome"] for part in told[:-1] if "outcome" in part]
    at = outcomes.index("published")
    assert outcomes[at + 1 : at + 4] == ["granted", "updated: deltas", "card.revoked"]


@pytest.mark.slow
def test_the_ladder_goes_from_pass_to_step_up_to_staff(told: list[dict]) -> None:
    steps = [part for part in told[:-1] if "day" in part]
    assert [step["day"] for step in steps] == [day for day, *_ in LADDER]
    assert list(dict.fromkeys(step["leaves"] for step in steps)) == ["pass", "step-up", "staff"]
    assert [step["age_s"] // 3_600 for step in steps] == [step["day"] * 24 - 1 for step in steps]


@pytest.mark.slow
def test_ages_and_clock_states_are_in_the_records(act: Act) -> None:
    records = read_records(act[0] / "month" / "device" / "journal.db")
    passages = [record for record in records if isinstance(record, Passage)]
    ages = [age.age_s for passage in passages for age in passage.trust if age.part == "status"]
    assert max(ages) > 29 * 86_400
    assert {passage.policy for passage in passages} == {"month-1"}
    assert [passage.reason for passage in passages if passage.clock == "suspect"] == ["clock.untrusted"]


@pytest.mark.slow
def test_the_device_ends_with_the_newest_trust(act: Act) -> None:
    month = act[0] / "month"
    trust = open_trust(month / "device" / "trust")
    (status,) = trust.status_lists.values()
    published = Repository.load(open_files(month / "repository")).signed_at()
    assert trust.published_at == status.issued_at == published


@pytest.mark.slow
def test_the_page_shows_every_row_and_loads_no_other_file(act: Act, told: list[dict]) -> None:
    page = (act[0] / "month.html").read_text("utf-8")
    assert page.count("<tr") == len(told) - 1 + 2
    assert page.count("<circle") == 2 * len(LADDER)
    assert 'class="bad"' not in page
    assert "<script" not in page
    assert "http" not in page


class Wrong:
    """A month with a door that opened and must not open."""

    def __init__(self, _: Path) -> None:
        pass

    def play(self) -> list[StoryRow]:
        return [StoryRow("Cleo", "a card that was revoked", "card.revoked", "granted")]


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "Month", Wrong)


@pytest.mark.usefixtures("wrong")
def test_one_wrong_outcome_fails_the_act(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--out", str(tmp_path)]) == Exit.REFUSED
    printed = capsys.readouterr().out
    assert "granted  <- not as expected" in printed
    assert "0 of 1 things" in printed


@pytest.mark.usefixtures("wrong")
def test_the_page_of_the_first_act_names_the_second_once(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<h1>Passages</h1>\n<!-- the second act -->\n", "utf-8")
    for _ in range(2):
        cli.main(["--out", str(tmp_path)])
    assert (tmp_path / "report.html").read_text("utf-8").count('href="month.html"') == 1
    assert 'href="report.html"' in (tmp_path / "month.html").read_text("utf-8")


@pytest.mark.usefixtures("wrong")
def test_a_folder_that_is_not_of_the_demo_is_not_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "month" / "journal.db"
    journal.parent.mkdir()
    journal.write_bytes(b"evidence")
    assert cli.main(["--out", str(tmp_path)]) == Exit.DEVICE
    assert journal.read_bytes() == b"evidence"
    assert "is not a folder of the demo" in capsys.readouterr().err
