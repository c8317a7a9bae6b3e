"""Fetching records: batches of ids or ranges of a number, several at a time, each answer checked against the question.

Every answer goes straight to disk as a part, so that memory holds those in flight and no more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

import pyarrow as pa

from warehouse.errors import SourceError
from warehouse.settings import Settings
from warehouse.sources.gen3.guppy.client import WINDOW, Filter, GuppyClient, members
from warehouse.sources.gen3.guppy.discovery import RecordType
from warehouse.sources.gen3.guppy.parts import PartStore
from warehouse.sources.gen3.guppy.plan import SMALLEST_PAGE, PageSize, RangePart
from warehouse.sources.gen3.guppy.records import RecordReader
from warehouse.sources.gen3.transport import shortened
from warehouse.sources.http.errors import SlowResponse

Job = TypeVar("Job")

_REASKS = 2
_EXAMPLES = 3


@dataclass(frozen=True)
class Page(Generic[Job]):
    """What came of one job: the ids that were asked for and did not come, and smaller jobs to do in its place."""

    unanswered: tuple[str, ...] = ()
    instead: tuple[Job, ...] = ()


class NothingCame(Exception):
    """Pages come back empty and the type counts no records at all, although its census listed some."""


class MoreRowsThanAsked(Exception):
    """A page holds records that were not asked for, or one twice: the plan does not fit the data any more."""


class PageFetcher:
    """Fetches the records of one type into a part store; `reader` knows how they are had."""

    def __init__(
        self, client: GuppyClient, record_type: RecordType, id_field: str | None, store: PartStore, settings: Settings
    ) -> None:
        self.reader = RecordReader(client, record_type, id_field)
        self._client = client
        self._type = record_type
        self._id = id_field
        self._store = store
        self._retries = settings.retries
        self._size = PageSize(settings.guppy_page_size, settings.guppy_page_bytes)

    def fetch_ids(self, ids: pa.ChunkedArray) -> list[str]:
        """Fetch the records with these ids (ascending), in batches; return the ids for which no record came.

        Raises:
            FractionFound, ListFound, MisfitFound: the fields must be taken differently (see `RecordType`).
            MoreRowsThanAsked: a page holds what was not asked for.
            SourceError: a page could not be had at all.
        """
        return self._run(self._batches(ids), self._fetch_batch)

    def fetch_ranges(self, parts: Sequence[RangePart], number_field: str) -> None:
        """Fetch the records of these ranges, each in one page; errors as for `fetch_ids`."""
        done = {part.plan for part in self._store.parts()}
        self._run(
            (part for part in parts if _range_plan(part, number_field) not in done),
            lambda part: self._fetch_range(part, number_field),
        )

    def _batches(self, ids: pa.ChunkedArray) -> Iterator[list[str]]:
        position = 0
        while position < len(ids):
            size = self._size.size
            yield ids.slice(position, size).to_pylist()
            position += size

    def _run(self, jobs: Iterator[Job], work: Callable[[Job], Page[Job]]) -> list[str]:
        """Do the jobs, at most as many at a time as requests may be in flight; the first error ends the run.

        What is in flight at that moment is brought to its end, so that its parts are not lost.
        """
        again: deque[Job] = deque()
        unanswered: list[str] = []
        running: set[Future[Page[Job]]] = set()
        failure: BaseException | None = None
        with ThreadPoolExecutor(self._client.transport.in_flight, thread_name_prefix="guppy") as pool:
            while True:
                while failure is None and len(running) < self._client.transport.in_flight:
                    job = again.popleft() if again else next(jobs, None)
                    if job is None:
                        break
                    running.add(pool.submit(work, job))
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception()
                    if error is not None:
                        failure = failure or error
                        continue
                    page = future.result()
                    unanswered += page.unanswered
                    again.extendleft(reversed(page.instead))
        if failure is not None:
            raise failure
        return unanswered

    def _fetch_batch(self, ids: list[str]) -> Page[list[str]]:
        id_field = self._id
        assert id_field is not None
        where = f"type {self._type.name}, {len(ids)} records from {id_field} {ids[0]} to {ids[-1]}"
        read = self.reader.read if len(ids) > SMALLEST_PAGE else self._read_patiently
        wanted = dict.fromkeys(ids)
        tables: list[pa.Table] = []
        for attempt in range(1, _REASKS + 2):
            try:
                table = read(members(list(wanted), id_field), [id_field], len(wanted), where)
            except SlowResponse as error:
                self._size.too_slow(len(ids))
                self._client.transport.pause(1, error.reason, where)
                middle = len(ids) // 2
                return Page(instead=(ids[:middle], ids[middle:]))
            for text in table.column(id_field).to_pylist():
                if text not in wanted:
                    raise MoreRowsThanAsked(f"{where}: the answer holds {id_field} {text!r} unasked or twice")
                del wanted[text]
            tables.append(table)
            if not wanted:
                break
            if attempt <= _REASKS:
                reason = "missing_rows" if len(wanted) < len(ids) else "empty_page"
                self._client.transport.pause(attempt, reason, where)
        table = tables[0] if len(tables) == 1 else pa.concat_tables(tables).sort_by(id_field)
        if table.num_rows:
            self._size.answered(table.num_rows, table.nbytes)
            first, last = table.column(id_field)[0].as_py(), table.column(id_field)[-1].as_py()
            self._store.write(table, f"{id_field} in a batch of {len(ids)}", first, last)
        elif self._client.count(self._type.name, None, f"type {self._type.name}, its total") == 0:
            raise NothingCame(f"{where}: no record came, and the type counts none any more")
        return Page(unanswered=tuple(wanted))

    def _fetch_range(self, part: RangePart, number_field: str) -> Page[RangePart]:
        where = f"type {self._type.name}, {part.count} records with {_range_plan(part, number_field)}"
        order = [number_field, *([self._id] if self._id else [])]
        most = min(WINDOW, part.count + 1)  # one more than expected, so that a record too many is seen
        table = self._read_patiently(part.range.filter(number_field), order, most, where)
        for attempt in range(1, _REASKS + 1):
            if table.num_rows == part.count:
                break
            self._client.transport.pause(attempt, "missing_rows", where)
            table = self._read_patiently(part.range.filter(number_field), order, most, where)
        if table.num_rows != part.count:
            raise MoreRowsThanAsked(f"{where}: the answer holds {table.num_rows}")
        self._store.write(table, _range_plan(part, number_field), float(part.range.low), float(part.range.high))
        return Page()

    def _read_patiently(self, filter_: Filter, order: Sequence[str], most: int, where: str) -> pa.Table:
        """Read what cannot be made smaller: slowness is borne as often as any other trouble."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return self.reader.read(filter_, order, most, where)
            except SlowResponse as error:
                if attempt > self._retries:
                    raise SourceError(
                        f"{self._client.transport.base_url} is too slow for {where}: {shortened(str(error))} Run the "
                        "refresh again later; what was fetched so far is kept."
                    ) from None
                self._client.transport.pause(attempt, error.reason, where)


def _range_plan(part: RangePart, number_field: str) -> str:
    return f"{number_field} from {part.range.low!r} to {part.range.high!r}"


def examples(ids: Sequence[str]) -> str:
    """Return the first few of some ids, in words."""
    more = f" and {len(ids) - _EXAMPLES} more" if len(ids) > _EXAMPLES else ""
    return ", ".join(ids[:_EXAMPLES]) + more
