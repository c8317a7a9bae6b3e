"""One Gen3 commons as a system to read, and the first thing that is asked of it: how many records it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.contracts import Contract
from warehouse.errors import SourceError
from warehouse.registry import SourceSpec
from warehouse.settings import Settings
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.guppy.reported_counts import totals
from warehouse.sources.gen3.transport import Refused

SELF_REPORTED = frozenset({"reported_counts", "version", "indexd_stats", "mds_metadata"})
"""The datasets of a contract that are no record type: what a commons reports of itself beside its records."""


@dataclass(frozen=True)
class Gen3System:
    """One Gen3 commons: its source, its base address, its record types, and the contract of all its datasets.

    `setting` is the environment variable that sets the address.
    """

    source: str
    base_url: str
    types: tuple[str, ...]
    contract: Contract
    setting: str

    @classmethod
    def from_spec(cls, spec: SourceSpec, settings: Settings) -> Gen3System:
        """Return the commons of a source at the address of the settings, with every record type of its contract."""
        contract = spec.contract
        types = tuple(name for name in contract.datasets if name not in SELF_REPORTED)
        return cls(spec.name, settings.address_of(spec), types, contract, spec.address_variable)


def confirmed_totals(client: GuppyClient, type_names: Sequence[str], settings: Settings) -> dict[str, int]:
    """Return the totals of those types that the commons has, unless every one is zero.

    All zero is the response of a commons whose authorisation is down.

    Raises:
        SourceError: every total is zero, in every try; or the commons cannot be asked.
    """
    for attempt in range(1, settings.retries + 2):
        counted = _totals_of_offered(client, type_names)
        if any(counted.values()):
            return counted
        if attempt <= settings.retries:
            client.transport.pause(attempt, "all_empty", "the totals of all types")
    raise SourceError(
        f"{client.transport.base_url} counts no records in any of {', '.join(type_names)}: empty response not accepted "
        "(a portal whose authorisation is down counts none). The last good load stays; run the refresh again later."
    )


def _totals_of_offered(client: GuppyClient, type_names: Sequence[str]) -> dict[str, int]:
    """Return the totals of several types; a type is left out only if the server does not know it.

    Raises:
        SourceError: the portal cannot be asked, or refuses a type for another reason.
    """
    try:
        return totals(client, type_names)
    except Refused as error:
        offered = client.offered_types()
        if offered is not None:
            there = [name for name in type_names if name in offered]
            if len(there) == len(type_names):
                raise
            return totals(client, there) if there else {}
        if not error.names_unknown_field:
            raise
    counted: dict[str, int] = {}
    for name in type_names:
        try:
            counted |= totals(client, (name,))
        except Refused as error:
            if not error.names_unknown_field:
                raise
    return counted
