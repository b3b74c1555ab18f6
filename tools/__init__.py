"""What `make` calls: run, check and refresh here; measure/ and ship/ are for maintainers."""
