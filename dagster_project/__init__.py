"""Orchestration: assets, checks, jobs and the command line over the library in `warehouse`. No logic of its own."""
