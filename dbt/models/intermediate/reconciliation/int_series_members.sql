-- Grain: one DICOM series as one side describes it; TCIA's subset of IDC is a side of its own.
--
-- A series is known by its SeriesInstanceUID; a record without one stands alone under its key.

select
    coalesce(series_instance_uid, source_id || ':' || cast(series_key as {{ dbt.type_string() }})) as natural_id,
    {{ crosswalk_side('source_id', 'repository_id') }} as side,
    series_key as row_key,
    modality,
    body_part_id,
    license_id
from {{ ref('fct_series') }}
union all
select
    series_instance_uid as natural_id,
    'tcia_subset' as side,
    series_key as row_key,
    cast(null as {{ dbt.type_string() }}) as modality,
    cast(null as {{ dbt.type_string() }}) as body_part_id,
    cast(null as {{ dbt.type_string() }}) as license_id
from {{ ref('fct_tcia_series') }}
