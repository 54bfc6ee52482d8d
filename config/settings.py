"""Django's settings: one file, fed by the environment alone, failing loudly when something is missing.

Holds no number of the law (those are dated values in `law/` and `policy/`) and no secret. The environment of
a whole installation is made in `config/home.py`; containers get theirs from `.env` (see `.env.example`).
"""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env

from config.addresses import cache_url, database_settings

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- the installation -------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS")
ANYE_HOME = env.path("ANYE_HOME")
ANYE_DEMO = env.bool("ANYE_DEMO", default=False)
"""Whether the outside world is the sandbox: pages say so, and the demo commands work."""
ANYE_HTTPS = env.bool("ANYE_HTTPS", default=True)
"""Whether people reach us by https; `./run` on the loopback address says no."""
ANYE_BASE_URL = env.str("ANYE_BASE_URL")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- secrets of our own -----------------------------------------------------------------------------------

ANYE_FIELD_KEYS = env.str("ANYE_FIELD_KEYS")
"""`id:base64 of 32 bytes`, comma separated; the first one encrypts, all decrypt."""
ANYE_DIGEST_KEY = env.str("ANYE_DIGEST_KEY")
"""Base64 of 32 bytes: the key of the digests by which numbers are found."""
ANYE_CRYPTO_PROVIDER = env.str("ANYE_CRYPTO_PROVIDER", default="accounts.privacy.AesGcmProvider")
"""What encrypts and digests; a bureau that must use national algorithms names a class of its own."""

# --- the outside ------------------------------------------------------------------------------------------

ANYE_SANDBOX_URL = env.str("ANYE_SANDBOX_URL")
"""Base address of the outside world; each service may have one of its own, below."""
ANYE_GATEWAY_KEY = env.str("ANYE_GATEWAY_KEY")
"""HMAC key with which requests to the outside are signed."""
ANYE_OUTSIDE: dict[str, dict[str, str]] = dict(env.json("ANYE_OUTSIDE", default={}))
"""Services with an address or key of their own: `{"BANK": {"url": "…", "key_id": "…", "key": "…"}}`,
names as in `gateways.ports`; what an entry leaves out is the common one."""
_SANDBOX_PAYER = {"account": "1301000000000001", "name": "石家庄市失业保险基金支出户"}
ANYE_PAYER = dict(env.json("ANYE_PAYER", default=_SANDBOX_PAYER) if ANYE_DEMO else env.json("ANYE_PAYER"))
"""The account benefits are paid from, `{"account": "…", "name": "…"}`; only the sandbox's bank takes any.
`"format"` is what the bank reads: `"text"` (default) or `"pain001"`, which needs `"bank_code"` (12 digits)"""
ANYE_IDENTITY_URL = env.str("ANYE_IDENTITY_URL", default=f"{ANYE_SANDBOX_URL}/oidc")
"""The issuer of the identity provider at which citizens sign in."""
ANYE_UNIT_IDENTITY_URL = env.str("ANYE_UNIT_IDENTITY_URL", default="") or f"{ANYE_IDENTITY_URL}/units"
"""The issuer of the identity provider for legal persons, at which one signs in for a unit."""

# --- parts ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.CompositionConfig",
    "accounts",
    "cases",
    "policy",
    "gateways",
    "payouts",
    "enterprises",
    "claims",
    "subsidies",
    "audit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.idp.oidc",
]

MIDDLEWARE = [
    "config.metrics.CountRequests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.nul.NoNulCharacters",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.IdleTimeout",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cases.context.staff_nav",
                "policy.context.alarms",
                "accounts.context.who",
            ],
        },
    }
]

# --- database, cache --------------------------------------------------------------------------------------

DATABASES = {
    "default": database_settings(env.str("DATABASE_URL"))
    # One connection a thread, kept: a new one costs a process of the server and a password exchange.
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
}
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": cache_url(REDIS_URL),
        "KEY_PREFIX": "anye",
        "TIMEOUT": 300,  # the server never drops a key by itself (it is the broker too): every entry ends
    }
}

# --- language, time ---------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- static files -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = ANYE_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

# --- uploads ----------------------------------------------------------------------------------------------

