"""The kinds of case: their statuses, who each status waits for, and the closed list of their verbs.

Higher apps register data here, once, when their models load. Nothing here decides, reads or writes; a kind
that contradicts itself stops the program at start-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise


class WaitsFor(StrEnum):
    """Whom a case waits for. The queue's tabs, pausing clocks and age alarms all come from this."""

    MACHINE = "MACHINE"
    HANDLER = "HANDLER"
    REVIEWER = "REVIEWER"
    SUPERVISOR = "SUPERVISOR"
    APPLICANT = "APPLICANT"
    OFFICE = "OFFICE"
    BANK = "BANK"
    NOBODY = "NOBODY"


WAITS_FOR_LABELS: Mapping[WaitsFor, Label] = MappingProxyType(
    {
        WaitsFor.MACHINE: _("系统处理中"),
        WaitsFor.HANDLER: _("等经办"),
        WaitsFor.REVIEWER: _("等复核"),
        WaitsFor.SUPERVISOR: _("等主管"),
        WaitsFor.APPLICANT: _("等申请人"),
        WaitsFor.OFFICE: _("等外单位"),
        WaitsFor.BANK: _("等银行"),
        WaitsFor.NOBODY: _("已办结"),
    }
)

# A case that waits for a person may be put aside for another office; its status stays, so the pair must be
# known.
MAY_WAIT_FOR_OFFICE = frozenset({WaitsFor.HANDLER, WaitsFor.REVIEWER})

COMMON_VERB_LABELS: Mapping[str, Label] = MappingProxyType(
    {
        "case.taken": _("接办"),
        "case.released": _("退回待办"),
        "case.held": _("等外单位答复，先放一放"),
        "case.hold_ended": _("不再等外单位，接着办"),
        "case.reassigned": _("转办"),
        "clock.paused": _("时钟暂停，等申请人"),
        "clock.resumed": _("时钟继续"),
        "deadline.recomputed": _("新一年的工作日历公布，期限重新计算"),
        "fact.amended": _("认定一项事实"),
        "determination.made": _("按规则核定"),
        "proposal.made": _("提出意见"),
        "proposal.agreed": _("复核同意"),
        "proposal.declined": _("复核不同意"),
        "message.sent": _("发出消息"),
        "attachment.added": _("交来附件"),
        "letter.issued": _("制发文书"),
        "letter.opened": _("本人打开文书"),
        "letter.not_drawn": _("文书里有字体没有的字，请打印页面"),
    }
)
"""Acts that every kind knows, because `cases` itself records them."""

QUIET_VERBS = frozenset({"determination.made", "proposal.made", "proposal.agreed", "proposal.declined"})
"""Recorded and chained, but not shown on a case's page: the kind's own verb beside each says the same in its
words."""


class Place(StrEnum):
    """Where the open cases of a kind are shown to officers."""

    QUEUE = "QUEUE"
    """Among all others, by whom they wait for."""
    TAB = "TAB"
    """In a tab of their own, named by the kind's label."""
    PAGE = "PAGE"
    """On a page of their own app, not in the queue; counted beside its name in the navigation."""


class FaultyKind(Exception):
    """A kind's tables contradict each other."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of case. `code` names the URL `case-<code>` of its page, `prefix` begins its case numbers.

    `transitions` maps every status to the statuses it may become; one without any is final and must wait for
    NOBODY. A status that waits for NOBODY although it has ways out is at rest: closed until an act reopens
    it. Raises `FaultyKind`.
    """

    code: str
    prefix: str
    label: Label
    initial: str
    transitions: Mapping[str, frozenset[str]]
    waits_for: Mapping[str, WaitsFor]
    verbs: frozenset[str]
    status_labels: Mapping[str, Label]
    verb_labels: Mapping[str, Label] = field(default_factory=dict)
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()
    place: Place = Place.QUEUE

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise FaultyKind(f"{self.code}: {problem}")

    def _problems(self) -> list[str]:
        statuses = set(self.transitions)
        problems = []
        if not self.prefix.isascii() or not self.prefix.isalpha() or not self.prefix.isupper():
            problems.append(f"prefix {self.prefix!r} is not upper-case letters")
        if self.initial not in statuses:
            problems.append(f"initial status {self.initial} is not declared")
        for table, name in ((self.waits_for, "waits_for"), (self.status_labels, "status_labels")):
            if set(table) != statuses:
                problems.append(f"{name} and transitions differ: {sorted(set(table) ^ statuses)}")
        if unknown := set().union(*self.transitions.values()) - statuses:
            problems.append(f"ways lead to undeclared statuses {sorted(unknown)}")
        if unreachable := statuses - self._reachable():
            problems.append(f"no way leads to {sorted(unreachable)}")
        for status, ways in self.transitions.items():
            if not ways and self.waits_for.get(status) is not WaitsFor.NOBODY:
                problems.append(f"{status} is final but waits for {self.waits_for.get(status)}")
        if unknown := (set(self.max_age) | self.decided) - statuses:
            problems.append(f"max_age or decided names undeclared statuses {sorted(unknown)}")
        if unlabelled := self.verbs - set(self.verb_labels) - set(COMMON_VERB_LABELS):
            problems.append(f"verbs without a label: {sorted(unlabelled)}")
        return problems

    def _reachable(self) -> set[str]:
        seen: set[str] = set()
        frontier = {self.initial}
        while frontier:
            seen |= frontier
            frontier = {to for status in frontier for to in self.transitions.get(status, ())} - seen
        return seen

    def knows(self, verb: str) -> bool:
        """Whether `verb` may stand in the trail of such a case."""
        return verb in self.verbs or verb in COMMON_VERB_LABELS

    def verb_label(self, verb: str) -> Label:
        """The words for a verb; the verb itself for one that was retired since it was recorded."""
        return self.verb_labels.get(verb) or COMMON_VERB_LABELS.get(verb) or verb

    def allows(self, status: str, to: str) -> bool:
        """Whether a case may go from `status` to `to`."""
        return to in self.transitions.get(status, frozenset())


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known. Raises `FaultyKind` when its code or prefix belongs to another kind."""
    for known in _kinds.values():
        if known is not kind and (known.code == kind.code or known.prefix == kind.prefix):
            raise FaultyKind(f"{kind.code}: code or prefix {kind.prefix} is taken by {known.code}")
    _kinds[kind.code] = kind
    return kind


def get(code: str) -> Kind:
    """The kind with this code. KeyError if nobody registered it: a bug, not a user's mistake."""
    return _kinds[code]


def all_kinds() -> tuple[Kind, ...]:
    """Every registered kind, in order of registration."""
    return tuple(_kinds.values())
