"""The page that reads what you draw or upload: `make app`, and the pad of notebook 06."""
