"""What users of IDC ask in public: each question as an analyst asks the star, as a user asks idc-index, and the answer.

The figures are those of release 25.0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Task:
    """A question, its SQL on the star and on the tables of the idc-index client, and the rows that both give."""

    question: str
    sql: str
    client_sql: str
    rows: Rows


TASKS = {
    "scale": Task(
        question="How many collections, patients, studies, series, instances and bytes does IDC hold?",
        sql="""
            select
                count(distinct collection_id) as collections,
                count(distinct patient_id) as patients,
                count(distinct study_instance_uid) as studies,
                count(*) as series,
                sum(instance_count)::bigint as instances,
                sum(size_bytes)::bigint as bytes
            from fct_series
            where source_id = 'idc'
        """,
        client_sql="""
            select
                count(distinct collection_id),
                count(distinct PatientID),
                count(distinct StudyInstanceUID),
                count(*),
                sum(instanceCount)::bigint,
                sum(round(series_size_MB * 1e6)::bigint)::bigint
            from index
        """,
        rows=[(179, 86362, 168507, 1044191, 58784975, 99944891647274)],
    ),
    "modalities": Task(
        question="How many patients and series does each modality have?",
        sql="""
            select
                modality,
                count(distinct patient_id) as patients,
                count(*) as series
            from fct_series
            where source_id = 'idc'
            group by modality
            order by modality
        """,
        client_sql="select Modality, count(distinct PatientID), count(*) from index group by all order by all",
        rows=[
            ("ANN", 5713, 7448),
            ("CR", 1713, 12534),
            ("CT", 39512, 270830),
            ("DX", 672, 3712),
            ("FUSION", 6, 18),
            ("KO", 10, 40),
            ("M3D", 842, 2328),
            ("MG", 17026, 48128),
            ("MR", 8259, 128143),
            ("NM", 28, 100),
            ("OT", 342, 709),
            ("PR", 67, 1193),
            ("PT", 2587, 5929),
            ("REG", 23, 97),
            ("RF", 2, 12),
            ("RTDOSE", 282, 524),
            ("RTPLAN", 242, 484),
            ("RTSTRUCT", 4256, 19366),
            ("RWV", 20, 20),
            ("SEG", 43824, 193295),
            ("SM", 22646, 76300),
            ("SR", 29065, 270687),
            ("US", 1420, 2249),
            ("XA", 18, 41),
            ("XC", 2, 4),
        ],
    ),
    "licences": Task(
        question="Under which licences may the data be used: how many series, how many bytes?",
        sql="""
            select
                licenses.license_short_name,
                count(*) as series,
                sum(series.size_bytes)::bigint as bytes
            from fct_series as series
            join dim_license as licenses
                on series.license_key = licenses.license_key
            where series.source_id = 'idc'
            group by licenses.license_short_name
            order by series desc
        """,
        client_sql="""
            select
                case when license_short_name like 'National Library%' then 'NLM Terms' else license_short_name end,
                count(*),
                sum(round(series_size_MB * 1e6)::bigint)::bigint
            from index
            group by 1
            order by 2 desc
        """,
        rows=[
            ("CC BY 4.0", 877215, 74810842997360),
            ("CC BY 3.0", 132303, 21954420015392),
            ("CC BY-NC 4.0", 28783, 2038835789810),
            ("CC BY-NC 3.0", 5851, 828313242166),
            ("NLM Terms", 39, 312479602546),
        ],
    ),
    "ct_with_segmentation": Task(
        question="How many patients have CT and a segmentation (SEG or RTSTRUCT), in how many CT studies and series?",
        sql="""
            select
                count(distinct patient_id) as patients,
                count(distinct study_key) as ct_studies,
                count(*) as ct_series
            from fct_series
            where
                source_id = 'idc'
                and modality = 'CT'
                and patient_key in (
                    select patient_key
                    from fct_series
                    where
                        source_id = 'idc'
                        and modality in ('SEG', 'RTSTRUCT')
                )
        """,
        client_sql="""
            select count(distinct PatientID), count(distinct StudyInstanceUID), count(*)
            from index
            where
                Modality = 'CT'
                and PatientID in (select PatientID from index where Modality in ('SEG', 'RTSTRUCT'))
        """,
        rows=[(35220, 86638, 241948)],
    ),
    "chest_ct": Task(
        question="How much CT of the chest is there, however the scanner spells it?",
        sql="""
            select
                count(distinct series.patient_id) as patients,
                count(distinct series.study_key) as studies,
                count(*) as series,
                count(case when series.body_part_examined = 'CHEST' then 1 end) as spelled_chest
            from fct_series as series
            join dim_body_part as parts
                on series.body_part_key = parts.body_part_key
            where
                series.source_id = 'idc'
                and series.modality = 'CT'
                and parts.body_region = 'chest'
        """,
        client_sql="""
            select
                count(distinct PatientID),
                count(distinct StudyInstanceUID),
                count(*),
                count(*) filter (BodyPartExamined = 'CHEST')
            from index
            where
                Modality = 'CT'
                and BodyPartExamined in (
                    'CHEST', 'CHEST (THORAX) W', 'TH CT CHEST WO C', 'THORAX',
                    'LUNG', 'MEDIASTINUM', 'HEART', 'ESOPHAGUS'
                )
        """,
        rows=[(30283, 77096, 213232, 205873)],
    ),
}

# The columns of the client's index, made of the star's: every one.
ATTRIBUTES = """
    select
        collection_id,
        analysis_result_id_raw as analysis_result_id,
        patient_id as "PatientID",
        series_instance_uid as "SeriesInstanceUID",
        study_instance_uid as "StudyInstanceUID",
        source_doi as "source_DOI",
        patient_age_raw as "PatientAge",
        patient_sex_raw as "PatientSex",
        study_date::varchar as "StudyDate",
        study_description as "StudyDescription",
        body_part_examined as "BodyPartExamined",
        modality as "Modality",
        sop_class_uid as "SOPClassUID",
        sop_class_name,
        transfer_syntax_uid as "TransferSyntaxUID",
        transfer_syntax_name,
        photometric_interpretation as "PhotometricInterpretation",
        pixel_representation as "PixelRepresentation",
        manufacturer as "Manufacturer",
        manufacturer_model_name as "ManufacturerModelName",
        series_date::varchar as "SeriesDate",
        series_description as "SeriesDescription",
        series_number as "SeriesNumber",
        instance_count as "instanceCount",
        license_raw as license_short_name,
        first_idc_version as series_init_idc_version,
        revised_idc_version as series_revised_idc_version,
        aws_bucket,
        crdc_series_uuid,
        series_aws_url,
        size_bytes / 1e6 as "series_size_MB"
    from fct_series
    where source_id = 'idc'
