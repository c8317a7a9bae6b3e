"""The Gen3 services beside the portal's Guppy: Indexd and the metadata service."""
