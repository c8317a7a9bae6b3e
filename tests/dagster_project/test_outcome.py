"""What Dagster shows of a run that could not do all: it is green, and marked with what was left undone."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from dagster_project.outcome import show_outcome
from warehouse.run_record import begin_run, end_run
from warehouse.snapshots.manifest import SourceFailure

DOWN = SourceFailure(source="midrc", version="7", reason="the portal does not answer")


def a_run(instance: dg.DagsterInstance) -> str:
    @dg.job
    def refresh() -> None: ...

    return refresh.execute_in_process(instance=instance).run_id


def test_a_degraded_run_is_marked_with_what_it_could_not_do(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = a_run(instance)
        begin_run(tmp_path, run_id)
        end_run(tmp_path, "published", 8, "a-snapshot", [DOWN], not_pushed="refused")
        assert show_outcome(instance, run_id, tmp_path) == ("midrc", "store")
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert (run.tags["icw/outcome"], run.tags["icw/degraded_by"]) == ("degraded", "midrc, store")
        assert run.is_success


def test_a_whole_run_is_marked_with_its_outcome_and_another_runs_record_with_nothing(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id, other = a_run(instance), a_run(instance)
        begin_run(tmp_path, run_id)
        end_run(tmp_path, "unchanged", 0, "a-snapshot")
        assert show_outcome(instance, run_id, tmp_path) == ()
        assert show_outcome(instance, other, tmp_path) == ()
        tagged = [instance.get_run_by_id(each) for each in (run_id, other)]
        assert [None if run is None else run.tags.get("icw/outcome") for run in tagged] == ["unchanged", None]
