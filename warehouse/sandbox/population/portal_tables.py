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
CREATE TABLE dataset AS
SELECT n, name AS submitter_id, record_id('dataset', n) AS id, project_id, license,
  CASE WHEN draw('doi', n, 5) > 0 THEN '10.60701/' || upper(left(md5(name), 10)) END AS data_url_doi,
  CASE WHEN project_id LIKE '%R1' THEN 'RSNA' WHEN project_id LIKE 'TCIA%' THEN 'TCIA' ELSE 'ACR' END
    AS data_contributor
FROM core.datasets;

-- Lists of the datasets of a case: one for nearly all, two for about one in a hundred.
CREATE TABLE dataset_lists AS
SELECT c.n AS case_n,
  list(d.id ORDER BY d.n) AS _dataset_id,
  list(d.submitter_id ORDER BY d.n) AS dataset_submitter_id,
  set_of(d.license) AS license,
  set_of(d.data_url_doi) AS data_url_doi,
  set_of(d.data_contributor) AS data_contributor
FROM core.cases c JOIN dataset d ON d.n IN (c.dataset, c.second_dataset)
GROUP BY c.n;

CREATE TABLE patient AS
SELECT n, record_id('case', n) AS _case_id, (10000000 + n) || '-' || lpad(draw('case', n, 10000000)::VARCHAR, 7, '0')
    AS submitter_id,
  project_id, '/programs/Open/projects/' || project_id AS auth_resource_path,
  sex, race, ethnicity, covid19_positive,
  CASE WHEN draw('age', n, 33) > 0 THEN
    CASE WHEN draw('infant', n, 50) = 0 THEN draw('months', n, 12) / 12.0 ELSE 18.0 + draw('years', n, 72) END
  END AS age_at_index,
  ({texts(vocabulary.INDEX_EVENTS)})[1 + least(draw('event', n, 40), draw('event', n, 5))] AS index_event,
  CASE WHEN draw('zip', n, 4) > 0 THEN lpad(draw('zip3', n, 999)::VARCHAR, 3, '0') END AS zip
FROM core.cases;

CREATE TABLE study AS
SELECT s.n, s.case_n, record_id('study', s.n) AS _imaging_study_id, p.submitter_id || '_' || s.n AS submitter_id,
  p.project_id, p.auth_resource_path,
  '1.2.826.0.1.3680043.10.474.' || (1000000 + s.n) || '.' || draw('study uid', s.n, 1000000000) AS study_uid,
  list_filter([s.modality, s.second_modality], lambda m: m IS NOT NULL) AS study_modality,
  s.modality AS first_modality, s.description AS study_description,
  p.age_at_index + CASE WHEN draw('later', s.n, 3) = 0 THEN 1 ELSE 0 END AS age_at_imaging,
  CASE WHEN draw('days', s.n, 20) > 0 THEN draw('days', s.n, 900)::DOUBLE - 300 END AS days_to_study,
  CASE WHEN draw('positive', s.n, 3) = 0 THEN [draw('positive', s.n, 90)]
       WHEN draw('positive', s.n, 40) = 1 THEN [] END AS days_from_study_to_pos_covid_test,
  CASE WHEN draw('negative', s.n, 4) = 0
    THEN [draw('negative', s.n, 90), -draw('negative', s.n, 30)] END
    AS days_from_study_to_neg_covid_test,
  CASE draw('modified', s.n, 9) WHEN 0 THEN 'true' WHEN 1 THEN NULL ELSE 'false' END AS image_data_modified,
  CASE WHEN draw('year', s.n, 12) > 0 THEN 2018 + draw('year', s.n, 7) END AS study_year,
  CASE WHEN draw('year', s.n, 12) > 0 THEN CASE WHEN draw('shift', s.n, 2) = 0 THEN 'True' ELSE 'False' END END
    AS study_year_shifted,
  l.loinc_code, l.loinc_long_common_name, l.loinc_method, l.loinc_system, l.loinc_contrast, s.in_hub, s.dataset_n
FROM core.studies s JOIN patient p ON p.n = s.case_n
LEFT JOIN core.loinc l ON l.modality = s.modality AND l.choice = draw('loinc', s.n, l.choices + 1);

