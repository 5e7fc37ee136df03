"""The guide as Sphinx builds it: docs/build."""

from pathlib import Path

import maclaurin

project = "Maclaurin"
copyright = "the authors of Maclaurin"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "draw.py", "_functions.md", "_radii.md"]
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


#: Arguments beside x of functions that take them, in the table of radii.
ARGUMENTS = {
    **dict.fromkeys(["atan2", "hypot", "max", "min", "xlogy", "xlog1py", "logaddexp"], "x, 1/3"),
    "pow": "x, 3/2",
    "clip": "x, -3, 4",
    "erlang_cdf": "x, 3, 2",
    "bessel_j": "2, x",
}


def table_of_radii() -> str:
    """How well the radius of convergence of each function is known, at up to three points of its domain."""
    rows = ["| function | at | radius |", "|---|---|---|"]
    for known in maclaurin.functions():
        text, count = f"{known.name}({ARGUMENTS.get(known.name, 'x')})", 0
        for at in ["1/2", "5/2", "-3/2", "-1/4", "1/10", "10"]:
            if count == 3:
                break
            try:
                series = maclaurin.taylor(text, order=1, at=at)
            except maclaurin.NotAnalyticError:
                continue
            rows.append(f"| {f'`{text}`' if count == 0 else ''} | {at} | {series.radius} |")
            count += 1
    return "\n".join(rows) + "\n"


for name, table in [("_functions.md", table_of_functions), ("_radii.md", table_of_radii)]:
    Path(__file__).with_name(name).write_text(table(), encoding="utf-8")
