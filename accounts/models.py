"""Parties and their numbers, users with roles and regions, mandates, the log of who signed in and read whom.

It must never hold a number of a person in the clear: `Identifier.number` is encrypted, found by digest, shown
masked.
"""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.privacy import EncryptedTextField


class Role(models.TextChoices):
    """What a user may be. Officers are given roles; citizens and agents have one through a linked person."""

    HANDLER = "HANDLER", _("经办")
    REVIEWER = "REVIEWER", pgettext_lazy("role", "复核")
    SUPERVISOR = "SUPERVISOR", _("主管")
    AUDITOR = "AUDITOR", _("稽核")
    SYSTEM_ADMIN = "SYSTEM_ADMIN", _("系统管理员")
    SECURITY_ADMIN = "SECURITY_ADMIN", _("安全管理员")
    AUDIT_ADMIN = "AUDIT_ADMIN", _("审计管理员")
    CITIZEN = "CITIZEN", _("个人")
    AGENT = "AGENT", _("单位经办人")


# Classified protection level 3: three administrators, three people, none of whom does case work.
ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
STAFF_ROLES = (Role.HANDLER, Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR, *ADMINISTRATORS)

# What a machine client may be given; `accounts.roles.SCOPES` says which action each opens.
API_SCOPES = ("determinations:read",)


class IdentifierKind(models.TextChoices):
    """The kinds of number by which a party is known, named as in `law.identifiers`."""

    CITIZEN_ID = "CITIZEN_ID", _("公民身份号码")
    USCC = "USCC", _("统一社会信用代码")


