"""The synthetic records that a sandbox serves, made once for a scale and a seed."""

from warehouse.sandbox.population.synthesis import prepare_population

__all__ = ["prepare_population"]
