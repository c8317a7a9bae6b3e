"""Profiles: what is measured of landed datasets and published tables, in one form, so that a history is a union.

`figures` says what a figure is. A profile describes and does not judge: that is for `warehouse.quality`.
"""
