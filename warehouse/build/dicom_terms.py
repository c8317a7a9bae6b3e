"""Write the defined terms of BodyPartExamined into the seeds of the dbt project: `make terms`.

DICOM PS3.16 Annex L relates the defined terms of Body Part Examined (0018,0015) to codes. Two packages carry it; their
wheels, of the versions below, are read without being installed:

- highdicom has the terms of Table L-1 (humans) with code and meaning;
- pydicom has the codes of all context groups with their meanings. It has no terms, so those that highdicom lacks stand
  here with the code that the annex gives them, and pydicom must know the code.

`seed_body_part.csv` gets all terms; the regions of the body, which are this project's grouping, are kept from the seed
as it stands, and a term that comes without one is an error. `map_body_part.csv` gets a line for each term to itself,
before the reviewed texts that it has. The modalities of CID 33 must all be in `seed_modality.csv`.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.build.digests import DBT_PROJECT
from warehouse.errors import WarehouseError
from warehouse.files import write_atomically

HIGHDICOM = "highdicom==0.28.2"
PYDICOM = "pydicom==3.0.2"

SEEDS = DBT_PROJECT / "seeds"
TERM_ITSELF = "the defined term"

_HUMANS = f"DICOM PS3.16 Annex L, Table L-1 ({HIGHDICOM.replace('==', ' ')})"
_ANIMALS = f"DICOM PS3.16 Annex L, animals (code: CID 7483, {PYDICOM.replace('==', ' ')})"
_FETUS = "DICOM PS3.16 Annex L, Table L-1, which gives it no code"
_THORAX = (
    f"DICOM PS3.16 Annex L, Table L-1 (code: {PYDICOM.replace('==', ' ')});"
    f" {HIGHDICOM.replace('==', ' ')} has the code of CHEST"
)

# What highdicom lacks, or has otherwise than the annex: term, scheme, code, meaning, source.
_BESIDE_HIGHDICOM = (
    ("THORAX", "SCT", "43799004", "Thorax", _THORAX),
    ("FETALARM", "", "", "Fetal arm", _FETUS),
    ("FETALDIGIT", "", "", "Fetal digit", _FETUS),
    ("FETALHEART", "", "", "Fetal heart", _FETUS),
    ("FETALLEG", "", "", "Fetal leg", _FETUS),
    ("FETALPOLE", "", "", "Fetal pole", _FETUS),
    ("ATLANTOAXIAL", "SCT", "62555009", "Atlantal-axial joint", _ANIMALS),
    ("ATLANTOOCCIPITAL", "SCT", "20292002", "Atlanto-occipital joint", _ANIMALS),
    ("CARPUS", "SCT", "8205005", "Carpus", _ANIMALS),
    ("DIGIT", "SCT", "82680008", "Digit", _ANIMALS),
    ("DISTALPHALANX", "UMLS", "C3669027", "Distal phalanx", _ANIMALS),
    ("FOREFETLOCK", "SCT", "13190002", "Fetlock of forelimb", _ANIMALS),
    ("FOREFOOT", "SCT", "419176008", "Forefoot", _ANIMALS),
    ("FORENAVICULAR", "SCT", "30518006", "Navicular of forefoot", _ANIMALS),
    ("FOREPASTERN", "SCT", "31329001", "Pastern of forefoot", _ANIMALS),
    ("FRONTALSINUS", "SCT", "55060009", "Frontal sinus", _ANIMALS),
    ("HINDFETLOCK", "SCT", "113351006", "Fetlock of hindlimb", _ANIMALS),
    ("HINDFOOT", "SCT", "416804009", "Hindfoot", _ANIMALS),
    ("HINDNAVICULAR", "SCT", "75772009", "Navicular of hindfoot", _ANIMALS),
    ("HINDPASTERN", "SCT", "18525008", "Pastern of hindfoot", _ANIMALS),
    ("LEGS", "SCT", "42694008", "All legs", _ANIMALS),
    ("METACARPUS", "SCT", "36455000", "Metacarpus", _ANIMALS),
    ("METATARSUS", "SCT", "280711000", "Metatarsus", _ANIMALS),
    ("STIFLE", "SCT", "116010006", "Stifle", _ANIMALS),
    ("TAIL", "SCT", "18149002", "Coccygeal vertebrae", _ANIMALS),
    ("TARSUS", "SCT", "108371006", "Tarsus", _ANIMALS),
    ("UGITRACT", "SCT", "62834003", "Upper gastro-intestinal tract", _ANIMALS),
    ("URINARYTRACT", "SCT", "431938005", "Urinary tract", _ANIMALS),
    ("WING", "SCT", "53036007", "Wing", _ANIMALS),
)
_OF_THIS_PROJECT = ("UNSPECIFIED",)

Row = dict[str, str]


class TermsDiffer(WarehouseError):
    """The packages, the seeds and this module do not agree on a term."""


@dataclass(frozen=True)
class Dictionary:
    """The codes that pydicom has: those of each coding scheme, and the modalities of CID 33."""

    codes: Mapping[str, frozenset[str]]
    modalities: frozenset[str]


def body_part_rows(regions: Mapping[str, Any], dictionary: Dictionary, seed: Iterable[Row]) -> list[Row]:
    """Return the rows of seed_body_part.csv, by term, from highdicom's anatomic regions and the seed as it stands.

    Raises:
        TermsDiffer: If a term has no region of the body in the seed, or pydicom lacks a code that this module names.
    """
    standing = {row["body_part_id"]: row for row in seed}
    terms = {term: (scheme, code, name, _HUMANS) for term, (scheme, code, name, _paired) in regions.items()}
    for term, scheme, code, name, source in _BESIDE_HIGHDICOM:
        if code and code not in dictionary.codes.get(scheme, frozenset()):
            raise TermsDiffer(f"{PYDICOM} has no code {code} of {scheme} for {term}. Correct {__name__}.")
        terms[term] = (scheme, code, name, source)
    missing = sorted(terms.keys() - standing.keys())
    if missing:
        raise TermsDiffer(
            f"seed_body_part.csv has no region of the body for {', '.join(missing)}. Add a line for each that names the"
            " term and its body_region; the other columns are filled in."
        )
    written = [
        {
            "body_part_id": term,
            "body_part_name": name,
            "body_region": standing[term]["body_region"],
            "coding_scheme": scheme,
            "code": code,
            "term_source": source,
        }
        for term, (scheme, code, name, source) in terms.items()
    ]
    return sorted([*written, *(standing[term] for term in _OF_THIS_PROJECT)], key=lambda row: row["body_part_id"])


def body_part_mappings(terms: Iterable[str], mappings: Iterable[Row]) -> list[Row]:
    """Return the rows of map_body_part.csv: each term to itself, then the reviewed texts that are no terms."""
    defined = [term for term in terms if term not in _OF_THIS_PROJECT]
    itself = [{"body_part_raw": term, "body_part_id": term, "reason": TERM_ITSELF} for term in defined]
    return [*itself, *(row for row in mappings if row["body_part_raw"] not in set(defined))]


def check_modalities(dictionary: Dictionary, seed: Iterable[Row]) -> None:
    """Check that seed_modality.csv has every modality of CID 33.

    Raises:
        TermsDiffer: If it lacks one.
    """
    missing = sorted(dictionary.modalities - {row["modality"] for row in seed})
    if missing:
        raise TermsDiffer(f"seed_modality.csv lacks {', '.join(missing)} of CID 33 ({PYDICOM}). Add them.")


def read_regions(wheel: Path) -> dict[str, Any]:
    """Return highdicom's anatomic regions: term -> scheme, code, meaning, whether the part is paired."""
    with zipfile.ZipFile(wheel) as archive:
        return json.loads(archive.read("highdicom/_standard/anatomic_regions.json"))


