"""Ship networks, their cards and the tables of results; for maintainers."""
