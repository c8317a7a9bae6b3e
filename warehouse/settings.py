"""Every setting, in one place. Each is an environment variable with the prefix `ICW_`.

The defaults are the public services, polite limits and a home below the working directory. Nothing else in the
project reads the environment, but for the libraries themselves, and `object_store` for the usual variables of AWS.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from warehouse import __version__
from warehouse.errors import UsageError
from warehouse.object_store.address import store_address
from warehouse.public_text import public_text
from warehouse.registry import SOURCE_NAMES, SOURCES, SourceSpec
from warehouse.timetable import checked_cron, checked_time_zone

# What dbt makes of the project depends on the project alone: `make install` makes it, once for all homes.
INSTALLED_CACHE = Path(__file__).resolve().parents[1] / ".cache" / "dbt"

IdcChannel = Literal["bucket", "github", "wheel"]
Sources = Literal["live", "sandbox"]
BuildEngine = Literal["duckdb", "spark", "sail"]


def _not_empty(path: object) -> object:
    if str(path) == "":
        raise ValueError("it is empty; leave it out for the default, or name a folder")
    # DuckDB takes what follows a question mark for the query of an address, and looks for the file elsewhere; dbt reads
    # an opening brace with another one, % or # as a template; Dagster's storage decodes a percent sign and two digits;
    # DuckDB takes `name=value` for a partition, and every file below it for one with a column more.
    if re.search(r"\{[{%#]|%[0-9A-Fa-f]{2}|[=?\x00-\x1f\ud800-\udfff]", str(Path(str(path)).expanduser().absolute())):
        raise ValueError(
            "no path of it may hold a question mark, =, {{, {%, {#, a percent sign before two hexadecimal digits, "
            "a control character or bytes that are not text"
        )
    return path


def _checked_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise ValueError(f"it is no address that can be asked: {error}") from None
    return address


Address = Annotated[str, AfterValidator(_checked_address)]


def _checked_store(url: object) -> object:
    if isinstance(url, str) and url:
        return str(store_address(url))
    return url or None


StoreUrl = Annotated[str | None, BeforeValidator(_checked_store)]


def _checked_postgres(address: SecretStr) -> SecretStr:
    url = address.get_secret_value()
    try:
        parts = urlsplit(url)
        # A password with one of these in it is read otherwise by each reader, and shown by some as a host.
        bad = parts.scheme != "postgresql" or "@" in url.rpartition("@")[0] or "@" in parts.path + parts.query
        bad = bad or bool(parts.fragment) or not parts.path.strip("/") or parts.port == 0
    except ValueError:
        bad = True
    if url and bad:
        raise ValueError(
            "it takes postgresql://user:password@host:port/database, with / ? # @ : and % of a password written as "
            "%2F, %3F, %23, %40, %3A and %25"
        )
    return address


def _known_source(name: str) -> str:
    if name not in SOURCE_NAMES:
        *others, last = map(repr, SOURCE_NAMES)
        raise ValueError(f"there is no such source; it takes {', '.join(others)} or {last}")
    return name


SourceName = Annotated[str, AfterValidator(_known_source)]


_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def _bytes_of(given: object) -> object:
    """Return a number of bytes from a text with a unit: 500MB is 500,000,000, 2GiB are 2 x 1,073,741,824."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?)(i?)B?", given) if isinstance(given, str) else None
    if found is None:
        if isinstance(given, str):
            raise ValueError("it takes a size, e.g. 500MB or 2GiB")
        return given
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _UNITS[unit])


def _collections(given: object) -> object:
    """Return names of collections in order, each once, from a JSON list or a text with commas."""
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("it takes collections of IDC with commas between them, e.g. nlst,tcga_brca")
    return tuple(sorted({name.strip() for name in names if name.strip()}))


