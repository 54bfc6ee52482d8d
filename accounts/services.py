"""All writes of parties, users, rights, machine clients and the access log.

It must never know of HTTP, and never put a number of a person into an exception, a log line or the access
log.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from accounts.models import (
    ADMINISTRATORS,
    API_SCOPES,
    STAFF_ROLES,
    Access,
    Identifier,
    IdentifierKind,
    Party,
    Role,
    User,
)
from accounts.privacy import digest
from accounts.selectors import (
    MACHINE_USERNAME,
    client_regions,
    identifier_digest,
    is_revoked,
    party_by_number,
)
from law import identifiers
from law.errors import Refused
from law.workdays import legal_day

CODE_SECONDS = 30
CODE_TOLERANCE = 1
CODE_DIGITS = 6
# Five wrong codes in five minutes, in words on the sign-in page: change both together.
CODE_FAILURES_ALLOWED = 5
CODE_FAILURE_WINDOW = timedelta(minutes=5)
ADDRESS_PURPOSE = "network-address"
LEAST_REASON = 4
UNIT_KINDS = frozenset({IdentifierKind.USCC.value})


def record_access(
    *,
    act: str,
    actor: User | None,
    party: Party | None = None,
    case_number: str = "",
    reason: str = "",
    address: str = "",
    now: datetime,
) -> Access:
    """Write one line of the access log; `address` is kept as a digest.

    Raises ValueError for an unknown act.
    """
    return Access.objects.create(
        at=now,
        actor=actor,
        act=Access.Act(act),
        party=party,
        case_number=case_number,
        reason=reason,
        address_digest=digest(address, purpose=ADDRESS_PURPOSE) if address else "",
    )


@transaction.atomic
def record_machine_reads(
    *, client: Client, files: Sequence[tuple[int, str]], address: str, now: datetime
) -> None:
    """Write that a machine client read these files: (id of the party, case number) of each.

    The person sees the client's name beside the officers who looked.
    """
    seen_from = digest(address, purpose=ADDRESS_PURPOSE) if address else ""
    Access.objects.bulk_create(
        Access(
            at=now,
            act=Access.Act.READ,
            party_id=party,
            case_number=number,
            reason=client.name,
            address_digest=seen_from,
        )
        for party, number in files
    )


@transaction.atomic
def unmask(*, party: Party, actor: User, case_number: str, reason: str, address: str, now: datetime) -> str:
    """The party's number in full, for this once; who asked and why is written down for the person to read.

    Raises Refused("unmask.reason_missing"), and "unmask.no_number" where there is none.
    """
    why = " ".join(reason.split())
    if len(why) < LEAST_REASON:
        raise Refused("unmask.reason_missing")
    found = party.identifiers.filter(valid_to__isnull=True).order_by("id").first()
    if found is None:
        raise Refused("unmask.no_number")
    record_access(
        act=Access.Act.UNMASK,
        actor=actor,
        party=party,
        case_number=case_number,
        reason=why[:300],
        address=address,
        now=now,
    )
    return found.number


@transaction.atomic
def ensure_person(*, name: str, id_kind: str, id_number: str, now: datetime) -> Party:
    """The person with this number, made if new.

    A differing name changes nothing here: only a verified sign-in renames.

    Raises Refused("identifier.invalid") for a number that cannot be one of its kind.
    """
    return _ensure_party(kind=Party.Kind.PERSON, name=name, id_kind=id_kind, id_number=id_number, now=now)


@transaction.atomic
def ensure_unit(*, name: str, uscc: str, now: datetime) -> Party:
    """The unit with this unified social credit code, made if new. Raises Refused("identifier.invalid")."""
    return _ensure_party(
        kind=Party.Kind.UNIT, name=name, id_kind=IdentifierKind.USCC.value, id_number=uscc, now=now
    )


def _ensure_party(*, kind: str, name: str, id_kind: str, id_number: str, now: datetime) -> Party:
    found = party_by_number(kind=id_kind, number=id_number)
    if found:
        return found
    day = legal_day(now)
    is_unit = id_kind in UNIT_KINDS
    if (
        id_kind not in IdentifierKind.values
        or is_unit != (kind == Party.Kind.UNIT)
        or not identifiers.check(id_kind, id_number, on=day).valid
    ):
        raise Refused("identifier.invalid")
    try:
        # A savepoint: of two who add the same person at once, the constraint lets one through and the other
        # finds him.
        with transaction.atomic():
            party = Party.objects.create(kind=kind, name=name, created_at=now)
            Identifier.objects.create(
                party=party,
                kind=id_kind,
                number=id_number,
                digest=identifier_digest(kind=id_kind, number=id_number),
                masked=identifiers.mask(id_kind, id_number),
                valid_from=day,
            )
    except IntegrityError:
        winner = party_by_number(kind=id_kind, number=id_number)
        if winner is None:
            raise
        return winner
    return party


@transaction.atomic
def link_citizen(
    *, user: User, name: str, id_number: str, now: datetime, id_kind: str = IdentifierKind.CITIZEN_ID.value
) -> Party:
    """Tie a user to the person the identity provider has verified, and take over the name it gives.

    Raises Refused: "identifier.invalid"; "identity.number_differs" if the user is already another person;
    "identity.linked_elsewhere" if another user is this person; "identity.officer" for an officer's user.
    """
    if user.is_staff_member:
        raise Refused("identity.officer")
    party = ensure_person(name=name, id_kind=id_kind, id_number=id_number, now=now)
    if user.party_id is not None and user.party_id != party.pk:
        raise Refused("identity.number_differs")
    if User.objects.filter(party=party).exclude(pk=user.pk).exists():
        raise Refused("identity.linked_elsewhere")
    take_over_name(party=party, name=name, actor=user, now=now)
    if user.party_id is None or user.full_name != name:
        is_new = user.party_id is None
        user.party = party
        user.full_name = name
        user.save(update_fields=["party", "full_name"])
        if is_new:
            record_access(act=Access.Act.LINKED, actor=user, party=party, now=now)
    return party


@transaction.atomic
def take_over_name(*, party: Party, name: str, actor: User, now: datetime) -> None:
    """Write down the name that the identity provider vouches for, and keep the one before."""
    if party.name != name:
        party.former_names = [*party.former_names, party.name]
        party.name = name
        party.save(update_fields=["name", "former_names"])
        record_access(act=Access.Act.RENAMED, actor=actor, party=party, now=now)


@transaction.atomic
def create_staff(
    *,
    username: str,
    full_name: str,
    roles: Iterable[str],
    regions: Iterable[str],
    password: str,
    totp_secret: str | None = None,
    temporary_password: bool = False,
    actor: User,
    now: datetime,
) -> User:
    """Register an officer. Without `totp_secret` (base32) the first sign-in sets up the second factor.

    A `temporary_password` must be replaced by its owner at the first sign-in.

    Raises Refused("user.not_yours_to_manage", "user.roles", "user.regions", "user.exists") and
    ValidationError for a weak password.
    """
    _check_may_manage(actor)
    wanted, places = _checked_rights(roles, regions)
    if User.objects.filter(username__iexact=username).exists():
        raise Refused("user.exists")
    user = User(
        username=username,
        full_name=full_name,
        roles=wanted,
        regions=places,
        temporary_password=temporary_password,
    )
    validate_password(password, user)
    user.set_password(password)
    user.save()
    _record_rights(user, actor=actor, now=now)
    if totp_secret is not None:
        set_second_factor(user=user, totp_secret=totp_secret, now=now)
    return user


@transaction.atomic
def change_rights(
    *, user: User, roles: Iterable[str], regions: Iterable[str], actor: User, now: datetime
) -> User:
    """Give an officer other roles and regions.

    Raises Refused as `create_staff`, and "user.own_rights" for one's own.
    """
    _check_may_manage_other(user, actor)
    user.roles, user.regions = _checked_rights(roles, regions)
    user.save(update_fields=["roles", "regions"])
    _record_rights(user, actor=actor, now=now)
    return user


@transaction.atomic
def reset_credentials(
    *,
    user: User,
    password: str,
    totp_secret: str | None,
    temporary_password: bool = False,
    actor: User,
    now: datetime,
) -> None:
    """Give an officer a new password and second factor; without a secret the next sign-in sets one up.

    Ends the officer's sessions. Raises Refused("user.not_yours_to_manage", "user.own_rights").
    """
    _check_may_manage_other(user, actor)
    validate_password(password, user)
    user.set_password(password)
    user.temporary_password = temporary_password
    user.save(update_fields=["password", "temporary_password"])
    Authenticator.objects.filter(user=user).delete()
    record_access(act=Access.Act.CREDENTIALS_RESET, actor=actor, reason=user.username, now=now)
    if totp_secret is not None:
        set_second_factor(user=user, totp_secret=totp_secret, now=now)


def initial_password() -> str:
    """A password to begin with, for one person and one day."""
    return secrets.token_urlsafe(12)


@transaction.atomic
def set_account_open(*, user: User, is_open: bool, actor: User, now: datetime) -> User:
    """Close an officer's account, which ends its sessions at once, or open it again; its history stays.

    Raises Refused("user.not_yours_to_manage", "user.own_rights").
    """
    _check_may_manage_other(user, actor)
    if user.is_active != is_open:
        user.is_active = is_open
        user.save(update_fields=["is_active"])
        act = Access.Act.ACCOUNT_OPENED if is_open else Access.Act.ACCOUNT_CLOSED
        record_access(act=act, actor=actor, reason=user.username, now=now)
    return user


@transaction.atomic
def change_password(*, user: User, current: str, new: str, now: datetime) -> None:
    """An officer's own new password. Raises Refused("password.wrong", "password.same") and ValidationError
    for a weak one.
    """
    if not user.check_password(current):
        raise Refused("password.wrong")
    if current == new:
        raise Refused("password.same")
    validate_password(new, user)
    user.set_password(new)
    user.temporary_password = False
    user.save(update_fields=["password", "temporary_password"])
    record_access(act=Access.Act.PASSWORD_CHANGED, actor=user, now=now)


@transaction.atomic
def renew_recovery_codes(*, user: User, now: datetime) -> None:
    """Make new codes for the day the telephone is lost; the old ones open nothing any more."""
    User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    RecoveryCodes.activate(user)
    record_access(act=Access.Act.RECOVERY_CODES, actor=user, now=now)


@transaction.atomic
def delete_expired(*, now: datetime) -> tuple[int, int]:
    """Remove sessions and API tokens whose time is over; how many of each."""
    sessions, _each = Session.objects.filter(expire_date__lt=now).delete()
    tokens, _each = Token.objects.filter(expires_at__lt=now).delete()
    return sessions, tokens


@transaction.atomic
def set_second_factor(*, user: User, totp_secret: str, now: datetime) -> None:
    """Store the secret of the user's one-time codes (base32, kept encrypted), in place of an earlier one."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(user, totp_secret)
    record_access(act=Access.Act.SECOND_FACTOR_SET, actor=user, now=now)


