"""The sandbox as a WSGI application and as an HTTP/1.1 server of threads: which address goes where.

Addresses under /registers, /comparison, /bank and /sms are signed; the rest are for browsers and for programs
that play a story. It must never import the product, and reads no clock but the identity provider's and that
of the first start.
"""

import re
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qsl, unquote, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox import bank, comparison, control, lives, pages, registers, scenarios, sms, unit_pages
from sandbox.identity import ASKED, Client, IdentityProvider, OAuthError, oauth_error_answer
from sandbox.store import Store, populate
from sandbox.unit_identity import UnitIdentityProvider
from sandbox.unit_records import UnitRecords
from sandbox.units import RegisteredUnit, Units
from sandbox.wire import (
    LARGEST_BODY,
    Answer,
    Json,
    Request,
    WireError,
    check_signature,
    error_answer,
    json_answer,
    redirect,
)
from sandbox.world import Person, World

DEFAULT_KEY_ID = "anye"
DEFAULT_KEY = "sandbox-gateway-key"
DEFAULT_CLIENT_ID = "anye"
DEFAULT_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - only where no secret was set; a box of toys
LISTED = 30
_PAGES = re.compile(r"/|/phone|/person/[0-9]{1,7}", re.ASCII)
_FOLD = re.compile(r"\s*[\r\n]+\s*")

Handler = Callable[[Request], Answer]
Pick = Callable[[Mapping[str, str], str, str], Answer]
"""The page to pick somebody on: what the client asked, what to look for, what was wrong before."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sandbox is started with. `address` is its own, for browsers; `products` those it serves."""

    address: str
    products: tuple[str, ...]
    key_id: str = DEFAULT_KEY_ID
    key: str = DEFAULT_KEY
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    opening_fen: int = bank.OPENING_FEN


