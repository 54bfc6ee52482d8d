"""Requests and answers as the sandbox sees them: parsing with reasons, the signature, times, JSON.

The formats are those of `docs/wire.md`. It must never read a clock: the time of an answer is the asker's.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from urllib.parse import parse_qs

from sandbox.world import CHINA

LARGEST_BODY = 16 * 1024 * 1024
JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson; charset=utf-8"
HTML = "text/html; charset=utf-8"

Json = dict[str, object]


class WireError(Exception):
    """A request that is not answered as asked: the HTTP status, a code and a sentence for whoever reads the
    log.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and the headers that are not the same for every answer. `wait` seconds pass before it
    leaves.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    wait: float = 0.0

    def after(self, seconds: float) -> "Answer":
        """The same answer, given later."""
        return replace(self, wait=seconds)

    def twice(self) -> "Answer":
        """The same JSON object on two lines."""
        return replace(self, body=self.body + b"\n" + self.body + b"\n", content_type=NDJSON)


@dataclass(frozen=True)
class Request:
    """One HTTP request. `target` is the path as sent, query string included; header names are lower-case."""

    method: str
    path: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_form(self) -> bool:
        """Whether a browser's form was sent."""
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The fields of a form, the last of each name. Raises WireError for bytes that are no text."""
        try:
            fields = parse_qs(self.body.decode("utf-8"), keep_blank_values=True, strict_parsing=False)
        except UnicodeDecodeError as error:
            raise WireError(400, "bad_request", "The form is not UTF-8.") from error
        return {name: values[-1] for name, values in fields.items()}

    @cached_property
    def json(self) -> Json:
        """The JSON object of the body. Raises WireError if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise WireError(400, "bad_json", f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise WireError(400, "bad_json", "The body is JSON, but not an object.")
        return value

    @property
    def fields(self) -> Mapping[str, object]:
        """What was sent, as JSON or as a form."""
        return self.form if self.is_form else self.json


def text_of(fields: Mapping[str, object], name: str, *, longest: int, optional: bool = False) -> str:
    """A text of 1 to `longest` characters; "" if it is optional and missing or empty. Raises WireError."""
    value = fields.get(name)
    if optional and (value is None or value == ""):
        return ""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise WireError(400, "bad_request", f"{name} must be a text of 1 to {longest} characters.")
    return value


def parse_time(value: str, name: str) -> datetime:
    """An instant in UTC from ISO 8601 with offset. Raises WireError."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise WireError(400, "bad_time", f"{name} is not an ISO 8601 time.") from error
    if moment.tzinfo is None:
        raise WireError(400, "bad_time", f"{name} has no offset from UTC.")
    return moment.astimezone(UTC)


def asked_at(request: Request) -> datetime:
    """The asker's time, from the signed header; a body that names another instant is an error."""
    moment = parse_time(request.headers.get("x-anye-time", ""), "X-Anye-Time")
    if request.body and request.headers.get("content-type", "").startswith("application/json"):
        said = request.json.get("asked_at")
        if said is not None and (not isinstance(said, str) or parse_time(said, "asked_at") != moment):
            raise WireError(400, "time_differs", "asked_at is not the instant of X-Anye-Time.")
    return moment


def stamp(moment: datetime) -> str:
    """An instant as kept and sent: UTC with microseconds, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def china_day(moment: datetime) -> str:
    """The day in Asia/Shanghai, `2025-10-09`."""
    return moment.astimezone(CHINA).date().isoformat()


def signature(key: str, method: str, target: str, time: str, body: bytes) -> str:
    """The lower-case hex HMAC-SHA256 that signs a request."""
    lines = "\n".join((method, target, time, sha256(body).hexdigest()))
    return hmac.new(key.encode(), lines.encode(), sha256).hexdigest()


def check_signature(request: Request, *, key_id: str, key: str) -> None:
    """Refuse a request that is not signed with the agreed key. Raises WireError; the message never shows the
    key.
    """
    headers = request.headers
    given = headers.get("x-anye-signature", "")
    if not (given and headers.get("x-anye-key") and headers.get("x-anye-time")):
        raise WireError(
            401,
            "missing_signature",
            "X-Anye-Time, X-Anye-Key and X-Anye-Signature are needed; see docs/wire.md.",
        )
    if headers["x-anye-key"] != key_id:
        raise WireError(401, "unknown_key", "X-Anye-Key names a key that was not agreed.")
    expected = signature(key, request.method, request.target, headers["x-anye-time"], request.body)
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise WireError(401, "bad_signature", "The signature does not fit: other key, path, time or body.")


def json_answer(value: object, status: int = 200) -> Answer:
    """An answer in JSON, in one line."""
    return Answer(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def error_answer(error: WireError) -> Answer:
    """The one shape of an error."""
    return json_answer({"error": {"code": error.code, "message": error.message}}, error.status)


def redirect(address: str) -> Answer:
    """Go there with GET."""
    return Answer(303, b"", "text/plain; charset=utf-8", (("Location", address),))


def whole_number(query: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of a query. Raises WireError for anything else and outside of the limits."""
    text = query.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise WireError(400, "bad_request", f"{name} must be a whole number from {least} to {most}.")
    return int(text)
