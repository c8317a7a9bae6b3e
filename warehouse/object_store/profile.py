"""Where requests to a store go and whose keys sign them, as the variables and files of AWS say.

The client itself reads the variables, and asks the container or the machine that it runs on. The two files that
`aws configure` writes it does not read: their static keys, region and endpoint are read here. Where a profile has its
keys from another program (single sign-on, a role, `credential_process`), that program must put them into variables.

Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files" and "Settings reference".
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from warehouse.errors import StoreError

_BY_A_PROGRAM = ("role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file")

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")

# What the client finds by itself, which comes before any profile.
_KEYS_IN_THE_ENVIRONMENT = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SKIP_SIGNATURE")


@dataclass(frozen=True)
class Access:
    """How a store is reached: `endpoint` and `region`, None where the client's own default holds.

    `keys` are what a profile holds, by the client's names of them; empty where the client finds keys by itself.
    """

    endpoint: str | None
    region: str | None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


def access(environment: Mapping[str, str]) -> Access:
    """Return how the store is reached, by the variables of an environment and the files that they lead to.

    Raises:
        StoreError: a file cannot be read, a profile that AWS_PROFILE names is in none of them, or it has its keys from
            another program.
    """
    home = environment.get("HOME", "~")
    name = environment.get("AWS_PROFILE") or "default"
    shared = _section(Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or f"{home}/.aws/credentials"), name)
    headed = name if name == "default" else f"profile {name}"
    configured = _section(Path(environment.get("AWS_CONFIG_FILE") or f"{home}/.aws/config"), headed)
    keys: dict[str, str] = {}
    if not any(environment.get(variable) for variable in _KEYS_IN_THE_ENVIRONMENT):
        if environment.get("AWS_PROFILE") and shared is None and configured is None:
            raise StoreError(
                f"AWS_PROFILE names the profile {name!r}, which is in neither of the files of AWS (~/.aws/credentials, "
                "~/.aws/config). Name another, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        keys = _keys(shared or {}) or _keys(configured or {})
        elsewhere = next((key for key in _BY_A_PROGRAM if key in {**(shared or {}), **(configured or {})}), None)
        if not keys and elsewhere is not None:
            raise StoreError(
                f"The profile {name!r} of AWS has its keys from another program ({elsewhere}), which is not asked. Run "
                f"`aws configure export-credentials --profile {name} --format env`, and set the variables that it "
                "prints."
            )
    settings = {**(shared or {}), **(configured or {})}
    endpoint = next(filter(None, map(environment.get, _ENDPOINTS)), None) or settings.get("endpoint_url")
    region = next(filter(None, map(environment.get, _REGIONS)), None) or settings.get("region")
    return Access(None if endpoint is None else _checked_endpoint(endpoint), _checked_region(region), keys)


def _checked_endpoint(url: str) -> str:
    """Return the address of a store, which the client takes as it is; the refusal does not repeat it."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        is_one = is_one and not re.search(r"[^\x21-\x7e]", url)
    except ValueError:
        is_one, parts = False, urlsplit("")
    if not is_one or parts.username is not None or parts.query or parts.fragment:
        raise StoreError(
            "AWS_ENDPOINT_URL, or endpoint_url in a file of AWS, is no address of a store. It takes an address alone, "
            "without keys in it, such as https://s3.example.org."
        )
    return url.rstrip("/")


def _checked_region(region: str | None) -> str | None:
    if region is not None and not re.fullmatch(r"[A-Za-z0-9-]+", region):
        raise StoreError("AWS_REGION, or region in a file of AWS, is no name of a region, such as eu-central-1.")
    return region


def _keys(section: Mapping[str, str]) -> dict[str, str]:
    if "aws_access_key_id" not in section or "aws_secret_access_key" not in section:
        return {}
    found = {name: section.get(f"aws_{name}") for name in ("access_key_id", "secret_access_key", "session_token")}
    return {name: value for name, value in found.items() if value}


def _section(path: Path, name: str) -> dict[str, str] | None:
    """Return a section of a file of AWS, or None where the file or the section is not there."""
    # A percent sign in a key is no template; a line of a nested setting (`s3 =`) is none of the ones that are read.
    parser = configparser.ConfigParser(interpolation=None, default_section="", strict=False, allow_no_value=True)
    try:
        parser.read_string(path.expanduser().read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # Its text would repeat the line, which may hold a key.
        raise StoreError(
            f"{path} cannot be read as a file of AWS ({type(error).__name__}). Mend or remove it."
        ) from None
    if not parser.has_section(name):
        return None
    return {key: value.strip() for key, value in parser.items(name) if value}