# Bounded, and never on a disk: a paper about a person lies nowhere in the clear.
FILE_UPLOAD_HANDLERS = ["cases.uploads.BoundedUploads"]

# --- security ---------------------------------------------------------------------------------------------

_issuers = [urlsplit(issuer) for issuer in (ANYE_IDENTITY_URL, ANYE_UNIT_IDENTITY_URL)]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A form's redirect counts too: signing in posts here and is sent on to the identity provider.
        "form-action": [SELF, *sorted({f"{issuer.scheme}://{issuer.netloc}" for issuer in _issuers})],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "anye_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = ANYE_HTTPS
CSRF_COOKIE_NAME = "anye_csrf"
CSRF_COOKIE_SECURE = ANYE_HTTPS
LANGUAGE_COOKIE_NAME = "anye_language"
LANGUAGE_COOKIE_SECURE = ANYE_HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False  # the proxy that ends TLS does that
SECURE_HSTS_SECONDS = 31_536_000 if ANYE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ANYE_HTTPS else None
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # SECURE_SSL_REDIRECT: see above
]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- sign-in ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "staff-sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
ANYE_IDLE_SECONDS = {"staff": 30 * 60, "citizen": 2 * 3600}
"""After so long without a request a session ends, and the sign-in page says so."""
ANYE_IDLE_WARNING_SECONDS = 2 * 60
"""So long before, the page one has open warns."""
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.StaffSignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    # Five failures in five minutes for a name (the page says so); more for an address: an office shares one.
    "login_failed": "60/m/ip,5/300s/key",
    "login": "240/m/ip",
}
MFA_ADAPTER = "accounts.sign_in.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.OneTimeCodeForm",
    "activate_totp": "accounts.forms.SecondFactorForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "authenticate_webauthn": "accounts.forms.PasskeyForm",
}
# One-time codes are everybody's: they sign batches too. A passkey may stand in for one at sign-in.
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Anye"
MFA_TOTP_TOLERANCE = (
    1  # a code counts once; a reviewer signs in and signs a batch within the same half minute
)
MFA_RECOVERY_CODES_SHOW_ONCE = True
# The second factor is set up just after the password was given and replaced by the security administrator:
# there is nothing to ask the password for again.
MFA_REAUTHENTICATION_REQUIRED = False
SOCIALACCOUNT_ADAPTER = "accounts.sign_in.CitizenAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link, not a form: a content policy for forms covers redirects too
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "accounts.citizen_provider.CitizenProvider",
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "citizen",
                "name": _("统一身份认证"),
                "client_id": env.str("ANYE_OIDC_CLIENT_ID", default="anye"),
                "secret": env.str("ANYE_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": ANYE_IDENTITY_URL},
            },
            {
                "provider_id": "unit",
                "name": _("法人统一身份认证"),
                "client_id": env.str("ANYE_UNIT_OIDC_CLIENT_ID", default="")
                or env.str("ANYE_OIDC_CLIENT_ID", default="anye"),
                "secret": env.str("ANYE_UNIT_OIDC_CLIENT_SECRET", default="")
                or env.str("ANYE_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": ANYE_UNIT_IDENTITY_URL},
            },
        ],
    }
}
IDP_OIDC_PRIVATE_KEY = base64.b64decode(env.str("ANYE_TOKEN_KEY")).decode()
"""Signs API tokens; PEM of an RSA key, base64 in the environment so that it fits on one line."""

# --- API --------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.ClientTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.ClientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": "600/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api.answer_problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Anye",
    "DESCRIPTION": (
        "Read-only access for auditors: every determination with its facts, sources, reasons and the numbers "
        "of law it was made with. `docs/audit.md` shows how to recompute one. Errors are RFC 9457 problems."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]+",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.complete_description",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# --- watching ---------------------------------------------------------------------------------------------

ANYE_METRICS_ALLOW: list[str] = env.list("ANYE_METRICS_ALLOW", default=["127.0.0.1", "::1"])
"""Addresses and networks that may read `/metrics`, directly and not through a proxy."""

# --- logs -------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "config.logs.MaskingFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("ANYE_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # two lines for each of some ten sweeps a minute would bury what matters
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
