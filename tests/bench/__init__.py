"""Benchmarks: `make bench`. Figures are printed side by side with what a user would otherwise do; nothing is asserted."""