@transaction.atomic
def remove_passkey(*, user: User, key: int, now: datetime) -> bool:
    """Take away one of an officer's own passkeys; whether there was one. The one-time codes stay."""
    count, _each = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN, pk=key).delete()
    if count:
        record_access(act=Access.Act.PASSKEY_REMOVED, actor=user, now=now)
    return bool(count)


def one_time_codes_locked(*, user: User, now: datetime) -> bool:
    """Whether too many wrong codes were given lately; counted in the database, which forgets nothing."""
    recent = Access.objects.filter(actor=user, at__gt=now - CODE_FAILURE_WINDOW, at__lte=now)
    good = recent.filter(act__in=[Access.Act.ONE_TIME_CODE, Access.Act.PASSKEY_USED])
    last_good = good.order_by("-at").values_list("at", flat=True).first()
    failures = recent.filter(act=Access.Act.ONE_TIME_CODE_FAILED)
    if last_good is not None:
        failures = failures.filter(at__gt=last_good)
    return failures.count() >= CODE_FAILURES_ALLOWED


@transaction.atomic
def check_one_time_code(*, user: User, code: str) -> bool:
    """Whether this is the user's one-time code now, one step early or late.

    A code counts once, for whatever act.

    Takes no `now`: a code belongs to the wall clock of the telephone that shows it, whatever day is being
    worked on.
    """
    # Guesses sent all at once stand in line here: otherwise none would see the others' failures.
    User.objects.select_for_update().get(pk=user.pk)
    seconds = time.time()
    now = datetime.fromtimestamp(seconds, tz=UTC)
    if one_time_codes_locked(user=user, now=now):
        return False
    step = _matching_step(user=user, code=code.strip().replace(" ", ""), at=int(seconds) // CODE_SECONDS)
    # Compare-and-set: of two requests with the same code, the row lets one through.
    accepted = (
        step is not None
        and User.objects.filter(pk=user.pk, last_code_step__lt=step).update(last_code_step=step) == 1
    )
    record_access(
        act=Access.Act.ONE_TIME_CODE if accepted else Access.Act.ONE_TIME_CODE_FAILED, actor=user, now=now
    )
    return accepted


def use_code_of_new_secret(*, user: User, totp_secret: str, code: str) -> bool:
    """The same for a secret that is just being set up: the code that proves it counts as used."""
    at = int(time.time()) // CODE_SECONDS
    step = _step_of(totp_secret, code.strip().replace(" ", ""), at)
    if step is None:
        return False
    return User.objects.filter(pk=user.pk, last_code_step__lt=step).update(last_code_step=step) == 1


@transaction.atomic
def create_client(
    *, name: str, scopes: Iterable[str], regions: Iterable[str] = (), actor: User, now: datetime
) -> tuple[Client, str]:
    """Register a machine client for client credentials; returns it with its secret, which is shown this once.

    It reads the cases of `regions`, or of all where none is named. Raises
    Refused("user.not_yours_to_manage", "client.scopes", "user.regions").
    """
    secret = secrets.token_urlsafe(32)
    client = Client(name=name, data={"regions": _checked_regions(regions)})
    return _save_client(client, secret=secret, scopes=scopes, actor=actor, now=now), secret


@transaction.atomic
def revoke_client(*, client: Client, actor: User, now: datetime) -> Client:
    """Shut a machine client out for good: its secret and its tokens open nothing any more; its name stays.

    Raises Refused("user.not_yours_to_manage").
    """
    _check_may_manage(actor)
    if is_revoked(client):
        return client
    known = client.data if isinstance(client.data, dict) else {}
    client.data = {**known, "revoked_at": now.isoformat()}
    client.secret = make_password(None)
    client.set_grant_types([])
    client.save(update_fields=["data", "secret", "grant_types"])
    Token.objects.filter(client=client).delete()
    record_access(act=Access.Act.CLIENT_REVOKED, actor=actor, reason=client.name, now=now)
    return client


@transaction.atomic
def ensure_client(
    *, client_id: str, secret: str, name: str, scopes: Iterable[str], actor: User, now: datetime
) -> Client:
    """The client with this id, registered with this secret if it is missing or has another."""
    found = Client.objects.filter(pk=client_id).first()
    if found is not None and found.check_secret(secret):
        return found
    return _save_client(
        found or Client(id=client_id, name=name), secret=secret, scopes=scopes, actor=actor, now=now
    )


def _save_client(client: Client, *, secret: str, scopes: Iterable[str], actor: User, now: datetime) -> Client:
    _check_may_manage(actor)
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(API_SCOPES):
        raise Refused("client.scopes")
    client.type = Client.Type.CONFIDENTIAL
    client.set_secret(secret)
    client.set_scopes(wanted)
    client.set_default_scopes(wanted)
    client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
    client.set_response_types([])
    client.save()
    reason = f"{client.name}: {' '.join(wanted)} / {' '.join(client_regions(client))}"
    record_access(act=Access.Act.CLIENT_CREATED, actor=actor, reason=reason[:300], now=now)
    return client


def _check_may_manage(actor: User) -> None:
    """Rights are given by the security administrator; the machine gives those of a demo and a first start."""
    if actor.username != MACHINE_USERNAME and not (actor.is_active and actor.has_role(Role.SECURITY_ADMIN)):
        raise Refused("user.not_yours_to_manage")


def _check_may_manage_other(user: User, actor: User) -> None:
    """Nobody changes the own rights or way in: another security administrator does."""
    _check_may_manage(actor)
    if actor.pk == user.pk:
        raise Refused("user.own_rights")


def _checked_rights(roles: Iterable[str], regions: Iterable[str]) -> tuple[list[str], list[str]]:
    wanted = sorted({str(role) for role in roles})
    administrators = {str(role) for role in ADMINISTRATORS}
    if (
        not wanted
        or not set(wanted) <= {str(role) for role in STAFF_ROLES}
        or (set(wanted) & administrators and len(wanted) > 1)
    ):
        raise Refused("user.roles")
    return wanted, _checked_regions(regions)


def _checked_regions(regions: Iterable[str]) -> list[str]:
    places = sorted(set(regions))
    if not all(len(place) == 6 and place.isascii() and place.isdigit() for place in places):
        raise Refused("user.regions")
    return places


def _record_rights(user: User, *, actor: User, now: datetime) -> None:
    reason = f"{user.username}: {' '.join(user.roles)} / {' '.join(user.regions)}"
    record_access(act=Access.Act.RIGHTS_CHANGED, actor=actor, reason=reason[:300], now=now)


def _matching_step(*, user: User, code: str, at: int) -> int | None:
    authenticator = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if authenticator is None:
        return None
    return _step_of(decrypt(authenticator.data["secret"]), code, at)


def _step_of(totp_secret: str, code: str, at: int) -> int | None:
    """The time step near `at` whose code this is (RFC 6238); all are compared, in constant time."""
    if len(code) != CODE_DIGITS or not code.isascii():
        return None
    found = None
    for step in range(at - CODE_TOLERANCE, at + CODE_TOLERANCE + 1):
        if secrets.compare_digest(format_hotp_value(hotp_value(totp_secret, step)), code):
            found = step
    return found
