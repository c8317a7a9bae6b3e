"""The portal's six record types, made from the core entities in SQL.

What belongs here: the attributes of every record type, and the copies of parents in their children as Guppy's ETL makes
them ("from parent" and "set of" in the field table). The arrays of the core entities are tables of the schema `core`;
every relation here has one row for each record and one column for each field of its type.

Macros (see `warehouse.sandbox.population.database`): `record_id(kind, n)` is a UUID, `draw(kind, n, k)` a number below
k, both the same for the same seed; `one(x)` is a list of x, empty if x is missing; `parent(x)` the same but missing
itself; `set_of(x)` is an aggregate, the distinct values in order.
"""

from __future__ import annotations

from warehouse.sandbox.population import vocabulary
from warehouse.sandbox.population.database import texts

_PARTS = f"""
create table dataset as
select n, name as submitter_id, record_id('dataset', n) as id, project_id, license,
  case when draw('doi', n, 5) > 0 then '10.60701/' || upper(left(md5(name), 10)) end as data_url_doi,
  case when project_id like '%R1' then 'RSNA' when project_id like 'TCIA%' then 'TCIA' else 'ACR' end
    as data_contributor
from core.datasets;

-- Lists of the datasets of a case: one for nearly all, two for about one in a hundred.
create table dataset_lists as
select c.n as case_n,
  list(d.id order by d.n) as _dataset_id,
  list(d.submitter_id order by d.n) as dataset_submitter_id,
  set_of(d.license) as license,
  set_of(d.data_url_doi) as data_url_doi,
  set_of(d.data_contributor) as data_contributor
from core.cases c join dataset d on d.n in (c.dataset, c.second_dataset)
group by c.n;

create table patient as
select n, record_id('case', n) as _case_id, (10000000 + n) || '-' || lpad(draw('case', n, 10000000)::varchar, 7, '0')
    as submitter_id,
  project_id, '/programs/Open/projects/' || project_id as auth_resource_path,
  sex, race, ethnicity, covid19_positive,
  case when draw('age', n, 33) > 0 then
    case when draw('infant', n, 50) = 0 then draw('months', n, 12) / 12.0 else 18.0 + draw('years', n, 72) end
  end as age_at_index,
  ({texts(vocabulary.INDEX_EVENTS)})[1 + least(draw('event', n, 40), draw('event', n, 5))] as index_event,
  case when draw('zip', n, 4) > 0 then lpad(draw('zip3', n, 999)::varchar, 3, '0') end as zip
from core.cases;

create table measurement as
with placed as (
  select m.n, m.case_n, row_number() over (partition by m.case_n order by m.n) as place,
    ({texts(vocabulary.TEST_RESULTS)})[1 + least(draw('result', m.n, 5), draw('result', m.n, 4))] as drawn_result
  from core.measurements m
)
select m.n, record_id('measurement', m.n) as _measurement_id, p.auth_resource_path, p.project_id,
  p.submitter_id || '_measurement_' || m.n as submitter_id, m.case_n,
  [p.submitter_id] as case_ids,
  case when p.index_event = 'COVID-19 Test' and m.place = 1 then 0
       when draw('test day', m.n, 25) > 0 then
         case when draw('test near', m.n, 3) > 0 then draw('test day', m.n, 30) - 10
              else draw('test day', m.n, 400) - 100 end
       end as test_days_from_index,
  ({texts(vocabulary.TEST_METHODS)})[1 + draw('method', m.n, 4)] as test_method,
  case when draw('test name', m.n, 30) > 0 then 'COVID-19' end as test_name,
  -- A positive case has a positive test, another has none; of a case that says nothing no result is known.
  case when p.covid19_positive = 'Yes' and m.place = 1 then 'Positive'
       when p.covid19_positive = 'No' and m.drawn_result = 'Positive' then 'Negative'
       when p.covid19_positive is null and m.drawn_result in ('Positive', 'Negative') then 'Indeterminate'
       else m.drawn_result end as test_result_text,
  d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor
from placed m join patient p on p.n = m.case_n join dataset_lists d on d.case_n = m.case_n;

create table study_day as
select s.n, s.case_n,
  case when p.index_event = 'First Imaging Study' then
         case when row_number() over (partition by s.case_n order by s.n) = 1 then 0.0
              else draw('days', s.n, 600)::double end
       when draw('days', s.n, 20) > 0 then
         case when draw('days near', s.n, 3) > 0 then draw('days', s.n, 40)::double - 10
              else draw('days', s.n, 900)::double - 300 end
       end as days_to_study
from core.studies s join patient p on p.n = s.case_n;

-- As the portal counts: the day of the test less the day of the study, both from the index event of the case.
create table study_test as
select s.n, m.test_result_text,
  list_sort(list_distinct(list((m.test_days_from_index - s.days_to_study)::bigint))) as days
from study_day s join measurement m on m.case_n = s.case_n
where m.test_name = 'COVID-19' and m.test_days_from_index is not null and s.days_to_study is not null
group by s.n, m.test_result_text;

create table study as
select s.n, s.case_n, record_id('study', s.n) as _imaging_study_id, p.submitter_id || '_' || s.n as submitter_id,
  p.project_id, p.auth_resource_path,
  '1.2.826.0.1.3680043.10.474.' || (1000000 + s.n) || '.' || draw('study uid', s.n, 1000000000) as study_uid,
  list_filter([s.modality, s.second_modality], lambda m: m is not null) as study_modality,
  s.modality as first_modality, s.description as study_description,
  p.age_at_index + case when draw('later', s.n, 3) = 0 then 1 else 0 end as age_at_imaging,
  y.days_to_study,
  case when positive.n is null and draw('positive', s.n, 40) = 1 then [] else positive.days end
    as days_from_study_to_pos_covid_test,
  negative.days as days_from_study_to_neg_covid_test,
  case draw('modified', s.n, 9) when 0 then 'true' when 1 then null else 'false' end as image_data_modified,
  case when draw('year', s.n, 12) > 0 then 2018 + draw('year', s.n, 7) end as study_year,
  case when draw('year', s.n, 12) > 0 then case when draw('shift', s.n, 2) = 0 then 'True' else 'False' end end
    as study_year_shifted,
  l.loinc_code, l.loinc_long_common_name, l.loinc_method, l.loinc_system, l.loinc_contrast, s.in_hub, s.dataset_n
from core.studies s join patient p on p.n = s.case_n join study_day y on y.n = s.n
left join study_test positive on positive.n = s.n and positive.test_result_text = 'Positive'
left join study_test negative on negative.n = s.n and negative.test_result_text = 'Negative'
left join core.loinc l on l.modality = s.modality and l.choice = draw('loinc', s.n, l.choices + 1);

create table series as
select n, study_n, modality, body_part, in_hub,
  '1.2.826.0.1.3680043.10.474.' || (1000000 + study_n) || '.' || (10000000 + n) || '.' || draw('series uid', n, 1000000)
    as series_uid
from core.series;

create table annotation as
select a.n, record_id('annotation', a.n) as _annotation_id, s.submitter_id || '_annotation_' || a.n as submitter_id,
  s.project_id, s.auth_resource_path, a.study_n, s.case_n, a.method as annotation_method, a.name as annotation_name,
  case when a.name like '%mRALE%' then draw('mrale', a.n, 25) end as "midrc_mRALE_score",
  case when a.name like '%mRALE%' then (['mild', 'moderate', 'severe'])[1 + draw('grade', a.n, 3)] end
    as airspace_disease_grading,
  case when a.name like '%mRALE%' then (['typical', 'atypical', 'indeterminate', 'negative'])[1 + draw('class', a.n, 4)]
  end as class_covid19_pneumonia,
  case draw('annotator', a.n, 40) when 0 then null when 1 then 'no data' else 'reader ' || draw('annotator', a.n, 7) end
    as annotator_id,
  case draw('instances', a.n, 6) when 0 then null when 1 then [] else
    list_transform(range(1, 2 + draw('instances', a.n, 3)), lambda i: s.study_uid || '.1.' || i) end as instance_uids
from core.annotations a join study s on s.n = a.study_n;

create table report as
select r.n, r.study_n, record_id('report', r.n) as _radiology_report_id, s.submitter_id || '_report' as submitter_id
from core.reports r join study s on s.n = r.study_n;
"""

