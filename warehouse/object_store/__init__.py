"""Stores that speak S3: the address of one, whose keys are used, and the objects below it."""
