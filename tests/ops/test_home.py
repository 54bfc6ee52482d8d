"""Where an installation keeps its state and its secrets."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.home import (
    SECRETS,
    Home,
    HomeError,
    _own_directory,
    destroy,
    is_traversable,
    open_home,
    process_environment,
    remove,
)


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    if (tmp_path / "var").exists():
        remove(open_home(tmp_path / "var"))


def secret_values(home: Home) -> dict[str, str]:
    return dict(line.split("=", 1) for line in home.secrets_file.read_text().splitlines())


def test_secrets_are_made_once_and_only_the_owner_reads_them(var: Path) -> None:
    home = open_home(var)
    first = secret_values(home)
    assert set(first) == set(SECRETS)
    assert all(len(value) >= 24 for value in first.values())
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600
    assert secret_values(open_home(var)) == first


def test_a_secret_that_a_later_version_needs_is_added_and_the_others_stay(var: Path) -> None:
    home = open_home(var)
    before = secret_values(home)
    home.secrets_file.write_text("".join(f"{k}={v}\n" for k, v in before.items() if k != "ANYE_GATEWAY_KEY"))
    after = secret_values(open_home(var))
    assert {k: v for k, v in after.items() if k != "ANYE_GATEWAY_KEY"} == {
        k: v for k, v in before.items() if k != "ANYE_GATEWAY_KEY"
    }
    assert after["ANYE_GATEWAY_KEY"]


def test_a_lost_var_starts_anew_and_destroys_nothing(var: Path) -> None:
    home = open_home(var)
    first = secret_values(home)
    (home.data / "precious").write_text("rows")
    (var / "installation").unlink()  # what is left when the data lie elsewhere and `var` was removed
    again = open_home(var)
    assert secret_values(again) != first
    assert (home.data.with_name("data.orphaned") / "precious").read_text() == "rows"


def test_what_the_environment_gives_wins(var: Path) -> None:
    home = open_home(var)
    made = process_environment(home, {"DATABASE_URL": "postgresql://u@elsewhere/n", "PATH": "/bin"})
    assert made["DATABASE_URL"] == "postgresql://u@elsewhere/n"
    assert made["REDIS_URL"].startswith("unix://")
    assert made["PATH"] == "/bin"
    assert "POSTGRES_PASSWORD" not in made


def test_the_path_of_a_socket_is_short_wherever_the_checkout_is(tmp_path: Path) -> None:
    home = open_home(tmp_path / ("long" * 30) / "var")
    try:
        assert len(str(home.postgres_socket / ".s.PGSQL.5432")) < 108
        assert len(str(home.valkey_socket)) < 108
    finally:
        remove(home)


def test_a_private_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises((HomeError, FileExistsError)):
        _own_directory(tmp_path / "link", 0o700)


def test_two_homes_share_nothing(tmp_path: Path) -> None:
    first, second = open_home(tmp_path / "a"), open_home(tmp_path / "b")
    try:
        assert {first.data, first.runtime}.isdisjoint({second.data, second.runtime})
    finally:
        remove(first)
        remove(second)


def test_destroying_leaves_a_home_that_can_start_anew(var: Path) -> None:
    home = open_home(var)
    first = secret_values(home)
    destroy(home)
    assert not home.data.exists()
    assert secret_values(open_home(var)) != first


def test_a_home_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError) as refusal:
        open_home(tmp_path / "file")
    assert "\n" not in str(refusal.value)


def test_a_link_is_as_open_as_the_way_to_it_and_the_way_behind_it(tmp_path: Path) -> None:
    (tmp_path / "open" / "target").mkdir(parents=True)
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "link").symlink_to(tmp_path / "open" / "target")
    (tmp_path / "open" / "link").symlink_to(tmp_path / "closed")
    assert not is_traversable(tmp_path / "closed" / "link")
    assert not is_traversable(tmp_path / "open" / "link")
    assert is_traversable(Path("/usr/bin"))