# The cases of a file: usually one; a clinical supplement of a dataset has several.
_CASE_GROUPS = """
create table case_group as
with members as (
  select n as key, n as case_n from core.cases
  union all
  select -1 - f.n, c.n from core.files f join (
    select n, dataset, row_number() over (partition by dataset order by n) as place from core.cases
  ) c on c.dataset = f.dataset_n where f.dataset_n >= 0 and c.place <= 1 + draw('group', f.n, 5)
)
select key, list(p.submitter_id order by p.n) as case_ids, list(p._case_id order by p.n) as _case_id,
  min(p.n) as first_case,
  set_of(p.age_at_index) as age_at_index,
  set_of(p.sex) as sex,
  set_of(p.race) as race,
  set_of(p.ethnicity) as ethnicity,
  set_of(p.covid19_positive) as covid19_positive,
  set_of(p.index_event) as index_event,
  set_of(p.zip) as zip
from members m join patient p on p.n = m.case_n
group by key;
"""

_FILES = f"""
create table file as
with placed as (
  select s.n, case when s.modality in ('SEG', 'SR') then 'External Annotation' else 'DICOM' end as data_type,
    'DCM' as data_format, s.study_n, s.n as series_n, null::bigint as annotation_n, null::bigint as report_n,
    null::bigint as dataset_n, size from core.series s
  union all
  select f.n, f.data_type, f.data_format, coalesce(nullif(f.study_n, -1), a.study_n, r.study_n), null,
    nullif(f.annotation_n, -1), nullif(f.report_n, -1), nullif(f.dataset_n, -1), f.size
  from core.files f left join annotation a on a.n = f.annotation_n left join report r on r.n = f.report_n
)
select p.*, record_id('file', p.n) as _data_file_id, 'dg.MD1R/' || record_id('object', p.n) as object_id,
  case when p.dataset_n is null then s.case_n else -1 - p.n end as case_key, e.modality, e.series_uid,
  case when p.data_type = 'DICOM' and lower(e.modality) in ('cr', 'ct', 'dx', 'mr')
         then lower(e.modality) || '_series_file'
       when p.data_type = 'DICOM' then 'imaging_series_file'
       when p.data_format = 'DCM' then 'dicom_annotation_file'
       when p.data_type = 'Radiology Report' then 'radiology_report'
       when p.data_type = 'Clinical Supplement' then 'supplementary_file' else 'annotation_file' end as source_node,
  case when p.data_type = 'DICOM' then 'Imaging File' when p.data_type like '%Annotation' then 'annotation_file'
       else p.data_type end as data_category,
  coalesce(a.annotation_method, case when p.data_format = 'DCM' and p.data_type <> 'DICOM' then 'Retrospective_auto'
    end) as annotation_method,
  coalesce(a.annotation_name, case when e.modality = 'SEG' then 'SIFT' when p.data_type = 'Internal Annotation'
    then ({texts(("midrc_lung_segs", "midrc_bpr_regions", "duke-CSpineSeg", "not in the dictionary"))})
      [1 + draw('annotation name', p.n, 4)] end) as annotation_name,
  a._annotation_id, a.annotator_id, a.instance_uids,
  case when p.series_n is not null and draw('header', p.n, 5) > 0 then 'dg.MD1R/' || record_id('header', p.n) end
    as dicom_header_file_guid,
  case when p.series_n is not null then case draw('modified file', p.n, 8) when 0 then 'true' else 'false' end end
    as image_data_modified
from placed p left join study s on s.n = p.study_n
left join series e on e.n = p.series_n left join annotation a on a.n = p.annotation_n;

create table file_sets as
select study_n, list(object_id order by n) as object_id, set_of(data_format) as data_format,
  set_of(data_type) as data_type, set_of(data_category) as data_category,
  coalesce(list(dicom_header_file_guid order by n) filter (dicom_header_file_guid is not null), [])
    as dicom_header_file_guid,
  set_of(source_node) as data_file_source_node,
  set_of(annotation_name) as data_file_annotation_name,
  set_of(annotation_method) as data_file_annotation_method,
  set_of(image_data_modified) as data_file_image_data_modified,
  set_of(body_part) as body_part_examined,
  count(*) filter (source_node = 'cr_series_file') as cr, count(*) filter (source_node = 'ct_series_file') as ct,
  count(*) filter (source_node = 'dx_series_file') as dx, count(*) filter (source_node = 'mr_series_file') as mr,
  count(*) filter (source_node = 'radiology_report') as reports, count(*) as files
from (select f.*, s.body_part from file f left join series s on s.n = f.series_n) group by study_n;
"""

