"""The guide as Sphinx builds it: docs/build."""

project = "Maclaurin"
copyright = "the authors of Maclaurin"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "draw.py"]
html_theme = "furo"
html_title = "Maclaurin"
# Links of the pages to files of the repository, right on its own pages.
suppress_warnings = ["myst.xref_missing"]
