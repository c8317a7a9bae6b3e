"""Fetching records: batches of ids or ranges of a number, several at a time, each response checked against its request.

Every response goes straight to disk as a part, so that memory holds only those in flight.
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
from warehouse.sources.gen3.guppy.client import WINDOW, Filter, GuppyClient, any_of
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
    """The result of one job: the requested ids without a record, and smaller jobs to do in its place."""

    missing_ids: tuple[str, ...] = ()
    smaller_jobs: tuple[Job, ...] = ()


class EmptyResponse(Exception):
    """A page is empty and the type counts no records at all, although its census listed some."""


class UnexpectedRows(Exception):
    """A page holds records that were not requested, or one twice: the plan does not fit the data any more."""


class PageFetcher:
    """Fetches the records of one type into a part store; `reader` chooses the fetch method."""

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
        """Fetch the records with these ids (ascending), in batches; return the ids without a record.

        Raises:
            FractionFound, ListFound, WrongTypeFound: a field needs another type (see `RecordType`).
            UnexpectedRows: a page holds records that were not requested.
            SourceError: a page could not be fetched.
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
        """Run the jobs, at most as many at a time as requests may be in flight; the first error ends the run.

        Jobs in flight at that moment are completed, so that their parts are not lost.
        """
        again: deque[Job] = deque()
        missing_ids: list[str] = []
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
                    missing_ids += page.missing_ids
                    again.extendleft(reversed(page.smaller_jobs))
        if failure is not None:
            raise failure
        return missing_ids

    def _fetch_batch(self, ids: list[str]) -> Page[list[str]]:
        id_field = self._id
        assert id_field is not None
        where = f"type {self._type.name}, {len(ids)} records from {id_field} {ids[0]} to {ids[-1]}"
        read = self.reader.read if len(ids) > SMALLEST_PAGE else self._read_despite_slowness
        wanted = dict.fromkeys(ids)
        tables: list[pa.Table] = []
        for attempt in range(1, _REASKS + 2):
            try:
                table = read(any_of(list(wanted), id_field), [id_field], len(wanted), where)
            except SlowResponse as error:
                self._size.too_slow(len(ids))
                self._client.transport.pause(1, error.reason, where)
                middle = len(ids) // 2
                return Page(smaller_jobs=(ids[:middle], ids[middle:]))
            for text in table.column(id_field).to_pylist():
                if text not in wanted:
                    raise UnexpectedRows(f"{where}: the response holds {id_field} {text!r} unrequested or twice")
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
            raise EmptyResponse(f"{where}: the response is empty, and the type counts no records any more")
        return Page(missing_ids=tuple(wanted))

    def _fetch_range(self, part: RangePart, number_field: str) -> Page[RangePart]:
        where = f"type {self._type.name}, {part.count} records with {_range_plan(part, number_field)}"
        order = [number_field, *([self._id] if self._id else [])]
        most = min(WINDOW, part.count + 1)  # one more than expected, so that a surplus record shows
        table = self._read_despite_slowness(part.range.filter(number_field), order, most, where)
        for attempt in range(1, _REASKS + 1):
            if table.num_rows == part.count:
                break
            self._client.transport.pause(attempt, "missing_rows", where)
            table = self._read_despite_slowness(part.range.filter(number_field), order, most, where)
        if table.num_rows != part.count:
            raise UnexpectedRows(f"{where}: the response holds {table.num_rows}")
        self._store.write(table, _range_plan(part, number_field), float(part.range.low), float(part.range.high))
        return Page()

    def _read_despite_slowness(self, filter_: Filter, order: Sequence[str], most: int, where: str) -> pa.Table:
        """Read a page that cannot be made smaller: slow responses are retried like any other transient error."""
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
    """Return the first few of some ids, for a message."""
    more = f" and {len(ids) - _EXAMPLES} more" if len(ids) > _EXAMPLES else ""
    return ", ".join(ids[:_EXAMPLES]) + more
