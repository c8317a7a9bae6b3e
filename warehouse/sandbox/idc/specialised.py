"""IDC's specialised indices that a wheel lacks, synthetic but consistent with the real series of the release.

What belongs here: one relation for each index over the release's `idc_index`, written with the columns, types and order
that the release's `_schema.json` names (without one, those of the relation). Rows are about real series: a segmentation
refers to an image series of the same study or patient, a CT row to a CT series. The values in them are invented, and
the footer of every file has the key `synthetic` with the value `true`. A column of a schema that no relation has is
null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from warehouse.sql_text import literal

_TYPES = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "INT64": "BIGINT",
    "FLOAT": "DOUBLE",
    "FLOAT64": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
}
_IMAGES = "('CT', 'MR', 'PT', 'CR', 'DX', 'MG', 'US', 'XA', 'NM', 'RF')"

# For each series of a derived kind an image series to refer to: of the same study if there is one, else of the patient.
_REFERENCES = f"""
CREATE TABLE image AS SELECT collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID, Modality FROM idc_index
  WHERE Modality IN {_IMAGES} OR Modality = 'SM';
CREATE TABLE study_image AS SELECT StudyInstanceUID, (Modality = 'SM') AS is_slide,
    list(SeriesInstanceUID ORDER BY SeriesInstanceUID) AS images FROM image GROUP BY ALL;
CREATE TABLE patient_image AS SELECT collection_id, PatientID, (Modality = 'SM') AS is_slide,
    list(SeriesInstanceUID ORDER BY SeriesInstanceUID) AS images FROM image GROUP BY ALL;
CREATE TABLE derived AS
SELECT s.SeriesInstanceUID, s.Modality, s.analysis_result_id,
  pick(coalesce(t.images, p.images, t2.images, p2.images), s.SeriesInstanceUID) AS referenced
FROM idc_index s
LEFT JOIN study_image t ON t.StudyInstanceUID = s.StudyInstanceUID AND t.is_slide = (s.Modality = 'ANN')
LEFT JOIN patient_image p
  ON p.collection_id = s.collection_id AND p.PatientID = s.PatientID AND p.is_slide = (s.Modality = 'ANN')
LEFT JOIN study_image t2 ON t2.StudyInstanceUID = s.StudyInstanceUID AND t2.is_slide = (s.Modality <> 'ANN')
LEFT JOIN patient_image p2
  ON p2.collection_id = s.collection_id AND p2.PatientID = s.PatientID AND p2.is_slide = (s.Modality <> 'ANN')
