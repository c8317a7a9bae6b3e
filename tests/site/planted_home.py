"""A home with two snapshots of a small release, the second with hostile texts, gaps, a history and fewer series.

What is planted stands in the tables of the build, so that it is published as it would come from upstream.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.support.sample_build import PASSED, WARNING
from tests.support.shared import made_once
from tests.support.small_release import built_once
from warehouse.build import open_build
from warehouse.site import render_or_say_why
from warehouse.snapshots.publish import publish

HOSTILE = """</script><img src=x onerror="document.title='taken'"><!--"""
"""The identifier of a collection that would end a script, or begin a comment, where nobody escapes it."""

BIDI = "safe\u202etxt.exe"

_PLANTED = f"""
update star.dim_collection set collection_id = $hostile where collection_id = 'collection_1';
update star.rpt_growth set collection_id = $hostile where collection_id = 'collection_1';
update star.fct_series set modality = '{BIDI}' where modality = 'SR' and hash(series_key) % 3 = 0;
delete from star.fct_series where series_instance_uid in ('1.2.840.1.3', '1.2.840.1.6');
delete from star.bridge_series_collection where series_key not in (select series_key from star.fct_series);
update star.rec_gap set
    is_compared = true, left_count = 1234, right_count = 1200, gap = 34, gap_percent = 2.83,
    left_only_count = 40, right_only_count = 6, explained_count = 44, unexplained_count = 2
where comparison_id = 'idc-bih:series';
insert into star.rec_gap_cause (comparison_id, side, cause, cause_count, is_explained, cause_description) values
    ('idc-bih:series', 'left', 'collection_absent', 38, true, $hostile),
    ('idc-bih:series', 'left', 'unexplained', 2, false, 'Nothing tells why.'),
    ('idc-bih:series', 'right', 'withdrawn', 6, true, 'Earlier releases had them.');
insert into star.rec_gap_row (comparison_id, side, row_key, row_kind, natural_id, collection_id, cause)
select 'idc-bih:series', 'left', series_key, 'series', series_instance_uid, $hostile, 'collection_absent'
from star.fct_series order by series_key limit 38;
insert into star.rpt_count_history
select history.* replace (
    history.count_history_key + loads.i as count_history_key,
    history.as_of - to_days(loads.i::integer) as as_of,
    history.counted - loads.i as counted
)
from star.rpt_count_history as history cross join range(1, 4) as loads(i)
where history.dimension = 'total' and history.is_release_of_snapshot;
"""


def planted_home(factory: pytest.TempPathFactory) -> Path:
    """Return the home, made once for a run of the tests; nobody changes it."""
    small = built_once(factory)

    def make(folder: Path) -> None:
        home = folder / "home"
        shutil.copytree(small.folder.parents[1], home, symlinks=True, dirs_exist_ok=True)
        build = open_build(home)
        publish(build, [PASSED], home, {}, write_pages=render_or_say_why)
        with duckdb.connect(str(build.database)) as connection:
            for statement in _PLANTED.split(";"):
                if statement.strip():
                    connection.execute(statement, {"hostile": HOSTILE} if "$hostile" in statement else None)
        publish(build, [PASSED, WARNING], home, {}, write_pages=render_or_say_why)

    return made_once(factory, "site-home", make) / "home"
