-- Grain: one LOINC code of imaging studies.
--
-- Sources may spell the name of a code differently: the dimension takes the spelling of most studies, of those that have a
-- name, and among equals the one that sorts first. Studies keep what they say themselves.

with studies as (

    select
        loinc_code,
        loinc_long_common_name,
        loinc_method,
        loinc_system,
        loinc_contrast
    from {{ ref('stg_midrc__imaging_study') }}
    where loinc_code is not null
    union all
    select
        loinc_code,
        loinc_long_common_name,
        loinc_method,
        loinc_system,
        loinc_contrast
    from {{ ref('stg_bih__imaging_study') }}
    where loinc_code is not null

),

spellings as (

    select
        loinc_code,
        loinc_long_common_name,
        loinc_method,
        loinc_system,
        loinc_contrast,
        count(*) as study_count
    from studies
    group by
        loinc_code,
        loinc_long_common_name,
        loinc_method,
        loinc_system,
        loinc_contrast

),

ranked as (

    select
        loinc_code,
        loinc_long_common_name,
        loinc_method,
        loinc_system,
        loinc_contrast,
        row_number() over (
            partition by loinc_code
            order by
                case when loinc_long_common_name is null then 1 else 0 end,
                study_count desc nulls last,
                loinc_long_common_name asc nulls last,
                loinc_method asc nulls last,
                loinc_system asc nulls last,
                loinc_contrast asc nulls last
        ) as spelling_rank,
        count(*) over (partition by loinc_code) as spelling_count
    from spellings

)

select
    {{ surrogate_key(['loinc_code']) }} as procedure_code_key,
    loinc_code,
    loinc_long_common_name,
    loinc_method,
    loinc_system,
    loinc_contrast,
    spelling_count
from ranked
where spelling_rank = 1
