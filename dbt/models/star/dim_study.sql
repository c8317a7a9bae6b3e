-- Grain: one imaging study as one source describes it.
--
-- A study is keyed by its StudyInstanceUID. Where several records of a source share one, the first by node id keeps it and the
-- others are keyed by their node ids (is_repeated_uid); so are records without a UID. Studies that only series name have
-- is_described = false. IDC has no records of studies: its series may disagree on date and description (derived objects carry
-- their own), and the study takes the earliest date and the description that sorts first; fct_series keeps what each series says.

{{ union_by_columns([
    'int_idc__study',
    'int_midrc__study',
    'int_bih__study',
    'int_shared__undescribed_study',
]) }}
