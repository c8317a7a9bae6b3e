"""Settings come from the environment, lists as JSON; what cannot be used is one sentence that names its variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.errors import UsageError
from warehouse.registry import source
from warehouse.settings import Settings, load_settings


def test_each_kind_of_value_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "HOME": str(tmp_path),
        "UPSTREAMS": '["idc", "bih"]',
        "PACKAGE_INDEX_URLS": '["https://index.example/simple"]',
        "RETRIES": "7",
        "SANDBOX_SCALE": "0.5",
        "SOURCES": "sandbox",
        "SANDBOX_URL": "http://127.0.0.1:1/",
    }.items():
        monkeypatch.setenv(f"ICW_{name}", value)
    settings = load_settings(retries=3)
    assert settings.home == tmp_path
    assert settings.upstreams == ("idc", "bih")
    assert settings.package_index_urls == ("https://index.example/simple",)
    assert (settings.retries, settings.sandbox_scale) == (3, 0.5)
    assert settings.source_urls == {"midrc": "http://127.0.0.1:1/portal", "bih": "http://127.0.0.1:1/bih"}


@pytest.mark.parametrize(
    ("text", "collections"),
    [
        ("", ()),
        ("nlst", ("nlst",)),
        (" tcga_brca,nlst, ,nlst", ("nlst", "tcga_brca")),
        ('["tcga_brca", "nlst"]', ("nlst", "tcga_brca")),
    ],
)
def test_collections_are_a_text_with_commas_or_a_list(
    monkeypatch: pytest.MonkeyPatch, text: str, collections: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ICW_CLINICAL", text)
    assert load_settings().clinical == collections
    assert load_settings(clinical="other").clinical == ("other",)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("HOME", "", "it is empty"),
        ("UPSTREAMS", "idc", "it takes a JSON list"),
        ("UPSTREAMS", '"idc"', "it takes a JSON list"),
        ("UPSTREAMS", "[]", "at least 1 item"),
        ("UPSTREAMS", '["tcia"]', "'idc', 'midrc' or 'bih'"),
        ("CLINICAL", '{"nlst": 1}', "collections of IDC with commas between them"),
        ("RETRIES", "many", "valid integer"),
        ("MEMORY_LIMIT", "2 gigabytes", "pattern"),
        ("SCHEDULE_TIMEZONE", "Mars/Olympus", "Mars/Olympus"),
    ],
)
def test_what_cannot_be_used_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"ICW_{name}", value)
    with pytest.raises(UsageError) as refused:
        load_settings()
    assert f"ICW_{name}" in str(refused.value)
    assert reason in str(refused.value)


def test_a_store_is_named_by_bucket_and_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, url in {"s3://bucket/prefix/": "s3://bucket/prefix", "s3://bucket": "s3://bucket", "": None}.items():
        monkeypatch.setenv("ICW_PUBLISH_URL", value)
        assert load_settings().publish_url == url
    for value in ("s3://AKID:hunter2@bucket/prefix", "s3://bucket/prefix?token=hunter2", "hunter2"):
        monkeypatch.setenv("ICW_PUBLISH_URL", value)
        with pytest.raises(UsageError, match=r"ICW_PUBLISH_URL cannot be used: it takes .*a value that") as refused:
            load_settings()
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["what?", "two\nlines", "\udcff", "{{ x }}", "100%20", "env=prod"])
def test_a_home_that_cannot_work_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="ICW_HOME cannot be used: no path of it may hold a question mark"):
        load_settings(home=tmp_path / name)


@pytest.mark.parametrize("address", ["https://host:99999", "https://[::1", "https://data..midrc.org"])
@pytest.mark.parametrize("name", ["MIDRC_URL", "BIH_URL", "IDC_URL", "IDC_GITHUB_URL", "SANDBOX_URL"])
def test_an_address_that_cannot_be_asked_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(f"ICW_{name}", address.replace("//", "//user:hidden@"))
    with pytest.raises(UsageError, match=f"ICW_{name} cannot be used: it is no address") as refused:
        load_settings()
    assert "hidden" not in str(refused.value)


def test_a_source_is_asked_at_its_public_address_or_at_that_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    midrc, bih = source("midrc"), source("bih")
    monkeypatch.setenv("ICW_MIDRC_URL", "https://staging.midrc.org")
    settings = load_settings()
    assert settings.address_of(midrc) == "https://staging.midrc.org"
    assert settings.address_of(bih) == bih.address
    assert load_settings(source_urls={"midrc": "http://127.0.0.1:1"}).address_of(midrc) == "http://127.0.0.1:1"


def test_a_relative_folder_is_where_the_command_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """dbt takes a relative cache for one below its project, so that nothing was found where it was looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ICW_HOME", "home")
    monkeypatch.setenv("ICW_DBT_CACHE", "cache/dbt")
    settings = load_settings()
    assert (settings.home, settings.project_cache) == (tmp_path / "home", tmp_path / "cache" / "dbt")


def test_what_dbt_makes_is_kept_beside_the_project_if_it_was_installed_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ICW_DBT_CACHE")
    installed, home = tmp_path / "installed", tmp_path / "home"
    monkeypatch.setattr("warehouse.settings.INSTALLED_CACHE", installed)
    assert Settings(home=home).project_cache == home / "dbt"
    installed.mkdir()
    assert Settings(home=home).project_cache == installed
    assert Settings(home=home, dbt_cache=tmp_path).project_cache == tmp_path
