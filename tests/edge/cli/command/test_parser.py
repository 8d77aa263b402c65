"""Errors of arguments: each form of argparse's own messages becomes an error and a hint of ours."""

from __future__ import annotations

import argparse

import pytest

from edge.cli.command.parser import parse
from edge.cli.values import count
from edge.cli.verbs import argument, one_of
from edge.errors import UsageError
from edge.nearest import alternatives, nearest

ARGUMENTS = (
    argument("path", help="the journal"),
    argument("--last", type=count, metavar="N", help="only the last N"),
    argument("--format", choices=("csv", "jsonl"), default="csv"),
    argument("--lines", type=int, help="at most 100%% of them"),
    argument("--share", type=float),
    argument("--json", action="store_true"),
    argument("--sign", action=argparse.BooleanOptionalAction),
    argument("--replace", action="store_true", help="delete the others"),
    argument("--remove", action="store_true"),
    one_of(argument("--sim", action="store_true"), argument("--camera", help="a webcam")),
)
DEVICE = (
    argument("device", help="its name"),
    argument("--key", required=True, metavar="HEX", help="its key"),
    one_of(argument("--photo", help="a picture"), argument("--no-face", action="store_true"), required=True),
)


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("", "PATH is missing", "write show PATH [options]; PATH: the journal"),
        ("x --lst 3", "unknown option --lst", "write --last N (only the last N)"),
        ("x -z", "unknown option -z", "use one of --last, --format, --lines, --share, --json, --sign"),
        ("x --help-me", "unknown option --help-me", "write --help"),
        ("x --last", "--last has no value", "write --last N (only the last N)"),
        ("x --last --json", "--last has no value", "write --last N (only the last N)"),
        ("x --last 0", "--last: '0' is not a whole number from 1 to 999999999", "write a number such as 20"),
        (
            "x --lines many",
            "--lines: 'many' is not a whole number",
            "write --lines LINES (at most 100% of them)",
        ),
        ("x --share half", "--share: 'half' is not a number", "write --share SHARE"),
        ("x --format cvs", "--format: 'cvs' is not one of csv, jsonl", "write --format csv"),
        (
            "x --format pdf",
            "--format: 'pdf' is not one of csv, jsonl",
            "write --format csv or --format jsonl",
        ),
        ("x --json=1", "--json takes no value, and '1' is written", "write --json"),
        ("x --no-sign=1", "--sign takes no value, and '1' is written", "write --sign"),
        ("x --re", "--re is the beginning of several options", "write --replace or --remove"),
        ("x y", "'y' is one argument too many", "write show PATH [options]"),
        ("x json", "'json' is one argument too many", "write --json"),
        ("x --sim --camera 0", "--camera and --sim exclude each other", "leave out --camera or --sim"),
        (
            f"x --last {'9' * 99}",
            f"--last: '{'9' * 60}...' is not a whole number",
            "write a number such as 20",
        ),
    ],
)
def test_a_wrong_argument_says_what_is_written_and_what_to_write(words: str, error: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse("show", "", ARGUMENTS, words.split())
    assert raised.value.message.startswith(f"show: {error}")
    assert raised.value.hint.startswith(hint)


def test_several_missing_arguments_are_told_together() -> None:
    with pytest.raises(UsageError) as raised:
        parse("add", "", DEVICE, [])
    assert raised.value.message == "add: DEVICE and --key are missing"
    assert raised.value.hint == (
        "write add --key HEX (--photo PHOTO | --no-face) DEVICE; DEVICE: its name; --key HEX: its key"
    )
    with pytest.raises(UsageError) as raised:
        parse("add", "", DEVICE, ["lobby-1", "--key", "00"])
    assert raised.value.message == "add: one of --photo, --no-face is missing"
    assert raised.value.hint == "write --photo PHOTO (a picture) or --no-face"


def test_right_words_are_the_values() -> None:
    args = parse("show", "", ARGUMENTS, ["x", "--la", "3", "--no-sign", "--lines=-1"])
    assert args is not None
    assert (args.path, args.last, args.sign, args.lines, args.format) == ("x", 3, False, -1, "csv")


def test_a_value_with_control_characters_stays_on_one_line() -> None:
    with pytest.raises(UsageError) as raised:
        parse("show", "", ARGUMENTS, ["x", "--format", "a\n\x1b[2Jb"])
    assert "\n" not in raised.value.message
    assert "\x1b" not in raised.value.message


@pytest.mark.parametrize(
    ("word", "found"), [("lgo", ["log"]), ("conf", ["config"]), ("x", []), ("LOG", ["log"]), ("", [])]
)
def test_the_nearest_word(word: str, found: list[str]) -> None:
    assert nearest(word, ("log", "config", "doctor")) == found


def test_alternatives_read_as_a_sentence() -> None:
    assert [alternatives(each) for each in ("a", "ab", "abc")] == ["a", "a or b", "a, b or c"]