_ANNOTATION_ITEM = """{'airspace_disease_grading': a.airspace_disease_grading,
    'class_covid19_pneumonia': a.class_covid19_pneumonia, 'annotation_name': a.annotation_name,
    'midrc_mRALE_score': a."midrc_mRALE_score", 'annotation_method': a.annotation_method,
    'annotator_id': a.annotator_id, 'instance_uids': a.instance_uids}"""

_NESTED_OF_CASES = f"""
create table case_measurements as
select case_n, list({{'test_days_from_index': test_days_from_index, 'test_method': test_method, 'test_name': test_name,
  'test_result_text': test_result_text}} order by n) as measurements from measurement group by case_n;

create table case_annotations as
select case_n,
  list({{'annotation_method': annotation_method, 'annotator_id': annotator_id}} order by n) as case_annotations,
  list({_ANNOTATION_ITEM} order by n) as imaging_study_annotations from annotation a group by case_n;

create table case_studies as
select s.case_n, list({{'age_at_imaging': s.age_at_imaging, 'body_part_examined': f.body_part_examined,
    'days_from_study_to_neg_covid_test': s.days_from_study_to_neg_covid_test,
    'days_from_study_to_pos_covid_test': s.days_from_study_to_pos_covid_test, 'days_to_study': s.days_to_study,
    'image_data_modified': s.image_data_modified, 'loinc_code': s.loinc_code, 'loinc_contrast': s.loinc_contrast,
    'loinc_long_common_name': s.loinc_long_common_name, 'loinc_method': s.loinc_method,
    'loinc_system': s.loinc_system, 'study_description': s.study_description, 'study_modality': s.study_modality,
    'study_year': s.study_year, 'study_uid': s.study_uid}} order by s.n) as imaging_studies,
  count(*) as studies, sum(f.cr)::bigint as cr, sum(f.ct)::bigint as ct, sum(f.dx)::bigint as dx,
    sum(f.mr)::bigint as mr,
  sum(f.reports)::bigint as reports, sum(f.files)::bigint as files,
  coalesce(flatten(list(f.object_id order by s.n) filter (f.object_id is not null)), []) as object_id,
  list_sort(list_distinct(flatten(list(f.data_format)))) as data_format,
  list_sort(list_distinct(flatten(list(f.data_type)))) as data_type,
  list_sort(list_distinct(flatten(list(f.data_category)))) as data_category,
  list_sort(list_distinct(flatten(list(f.data_file_image_data_modified)))) as data_file_image_data_modified
from study s left join file_sets f on f.study_n = s.n group by s.case_n;
"""

