"""The seeds hold all defined terms of DICOM, as the packages that carry the standard have them."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warehouse.build.dicom_terms import (
    HIGHDICOM,
    PYDICOM,
    SEEDS,
    TERM_ITSELF,
    Dictionary,
    TermsDiffer,
    body_part_mappings,
    body_part_rows,
    check_modalities,
    read_dictionary,
    read_regions,
)

NAMED = {
    "THIGH": "68367000",
    "CALF": "53840002",
    "LOWERLIMB": "61685007",
    "AORTA": "15825003",
    "COCCYX": "64688005",
    "SSPINE": "54735007",
    "OPTICCANAL": "55024004",
    "THORAX": "43799004",
    "CHEST": "816094009",
}

CURRENT = """
    ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT IVUS
    KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE
    RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA
    XAPROTOCOL XC
"""
RETIRED = "AS CD CF CP CS DD DF DM DS EC FA FS LP MA MS OPR ST VF"


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    """A dictionary that knows what the seeds name."""
    rows = seed("seed_body_part")
    schemes = {row["coding_scheme"] for row in rows}
    codes = {scheme: frozenset(row["code"] for row in rows if row["coding_scheme"] == scheme) for scheme in schemes}
    return Dictionary(codes=codes, modalities=frozenset({"CT", "SEG"}))


@pytest.fixture(scope="module")
def regions() -> dict[str, Any]:
    """The regions of highdicom as the seed has them, which tells the package that each came from."""
    return {
        row["body_part_id"]: [row["coding_scheme"], row["code"], row["body_part_name"], False]
        for row in seed("seed_body_part")
        if "highdicom" in row["term_source"]
    }


def test_all_terms_of_annex_l_are_there_with_their_codes() -> None:
    rows = {row["body_part_id"]: row for row in seed("seed_body_part")}
    of_the_standard = {term: row for term, row in rows.items() if row["term_source"].startswith("DICOM PS3.16 Annex L")}
    assert len(of_the_standard) == 345
    assert rows.keys() - of_the_standard.keys() == {"UNSPECIFIED"}
    assert {term: rows[term]["code"] for term in NAMED} == NAMED
    without_code = {term for term, row in of_the_standard.items() if not row["code"]}
    assert without_code == {"FETALARM", "FETALDIGIT", "FETALHEART", "FETALLEG", "FETALPOLE"}
    assert all(row["code"].isdigit() for row in of_the_standard.values() if row["coding_scheme"] == "SCT")


def test_a_term_is_mapped_to_itself_and_a_text_to_a_term() -> None:
    terms = {row["body_part_id"] for row in seed("seed_body_part")}
    mapped = {row["body_part_raw"]: row for row in seed("map_body_part")}
    assert len(mapped) == len(seed("map_body_part"))
    assert {row["body_part_id"] for row in mapped.values()} == terms
    assert {raw for raw, row in mapped.items() if row["reason"] == TERM_ITSELF} == terms - {"UNSPECIFIED"}
    assert all(mapped[term]["body_part_id"] == term for term in terms - {"UNSPECIFIED"})
    assert {row["body_part_id"] for row in seed("map_tumor_location")} - {""} < terms


def test_all_modalities_of_the_standard_are_there_and_say_whether_they_are_retired() -> None:
    found = {row["modality"]: row["is_retired"] for row in seed("seed_modality")}
    assert found == dict.fromkeys(CURRENT.split(), "false") | dict.fromkeys(RETIRED.split(), "true")


def test_what_is_left_without_a_term_on_purpose_says_why() -> None:
    reasons = {(row["vocabulary"], row["raw_value"]): row["unmapped_reason"] for row in seed("seed_unmapped_reason")}
    assert all(reasons.values())
    assert "defines no such term" in reasons["modality", "FUSION"]
    mapped = {
        *(("body part", row["body_part_raw"]) for row in seed("map_body_part")),
        *(("manufacturer", row["manufacturer_raw"]) for row in seed("map_manufacturer")),
        *(("modality", row["modality"]) for row in seed("seed_modality")),
    }
    assert not reasons.keys() & mapped


def test_the_terms_are_written_again_as_they_stand(regions: dict[str, Any], dictionary: Dictionary) -> None:
    rows = body_part_rows(regions, dictionary, seed("seed_body_part"))
    assert rows == seed("seed_body_part")
    terms = [row["body_part_id"] for row in rows]
    assert body_part_mappings(terms, seed("map_body_part")) == seed("map_body_part")


def test_a_new_term_needs_a_region_of_the_body(regions: dict[str, Any], dictionary: Dictionary) -> None:
    with pytest.raises(TermsDiffer, match="no region of the body for GILL"):
        body_part_rows(regions | {"GILL": ["SCT", "1", "Gill", True]}, dictionary, seed("seed_body_part"))


def test_a_code_that_pydicom_lacks_is_refused(regions: dict[str, Any]) -> None:
    with pytest.raises(TermsDiffer, match=f"{PYDICOM} has no code 43799004 of SCT for THORAX"):
        body_part_rows(regions, Dictionary(codes={}, modalities=frozenset()), seed("seed_body_part"))


def test_a_modality_that_the_seed_lacks_is_named(dictionary: Dictionary) -> None:
    check_modalities(dictionary, seed("seed_modality"))
    with pytest.raises(TermsDiffer, match="lacks SEG of CID 33"):
        check_modalities(dictionary, [{"modality": "CT"}])


def test_a_text_that_became_a_term_is_mapped_to_it() -> None:
    reviewed = [{"body_part_raw": text, "body_part_id": "CHEST", "reason": "synonym"} for text in ("THORAX", "BUST")]
    assert body_part_mappings(["CHEST", "THORAX", "UNSPECIFIED"], reviewed) == [
        {"body_part_raw": "CHEST", "body_part_id": "CHEST", "reason": TERM_ITSELF},
        {"body_part_raw": "THORAX", "body_part_id": "THORAX", "reason": TERM_ITSELF},
        reviewed[1],
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that fetches the wheel of a package of the given version."""
    folder = tmp_path_factory.mktemp("wheels")

    def fetched(requirement: str) -> Path:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:")
        subprocess.run([*pip, "--dest", str(folder), requirement], check=True)
        (found,) = folder.glob(f"{requirement.split('==', maxsplit=1)[0]}-*.whl")
        return found

    return fetched


@pytest.mark.full
@pytest.mark.network
def test_the_committed_seeds_are_those_of_the_packages(wheel: Callable[[str], Path]) -> None:
    regions, dictionary = read_regions(wheel(HIGHDICOM)), read_dictionary(wheel(PYDICOM))
    check_modalities(dictionary, seed("seed_modality"))
    assert body_part_rows(regions, dictionary, seed("seed_body_part")) == seed("seed_body_part"), "run `make terms`"
