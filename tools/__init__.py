"""The steps from a picture to marks (see utils.py), the pad, and what the Makefile calls."""
