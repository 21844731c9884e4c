"""Configuration of the manual."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from whilec import __version__  # noqa: E402

project = "whilec"
author = "The whilec authors"
copyright = f"2026, {author}"  # noqa: A001
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.mathjax", "generated_pages", "while_lexer"]
exclude_patterns = ["_build", "_generated/errors.md"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = f"whilec {__version__}"
html_show_sourcelink = False
html_copy_source = False
