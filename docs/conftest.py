"""What pytest must not import to look for doctests: it runs when the documentation is built."""

collect_ignore = ["conf.py", "example_order.py", "broken_links.py"]
collect_ignore_glob = ["_build/*", "auto_examples/*", "examples/*", "generated/*", "pictures/*"]
