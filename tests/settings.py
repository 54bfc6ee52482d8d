"""The product's settings as tests and mypy need them: complete without an installation, and quick.

Values of the environment win. No secret here opens anything.
"""

from __future__ import annotations

import base64
import os

_KEY = base64.b64encode(b"only for tests, thirty-two bytes").decode()
for _name, _value in {
    "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only",
    "DATABASE_URL": "postgresql://anye@127.0.0.1/anye",
    "REDIS_URL": "redis://127.0.0.1/0",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "ANYE_HOME": "var",
    "ANYE_DEMO": "true",
    "ANYE_HTTPS": "false",
    "ANYE_BASE_URL": "http://127.0.0.1:8000",
    "ANYE_SANDBOX_URL": "http://127.0.0.1:8001",
    "ANYE_FIELD_KEYS": f"t1:{_KEY}",
    "ANYE_DIGEST_KEY": _KEY,
    "ANYE_GATEWAY_KEY": "only-for-tests",
    "ANYE_OIDC_CLIENT_SECRET": "only-for-tests",
    "ANYE_TOKEN_KEY": "",
}.items():
    os.environ.setdefault(_name, _value)

from config.settings import *  # noqa: E402, F403 - a settings module is a flat list of names
from config.settings import DATABASES, STATICFILES_DIRS, STORAGES  # noqa: E402 - after the environment is made

# Each process has a database of its own name: several test runs may share one server.
DATABASES["default"]["TEST"] = {"NAME": f"test_anye_{os.getpid()}"}
# Nothing is collected for a test; WhiteNoise warns about a folder that is not there.
STATIC_ROOT = STATICFILES_DIRS[0]
# The manifest would ask for collectstatic first.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
