"""Verifies the content of a published target, as a device does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.errors import InputError, Refused
from edge.sync import names
from edge.sync.names import ListTarget, list_target
from edge.sync.signed_time import read_signed_time
from edge.trust import site_policy
from edge.trust.status import any_list, delta
from edge.trust.status.status import StatusManifest
from tools.issuing.editions import expanded
from tools.issuing.roles import REVOCATION, role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.trust.scope import IssuerKey
    from tools.issuing.repository import Repository


def check_target(repository: Repository, name: str, known: Mapping[bytes, IssuerKey]) -> None:
    """Reads one target, and its content if it has a format of ours. `known`: `publication.issuers`.

    Raises EdgeError: InputError, TrustFault, UpdateRejected or StorageFault.
    """
    data = repository.read(name)
    if name == names.TIME:
        read_signed_time(data)
    elif name.startswith("policy/"):
        site_policy.parse(data)
    elif found := list_target(name):
        _check_list(repository, name, data, found, known)
    else:
        role_of(name)


def _check_list(
    repository: Repository, name: str, data: bytes, found: ListTarget, known: Mapping[bytes, IssuerKey]
) -> None:
    if found.end is not None:
        delta.parse(data)
        return
    issuer = known.get(found.of.kid)
    if issuer is None:
        raise InputError(f"{name}: its issuer is not published", hint="remove the list, or add the issuer")
    try:
        _, status = any_list.decode(found.kind, data, issuer)
    except Refused as refused:
        raise InputError(f"{name}: {refused.message}", hint="publish the list again") from refused
    if isinstance(status, StatusManifest):
        expanded(repository.contents(repository.targets(REVOCATION).targets), found.of, status)
