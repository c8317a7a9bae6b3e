"""The definitions, one module a stage: sources, transform, quality, publish."""
