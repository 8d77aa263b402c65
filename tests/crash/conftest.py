"""Summary of the kills at the end of a run: one line for each `record_property("kills", (what, number))`."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    kills = sorted(
        tuple(value) for report in reports for name, value in report.user_properties if name == "kills"
    )
    if kills:
        terminalreporter.section("kill -9")
        for what, number in [*kills, ("in all", sum(number for _, number in kills))]:
            terminalreporter.write_line(f"{number:6}  {what}")
