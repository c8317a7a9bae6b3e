"""The index artifacts of the NCI Imaging Data Commons (IDC): which release, from which channel, verified, landed.

The public names of this room are below; `load` puts a release into the landing, `channels` says what a channel is, and
`artifacts` and `wheel_channel` are the three that there are. `clinical` has the clinical tables, which lie elsewhere.
"""

from __future__ import annotations

from warehouse.sources.idc.load import SOURCE, ResolvedRelease, bytes_of, land, land_again, needs_fetch, resolve

__all__ = ["SOURCE", "ResolvedRelease", "bytes_of", "land", "land_again", "needs_fetch", "resolve"]
