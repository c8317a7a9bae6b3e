"""The portals: our Guppy client beside `gen3`'s, on the same sandbox in the same run.

Belongs here: the sandbox in a process of its own (`serve`, `sandbox`), the two clients in processes of their own
(`client`, `peer`), what is compared (`comparison`) and how it is printed (`tables`).
"""
