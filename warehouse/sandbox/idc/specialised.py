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
    "STRING": "varchar",
    "INTEGER": "bigint",
    "INT64": "bigint",
    "FLOAT": "double",
    "FLOAT64": "double",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
}
_IMAGES = "('CT', 'MR', 'PT', 'CR', 'DX', 'MG', 'US', 'XA', 'NM', 'RF')"

# For each series of a derived kind an image series to refer to: of the same study if there is one, else of the patient.
_REFERENCES = f"""
create table image as select collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID, Modality from idc_index
  where Modality in {_IMAGES} or Modality = 'SM';
create table study_image as select StudyInstanceUID, (Modality = 'SM') as is_slide,
    list(SeriesInstanceUID order by SeriesInstanceUID) as images from image group by all;
create table patient_image as select collection_id, PatientID, (Modality = 'SM') as is_slide,
    list(SeriesInstanceUID order by SeriesInstanceUID) as images from image group by all;
create table derived as
select s.SeriesInstanceUID, s.Modality, s.analysis_result_id,
  pick(coalesce(t.images, p.images, t2.images, p2.images), s.SeriesInstanceUID) as referenced
from idc_index s
left join study_image t on t.StudyInstanceUID = s.StudyInstanceUID and t.is_slide = (s.Modality = 'ANN')
left join patient_image p
  on p.collection_id = s.collection_id and p.PatientID = s.PatientID and p.is_slide = (s.Modality = 'ANN')
left join study_image t2 on t2.StudyInstanceUID = s.StudyInstanceUID and t2.is_slide = (s.Modality <> 'ANN')
left join patient_image p2
  on p2.collection_id = s.collection_id and p2.PatientID = s.PatientID and p2.is_slide = (s.Modality <> 'ANN')
where s.Modality in ('SEG', 'ANN', 'RTSTRUCT');
"""

_STAINING = """['Embedding medium'] as embeddingMedium_CodeMeaning,
  ['SCT:311731000'] as embeddingMedium_code_designator_value_str,
  ['Formalin'] as tissueFixative_CodeMeaning, ['SCT:431510009'] as tissueFixative_code_designator_value_str,
  ['hematoxylin stain', 'water soluble eosin stain'] as staining_usingSubstance_CodeMeaning,
  ['SCT:12710003', 'SCT:36879007'] as staining_usingSubstance_code_designator_value_str"""

_PLANE = """0.5 + draw(SeriesInstanceUID, 'spacing', 50) / 100.0 as PixelSpacing_row_mm,
  0.5 + draw(SeriesInstanceUID, 'spacing', 50) / 100.0 as PixelSpacing_col_mm, 512 as Rows, 512 as "Columns",
  case when draw(SeriesInstanceUID, 'thick', 20) > 0 then 1 + draw(SeriesInstanceUID, 'thick', 9) / 2.0 end
    as SliceThickness"""

