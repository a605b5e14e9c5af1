"""Configuration of the documentation."""

from sklearn_lstm import __version__

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
]
templates_path = ["templates"]
exclude_patterns = ["_build", "releasing.md"]  # which is read beside CONTRIBUTING.md
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}
plot_include_source = False
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("svg", 100)]

# Inherited docstrings refer to labels and terms of scikit-learn's own user guide.
suppress_warnings = ["ref.ref", "ref.term"]

html_theme = "pydata_sphinx_theme"
html_title = "sklearn-lstm"
html_theme_options = {"navigation_with_keys": False, "show_toc_level": 2}
html_sidebars = {"**": []}