def read_dictionary(wheel: Path) -> Dictionary:
    """Return the codes of pydicom; its two modules hold nothing but the dictionaries."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(wheel) as archive:
        for module in ("_concepts_dict", "_cid_dict"):
            exec(archive.read(f"pydicom/sr/{module}.py"), found)
    concepts, groups = found["concepts"], found["cid_concepts"]
    return Dictionary(
        codes={scheme: frozenset(code for codes in of.values() for code in codes) for scheme, of in concepts.items()},
        modalities=frozenset(code for keyword in groups[33]["DCM"] for code in concepts["DCM"][keyword]),
    )


def main() -> None:
    """Fetch the two wheels with pip and write the seeds."""
    with tempfile.TemporaryDirectory() as folder:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:")
        subprocess.run([*pip, "--dest", folder, HIGHDICOM, PYDICOM], check=True)
        (highdicom,) = Path(folder).glob("highdicom-*.whl")
        (pydicom,) = Path(folder).glob("pydicom-*.whl")
        regions, dictionary = read_regions(highdicom), read_dictionary(pydicom)
    check_modalities(dictionary, _read("seed_modality"))
    rows = body_part_rows(regions, dictionary, _read("seed_body_part"))
    mappings = body_part_mappings([row["body_part_id"] for row in rows], _read("map_body_part"))
    _write("seed_body_part", rows)
    _write("map_body_part", mappings)


def _read(seed: str) -> list[Row]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(seed: str, rows: Sequence[Row]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(SEEDS / f"{seed}.csv", text.getvalue())


if __name__ == "__main__":
    main()