RELATIONS = {
    "seg_index": """select SeriesInstanceUID, 'BINARY' as SegmentationType,
        1 + draw(SeriesInstanceUID, 'segments', 90) as total_segments,
        case when analysis_result_id is null then 'SEMIAUTOMATIC' else 'AUTOMATIC' end as AlgorithmType,
        case when analysis_result_id is not null then analysis_result_id || ' algorithm' end as AlgorithmName,
        referenced as segmented_SeriesInstanceUID,
        ['Anatomical Structure'] as SegmentedPropertyCategory_CodeMeanings,
        [(['Lung', 'Liver', 'Neoplasm', 'Kidney'])[1 + draw(SeriesInstanceUID, 'property', 4)]]
          as SegmentedPropertyType_CodeMeanings, []::varchar[] as AnatomicRegion_CodeMeanings
      from derived where Modality = 'SEG'""",
    "ann_index": """select SeriesInstanceUID, (['2D', '3D'])[1 + draw(SeriesInstanceUID, 'space', 2)]
        as AnnotationCoordinateType, referenced as referenced_SeriesInstanceUID from derived where Modality = 'ANN'""",
    "ann_group_index": """select SeriesInstanceUID, number as AnnotationGroupNumber,
        '2.25.' || md5_number_lower(SeriesInstanceUID || number) as AnnotationGroupUID,
        'Group ' || number as AnnotationGroupLabel,
        (['AUTOMATIC', 'MANUAL'])[1 + draw(SeriesInstanceUID, 'generation', 2)] as AnnotationGroupGenerationType,
        1 + draw(SeriesInstanceUID, 'annotations' || number, 2000000) as NumberOfAnnotations,
        (['POLYGON', 'POINT', 'RECTANGLE'])[1 + draw(SeriesInstanceUID, 'graphic', 3)] as GraphicType,
        'SCT:91723000' as AnnotationPropertyCategory_code,
        'Anatomical Structure' as AnnotationPropertyCategory_CodeMeaning,
        'SCT:84640000' as AnnotationPropertyType_code, 'Nucleus' as AnnotationPropertyType_CodeMeaning,
        'Synthetic algorithm' as AlgorithmName
      from (select SeriesInstanceUID, unnest(range(1, 2 + draw(SeriesInstanceUID, 'groups', 3))) as number
            from derived where Modality = 'ANN')""",
    "rtstruct_index": """select SeriesInstanceUID, 2 as total_rois, ['GTV-1', 'BODY'] as ROINames,
        ['MANUAL', 'AUTOMATIC'] as ROIGenerationAlgorithms, ['GTV', 'EXTERNAL'] as RTROIInterpretedTypes,
        referenced as referenced_SeriesInstanceUID from derived where Modality = 'RTSTRUCT'""",
    "sm_index": f"""select SeriesInstanceUID, PatientID || '-slide-' || draw(SeriesInstanceUID, 'slide', 40)
        as ContainerIdentifier, {_STAINING},
        (1 + draw(SeriesInstanceUID, 'spacing', 4)) * 0.00025 as min_PixelSpacing_2sf,
        20000 + draw(SeriesInstanceUID, 'width', 100000) as max_TotalPixelMatrixColumns,
        20000 + draw(SeriesInstanceUID, 'height', 80000) as max_TotalPixelMatrixRows,
        20 * (1 + draw(SeriesInstanceUID, 'lens', 2)) as ObjectiveLensPower,
        'SCT:39607008' as primaryAnatomicStructure_code_designator_value_str,
        'Lung' as primaryAnatomicStructure_CodeMeaning,
        'SCT:86049000' as primaryAnatomicStructureModifier_code_designator_value_str,
        'Neoplasm, Primary' as primaryAnatomicStructureModifier_CodeMeaning,
        'DCM:111744' as illuminationType_code_designator_value_str,
        'Brightfield illumination' as illuminationType_CodeMeaning,
        'SCT:254637007' as admittingDiagnosis_code_designator_value_str,
        'Non-small cell lung cancer' as admittingDiagnosis_CodeMeaning
      from idc_index where Modality = 'SM'""",
    "sm_instance_index": f"""select '2.25.' || md5_number_upper(SeriesInstanceUID || number)
          || md5_number_lower(SeriesInstanceUID || number) as SOPInstanceUID, SeriesInstanceUID, {_STAINING},
        0.00025 * 2 ** number as PixelSpacing_0, ['DERIVED', 'PRIMARY', 'VOLUME', 'RESAMPLED'] as ImageType,
        '1.2.840.10008.1.2.4.50' as TransferSyntaxUID, greatest(1000, size // 2 ** number)::bigint as instance_size,
        (80000 // 2 ** number)::bigint as TotalPixelMatrixColumns,
        (60000 // 2 ** number)::bigint as TotalPixelMatrixRows,
        md5(SeriesInstanceUID || number)::uuid::varchar as crdc_instance_uuid
      from (select SeriesInstanceUID, (series_size_MB * 1000000)::bigint as size,
              unnest(range(1, 1 + instanceCount::bigint)) as number from idc_index where Modality = 'SM')""",
    "contrast_index": """select SeriesInstanceUID,
        [(['OMNIPAQUE 350', 'GADAVIST', 'Visipaque', 'Y'])[1 + draw(SeriesInstanceUID, 'agent', 4)]]
          as ContrastBolusAgent,
        case when draw(SeriesInstanceUID, 'ingredient', 3) = 0 then ['IODINE'] else [] end as ContrastBolusIngredient,
        case when draw(SeriesInstanceUID, 'route', 2) = 0 then ['IV'] else [] end as ContrastBolusRoute
      from idc_index where Modality in ('CT', 'MR', 'PT', 'XA', 'RF') and draw(SeriesInstanceUID, 'contrast', 3) = 0""",
    "ct_index": f"""select SeriesInstanceUID, ['ORIGINAL', 'PRIMARY', 'AXIAL'] as ImageType, {_PLANE},
        (array[100.0, 120.0, 140.0])[1 + draw(SeriesInstanceUID, 'kvp', 3)] as KVP, ['HELICAL MODE'] as ScanOptions,
        [(['B30f', 'STANDARD', 'LUNG'])[1 + draw(SeriesInstanceUID, 'kernel', 3)]] as ConvolutionKernel,
        0.0 as GantryDetectorTilt, 100.0 + draw(SeriesInstanceUID, 'current', 200) as XRayTubeCurrent_min,
        300.0 + draw(SeriesInstanceUID, 'current', 200) as XRayTubeCurrent_max, 'BODY FILTER' as FilterType,
        50.0 as Exposure_min, 250.0 as Exposure_max, 500.0 as ExposureTime_min, 900.0 as ExposureTime_max,
        500.0 as DataCollectionDiameter, 360.0 as ReconstructionDiameter, 0.984 as SpiralPitchFactor
      from idc_index where Modality = 'CT'""",
    "mr_index": f"""select SeriesInstanceUID, (array[1.5, 3.0])[1 + draw(SeriesInstanceUID, 'field', 2)]
        as MagneticFieldStrength, ['SE'] as ScanningSequence, ['SK', 'SP'] as SequenceVariant,
        (['2D', '3D'])[1 + draw(SeriesInstanceUID, 'acquisition', 2)] as MRAcquisitionType,
        [draw(SeriesInstanceUID, 'echo', 900) / 10.0] as EchoTime,
        draw(SeriesInstanceUID, 'repetition', 9000)::double as RepetitionTime, 1 as EchoTrainLength, 90.0 as FlipAngle,
        130.0 as PixelBandwidth, 63.87 as ImagingFrequency, '1H' as ImagedNucleus, {_PLANE},
        case when draw(SeriesInstanceUID, 'inversion', 5) = 0 then 900.0 end as InversionTime,
        'HEAD' as ReceiveCoilName,
        '*se2d1' as SequenceName, []::double[] as DiffusionBValue, null::bigint as NumberOfTemporalPositions
      from idc_index where Modality = 'MR'""",
    "pt_index": f"""select SeriesInstanceUID, 'WHOLE BODY' as SeriesType, 'BQML' as Units, 'START' as DecayCorrection,
        ['NORM', 'DTIM', 'ATTN'] as CorrectedImage, 'DLYD' as RandomsCorrectionMethod, 'OSEM' as ReconstructionMethod,
        [120000.0] as ActualFrameDuration, 'Model' as ScatterCorrectionMethod, 'CT' as AttenuationCorrectionMethod,
        'F^18^' as RadionuclideCodeMeaning, 370000000.0 as RadionuclideTotalDose,
        '081530' as RadiopharmaceuticalStartTime,
        'FDG' as Radiopharmaceutical, {_PLANE}, greatest(instanceCount, 1)::bigint as NumberOfSlices,
        null::bigint as NumberOfTimeSlices
      from idc_index where Modality = 'PT'""",
    "volume_geometry_index": """select SeriesInstanceUID, true as single_orientation, true as orthogonal_orientation,
        draw(SeriesInstanceUID, 'unique', 20) > 0 as unique_slice_positions, true as consistent_in_plane_row,
        true as consistent_in_plane_col, true as consistent_pixel_spacing, true as consistent_image_dimensions,
        draw(SeriesInstanceUID, 'uniform', 5) > 0 as uniform_slice_spacing, 0.0 as obliquity_degrees,
        draw(SeriesInstanceUID, 'unique', 20) > 0 and draw(SeriesInstanceUID, 'uniform', 5) > 0
          as regularly_spaced_3d_volume,
        [-250.0, -250.0, draw(SeriesInstanceUID, 'origin', 900)::double] as origin_patient,
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0] as ImageOrientationPatient, 2.5 as slice_spacing_mm
      from idc_index where Modality in ('CT', 'MR', 'PT') and instanceCount > 1""",
    "clinical_index": """select collection_id,
        'bigquery-public-data.idc_current_clinical.' || collection_id || '_clinical' as table_name,
        collection_id || '_clinical' as short_table_name, field as "column", label as column_label,
        case when field = 'gender' then [{'option_code': 'F', 'option_description': 'Female'},
          {'option_code': 'M', 'option_description': 'Male'}] else [] end as "values"
      from (select distinct collection_id from idc_index), (values
        ('dicom_patient_id', 'idc_provenance_dicom_patient_id'),
        ('gender', 'Gender'), ('age_at_diagnosis', 'Age at diagnosis (years)'), ('vital_status', 'Vital status'),
        ('body_mass_index', 'Body mass index (kg/m2)'), ('ever_smoked', 'Ever smoked'),
        ('diagnosed_on', 'Day of diagnosis'))
        columns(field, label)
      where draw(collection_id, 'clinical', 5) > 0""",
    "gdc_idc_mapping": """select min(collection_id) as collection_id, min(PatientID) as PatientID, StudyInstanceUID,
        min(StudyDate)::varchar as StudyDate, min(StudyDescription) as StudyDescription,
        case when bool_or(Modality = 'SM') then 'M' else 'R' end as study_type,
        md5(min(PatientID))::uuid::varchar as gdc_case_id
      from idc_index where collection_id like 'tcga%' or collection_id like 'cptac%' group by StudyInstanceUID""",
    "tcia_idc_subset": """select collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID, series_size_MB,
        series_aws_url from idc_index""",
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
    connection.execute("set enable_progress_bar = false")
    connection.execute("create macro draw(uid, kind, k) as (md5_number_lower(kind || uid) % k)::bigint")
    connection.execute("create macro pick(items, uid) as items[1 + draw(uid, 'pick', len(items))]")
    connection.execute(f"create view idc_index as select * from read_parquet({literal(str(idc_index))})")
    connection.execute(_REFERENCES)


def _write(connection: duckdb.DuckDBPyConnection, relation: str, schema: Path | None, path: Path) -> None:
    known = {row[0]: row[1] for row in connection.execute(f"describe {relation}").fetchall()}
    types = _schema_types(schema) if schema is not None else known
    columns = []
    for name, sql_type in types.items():
        source = f'"{name}"' if name in known else "null"
        kind = known[name] if sql_type is None and name in known else sql_type or "varchar"
        columns.append(f'cast({source} as {kind}) as "{name}"')
    order = "1, 2" if len(columns) > 1 else "1"
    if {"table_name", "column"} <= set(types):
        order = 'table_name, "column"'
    connection.execute(
        f"copy (select {', '.join(columns)} from ({relation}) order by {order}) to {literal(str(path))} "
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
