-- Grain: one metric of the records (other than series) that share one value of one dimension, as one system or repository
-- describes them.

{% set terms = {
    'sex': 'sex_raw',
    'race': 'race_raw',
    'ethnicity': 'ethnicity_raw',
    'covid19_positive': 'covid19_positive_raw',
    'sex_harmonised': 'sex',
    'race_harmonised': 'race',
    'ethnicity_harmonised': 'ethnicity',
    'covid19_status_harmonised': 'covid19_status',
} %}

with persons as (

    select
        source_id as scope_id,
        patients.*,
        case
            when source_id = 'idc' then {{ surrogate_key(['patient_id']) }}
            else patient_key
        end as person_key
    from {{ ref('dim_patient') }} as patients
    where is_described
    union all
    select
        repository_id as scope_id,
        patients.*,
        patient_key as person_key
    from {{ ref('dim_patient') }} as patients
    where
        is_described
        and repository_id is not null

),

studies as (

    select
        source_id as scope_id,
        study_key
    from {{ ref('fct_study') }}
    union all
    select
        repository_id as scope_id,
        study_key
    from {{ ref('fct_study') }}
    where repository_id is not null

),

study_descriptions as (

    select
        source_id,
        repository_id,
        coalesce(study_description, 'no data') as study_description,
        count(*) as series_count
    from {{ ref('fct_series') }}
    group by
        source_id,
        repository_id,
        coalesce(study_description, 'no data')

),

patient_collections as (

    select
        persons.scope_id,
        persons.person_key,
        coalesce(collections.collection_id, 'no data') as collection_id,
        collections.collection_key
    from persons
    left join {{ ref('bridge_patient_collection') }} as links
        on persons.patient_key = links.patient_key
    left join {{ ref('dim_collection') }} as collections
        on links.collection_key = collections.collection_key

),

counts as (

    select
        scope_id,
        'patient' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'patients' as metric,
        count(distinct person_key) as counted
    from persons
    group by scope_id
    {% for dimension, column in terms.items() %}
    union all
    select
        scope_id,
        'patient' as entity,
        '{{ dimension }}' as dimension,
        coalesce({{ column }}, 'no data') as dimension_value,
        'patients' as metric,
        count(distinct person_key) as counted
    from persons
    group by
        scope_id,
        coalesce({{ column }}, 'no data')
    {% endfor %}
    union all
    select
        scope_id,
        'patient' as entity,
        'collection' as dimension,
        collection_id as dimension_value,
        'patients' as metric,
        count(distinct person_key) as counted
    from patient_collections
    group by
        scope_id,
        collection_id
    union all
    select
        scope_id,
        'patient' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'collections' as metric,
        count(distinct collection_key) as counted
    from patient_collections
    group by scope_id
    union all
    select
        source_id as scope_id,
        'patient' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'repositories' as metric,
        count(distinct repository_id) as counted
    from {{ ref('dim_patient') }}
    where
        is_described
        and source_id = 'bih'
    group by source_id
    union all
    select
        scope_id,
        'study' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'studies' as metric,
        count(*) as counted
    from studies
    group by scope_id
    union all
    select
        studies.scope_id,
        'study' as entity,
        'study_modality' as dimension,
        modalities.modality as dimension_value,
        'studies' as metric,
        count(*) as counted
    from studies
    inner join {{ ref('bridge_study_modality') }} as modalities
        on studies.study_key = modalities.study_key
    where modalities.is_stated
    group by
        studies.scope_id,
        modalities.modality
    union all
    select
        studies.scope_id,
        'study' as entity,
        'modality' as dimension,
        modalities.modality as dimension_value,
        'studies' as metric,
        count(*) as counted
    from studies
    inner join {{ ref('bridge_study_modality') }} as modalities
        on studies.study_key = modalities.study_key
    where modalities.series_count > 0
    group by
        studies.scope_id,
        modalities.modality
    union all
    select
        source_id as scope_id,
        'series' as entity,
        'study_description' as dimension,
        study_description as dimension_value,
        'series' as metric,
        sum(series_count) as counted
    from study_descriptions
    group by
        source_id,
        study_description
    union all
    select
        repository_id as scope_id,
        'series' as entity,
        'study_description' as dimension,
        study_description as dimension_value,
        'series' as metric,
        sum(series_count) as counted
    from study_descriptions
    where repository_id is not null
    group by
        repository_id,
        study_description
    {% for entity, table, metric in [
        ('file', 'fct_file', 'files'),
        ('measurement', 'fct_measurement', 'measurements'),
        ('annotation', 'fct_annotation', 'annotations'),
        ('radiology_report', 'fct_radiology_report', 'radiology_reports'),
    ] %}
    union all
    select
        source_id as scope_id,
        '{{ entity }}' as entity,
        'total' as dimension,
        'all' as dimension_value,
        '{{ metric }}' as metric,
        count(*) as counted
    from {{ ref(table) }}
    group by source_id
    {% endfor %}
    {% for entity, table, metric, dimension in [
        ('file', 'fct_file', 'files', 'data_format'),
        ('file', 'fct_file', 'files', 'data_type'),
        ('annotation', 'fct_annotation', 'annotations', 'annotation_method'),
        ('annotation', 'fct_annotation', 'annotations', 'annotation_name'),
    ] %}
    union all
    select
        source_id as scope_id,
        '{{ entity }}' as entity,
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, 'no data') as dimension_value,
        '{{ metric }}' as metric,
        count(*) as counted
    from {{ ref(table) }}
    group by
        source_id,
        coalesce({{ dimension }}, 'no data')
    {% endfor %}
    union all
    select
        source_id as scope_id,
        'collection' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'collections' as metric,
        count(*) as counted
    from {{ ref('dim_collection') }}
    where is_in_release
    group by source_id
    union all
    select
        repository_id as scope_id,
        'collection' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'collections' as metric,
        count(*) as counted
    from {{ ref('dim_collection') }}
    where
        is_in_release
        and repository_id is not null
    group by repository_id
    union all
    select
        source_id as scope_id,
        'analysis_result' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'analysis_results' as metric,
        count(*) as counted
    from {{ ref('dim_analysis_result') }}
    where is_described
    group by source_id
    union all
    select
        source_id as scope_id,
        'release' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'latest_version' as metric,
        max(last_idc_version) as counted
    from {{ ref('fct_series_version') }}
    group by source_id
    union all
    select
        source_id as scope_id,
        'record_type' as entity,
        'total' as dimension,
        'all' as dimension_value,
        'record_types' as metric,
        count(*) as counted
    from {{ ref('dim_release') }}
    where
        status = 'landed'
        and (
            (
                source_id = 'midrc'
                and dataset in ('case', 'imaging_study', 'data_file', 'measurement', 'annotation', 'radiology_report')
            )
            or (source_id = 'bih' and dataset in ('subject', 'imaging_study', 'imaging_series', 'dataset'))
        )
    group by source_id
    union all
    select
        source_id as scope_id,
        'indexd_file' as entity,
        'total' as dimension,
        'all' as dimension_value,
        case when unit = 'bytes' then 'size_bytes' else 'indexd_files' end as metric,
        sum(reported_count) as counted
    from {{ ref('fct_reported_count') }}
    where entity = 'indexd_file'
    group by
        source_id,
        case when unit = 'bytes' then 'size_bytes' else 'indexd_files' end

)

select
    scope_id as source_id,
    entity,
    dimension,
    dimension_value,
    metric,
    cast(counted as {{ dbt.type_bigint() }}) as counted
from counts
