{#
    Address of IDC's viewer for a study, opened at one of its series if one is given: Slim for a study that has slides, all of
    its series included, and OHIF for any other, as idc-index chooses (`get_viewer_URL`). Null where an identifier is.
#}
{% macro idc_viewer_url(study_instance_uid, has_slides, series_instance_uid=none) -%}
    {%- set viewers = 'https://viewer.imaging.datacommons.cancer.gov' -%}
    case
        when {{ has_slides }}
            then '{{ viewers }}/slim/studies/' || {{ study_instance_uid }}
            {%- if series_instance_uid %} || '/series/' || {{ series_instance_uid }}{% endif %}
        else '{{ viewers }}/v3/viewer/?StudyInstanceUIDs=' || {{ study_instance_uid }}
            {%- if series_instance_uid %} || '&initialSeriesInstanceUID=' || {{ series_instance_uid }}{% endif %}
    end
{%- endmacro %}