CREATE TABLE series AS
SELECT n, study_n, modality, body_part, in_hub,
  '1.2.826.0.1.3680043.10.474.' || (1000000 + study_n) || '.' || (10000000 + n) || '.' || draw('series uid', n, 1000000)
    AS series_uid
FROM core.series;

CREATE TABLE annotation AS
SELECT a.n, record_id('annotation', a.n) AS _annotation_id, s.submitter_id || '_annotation_' || a.n AS submitter_id,
  s.project_id, s.auth_resource_path, a.study_n, s.case_n, a.method AS annotation_method, a.name AS annotation_name,
  CASE WHEN a.name LIKE '%mRALE%' THEN draw('mrale', a.n, 25) END AS "midrc_mRALE_score",
  CASE WHEN a.name LIKE '%mRALE%' THEN (['mild', 'moderate', 'severe'])[1 + draw('grade', a.n, 3)] END
    AS airspace_disease_grading,
  CASE WHEN a.name LIKE '%mRALE%' THEN (['typical', 'atypical', 'indeterminate', 'negative'])[1 + draw('class', a.n, 4)]
  END AS class_covid19_pneumonia,
  CASE draw('annotator', a.n, 40) WHEN 0 THEN NULL WHEN 1 THEN 'no data' ELSE 'reader ' || draw('annotator', a.n, 7) END
    AS annotator_id,
  CASE draw('instances', a.n, 6) WHEN 0 THEN NULL WHEN 1 THEN [] ELSE
    list_transform(range(1, 2 + draw('instances', a.n, 3)), lambda i: s.study_uid || '.1.' || i) END AS instance_uids
FROM core.annotations a JOIN study s ON s.n = a.study_n;

CREATE TABLE report AS
SELECT r.n, r.study_n, record_id('report', r.n) AS _radiology_report_id, s.submitter_id || '_report' AS submitter_id
FROM core.reports r JOIN study s ON s.n = r.study_n;
"""

# The cases of a file: usually one; a clinical supplement of a dataset has several.
_CASE_GROUPS = """
CREATE TABLE case_group AS
WITH members AS (
  SELECT n AS key, n AS case_n FROM core.cases
  UNION ALL
  SELECT -1 - f.n, c.n FROM core.files f JOIN (
    SELECT n, dataset, row_number() OVER (PARTITION BY dataset ORDER BY n) AS place FROM core.cases
  ) c ON c.dataset = f.dataset_n WHERE f.dataset_n >= 0 AND c.place <= 1 + draw('group', f.n, 5)
)
SELECT key, list(p.submitter_id ORDER BY p.n) AS case_ids, list(p._case_id ORDER BY p.n) AS _case_id,
  min(p.n) AS first_case,
  set_of(p.age_at_index) AS age_at_index,
  set_of(p.sex) AS sex,
  set_of(p.race) AS race,
  set_of(p.ethnicity) AS ethnicity,
  set_of(p.covid19_positive) AS covid19_positive,
  set_of(p.index_event) AS index_event,
  set_of(p.zip) AS zip
