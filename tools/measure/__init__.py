"""Measure what the course claims: speed, accuracy, reading; for maintainers."""
