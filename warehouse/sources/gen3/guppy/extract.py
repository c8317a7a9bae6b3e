"""One type, complete: census, pages, proof; started over when the data changes during the run.

A type is proven complete when the total before, the records stored, the distinct ids and the total after are one
number, the ids after are the ids before, the reported counts have not changed, and the alias still points to the same
concrete index.
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
from warehouse.sources.gen3.guppy.census import Census, IdCollector, IdCounter, fetch_census, fetch_census_in_pieces
from warehouse.sources.gen3.guppy.client import GuppyClient, Index
from warehouse.sources.gen3.guppy.discovery import RecordType, identity_of
from warehouse.sources.gen3.guppy.id_sets import NO_IDS, distinct, sorted_ids, without
from warehouse.sources.gen3.guppy.pages import EmptyResponse, PageFetcher, UnexpectedRows, examples
from warehouse.sources.gen3.guppy.parts import Joined, PartOrigin, PartStore, in_order, join, merged
from warehouse.sources.gen3.guppy.plan import CountsDisagree
from warehouse.sources.gen3.guppy.ranges import plan_ranges
from warehouse.sources.gen3.guppy.reported_counts import (
    TotalsDisagree,
    TypeCounts,
    categorical_fields,
    facets,
    fetch_counts,
)
from warehouse.sources.gen3.guppy.rows import FractionFound, ListFound, WrongTypeFound, schema_of
from warehouse.sources.http.errors import SlowResponse

log = logging.getLogger("icw.sources.gen3")

_ROUNDS = 3
_MOST_REPAIRED = 10_000
_MOST_FACETS = 2


class DataChanged(Exception):
    """The data changed during the run, beyond repair: what was fetched is not one state of the type."""


@dataclass(frozen=True)
class Extraction:
    """One type, proven complete, as one Parquet file in staging that is not landed yet."""

    record_type: RecordType
    index: str
    joined: Joined
    reported: TypeCounts
    proof: dict[str, JsonValue]


@dataclass(frozen=True)
class _Observation:
    """One type at one moment: its index, its reported counts and its census, or why there is no census."""

    indices: tuple[Index, ...]
    index: str
    reported: TypeCounts
    census: Census | None
    problems: tuple[str, ...]

    @property
    def state(self) -> str:
        counted = self.census.digest if self.census else ""
        return hashlib.sha256(f"{self.index}/{self.reported.digest}/{counted}".encode()).hexdigest()


@dataclass(frozen=True)
class _FetchMethod:
    """How records were fetched: the partitioning, parts resumed, records repaired, and why not by download."""

    method: str
    resumed: int
    repaired: int
    refusal: str | None


class TypeExtractor:
    """Extracts one type of one Guppy server into `folder`.

    `confirm_empty` is called before an empty type is accepted; it raises if nothing else confirms it.
    """

    def __init__(
        self,
        client: GuppyClient,
        record_type: RecordType,
        type_names: Sequence[str],
        folder: Path,
        settings: Settings,
        confirm_empty: Callable[[str, str], None],
    ) -> None:
        self._client = client
        self._published = record_type
        self._type = record_type
        self._type_names = tuple(type_names)
        self._folder = folder
        self._settings = settings
        self._confirm_empty = confirm_empty
        self._in_pieces: dict[str, str] = {}

    def run(self) -> Extraction:
        """Extract the type.

        Raises:
            SourceError: the type cannot be fetched, or not be proven complete within the settings' tries; its parts
                are kept.
            StorageError: the staging folder cannot be written.
        """
        before = self._client.transport.tally.copy()
        changes: list[str] = []
        categorical = categorical_fields(self._client, self._type)
        while len(changes) < self._settings.guppy_tries:
            try:
                extraction = self._once(categorical)
            except (DataChanged, EmptyResponse, UnexpectedRows, TotalsDisagree, CountsDisagree) as error:
                changes.append(str(error))
                log.warning(
                    "the data changed", extra={"type": self._type.name, "error": str(error), "try": len(changes)}
                )
                if len(changes) < self._settings.guppy_tries:
                    self._client.transport.pause(len(changes), "moved", f"type {self._type.name}")
            except ListFound as error:
                log.warning("a list of values", extra={"type": self._type.name, "field": error.path})
                self._type = self._type.with_list(error.path)
            except WrongTypeFound as error:
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
                    "restarts": list[JsonValue](changes),
                    "categorical": list[JsonValue](categorical),
                }
                return replace(extraction, proof={**extraction.proof, **costs})
        raise SourceError(
            f"The type {self._type.name} of {self._client.transport.base_url} could not be proven complete in "
            f"{len(changes)} tries: {'; '.join(dict.fromkeys(changes))}. The last good load stays; run the refresh "
            "again when upstream has stopped changing."
        )

    def _once(self, categorical: Sequence[str]) -> Extraction:
        observed, ids = self._observe(categorical, IdCollector)
        if observed.census is None:
            return self._by_ranges(observed, categorical)
        return self._by_ids(observed, sorted_ids(ids), categorical)

    def _observe(self, categorical: Sequence[str], collector: type[IdCounter]) -> tuple[_Observation, pa.ChunkedArray]:
        """Observe the type as it is now: index, reported counts, census of the first usable id."""
        indices = self._client.indices()
        index = identity_of(self._type.name, self._type_names, indices)
        # With the fields as published: the next run, which does not know how values were stored, asks for the same.
        reported = fetch_counts(self._client, self._published, categorical)
        if reported.total == 0:
            self._confirm_empty(self._type.name, index)
        problems: list[str] = []
        for id_field in self._type.id_fields:
            counted = self._census(id_field, reported, problems, collector)
            if counted is None:
                continue
            census, ids = counted
            if census.total != reported.total:
                raise DataChanged(f"the total went from {reported.total} to {census.total} between two requests")
            if census.usable:
                return _Observation(indices, index, reported, census, tuple(problems)), ids
            problems.append(census.problem())
        return _Observation(indices, index, reported, None, tuple(problems)), NO_IDS

    def _census(
        self, id_field: str, reported: TypeCounts, problems: list[str], collector: type[IdCounter]
    ) -> tuple[Census, pa.ChunkedArray] | None:
        """Take the census of an id, whole or, where that fails, in the pieces that another field makes."""
        if id_field not in self._in_pieces:
            try:
                return fetch_census(self._client, self._type.name, id_field, collector)
            except SourceUnreachable:
                raise
            except (SlowResponse, SourceError) as error:
                self._in_pieces[id_field] = f"the histogram of {id_field} is not available: {error}"
                log.warning("census in pieces", extra={"type": self._type.name, "why": str(error)})
        problems.append(self._in_pieces[id_field])
        for facet, keys in facets(self._type, reported)[:_MOST_FACETS]:
            try:
                census, ids = fetch_census_in_pieces(self._client, self._type.name, id_field, facet, keys, collector)
            except SourceUnreachable:
                raise
            except (SlowResponse, SourceError) as error:
                problems.append(f"nor by {facet}: {error}")
                continue
            if census.total == reported.total:
                return census, ids
            problems.append(f"nor by {facet}: its pieces hold {census.total} of {reported.total} records")
        return None

    def _store(self, observed: _Observation, cut: str) -> PartStore:
        transport = self._client.transport
        origin = "synthetic" if transport.synthetic else transport.base_url
        return PartStore(
            self._folder, PartOrigin(origin=origin, index=observed.index, fields=self._type.digest, cut=cut)
        )

    def _by_ids(self, observed: _Observation, ids: pa.ChunkedArray, categorical: Sequence[str]) -> Extraction:
        assert observed.census is not None
        id_field = observed.census.field
        store = self._store(observed, id_field)
        resumed = store.begin(observed.state)
        fetcher = PageFetcher(self._client, self._type, id_field, store, self._settings)
        repaired = 0
        missing_ids: list[str] = []
        for _ in range(_ROUNDS):
            held = store.held_ids(id_field)
            missing = without(ids, held)
            vanished = without(held, ids) if len(held) + len(missing) != len(ids) else NO_IDS
            del held
            missing_ids = fetcher.fetch_ids(missing)
            del missing
            after, _ = self._observe_again(categorical, IdCounter, observed, store)
            if after.state == observed.state and not missing_ids:
                del ids
                fetched = _FetchMethod(f"ids of {id_field}", resumed, repaired, fetcher.reader.refusal)
                return self._proven(observed, after, store, merged(store, id_field, vanished), fetched)
            assert after.census is not None
            if after.census.digest == observed.census.digest:
                if not missing_ids:
                    store.discard()
                    raise DataChanged("the same ids have other contents than before (their reported counts changed)")
                continue
            observed, ids, changed = self._repair(categorical, observed, ids, store)
            assert observed.census is not None
            repaired += changed
        if missing_ids:
            raise DataChanged(
                f"the histogram of {id_field} lists {len(missing_ids)} ids that no page returns: "
                f"{examples(missing_ids)}"
            )
        raise DataChanged(f"the data still changed after {_ROUNDS} rounds of repair")

    def _repair(
        self, categorical: Sequence[str], before: _Observation, ids: pa.ChunkedArray, store: PartStore
    ) -> tuple[_Observation, pa.ChunkedArray, int]:
        """Accept the parts for the type as it is now; return that observation, its ids, and how many came or went."""
        observed, unsorted = self._observe_again(categorical, IdCollector, before, store)
        later = sorted_ids(unsorted)
        changed = len(without(later, ids)) + len(without(ids, later))
        if changed > _MOST_REPAIRED:
            store.discard()
            raise DataChanged(f"{changed} records came or went")
        log.warning("repairing", extra={"type": self._type.name, "changed": changed})
        store.add_state(observed.state)
        return observed, later, changed

    def _observe_again(
        self, categorical: Sequence[str], collector: type[IdCounter], before: _Observation, store: PartStore
    ) -> tuple[_Observation, pa.ChunkedArray]:
        """Observe the type after pages were fetched; parts of an index that is gone, or without ids, are discarded."""
        pa.default_memory_pool().release_unused()
        after, ids = self._observe(categorical, collector)
        self._same_index(before, after, store)
        if after.census is None:
            raise DataChanged(f"the ids are not unique any more: {'; '.join(after.problems)}")
        return after, ids

    def _by_ranges(self, observed: _Observation, categorical: Sequence[str]) -> Extraction:
        """Fallback: no id can be listed, so ranges of a number that is never missing take the place of ids."""
        log.warning("no census", extra={"type": self._type.name, "why": observed.problems})
        plan = plan_ranges(
            self._client, self._type, observed.reported.total, self._settings.guppy_page_size, observed.problems
        )
        id_field = self._type.id_fields[0] if self._type.id_fields else None
        store = self._store(observed, plan.field)
        resumed = store.begin(observed.state)
        fetcher = PageFetcher(self._client, self._type, id_field, store, self._settings)
        fetcher.fetch_ranges(plan.parts, plan.field)
        after, _ = self._observe(categorical, IdCounter)
        self._same_index(observed, after, store)
        if after.reported.digest != observed.reported.digest:
            store.discard()
            raise DataChanged("the reported counts changed while ranges were fetched")
        fetched = _FetchMethod(f"ranges of {plan.field}", resumed, 0, fetcher.reader.refusal)
        return self._proven(observed, after, store, in_order(store), fetched)

    def _same_index(self, before: _Observation, after: _Observation, store: PartStore) -> None:
        if after.index != before.index:
            store.discard()
            raise DataChanged(f"the index behind the alias changed from {before.index} to {after.index}")

    def _proven(
        self,
        before: _Observation,
        after: _Observation,
        store: PartStore,
        tables: Iterator[pa.Table],
        fetched: _FetchMethod,
    ) -> Extraction:
        """Join the parts and compare the result with the observations before and after."""
        census = before.census
        id_field = census.field if census else (self._type.id_fields[0] if self._type.id_fields else None)
        joined = join(tables, schema_of(self._type.fields), id_field, self._folder.with_suffix(".parquet"))
        ids, lacking = (joined.rows, 0) if joined.ascending else _distinct(joined.path, id_field)
        total = before.reported.total
        agreed = joined.rows == total == after.reported.total and ids + lacking == joined.rows
        if not agreed or (census is not None and (joined.ids_digest != census.digest or lacking)):
            store.discard()
            raise DataChanged(
                f"{total} records before and {after.reported.total} after, but {joined.rows} stored with {ids} "
                f"distinct values of {id_field} and {lacking} without one"
            )
        if total == 0:
            self._confirm_empty(self._type.name, before.index)
        proof: dict[str, JsonValue] = {
            "method": fetched.method,
            "index_before": before.index,
            "index_after": after.index,
            "total_before": total,
            "rows": joined.rows,
            "distinct_ids": ids,
            "rows_without_id": lacking,
            "total_after": after.reported.total,
            "census_digest": census.digest if census else None,
            "figures_digest": before.reported.digest,
            "fields_digest": self._type.digest,
            "no_census_because": list[JsonValue](before.problems),
            "parts": len(store.parts()),
            "parts_resumed": fetched.resumed,
            "records_repaired": fetched.repaired,
            "drift": [entry.model_dump() for entry in self._type.drift],
            "no_downloads_because": fetched.refusal,
        }
        return Extraction(self._type, before.index, joined, before.reported, proof)


def _distinct(path: Path, id_field: str | None) -> tuple[int, int]:
    """Return how many distinct ids a file holds, and how many records without one."""
    if id_field is None:
        return 0, pq.read_metadata(path).num_rows
    column = pq.read_table(path, columns=[id_field], page_checksum_verification=True).column(0)
    return distinct(column), column.null_count