class Application:
    """The whole sandbox as one WSGI application. `stopping` cuts short the waits of slow sources."""

    def __init__(self, store: Store, world: World, settings: Settings) -> None:
        self.store = store
        self.world = world
        self.settings = settings
        self.stopping = Event()
        self.counter = control.Counter()
        self.comparison = comparison.Comparison(store, world)
        self.bank = bank.Bank(store, world, opening_fen=settings.opening_fen)
        client = Client(settings.client_id, settings.client_secret, settings.products)
        self.units = Units(world)
        self.records = UnitRecords(self.units)
        self.provider = IdentityProvider(store, world, client, f"{settings.address}/oidc", clock=_clock)
        self.unit_provider = UnitIdentityProvider(
            store, world, client, f"{settings.address}/oidc/units", clock=_clock
        )
        targets = tuple("{0.scheme}://{0.netloc}".format(urlsplit(product)) for product in settings.products)
        # The product may be opened under either name of this machine.
        targets += tuple(
            target.replace("//127.0.0.1", "//localhost") for target in targets if "//127.0.0.1" in target
        )
        self.frame = pages.Frame(settings.products[0], targets)
        self._routes = self._table()

    def _table(self) -> tuple[tuple[str, re.Pattern[str], Handler], ...]:
        routes: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "/registers/(?P<source>[^/]+)", self._register),
            ("POST", "/comparison/requests", self.comparison.submit),
            ("GET", "/comparison/requests/(?P<number>[^/]+)/answer", self.comparison.answer),
            ("POST", "/bank/files", self.bank.submit),
            ("GET", "/bank/files/(?P<batch>[^/]+)", self.bank.status),
            ("GET", "/bank/files/(?P<batch>[^/]+)/receipts", self.bank.receipts),
            ("GET", "/bank/statement", self.bank.statement),
            ("POST", "/bank/funding", self.bank.fund),
            ("POST", "/sms/messages", lambda request: sms.accept(self.store, request)),
            *self._of_provider("/oidc", self.provider, self._pick_person, self._person_ordinal),
            *self._of_provider("/oidc/units", self.unit_provider, self._pick_unit, self._unit_ordinal),
            ("GET", "/healthz", self._health),
            ("GET", "/people", self._people),
            ("GET", "/units", lambda request: json_answer(unit_pages.units(self.units, request.query))),
            ("GET", "/units/records", lambda r: json_answer(unit_pages.records(self.records, r.query))),
            ("GET", "/units/lists", lambda r: json_answer(unit_pages.lists(self.records, r.query))),
            ("POST", "/people/answers", self._answers),
            ("POST", "/people/lives", lambda request: json_answer(lives.told(self.store, request.json))),
            ("GET", "/payments", lambda request: json_answer(control.book(self.store, request.query))),
            ("POST", "/people/claimed", self._act(lambda f: control.claim(self.store, f), "people")),
            ("POST", "/control/fault", self._act(lambda f: control.set_fault(self.store, f), "sources")),
            ("POST", "/control/return", self._act(self._let_come_back, "payments")),
            (
                "POST",
                "/control/card",
                self._act(lambda f: control.renew_card(self.store, self.world, f), "people"),
            ),
            ("GET", "/control/state", lambda _: json_answer(self._state())),
            ("GET", "/messages", self._messages),
            ("GET", "/phone", self._phone),
            ("GET", "/person/(?P<ordinal>[0-9]{1,7})", self._person),
            ("GET", "/app.css", lambda _: pages.stylesheet()),
            ("GET", "/", self._home),
        )
        return tuple((method, re.compile(pattern), handler) for method, pattern, handler in routes)

    # -- one request ---------------------------------------------------------------------------------------

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI. An unexpected error is a bug: it ends the connection and is printed."""
        answer = self.answer(_request(environ))
        if answer.wait:
            self.stopping.wait(answer.wait)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            *answer.headers,
        ]
        if not any(name == "Cache-Control" for name, _ in answer.headers):
            headers.append(("Cache-Control", "no-store"))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def answer(self, request: Request) -> Answer:
        """The answer to one request; an error that has a code gets the shape its asker expects."""
        try:
            return self._dispatch(request)
        except OAuthError as error:
            return oauth_error_answer(error)
        except WireError as error:
            if "text/html" in request.headers.get("accept", ""):
                return pages.problem(self.frame, error.status, error.code, error.message)
            return error_answer(error)

    def _dispatch(self, request: Request) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        allowed = set()
        for known, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            allowed.add(known)
            if known == method:
                return self._run(handler, replace(request, parts=match.groupdict()))
        if allowed:
            raise WireError(405, "method_not_allowed", f"Only {', '.join(sorted(allowed))} here.")
        raise WireError(404, "not_found", "There is no such address; see docs/wire.md.")

    def _run(self, handler: Handler, request: Request) -> Answer:
        area = request.path.split("/")[1]
        if area in ("registers", "comparison", "bank", "sms"):
            check_signature(request, key_id=self.settings.key_id, key=self.settings.key)
            self.counter.add(request.parts.get("source", area))
        elif request.method == "POST" and request.path not in ("/oidc/token", "/oidc/units/token"):
            _check_origin(request)
        return handler(request)

    # -- registers, provider -------------------------------------------------------------------------------

    def _register(self, request: Request) -> Answer:
        return registers.register(self.store, self.world, request)

    def _of_provider(
        self, base: str, provider: IdentityProvider, pick: Pick, ordinal_of: Callable[[str], int | None]
    ) -> tuple[tuple[str, str, Handler], ...]:
        """The addresses of an identity provider; each fails while it is told to be down."""

        def checked(handler: Handler) -> Handler:
            def answer(request: Request) -> Answer:
                provider.check_up()
                return handler(request)

            return answer

        def page(request: Request) -> Answer:
            wrong = provider.check_request(request.query)
            return wrong or pick(request.query, request.query.get("q", ""), "")

        def authorize(request: Request) -> Answer:
            form = request.form
            wrong = provider.check_request(form)
            if wrong is not None:
                return wrong
            if form.get("deny"):
                return provider.refuse(form)
            ordinal = ordinal_of(form.get("id_number", "").strip().upper())
            if ordinal is None:
                return pick(form, "", "这里没有这个证件号的人。 Nobody here has this number.")
            name = form.get("name", "").strip()
            if name and name != self.units.principal(ordinal).name:
                return pick(form, "", "姓名和证件号不是同一个人。 Name and number are not of one person.")
            return provider.grant(form, ordinal)

        handlers: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/.well-known/openid-configuration", lambda _: provider.discovery()),
            ("GET", "/jwks", lambda _: provider.jwks()),
            ("GET", "/authorize", page),
            ("POST", "/authorize", authorize),
            ("POST", "/token", provider.token),
            ("GET", "/userinfo", provider.userinfo),
            ("POST", "/userinfo", provider.userinfo),
        )
        return tuple((method, base + path, checked(handler)) for method, path, handler in handlers)

    def _person_ordinal(self, id_number: str) -> int | None:
        return control.ordinal_of(self.store, id_number)

    def _unit_ordinal(self, id_number: str) -> int | None:
        """A signatory, or one of the people: a unit may have delegated to anybody."""
        return self.units.signatory_of(id_number) or self._person_ordinal(id_number)

    def _pick_person(self, asked: Mapping[str, str], text: str, problem: str) -> Answer:
        chosen = asked.get("scenario", scenarios.CLEAN)
        listed = self._listed(text, chosen)
        asked = {name: asked[name] for name in ASKED if name in asked}
        return pages.authorize(self.frame, asked, listed=listed, chosen=chosen, text=text, problem=problem)

    def _pick_unit(self, asked: Mapping[str, str], text: str, problem: str) -> Answer:
        chosen = asked.get("scenario", scenarios.ORDINARY_UNIT)
        listed: list[RegisteredUnit] = (
            self.units.named_like(text, limit=LISTED)
            if text
            else list(self.units.listed(scenario=chosen, limit=LISTED))
        )
        asked = {name: asked[name] for name in ASKED if name in asked}
        return unit_pages.authorize(
            self.frame, asked, listed=listed, chosen=chosen, text=text, problem=problem
        )

    def _listed(self, text: str, scenario: str) -> list[tuple[Person, bool]]:
        if text:
            return control.found(self.store, self.world, text, limit=LISTED)
        rows = control.people(
            self.store, self.world, {"scenario": scenario, "available": "1", "limit": str(LISTED)}
        )
        return [(self.world.person(int(str(row["ordinal"]))), bool(row["claimed"])) for row in rows]

    # -- only in a sandbox ---------------------------------------------------------------------------------

    def _health(self, _: Request) -> Answer:
        size = {"people": self.world.size, "units": self.units.count}
        return json_answer({"status": "ok", **size, "today": self.world.today.isoformat()})

    def _people(self, request: Request) -> Answer:
        return json_answer(control.people(self.store, self.world, request.query))

    def _answers(self, request: Request) -> Answer:
        return json_answer(registers.answers(self.store, self.world, request.json))

    def _state(self) -> Json:
        return control.state(self.store, self.world, self.counter)

    def _let_come_back(self, fields: Mapping[str, object]) -> Json:
        if fields.get("all_due"):
            return self.bank.let_all_come_back()
        end_to_end_id = fields.get("end_to_end_id")
        reason = fields.get("reason_code") or "AC06"
        return self.bank.let_come_back(str(end_to_end_id), str(reason))

    def _act(self, act: Callable[[Mapping[str, object]], Json], anchor: str) -> Handler:
        def handle(request: Request) -> Answer:
            done = act(request.fields)
            if not request.is_form:
                return json_answer(done)
            back = urlsplit(request.headers.get("referer", "/"))
            if _PAGES.fullmatch(back.path) is None:
                return redirect(f"/#{anchor}")
            return redirect(f"{back.path}{'?' + back.query if back.query else ''}#{anchor}")

        return handle

    def _messages(self, request: Request) -> Answer:
        return json_answer(sms.inbox(self.store, mobile=request.query.get("mobile", "")))

    def _phone(self, request: Request) -> Answer:
        mobile = request.query.get("mobile", "")
        ordinal = int(mobile[4:]) if re.fullmatch("1990[0-9]{7}", mobile) else 0
        owner = self.world.person(ordinal) if 1 <= ordinal <= self.world.size else None
        return pages.phone(
            self.frame, mobile=mobile, owner=owner, messages=sms.inbox(self.store, mobile=mobile)
        )

    def _person(self, request: Request) -> Answer:
        ordinal = int(request.parts["ordinal"])
        if not 1 <= ordinal <= self.world.size:
            raise WireError(404, "not_found", "There is no such person.")
        known = self.world.person(ordinal)
        with self.store.reading() as connection:
            row = connection.execute("SELECT card FROM people WHERE ordinal = ?", (ordinal,)).fetchone()
        cards = int(row["card"])
        return pages.person(
            self.frame,
            known,
            account=self.world.account(ordinal, cards),
            cards=cards,
            messages=sms.inbox(self.store, mobile=known.mobile),
        )

    def _home(self, request: Request) -> Answer:
        chosen = request.query.get("scenario", scenarios.CLEAN)
        return pages.home(
            self.frame,
            listed=self._listed(request.query.get("q", ""), chosen),
            chosen=chosen,
            state=self._state(),
            payments=control.payments(self.store, limit=50),
            messages=sms.inbox(self.store, limit=20),
        )


def _clock() -> int:
    """The real time: a browser carries no asker's."""
    return int(time.time())