PREPARATION = (_PARTS, _CASE_GROUPS, _FILES, _NESTED_OF_CASES)

CASE = """
select p._case_id, p.auth_resource_path, p.project_id, p.submitter_id, p.sex, p.race, p.age_at_index, p.index_event,
  p.zip, p.covid19_positive, p.ethnicity, coalesce(s.studies, 0) as _imaging_studies_count,
  coalesce(s.ct, 0) as _ct_series_file_count, coalesce(s.cr, 0) as _cr_series_file_count,
  coalesce(s.dx, 0) as _dx_series_file_count, coalesce(s.mr, 0) as _mr_series_file_count,
  coalesce(s.reports, 0) as _radiology_report_count,
  d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor,
  coalesce(a.case_annotations, []) as case_annotations,
  coalesce(a.imaging_study_annotations, []) as imaging_study_annotations,
  coalesce(m.measurements, []) as measurements,
  list_transform(range(case when draw('medications', p.n, 9) = 0 then 1 + draw('medications', p.n, 3) else 0 end),
    lambda i: {'days_to_medication_end': null::bigint, 'days_to_medication_start': draw('start', p.n + i, 300),
      'dose_sequence_number': i + 1, 'medication_code': (medication(p.n + i)).code,
      'medication_code_system': (medication(p.n + i)).system,
      'medication_manufacturer': (medication(p.n + i)).manufacturer,
      'medication_name': (medication(p.n + i)).name, 'medication_type': (medication(p.n + i)).kind})
    as medications,
  list_transform(range(case when draw('conditions', p.n, 3) = 0 then 1 + draw('conditions', p.n, 4) else 0 end),
    lambda i: {'condition_code': (condition(p.n + i)).code,
      'condition_code_system': (condition(p.n + i)).system, 'condition_name': (condition(p.n + i)).name,
      'days_to_condition_end': null::bigint, 'days_to_condition_start': draw('onset', p.n + i, 2000) - 1500})
    as conditions,
  case when draw('procedures', p.n, 20) = 0 then [{'breathing_support_type': (procedure(p.n)).kind,
    'days_to_procedure_end': draw('end', p.n, 40), 'days_to_procedure_start': draw('end', p.n, 40) - 9,
    'procedure_name': (procedure(p.n)).name}] end as procedures,
  s.imaging_studies, s.object_id, s.data_format, s.data_type, s.data_category, s.data_file_image_data_modified,
  []::varchar[] as data_file_image_data_modification_name, null::varchar[] as data_file_image_data_modification_method,
  coalesce(s.files, 0) as data_file_count
from patient p join dataset_lists d on d.case_n = p.n left join case_studies s on s.case_n = p.n
left join case_annotations a on a.case_n = p.n left join case_measurements m on m.case_n = p.n
"""

