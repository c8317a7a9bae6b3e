-- How much CT has slices of 1 mm or less, in IDC and in the MIDRC portal?
-- Asked in https://github.com/ImagingDataCommons/idc-index/pull/273.
-- One row is one source; null where the snapshot does not have what would tell.
with thicknesses as (

    select
        series.source_id,
        series.series_key,
        acquisitions.slice_thickness_mm
    from fct_series as series
    left join fct_acquisition_ct as acquisitions
        on series.series_key = acquisitions.series_key
    where
        series.source_id = 'idc'
        and series.modality = 'CT'

    union all

    select
        source_id,
        series_key,
        min(slice_thickness_mm) as slice_thickness_mm
    from fct_file
    where
        modality = 'CT'
        and series_key is not null
    group by
        source_id,
        series_key

)

select
    source_id,
    count(*) as ct_series,
    count(slice_thickness_mm) as with_thickness,
    sum(case when slice_thickness_mm <= 1 then 1 when slice_thickness_mm > 1 then 0 end) as at_most_1_mm,
    min(slice_thickness_mm) as thinnest_mm
from thicknesses
group by source_id
order by source_id
