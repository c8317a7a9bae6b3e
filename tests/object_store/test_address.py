"""An address of a store is a bucket and a prefix; what may be a secret is refused and never repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.object_store.address import StoreAddress, store_address


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://warehouse", "warehouse", ""),
        ("s3://warehouse/", "warehouse", ""),
        ("s3://ware.house_1/imaging/v=1", "ware.house_1", "imaging/v=1"),
        ("s3://warehouse/imaging/", "warehouse", "imaging"),
    ],
)
def test_an_address_is_a_bucket_and_a_prefix(url: str, bucket: str, prefix: str) -> None:
    found = store_address(url)
    assert found == StoreAddress(bucket, prefix)
    assert store_address(str(found)) == found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "warehouse/imaging",
        "https://s3.example.org/warehouse",
        "S3://warehouse",
        "s3://",
        "s3:///prefix",
        "s3://a",
        "s3://AKID:hunter2@warehouse/imaging",
        "s3://hunter2@warehouse",
        "s3://warehouse:9000/imaging",
        "s3://warehouse/imaging?X-Amz-Signature=hunter2",
        "s3://warehouse/imaging#hunter2",
        "s3://warehouse/a//b",
        "s3://warehouse/../b",
        "s3://warehouse/./b",
        "s3://warehouse//a",
        "s3://warehouse/a b",
        "s3://warehouse/a%2fb",
        "s3://ware house/a",
        "s3://warehouse/a\n",
    ],
)
def test_anything_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"it takes|its prefix") as refused:
        store_address(url)
    assert "hunter2" not in str(refused.value)


@given(st.text(alphabet="s3:/@?#.:%ab \n\u202e-=_", max_size=25).map(lambda text: f"s3://{text}"))
def test_what_is_taken_comes_back_as_it_was_and_holds_no_secret(url: str) -> None:
    try:
        found = store_address(url)
    except ValueError:
        return
    assert str(found) == url.rstrip("/")
    assert not set(str(found).removeprefix("s3://")) & set("@?#:% \n\u202e")
    assert ".." not in found.prefix.split("/")
