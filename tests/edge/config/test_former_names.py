"""A configuration from before the venue `library` had its name says `gate`, and means the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.config import parse_config
from edge.errors import ConfigError

FILE = Path("door.toml")
TODAY = b'[door]\nvenue = "library"\n[library]\nhost = "lms.example"\nlending = true\n'

OLD = {
    "word and table": TODAY.replace(b"library", b"gate"),
    "the word alone": TODAY.replace(b'"library"', b'"gate"'),
    "the table alone": TODAY.replace(b"[library]", b"[gate]"),
    "dotted": b'gate.host = "lms.example"\ngate.lending = true\ndoor.venue = "gate"\n',
    "inline": b'door = { venue = "gate" }\ngate = { host = "lms.example", lending = true }\n',
}


@pytest.mark.parametrize("text", OLD.values(), ids=OLD)
def test_an_old_word_means_what_the_new_one_means(text: bytes) -> None:
    config = parse_config(text, FILE)
    assert config == parse_config(TODAY, FILE)
    assert config.door.face == "if-bound"  # of the profile of a library


def test_a_device_at_work_keeps_the_files_that_it_has() -> None:
    """Both are an implicit default of an old file: under another name its patrons would be gone."""
    library = parse_config(OLD["word and table"], FILE).library
    assert (library.key, library.store) == ("gate.key", "gate.db")


def test_what_is_shown_says_the_name_of_today() -> None:
    shown = msgspec.to_builtins(parse_config(OLD["word and table"], FILE))
    assert shown["door"]["venue"] == "library"
    assert shown["library"]["host"] == "lms.example"
    assert "gate" not in shown


MISTAKES = {
    "out of range": ("port = 0", "door.toml:4: {}.port: expected", "config show"),
    "wrong word in a list": ('blocks = ["tall"]', "door.toml:4: {}.blocks[0]: invalid enum", "config show"),
    "unknown key": ("prot = 6001", "door.toml:4: unknown key [{}] prot", "did you mean port?"),
    "no such zone": ('zone = "Asia/Macao City"', "door.toml:4: no time zone", "Asia/Macao"),
    "no host": ("port = 6001", "door.toml:2: [{}] host must be said", "SIP2"),
    "in the clear": ('host = "h"\ntls = false\nuser = "u"\npassword_file = "p"', "door.toml:5: [{}] a pass", "tls"),
    "nobody's": ('host = "h"\npassword_file = "p"', "door.toml:5: a password without a user", "[{}] user"),
    "nobody": ('host = "h"\nunstaffed = "registered"', "door.toml:5: who is", "[{}] unstaffed_kinds"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["gate", "library"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_its_line_and_the_table_as_it_is_written(mistake: str, name: str) -> None:
    keys, message, hint = MISTAKES[mistake]
    with pytest.raises(ConfigError) as error:
        parse_config(f'[door]\nvenue = "{name}"\n[{name}]\n{keys}\n'.encode(), FILE)
    assert error.value.message.startswith(message.format(name))
    assert hint.format(name) in error.value.hint


def test_a_table_that_is_none_is_called_as_it_is_written() -> None:
    with pytest.raises(ConfigError, match="gate: expected object"):
        parse_config(b"gate = 3\n", FILE)


def test_both_tables_in_one_file_are_refused_and_the_error_says_which_to_keep() -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(TODAY + b"[gate]\nport = 6002\n", FILE)
    assert error.value.message == "door.toml:6: [gate] and [library] are one table"
    assert error.value.hint.startswith("keep [library]")


def test_a_venue_that_is_no_word_is_a_mistake_like_any_other() -> None:
    with pytest.raises(ConfigError, match=r"door.toml:2: door.venue: expected"):
        parse_config(b'[door]\nvenue = ["gate"]\n', FILE)
