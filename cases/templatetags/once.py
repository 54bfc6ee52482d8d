"""`{% once %}…{% endonce %}`: a part of a page that is the same for every reader of a language, drawn once.

Looking up the words of the navigation's dialogs, headings and keys again for each request was a third of an
officer's page. What stands inside sees no context at all, so nothing about a reader or a case can get in.
"""

from __future__ import annotations

from django import template
from django.template import Context
from django.template.base import Node, NodeList, Parser, Token
from django.urls import get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class OnceNode(Node):
    """Keeps what was drawn, for each language and tree of addresses, as long as the template is kept."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.drawn: dict[tuple[str | None, str | None], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """The kept text, or the text drawn now from an empty context."""
        key = get_language(), get_urlconf()
        text = self.drawn.get(key)
        if text is None:
            alone = Context()
            assert context.template is not None
            with alone.bind_template(context.template):
                text = self.drawn[key] = self.nodelist.render(alone)
        return text


@register.tag
def once(parser: Parser, _token: Token) -> OnceNode:
    """For text that is translated and addresses that are fixed; a variable inside is empty."""
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(nodelist)
