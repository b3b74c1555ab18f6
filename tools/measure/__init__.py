"""Measure what the course claims: speed, accuracy, reading; for maintainers."""

from reading import network

network.asks_my_reader = False  # figures are those of the reader that ships, whoever measures