IMAGING_STUDY = f"""
select s.* exclude (n, case_n, first_modality, in_hub, dataset_n), [p.submitter_id] as case_ids, f.body_part_examined,
  coalesce(f.cr, 0) as _cr_series_file_count, coalesce(f.ct, 0) as _ct_series_file_count,
  coalesce(f.dx, 0) as _dx_series_file_count, coalesce(f.mr, 0) as _mr_series_file_count,
  coalesce(f.reports, 0) as _radiology_report_count, parent(p.sex) as sex, parent(p.race) as race,
  parent(p.age_at_index) as age_at_index, parent(p.index_event) as index_event, parent(p.zip) as zip,
  parent(p.covid19_positive) as covid19_positive, parent(p.ethnicity) as ethnicity,
  -- A study may have come later than its case, with a dataset of its own.
  case when t.n is null then d.dataset_submitter_id else [t.submitter_id] end as dataset_submitter_id,
  case when t.n is null then d.license else one(t.license) end as license,
  case when t.n is null then d.data_url_doi else one(t.data_url_doi) end as data_url_doi,
  case when t.n is null then d.data_contributor else one(t.data_contributor) end as data_contributor,
  coalesce(a.items, []) as imaging_study_annotations,
  f.object_id, f.data_format, f.data_type, f.data_category, f.dicom_header_file_guid, f.data_file_source_node,
  f.data_file_annotation_name, f.data_file_annotation_method, f.data_file_image_data_modified,
  []::varchar[] as data_file_image_data_modification_name, null::varchar[] as data_file_image_data_modification_method
from study s join patient p on p.n = s.case_n join dataset_lists d on d.case_n = s.case_n
left join dataset t on t.n = s.dataset_n
left join file_sets f on f.study_n = s.n
left join (select study_n, list({_ANNOTATION_ITEM} order by n) as items from annotation a group by study_n) a
  on a.study_n = s.n
"""

