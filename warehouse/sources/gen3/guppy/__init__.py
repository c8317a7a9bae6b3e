"""Guppy, the query service of a Gen3 data commons: every record of one type, provably complete.

`extract` proves one type, `client` knows the requests, `discovery` finds out what a server holds; the other modules
serve them.
"""
