-- Grain: one row of one side of a comparison that has no counterpart of its own on the other side.
--
-- Of the rows of a side that share an identifier one is matched, the others have no counterpart (is_repeated). Comparisons that
-- are not made have no rows. Only IDC says what it withdrew, so only what the other side has more may be withdrawn.

with one_sided as (

    {% for comparison_id, entity, side, own, other in compared_sides() %}
    {%- set literals %}
        '{{ comparison_id }}' as comparison_id,
        '{{ comparison_id.split(':')[0] }}' as pair_id,
        '{{ side }}' as side,
        '{{ entity }}' as row_kind,
        {{ (side == 'right' and other == 'idc') | lower }} as may_be_withdrawn,
    {%- endset %}
    select
        {{- literals }}
        natural_id,
        {{ own }}_{{ entity }}_key as row_key,
        false as is_repeated
    from {{ ref('xwalk_' ~ entity) }}
    where
        {{ own }}_count > 0
        and {{ other }}_count = 0
    union all
    select
        {{- literals }}
        natural_id,
        row_key,
        true as is_repeated
    from {{ ref('int_repeated_members') }}
    where
        row_kind = '{{ entity }}'
        and side = '{{ own }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    one_sided.comparison_id,
    one_sided.pair_id,
    one_sided.side,
    one_sided.row_kind,
    one_sided.natural_id,
    one_sided.row_key,
    one_sided.is_repeated,
    one_sided.may_be_withdrawn
from one_sided
inner join {{ ref('int_comparisons') }} as comparisons
    on one_sided.comparison_id = comparisons.comparison_id
where comparisons.is_compared