"""

# Which publications must be cited, and for how many series each? To the client the collections index says it; it lists
# the analysis results of a collection among its sources.
CITATIONS = """
    with publications as (

        select
            source_doi,
            citation
        from bridge_collection_source
        union
        select
            source_doi,
            citation
        from dim_analysis_result

    )

    select
        series.source_doi,
        publications.citation,
        count(*) as series
    from fct_series as series
    left join publications
        on series.source_doi = publications.source_doi
    where series.source_id = 'idc'
    group by
        series.source_doi,
        publications.citation
    order by series.source_doi
"""
CITATIONS_OF_CLIENT = """
    with publications as (
        select distinct lower(source.source_doi) as doi, source.citation
        from (select unnest(sources) as source from collections_index)
    )
    select doi, citation, count(*)
    from index
    left join publications on lower(source_DOI) = doi
    group by all
    order by doi
"""

# The manifest of a download, as s5cmd reads it: one command a series, into the folders that the client makes.
COLLECTION = "nsclc_radiomics"
MANIFEST = """
    select
        'cp ' || series_aws_url || ' "'
        || concat_ws('/', $folder, collection_id, patient_id, study_instance_uid, modality)
        || '_' || series_instance_uid || '"' as command
    from fct_series
    where
        source_id = 'idc'
        and collection_id = $collection
    order by command
"""
SIZE_OF_DOWNLOAD = """
    select
        count(*) as series,
        count(distinct aws_bucket) as buckets,
        count(distinct license_id) as licences,
        sum(size_bytes)::bigint as bytes
    from fct_series
    where
        source_id = 'idc'
        and collection_id = $collection
"""

# What is new, gone or revised since a release, whose snapshot is beside the newer one.
SINCE_A_RELEASE = """
    with newer as (

        select
            series_instance_uid,
            crdc_series_uuid
        from fct_series
        where source_id = 'idc'

    ),

    older as (

        select
            series_instance_uid,
            crdc_series_uuid
        from old.fct_series
        where source_id = 'idc'

    )

    select
        count(case when older.series_instance_uid is null then 1 end) as added,
        count(case when newer.series_instance_uid is null then 1 end) as removed,
        count(case when newer.crdc_series_uuid <> older.crdc_series_uuid then 1 end) as revised
    from newer
    full join older
        on newer.series_instance_uid = older.series_instance_uid
"""

# What the wheel does not carry: the question, and the artifact that would answer it.
UNANSWERED = {
    "sm_index": """
        select
            staining_using_substance_code_meaning,
            objective_lens_power,
            count(*) as series
        from fct_slide
        group by all
    """,
    "clinical_index": "select count(distinct collection_key) as collections from fct_clinical_column",
    "seg_index": "select count(distinct segmented_series_instance_uid) as segmented_series from fct_segmentation",
}
