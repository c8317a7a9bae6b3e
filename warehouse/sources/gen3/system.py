"""The portals that have a Guppy, and the one question that every look at them begins with: what do they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.errors import SourceError
from warehouse.settings import Settings
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.guppy.figures import totals
from warehouse.sources.gen3.transport import Refused


@dataclass(frozen=True)
class GuppySystem:
    """One commons with a Guppy: the name of its source (and contract), its base address and its record types."""

    source: str
    base_url: str
    types: tuple[str, ...]


def midrc(settings: Settings) -> GuppySystem:
    """Return the MIDRC data portal at the address of the settings."""
    types = ("case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report")
    return GuppySystem("midrc", settings.midrc_url, types)


def bih(settings: Settings) -> GuppySystem:
    """Return the BDF Imaging Hub at the address of the settings."""
    return GuppySystem("bih", settings.bih_url, ("dataset", "subject", "imaging_study", "imaging_series"))


def believable_totals(client: GuppyClient, type_names: Sequence[str], settings: Settings) -> dict[str, int]:
    """Return the totals of those types that the portal has, unless every one is zero.

    So a portal answers when its authorisation is down.

    Raises:
        SourceError: every total is zero, in every try; or the portal cannot be asked.
    """
    for attempt in range(1, settings.retries + 2):
        counted = _totals_of_those_there(client, type_names)
        if any(counted.values()):
            return counted
        if attempt <= settings.retries:
            client.transport.pause(attempt, "all_empty", "the totals of all types")
    raise SourceError(
        f"{client.transport.base_url} counts no records in any of {', '.join(type_names)}: empty answer not believed "
        "(a portal whose authorisation is down answers so). The last good load stays; run the refresh again later."
    )


def _totals_of_those_there(client: GuppyClient, type_names: Sequence[str]) -> dict[str, int]:
    """Return the totals of several types; a type is left out only where the server says that it does not know it.

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
