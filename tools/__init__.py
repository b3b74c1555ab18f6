"""What `make` calls: run, check and refresh here; measure/ and ship/ are for maintainers.

`execute.py` runs one notebook; `page/` is the template of the HTML pages."""