FROM members m JOIN patient p ON p.n = m.case_n
GROUP BY key;
"""

_FILES = f"""
CREATE TABLE file AS
WITH placed AS (
  SELECT s.n, CASE WHEN s.modality IN ('SEG', 'SR') THEN 'External Annotation' ELSE 'DICOM' END AS data_type,
    'DCM' AS data_format, s.study_n, s.n AS series_n, NULL::BIGINT AS annotation_n, NULL::BIGINT AS report_n,
    NULL::BIGINT AS dataset_n, size FROM core.series s
  UNION ALL
  SELECT f.n, f.data_type, f.data_format, coalesce(nullif(f.study_n, -1), a.study_n, r.study_n), NULL,
    nullif(f.annotation_n, -1), nullif(f.report_n, -1), nullif(f.dataset_n, -1), f.size
  FROM core.files f LEFT JOIN annotation a ON a.n = f.annotation_n LEFT JOIN report r ON r.n = f.report_n
)
SELECT p.*, record_id('file', p.n) AS _data_file_id, 'dg.MD1R/' || record_id('object', p.n) AS object_id,
  CASE WHEN p.dataset_n IS NULL THEN s.case_n ELSE -1 - p.n END AS case_key, e.modality, e.series_uid,
  CASE WHEN p.data_type = 'DICOM' AND lower(e.modality) IN ('cr', 'ct', 'dx', 'mr')
         THEN lower(e.modality) || '_series_file'
       WHEN p.data_type = 'DICOM' THEN 'imaging_series_file'
       WHEN p.data_format = 'DCM' THEN 'dicom_annotation_file'
       WHEN p.data_type = 'Radiology Report' THEN 'radiology_report'
       WHEN p.data_type = 'Clinical Supplement' THEN 'supplementary_file' ELSE 'annotation_file' END AS source_node,
  CASE WHEN p.data_type = 'DICOM' THEN 'Imaging File' WHEN p.data_type LIKE '%Annotation' THEN 'annotation_file'
       ELSE p.data_type END AS data_category,
  coalesce(a.annotation_method, CASE WHEN p.data_format = 'DCM' AND p.data_type <> 'DICOM' THEN 'Retrospective_auto'
    END) AS annotation_method,
  coalesce(a.annotation_name, CASE WHEN e.modality = 'SEG' THEN 'SIFT' WHEN p.data_type = 'Internal Annotation'
    THEN ({texts(("midrc_lung_segs", "midrc_bpr_regions", "duke-CSpineSeg", "not in the dictionary"))})
      [1 + draw('annotation name', p.n, 4)] END) AS annotation_name,
  a._annotation_id, a.annotator_id, a.instance_uids,
  CASE WHEN p.series_n IS NOT NULL AND draw('header', p.n, 5) > 0 THEN 'dg.MD1R/' || record_id('header', p.n) END
    AS dicom_header_file_guid,
  CASE WHEN p.series_n IS NOT NULL THEN CASE draw('modified file', p.n, 8) WHEN 0 THEN 'true' ELSE 'false' END END
    AS image_data_modified
FROM placed p LEFT JOIN study s ON s.n = p.study_n
LEFT JOIN series e ON e.n = p.series_n LEFT JOIN annotation a ON a.n = p.annotation_n;

CREATE TABLE file_sets AS
SELECT study_n, list(object_id ORDER BY n) AS object_id, set_of(data_format) AS data_format,
  set_of(data_type) AS data_type, set_of(data_category) AS data_category,
  coalesce(list(dicom_header_file_guid ORDER BY n) FILTER (dicom_header_file_guid IS NOT NULL), [])
    AS dicom_header_file_guid,
  set_of(source_node) AS data_file_source_node,
  set_of(annotation_name) AS data_file_annotation_name,
  set_of(annotation_method) AS data_file_annotation_method,
  set_of(image_data_modified) AS data_file_image_data_modified,
  set_of(body_part) AS body_part_examined,
  count(*) FILTER (source_node = 'cr_series_file') AS cr, count(*) FILTER (source_node = 'ct_series_file') AS ct,
  count(*) FILTER (source_node = 'dx_series_file') AS dx, count(*) FILTER (source_node = 'mr_series_file') AS mr,
  count(*) FILTER (source_node = 'radiology_report') AS reports, count(*) AS files
FROM (SELECT f.*, s.body_part FROM file f LEFT JOIN series s ON s.n = f.series_n) GROUP BY study_n;
"""

_ANNOTATION_ITEM = """{'airspace_disease_grading': a.airspace_disease_grading,
    'class_covid19_pneumonia': a.class_covid19_pneumonia, 'annotation_name': a.annotation_name,
    'midrc_mRALE_score': a."midrc_mRALE_score", 'annotation_method': a.annotation_method,
    'annotator_id': a.annotator_id, 'instance_uids': a.instance_uids}"""

_MEASUREMENT = f"""
SELECT m.n, record_id('measurement', m.n) AS _measurement_id, p.auth_resource_path, p.project_id,
  p.submitter_id || '_measurement_' || m.n AS submitter_id, m.case_n,
  [p.submitter_id] AS case_ids,
  CASE WHEN draw('test day', m.n, 25) > 0 THEN draw('test day', m.n, 400) - 100 END AS test_days_from_index,
  ({texts(vocabulary.TEST_METHODS)})[1 + draw('method', m.n, 4)] AS test_method,
  CASE WHEN draw('test name', m.n, 30) > 0 THEN 'COVID-19' END AS test_name,
  ({texts(vocabulary.TEST_RESULTS)})[1 + least(draw('result', m.n, 5), draw('result', m.n, 4))] AS test_result_text,
  d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor
