"""Commands of the installed wheels, in a folder outside the checkout."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT

from edge.errors import Exit

pytestmark = pytest.mark.slow

LOADED = """
import sys
from edge.__main__ import main
for words in {commands}:
    assert main(words) in (0, 1), words
import edge, hw, models
print(*(module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)), sep="\\n")
"""


@pytest.fixture(scope="module", autouse=True)
def fetched(device) -> str:
    """The models, built from carried packages by the installed command; what it printed."""
    done = device.run("doorward", "models", "fetch", "--offline")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    return done.stdout


def test_models_are_built_into_the_folder_of_the_machine(device, fetched: str) -> None:
    assert fetched == f"{device.folder / 'models'}: 8 files, each as the manifest says\n"
    again = device.run("doorward", "models", "fetch")
    assert again.stdout == f"{device.folder / 'models'}: complete\n"
    assert device.run("doorward", "models", "show").returncode == Exit.OK


def test_no_module_of_the_checkout_is_loaded(device) -> None:
    commands = [["config", "show"], ["config", "schema"], ["models", "show"], ["config", "units"]]
    done = device.run("python", "-c", LOADED.format(commands=commands))
    assert done.returncode == 0, done.stderr
    files = [
        Path(line) for line in done.stdout.splitlines() if line.endswith((".py", ".so")) and line[0] == "/"
    ]
    ours = [file for file in files if {"edge", "hw", "models", "tools"} & set(file.parts)]
    assert len(ours) > 30
    assert [file for file in ours if not file.is_relative_to(device.folder)] == []


def test_a_program_knows_its_version(device, office) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert device.run("doorward", "--version").stdout == f"doorward {version}\n"
    assert office.run("doorward-hub", "--version").stdout == f"doorward-hub {version}\n"


def test_a_reason_is_explained(device) -> None:
    done = device.run("doorward", "explain", "card.revoked")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert "card.revoked" in done.stdout


def test_the_demo_plays(device, tmp_path: Path) -> None:
    done = device.run("doorward", "demo", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["passages"] == summary["as_expected"] > 20
    assert "<html" in (tmp_path / "demo-out" / "report.html").read_text("utf-8")


def test_simulated_visitors_pass(device, tmp_path: Path) -> None:
    done = device.run("doorward", "run", "--sim", "--passages", "1", "--json", cwd=tmp_path)
    assert (done.returncode, len(done.stdout.splitlines())) == (Exit.OK, 1)


def test_a_configuration_is_shown_and_checked(device, tmp_path: Path) -> None:
    shown = device.run("doorward", "config", "show")
    assert shown.returncode == Exit.OK
    (tmp_path / "door.toml").write_text(shown.stdout)
    assert (
        device.run("doorward", "config", "check", "--text", "door.toml", cwd=tmp_path).returncode == Exit.OK
    )
    schema = json.loads(device.run("doorward", "config", "schema").stdout)
    assert schema == json.loads((ROOT / "edge" / "config" / "config.schema.json").read_text("utf-8"))


def test_the_units_start_the_installed_program(device, tmp_path: Path) -> None:
    assert device.run("doorward", "config", "units", "--to", str(tmp_path)).returncode == Exit.OK
    unit = (tmp_path / "etc" / "systemd" / "system" / "doorward-run.service").read_text()
    assert f"ExecStart={device.programs / 'doorward'} run " in unit


def test_the_doctor_examines_the_device(device, tmp_path: Path) -> None:
    done = device.run("doorward", "doctor", "--json", cwd=tmp_path)
    assert done.returncode in (Exit.OK, Exit.REFUSED)  # this machine has no camera
    assert "Traceback" not in done.stderr
    assert all(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    "words", [["demo"], ["run", "--sim"], ["face", "compare", "a.png", "b.png"]], ids=lambda words: words[0]
)
def test_a_machine_without_models_says_which_command_fetches_them(
    device, words: list[str], tmp_path: Path
) -> None:
    code = f"import os, sys; os.environ['DOORWARD_MODELS'] = {str(tmp_path / 'none')!r}\n"
    code += f"from edge.__main__ import main; sys.exit(main({words}))"
    done = device.run("python", "-c", code, cwd=tmp_path)
    error, hint = done.stderr.splitlines()
    assert done.returncode == Exit.DEVICE
    assert error.startswith("error: ")
    assert hint == "hint: run: doorward models fetch"


@pytest.mark.parametrize("name", ["issuer", "wallet", "authority", "hub"])
def test_a_program_of_the_office_names_itself(office, name: str) -> None:
    done = office.run(f"doorward-{name}", "--help")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.startswith(f"usage: doorward-{name} VERB ...")
    assert "python tools/" not in done.stdout


def test_the_office_issues_a_card_and_publishes_it(office, tmp_path: Path) -> None:
    def run(program: str, *words: str) -> None:
        done = office.run(f"doorward-{program}", *words, cwd=tmp_path)
        assert done.returncode == Exit.OK, done.stderr

    run("issuer", "init", "office", "--name", "tower-1", "--uri", "https://tower-1.example/s")
    run("issuer", "enrol", "office", "--no-face", "--out", "ada.wallet", "--scope", "tower-1")
    run("issuer", "publish", "office", "--to", "trust")
    run("authority", "init", "repository")
    run("wallet", "info", "ada.wallet")
    run("hub", "device", "add", "lobby-1", "--key", "ab" * 32)
    assert {path.name for path in tmp_path.iterdir()} >= {
        "office",
        "ada.wallet",
        "trust",
        "repository",
        "hub.db",
    }
