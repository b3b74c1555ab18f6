"""Slides of the first six notebooks, made from the stored notebooks: `make slides`."""
