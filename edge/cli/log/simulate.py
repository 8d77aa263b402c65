"""`doorward simulate`: applies other rules to a journal, and prints the decisions that change."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.risk_policy import able_of, risk_policy, zone_of_door
from edge.audit.chain import files_of, open_chain
from edge.audit.export import utc
from edge.cli.config import read
from edge.cli.output import emit, progress
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, InputError
from edge.formats.untrusted_text import toml_table
from edge.simulate import SimulatedRules, simulate
from edge.trust.site_policy import MAX_POLICY_BYTES, LocalLists, age_policy_for, parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.simulate import ChangedDecision

SHOWN = 20  # changes in the text output; --json prints all


def run(args: argparse.Namespace) -> int:
    """Apply the rules to every passage; exit 0 with or without changes."""
    rules = _rules(args.policy)
    if args.similarity is not None:
        if not -1 <= args.similarity <= 1:
            raise InputError(
                f"--similarity: {args.similarity} is not a number from -1 to 1",
                hint="give a cosine such as 0.42",
            )
        rules = replace(rules, similarity_milli=round(args.similarity * 1_000))
    told = _Told(as_json=args.json)
    for change in _changes(args.journal, rules):
        told.add(change)
    told.end()
    return Exit.OK


def _changes(journal: Path, rules: SimulatedRules) -> Iterator[ChangedDecision | None]:
    """The changed decision of each passage, or None, in journal order. Raises InputError, JournalBroken."""
    paths = (journal,) if journal.is_dir() else files_of(journal)
    with open_chain(paths) as chain:
        for _, change in simulate(progress(chain.entries(), total=chain.size, label="replaying"), rules):
            yield change


class _Told:
    """Prints the changes and a summary, as text or as JSON Lines."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._passages = 0
        self._tally: Counter[tuple[str, str]] = Counter()

    def add(self, change: ChangedDecision | None) -> None:
        self._passages += 1
        if change is None:
            return
        was = change.was or "grant"
        self._tally[was, _words(change)] += 1
        if self._as_json:
            emit({"seq": change.seq, "time": utc(change.time_ms), "was": was} | _row(change))
        elif self._tally.total() <= SHOWN:
            print(f"{change.seq:>8}  {utc(change.time_ms)}  {was} -> {_words(change)}")

    def end(self) -> None:
        changed = self._tally.total()
        if self._as_json:
            emit({"passages": self._passages, "changed": changed})
            return
        if changed > SHOWN:
            print(f"     ...  {changed - SHOWN} more: --json prints all")
        print(f"{self._passages} passages, {changed} with another decision")
        for (was, would), count in self._tally.most_common():
            print(f"{count:>8}  {was} -> {would}")


def _words(change: ChangedDecision) -> str:
    if change.asked:
        return f"require {' and '.join(factor.value for factor in change.asked)}"
    return f"{change.would.value} {change.reason.value}" if change.reason else change.would.value


def _row(change: ChangedDecision) -> dict[str, object]:
    return {
        "would": change.would.value,
        "reason": change.reason.value if change.reason else None,
        "asked": [factor.value for factor in change.asked],
    }


def _rules(file: Path) -> SimulatedRules:
    """The rules in a file: a site's policy if it has `issued_at`, else a door's configuration."""
    try:
        data = file.read_bytes()[: MAX_POLICY_BYTES * 8]
        is_policy = "issued_at" in toml_table(data.decode())
    except OSError as error:
        raise InputError(
            f"{file}: {(error.strerror or 'cannot be read').lower()}",
            hint="name a door's configuration or a site's policy.toml",
        ) from error
    except ValueError:
        is_policy = False  # the reader of configurations names the wrong line
    if is_policy:
        policy = parse(data)
        return SimulatedRules(age_policy_for(policy, LocalLists()), policy.min_assurance)
    config = read(file)
    lists = LocalLists.of(
        ageing_h=config.lists.ageing_h, stale_h=config.lists.stale_h, ageing=config.lists.ageing
    )
    return SimulatedRules(
        age_policy_for(None, lists),
        config.door.min_assurance,
        risk=risk_policy(config.risk) if config.risk.watch else None,
        able=able_of(config),
        zone=zone_of_door(config),
    )


ARGUMENTS = (
    argument("--journal", type=Path, required=True, help="journal file, or a folder of copies"),
    argument(
        "--policy",
        type=Path,
        required=True,
        help="rules to apply: a door's configuration, or a site's policy.toml",
    ),
    argument(
        "--similarity",
        type=float,
        metavar="COSINE",
        help="apply this threshold: a face matches from this similarity on",
    ),
    json_lines("print every change as one JSON object a line"),
)
