-- Grain: one patient of one source. In IDC a PatientID is unique only inside its collection.

with series as (

    select
        series.source_id,
        series.collection_id,
        series.patient_id,
        series.patient_sex_raw,
        series.patient_age_years,
        case
            when series.patient_sex_raw is not null then coalesce(map_sex.sex, 'unmapped')
        end as sex
    from {{ ref('stg_idc__idc_index') }} as series
    left join {{ ref('map_sex') }} as map_sex
        on series.source_id = map_sex.source_id
        and series.patient_sex_raw = map_sex.sex_raw

),

patients as (

    select
        source_id,
        collection_id,
        patient_id,
        count(distinct sex) as sex_count,
        min(sex) as first_sex,
        {{ dbt.listagg('distinct patient_sex_raw', "', '", 'order by patient_sex_raw') }} as sex_raw,
        min(patient_age_years) as age_years_min,
        max(patient_age_years) as age_years_max
    from series
    group by
        source_id,
        collection_id,
        patient_id

)

select
    {{ surrogate_key(['source_id', 'collection_id', 'patient_id']) }} as patient_key,
    {{ surrogate_key(['source_id']) }} as source_key,
    {{ surrogate_key(['source_id', 'collection_id']) }} as collection_key,
    source_id,
    collection_id,
    patient_id,
    case
        when sex_count = 0 then 'missing'
        when sex_count > 1 then 'conflicting'
        else first_sex
    end as sex,
    sex_raw,
    age_years_min,
    age_years_max
from patients
