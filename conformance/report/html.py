"""What pages of HTML share: a document of its own that loads nothing, its style, and text of anyone's."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #ccc}
h3{font-size:1rem;margin:0 0 .3rem}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:.5rem}
p,li,td,figcaption,summary,h2,h3{overflow-wrap:anywhere}.wide{overflow-x:auto}
table{border-collapse:collapse}td,th{border:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}
td:first-child,summary span{overflow-wrap:normal;white-space:nowrap}
.cause{border-left:4px solid #b00020;padding:.1rem 0 .1rem .8rem;margin:1.2rem 0}.unsure{border-color:#b26a00}
.pictures{display:flex;flex-wrap:wrap;gap:.8rem;margin:.5rem 0}figure{margin:0}
figcaption{font-size:.8rem;color:#555}
img{width:8rem;height:auto;image-rendering:pixelated;border:1px solid #999}
.PASS{color:#0a6b2d}.FAIL,.ERROR,.VACUOUS,.NOT-RUN{color:#b00020;font-weight:600}.EXPECTED-FAIL{color:#8a5a00}.DECLARED{color:#0b5a78}
table.found td:first-child{white-space:normal}table.found td:last-child{overflow-wrap:normal;white-space:nowrap}
table.files td:first-child{overflow-wrap:anywhere;white-space:normal;min-width:8rem}
@media(max-width:45rem){table.files th{display:none}table.files tr,table.files td{display:block;border:0;padding:0}
table.files tr{border-top:1px solid #ddd;padding:.5rem 0}}
.NOT-APPLICABLE{color:#666}.small{font-size:.85rem;color:#555}
"""


def document(title: str, body: str) -> str:
    """Return a page of its own.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{said(title)}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def said(text: object) -> str:
    """Text of anyone's as HTML; what has no encoding is replaced."""
    return escape(" ".join(str(text).split())).encode("utf-8", "replace").decode()


def row(tag: str, cells: Iterable[str]) -> str:
    """A row of a table; the cells are HTML."""
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
