"""The guide as Sphinx builds it: docs/build."""

from pathlib import Path

import maclaurin

project = "Maclaurin"
copyright = "the authors of Maclaurin"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "draw.py", "_functions.md"]
html_theme = "furo"
html_title = "Maclaurin"
# Links of the pages to files of the repository, right on its own pages.
suppress_warnings = ["myst.xref_missing"]


def table_of_functions() -> str:
    """What `maclaurin functions` prints, as a table."""
    rows = ["| function | other spellings | what it is | analytic for | source |", "|---|---|---|---|---|"]
    for known in maclaurin.functions():
        call = f"`{known.name}({', '.join(known.arguments)})`"
        aliases = ", ".join(f"`{name}`" for name in known.aliases)
        cells = [call, aliases, known.formula, known.analytic, known.source]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


Path(__file__).with_name("_functions.md").write_text(table_of_functions(), encoding="utf-8")
