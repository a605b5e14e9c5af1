"""Configuration of the documentation."""

import sys
from pathlib import Path

from sklearn_lstm import __version__

sys.path.append(str(Path(__file__).parent))  # for example_order

project = "sklearn-lstm"
author = "the sklearn-lstm developers"
copyright = "2026, the sklearn-lstm developers"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.extlinks",
    "numpydoc",
    "myst_parser",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["templates"]
exclude_patterns = [
    "_build",
    "examples",  # the gallery is written from them
    "auto_examples/*.ipynb",
    "releasing.md",  # which is read beside CONTRIBUTING.md
]
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}
plot_include_source = False
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("svg", 100)]

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "example_order.position",
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "doc_module": ("sklearn_lstm",),
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "thumbnail_size": (560, 250),
    "min_reported_time": 1,
}

# Inherited docstrings refer to labels and terms of scikit-learn's own user guide.
suppress_warnings = ["ref.ref", "ref.term"]

html_theme = "pydata_sphinx_theme"
html_title = "sklearn-lstm"
html_favicon = "images/favicon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "logo": {
        "text": "sklearn-lstm",
        "image_light": "images/logo.svg",
        "image_dark": "images/logo-dark.svg",
        "alt_text": "",  # the name stands beside it
    },
    "navbar_center": ["header-links.html"],
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
html_sidebars = {"index": [], "**": ["all-pages.html"]}