ANNOTATION = "select a.*, [p.submitter_id] as case_ids from annotation a join patient p on p.n = a.case_n"
MEASUREMENT = "select * from measurement"

RADIOLOGY_REPORT = """
select r._radiology_report_id, s.auth_resource_path, s.project_id, r.submitter_id, f.size as file_size,
  r.submitter_id || '.txt' as file_name, 'Radiology Report' as data_type, s.first_modality as modality, f.object_id,
  b.body_part_examined, case draw('generation', r.n, 3) when 0 then 'Synthetic' when 1 then 'Clinical' end
    as report_generation_method,
  case draw('redaction', r.n, 3) when 0 then 'Redacted' when 1 then 'Synthetic replacement' end
    as report_modification_method,
  s.study_description, [s.submitter_id] as imaging_study_submitter_id, parent(s.age_at_imaging) as age_at_imaging,
  b.body_part_examined as imaging_study_body_part_examined, s.days_from_study_to_neg_covid_test,
  s.days_from_study_to_pos_covid_test, parent(s.days_to_study) as days_to_study,
  parent(s.image_data_modified) as image_data_modified, parent(s.loinc_code) as loinc_code,
  parent(s.loinc_contrast) as loinc_contrast, parent(s.loinc_long_common_name) as loinc_long_common_name,
  parent(s.loinc_method) as loinc_method, parent(s.loinc_system) as loinc_system,
  parent(s.study_description) as imaging_study_description, s.study_modality,
  [p.submitter_id] as case_submitter_id, parent(p.sex) as sex, parent(p.race) as race,
  parent(p.age_at_index) as age_at_index, parent(p.index_event) as index_event, parent(p.zip) as zip,
  parent(p.covid19_positive) as covid19_positive, parent(p.ethnicity) as ethnicity,
  d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor
from report r join study s on s.n = r.study_n join patient p on p.n = s.case_n
join dataset_lists d on d.case_n = s.case_n join file f on f.report_n = r.n
left join file_sets b on b.study_n = r.study_n
"""

