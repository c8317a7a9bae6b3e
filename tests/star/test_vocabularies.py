"""Body parts, makers and modalities in the star: terms of the standard, one rule for makers, derived regions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.star.unmapped_texts import assert_vocabularies_are_whole
from tests.support.published_releases import OLDER, published_releases, snapshot_of
from tests.support.small_release import built_once
from warehouse.snapshots.databases import database_of

# Texts of real releases, and the maker's name of today.
MAKERS = {
    "ACUSON": "Siemens Healthineers",
    "ADAC": "Philips",
    "CPS": "Siemens Healthineers",
    "CTI": "Siemens Healthineers",
    "CONFIRMA INC.": "Merative",
    "HITACHI, LTD.": "FUJIFILM",
    "HITACHI MEDICAL CORPORATION": "FUJIFILM",
    "IMATRON": "GE HealthCare",
    "KODAK": "Carestream Health",
    "LORAD": "Hologic",
    "PICKER INTERNATIONAL, INC.": "Philips",
    "PNMS": "Neusoft Medical Systems",
    "NMS": "Neusoft Medical Systems",
    "SIEMENS HEALTHCARE": "Siemens Healthineers",
    "SIEMENS HEALTHCARE GMBH": "Siemens Healthineers",
    "TOSHIBA": "Canon Medical Systems",
    "VITAL IMAGES, INC.": "Canon Medical Systems",
    # Those that still trade under their own names.
    "MIM SOFTWARE INC.": "MIM Software",
    "VARIAN MEDICAL SYSTEMS": "Varian Medical Systems",
    "HIGHDICOM": "highdicom",
}


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_once(tmp_path_factory).database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


def test_a_maker_stands_under_its_name_of_today(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select manufacturer_raw, manufacturer_name
        from seeds.map_manufacturer
        join dim_manufacturer using (manufacturer_id)
        where is_mapped
    """
    found = dict(rows(star, query))
    assert {text: found[text] for text in MAKERS} == MAKERS


def test_every_maker_that_was_taken_over_says_what_became_of_it(star: duckdb.DuckDBPyConnection) -> None:
    """No name of then is left as a maker of its own beside those that moved."""
    names = {name for (name,) in rows(star, "select manufacturer_name from dim_manufacturer")}
    gone = {"CTI PET Systems", "Picker International", "Imatron", "Confirma", "Hitachi", "Lumisys", "CMS", "BioImagene"}
    assert not names & gone
    assert rows(star, "select manufacturer_raw from seeds.map_manufacturer where reason is null") == []


def test_thorax_is_a_term_of_its_own(star: duckdb.DuckDBPyConnection) -> None:
    """The packages that carry the terms of DICOM disagree on its code; the table says which of them it follows."""
    query = (
        "select body_part_id, code, term_source from dim_body_part where body_part_id in ('THORAX', 'CHEST') order by 1"
    )
    (chest, thorax) = rows(star, query)
    assert (chest[:2], thorax[:2]) == (("CHEST", "816094009"), ("THORAX", "43799004"))
    assert re.search(r"\(code: pydicom [\d.]+\); highdicom [\d.]+ has the code of CHEST", thorax[2])


def test_a_derived_region_stands_only_where_none_is_stated(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select collection_id, modality, body_part_id, derived_body_part_id, derived_body_part_source, count(*)
        from fct_series group by all order by all
    """
    found = rows(star, query)
    location = "tumour location of the collection"
    assert {row[:5] for row in found} == {
        *((f"collection_{i}", "CT", "LUNG", None, None) for i in range(3)),
        *(("collection_0", modality, None, "CHEST", location) for modality in ("MR", "SR")),
        *(("collection_1", modality, None, "PROSTATE", location) for modality in ("MR", "SR")),
        # Its tumours are in several regions.
        *(("collection_2", modality, None, None, None) for modality in ("MR", "SR")),
    }
    assert sum(row[5] for row in found) == 2400


def test_locations_of_tumours_are_reported_as_the_other_texts_are(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select record, value_count, unmapped_value_count, record_count
        from rpt_mapping where vocabulary = 'tumour location'
    """
    assert rows(star, query) == [("collection", 3, 0, 3)]


def test_the_key_of_a_derived_region_is_that_of_its_body_part(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*), count(derived_body_part_id)
        from fct_series
        join dim_body_part on derived_body_part_key = dim_body_part.body_part_key
            and derived_body_part_id = dim_body_part.body_part_id
    """
    assert rows(star, query) == [(800, 800)]


@pytest.mark.full
@pytest.mark.network
def test_what_a_real_release_leaves_without_a_term_says_why(tmp_path_factory: pytest.TempPathFactory) -> None:
    published = snapshot_of(published_releases(tmp_path_factory), OLDER)
    with duckdb.connect(str(database_of(published)), read_only=True) as star:
        assert_vocabularies_are_whole(star, OLDER)