FROM core.measurements m JOIN patient p ON p.n = m.case_n JOIN dataset_lists d ON d.case_n = m.case_n
"""

_NESTED_OF_CASES = f"""
CREATE TABLE measurement AS {_MEASUREMENT};

CREATE TABLE case_measurements AS
SELECT case_n, list({{'test_days_from_index': test_days_from_index, 'test_method': test_method, 'test_name': test_name,
  'test_result_text': test_result_text}} ORDER BY n) AS measurements FROM measurement GROUP BY case_n;

CREATE TABLE case_annotations AS
SELECT case_n,
  list({{'annotation_method': annotation_method, 'annotator_id': annotator_id}} ORDER BY n) AS case_annotations,
  list({_ANNOTATION_ITEM} ORDER BY n) AS imaging_study_annotations FROM annotation a GROUP BY case_n;

CREATE TABLE case_studies AS
SELECT s.case_n, list({{'age_at_imaging': s.age_at_imaging, 'body_part_examined': f.body_part_examined,
    'days_from_study_to_neg_covid_test': s.days_from_study_to_neg_covid_test,
    'days_from_study_to_pos_covid_test': s.days_from_study_to_pos_covid_test, 'days_to_study': s.days_to_study,
    'image_data_modified': s.image_data_modified, 'loinc_code': s.loinc_code, 'loinc_contrast': s.loinc_contrast,
    'loinc_long_common_name': s.loinc_long_common_name, 'loinc_method': s.loinc_method,
    'loinc_system': s.loinc_system, 'study_description': s.study_description, 'study_modality': s.study_modality,
    'study_year': s.study_year, 'study_uid': s.study_uid}} ORDER BY s.n) AS imaging_studies,
  count(*) AS studies, sum(f.cr)::BIGINT AS cr, sum(f.ct)::BIGINT AS ct, sum(f.dx)::BIGINT AS dx,
    sum(f.mr)::BIGINT AS mr,
  sum(f.reports)::BIGINT AS reports, sum(f.files)::BIGINT AS files,
  coalesce(flatten(list(f.object_id ORDER BY s.n) FILTER (f.object_id IS NOT NULL)), []) AS object_id,
  list_sort(list_distinct(flatten(list(f.data_format)))) AS data_format,
  list_sort(list_distinct(flatten(list(f.data_type)))) AS data_type,
  list_sort(list_distinct(flatten(list(f.data_category)))) AS data_category,
  list_sort(list_distinct(flatten(list(f.data_file_image_data_modified)))) AS data_file_image_data_modified
FROM study s LEFT JOIN file_sets f ON f.study_n = s.n GROUP BY s.case_n;
"""

PREPARATION = (_PARTS, _CASE_GROUPS, _FILES, _NESTED_OF_CASES)

CASE = """
SELECT p._case_id, p.auth_resource_path, p.project_id, p.submitter_id, p.sex, p.race, p.age_at_index, p.index_event,
  p.zip, p.covid19_positive, p.ethnicity, coalesce(s.studies, 0) AS _imaging_studies_count,
  coalesce(s.ct, 0) AS _ct_series_file_count, coalesce(s.cr, 0) AS _cr_series_file_count,
  coalesce(s.dx, 0) AS _dx_series_file_count, coalesce(s.mr, 0) AS _mr_series_file_count,
  coalesce(s.reports, 0) AS _radiology_report_count,
  d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor,
  coalesce(a.case_annotations, []) AS case_annotations,
  coalesce(a.imaging_study_annotations, []) AS imaging_study_annotations,
  coalesce(m.measurements, []) AS measurements,
  list_transform(range(CASE WHEN draw('medications', p.n, 9) = 0 THEN 1 + draw('medications', p.n, 3) ELSE 0 END),
    lambda i: {'days_to_medication_end': NULL::BIGINT, 'days_to_medication_start': draw('start', p.n + i, 300),
      'dose_sequence_number': i + 1, 'medication_code': (medication(p.n + i)).code,
      'medication_code_system': (medication(p.n + i)).system,
      'medication_manufacturer': (medication(p.n + i)).manufacturer,
      'medication_name': (medication(p.n + i)).name, 'medication_type': (medication(p.n + i)).kind})
    AS medications,
  list_transform(range(CASE WHEN draw('conditions', p.n, 3) = 0 THEN 1 + draw('conditions', p.n, 4) ELSE 0 END),
    lambda i: {'condition_code': (condition(p.n + i)).code,
      'condition_code_system': (condition(p.n + i)).system, 'condition_name': (condition(p.n + i)).name,
      'days_to_condition_end': NULL::BIGINT, 'days_to_condition_start': draw('onset', p.n + i, 2000) - 1500})
    AS conditions,
  CASE WHEN draw('procedures', p.n, 20) = 0 THEN [{'breathing_support_type': (procedure(p.n)).kind,
    'days_to_procedure_end': draw('end', p.n, 40), 'days_to_procedure_start': draw('end', p.n, 40) - 9,
    'procedure_name': (procedure(p.n)).name}] END AS procedures,
  s.imaging_studies, s.object_id, s.data_format, s.data_type, s.data_category, s.data_file_image_data_modified,
  []::VARCHAR[] AS data_file_image_data_modification_name, NULL::VARCHAR[] AS data_file_image_data_modification_method,
  coalesce(s.files, 0) AS data_file_count
