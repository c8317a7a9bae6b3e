-- Grain: one collection or dataset identifier of one system or repository.
--
-- Patients are those whose record names the collection; in IDC, those of its series, which are the same. Identifiers that only one
-- of patients and series name are here as well.

with counts as (

    select
        source_key,
        source_id,
        dimension_value as collection_id,
        {{ metric_value('patients', 'patient') }} as patient_count,
        {{ metric_value('patients', 'series') }} as patient_with_series_count,
        {{ metric_value('series', 'series') }} as series_count,
        {{ metric_value('instances', 'series') }} as instance_count,
        {{ metric_value('size_bytes', 'series') }} as size_bytes
    from {{ ref('int_record_counts') }}
    where
        entity in ('patient', 'series')
        and dimension = 'collection'
    group by
        source_key,
        source_id,
        dimension_value

)

select
    {{ surrogate_key(['source_id', 'collection_id']) }} as report_row_key,
    source_key,
    source_id,
    collection_id,
    coalesce(patient_count, 0) as patient_count,
    coalesce(patient_with_series_count, 0) as patient_with_series_count,
    coalesce(series_count, 0) as series_count,
    instance_count,
    {{ gigabytes('size_bytes') }} as size_gb
from counts
