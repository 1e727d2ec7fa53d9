"""A notice as HTML that mail programs draw alike, in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import mrml

from tillwright.domains.notifications.templates.markup import Block, Bullets, Button, Facts, Heading, Paragraph, Spans

_FONT = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
# Light is written into each element, for programs that read no style sheet; dark is a sheet for those that ask for it.
_DARK = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  body, .page, .page > table { background: #16181d !important; }
  .card, .card > table, .card > table > tbody > tr > td { background: #20242b !important; }
  .ink div, .ink td, .ink li { color: #e8eaed !important; }
  .ink a { color: #a5b4fc !important; }
  .quiet div, .quiet td, .ink td.name { color: #a3aab5 !important; }
  .quiet a { color: #c3c9d2 !important; }
  .row { border-color: #363c46 !important; }
  .go td, .go a { background: #6366f1 !important; color: #ffffff !important; }
}
[data-ogsc] .ink div, [data-ogsc] .ink td { color: #e8eaed !important; }
"""
_HEAD = f"""<mj-attributes><mj-all font-family="{_FONT}" /><mj-text font-size="15px" line-height="23px" color="#1f2430"
 padding="6px 0" /><mj-section padding="0" /><mj-column padding="0" /></mj-attributes>
<mj-raw><meta name="color-scheme" content="light dark" />
<meta name="supported-color-schemes" content="light dark" /></mj-raw>
<mj-style>{_DARK}</mj-style>"""


def as_html(subject: str, preview: str, sender: str, blocks: Sequence[Block], footer: Sequence[Spans]) -> str:
    """One document; everything in it is escaped here, whoever wrote it."""
    body = "".join(_block(block) for block in blocks)
    foot = "<br />".join(_spans(spans) for spans in footer if spans)
    document = f"""<mjml lang="en"><mj-head><mj-title>{_safe(subject)}</mj-title>
<mj-preview>{_safe(preview)}</mj-preview>
{_HEAD}</mj-head><mj-body background-color="#f3f4f6" width="600px" css-class="page">
<mj-section padding="24px 28px 12px"><mj-column css-class="quiet"><mj-text font-size="14px" font-weight="600"
 color="#5b6472">{_safe(sender)}</mj-text></mj-column></mj-section>
<mj-section background-color="#ffffff" border-radius="10px" padding="20px 28px 24px" css-class="card">
<mj-column css-class="ink">
{body}</mj-column></mj-section>
<mj-section padding="14px 28px 28px"><mj-column css-class="quiet"><mj-text font-size="12px" line-height="18px"
 color="#6b7280">{foot}</mj-text></mj-column></mj-section></mj-body></mjml>"""
    # No fonts: nothing is fetched when a mail is opened.
    return mrml.to_html(document, None, mrml.RenderOptions(fonts={})).content


def _block(block: Block) -> str:
    match block:
        case Heading(spans):
            style = 'font-size="21px" line-height="28px" font-weight="650" padding="2px 0 8px"'
            return f"<mj-text {style}>{_spans(spans)}</mj-text>"
        case Paragraph(lines):
            return f"<mj-text>{'<br />'.join(_spans(line) for line in lines)}</mj-text>"
        case Bullets(items):
            rows = "".join(f'<li style="margin:4px 0">{_spans(item)}</li>' for item in items)
            return f'<mj-text><ul style="margin:0;padding-left:20px">{rows}</ul></mj-text>'
        case Facts(rows):
            drawn = "".join(
                '<tr class="row" style="border-bottom:1px solid #e5e7eb"><td class="name" style="'
                f'padding:7px 16px 7px 0;color:#6b7280;width:34%;vertical-align:top">{_spans(name)}</td>'
                f'<td style="padding:7px 0;vertical-align:top;word-break:break-word">{_spans(value)}</td></tr>'
                for name, value in rows
            )
            return f'<mj-table font-size="15px" line-height="22px" color="#1f2430" padding="8px 0">{drawn}</mj-table>'
        case Button(label, url):
            return (
                '<mj-button css-class="go" align="left" background-color="#4338ca" color="#ffffff" border-radius="8px" '
                f'font-size="15px" font-weight="600" inner-padding="11px 20px" padding="12px 0 8px" '
                f'href="{_safe(url)}">'
                f"{_safe(label)}</mj-button>"
            )


def _spans(spans: Spans) -> str:
    return "".join(
        f'<a href="{_safe(s.url)}" style="color:#4338ca">{_safe(s.text)}</a>'
        if s.url
        else f"<strong>{_safe(s.text)}</strong>"
        if s.strong
        else _safe(s.text)
        for s in spans
    )


def _safe(text: str) -> str:
    return escape(text, quote=True)
