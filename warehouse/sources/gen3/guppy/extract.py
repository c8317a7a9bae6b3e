"""One type, whole: census, pages, proof; begun again when the data moves under the run.

A type is proven complete when the total before, the records stored, the distinct ids and the total after are one
number, the ids after are the ids before, the reported counts have not moved, and the same concrete index stands
behind the alias.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from warehouse.errors import SourceError, SourceUnreachable
from warehouse.settings import Settings
from warehouse.sources.gen3.guppy.census import Census, IdCollector, IdCounter, take_census, take_census_in_pieces
from warehouse.sources.gen3.guppy.client import GuppyClient, Index
from warehouse.sources.gen3.guppy.discovery import RecordType, identity_of
from warehouse.sources.gen3.guppy.figures import Figures, FiguresDisagree, categorical_fields, facets, take_figures
from warehouse.sources.gen3.guppy.id_sets import NONE, distinct, sorted_ids, without
from warehouse.sources.gen3.guppy.pages import MoreRowsThanAsked, NothingCame, PageFetcher, examples
from warehouse.sources.gen3.guppy.parts import Belonging, Joined, PartStore, in_order, join, merged
from warehouse.sources.gen3.guppy.plan import CountsDisagree
from warehouse.sources.gen3.guppy.ranges import plan_ranges
from warehouse.sources.gen3.guppy.rows import FractionFound, ListFound, MisfitFound, schema_of
from warehouse.sources.http.errors import SlowResponse

log = logging.getLogger("icw.sources.gen3")

_ROUNDS = 3
_MOST_REPAIRED = 10_000
_MOST_FACETS = 2


class Moved(Exception):
    """The data changed under the run beyond repair: what was fetched is not one state of the type."""


@dataclass(frozen=True)
class Extraction:
    """One type, proven complete, as one Parquet file in staging that is not landed yet."""

    record_type: RecordType
    index: str
    joined: Joined
    figures: Figures
    proof: dict[str, JsonValue]


@dataclass(frozen=True)
class _Look:
    """What one type looks like at one moment."""

    indices: tuple[Index, ...]
    index: str
    figures: Figures
    census: Census | None
    blemishes: tuple[str, ...]

    @property
    def state(self) -> str:
        counted = self.census.digest if self.census else ""
        return hashlib.sha256(f"{self.index}/{self.figures.digest}/{counted}".encode()).hexdigest()


@dataclass(frozen=True)
class _Way:
    """How records were had: by what they were cut, parts taken over, records repaired, and why not by download."""

    method: str
    resumed: int
    repaired: int
    refusal: str | None


class TypeExtractor:
    """Extracts one type of one Guppy server into `folder`.

    `believe_empty` is asked before an empty type is accepted; it raises if there is no second witness.
    """

    def __init__(
        self,
        client: GuppyClient,
        record_type: RecordType,
        type_names: Sequence[str],
        folder: Path,
        settings: Settings,
        believe_empty: Callable[[str, str], None],
    ) -> None:
        self._client = client
        self._published = record_type
        self._type = record_type
        self._type_names = tuple(type_names)
        self._folder = folder
        self._settings = settings
        self._believe_empty = believe_empty
        self._in_pieces: dict[str, str] = {}

    def run(self) -> Extraction:
        """Extract the type.

        Raises:
            SourceError: the type cannot be had, or cannot be proven complete within the settings' tries; its parts
                are kept.
            StorageError: the staging folder cannot be written.
        """
        before = self._client.transport.tally.copy()
        moved: list[str] = []
        categorical = categorical_fields(self._client, self._type)
        while len(moved) < self._settings.guppy_tries:
            try:
                extraction = self._once(categorical)
            except (Moved, NothingCame, MoreRowsThanAsked, FiguresDisagree, CountsDisagree) as error:
                moved.append(str(error))
                log.warning("the data moved", extra={"type": self._type.name, "error": str(error), "try": len(moved)})
                if len(moved) < self._settings.guppy_tries:
                    self._client.transport.pause(len(moved), "moved", f"type {self._type.name}")
            except ListFound as error:
                log.warning("a list of values", extra={"type": self._type.name, "field": error.path})
                self._type = self._type.with_list(error.path)
            except MisfitFound as error:
                log.warning("kept as text", extra={"type": self._type.name, "why": str(error)})
                self._type = self._type.with_text(error.path)
            except FractionFound as error:
                self._type = self._type.with_fractions(error.path)
            else:
                spent = self._client.transport.tally.since(before)
                costs: dict[str, JsonValue] = {
                    "published_fields_digest": self._published.digest,
                    "requests": spent.requests,
                    "retries": dict(sorted(spent.retries.items())),
                    "restarts": list[JsonValue](moved),
                    "categorical": list[JsonValue](categorical),
                }
                return replace(extraction, proof={**extraction.proof, **costs})
        raise SourceError(
            f"The type {self._type.name} of {self._client.transport.base_url} could not be proven complete in "
            f"{len(moved)} tries: {'; '.join(dict.fromkeys(moved))}. The last good load stays; run the refresh again "
            "when upstream is at rest."
        )

    def _once(self, categorical: Sequence[str]) -> Extraction:
        look, ids = self._look(categorical, IdCollector)
        if look.census is None:
            return self._by_ranges(look, categorical)
        return self._by_ids(look, sorted_ids(ids), categorical)

    def _look(self, categorical: Sequence[str], collector: type[IdCounter]) -> tuple[_Look, pa.ChunkedArray]:
        """Look at the type as it is now: index, reported counts, census of the first id that is one."""
        indices = self._client.indices()
        index = identity_of(self._type.name, self._type_names, indices)
        # As the server publishes the type: so the next night asks, which does not know how its values were kept.
        figures = take_figures(self._client, self._published, categorical)
        if figures.total == 0:
            self._believe_empty(self._type.name, index)
        blemishes: list[str] = []
        for id_field in self._type.id_fields:
            counted = self._census(id_field, figures, blemishes, collector)
            if counted is None:
                continue
            census, ids = counted
            if census.total != figures.total:
                raise Moved(f"the total went from {figures.total} to {census.total} while it was looked at")
            if census.usable:
                return _Look(indices, index, figures, census, tuple(blemishes)), ids
            blemishes.append(census.blemish())
        return _Look(indices, index, figures, None, tuple(blemishes)), NONE

    def _census(
        self, id_field: str, figures: Figures, blemishes: list[str], collector: type[IdCounter]
    ) -> tuple[Census, pa.ChunkedArray] | None:
        """Take the census of an id, whole or, where that cannot be had, in the pieces that another field makes."""
        if id_field not in self._in_pieces:
            try:
                return take_census(self._client, self._type.name, id_field, collector)
            except SourceUnreachable:
                raise
            except (SlowResponse, SourceError) as error:
                self._in_pieces[id_field] = f"the histogram of {id_field} cannot be had: {error}"
                log.warning("census in pieces", extra={"type": self._type.name, "why": str(error)})
        blemishes.append(self._in_pieces[id_field])
        for facet, keys in facets(self._type, figures)[:_MOST_FACETS]:
            try:
                census, ids = take_census_in_pieces(self._client, self._type.name, id_field, facet, keys, collector)
            except SourceUnreachable:
                raise
            except (SlowResponse, SourceError) as error:
                blemishes.append(f"nor by {facet}: {error}")
                continue
            if census.total == figures.total:
                return census, ids
            blemishes.append(f"nor by {facet}: its pieces hold {census.total} of {figures.total} records")
        return None

    def _store(self, look: _Look, cut: str) -> PartStore:
        transport = self._client.transport
        origin = "synthetic" if transport.synthetic else transport.base_url
        return PartStore(self._folder, Belonging(origin=origin, index=look.index, fields=self._type.digest, cut=cut))

    def _by_ids(self, look: _Look, ids: pa.ChunkedArray, categorical: Sequence[str]) -> Extraction:
        assert look.census is not None
        id_field = look.census.field
        store = self._store(look, id_field)
        resumed = store.begin(look.state)
        fetcher = PageFetcher(self._client, self._type, id_field, store, self._settings)
        repaired = 0
        unanswered: list[str] = []
        for _ in range(_ROUNDS):
            held = store.held_ids(id_field)
            missing = without(ids, held)
            vanished = without(held, ids) if len(held) + len(missing) != len(ids) else NONE
            del held
            unanswered = fetcher.fetch_ids(missing)
            del missing
            after, _ = self._look_again(categorical, IdCounter, look, store)
            if after.state == look.state and not unanswered:
                del ids
                way = _Way(f"ids of {id_field}", resumed, repaired, fetcher.reader.refusal)
                return self._proven(look, after, store, merged(store, id_field, vanished), way)
            assert after.census is not None
            if after.census.digest == look.census.digest:
                if not unanswered:
                    store.discard()
                    raise Moved("the same ids have other contents than before (their reported counts moved)")
                continue
            look, ids, changed = self._repair(categorical, look, ids, store)
            assert look.census is not None
            repaired += changed
        if unanswered:
            raise Moved(
                f"the histogram of {id_field} lists {len(unanswered)} ids that no page returns: {examples(unanswered)}"
            )
        raise Moved(f"the data still moved after {_ROUNDS} rounds of repair")

    def _repair(
        self, categorical: Sequence[str], before: _Look, ids: pa.ChunkedArray, store: PartStore
    ) -> tuple[_Look, pa.ChunkedArray, int]:
        """Let the parts belong to the type as it is now; return the look at it, its ids, and how many came or went."""
        look, unsorted = self._look_again(categorical, IdCollector, before, store)
        later = sorted_ids(unsorted)
        changed = len(without(later, ids)) + len(without(ids, later))
        if changed > _MOST_REPAIRED:
            store.discard()
            raise Moved(f"{changed} records came or went")
        log.warning("repairing", extra={"type": self._type.name, "changed": changed})
        store.move_on(look.state)
        return look, later, changed

    def _look_again(
        self, categorical: Sequence[str], collector: type[IdCounter], before: _Look, store: PartStore
    ) -> tuple[_Look, pa.ChunkedArray]:
        """Look at the type after pages were fetched; parts of an index that is gone, or without ids, are of no use."""
        pa.default_memory_pool().release_unused()
        after, ids = self._look(categorical, collector)
        self._same_index(before, after, store)
        if after.census is None:
            raise Moved(f"the ids are not unique any more: {'; '.join(after.blemishes)}")
        return after, ids

    def _by_ranges(self, look: _Look, categorical: Sequence[str]) -> Extraction:
        """Plan B: no id can be listed, so ranges of a number that is never missing take the place of ids."""
        log.warning("no census", extra={"type": self._type.name, "why": look.blemishes})
        plan = plan_ranges(self._client, self._type, look.figures.total, self._settings.guppy_page_size, look.blemishes)
        id_field = self._type.id_fields[0] if self._type.id_fields else None
        store = self._store(look, plan.field)
        resumed = store.begin(look.state)
        fetcher = PageFetcher(self._client, self._type, id_field, store, self._settings)
        fetcher.fetch_ranges(plan.parts, plan.field)
        after, _ = self._look(categorical, IdCounter)
        self._same_index(look, after, store)
        if after.figures.digest != look.figures.digest:
            store.discard()
            raise Moved("the reported counts moved while ranges were fetched")
        way = _Way(f"ranges of {plan.field}", resumed, 0, fetcher.reader.refusal)
        return self._proven(look, after, store, in_order(store), way)

    def _same_index(self, before: _Look, after: _Look, store: PartStore) -> None:
        if after.index != before.index:
            store.discard()
            raise Moved(f"the index behind the alias changed from {before.index} to {after.index}")

    def _proven(
        self, before: _Look, after: _Look, store: PartStore, tables: Iterator[pa.Table], way: _Way
    ) -> Extraction:
        """Join the parts and hold the result against what was seen before and after."""
        census = before.census
        id_field = census.field if census else (self._type.id_fields[0] if self._type.id_fields else None)
        joined = join(tables, schema_of(self._type.fields), id_field, self._folder.with_suffix(".parquet"))
        ids, lacking = (joined.rows, 0) if joined.ascending else _distinct(joined.path, id_field)
        total = before.figures.total
        agreed = joined.rows == total == after.figures.total and ids + lacking == joined.rows
        if not agreed or (census is not None and (joined.ids_digest != census.digest or lacking)):
            store.discard()
            raise Moved(
                f"{total} records before and {after.figures.total} after, but {joined.rows} stored with {ids} distinct "
                f"values of {id_field} and {lacking} without one"
            )
        if total == 0:
            self._believe_empty(self._type.name, before.index)
        proof: dict[str, JsonValue] = {
            "method": way.method,
            "index_before": before.index,
            "index_after": after.index,
            "total_before": total,
            "rows": joined.rows,
            "distinct_ids": ids,
            "rows_without_id": lacking,
            "total_after": after.figures.total,
            "census_digest": census.digest if census else None,
            "figures_digest": before.figures.digest,
            "fields_digest": self._type.digest,
            "no_census_because": list[JsonValue](before.blemishes),
            "parts": len(store.parts()),
            "parts_resumed": way.resumed,
            "records_repaired": way.repaired,
            "drift": [entry.model_dump() for entry in self._type.drift],
            "no_downloads_because": way.refusal,
        }
        return Extraction(self._type, before.index, joined, before.figures, proof)


def _distinct(path: Path, id_field: str | None) -> tuple[int, int]:
    """Return how many distinct ids a file holds, and how many records without one."""
    if id_field is None:
        return 0, pq.read_metadata(path).num_rows
    column = pq.read_table(path, columns=[id_field], page_checksum_verification=True).column(0)
    return distinct(column), column.null_count