def _check_origin(request: Request) -> None:
    """A page of some other site must not press our buttons from the visitor's browser."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise WireError(403, "foreign_origin", "This form came from another site.")


def _request(environ: WSGIEnvironment) -> Request:
    target = str(environ["sandbox.target"])
    path, _, query = target.partition("?")
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        path=unquote(path),
        target=target,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=environ["sandbox.headers"],
        body=environ["wsgi.input"].read(),
    )


# -- HTTP --------------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """One thread a connection; idle ones end with the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, ConnectionHandler)
        self.application: Application | None = None

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name, as the standard library would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nothing to report; all else is a bug and printed."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the base is typed by socket kinds


class ConnectionHandler(BaseHTTPRequestHandler):
    """One connection: reads requests until the other side is done, hands each to the application."""

    protocol_version = "HTTP/1.1"
    timeout = 75
    disable_nagle_algorithm = True
    # One write an answer: two small ones would wait for each other's acknowledgement.
    wbufsize = 64 * 1024

    def version_string(self) -> str:
        """What the Server header says."""
        return "sandbox"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a target may hold a number of a person, synthetic or not."""

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        server = self.server
        if not isinstance(server, Server) or server.application is None:
            self._send("503 Service Unavailable", [("Content-Length", "0")], b"")
            return
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(self.path.partition("?")[0]),
            "QUERY_STRING": self.path.partition("?")[2],
            "SERVER_NAME": server.server_name,
            "SERVER_PORT": str(server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "sandbox.target": self.path,
            "sandbox.headers": {name.lower(): _FOLD.sub(" ", value) for name, value in self.headers.items()},
        }
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return self.wfile.write

        chunks = b"".join(server.application(environ, start_response))
        self._send(*started[0], chunks)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _serve

    def _body(self) -> bytes | None:
        """The body, or None after an answer that refuses it."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._refuse(WireError(411, "length_required", "Send a Content-Length, not chunks."))
            return None
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            self._refuse(WireError(400, "bad_request", "Content-Length is not a number."))
            return None
        if int(length) > LARGEST_BODY:
            self._refuse(WireError(413, "too_large", f"A body has at most {LARGEST_BODY} bytes."))
            return None
        return self.rfile.read(int(length))

    def _refuse(self, error: WireError) -> None:
        answer = error_answer(error)
        self.close_connection = True
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        self._send(
            status,
            [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))],
            answer.body,
        )

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def load(server: Server, path: Path, wanted: World, settings: Settings) -> Application:
    """Open the file, write the population if it is new, and put the application into the server."""
    store = Store(path)
    application = Application(store, populate(store, wanted), settings)
    server.application = application
    return application


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs in a thread of this process."""

    url: str
    application: Application


@contextmanager
def running(
    path: Path,
    *,
    product: str,
    today: date,
    people: int = 0,
    seed: int = 1,
    enterprises: int = 0,
    settings: Settings | None = None,
) -> Iterator[Running]:
    """A sandbox on a free loopback port, for tests; stopped at the end. `settings.address` is filled in."""
    server = Server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{server.server_port}"
    chosen = replace(settings or Settings("", ()), address=url, products=(product,))
    application = load(server, path, World(seed, people, today, enterprises), chosen)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True)
    thread.start()
    try:
        yield Running(url, application)
    finally:
        application.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
        application.store.close()
