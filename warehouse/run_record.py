"""What became of the last refresh of a home: one small file, for the people and programs that look in the morning.

A snapshot says how it came about; this says what happened since, also when nothing was published. It is written when a
run starts and then as it goes on, so that a run that ends without a word (killed, out of memory, a power cut) is told
from one that ended well: its record says that it runs, and its process does not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse import errors
from warehouse.errors import StorageError, WarehouseError
from warehouse.files import write_atomically, writing_to
from warehouse.landing import Choice
from warehouse.lock import is_held
from warehouse.process_identity import ProcessIdentity
from warehouse.snapshots.manifest import SourceFailure

GoodOutcome = Literal["published", "unchanged", "restored"]
Outcome = Literal["running", "published", "unchanged", "restored", "failed", "interrupted", "died"]

_GOOD = ("published", "unchanged", "restored")


class RunRecord(BaseModel):
    """One refresh: which it is, since when, how far it has come, what it chose, and how it ended.

    `stage` says what it does or did last. `choices` are the loads that it has chosen so far and `failures` the sources
    that it could not refresh. `not_pushed` is why the snapshot did not get to the store of ICW_PUBLISH_URL, None where
    it did or none is set, and `without_site` why it has no site. `snapshot_id` is what it left in service; `error` is
    what stopped it. `exit_code` is None where nobody could return one. `housekeeping` says what could not be tidied up
    after it, which changes nothing of its end. `last_good_at` is when a run last ended with all
    or most done, this one included; `previous` is the run before, without its own.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str = ""
    process: ProcessIdentity | None = None
    started_at: datetime | None = None
    stage: str = ""
    finished_at: datetime | None = None
    outcome: Outcome
    exit_code: int | None = None
    snapshot_id: str | None = None
    choices: tuple[Choice, ...] = ()
    failures: tuple[SourceFailure, ...] = ()
    not_pushed: str | None = None
    without_site: str | None = None
    error: str | None = None
    housekeeping: tuple[str, ...] = ()
    last_good_at: datetime | None = None
    previous: RunRecord | None = None

    @property
    def is_good(self) -> bool:
        """Whether the run did what it was to do, as far as its sources let it."""
        return self.outcome in _GOOD


def begin_run(home: Path, run_id: str) -> None:
    """Keep that a run has started in this process. The caller holds the refresh lock.

    Raises:
        StorageError: the home cannot be written.
    """
    before = last_run(home)
    if before is not None and before.outcome == "running":
        # The lock is this process's, so whatever that run was, it is over.
        before = _died(before)
    record = RunRecord(
        run_id=run_id,
        process=ProcessIdentity.of_this_process(),
        started_at=now(),
        stage="starting",
        outcome="running",
        last_good_at=None if before is None else _last_good(before),
        previous=None if before is None else before.model_copy(update={"previous": None}),
    )
    _write(home, record)


def at_stage(home: Path, stage: str) -> None:
    """Keep what the run of this process does now, e.g. `auditing the star`. That this cannot be kept stops no run."""
    run = _own(home)
    if run is not None and run.stage != stage:
        with contextlib.suppress(StorageError):
            _write(home, run.model_copy(update={"stage": stage}))


def note_choices(home: Path, choices: Iterable[Choice]) -> None:
    """Keep what the run of this process has chosen for some sources, and which of them it could not refresh."""
    run = _own(home)
    if run is not None:
        by_source = {choice.source: choice for choice in (*run.choices, *choices)}
        chosen = tuple(by_source[source] for source in sorted(by_source))
        with contextlib.suppress(StorageError):
            _write(home, run.model_copy(update={"choices": chosen, "failures": failures_of(chosen)}))


def end_run(
    home: Path,
    outcome: GoodOutcome,
    exit_code: int,
    snapshot_id: str,
    failures: Iterable[SourceFailure] = (),
    not_pushed: str | None = None,
    without_site: str | None = None,
) -> None:
    """Keep that the run of this process did what it was to do.

    Raises:
        StorageError: the home cannot be written.
    """
    run = _own(home) or RunRecord(outcome="running")
    ended_at = now()
    ending = {
        "finished_at": ended_at,
        "outcome": outcome,
        "exit_code": exit_code,
        "snapshot_id": snapshot_id,
        "failures": tuple(failures),
        "not_pushed": not_pushed,
        "without_site": without_site,
        "last_good_at": ended_at,
    }
    _write(home, run.model_copy(update=ending))


def note_housekeeping(home: Path, sentence: str) -> None:
    """Keep what of the housekeeping after the last run could not be done. That this cannot be kept stops nothing.

    The caller holds the refresh lock.
    """
    run = _read(home)
    if run is not None and run.is_good:
        with contextlib.suppress(StorageError):
            _write(home, run.model_copy(update={"housekeeping": (*run.housekeeping, sentence)}))


def fail_run(home: Path, error: BaseException) -> None:
    """Keep that the run of this process failed, and of what; does nothing where it has ended already.

    The error is on its way to the person: that it cannot be kept too must not take its place.
    """
    code = error.exit_code if isinstance(error, WarehouseError) else 1
    ending = {"outcome": "failed", "exit_code": code, "error": str(error) or type(error).__name__}
    with contextlib.suppress(Exception):
        run = _own(home)
        if run is not None:
            _write(home, run.model_copy(update={"finished_at": now(), **ending}))