DATA_FILE = f"""
select f._data_file_id, p.auth_resource_path, f.source_node, p.project_id,
  coalesce(s.submitter_id, p.submitter_id) || '_file_' || f.n as submitter_id, f.series_uid, g.case_ids, f.object_id,
  md5('content' || f.n) as md5sum,
  case when draw('file name', f.n, 997) = 0 then t.value
    else coalesce(f.series_uid, 'file-' || f.n) || '.' || lower(f.data_format) end as file_name,
  f.size as file_size, f.data_format, f.data_type, f.data_category, f.dicom_header_file_guid, f.annotation_method,
  f.annotation_name, f.annotator_id, f.instance_uids, null as software_versions,
  case when f.modality = 'CT' then (['SPIRAL', 'SEQUENCED', 'CONSTANT_ANGLE'])[1 + draw('acquisition', f.n, 3)] end
    as acquisition_type,
  case when f.modality = 'MR' then ['N'] end as angio_flag,
  case when f.modality in ('CT', 'MR') and draw('contrast', f.n, 2) = 0
    then [({texts(vocabulary.CONTRAST_AGENTS)})[1 + draw('agent', f.n, 4)]] end as contrast_bolus_agent,
  case when f.modality = 'CT' then [({texts(vocabulary.KERNELS)})[1 + draw('kernel', f.n,
    5)]] end as convolution_kernel,
  case when f.modality = 'DX' then (['DIRECT', 'SCINTILLATOR', 'STORAGE'])[1 + draw('detector', f.n, 3)] end
    as detector_type,
  case when f.modality = 'MR' and draw('b value', f.n, 3) = 0 then [0, 1000] end as diffusion_b_value,
  null as diffusion_gradient_orientation, case when f.modality = 'MR' then [1] end as echo_number,
  case when f.modality = 'MR' then [draw('echo', f.n, 900) / 10.0] end as echo_time,
  case when f.modality = 'MR' then [1 + draw('train', f.n, 30)] end as echo_train_length,
  null as exposure_modulation_type, f.image_data_modified,
  case when f.image_data_modified = 'true' then 'Removal of alphanumeric characters' end
    as image_data_modification_method,
  case when f.image_data_modified = 'true' then draw('modification', f.n, 4) end as image_data_modification_name,
  case when f.series_n is not null then ['ORIGINAL', 'PRIMARY', 'AXIAL'] end as image_type,
  case when f.modality = 'MR' then ['1H'] end as imaged_nucleus,
  case when f.modality in ('CR', 'DX') then [0.139, 0.139] end as imager_pixel_spacing,
  case when f.series_n is not null then '00' end as lossy_image_compression,
  case when f.series_n is not null then (device(f.n)).manufacturer end as manufacturer,
  case when f.series_n is not null then (device(f.n)).model end as manufacturer_model_name, f.modality,
  case when f.modality = 'CT' then 30 + draw('slices', f.n, 600) when f.series_n is not null then 1 end
    as number_of_instances,
  null as number_of_temporal_positions,
  case when f.modality in ('CT', 'MR') then (['HFS', 'FFS', 'FFP'])[1 + draw('position', f.n,
    3)] end as patient_position,
  case when f.modality in ('CT', 'MR') then [0.703125, 0.703125] end as pixel_spacing, null as radiopharmaceutical,
  case when f.modality = 'MR' then [draw('repetition', f.n, 5000)] end as repetition_time,
  case when f.modality = 'CT' then ['HELICAL MODE'] end as scan_options,
  case when f.modality = 'MR' then ['SK', 'SP'] end as sequence_variant,
  case when f.series_n is not null and draw('series text', f.n, 11) > 0 then
    ({texts(vocabulary.SERIES_DESCRIPTIONS)})[1 + draw('series text', f.n, 9)] end as series_description,
  case when f.modality = 'CT' then [1 + draw('thickness', f.n, 9) / 2.0] end as slice_thickness,
  null as software_version, null as spacing_between_slices,
  case when f.modality in ('CR', 'DX') and draw('resolution', f.n, 4) = 0 then draw('resolution', f.n, 100) / 200.0 end
    as spatial_resolution, null as transducer_type,
  case when f.modality in ('CR', 'DX') then [(['AP', 'PA', 'LL'])[1 + draw('view', f.n, 3)]] end as view_position,
  d._dataset_id, d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor,
  one(f._annotation_id) as _annotation_id, g._case_id, g.age_at_index, g.covid19_positive, g.ethnicity, g.index_event,
  g.race, g.sex, g.zip, one(s._imaging_study_id) as _imaging_study_id, one(s.age_at_imaging) as age_at_imaging,
  coalesce(b.body_part_examined, []) as body_part_examined, s.days_from_study_to_neg_covid_test,
  s.days_from_study_to_pos_covid_test, one(s.days_to_study) as days_to_study,
  one(s.study_description) as study_description, coalesce(s.study_modality, []) as study_modality,
  one(s.study_year) as study_year, one(s.study_year_shifted) as study_year_shifted, one(s.study_uid) as study_uid,
  one(s.loinc_code) as loinc_code, one(s.loinc_contrast) as loinc_contrast,
  one(s.loinc_long_common_name) as loinc_long_common_name, one(s.loinc_method) as loinc_method,
  one(s.loinc_system) as loinc_system
from file f join case_group g on g.key = f.case_key join patient p on p.n = g.first_case
join dataset_lists d on d.case_n = g.first_case left join study s on s.n = f.study_n
left join file_sets b on b.study_n = f.study_n
left join core.dirty_texts t on t.n = f.n % (select count(*) from core.dirty_texts)
"""

RELATIONS = {
    "case": CASE,
    "imaging_study": IMAGING_STUDY,
    "data_file": DATA_FILE,
    "measurement": MEASUREMENT,
    "annotation": ANNOTATION,
    "radiology_report": RADIOLOGY_REPORT,
}
