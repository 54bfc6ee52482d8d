"""The two server addresses of the environment become what Django and Celery want."""

from __future__ import annotations

import pytest

from config.addresses import AddressError, broker_url, cache_url, database_settings


def test_a_socket_directory_takes_the_place_of_the_host() -> None:
    found = database_settings("postgresql://anye:p%40ss@/anye?host=/run/anye/postgres")
    assert (found["HOST"], found["PASSWORD"], found["NAME"], found["OPTIONS"]) == (
        "/run/anye/postgres", "p@ss", "anye", {},
    )  # fmt: skip


def test_options_of_a_network_address_go_to_the_driver() -> None:
    found = database_settings("postgres://u@db.example:5433/city?sslmode=require")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("db.example", 5433, {"sslmode": "require"})


@pytest.mark.parametrize("url", ["", "mysql://u@h/n", "postgresql://u@h/"])
def test_an_address_that_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        database_settings(url)


@pytest.mark.parametrize(
    ("url", "broker", "cache"),
    [
        (
            "unix:///run/a/v.sock?db=2",
            "redis+socket:///run/a/v.sock?virtual_host=2",
            "unix:///run/a/v.sock?db=3",
        ),
        ("redis://h:6379/0", "redis://h:6379/0", "redis://h:6379/1"),
        ("rediss://:p@h:6379", "rediss://:p@h:6379", "rediss://:p@h:6379/1"),
    ],
)
def test_broker_and_cache_share_a_server_but_no_database(url: str, broker: str, cache: str) -> None:
    assert (broker_url(url), cache_url(url)) == (broker, cache)


@pytest.mark.parametrize("url", ["", "http://h/0", "redis://h/x", "unix:///s?db=-1"])
def test_an_address_that_is_no_broker_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        cache_url(url)
