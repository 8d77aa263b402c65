"""Manual pages and completion of every command of the wheel, with every verb and option, for man and bash."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from edge.__main__ import DOORWARD
from edge.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

if not all(importlib.util.find_spec(name) for name in ("shtab", "argparse_manpage")):
    pytest.skip("shtab and argparse-manpage come with make setup", allow_module_level=True)

from tools.manual.cli import main

COMMANDS = ("doorward", "doorward-authority", "doorward-hub", "doorward-issuer", "doorward-wallet")


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("share")
    assert main(["man", str(folder / "man")]) == Exit.OK
    assert main(["completion", str(folder)]) == Exit.OK
    return folder


def words_of_doorward() -> list[str]:
    """The words of each verb that runs, in the form of a manual page."""
    return [f"doorward {noun.name} {verb.name}" for noun in DOORWARD.verbs for verb in noun.load_verbs()] + [
        f"doorward {noun.name}" for noun in DOORWARD.verbs
    ]


def test_there_is_a_page_and_a_completion_for_each_command(share: Path) -> None:
    files = {str(path.relative_to(share)) for path in share.rglob("*") if path.is_file()}
    assert files == {
        name
        for command in COMMANDS
        for name in (
            f"man/{command}.1",
            f"bash-completion/completions/{command}",
            f"zsh/site-functions/_{command}",
            f"fish/vendor_completions.d/{command}.fish",
        )
    }


def test_the_page_has_every_verb_the_exit_codes_and_the_environment(share: Path) -> None:
    page = (share / "man" / "doorward.1").read_text("utf-8").replace("\\-", "-")
    assert page.startswith(".TH DOORWARD")
    for words in words_of_doorward():
        assert f"COMMAND \\fI\\,'{words}'" in page
    assert ".SH EXIT STATUS" in page
    for code in Exit:
        assert f".B {int(code)}\n" in page
    assert ".B DOORWARD_DEBUG" in page


@pytest.mark.parametrize("command", COMMANDS)
def test_groff_formats_a_page_without_a_warning(share: Path, command: str) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not on this machine: apt-get install groff")
    done = subprocess.run(
        [groff, "-man", "-ww", "-Tutf8", share / "man" / f"{command}.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [
        line for line in done.stderr.splitlines() if not re.search("cannot (break|adjust) line", line)
    ] == []
    assert "EXIT STATUS" in re.sub(r".\x08", "", done.stdout)  # groff prints bold letters twice


def completed(file: Path, *words: str) -> set[str]:
    """The words that bash offers after these; the last word is incomplete."""
    script = (
        f"source {file}\n"
        f"function=$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        f"$function {words[0]} '{words[-1]}' {words[-2]}\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_bash_completes_nouns_verbs_options_and_choices(share: Path) -> None:
    file = share / "bash-completion" / "completions" / "doorward"
    assert completed(file, "doorward", "lo") == {"log"}
    assert completed(file, "doorward", "log", "sh") == {"show"}
    assert completed(file, "doorward", "log", "show", "--") == {
        *("--help", "--json", "--last", "--reason", "--card", "--since"),
    }
    assert completed(file, "doorward", "log", "export", "--format", "c") == {"csv"}


def test_the_pages_of_one_command_are_written(tmp_path: Path) -> None:
    assert main(["man", str(tmp_path), "--only", "doorward-hub", "--only", "doorward"]) == Exit.OK
    assert {path.name for path in tmp_path.iterdir()} == {"doorward.1", "doorward-hub.1"}


def test_a_page_of_an_installed_command_names_no_checkout(share: Path) -> None:
    for command in COMMANDS:
        assert (
            f"python tools/{command.partition('-')[2] or 'x'} "
            not in (share / "man" / f"{command}.1").read_text()
        )


def test_no_page_names_a_folder_of_this_machine(share: Path) -> None:
    named = [
        path for path in share.rglob("*") if path.is_file() and re.search(str(ROOT), path.read_text("utf-8"))
    ]
    assert named == []
