"""The identity provider: OpenID Connect, code flow with PKCE, for the people of the sandbox.

Nobody proves who they are here: one picks a person. It is the one part that runs on the real clock, handed in
by the server, since a browser carries no asker's time. Codes and tokens are kept as digests. It must never
send a browser to an address outside of the product's.
"""

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from urllib.parse import SplitResult, parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox import scenarios
from sandbox.registers import fault_now, refuse_down
from sandbox.store import Store
from sandbox.wire import Answer, Json, Request, WireError, json_answer, redirect
from sandbox.world import CITIZEN_ID, World

CODE_SECONDS = 300
TOKEN_SECONDS = 600
ASKED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)
"""The parameters of an authorization request, which the page hands on."""


@dataclass(frozen=True, slots=True)
class Client:
    """The one client: its id and secret, and the addresses below which it may ask to be called back."""

    client_id: str
    secret: str
    products: tuple[str, ...]

    def may_return_to(self, address: str) -> bool:
        """Whether an address lies under the product's: the same origin, and its path."""
        asked = _split(address)
        if asked is None or asked.fragment:
            return False
        for product in self.products:
            base = urlsplit(product)
            below = asked.path.startswith(base.path.rstrip("/") + "/")
            if below and _origin(asked) == _origin(base):
                return True
        return False


class OAuthError(WireError):
    """An error of RFC 6749, answered in its own shape."""