FROM patient p JOIN dataset_lists d ON d.case_n = p.n LEFT JOIN case_studies s ON s.case_n = p.n
LEFT JOIN case_annotations a ON a.case_n = p.n LEFT JOIN case_measurements m ON m.case_n = p.n
"""

IMAGING_STUDY = f"""
SELECT s.* EXCLUDE (n, case_n, first_modality, in_hub, dataset_n), [p.submitter_id] AS case_ids, f.body_part_examined,
  coalesce(f.cr, 0) AS _cr_series_file_count, coalesce(f.ct, 0) AS _ct_series_file_count,
  coalesce(f.dx, 0) AS _dx_series_file_count, coalesce(f.mr, 0) AS _mr_series_file_count,
  coalesce(f.reports, 0) AS _radiology_report_count, parent(p.sex) AS sex, parent(p.race) AS race,
  parent(p.age_at_index) AS age_at_index, parent(p.index_event) AS index_event, parent(p.zip) AS zip,
  parent(p.covid19_positive) AS covid19_positive, parent(p.ethnicity) AS ethnicity,
  -- A study may have come later than its case, with a dataset of its own.
  CASE WHEN t.n IS NULL THEN d.dataset_submitter_id ELSE [t.submitter_id] END AS dataset_submitter_id,
  CASE WHEN t.n IS NULL THEN d.license ELSE one(t.license) END AS license,
  CASE WHEN t.n IS NULL THEN d.data_url_doi ELSE one(t.data_url_doi) END AS data_url_doi,
  CASE WHEN t.n IS NULL THEN d.data_contributor ELSE one(t.data_contributor) END AS data_contributor,
  coalesce(a.items, []) AS imaging_study_annotations,
  f.object_id, f.data_format, f.data_type, f.data_category, f.dicom_header_file_guid, f.data_file_source_node,
  f.data_file_annotation_name, f.data_file_annotation_method, f.data_file_image_data_modified,
  []::VARCHAR[] AS data_file_image_data_modification_name, NULL::VARCHAR[] AS data_file_image_data_modification_method
FROM study s JOIN patient p ON p.n = s.case_n JOIN dataset_lists d ON d.case_n = s.case_n
LEFT JOIN dataset t ON t.n = s.dataset_n
LEFT JOIN file_sets f ON f.study_n = s.n
LEFT JOIN (SELECT study_n, list({_ANNOTATION_ITEM} ORDER BY n) AS items FROM annotation a GROUP BY study_n) a
  ON a.study_n = s.n
