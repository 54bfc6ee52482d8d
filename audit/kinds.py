"""The kinds of case of this app: their statuses, who each of them waits for, and their verbs.

Data only. The statuses of a finding are those of the field's procedure (domain rule 7.3); HEARD and PROPOSED
stand between INQUIRY and its end because the person is heard first and two officers sign.
"""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, Place, WaitsFor, register

HIT = "HIT"
SCREENED = "SCREENED"
FALSE_POSITIVE = "FALSE_POSITIVE"
INQUIRY = "INQUIRY"
HEARD = "HEARD"
PROPOSED = "PROPOSED"
CLEARED = "CLEARED"
CONFIRMED = "CONFIRMED"

FINDING = register(
    Kind(
        code="finding",
        prefix="HC",
        label=_("异地核查"),
        initial=HIT,
        transitions={
            # The machine looks for old data and another person's; it never decides against anybody.
            HIT: frozenset({SCREENED, FALSE_POSITIVE}),
            SCREENED: frozenset({INQUIRY, PROPOSED}),
            INQUIRY: frozenset({HEARD, PROPOSED}),
            HEARD: frozenset({PROPOSED}),
            PROPOSED: frozenset({SCREENED, INQUIRY, HEARD, FALSE_POSITIVE, CLEARED, CONFIRMED}),
            FALSE_POSITIVE: frozenset(),
            CLEARED: frozenset(),
            CONFIRMED: frozenset(),
        },
        waits_for={
            HIT: WaitsFor.MACHINE,
            SCREENED: WaitsFor.HANDLER,
            INQUIRY: WaitsFor.APPLICANT,
            HEARD: WaitsFor.HANDLER,
            PROPOSED: WaitsFor.REVIEWER,
            FALSE_POSITIVE: WaitsFor.NOBODY,
            CLEARED: WaitsFor.NOBODY,
            CONFIRMED: WaitsFor.NOBODY,
        },
        verbs=frozenset({"finding.hit", "finding.screened", "finding.ruled_out"}),
        status_labels={
            HIT: _("命中"),
            SCREENED: _("待筛"),
            INQUIRY: _("询问中"),
            HEARD: _("已听取本人，待核实"),
            PROPOSED: _("等复核"),
            FALSE_POSITIVE: _("已排除"),
            CLEARED: _("查清没有问题"),
            CONFIRMED: _("已确认"),
        },
        verb_labels={
            "finding.hit": _("比对命中"),
            "finding.screened": _("机器初筛，等人看"),
            "finding.ruled_out": _("机器初筛：不说明问题，已排除"),
        },
        decided=frozenset({FALSE_POSITIVE, CLEARED, CONFIRMED}),
        max_age={
            HIT: timedelta(hours=1),
            SCREENED: timedelta(days=4),
            INQUIRY: timedelta(days=20),
            HEARD: timedelta(days=14),
            PROPOSED: timedelta(days=4),
        },
        place=Place.TAB,
    )
)
