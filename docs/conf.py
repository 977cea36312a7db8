"""How Sphinx builds the site: `make docs`. Nothing is fetched, and what is built shows without a network."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

project = "Action recognition from key points"
author = "the authors"
copyright = "the authors, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.apidoc", "sphinx.ext.napoleon", "docs.site_ext.pages"]
exclude_patterns = ["site_ext", "**/.ipynb_checkpoints"]
suppress_warnings = ["ref.python"]  # several modules have a class of the same name; the link is then left out

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# One page a package. What needs `make pose`, or is a configuration that MMEngine runs, is not imported.
apidoc_modules = [
    {
        "path": str(ROOT / package),
        "destination": f"reference/{package}",
        "exclude_patterns": [str(ROOT / "pose/demo")],
        "automodule_options": {"members", "show-inheritance"},
        "module_first": True,
    }
    for package in ("pose", "datamodules", "lightning_modules")
]
autodoc_mock_imports = ["mmcv", "mmdet", "mmengine", "mmpose", "mmpretrain", "cv2", "av", "pycocotools", "lap"]
autodoc_member_order = "bysource"
napoleon_use_ivar = True
smartquotes = False  # what is typed is copied from here
default_role = "code"

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
