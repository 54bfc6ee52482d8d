"""A visitor of the running site: opens pages and sends forms over HTTP, as a browser without JavaScript.

Used by `demo` to play one person's claim, by nothing else in the product. It must never reach any address but
the ones it is given, and never skip a form: hidden fields and tokens come from the page that was served.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 30.0
VOID_INPUTS = frozenset({"submit", "button", "image", "reset", "file"})


class UnexpectedPage(Exception):
    """The site answered with something else than the journey needs."""


@dataclass
class Form:
    """One form of a page: where it goes and what it holds before anybody fills it in."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass
class Page:
    """What came back: status, address after redirects, text, and its forms."""

    status: int
    url: str
    text: str
    forms: list[Form]
    links: list[str]

    @property
    def heading(self) -> str:
        """The words of the first h1."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return re.sub(r"<[^>]+>", "", found.group(1)).strip() if found else ""

    def form_with(self, name: str) -> Form:
        """The form that has a field of this name. Raises UnexpectedPage."""
        for form in self.forms:
            if name in form.names:
                return form
        raise UnexpectedPage(f"no form with {name} on {self.url} ({self.status}: {self.heading})")

    def form_to(self, ending: str) -> Form:
        """The form whose action's path ends so. Raises UnexpectedPage."""
        for form in self.forms:
            if urlsplit(form.action).path.endswith(ending):
                return form
        raise UnexpectedPage(f"no form to {ending} on {self.url} ({self.status}: {self.heading})")


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._select = ""
        self._textarea = ""
        self._option_seen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        flags = {name for name, _value in attrs}
        if tag == "form":
            action = urljoin(self.url, given.get("action", "") or self.url)
            self.forms.append(Form(action=action, method=given.get("method", "get").lower()))
        elif tag == "a" and "href" in given:
            self.links.append(urljoin(self.url, given["href"]))
        elif self.forms and given.get("name") and tag in {"input", "select", "textarea", "button"}:
            self._control(tag, given, flags)
        elif self.forms and tag == "option" and self._select:
            form = self.forms[-1]
            if "selected" in flags or not self._option_seen:
                form.fields[self._select] = given.get("value", "")
            self._option_seen = True

    def _control(self, tag: str, given: dict[str, str], flags: set[str]) -> None:
        form, name = self.forms[-1], given["name"]
        form.names.add(name)
        if tag == "select":
            self._select, self._option_seen = name, False
        elif tag == "textarea":
            self._textarea = name
            form.fields[name] = ""
        elif tag == "input" and given.get("type", "text") in {"checkbox", "radio"}:
            if "checked" in flags:
                form.fields[name] = given.get("value", "on")
        elif tag == "input" and given.get("type", "text") not in VOID_INPUTS:
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and self.forms:
            self.forms[-1].fields[self._textarea] += data


def _request(url: str, data: bytes | None = None) -> Request:
    if not url.startswith(("http://", "https://")):
        raise UnexpectedPage(f"not a web address: {url}")
    return Request(url, data=data)  # noqa: S310  the scheme has just been checked


class Visitor:
    """One person at one browser: a cookie jar and a language."""

    def __init__(self, *, base_url: str, language: str = "zh-hans") -> None:
        self.base_url = base_url
        self.language = language
        # Cookies ignore ports: the product and the sandbox, at one address, share the jar as in a browser.
        jar = CookieJar(policy=DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainLiberal))
        self._opener = build_opener(HTTPCookieProcessor(jar), ProxyHandler({}))

    def get(self, address: str) -> Page:
        """Open a page; an error status comes back as a page too."""
        return self._send(_request(urljoin(self.base_url, address)))

    def submit(
        self, form: Form, answers: Mapping[str, str], *, button: str = "", leave_out: str = ""
    ) -> Page:
        """Send a form as it was served, with these answers filled in."""
        values = {**form.fields, **answers}
        values.pop(leave_out, None)
        if button:
            values[button] = "1"
        encoded = urlencode(values)
        if form.method == "get":
            return self.get(f"{form.action.split('?')[0]}?{encoded}")
        return self._send(_request(form.action, data=encoded.encode()))

    def _send(self, request: Request) -> Page:
        request.add_header("Accept-Language", self.language)
        request.add_header("Referer", request.full_url)
        try:
            answer = self._opener.open(request, timeout=TIMEOUT_SECONDS)
        except HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode("utf-8", "replace")
            url, status = answer.geturl(), answer.status or 0
        reader = _Reader(url)
        reader.feed(text)
        return Page(status=status, url=url, text=text, forms=reader.forms, links=reader.links)
