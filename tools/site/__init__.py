"""The course as a site of static pages, from the stored notebooks: `make site`."""