class Party(models.Model):
    """One person or one unit, under a key of our own that never changes."""

    class Kind(models.TextChoices):
        """Person or unit."""

        PERSON = "PERSON", _("个人")
        UNIT = "UNIT", _("单位")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=120, db_index=True)
    former_names = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="accounts_party_kind", condition=Q(kind__in=["PERSON", "UNIT"])),
            models.CheckConstraint(name="accounts_party_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class Identifier(models.Model):
    """A number of a party: encrypted, found by digest, shown masked, valid until it is replaced."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=20, choices=IdentifierKind.choices)
    number = EncryptedTextField()
    digest = models.CharField(max_length=64)
    masked = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="accounts_identifier_one_holder", fields=["kind", "digest"], condition=Q(valid_to=None)
            ),
            models.UniqueConstraint(
                name="accounts_identifier_one_of_a_kind", fields=["party", "kind"], condition=Q(valid_to=None)
            ),
            models.CheckConstraint(
                name="accounts_identifier_period",
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # Officers look people up by the last four, which the mask leaves readable.
            models.Index(
                Right("masked", 4), name="accounts_identifier_last_four", condition=Q(valid_to=None)
            ),
        ]

    def __str__(self) -> str:
        return self.masked


class User(AbstractUser):
    """Who signs in, and as what: an officer with roles and regions, a citizen linked to a party, an agent
    linked to the person that acts for units; also the machine. Who is two of these has two users.
    """

    roles = ArrayField(models.CharField(max_length=32, choices=Role.choices), default=list, blank=True)
    # Region codes of six digits; one ending in 00 stands for all its counties.
    regions = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    full_name = models.CharField(max_length=120, blank=True)
    party = models.OneToOneField(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="user")
    # The person who acts for units under this user. Not `party`: nothing of the person's own opens here.
    agent_person = models.OneToOneField(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="agent_user"
    )

    # The latest time step (RFC 6238: seconds since 1970 / 30) whose one-time code was used:
    # a code counts once, whatever happens to the cache.
    last_code_step = models.BigIntegerField(default=0)

    # The password was set by somebody else, so its owner must choose another before anything else.
    temporary_password = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="accounts_user_known_roles",
                condition=Q(roles__contained_by=[str(role) for role in STAFF_ROLES]),
            ),
            models.CheckConstraint(
                name="accounts_user_administrator_alone",
                condition=~Q(roles__overlap=[str(role) for role in ADMINISTRATORS]) | Q(roles__len=1),
            ),
            # A person who is both officer and claimant has two users, so that no one handles through a
            # citizen's session.
            models.CheckConstraint(
                name="accounts_user_officer_or_citizen", condition=Q(roles=[]) | Q(party=None)
            ),
            # Likewise who acts for a unit and is a claimant: the session says as which of the two.
            models.CheckConstraint(
                name="accounts_user_agent_alone",
                condition=Q(agent_person=None) | (Q(roles=[]) & Q(party=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def is_staff_member(self) -> bool:
        """Whether the user holds any officer's role. Not Django's `is_staff`, which nothing here uses."""
        return bool(self.roles)

    def has_role(self, role: Role) -> bool:
        """Whether the user holds this role; CITIZEN and AGENT are held by being linked to a person."""
        if role is Role.CITIZEN:
            return self.party_id is not None
        if role is Role.AGENT:
            return self.agent_person_id is not None
        return role.value in self.roles


class Mandate(models.Model):
    """That a person may act for a unit, from day to day. It can be ended, once; the database refuses any
    other change.
    """

    class Capacity(models.TextChoices):
        """By what the person acts: the first two as registered at the identity provider."""

        REPRESENTATIVE = "LEGAL_REPRESENTATIVE", _("法定代表人")
        REGISTERED = "AGENT", _("登记的经办人")
        DELEGATE = "DELEGATE", _("受委托的经办人")

    class End(models.TextChoices):
        """Why it ended before its last day, or was taken off the list after it."""

        WITHDRAWN = "WITHDRAWN", _("单位撤回")
        GIVEN_UP = "GIVEN_UP", _("本人交还")
        NOT_REGISTERED = "NOT_REGISTERED", _("统一身份认证已不再登记")
        REPLACED = "REPLACED", _("换成新的授权")
        DEREGISTERED = "DEREGISTERED", _("单位已注销")
        NAME_DIFFERS = "NAME_DIFFERS", _("姓名与证件不符")
        EXPIRED = "EXPIRED", _("已到期")

    # The person, not a user: one may be given a mandate before ever having signed in.
    person = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="mandates")
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="mandates_given")
    capacity = models.CharField(max_length=24, choices=Capacity.choices)
    # How the unit wrote the person's name; at the first sign-in the identity provider's word is compared.
    named_as = models.CharField(max_length=120)
    valid_from = models.DateField()
    # The last day, included; null: until it is ended.
    valid_to = models.DateField(null=True, blank=True)
    granted_at = models.DateTimeField()
    # Null: by the identity provider.
    granted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="mandates_granted"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="mandates_ended"
    )
    ended_because = models.CharField(max_length=16, choices=End.choices, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="accounts_mandate_one_open", fields=["person", "unit"], condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="accounts_mandate_period", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
            models.CheckConstraint(
                name="accounts_mandate_delegate_by_somebody",
                condition=Q(capacity="DELEGATE", granted_by__isnull=False)
                | (~Q(capacity="DELEGATE") & Q(granted_by=None)),
            ),
            models.CheckConstraint(
                name="accounts_mandate_end_has_reason",
                condition=Q(ended_at=None, ended_because="", ended_by=None)
                | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="accounts_mandate_unit", fields=["unit", "granted_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} / {self.person_id} {self.capacity}"

    @property
    def may_delegate(self) -> bool:
        """Whether it lets one give others a mandate: a delegate hands nothing on."""
        return self.capacity != Mandate.Capacity.DELEGATE


class Access(models.Model):
    """One line of the access log. The database refuses to change or delete one."""

    class Act(models.TextChoices):
        """What was done. A closed list: `seal_day` and the auditors count by it."""

        SIGN_IN = "SIGN_IN", _("登录")
        SIGN_IN_FAILED = "SIGN_IN_FAILED", _("登录未成功")
        LOCKED_OUT = "LOCKED_OUT", _("登录暂停")
        SIGN_OUT = "SIGN_OUT", _("退出")
        IDLE_SIGN_OUT = "IDLE_SIGN_OUT", _("久未操作退出")
        SECOND_FACTOR_SET = "SECOND_FACTOR_SET", _("设置动态口令")
        ONE_TIME_CODE = "ONE_TIME_CODE", _("使用动态口令")
        ONE_TIME_CODE_FAILED = "ONE_TIME_CODE_FAILED", _("动态口令不符")
        PASSKEY_ADDED = "PASSKEY_ADDED", _("添加通行密钥")
        PASSKEY_USED = "PASSKEY_USED", _("使用通行密钥")
        PASSKEY_REMOVED = "PASSKEY_REMOVED", _("删除通行密钥")
        READ = "READ", _("查看")
        UNMASK = "UNMASK", _("显示全号")
        EXPORT = "EXPORT", _("导出")
        REFUSED = "REFUSED", _("无权访问")
        RIGHTS_CHANGED = "RIGHTS_CHANGED", _("权限变更")
        CREDENTIALS_RESET = "CREDENTIALS_RESET", _("重置登录凭据")
        PASSWORD_CHANGED = "PASSWORD_CHANGED", _("本人改密码")
        RECOVERY_CODES = "RECOVERY_CODES", _("重新生成备用码")
        ACCOUNT_CLOSED = "ACCOUNT_CLOSED", _("停用账户")
        ACCOUNT_OPENED = "ACCOUNT_OPENED", _("恢复账户")
        LINKED = "LINKED", _("关联本人")
        RENAMED = "RENAMED", _("姓名变更")
        CLIENT_CREATED = "CLIENT_CREATED", _("登记接口客户")
        CLIENT_REVOKED = "CLIENT_REVOKED", _("撤销接口客户")
        MANDATE_GRANTED = "MANDATE_GRANTED", _("取得单位授权")
        MANDATE_DELEGATED = "MANDATE_DELEGATED", _("委托经办人")
        MANDATE_ENDED = "MANDATE_ENDED", _("结束单位授权")
        TOKEN_ISSUED = "TOKEN_ISSUED", _("签发令牌")
        TOKEN_REFUSED = "TOKEN_REFUSED", _("未签发令牌")

    at = models.DateTimeField(db_index=True)
    # Null where nobody is known: a failed sign-in, a machine client.
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="accesses")
    act = models.CharField(max_length=24, choices=Act.choices)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="accesses")
    case_number = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    address_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="accounts_access_actor", fields=["actor", "at"]),
            models.Index(name="accounts_access_party", fields=["party", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"
