"""A Guppy service on loopback: its record types, its GraphQL and downloads, and changes of its indices."""
