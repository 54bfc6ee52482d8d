"""The proposal of a dated value as a kind of case: its statuses, whom each waits for, its verbs.

Data only; nothing here decides.
"""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, Place, WaitsFor, register

PROPOSED = "PROPOSED"
APPROVED = "APPROVED"
DECLINED = "DECLINED"
WITHDRAWN = "WITHDRAWN"

POLICY = register(
    Kind(
        code="policy",
        prefix="ZC",
        label=_("政策参数"),
        initial=PROPOSED,
        transitions={
            # Another supervisor than the proposer decides; the proposer alone may take it back.
            PROPOSED: frozenset({APPROVED, DECLINED, WITHDRAWN}),
            APPROVED: frozenset(),
            DECLINED: frozenset(),
            WITHDRAWN: frozenset(),
        },
        waits_for={
            PROPOSED: WaitsFor.SUPERVISOR,
            APPROVED: WaitsFor.NOBODY,
            DECLINED: WaitsFor.NOBODY,
            WITHDRAWN: WaitsFor.NOBODY,
        },
        verbs=frozenset({"policy.proposed", "policy.approved", "policy.declined", "policy.withdrawn"}),
        status_labels={
            PROPOSED: _("等另一位主管批准"),
            APPROVED: _("已批准"),
            DECLINED: _("未批准"),
            WITHDRAWN: _("已撤回"),
        },
        verb_labels={
            "policy.proposed": _("提出政策数值"),
            "policy.approved": _("批准政策数值"),
            "policy.declined": _("不批准政策数值"),
            "policy.withdrawn": _("撤回政策数值"),
        },
        max_age={PROPOSED: timedelta(days=10)},
        place=Place.PAGE,
    )
)
