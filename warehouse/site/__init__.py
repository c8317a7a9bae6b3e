"""The site of a snapshot: a few pages for a browser, complete in themselves, that say what is in it.

They are made from the published tables and the manifest, and need no network, no server and no running process.
"""

from warehouse.site.rendering import Pages, render, render_or_say_why

__all__ = ["Pages", "render", "render_or_say_why"]