class IdentityProvider:
    """The provider of one world. `issuer` is its address; `clock` gives seconds since 1970."""

    realm = "person"
    """Codes and tokens of one realm open nothing in another."""
    claims_supported = ("sub", "name", "id_kind", "id_number", "mobile")

    def __init__(
        self, store: Store, world: World, client: Client, issuer: str, clock: Callable[[], int]
    ) -> None:
        self.store = store
        self.world = world
        self.client = client
        self.issuer = issuer
        self.clock = clock

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """The signing key, made once and kept in the sandbox's file."""
        pem = self.store.meta("identity_key")
        if pem is None:
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = self.store.remember(
                "identity_key",
                made.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ).decode(),
            )
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the kept key is no RSA key")
        return key

    @cached_property
    def _public(self) -> Json:
        return dict(RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True))

    @cached_property
    def _key_id(self) -> str:
        return sha256(str(self._public["n"]).encode()).hexdigest()[:16]

    def check_up(self) -> None:
        """Raise WireError if the provider was told to be down."""
        with self.store.reading() as connection:
            if fault_now(connection, scenarios.IDENTITY_PROVIDER).mode == scenarios.DOWN:
                refuse_down(scenarios.IDENTITY_PROVIDER)

    def discovery(self) -> Answer:
        """`/.well-known/openid-configuration`."""
        return json_answer(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile"],
                "claims_supported": list(self.claims_supported),
            }
        )

    def jwks(self) -> Answer:
        """The public key."""
        return json_answer({"keys": [self._public | {"use": "sig", "alg": "RS256", "kid": self._key_id}]})

    def check_request(self, asked: Mapping[str, str]) -> Answer | None:
        """None if the authorization request is in order, else the redirect that tells the client.

        Raises WireError where the client or its address is wrong: then no browser is sent anywhere.
        """
        if asked.get("client_id") != self.client.client_id:
            raise WireError(400, "unknown_client", "client_id names a client that is not known here.")
        if not self.client.may_return_to(asked.get("redirect_uri", "")):
            raise WireError(400, "bad_redirect_uri", "redirect_uri does not lie under the product's address.")
        if asked.get("response_type") != "code":
            return self._send_back(asked, {"error": "unsupported_response_type"})
        if "openid" not in asked.get("scope", "").split():
            return self._send_back(asked, {"error": "invalid_scope"})
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            return self._send_back(
                asked, {"error": "invalid_request", "error_description": "PKCE with S256 is required"}
            )
        return None

    def grant(self, asked: Mapping[str, str], person: int) -> Answer:
        """Send the browser back with a code for this person. The request must have been checked."""
        code = secrets.token_urlsafe(32)
        self._keep(
            "code",
            code,
            person,
            CODE_SECONDS,
            redirect_uri=asked["redirect_uri"],
            nonce=asked.get("nonce", ""),
            challenge=asked["code_challenge"],
        )
        return self._send_back(asked, {"code": code})

    def refuse(self, asked: Mapping[str, str]) -> Answer:
        """Send the browser back without a code: the person turned round."""
        return self._send_back(asked, {"error": "access_denied"})

    def _send_back(self, asked: Mapping[str, str], said: dict[str, str]) -> Answer:
        address = urlsplit(asked["redirect_uri"])
        if asked.get("state"):
            said["state"] = asked["state"]
        query = urlencode([*parse_qsl(address.query, keep_blank_values=True), *said.items()])
        return redirect(address._replace(query=query).geturl())

    def token(self, request: Request) -> Answer:
        """Change a code for tokens. Raises OAuthError."""
        form = request.form
        self._check_client(request)
        if form.get("grant_type") != "authorization_code":
            raise OAuthError(400, "unsupported_grant_type", "Only authorization_code is given here.")
        digest = self._digest("code", form.get("code", ""))
        with self.store.writing() as connection:
            row = connection.execute("SELECT * FROM identity_grants WHERE digest = ?", (digest,)).fetchone()
            # A code counts once, whatever comes of it.
            connection.execute("DELETE FROM identity_grants WHERE digest = ?", (digest,))
        if row is None or row["expires_at"] < self.clock() or row["redirect_uri"] != form.get("redirect_uri"):
            raise OAuthError(
                400, "invalid_grant", "The code is used, too old, or was given for another address."
            )
        hashed = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if not hmac.compare_digest(challenge, row["challenge"]):
            raise OAuthError(400, "invalid_grant", "code_verifier does not fit the challenge.")
        person = int(row["person"])
        access = secrets.token_urlsafe(32)
        self._keep("token", access, person, TOKEN_SECONDS)
        now = self.clock()
        claims = self.claims(person) | {
            "iss": self.issuer,
            "aud": self.client.client_id,
            "iat": now,
            "auth_time": now,
            "exp": now + TOKEN_SECONDS,
        }
        if row["nonce"]:
            claims["nonce"] = row["nonce"]
        return json_answer(
            {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "scope": "openid profile",
                "id_token": jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id}),
            }
        )

    def userinfo(self, request: Request) -> Answer:
        """The claims of whom an access token was given for. Raises OAuthError."""
        kind, _, access = request.headers.get("authorization", "").partition(" ")
        with self.store.reading() as connection:
            row = connection.execute(
                "SELECT person FROM identity_grants WHERE digest = ? AND expires_at >= ?",
                (self._digest("token", access), self.clock()),
            ).fetchone()
        if kind.lower() != "bearer" or row is None:
            raise OAuthError(401, "invalid_token", "The access token is not known or too old.")
        return json_answer(self.claims(int(row["person"])))

    def claims(self, person: int) -> Json:
        """What is said of somebody, by ordinal."""
        record = self.world.person(person)
        return {
            "sub": sha256(f"{self.world.seed}/subject/{record.id_number}".encode()).hexdigest()[:32],
            "name": record.name,
            "id_kind": CITIZEN_ID,
            "id_number": record.id_number,
            "mobile": record.mobile,
        }

    def _digest(self, kind: str, value: str) -> str:
        return sha256(f"{self.realm}/{kind}/{value}".encode()).hexdigest()

    def _check_client(self, request: Request) -> None:
        client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                pair = base64.b64decode(encoded, validate=True).decode()
            except ValueError as error:
                raise OAuthError(401, "invalid_client", "The Basic credentials are ill-formed.") from error
            client_id, _, secret = (unquote_plus(part) for part in pair.partition(":"))
        known = hmac.compare_digest(client_id.encode(), self.client.client_id.encode())
        if not (known & hmac.compare_digest(secret.encode(), self.client.secret.encode())):
            raise OAuthError(401, "invalid_client", "The client is not known or its secret differs.")

    def _keep(
        self,
        kind: str,
        value: str,
        person: int,
        seconds: int,
        *,
        redirect_uri: str = "",
        nonce: str = "",
        challenge: str = "",
    ) -> None:
        now = self.clock()
        with self.store.writing() as connection:
            connection.execute("DELETE FROM identity_grants WHERE expires_at < ?", (now,))
            connection.execute(
                "INSERT INTO identity_grants VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._digest(kind, value), kind, person, redirect_uri, nonce, challenge, now + seconds),
            )


def oauth_error_answer(error: OAuthError) -> Answer:
    """The shape of RFC 6749 §5.2."""
    answer = json_answer({"error": error.code, "error_description": error.message}, error.status)
    if error.status != 401:
        return answer
    challenge = "Bearer" if error.code == "invalid_token" else "Basic"
    return Answer(answer.status, answer.body, headers=(("WWW-Authenticate", challenge),))


def _split(address: str) -> SplitResult | None:
    """The parts of an address, or None for one that a browser might read otherwise than we do."""
    if not address.isascii() or not address.isprintable() or "\\" in address or " " in address:
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc or port == 0 else parts


def _origin(address: SplitResult) -> tuple[str, str, int | None]:
    """Scheme, host and port; the two names of this machine's own interface are one."""
    host = address.hostname or ""
    return address.scheme, "localhost" if host == "127.0.0.1" else host, address.port
