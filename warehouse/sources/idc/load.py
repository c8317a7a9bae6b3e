"""IDC index artifacts: which release is asked for, which channel has it, and its way into the landing, whole.

Three channels carry the same release: the artifact bucket, GitHub's release assets and the `idc-index-data` wheel. They
are asked in the order of `Settings.idc_channels`. A channel that cannot be reached, has no such release or gives
nothing to verify it by is passed over, and that is logged and kept. Bytes that disagree with their digest are
never silently replaced by another channel's: the loads say why the channel was passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from warehouse.contracts import Dataset, load_contract
from warehouse.errors import IntegrityError, SourceError, SourceUnreachable, UnknownRelease, UsageError
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.settings import Settings
from warehouse.sources.http import Client, NotFound
from warehouse.sources.idc.artifacts import Bucket, GitHubReleases
from warehouse.sources.idc.channels import Channel, FetchedDataset, Unverifiable
from warehouse.sources.idc.clinical import DATASET, fits, has_changed, land_tables
from warehouse.sources.idc.package_index import PackageIndexes, configured_indexes
from warehouse.sources.idc.parquet_contract import check_parquet
from warehouse.sources.idc.releases import parse_requested
from warehouse.sources.idc.wheel_channel import WheelChannel
from warehouse.sources.upstream import ResolvedRelease

logger = logging.getLogger("icw.sources.http")

SOURCE = "idc"

# The wheel leaves out the large tables; the other channels carry all that a release has.
_CARRY_EVERYTHING = frozenset(load_contract(SOURCE).whole_channels)


def resolve(requested: str, settings: Settings) -> ResolvedRelease:
    """Find out which release is meant by `current`, `latest`, a full version or a major (v23: its newest patch).

    Sends a few small requests (a sidecar, a listing, a page of the package index) and takes seconds.

    Raises:
        UsageError: the name is not one of a release, or a setting holds an address that cannot be asked.
        UnknownRelease: every channel that answered says that it has no such release.
        SourceUnreachable: no channel answered.
        SourceError: channels have the release, none in a way that can be verified.
    """
    wanted = parse_requested(requested)
    passed_over: list[str] = []
    obstacles: list[SourceError] = []
    for name in settings.idc_channels:
        with open_channel(name, settings) as channel:
            logger.info("Asking %s for IDC %s", channel.title, requested, extra={"event": "step"})
            try:
                return ResolvedRelease(channel.find(wanted), name, tuple(passed_over))
            except (NotFound, Unverifiable, SourceUnreachable) as error:
                obstacles.append(error)
                passed_over.append(_pass_over(name, error))
    reasons = " ".join(passed_over)
    if any(isinstance(error, Unverifiable) for error in obstacles):
        raise SourceError(f"No channel has IDC {requested} in a form that can be verified. {reasons}")
    names_a_release = wanted.version is not None or wanted.major is not None
    if names_a_release and any(isinstance(error, NotFound) for error in obstacles):
        raise UnknownRelease(f"There is no IDC release {requested}, as far as the channels answered. {reasons}")
    raise SourceUnreachable(
        f"No channel could say which IDC release is {requested}. {reasons or 'ICW_IDC_CHANNELS names no channel.'} "
        "Check the network of this machine, then run the command again."
    )


def needs_fetch(resolved: ResolvedRelease, landing: Landing, settings: Settings) -> bool:
    """Return whether landing this release would add anything, or change what it has of clinical tables.

    It would not if the release is landed whole, its objects are there, this channel cannot add a dataset that was
    absent, and the clinical tables are those that the settings ask for, as their bucket lists them now.

    Raises:
        IntegrityError: a load manifest cannot be read.
        SourceUnreachable: clinical tables are landed, and their bucket does not answer.
    """
    landed = landed_release(resolved.version, landing, settings)
    return landed is None or _lacks_datasets(landed, resolved.channel, landing) or has_changed(landed, settings)


def landed_release(version: str, landing: Landing, settings: Settings) -> Release | None:
    """Return the landed release of this version that has just the clinical tables that the settings ask for, or None.

    Raises:
        IntegrityError: a load manifest cannot be read.
    """
    found = (release for release in reversed(landing.releases(SOURCE)) if release.version == version)
    return next((release for release in found if fits(release, settings)), None)


def _lacks_datasets(landed: Release | None, channel: str, landing: Landing) -> bool:
    if landed is None or not _is_whole(landed, landing):
        return True
    absent = any(load.status == "absent" for load in landed.loads)
    return absent and channel in _CARRY_EVERYTHING and landed.channel not in _CARRY_EVERYTHING


def land(resolved: ResolvedRelease, landing: Landing, settings: Settings) -> Release:
    """Bring a release into the landing, whole, and return it; return the landed one untouched if nothing can be added.

    Downloads resume what an earlier run has left, and nothing that is staged or landed already is fetched again. If a
    channel breaks down or serves wrong bytes, the whole release is taken from the next one, and the loads say why in
    their proof. When all do, a release that was landed before stays in service.

    Raises:
        IntegrityError: no channel could deliver the release, and at least one served a file that does not agree with
            its digest, its format, its version or its contract; nothing was landed. SourceUnreachable: no channel
            could deliver the release. StorageError: the warehouse home cannot be written.
        UsageError: the settings ask for clinical tables that this release does not have.
    """
    landed = landed_release(resolved.version, landing, settings)
    if landed is not None and not needs_fetch(resolved, landing, settings):
        landing.discard_staging(SOURCE)
        return landed
    landing.discard_other_staging(SOURCE, resolved.version)
    staging = landing.staging_for(SOURCE, resolved.version)
    artifacts = _landed_artifacts(resolved, landing, settings)
    if artifacts is not None:
        return _commit(artifacts, {}, staging, landing, settings)
    passed_over = list(resolved.passed_over)
    wrong_bytes = False
    for name in _channels_from(resolved.channel, settings):
        if not _lacks_datasets(landed, name, landing):
            break
        if settings.clinical and name not in _CARRY_EVERYTHING:
            passed_over.append(_pass_over(name, _without_dictionary(settings)))
            continue
        with open_channel(name, settings) as channel:
            try:
                release, staged = _fetch_release(channel, resolved.version, staging, landing, passed_over)
            except (NotFound, Unverifiable, SourceUnreachable, IntegrityError) as error:
                wrong_bytes = wrong_bytes or isinstance(error, IntegrityError)
                passed_over.append(_pass_over(name, error))
                continue
        return _commit(release, staged, staging, landing, settings)
    if landed is not None and _is_whole(landed, landing):
        logger.warning(
            "IDC %s stays as it was landed from %s.", landed.version, landed.channel, extra={"event": "step"}
        )
        return landed
    failure = IntegrityError if wrong_bytes else SourceUnreachable
    raise failure(f"IDC {resolved.version} could not be fetched from any channel. {' '.join(passed_over)}")


def bytes_of(resolved: ResolvedRelease, settings: Settings) -> int | None:
    """Return how many bytes landing a release from its channel would download, None where that is not known.

    Sends a small request for each file; what is landed or staged already is not taken off.

    Raises:
        UsageError: a setting holds an address that cannot be asked.
    """
    datasets = [name for name, dataset in load_contract(SOURCE).datasets.items() if not dataset.on_request]
    with open_channel(resolved.channel, settings) as channel:
        try:
            return channel.bytes_of(resolved.version, datasets)
        except (NotFound, Unverifiable, SourceUnreachable):
            return None


def land_again(name: str, version: str, digests: frozenset[str], landing: Landing, settings: Settings) -> Release:
    """Fetch a release (a full version) from one channel and land it, if it has the objects with these digests.

    For whoever needs an earlier load whose objects are gone. What is landed and intact is not fetched; the clinical
    tables are those that the settings ask for.

    Args:
        name: the channel.
        version: the release, in full.
        digests: SHA-256 (hex) of the objects that it has to have.
        landing: where it goes.
        settings: addresses, and the collections with clinical tables.

    Raises:
        NotFound: the channel does not have the release. Unverifiable: it gives nothing to verify it by.
        SourceUnreachable: it does not answer. IntegrityError: its bytes are not what it says, or it has other objects
            than these; nothing is landed then.
        UsageError: there is no such channel, or the release has no such clinical tables.
        StorageError: the warehouse home cannot be written.
    """
    landing.discard_other_staging(SOURCE, version)
    staging = landing.staging_for(SOURCE, version)
    with open_channel(name, settings) as channel:
        artifacts, staged = _fetch_release(channel, version, staging, landing, ())
    release, files = _with_clinical(artifacts, staged, staging, landing, settings)
    lacking = digests - {entry.sha256 for load in release.loads for entry in load.objects}
    if lacking:
        landing.discard_staging(SOURCE)
        raise IntegrityError(
            f"IDC {version} has other files there than it had: none of them has the SHA-256 "
            f"{', '.join(sorted(digest[:16] for digest in lacking))}. Nothing was landed."
        )
    committed = landing.commit(release, files)
    landing.discard_staging(SOURCE)
    return committed


def _landed_artifacts(resolved: ResolvedRelease, landing: Landing, settings: Settings) -> Release | None:
    """Return the landed artifacts of a release, where only its clinical tables are others than those asked for."""
    found = [release for release in landing.releases(SOURCE) if release.version == resolved.version]
    if settings.clinical:
        found = [release for release in found if release.channel in _CARRY_EVERYTHING]
    whole = next((each for each in reversed(found) if not _lacks_datasets(each, resolved.channel, landing)), None)
    if whole is None:
        return None
    return whole.model_copy(update={"loads": tuple(load for load in whole.loads if load.dataset != DATASET)})


def _commit(
    artifacts: Release, staged: Mapping[str, Path], staging: Path, landing: Landing, settings: Settings
) -> Release:
    """Land the clinical tables that the settings ask for, and commit them with the artifacts of their release."""
    committed = landing.commit(*_with_clinical(artifacts, staged, staging, landing, settings))
    landing.discard_staging(SOURCE)
    return committed


def _with_clinical(
    artifacts: Release, staged: Mapping[str, Path], staging: Path, landing: Landing, settings: Settings
) -> tuple[Release, dict[str, Path]]:
    """Return the release with the clinical tables that the settings ask for, and its new files by digest."""
    clinical, of_tables = land_tables(artifacts, staged, staging, landing, settings)
    return artifacts.model_copy(update={"loads": (*artifacts.loads, clinical)}), {**staged, **of_tables}


def open_channel(name: str, settings: Settings) -> Channel:
    """Return the channel of this name, to be used as a context manager. The wheel's asks pip for its configuration.

    Raises:
        UsageError: there is no such channel.
    """
    match name:
        case "bucket":
            return Bucket(Client(settings), settings.idc_url)
        case "github":
            return GitHubReleases(Client(settings), settings.idc_github_url)
        case "wheel":
            configuration = configured_indexes(settings)
            client = Client(settings, configuration.trust)
            return WheelChannel(client, PackageIndexes(configuration.index_urls, client))
        case _:
            raise UsageError(f"There is no channel {name!r} of IDC: it takes bucket, github or wheel.")


def _fetch_release(
    channel: Channel, version: str, staging: Path, landing: Landing, passed_over: Sequence[str]
) -> tuple[Release, dict[str, Path]]:
    datasets = {name: dataset for name, dataset in load_contract(SOURCE).datasets.items() if not dataset.on_request}
    loads: list[Load] = []
    staged: dict[str, Path] = {}
    for fetched in channel.fetch(version, datasets, staging, landing):
        try:
            load = _load_of(fetched, datasets[fetched.dataset], version, channel)
        except IntegrityError:
            channel.discard(fetched, staging)
            raise
        if passed_over:
            load = load.model_copy(update={"proof": {**load.proof, "passed_over": list(passed_over)}})
        loads.append(load)
        staged |= {file.sha256: file.path for file in fetched.files if file.path.parent == staging}
    landed = sum(load.status == "landed" for load in loads)
    logger.info(
        "Fetched %d datasets of IDC %s from %s, which does not carry %d others",
        landed, version, channel.title, len(loads) - landed, extra={"event": "step"},
    )  # fmt: skip
    return Release(source=SOURCE, version=version, channel=channel.name, loads=tuple(loads)), staged


def _load_of(fetched: FetchedDataset, dataset: Dataset, version: str, channel: Channel) -> Load:
    now = datetime.now(UTC)
    if not fetched.files:
        return Load(
            source=SOURCE, dataset=fetched.dataset, upstream_version=version, status="absent", channel=channel.name,
            url=fetched.url, fetched_at=now, proof=fetched.proof,
        )  # fmt: skip
    parquet = fetched.files[0]
    facts = check_parquet(parquet.path, parquet.name, dataset, version, channel.title)
    if facts.columns_retyped:
        logger.warning(
            "%s of IDC %s has columns of another type than expected: %s.",
            parquet.name, version, ", ".join(facts.columns_retyped), extra={"event": "step"},
        )  # fmt: skip
    proof: dict[str, JsonValue] = {
        **fetched.proof,
        "footer_version": facts.version_text,
        "columns_added": list(facts.columns_added),
        "columns_missing": list(facts.columns_missing),
        "columns_retyped": list(facts.columns_retyped),
    }
    objects = tuple(
        LandedObject(name=file.name, sha256=file.sha256, bytes=file.path.stat().st_size) for file in fetched.files
    )
    return Load(
        source=SOURCE, dataset=fetched.dataset, upstream_version=version, status="landed", channel=channel.name,
        url=fetched.url, fetched_at=now, objects=objects, rows=facts.rows, bytes=sum(entry.bytes for entry in objects),
        proof=proof, synthetic=facts.synthetic,
    )  # fmt: skip


def _is_whole(release: Release, landing: Landing) -> bool:
    known = {load.dataset for load in release.loads}
    return known >= set(load_contract(SOURCE).datasets) and not landing.missing_objects(release)


def _without_dictionary(settings: Settings) -> SourceError:
    return SourceError(
        f"ICW_CLINICAL asks for the clinical tables of {', '.join(settings.clinical)}, and it does not carry "
        f"clinical_index, which says what they are; {' and '.join(sorted(_CARRY_EVERYTHING))} do (ICW_IDC_CHANNELS)"
    )


def _channels_from(first: str, settings: Settings) -> list[str]:
    """Return `first` and the channels after it in the order of preference."""
    order = list(settings.idc_channels)
    return [first, *(order[order.index(first) + 1 :] if first in order else order)]


def _pass_over(name: str, error: SourceError) -> str:
    sentence = f"The {name} channel was passed over: {str(error).rstrip('.')}."
    logger.warning("%s", sentence, extra={"event": "passed_over", "channel": name})
    return sentence
