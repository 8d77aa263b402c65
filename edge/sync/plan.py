"""Plans an update: the targets of a device, in order, and the cheapest downloads for a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge.errors import FetchError, UpdateRejected
from edge.retry import RetrySchedule
from edge.sync import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    _Edges: TypeAlias = dict[
        int, list[tuple[int, "Target"]]
    ]  # end and delta, by the edition that it starts from

MAX_WAIT_S: Final = 6 * 3600.0  # after a day's outage of a repository the next try comes within 6 h
FIRST_WAIT_S: Final = 30.0  # a router has restarted by then


@dataclass(frozen=True, slots=True)
class Target:
    """One file as signed metadata describes it. `sha256`: 64 lower-case hex digits."""

    name: str
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Targets for one device. `time` and `heads` are small and name the others; models can wait."""

    time: Target
    heads: tuple[Target, ...]  # issuers' keys, the policy, status lists or their manifests
    sealed: tuple[Target, ...]
    models: tuple[Target, ...]

    def kept(self) -> dict[str, str]:
        """Name to SHA-256 of all targets of a generation. Equal maps mean equal trust."""
        parts = (self.time, *self.heads, *self.sealed, *self.models)
        return {target.name: target.sha256 for target in parts}


@dataclass(frozen=True, slots=True)
class Way:
    """The downloads that bring a list's bitmaps to an edition: deltas in this order, or the full list.

    `here`: the device has that edition already. `full` is used whenever the result of the deltas does not
    have the signed hashes.
    """

    deltas: tuple[Target, ...] = ()
    full: Target | None = None
    here: bool = False

    @property
    def fetch(self) -> tuple[Target, ...]:
        """The targets to download, if no fallback is needed."""
        return () if self.here else self.deltas or ((self.full,) if self.full else ())


def select(targets: Mapping[str, Target], *, site: str, models: bool) -> Wanted:
    """The targets for a door at `site`. Raises UpdateRejected if the signed time is missing."""
    if names.TIME not in targets:
        raise UpdateRejected(
            f"{names.TIME} is not in the repository", hint="ask the authority to publish again"
        )
    issuers = {kid: name for name in targets if (kid := names.issuer_kid(name))}
    policy = [name for name in names.policies(site) if name in targets][:1]
    # A list without its issuer's key is about no card that this door could accept.
    lists = [
        name
        for name in targets
        if (part := names.list_target(name)) and part.end is None and part.of.kid in issuers
    ]
    sealed = [name for name in targets if names.boxes_for(site, name)]
    weights = [name for name in targets if models and _is_model(name)]

    def taken(chosen: Iterable[str]) -> tuple[Target, ...]:
        return tuple(targets[name] for name in chosen)

    # Lists come before keys and policy, because the revocation of a card is the most urgent.
    heads = (*sorted(lists), *sorted(issuers.values()), *policy)
    return Wanted(targets[names.TIME], taken(heads), taken(sorted(sealed)), taken(sorted(weights)))


class ListWays:
    """The ways to the editions of all lists in a repository, whose names are read once."""

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._targets = targets
        self._edges: dict[names.ListName, _Edges] = {}
        for name, target in targets.items():
            part = names.list_target(name)
            if part and part.start is not None and part.end is not None:
                self._edges.setdefault(part.of, {}).setdefault(part.start, []).append((part.end, target))

    def way(self, of: names.ListName, *, have: int | None, want: int) -> Way:
        """The fewest bytes from edition `have` to edition `want` of a list; the full list on a tie.

        `have`: None if there is no base. Raises UpdateRejected if edition `want` cannot be reached.
        """
        full = self._targets.get(of.full(want))
        if have == want:
            return Way(full=full, here=True)
        edges = self._edges.get(of, {})
        deltas = _cheapest(edges, have, want) if have is not None and have < want else None
        if deltas and (full is None or sum(delta.length for delta in deltas) < full.length):
            return Way(deltas, full)
        if full is None:
            raise UpdateRejected(
                f"{of.stem}: neither deltas nor a full list lead to serial {want}",
                hint="ask the authority to publish the full list",
            )
        return Way(full=full)


def fit(needed: Iterable[Target], models: Iterable[Target], *, budget: int) -> tuple[Target, ...]:
    """The models that fit into `budget` bytes besides the `needed` targets; the others wait.

    Raises FetchError if the needed targets alone do not fit.
    """
    left = budget - sum(target.length for target in needed)
    if left < 0:
        raise FetchError(
            f"the update takes {(budget - left) / 1e6:.0f} MB, at most {budget / 1e6:.0f} are allowed",
            hint="increase [sync] max_mb, or ask the authority why the update is so large",
        )
    fitting: list[Target] = []
    for target in models:
        if target.length <= left:
            fitting.append(target)
            left -= target.length
    return tuple(fitting)


def wait_s(failures: int, *, every_s: float, asked_s: float, random_unit: Callable[[], float]) -> float:
    """Seconds until the next sync, after this many failures in a row.

    `random_unit`: uniform in [0, 1). Devices that lost the network together must not all return together.
    Without failures the wait is random, between 3/4 and 5/4 of `every_s`. After failures it doubles, from
    half a minute up, with full jitter. `asked_s`: the delay that the server asked for, which is the least.
    """
    if failures == 0:
        return max(asked_s, every_s * (0.75 + 0.5 * random_unit()))
    schedule = RetrySchedule(FIRST_WAIT_S, max(every_s, MAX_WAIT_S), jitter=1.0)
    return 1.0 + schedule.wait_s(failures, uniform=random_unit, asked_s=asked_s)


def _is_model(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder == "models" and file.isascii() and not file.startswith(".") and "/" not in file


def _cheapest(edges: _Edges, start: int, goal: int) -> tuple[Target, ...] | None:
    """The shortest path. Deltas lead to higher serials only, so one pass in ascending order finds it."""
    best: dict[int, tuple[int, tuple[Target, ...]]] = {start: (0, ())}
    for at in sorted(edges):
        if at not in best:
            continue
        spent, path = best[at]
        for end, delta in edges[at]:
            if end <= goal and (end not in best or spent + delta.length < best[end][0]):
                best[end] = spent + delta.length, (*path, delta)
    return best[goal][1] if goal in best else None
