"""`doorward people import` and `clear`: no list of people, and no PIN, is lost by mistake."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds.terminal import Terminal

from edge.__main__ import main

HEAD = "issuer,subject,groups\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `doorward people ...` in a folder with ten people, of whom p0 has a PIN."""
    (tmp_path / "door.toml").write_text("")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["people", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    assert call("import", put(range(10)))[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("271828\n"))
    assert call("pin", "A", "p0")[0] == 0
    return call


def put(numbers: range, name: str = "people.csv") -> str:
    Path(name).write_text(HEAD + "".join(f"A,p{number},staff\n" for number in numbers))
    return name


def enrolled(run: Run) -> int:
    return len(run("list")[1].splitlines())


def has_pin(run: Run) -> bool:
    return "$argon2id$" in run("export")[1]


NOTHING = {
    "an empty file": ("people.csv", "", "no column issuer, subject"),
    "a header alone": ("people.csv", HEAD, "no people in it can be used"),
    "an empty JSON Lines file": ("people.jsonl", "", "no people in it can be used"),
    "an empty array": ("people.json", "[]", "no people in it can be used"),
    "wrong lines": ("people.csv", HEAD + "A,,staff\n" * 100, "100 mistakes, and no person was enrolled"),
    "a person twice in one object": (
        "people.jsonl",
        '{"issuer": "A", "subject": "p1", "subject": "p2"}',
        "line 1: not a JSON object",
    ),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("words", [(), ("--replace",), ("--replace", "--accept-fewer")])
def test_a_list_with_nothing_usable_changes_nobody(run: Run, name: str, words: tuple[str, ...]) -> None:
    file, text, says = NOTHING[name]
    Path(file).write_text(text)
    code, out, err = run("import", file, *words)
    assert (code, out) == (2, "")
    assert says in err
    assert enrolled(run) == 10
    assert has_pin(run)


FALLS = {
    "half of them": (range(5), 0, 5),
    "less than half": (range(4), 2, 10),
    "as many others": (range(100, 110), 2, 10),
}


@pytest.mark.parametrize("name", FALLS)
def test_replacing_more_than_half_of_the_people_is_refused(run: Run, name: str) -> None:
    people, code, left = FALLS[name]
    done = run("import", put(people), "--replace")
    assert done[0] == code
    if code:
        assert "people.csv: " in done[2]
        assert "of 10 people would be gone: the list in use stays\nhint: if that is right," in done[2]
    assert enrolled(run) == left
    assert has_pin(run)


def test_without_replace_a_short_list_adds_to_the_people(run: Run) -> None:
    assert run("import", put(range(10, 11)))[:2] == (0, "taken     1\nenrolled  11\n")


def test_fewer_people_are_accepted_by_a_word_of_the_operator(run: Run) -> None:
    words = ("--replace", "--accept-fewer", "--json")
    assert run("import", put(range(1)), *words)[:2] == (0, '{"taken":1,"deleted":9,"enrolled":1}\n')
    assert has_pin(run)


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 1), ("n\n", 1, 10)])
def test_a_terminal_asks_about_fewer_people(
    run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, left: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    done = run("import", put(range(1)), "--replace")
    assert done[0] == code
    assert "9 of 10 enrolled entries are not in people.csv, and will be deleted" in done[2]
    assert enrolled(run) == left


def test_yes_does_not_accept_fewer_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run("import", put(range(1)), "--replace", "--yes")[0] == 2
    assert enrolled(run) == 10


def test_clear_deletes_everyone_and_asks_first(run: Run) -> None:
    code, _, err = run("clear")
    assert code == 2
    assert "10 people and their PINs will be deleted" in err
    assert enrolled(run) == 10
    assert json.loads(run("clear", "--yes", "--json")[1]) == {"deleted": 10}
    assert enrolled(run) == 0
    assert run("import", put(range(1)), "--replace")[0] == 0
    assert not has_pin(run)
