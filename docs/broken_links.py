"""Name the links of the built documentation that lead nowhere.

``python docs/broken_links.py docs/_build`` prints them, and fails if there are any. Files and
anchors of the site itself are looked up; addresses elsewhere are not.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors of a page, and what it links to."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


def broken_links(folder):
    """Return (page, link) of every link within the folder that has no file or no anchor."""
    paths = [path.resolve() for path in sorted(Path(folder).rglob("*.html"))]
    pages = {path: Page(path) for path in paths if "_static" not in path.parts}  # templates there
    return [
        (path, link)
        for path, page in pages.items()
        for link in dict.fromkeys(page.links)
        if not _leads_somewhere(path, link, pages)
    ]


def _leads_somewhere(path, link, pages):
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return True
    target = (path.parent / unquote(address.path)).resolve() if address.path else path
    if not target.exists():
        return False
    anchor = unquote(address.fragment)
    return not anchor or target not in pages or anchor in pages[target].anchors


if __name__ == "__main__":
    broken = broken_links(sys.argv[1])
    for page, link in broken:
        print(f"{page}: {link}")
    sys.exit(bool(broken))
