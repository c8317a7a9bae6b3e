"""Where requests go and whose keys sign them: the variables of AWS first, then its files; nothing of them is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import StoreError
from warehouse.object_store.profile import access

CREDENTIALS = """
[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key = default/hunter2%20

[nightly]
aws_access_key_id = AKNIGHTLY
aws_secret_access_key = nightly/hunter2
aws_session_token = token==
"""
CONFIG = """
[default]
region = us-west-2

[profile nightly]
region = eu-central-1
endpoint_url = https://s3.example.org/
s3 =
  max_concurrent_requests = 20

[profile company]
sso_session = company
sso_account_id = 1
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    return {"HOME": str(tmp_path)}


def test_the_default_profile_is_read_where_no_variable_says_more(files: dict[str, str]) -> None:
    found = access(files)
    assert found.keys == {"access_key_id": "AKDEFAULT", "secret_access_key": "default/hunter2%20"}
    assert (found.region, found.endpoint) == ("us-west-2", None)
    assert "hunter2" not in repr(found)


def test_a_profile_is_named_by_its_variable(files: dict[str, str]) -> None:
    found = access({**files, "AWS_PROFILE": "nightly"})
    assert found.keys["access_key_id"] == "AKNIGHTLY"
    assert found.keys["session_token"] == "token=="
    assert (found.region, found.endpoint) == ("eu-central-1", "https://s3.example.org")


def test_variables_come_before_files(files: dict[str, str]) -> None:
    given = {"AWS_ACCESS_KEY_ID": "AKVARIABLE", "AWS_REGION": "a-1", "AWS_ENDPOINT_URL": "https://one.example"}
    found = access({**files, "AWS_PROFILE": "nightly", **given})
    assert found.keys == {}
    assert (found.region, found.endpoint) == ("a-1", "https://one.example")
    assert access({**files, **given, "AWS_ENDPOINT_URL_S3": "http://two:9"}).endpoint == "http://two:9"


def test_files_lie_where_their_variables_say(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(CREDENTIALS)
    (tmp_path / "settings").write_text(CONFIG)
    given = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "keys"), "AWS_CONFIG_FILE": str(tmp_path / "settings")}
    found = access({"HOME": "/nowhere", "AWS_PROFILE": "nightly", **given})
    assert (found.keys["access_key_id"], found.region) == ("AKNIGHTLY", "eu-central-1")


def test_without_files_and_variables_the_client_looks_by_itself(tmp_path: Path) -> None:
    found = access({"HOME": str(tmp_path)})
    assert (found.keys, found.region, found.endpoint) == ({}, None, None)


def test_a_profile_that_is_not_there_or_asks_a_program_is_a_sentence(files: dict[str, str]) -> None:
    with pytest.raises(StoreError, match="names the profile 'nobody', which is in neither of the files of AWS"):
        access({**files, "AWS_PROFILE": "nobody"})
    with pytest.raises(StoreError, match=r"another program \(sso_session\).*export-credentials --profile company"):
        access({**files, "AWS_PROFILE": "company"})


def test_a_file_that_cannot_be_read_is_named_and_not_quoted(files: dict[str, str]) -> None:
    path = Path(files["HOME"], ".aws", "credentials")
    path.write_text("aws_secret_access_key = hunter2\n")
    with pytest.raises(StoreError, match="credentials cannot be read as a file of AWS") as refused:
        access(files)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL", "https://AK:hunter2@s3.example.org"),
        ("AWS_ENDPOINT_URL", "https://s3.example.org/?key=hunter2"),
        ("AWS_ENDPOINT_URL", "s3.example.org"),
        ("AWS_ENDPOINT_URL", "https://"),
        ("AWS_ENDPOINT_URL", "https://host:99999"),
        ("AWS_ENDPOINT_URL", "https://[::1"),
        ("AWS_ENDPOINT_URL", "https://s3 .example"),
        ("AWS_REGION", "hunter2 and more"),
    ],
)
def test_an_endpoint_or_region_that_is_none_is_refused_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(StoreError, match="such as") as refused:
        access({"HOME": "/nowhere", name: value})
    assert "hunter2" not in str(refused.value)


@given(st.text(alphabet="[]= \n;#%default_aws_access_key_id\0", max_size=60))
def test_whatever_a_file_holds_it_is_read_or_refused_in_a_sentence(tmp_path_factory: object, text: str) -> None:
    assert isinstance(tmp_path_factory, pytest.TempPathFactory)
    path = tmp_path_factory.getbasetemp() / "any-credentials"
    path.write_text(text)
    try:
        found = access({"HOME": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": str(path)})
    except StoreError:
        return
    assert set(found.keys) <= {"access_key_id", "secret_access_key", "session_token"}
