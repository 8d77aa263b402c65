"""`doorward simulate`: what changed rules would have made of a journal."""

from __future__ import annotations

import tomllib
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
from edge.simulate import SimulatedRules, simulate
from edge.trust.site_policy import MAX_POLICY_BYTES, LocalLists, age_policy_for, parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.simulate import ChangedDecision

SHOWN = 20  # changes on a screen; all of them with --json


def run(args: argparse.Namespace) -> int:
    """Replay; exit 0 whatever would change."""
    rules = _rules(args.policy)
    if args.similarity is not None:
        if not -1 <= args.similarity <= 1:
            raise InputError("--similarity is a cosine", hint="from -1 to 1, such as 0.42")
        rules = replace(rules, similarity_milli=round(args.similarity * 1_000))
    told = _Told(as_json=args.json)
    for change in _changes(args.journal, rules):
        told.add(change)
    told.end()
    return Exit.OK


def _changes(journal: Path, rules: SimulatedRules) -> Iterator[ChangedDecision | None]:
    """What would become of each passage, in the order of the journal. Raises InputError, JournalBroken."""
    paths = (journal,) if journal.is_dir() else files_of(journal)
    with open_chain(paths) as chain:
        for _, change in simulate(progress(chain.entries(), total=chain.size, label="replaying"), rules):
            yield change


class _Told:
    """What a person, or a program, is told of it."""

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
            print(f"     ...  {changed - SHOWN} more: --json tells all")
        print(f"{self._passages} passages, {changed} would be decided otherwise")
        for (was, would), count in self._tally.most_common():
            print(f"{count:>8}  {was} -> {would}")


def _words(change: ChangedDecision) -> str:
    if change.asked:
        return f"ask for {' and '.join(factor.value for factor in change.asked)}"
    return f"{change.would.value} {change.reason.value}" if change.reason else change.would.value


def _row(change: ChangedDecision) -> dict[str, object]:
    return {
        "would": change.would.value,
        "reason": change.reason.value if change.reason else None,
        "asked": [factor.value for factor in change.asked],
    }


def _rules(file: Path) -> SimulatedRules:
    """The rules in a file: a site's policy names its time of issue, a configuration does not."""
    try:
        data = file.read_bytes()[: MAX_POLICY_BYTES * 8]
        is_policy = "issued_at" in tomllib.loads(data.decode())
    except OSError as error:
        raise InputError(
            f"{file}: {(error.strerror or 'cannot be read').lower()}", hint="name a TOML file"
        ) from error
    except ValueError:
        is_policy = False  # the configuration's reader says which line is wrong
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
    argument("--journal", type=Path, required=True, help="a journal, or a folder of copies"),
    argument("--policy", type=Path, required=True, help="a door's configuration, or a site's policy.toml"),
    argument("--similarity", type=float, metavar="COSINE", help="what would count as a match"),
    json_lines("every change as one JSON object a line"),
)
