"""Benchmarks: `make bench`. Figures stand beside those of what a user would otherwise do; nothing is asserted."""
