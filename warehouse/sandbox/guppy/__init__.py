"""A simulated Guppy: its record types, its GraphQL and downloads, and changes of its indices."""