def interrupted_run(home: Path, exit_code: int | None = None) -> str | None:
    """Keep that the run of this process was interrupted; return what it was doing, or None where none runs."""
    run = _own(home, outcomes=("running", "interrupted"))
    if run is None:
        return None
    error = f"The refresh was interrupted while {run.stage}."
    with contextlib.suppress(Exception):
        _write(
            home,
            run.model_copy(
                update={"outcome": "interrupted", "exit_code": exit_code, "error": error, "finished_at": now()}
            ),
        )
    return run.stage


@contextlib.contextmanager
def recording(home: Path, run_id: str) -> Iterator[None]:
    """Keep what becomes of the run that the block is. The caller holds the refresh lock.

    Raises:
        StorageError: the home cannot be written.
    """
    begin_run(home, run_id)
    with _noting_failures(home):
        yield
    # Whoever ends well says so before: this one was ended by something that told nobody.
    fail_run(
        home, RuntimeError(f"The run ended without saying how. Dagster may know more of run {run_id} (`icw dev`).")
    )


@contextlib.contextmanager
def stage(home: Path, name: str, *, heeding_interrupts: bool = True) -> Iterator[None]:
    """Keep that the run of this process is at this stage, and what ends it there, whatever else is told of that.

    `heeding_interrupts` is for a process in which nobody else keeps that it was interrupted.
    """
    at_stage(home, name)
    try:
        with _noting_failures(home):
            yield
    except (Exception, GeneratorExit):
        raise
    except BaseException:
        if heeding_interrupts:
            interrupted_run(home)
        raise


def last_run(home: Path) -> RunRecord | None:
    """Return what became of the last refresh, or None where none was begun.

    One whose process is gone without an end has `died`. A record that cannot be read is a failed run that says so.
    """
    run = _read(home)
    if run is None or run.outcome != "running":
        return run
    alive = None if run.process is None else run.process.is_alive()
    if alive is None:
        # Its process is not of this host, or not of this container: the lock ends with it wherever it ran.
        alive = is_held(home)
    return run if alive else _died(run)


def is_over(home: Path, run_id: str) -> bool:
    """Return whether the last refresh is this run, and has ended."""
    run = _read(home)
    return run is not None and run.run_id == run_id and run.outcome != "running"


def recorded_error(home: Path, run_id: str) -> WarehouseError | None:
    """Return what stopped a run as its record has it, with the exit code of its kind; None where it has no such end."""
    run = _read(home)
    if run is None or run.run_id != run_id or run.outcome != "failed" or run.error is None:
        return None
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WarehouseError)]
    kind = next((kind for kind in kinds if kind.exit_code == run.exit_code and kind is not WarehouseError), None)
    return None if kind is None else kind(run.error)


def failures_of(choices: Iterable[Choice]) -> tuple[SourceFailure, ...]:
    """Return the sources that could not be refreshed, with what is read in place of it."""
    return tuple(
        SourceFailure(source=choice.source, version=choice.version, reason=choice.failure)
        for choice in choices
        if choice.failure is not None
    )


def now() -> datetime:
    """Return the time (UTC), to the second."""
    return datetime.now(UTC).replace(microsecond=0)


@contextlib.contextmanager
def _noting_failures(home: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        fail_run(home, error)
        raise


def _own(home: Path, outcomes: tuple[Outcome, ...] = ("running",)) -> RunRecord | None:
    """Return the record of the run of this process, if it has one that is not over."""
    run = _read(home)
    own = run is not None and run.outcome in outcomes and run.process == ProcessIdentity.of_this_process()
    return run if own else None


def _died(run: RunRecord) -> RunRecord:
    who = "" if run.process is None else f" (process {run.process.pid} on {run.process.host})"
    error = (
        f"The refresh died without a word while {run.stage}{who}: killed, out of memory, or the machine stopped. "
        "Run `icw refresh` again; it goes on from what is landed."
    )
    return run.model_copy(update={"outcome": "died", "error": error})


def _last_good(run: RunRecord) -> datetime | None:
    return run.last_good_at or (run.finished_at if run.is_good else None)


def _read(home: Path) -> RunRecord | None:
    path = _path(home)
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        with contextlib.suppress(OSError):
            written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
            why = str(error).splitlines()[0]
            says = f"What became of the last refresh is not known: {path} cannot be read ({why})."
            return RunRecord(outcome="failed", finished_at=written_at, error=says)
        return None


def _write(home: Path, record: RunRecord) -> None:
    path, text = _path(home), record.model_dump_json(indent=2) + "\n"
    try:
        with writing_to(path):
            home.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
    except StorageError:
        if not _written_over(path, text):
            raise


def _written_over(path: Path, text: str) -> bool:
    """Write in the place of the old record. A full disk has no room for another file, but this one has its block."""
    with contextlib.suppress(OSError):
        for left in path.parent.glob(f".{path.name}.*.tmp"):
            with contextlib.suppress(OSError):
                left.unlink()
        with path.open("r+b") as file:
            file.write(text.encode())
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        return True
    return False


def _path(home: Path) -> Path:
    return home / "last_run.json"