class Settings(BaseModel):
    """Settings of one run. Read once at the edge (`load_settings`) and handed down as an argument.

    What is not given comes from the environment: `ICW_` and the name, in capitals; lists are JSON. (pydantic-settings
    does this as well, but imports asyncio and takes a fifth of the time of `icw sql`.)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Annotated[Path, BeforeValidator(_not_empty)] = Field(
        default=Path("data"),
        description="Warehouse home: landing/, builds/, snapshots/, docs/, site/, dagster/ and the link `current`.",
    )
    dbt_cache: Path | None = Field(
        default=None,
        description="Folder for what dbt makes of each state of its project (the parse, the build of nothing), which "
        "several homes may share; by default the one that `make install` filled beside the project, where this "
        "process may write there, else dbt/ in the home.",
    )
    sources: Sources = Field(
        default="live",
        description="`live`: the services at the addresses below, synthetic data refused. `sandbox`: IDC as ever, the "
        "portal and the hub from a sandbox on loopback; what is published is marked synthetic.",
    )
    upstreams: tuple[SourceName, ...] = Field(
        default=SOURCE_NAMES,
        min_length=1,
        description="Upstreams that a refresh reads (JSON list); the tables of the others stay empty.",
    )
    sandbox_url: Address | None = Field(
        default=None,
        description="Address of a running sandbox (`icw sandbox serve`); without one, a refresh starts its own.",
    )
    sandbox_scale: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="Size of the sandbox: at 1 it holds as many records as were published in February 2026.",
    )
    sandbox_schema: str | None = Field(
        default=None,
        description="A day, e.g. 2023-08-29: the sandbox's portal offers the record types and fields of that day "
        "(May 2022 on); by default today's.",
    )
    sandbox_idc_version: str = Field(
        default="20.0.3",
        description="IDC release whose identifiers the sandbox's hub lists, older than the newest as the real hub's.",
    )
    idc_version: str = Field(
        default="current",
        description="IDC release: `current`, `latest`, a full version (23.5.0) or a major (v23: its newest patch).",
    )
    idc_channels: tuple[IdcChannel, ...] = Field(
        default=("bucket", "github", "wheel"),
        description="Channels for the IDC index artifacts, in order of preference (JSON list).",
    )
    idc_url: Address = Field(
        default="https://storage.googleapis.com/idc-index-data-artifacts",
        description="Base address of the IDC artifact bucket.",
    )
    idc_github_url: Address = Field(
        default="https://github.com/ImagingDataCommons/idc-index-data",
        description="Address of the repository whose releases carry the IDC index artifacts.",
    )
    clinical: Annotated[tuple[str, ...], BeforeValidator(_collections)] = Field(
        default=(),
        description="Collections of IDC whose clinical tables are landed with the release (nlst,tcga_brca, or a JSON "
        "list); by default none.",
    )
    clinical_url: Address = Field(
        default="https://idc-open-metadata.s3.amazonaws.com",
        description="Base address of the bucket with IDC's clinical tables.",
    )
    package_index_urls: tuple[str, ...] | None = Field(
        default=None,
        description="Package indexes for the idc-index-data wheel (JSON list); by default those of pip's settings.",
    )
    connect_timeout_s: float = Field(default=4.0, gt=0, description="Seconds to wait for a connection to an upstream.")
    read_timeout_s: float = Field(default=60.0, gt=0, description="Seconds to wait for the next bytes of an upstream.")
    retries: int = Field(
        default=4, ge=0, description="Retries after a broken connection or another transient error of an upstream."
    )
    answer_timeout_s: float = Field(
        default=10.0,
        gt=0,
        description="Seconds to wait for the answer to a small request (version, checksum, listing).",
    )
    retry_wait_s: float = Field(
        default=0.5, ge=0, description="Seconds before the first retry; doubles with each one, with jitter."
    )
    retry_wait_max_s: float = Field(
        default=20.0, ge=0, description="Longest wait between two tries; an upstream that asks for more is passed over."
    )
    source_retries: int = Field(
        default=2, ge=0, le=10, description="Times that a refresh asks a source again which does not answer now."
    )
    source_retry_wait_s: float = Field(
        default=20.0, ge=0, le=3600, description="Seconds before the first of these; doubles with each, with jitter."
    )
    user_agent: str = Field(
        default=f"imaging-commons-warehouse/{__version__} (metadata ETL; requests)",
        description="User-Agent of every request, so that upstreams can tell who asks.",
    )
    source_urls: Mapping[str, Address] = Field(
        default={},
        description="Base addresses of Gen3 commons by source, where they are not the public ones of the registry; "
        "each is a variable of its own: ICW_MIDRC_URL, ICW_BIH_URL. Guppy, Indexd and the metadata service lie below.",
    )
    guppy_requests_in_flight: int = Field(
        default=4, ge=1, le=32, description="Requests that one portal is asked at the same time, at most."
    )
    guppy_page_size: int = Field(
        default=2000,
        ge=1,
        le=10_000,
        description="Records of the first pages of a type; later pages adapt (at most 10,000).",
    )
    guppy_page_bytes: int = Field(
        default=3_500_000,
        ge=10_000,
        description="Bytes that a page is steered to, as columns in memory (its JSON is two to three times that).",
    )
    guppy_read_timeout_s: float = Field(
        default=240.0,
        gt=0,
        description="Seconds to wait for the next bytes of a portal (its own time-outs take minutes).",
    )
    guppy_retry_after_max_s: float = Field(
        default=300.0,
        ge=0,
        description="Longest `Retry-After` of a portal that is waited for; a longer one ends the run.",
    )
    guppy_tries: int = Field(
        default=3, ge=1, description="Times that the extraction of one type is begun when its data moves under the run."
    )
    guppy_most_lost: int = Field(
        default=20, ge=0, description="Records that one type may lose from one load to the next, whatever its size."
    )
    guppy_most_lost_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of its records that one type may lose; a type that lost more, and more than "
        "ICW_GUPPY_MOST_LOST, is not published unless acknowledgements.yml in the home accepts it.",
    )
    engine: BuildEngine = Field(
        default="duckdb",
        description="What runs the dbt models: DuckDB, or Spark (extra `spark`, and Java 17) or Sail (extra `sail`), "
        "for a star that outgrows one machine; the tables are the same, and audit and publishing stay DuckDB's.",
    )
    spark_master: str | None = Field(
        default=None,
        description="Where Spark runs (`spark://host:7077`, `yarn`); by default on this machine, within ICW_THREADS "
        "and ICW_MEMORY_LIMIT. SPARK_CONF_DIR is Spark's own way to say more.",
    )
    threads: int = Field(default=2, ge=1, description="Threads of DuckDB and of dbt.")
    memory_limit: str = Field(
        default="2GB", pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$", description="Memory limit of DuckDB, e.g. 2GB or 512MiB."
    )
    databases_kept: int = Field(
        default=1,
        ge=1,
        description="Newest snapshots that keep their DuckDB file when one more is published; those of the snapshot in "
        "service and of pinned ones always stay, and a dropped one is made again from its Parquet files on demand.",
    )
    keep_last: int = Field(default=0, ge=0, description="Newest snapshots that `icw snapshots prune` keeps.")
    keep_daily: int = Field(
        default=0, ge=0, description="Days (UTC) of which `icw snapshots prune` keeps the newest snapshot each."
    )
    keep_weekly: int = Field(
        default=0, ge=0, description="ISO weeks of which `icw snapshots prune` keeps the newest snapshot each."
    )
    keep_monthly: int = Field(
        default=0, ge=0, description="Months of which `icw snapshots prune` keeps the newest snapshot each."
    )
    prune_after_refresh: bool = Field(
        default=False,
        description="Whether a refresh that ends well removes what ICW_KEEP_LAST and its like do not keep, with the "
        "landed loads that nothing else needs, as `icw snapshots prune --landing` does.",
    )
    landing_days: int = Field(
        default=30,
        ge=0,
        description="Days for which a landed load of a portal that no snapshot was built from is kept, as one that "
        "an audit refused; 0 keeps them for ever, and the newest always stays.",
    )
    run_days: int = Field(
        default=90,
        ge=0,
        description="Days for which Dagster's records of a run are kept (events, output); 0 keeps them for ever.",
    )
    min_free: Annotated[int, BeforeValidator(_bytes_of)] = Field(
        default=500_000_000,
        ge=0,
        description="Room on the disk that a build must leave free beyond what it needs itself, e.g. 500MB or 2GiB.",
    )
    group_readable: bool = Field(
        default=False,
        description="Whether the group of the home may read its snapshots, whatever the umask, and nothing else of it.",
    )
    publish_url: StoreUrl = Field(
        default=None,
        description="Store that every snapshot is published to besides, s3://bucket/prefix; its keys, region and "
        "endpoint come from the variables and files of AWS.",
    )
    alerts: SecretStr = Field(
        default=SecretStr(""),
        description="Addresses that are told when an audit finds something new or a refresh ends badly, and when that "
        "is over, in Apprise's form and with commas or blanks between them (mailto://..., slack://..., "
        "json://host/path); shown nowhere.",
    )
    heartbeat_url: SecretStr = Field(
        default=SecretStr(""),
        description="Address (http, https) that is asked for after each refresh that ends well, so that the service "
        "behind it tells when none does; shown nowhere.",
    )
    dagster_postgres_url: Annotated[SecretStr, AfterValidator(_checked_postgres)] = Field(
        default=SecretStr(""),
        description="Address of a Postgres database for Dagster's records of runs, in place of SQLite in the home "
        "(postgresql://user:password@host/database); needs the extra `postgres`; shown nowhere.",
    )
    schedule_cron: Annotated[str, AfterValidator(checked_cron)] = Field(
        default="30 3 * * *", description="When the nightly refresh starts (cron, five fields)."
    )
    schedule_timezone: Annotated[str, AfterValidator(checked_time_zone)] = Field(
        default="UTC", description="Time zone of the nightly refresh (IANA name)."
    )

    look_interval_s: int = Field(
        default=3600,
        ge=600,
        description="Seconds between two looks of the service at an upstream, whether it has something new.",
    )

    @field_validator("prune_after_refresh")
    @classmethod
    def _has_a_rule(cls, is_asked: bool, given: ValidationInfo) -> bool:
        if is_asked and not any(given.data.get(f"keep_{span}") for span in ("last", "daily", "weekly", "monthly")):
            raise ValueError("no rule says what to keep; set ICW_KEEP_DAILY or its like, too")
        return is_asked

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, given: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            text = os.environ.get(_variable(name))
            if text is None or name in given or name == "source_urls":
                continue
            found[name] = _read_list(text) if _is_list(field.annotation) else text
        addresses = {
            spec.name: text
            for spec in SOURCES
            if spec.address is not None and (text := os.environ.get(spec.address_variable)) is not None
        }
        return found | given | {"source_urls": addresses | dict(given.get("source_urls", {}))}

    def address_of(self, spec: SourceSpec) -> str:
        """Return the base address of a source that has one.

        Raises:
            ValueError: it has none (a defect of the caller).
        """
        address = self.source_urls.get(spec.name, spec.address)
        if address is None:
            raise ValueError(f"The source {spec.name} has no single address.")
        return address

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """The addresses of `alerts`, which hold passwords. A comma inside an address is a part of it."""
        parts = re.split(r"[,\s]+(?=[A-Za-z][\w+.-]*://)", self.alerts.get_secret_value())
        return tuple(part for part in (part.strip(", \t\r\n") for part in parts) if part)

    @property
    def project_cache(self) -> Path:
        """Where what dbt makes of its project is kept."""
        if self.dbt_cache is not None:
            return self.dbt_cache
        return INSTALLED_CACHE if os.access(INSTALLED_CACHE, os.W_OK | os.X_OK) else self.home / "dbt"


def _variable(name: str) -> str:
    return f"ICW_{name.upper()}"


def _variable_of(location: Sequence[int | str]) -> str:
    """Return the variable that a value comes from, by where it stands in the settings."""
    name, *below = location
    return _variable(f"{below[0]}_url" if name == "source_urls" and below else str(name))


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) is tuple for part in (annotation, *get_args(annotation)))


def _read_list(text: str) -> Any:
    """Return a JSON list; anything else as it is, for the model to refuse."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; `overrides` win over it.

    The home and the cache of the dbt project are made absolute: a later change of the working directory cannot move
    them, and dbt takes a relative path for one below its project. In a sandbox, the addresses of the portal and the hub
    are those below it.

    Raises:
        UsageError: a variable has a value that its setting does not take.
    """
    try:
        settings = Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "tuple_type":
            reason = 'it takes a JSON list, e.g. ["idc"]'
        name = _variable_of(first["loc"])
        # An address that is none may be one with keys in it.
        hidden = name in ("ICW_PUBLISH_URL", "ICW_DAGSTER_POSTGRES_URL")
        shown = "a value that is not shown" if hidden else public_text(repr(first["input"]))
        raise UsageError(f"The setting {name} cannot be used: {public_text(reason)} (got {shown}).") from None
    changes: dict[str, object] = {"home": settings.home.expanduser().absolute()}
    if settings.dbt_cache is not None:
        changes["dbt_cache"] = settings.dbt_cache.expanduser().absolute()
    if settings.sources == "sandbox" and settings.sandbox_url is not None:
        root = settings.sandbox_url.rstrip("/")
        changes["source_urls"] = {
            **settings.source_urls,
            **{spec.name: f"{root}/{spec.sandbox_path}" for spec in SOURCES if spec.sandbox_path is not None},
        }
    return settings.model_copy(update=changes)