WHERE s.Modality IN ('SEG', 'ANN', 'RTSTRUCT');
"""

_STAINING = """['Embedding medium'] AS embeddingMedium_CodeMeaning,
  ['SCT:311731000'] AS embeddingMedium_code_designator_value_str,
  ['Formalin'] AS tissueFixative_CodeMeaning, ['SCT:431510009'] AS tissueFixative_code_designator_value_str,
  ['hematoxylin stain', 'water soluble eosin stain'] AS staining_usingSubstance_CodeMeaning,
  ['SCT:12710003', 'SCT:36879007'] AS staining_usingSubstance_code_designator_value_str"""

_PLANE = """0.5 + draw(SeriesInstanceUID, 'spacing', 50) / 100.0 AS PixelSpacing_row_mm,
  0.5 + draw(SeriesInstanceUID, 'spacing', 50) / 100.0 AS PixelSpacing_col_mm, 512 AS Rows, 512 AS "Columns",
  CASE WHEN draw(SeriesInstanceUID, 'thick', 20) > 0 THEN 1 + draw(SeriesInstanceUID, 'thick', 9) / 2.0 END
    AS SliceThickness"""

RELATIONS = {
    "seg_index": """SELECT SeriesInstanceUID, 'BINARY' AS SegmentationType,
        1 + draw(SeriesInstanceUID, 'segments', 90) AS total_segments,
        CASE WHEN analysis_result_id IS NULL THEN 'SEMIAUTOMATIC' ELSE 'AUTOMATIC' END AS AlgorithmType,
        CASE WHEN analysis_result_id IS NOT NULL THEN analysis_result_id || ' algorithm' END AS AlgorithmName,
        referenced AS segmented_SeriesInstanceUID,
        ['Anatomical Structure'] AS SegmentedPropertyCategory_CodeMeanings,
        [(['Lung', 'Liver', 'Neoplasm', 'Kidney'])[1 + draw(SeriesInstanceUID, 'property', 4)]]
          AS SegmentedPropertyType_CodeMeanings, []::VARCHAR[] AS AnatomicRegion_CodeMeanings
      FROM derived WHERE Modality = 'SEG'""",
    "ann_index": """SELECT SeriesInstanceUID, (['2D', '3D'])[1 + draw(SeriesInstanceUID, 'space', 2)]
        AS AnnotationCoordinateType, referenced AS referenced_SeriesInstanceUID FROM derived WHERE Modality = 'ANN'""",
    "ann_group_index": """SELECT SeriesInstanceUID, number AS AnnotationGroupNumber,
        '2.25.' || md5_number_lower(SeriesInstanceUID || number) AS AnnotationGroupUID,
        'Group ' || number AS AnnotationGroupLabel,
        (['AUTOMATIC', 'MANUAL'])[1 + draw(SeriesInstanceUID, 'generation', 2)] AS AnnotationGroupGenerationType,
        1 + draw(SeriesInstanceUID, 'annotations' || number, 2000000) AS NumberOfAnnotations,
        (['POLYGON', 'POINT', 'RECTANGLE'])[1 + draw(SeriesInstanceUID, 'graphic', 3)] AS GraphicType,
        'SCT:91723000' AS AnnotationPropertyCategory_code,
        'Anatomical Structure' AS AnnotationPropertyCategory_CodeMeaning,
        'SCT:84640000' AS AnnotationPropertyType_code, 'Nucleus' AS AnnotationPropertyType_CodeMeaning,
        'Synthetic algorithm' AS AlgorithmName
      FROM (SELECT SeriesInstanceUID, unnest(range(1, 2 + draw(SeriesInstanceUID, 'groups', 3))) AS number
            FROM derived WHERE Modality = 'ANN')""",
    "rtstruct_index": """SELECT SeriesInstanceUID, 2 AS total_rois, ['GTV-1', 'BODY'] AS ROINames,
        ['MANUAL', 'AUTOMATIC'] AS ROIGenerationAlgorithms, ['GTV', 'EXTERNAL'] AS RTROIInterpretedTypes,
        referenced AS referenced_SeriesInstanceUID FROM derived WHERE Modality = 'RTSTRUCT'""",
    "sm_index": f"""SELECT SeriesInstanceUID, PatientID || '-slide-' || draw(SeriesInstanceUID, 'slide', 40)
        AS ContainerIdentifier, {_STAINING},
        (1 + draw(SeriesInstanceUID, 'spacing', 4)) * 0.00025 AS min_PixelSpacing_2sf,
        20000 + draw(SeriesInstanceUID, 'width', 100000) AS max_TotalPixelMatrixColumns,
        20000 + draw(SeriesInstanceUID, 'height', 80000) AS max_TotalPixelMatrixRows,
        20 * (1 + draw(SeriesInstanceUID, 'lens', 2)) AS ObjectiveLensPower,
        'SCT:39607008' AS primaryAnatomicStructure_code_designator_value_str,
        'Lung' AS primaryAnatomicStructure_CodeMeaning,
        'SCT:86049000' AS primaryAnatomicStructureModifier_code_designator_value_str,
        'Neoplasm, Primary' AS primaryAnatomicStructureModifier_CodeMeaning,
        'DCM:111744' AS illuminationType_code_designator_value_str,
        'Brightfield illumination' AS illuminationType_CodeMeaning,
        'SCT:254637007' AS admittingDiagnosis_code_designator_value_str,
        'Non-small cell lung cancer' AS admittingDiagnosis_CodeMeaning
      FROM idc_index WHERE Modality = 'SM'""",
    "sm_instance_index": f"""SELECT '2.25.' || md5_number_upper(SeriesInstanceUID || number)
          || md5_number_lower(SeriesInstanceUID || number) AS SOPInstanceUID, SeriesInstanceUID, {_STAINING},
        0.00025 * 2 ** number AS PixelSpacing_0, ['DERIVED', 'PRIMARY', 'VOLUME', 'RESAMPLED'] AS ImageType,
        '1.2.840.10008.1.2.4.50' AS TransferSyntaxUID, greatest(1000, size // 2 ** number)::BIGINT AS instance_size,
        (80000 // 2 ** number)::BIGINT AS TotalPixelMatrixColumns,
        (60000 // 2 ** number)::BIGINT AS TotalPixelMatrixRows,
        md5(SeriesInstanceUID || number)::UUID::VARCHAR AS crdc_instance_uuid
      FROM (SELECT SeriesInstanceUID, (series_size_MB * 1000000)::BIGINT AS size,
              unnest(range(1, 1 + instanceCount::BIGINT)) AS number FROM idc_index WHERE Modality = 'SM')""",
    "contrast_index": """SELECT SeriesInstanceUID,
        [(['OMNIPAQUE 350', 'GADAVIST', 'Visipaque', 'Y'])[1 + draw(SeriesInstanceUID, 'agent', 4)]]
          AS ContrastBolusAgent,
        CASE WHEN draw(SeriesInstanceUID, 'ingredient', 3) = 0 THEN ['IODINE'] ELSE [] END AS ContrastBolusIngredient,
        CASE WHEN draw(SeriesInstanceUID, 'route', 2) = 0 THEN ['IV'] ELSE [] END AS ContrastBolusRoute
      FROM idc_index WHERE Modality IN ('CT', 'MR', 'PT', 'XA', 'RF') AND draw(SeriesInstanceUID, 'contrast', 3) = 0""",
    "ct_index": f"""SELECT SeriesInstanceUID, ['ORIGINAL', 'PRIMARY', 'AXIAL'] AS ImageType, {_PLANE},
        (ARRAY[100.0, 120.0, 140.0])[1 + draw(SeriesInstanceUID, 'kvp', 3)] AS KVP, ['HELICAL MODE'] AS ScanOptions,
        [(['B30f', 'STANDARD', 'LUNG'])[1 + draw(SeriesInstanceUID, 'kernel', 3)]] AS ConvolutionKernel,
        0.0 AS GantryDetectorTilt, 100.0 + draw(SeriesInstanceUID, 'current', 200) AS XRayTubeCurrent_min,
        300.0 + draw(SeriesInstanceUID, 'current', 200) AS XRayTubeCurrent_max, 'BODY FILTER' AS FilterType,
        50.0 AS Exposure_min, 250.0 AS Exposure_max, 500.0 AS ExposureTime_min, 900.0 AS ExposureTime_max,
        500.0 AS DataCollectionDiameter, 360.0 AS ReconstructionDiameter, 0.984 AS SpiralPitchFactor
      FROM idc_index WHERE Modality = 'CT'""",
    "mr_index": f"""SELECT SeriesInstanceUID, (ARRAY[1.5, 3.0])[1 + draw(SeriesInstanceUID, 'field', 2)]
        AS MagneticFieldStrength, ['SE'] AS ScanningSequence, ['SK', 'SP'] AS SequenceVariant,
        (['2D', '3D'])[1 + draw(SeriesInstanceUID, 'acquisition', 2)] AS MRAcquisitionType,
        [draw(SeriesInstanceUID, 'echo', 900) / 10.0] AS EchoTime,
        draw(SeriesInstanceUID, 'repetition', 9000)::DOUBLE AS RepetitionTime, 1 AS EchoTrainLength, 90.0 AS FlipAngle,
        130.0 AS PixelBandwidth, 63.87 AS ImagingFrequency, '1H' AS ImagedNucleus, {_PLANE},
        CASE WHEN draw(SeriesInstanceUID, 'inversion', 5) = 0 THEN 900.0 END AS InversionTime,
        'HEAD' AS ReceiveCoilName,
        '*se2d1' AS SequenceName, []::DOUBLE[] AS DiffusionBValue, NULL::BIGINT AS NumberOfTemporalPositions
      FROM idc_index WHERE Modality = 'MR'""",
    "pt_index": f"""SELECT SeriesInstanceUID, 'WHOLE BODY' AS SeriesType, 'BQML' AS Units, 'START' AS DecayCorrection,
        ['NORM', 'DTIM', 'ATTN'] AS CorrectedImage, 'DLYD' AS RandomsCorrectionMethod, 'OSEM' AS ReconstructionMethod,
        [120000.0] AS ActualFrameDuration, 'Model' AS ScatterCorrectionMethod, 'CT' AS AttenuationCorrectionMethod,
        'F^18^' AS RadionuclideCodeMeaning, 370000000.0 AS RadionuclideTotalDose,
        '081530' AS RadiopharmaceuticalStartTime,
        'FDG' AS Radiopharmaceutical, {_PLANE}, greatest(instanceCount, 1)::BIGINT AS NumberOfSlices,
        NULL::BIGINT AS NumberOfTimeSlices
      FROM idc_index WHERE Modality = 'PT'""",
    "volume_geometry_index": """SELECT SeriesInstanceUID, true AS single_orientation, true AS orthogonal_orientation,
        draw(SeriesInstanceUID, 'unique', 20) > 0 AS unique_slice_positions, true AS consistent_in_plane_row,
        true AS consistent_in_plane_col, true AS consistent_pixel_spacing, true AS consistent_image_dimensions,
        draw(SeriesInstanceUID, 'uniform', 5) > 0 AS uniform_slice_spacing, 0.0 AS obliquity_degrees,
        draw(SeriesInstanceUID, 'unique', 20) > 0 AND draw(SeriesInstanceUID, 'uniform', 5) > 0
          AS regularly_spaced_3d_volume,
        [-250.0, -250.0, draw(SeriesInstanceUID, 'origin', 900)::DOUBLE] AS origin_patient,
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0] AS ImageOrientationPatient, 2.5 AS slice_spacing_mm
      FROM idc_index WHERE Modality IN ('CT', 'MR', 'PT') AND instanceCount > 1""",
    "clinical_index": """SELECT collection_id,
        'bigquery-public-data.idc_current_clinical.' || collection_id || '_clinical' AS table_name,
        collection_id || '_clinical' AS short_table_name, field AS "column", label AS column_label,
        CASE WHEN field = 'gender' THEN [{'option_code': 'F', 'option_description': 'Female'},
          {'option_code': 'M', 'option_description': 'Male'}] ELSE [] END AS "values"
      FROM (SELECT DISTINCT collection_id FROM idc_index), (VALUES
        ('dicom_patient_id', 'idc_provenance_dicom_patient_id'),
        ('gender', 'Gender'), ('age_at_diagnosis', 'Age at diagnosis (years)'), ('vital_status', 'Vital status'))
        columns(field, label)
      WHERE draw(collection_id, 'clinical', 5) > 0""",
    "gdc_idc_mapping": """SELECT min(collection_id) AS collection_id, min(PatientID) AS PatientID, StudyInstanceUID,
        min(StudyDate)::VARCHAR AS StudyDate, min(StudyDescription) AS StudyDescription,
        CASE WHEN bool_or(Modality = 'SM') THEN 'M' ELSE 'R' END AS study_type,
        md5(min(PatientID))::UUID::VARCHAR AS gdc_case_id
      FROM idc_index WHERE collection_id LIKE 'tcga%' OR collection_id LIKE 'cptac%' GROUP BY StudyInstanceUID""",
    "tcia_idc_subset": """SELECT collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID, series_size_MB,
        series_aws_url FROM idc_index""",
}


def synthesise_indices(idc_index: Path, schemas: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Write every specialised index of a release into `folder` and return the files to serve by name.

    `schemas` maps table names to the release's `_schema.json`; a file has the columns of its schema, or those of
    its relation if the release has no schema for it. Files that are in `folder` already are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = {name: folder / f"{name}.parquet" for name in RELATIONS}
    missing = {name: path for name, path in missing.items() if not path.exists()}
    if missing:
        with duckdb.connect(
            str(folder / "synthesis.duckdb"), config={"memory_limit": "2GB", "threads": 2}
        ) as connection:
            _prepare(connection, idc_index)
            for name, path in missing.items():
                temporary = path.with_suffix(".tmp")
                _write(connection, RELATIONS[name], schemas.get(name), temporary)
                temporary.replace(path)
        (folder / "synthesis.duckdb").unlink()
    return {f"{name}.parquet": folder / f"{name}.parquet" for name in RELATIONS}


def release_files(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Return the files of a release to serve: those of its wheel, given by name, and its specialised indices."""
    schemas = {name.removesuffix("_schema.json"): path for name, path in files.items() if name.endswith("_schema.json")}
    return {**synthesise_indices(files["idc_index.parquet"], schemas, folder), **files}


def _prepare(connection: duckdb.DuckDBPyConnection, idc_index: Path) -> None:
    connection.execute("SET enable_progress_bar = false")
    connection.execute("CREATE MACRO draw(uid, kind, k) AS (md5_number_lower(kind || uid) % k)::BIGINT")
    connection.execute("CREATE MACRO pick(items, uid) AS items[1 + draw(uid, 'pick', len(items))]")
    connection.execute(f"CREATE VIEW idc_index AS SELECT * FROM read_parquet({literal(str(idc_index))})")
    connection.execute(_REFERENCES)


def _write(connection: duckdb.DuckDBPyConnection, relation: str, schema: Path | None, path: Path) -> None:
    known = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {relation}").fetchall()}
    types = _schema_types(schema) if schema is not None else known
    columns = []
    for name, sql_type in types.items():
        source = f'"{name}"' if name in known else "NULL"
        kind = known[name] if sql_type is None and name in known else sql_type or "VARCHAR"
        columns.append(f'CAST({source} AS {kind}) AS "{name}"')
    order = "1, 2" if len(columns) > 1 else "1"
    if {"table_name", "column"} <= set(types):
        order = 'table_name, "column"'
    connection.execute(
        f"COPY (SELECT {', '.join(columns)} FROM ({relation}) ORDER BY {order}) TO {literal(str(path))} "
        "(FORMAT parquet, COMPRESSION zstd, KV_METADATA {synthetic: 'true'})"
    )


def _schema_types(schema: Path) -> dict[str, str | None]:
    """Return the columns of a `_schema.json` with their SQL types; None for records, which keep the relation's type."""
    columns: list[dict[str, Any]] = json.loads(schema.read_text(encoding="utf-8"))["columns"]
    types: dict[str, str | None] = {}
    for column in columns:
        sql_type = _TYPES.get(str(column["type"]).upper())
        repeated = column.get("mode") == "REPEATED"
        types[column["name"]] = f"{sql_type}[]" if sql_type and repeated else sql_type
    return types
