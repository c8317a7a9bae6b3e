"""Makes the files of a population.

What belongs here: writing all files, and the manifest last, so that a folder with a manifest is complete. The same
scale, seed, generator and IDC release give the same bytes.
"""

from __future__ import annotations

import logging
from pathlib import Path

import duckdb
import numpy as np
from pydantic import ValidationError

from warehouse.files import sha256_of
from warehouse.sandbox.guppy.index_file import write_index, write_parquet
from warehouse.sandbox.guppy.schema import read_record_types
from warehouse.sandbox.population import hub_tables, portal_tables, vocabulary
from warehouse.sandbox.population.database import load, open_database
from warehouse.sandbox.population.file_sizes import draw_sizes
from warehouse.sandbox.population.manifest import Manifest, ManifestFile
from warehouse.sandbox.population.midrc_core import MidrcCore, draw_midrc
from warehouse.sandbox.population.targets import Targets, read_targets
from warehouse.sandbox.scratch import scratch_folder

_LOG = logging.getLogger("icw.sandbox")
# To be raised with every change after which the same scale and seed give other records.
GENERATOR = "3"

_INDEXED_FILES = """
select did, max(size) as size from (
  select replace(object_id, 'dg.MD1R/', '') as did, size from file
  union all select record_id('register', n), size from core.unlisted_files
) group by did
"""

_METADATA = """
select guid, record from (
  select record_id('discovery', n) as guid, to_json({'_guid_type': 'discovery_metadata', 'gen3_discovery': {
    'submitter_id': submitter_id, 'project_id': project_id, 'license': license, 'data_url_doi': data_url_doi,
    'data_contributor': data_contributor}})::varchar as record from dataset
  union all
  select replace(object_id, 'dg.MD1R/', ''), to_json({'_guid_type': 'indexed_file_object',
    '_uploader_id': case when draw('uploader', n, 2) = 0 then 'Zoë "Z" Ørsted' end,
    'file_name': _data_file_id})::varchar
  from file where draw('registered', n, 50) = 0
)
"""


def prepare_population(folder: Path, scale: float, seed: int, idc_release: Path | None = None) -> Manifest:
    """Return the manifest of the population in `folder`, synthesising it first if the folder holds another one.

    `idc_release` is a real `idc_index.parquet`; None means invented identifiers for the hub's IDC records.
    """
    source = "invented" if idc_release is None else f"idc_index {sha256_of(idc_release)}"
    wanted = {"generator": GENERATOR, "scale": scale, "seed": seed, "idc_identifiers": source}
    path = folder / "manifest.json"
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
        if all(getattr(manifest, name) == value for name, value in wanted.items()):
            return manifest
    except (FileNotFoundError, ValidationError):
        pass
    targets = read_targets(scale)
    folder.mkdir(parents=True, exist_ok=True)
    _LOG.info("Synthesising the sandbox's population.", extra={"scale": scale, "seed": seed})
    with scratch_folder(folder, "making") as scratch:
        with open_database(scratch, seed) as connection:
            files = _make(connection, targets, seed, idc_release, scratch)
        manifest = Manifest(files=files, **wanted)  # type: ignore[arg-type]
        (scratch / path.name).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        path.unlink(missing_ok=True)
        for name in [*(file.name for file in files.values()), path.name]:
            (scratch / name).replace(folder / name)
    return manifest


def _make(
    connection: duckdb.DuckDBPyConnection, targets: Targets, seed: int, idc_release: Path | None, folder: Path
) -> dict[str, ManifestFile]:
    core = draw_midrc(targets, seed)
    _load_core(connection, core, targets, seed)
    for statements in portal_tables.PREPARATION:
        connection.execute(statements)
    hub_tables.prepare_hub(connection, targets, seed, idc_release)
    files = {}
    for system, relations in (("midrc_portal", portal_tables.RELATIONS), ("bih", hub_tables.RELATIONS)):
        for record_type in read_record_types(system):
            name = f"{system}.{record_type.name}"
            path = folder / f"{name}.parquet"
            rows = write_index(connection, record_type, relations[record_type.name], path)
            files[name] = ManifestFile(name=path.name, rows=rows, sha256=sha256_of(path))
    for name, relation in (("indexd", _INDEXED_FILES), ("metadata", _METADATA)):
        path = folder / f"{name}.parquet"
        rows = write_parquet(connection, relation, path)
        files[name] = ManifestFile(name=path.name, rows=rows, sha256=sha256_of(path))
    return files


def _load_core(connection: duckdb.DuckDBPyConnection, core: MidrcCore, targets: Targets, seed: int) -> None:
    datasets, cases, studies, series = core.datasets, core.cases, core.studies, core.series
    projects = np.asarray(datasets.projects, dtype=object)
    load(connection, "projects", {"name": datasets.projects, "license": datasets.license})
    load(
        connection,
        "datasets",
        {
            "name": datasets.names,
            "project_id": projects[datasets.project],
            "license": np.asarray(datasets.license, dtype=object)[datasets.project],
        },
    )
    load(
        connection,
        "cases",
        {
            "dataset": cases.dataset,
            "second_dataset": cases.second_dataset,
            "project": cases.project,
            "project_id": projects[cases.project],
            "sex": cases.sex,
            "race": cases.race,
            "ethnicity": cases.ethnicity,
            "covid19_positive": cases.covid19_positive,
            "in_hub": cases.in_hub,
            "hub_race": cases.hub_race,
        },
    )
    load(
        connection,
        "studies",
        {
            "case_n": studies.case,
            "dataset_n": studies.dataset,
            "modality": studies.modality,
            "second_modality": studies.second_modality,
            "description": studies.description,
            "in_hub": studies.in_hub,
        },
    )
    dicom_sizes, other_sizes, unlisted = draw_sizes(targets, core, seed)
    load(
        connection,
        "series",
        {
            "study_n": series.study,
            "modality": series.modality,
            "body_part": series.body_part,
            "in_hub": series.in_hub,
            "size": dicom_sizes,
        },
    )
    annotations, files = core.annotations, core.files
    load(
        connection,
        "annotations",
        {"study_n": annotations.study, "method": annotations.method, "name": annotations.name},
    )
    load(connection, "reports", {"study_n": core.reports})
    load(connection, "measurements", {"case_n": core.measurements})
    load(
        connection,
        "files",
        {
            "data_type": files.data_type,
            "data_format": files.data_format,
            "study_n": files.study,
            "annotation_n": files.annotation,
            "report_n": files.report,
            "dataset_n": files.dataset,
            "size": other_sizes,
        },
    )
    # Files are numbered on after the series, so that every file has a number of its own.
    connection.execute(f"update core.files set n = n + {len(series.study)}")
    load(connection, "unlisted_files", {"size": unlisted})
    load(connection, "dirty_texts", {"value": vocabulary.DIRTY_TEXTS})
    loinc = [
        (modality, choice, len(rows), *row)
        for group, rows in vocabulary.LOINC.items()
        for modality in (("CR", "DX") if group == "XR" else (group,))
        for choice, row in enumerate(rows)
    ]
    names = (
        "modality",
        "choice",
        "choices",
        "loinc_code",
        "loinc_long_common_name",
        "loinc_method",
        "loinc_system",
        "loinc_contrast",
    )
    load(connection, "loinc", {name: [row[place] for row in loinc] for place, name in enumerate(names)})