"""

ANNOTATION = "SELECT a.*, [p.submitter_id] AS case_ids FROM annotation a JOIN patient p ON p.n = a.case_n"
MEASUREMENT = "SELECT * FROM measurement"

RADIOLOGY_REPORT = """
SELECT r._radiology_report_id, s.auth_resource_path, s.project_id, r.submitter_id, f.size AS file_size,
  r.submitter_id || '.txt' AS file_name, 'Radiology Report' AS data_type, s.first_modality AS modality, f.object_id,
  b.body_part_examined, CASE draw('generation', r.n, 3) WHEN 0 THEN 'Synthetic' WHEN 1 THEN 'Clinical' END
    AS report_generation_method,
  CASE draw('redaction', r.n, 3) WHEN 0 THEN 'Redacted' WHEN 1 THEN 'Synthetic replacement' END
    AS report_modification_method,
  s.study_description, [s.submitter_id] AS imaging_study_submitter_id, parent(s.age_at_imaging) AS age_at_imaging,
  b.body_part_examined AS imaging_study_body_part_examined, s.days_from_study_to_neg_covid_test,
  s.days_from_study_to_pos_covid_test, parent(s.days_to_study) AS days_to_study,
  parent(s.image_data_modified) AS image_data_modified, parent(s.loinc_code) AS loinc_code,
  parent(s.loinc_contrast) AS loinc_contrast, parent(s.loinc_long_common_name) AS loinc_long_common_name,
  parent(s.loinc_method) AS loinc_method, parent(s.loinc_system) AS loinc_system,
  parent(s.study_description) AS imaging_study_description, s.study_modality,
  [p.submitter_id] AS case_submitter_id, parent(p.sex) AS sex, parent(p.race) AS race,
  parent(p.age_at_index) AS age_at_index, parent(p.index_event) AS index_event, parent(p.zip) AS zip,
  parent(p.covid19_positive) AS covid19_positive, parent(p.ethnicity) AS ethnicity,
  d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor
