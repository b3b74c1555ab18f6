"""Sphinx's settings for the site; `tools/site/__main__.py` calls it. Nothing is executed."""

project = "Handwritten digits"
author = "the course's authors"
copyright = "MIT licence; data under their own licences"

extensions = ["myst_nb"]
root_doc = "index"
exclude_patterns = []
nb_execution_mode = "off"  # the stored outputs are shown
nb_merge_streams = True
myst_heading_anchors = 3
myst_links_external_new_tab = True
suppress_warnings = ["myst.header"]  # a page may begin with its second level

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_css_files = ["course.css"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "use_sidenotes": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
