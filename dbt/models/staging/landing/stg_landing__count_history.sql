-- Grain: one metric of one value of one dimension of the records of one kind, as one source's load before this one held it.

with source as (

    select * from {{ source('landed', 'count_history') }}

),

renamed as (

    select
        source_id,
        release_version,
        case when source_id = 'idc' then {{ major_version('release_version') }} end as idc_version,
        as_of,
        entity,
        dimension,
        dimension_value,
        metric,
        counted
    from source

)

select * from renamed