FROM report r JOIN study s ON s.n = r.study_n JOIN patient p ON p.n = s.case_n
JOIN dataset_lists d ON d.case_n = s.case_n JOIN file f ON f.report_n = r.n
LEFT JOIN file_sets b ON b.study_n = r.study_n
"""

DATA_FILE = f"""
SELECT f._data_file_id, p.auth_resource_path, f.source_node, p.project_id,
  coalesce(s.submitter_id, p.submitter_id) || '_file_' || f.n AS submitter_id, f.series_uid, g.case_ids, f.object_id,
  md5('content' || f.n) AS md5sum,
  CASE WHEN draw('file name', f.n, 997) = 0 THEN t.value
    ELSE coalesce(f.series_uid, 'file-' || f.n) || '.' || lower(f.data_format) END AS file_name,
  f.size AS file_size, f.data_format, f.data_type, f.data_category, f.dicom_header_file_guid, f.annotation_method,
  f.annotation_name, f.annotator_id, f.instance_uids, NULL AS software_versions,
  CASE WHEN f.modality = 'CT' THEN (['SPIRAL', 'SEQUENCED', 'CONSTANT_ANGLE'])[1 + draw('acquisition', f.n, 3)] END
    AS acquisition_type,
  CASE WHEN f.modality = 'MR' THEN ['N'] END AS angio_flag,
  CASE WHEN f.modality IN ('CT', 'MR') AND draw('contrast', f.n, 2) = 0
    THEN [({texts(vocabulary.CONTRAST_AGENTS)})[1 + draw('agent', f.n, 4)]] END AS contrast_bolus_agent,
  CASE WHEN f.modality = 'CT' THEN [({texts(vocabulary.KERNELS)})[1 + draw('kernel', f.n,
    5)]] END AS convolution_kernel,
  CASE WHEN f.modality = 'DX' THEN (['DIRECT', 'SCINTILLATOR', 'STORAGE'])[1 + draw('detector', f.n, 3)] END
    AS detector_type,
  CASE WHEN f.modality = 'MR' AND draw('b value', f.n, 3) = 0 THEN [0, 1000] END AS diffusion_b_value,
  NULL AS diffusion_gradient_orientation, CASE WHEN f.modality = 'MR' THEN [1] END AS echo_number,
  CASE WHEN f.modality = 'MR' THEN [draw('echo', f.n, 900) / 10.0] END AS echo_time,
  CASE WHEN f.modality = 'MR' THEN [1 + draw('train', f.n, 30)] END AS echo_train_length,
  NULL AS exposure_modulation_type, f.image_data_modified,
  CASE WHEN f.image_data_modified = 'true' THEN 'Removal of alphanumeric characters' END
    AS image_data_modification_method,
  CASE WHEN f.image_data_modified = 'true' THEN draw('modification', f.n, 4) END AS image_data_modification_name,
  CASE WHEN f.series_n IS NOT NULL THEN ['ORIGINAL', 'PRIMARY', 'AXIAL'] END AS image_type,
  CASE WHEN f.modality = 'MR' THEN ['1H'] END AS imaged_nucleus,
  CASE WHEN f.modality IN ('CR', 'DX') THEN [0.139, 0.139] END AS imager_pixel_spacing,
  CASE WHEN f.series_n IS NOT NULL THEN '00' END AS lossy_image_compression,
  CASE WHEN f.series_n IS NOT NULL THEN (device(f.n)).manufacturer END AS manufacturer,
  CASE WHEN f.series_n IS NOT NULL THEN (device(f.n)).model END AS manufacturer_model_name, f.modality,
  CASE WHEN f.modality = 'CT' THEN 30 + draw('slices', f.n, 600) WHEN f.series_n IS NOT NULL THEN 1 END
    AS number_of_instances,
  NULL AS number_of_temporal_positions,
  CASE WHEN f.modality IN ('CT', 'MR') THEN (['HFS', 'FFS', 'FFP'])[1 + draw('position', f.n,
    3)] END AS patient_position,
  CASE WHEN f.modality IN ('CT', 'MR') THEN [0.703125, 0.703125] END AS pixel_spacing, NULL AS radiopharmaceutical,
  CASE WHEN f.modality = 'MR' THEN [draw('repetition', f.n, 5000)] END AS repetition_time,
  CASE WHEN f.modality = 'CT' THEN ['HELICAL MODE'] END AS scan_options,
  CASE WHEN f.modality = 'MR' THEN ['SK', 'SP'] END AS sequence_variant,
  CASE WHEN f.series_n IS NOT NULL AND draw('series text', f.n, 11) > 0 THEN
    ({texts(vocabulary.SERIES_DESCRIPTIONS)})[1 + draw('series text', f.n, 9)] END AS series_description,
  CASE WHEN f.modality = 'CT' THEN [1 + draw('thickness', f.n, 9) / 2.0] END AS slice_thickness,
  NULL AS software_version, NULL AS spacing_between_slices,
  CASE WHEN f.modality IN ('CR', 'DX') AND draw('resolution', f.n, 4) = 0 THEN draw('resolution', f.n, 100) / 200.0 END
    AS spatial_resolution, NULL AS transducer_type,
  CASE WHEN f.modality IN ('CR', 'DX') THEN [(['AP', 'PA', 'LL'])[1 + draw('view', f.n, 3)]] END AS view_position,
  d._dataset_id, d.dataset_submitter_id, d.license, d.data_url_doi, d.data_contributor,
  one(f._annotation_id) AS _annotation_id, g._case_id, g.age_at_index, g.covid19_positive, g.ethnicity, g.index_event,
  g.race, g.sex, g.zip, one(s._imaging_study_id) AS _imaging_study_id, one(s.age_at_imaging) AS age_at_imaging,
  coalesce(b.body_part_examined, []) AS body_part_examined, s.days_from_study_to_neg_covid_test,
  s.days_from_study_to_pos_covid_test, one(s.days_to_study) AS days_to_study,
  one(s.study_description) AS study_description, coalesce(s.study_modality, []) AS study_modality,
  one(s.study_year) AS study_year, one(s.study_year_shifted) AS study_year_shifted, one(s.study_uid) AS study_uid,
  one(s.loinc_code) AS loinc_code, one(s.loinc_contrast) AS loinc_contrast,
  one(s.loinc_long_common_name) AS loinc_long_common_name, one(s.loinc_method) AS loinc_method,
  one(s.loinc_system) AS loinc_system
FROM file f JOIN case_group g ON g.key = f.case_key JOIN patient p ON p.n = g.first_case
JOIN dataset_lists d ON d.case_n = g.first_case LEFT JOIN study s ON s.n = f.study_n
LEFT JOIN file_sets b ON b.study_n = f.study_n
LEFT JOIN core.dirty_texts t ON t.n = f.n % (SELECT count(*) FROM core.dirty_texts)
"""

RELATIONS = {
    "case": CASE,
    "imaging_study": IMAGING_STUDY,
    "data_file": DATA_FILE,
    "measurement": MEASUREMENT,
    "annotation": ANNOTATION,
    "radiology_report": RADIOLOGY_REPORT,
}
