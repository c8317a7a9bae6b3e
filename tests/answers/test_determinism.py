"""Which queries are cited and which are refused: each has one answer, or may have another next time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from warehouse.answers.citing import cited
from warehouse.errors import NotCitable, UsageError
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot

CITED = [
    "from dim_collection",
    "select count(*) from fct_series",
    "select modality, count(*) as n, sum(size_bytes) as bytes from fct_series group by all",
    "select modality, count(distinct collection_key) from fct_series group by 1 order by 2 desc, 1",
    "select avg(instance_count), median(instance_count), quantile_cont(instance_count, 0.9) from fct_series",
    "select sum((size_bytes / 1e6)::decimal(28, 6)) from fct_series",
    "select count(*) filter (where modality = 'CT') as ct, min(study_date), max(study_date) from fct_series",
    "select * from fct_series order by series_key limit 10",
    "select * from fct_series order by study_date, series_key limit 10 offset 5",
    "select modality from fct_series where modality = 'CT' limit 3",
    "select * from dim_collection limit 7",
    "select * from fct_series order by all desc limit 3",
    "select modality, count(*) as n from fct_series where modality is not null group by 1 order by n desc limit 1",
    "select distinct modality from fct_series",
    "select distinct modality as m from fct_series order by m nulls last limit 2",
    "select distinct collection_id, upper(collection_id) from dim_collection order by upper(collection_id) limit 3",
    "select distinct * from dim_collection order by collection_id limit 3",
    "select list_aggregate([1, 2, 3], 'sum')",
    "select distinct on (modality) modality, series_key from fct_series order by modality, series_key",
    "select distinct on (modality) modality from fct_series",
    "select list(modality order by modality) from fct_series",
    "select list(distinct modality order by modality) from fct_series",
    "select string_agg(collection_id, ', ' order by collection_id) from dim_collection",
    "select modality, any_value(modality) from fct_series group by 1",
    "select first(collection_id order by collection_key) from dim_collection",
    "select arg_max(series_key, (instance_count, series_key)) from fct_series",
    "select row_number() over (order by series_key) as place, modality from fct_series",
    "select rank() over (order by instance_count), dense_rank() over (order by instance_count) from fct_series",
    "select sum(size_bytes) over (partition by modality order by study_date) from fct_series",
    "select lag(collection_id) over (order by collection_key) from dim_collection",
    "from fct_series qualify row_number() over (partition by modality order by series_key) = 1",
    "with ct as (from fct_series where modality = 'CT') select collection_id, count(*) from ct join dim_collection "
    "using (collection_key) group by 1",
    "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r",
    "select * from (values (1, 'a'), (2, 'b')) as t(x, y)",
    "select (select count(*) from fct_series s where s.collection_key = c.collection_key) from dim_collection c",
    "select c.collection_id from dim_collection c where exists (from fct_series s where s.modality = 'MR' and "
    "s.collection_key = c.collection_key)",
    "select collection_key from dim_collection except select collection_key from fct_series where modality = 'CT'",
    "select year(study_date) as y, count(*) from fct_series where study_date >= date '2002-01-01' group by 1",
    "select date '2020-01-01' + interval 3 day as d",
    "select md5(series_instance_uid), upper(modality), coalesce(modality, '?') from fct_series",
    "select list_transform([1, 2, 3], lambda x: x + 1) as l, {'a': 1} as s",
    "select [x * 2 for x in [1, 2, 3] if x > 1] as l",
    "select case when instance_count > 100 then 'many' else 'few' end as size, count(*) from fct_series group by all",
    "select modality, count(*) from fct_series group by rollup(modality)",
    "select unnest([3, 1, 2]) as n",
    "select i from range(5) t(i)",
    "select age(timestamp '2026-01-01', timestamp '2025-01-01')::varchar as a",
    "select null as nothing, '' as empty",
    "select 1 as a, 2 as a",
]

REFUSED = {
    # A row of DISTINCT has several places in an order that it does not show.
    "select distinct modality from fct_series order by size_bytes limit 2": "ordered by what it does not show",
    "select distinct modality from fct_series s order by s.series_key offset 1": "ordered by what it does not show",
    # 1 month and 30 days are equal.
    "select max(interval (instance_count % 2) month)::varchar from fct_series": "equal intervals",
    "select x::varchar from (select interval (instance_count) day as x from fct_series group by 1)": "equal intervals",
    # The aggregate is an argument.
    "select list_aggregate(list(series_key order by series_key), 'approx_count_distinct') from fct_series": "estimates",
    "select list_aggr([1, 2, 2], 'mode')": "several values may be the most frequent",
    "select list_aggregate([1, 2], 'mo' || 'de')": "must be stated as a text",
    # In two opposite orders these give the same text, and in a third another one.
    "select string_agg(x, '') from (values ('b'), ('b'), ('ba'), ('bb')) v(x)": "depends on the order",
    # Time, chance and the engine.
    "select now()": "now, which depends on time",
    "select current_date": "current_date",
    "select today() - study_date from fct_series": "today",
    "select current_timestamp": "which depends on time",
    "select localtimestamp": "which depends on time",
    "select current_localtimestamp()": "which depends on time",
    "select age(study_date) from fct_series": "counts from today",
    "select ago(interval 1 day)": "macro",
    "select random()": "random",
    "select * from fct_series where random() < 0.5": "random",
    "select uuid()": "uuid",
    "select gen_random_uuid()": "gen_random_uuid",
    "select setseed(0.5)": "setseed",
    "select list_transform([1], lambda x: x + random())": "random",
    "select version()": "version",
    "select current_user": "current_user",
    "select current_setting('threads')": "current_setting",
    "select getvariable('x')": "getvariable",
    "select current_query()": "current_query",
    "select hash(modality) from fct_series": "md5",
    "from fct_series using sample 10": "sample",
    "from fct_series tablesample 10%": "sample",
    # Cut where rows tie.
    "from fct_series limit 5": "LIMIT",
    "from fct_series order by modality limit 5": "primary key",
    "from fct_series order by series_key offset 3 rows limit 10%": "percentage",
    "from fct_series order by modality offset 5": "OFFSET",
    "from fct_series order by series_key limit 1 + 1": "must be numbers",
    "select series_key from fct_series order by modality fetch first 3 rows only": "LIMIT",
    "select count(*) from (from fct_series limit 5)": "LIMIT",
    "with few as (from fct_series limit 5) select sum(size_bytes) from few": "LIMIT",
    "select instance_count from fct_series order by modality limit 1 offset 1": "LIMIT",
    "select (select s.series_key from fct_series s where s.collection_key = c.collection_key limit 1) "
    "from dim_collection c": "cannot be asked by itself",
    "select distinct on (modality) modality, series_key from fct_series": "DISTINCT ON",
    "select distinct on (modality) modality, series_key from fct_series order by instance_count": "DISTINCT ON",
    "with recursive r(n) as (select 1 union all (select n + 1 from r where n < 5 limit 1)) from r": "recursive",
    # Aggregates that take rows as they come.
    "select arg_max_null(series_key, modality) from fct_series": "not known to have one value",
    "select first(series_key) from fct_series": "first",
    "select last(series_key order by modality) from fct_series": "last",
    "select any_value(series_key) from fct_series": "any_value",
    "select list(series_key) from fct_series": "list",
    "select array_agg(series_key order by modality) from fct_series": "array_agg",
    "select string_agg(series_instance_uid, ',') from fct_series": "string_agg",
    "select arg_max(series_key, modality) from fct_series": "arg_max",
    "select min_by(series_key, instance_count) from fct_series": "min_by",
    "select arg_max(series_key, instance_count, 3) from fct_series": "several values",
    "select mode(modality) from fct_series": "most frequent",
    "select approx_count_distinct(series_key) from fct_series": "estimates",
    "select approx_quantile(instance_count, 0.5) from fct_series": "estimates",
    "select reservoir_quantile(instance_count, 0.5) from fct_series": "sample",
    "select json_group_array(modality) from fct_series": "macro",
    "select modality from fct_series group by 1 having first(series_key) > 0": "first",
    # Floating-point sums.
    "select sum(size_bytes / 3) from fct_series": "floating-point",
    "select avg(instance_count::double) from fct_series": "floating-point",
    "select stddev(instance_count) from fct_series": "floating-point",
    "select corr(instance_count, size_bytes) from fct_series": "floating-point",
    "select sum(size_bytes::float) over () from fct_series": "floating-point",
    "select fsum(size_bytes) from fct_series": "floating-point",
    "select product(instance_count) from fct_series": "floating-point",
    "select (select sum(s.size_bytes / 3) from fct_series s where s.collection_key = c.collection_key) "
    "from dim_collection c": "floating-point",
    # Window functions over ties.
    "select row_number() over () from fct_series": "tie",
    "select row_number() over (order by modality) from fct_series": "tie",
    "select ntile(4) over (order by instance_count) from fct_series": "tie",
    "select lead(series_key) over (partition by modality order by instance_count) from fct_series": "tie",
    "select first_value(series_key) over (partition by modality) from fct_series": "tie",
    "select sum(size_bytes) over (order by instance_count rows 3 preceding) from fct_series": "tie",
    "from fct_series qualify row_number() over (partition by modality order by instance_count) = 1": "tie",
    "select list(series_key) over (partition by modality) from fct_series": "tie",
    # What is no table of the snapshot.
    "select * from duckdb_tables()": "no table of the snapshot",
    "from duckdb_settings()": "no table of the snapshot",
    "from duckdb_columns": "no table of the snapshot",
    "from information_schema.tables": "no table of the snapshot",
    "from pg_catalog.pg_class": "no table of the snapshot",
    "from sqlite_master": "no table of the snapshot",
    "from query('select now()')": "no table of the snapshot",
    "from pragma_version()": "no table of the snapshot",
    "describe fct_series": "DESCRIBE",
    "summarize fct_series": "SUMMARIZE",
    "show tables": "DESCRIBE",
    "explain from fct_series": "Only a SELECT",
    "pragma version": "Only a SELECT",
    "pivot fct_series on modality using count(*)": "Only a SELECT",
    "from (pivot fct_series on modality in ('CT') using count(*))": "one column for each",
    # What is not known.
    "select modality collate nocase from fct_series": "COLLATE",
    "select a.modality from fct_series a positional join dim_collection b": "positional",
    "select a.series_key from fct_series a asof join dim_collection b on a.series_key >= b.collection_key": "ASOF",
    "select interval 3 day as i": "VARCHAR",
}


@pytest.mark.parametrize("sql", CITED)
def test_what_has_one_answer_is_cited(published: Snapshot, settings: Settings, sql: str) -> None:
    with cited(published, sql, settings) as answer:
        assert answer.citation.result.rows == len(answer.result.reader().read_all())


def test_what_engines_may_write_differently_is_refused(published: Snapshot, settings: Settings) -> None:
    with (
        pytest.raises(UsageError, match="no place in a logical digest"),
        cited(published, "select map {'k': 2} as m", settings),
    ):
        pass


@pytest.mark.parametrize("sql", REFUSED)
def test_what_may_have_another_answer_is_refused(published: Snapshot, settings: Settings, sql: str) -> None:
    with pytest.raises(NotCitable, match=REFUSED[sql]), cited(published, sql, settings):
        pass


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("from fct_series order by series_key limit $n", {"n": 3}),
        ("select count(*) from fct_series where modality = $m", {"m": "CT"}),
        ("select count(*) from fct_series where modality in $m", {"m": ["CT", "MR"]}),
        (
            "select sum(size_bytes * $n) from fct_series where $yes and $none is null",
            {"n": 2, "yes": True, "none": None},
        ),
    ],
)
def test_parameters_are_part_of_the_question(
    published: Snapshot, settings: Settings, sql: str, values: Mapping[str, JsonValue]
) -> None:
    with cited(published, sql, settings, parameters=values) as answer:
        assert answer.citation.parameters == values


def test_a_floating_point_parameter_makes_a_floating_point_sum(published: Snapshot, settings: Settings) -> None:
    sql = "select sum(size_bytes * $share) from fct_series"
    with pytest.raises(NotCitable, match="floating-point"), cited(published, sql, settings, parameters={"share": 0.5}):
        pass


def test_a_limit_that_is_a_parameter_is_proven_like_any_other(published: Snapshot, settings: Settings) -> None:
    sql = "from fct_series order by modality limit $n"
    with pytest.raises(NotCitable, match="LIMIT"), cited(published, sql, settings, parameters={"n": 3}):
        pass
