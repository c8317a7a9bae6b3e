"""Sizes of files, in bytes, that sum to the total that Indexd reports.

What belongs here: drawing the sizes of the portal's data files and of the files that only Indexd lists.
"""

from __future__ import annotations

import numpy as np

from warehouse.sandbox.population.apportionment import Counts, apportion
from warehouse.sandbox.population.midrc_core import MidrcCore, Texts
from warehouse.sandbox.population.targets import Targets

# Typical megabytes of a file, by modality or format; only their proportions count.
_TYPICAL = {
    **{"CT": 60.0, "MR": 30.0, "CR": 12.0, "DX": 14.0, "SEG": 2.0, "SR": 0.05, "PT": 40.0},
    **{"JSON": 0.02, "TXT": 0.004, "NII": 8.0, "CSV": 0.5, "XLSX": 0.2},
}
_PORTAL_SHARE = 0.985


def draw_sizes(targets: Targets, core: MidrcCore, seed: int) -> tuple[Counts, Counts, Counts]:
    """Return the sizes of the DICOM files (one for each series), of other data files, and of files outside the portal.

    All together they are as many, and have as many bytes, as Indexd reports at this scale.
    """
    random = np.random.Generator(np.random.PCG64([seed, 1]))
    bytes_total = targets.scaled(targets.content["indexd"]["bytes"])
    dicom, other = _weights(core.series.modality, random), _weights(core.files.data_format, random)
    factor = _PORTAL_SHARE * bytes_total / (dicom.sum() + other.sum())
    dicom_sizes = np.maximum(dicom * factor, 200).astype(np.int64)
    other_sizes = np.maximum(other * factor, 200).astype(np.int64)
    inside = len(dicom_sizes) + len(other_sizes)
    outside = max(targets.scaled(targets.content["indexd"]["files"]) - inside, 1)
    left = bytes_total - int(dicom_sizes.sum()) - int(other_sizes.sum())
    return dicom_sizes, other_sizes, apportion(left, 0.1 + random.random(outside))


def _weights(kinds: Texts, random: np.random.Generator) -> np.ndarray:
    typical = np.asarray([_TYPICAL.get(kind, 10.0) for kind in kinds])
    return typical * random.lognormal(0.0, 0.7, len(kinds))
