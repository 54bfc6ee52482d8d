"""The dispute about a size class as a kind of case: its statuses, whom each waits for, its verbs.

Data only (domain rule 2.8). A unit that signs for a class it can believably have is believed until its papers
are due; whom we cannot believe on its word alone shows papers first. Nothing here decides.
"""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, Place, WaitsFor, register

FILED = "FILED"
COMMITTED = "COMMITTED"
REMINDED = "REMINDED"
PROOF = "PROOF"
EVIDENCE = "EVIDENCE"
PROPOSED = "PROPOSED"
CONFIRMED = "CONFIRMED"
DISPROVED = "DISPROVED"
NOT_PROVEN = "NOT_PROVEN"

BELIEVED = frozenset({COMMITTED, REMINDED, EVIDENCE, PROPOSED})
"""Statuses in which a commitment that was accepted still counts."""
WANTS_PAPERS = frozenset({COMMITTED, REMINDED, PROOF, EVIDENCE})
"""Statuses in which the unit may hand in papers."""


class Act(models.TextChoices):
    """What a handler may propose and a reviewer signs."""

    CONFIRM = "CONFIRM", _("材料证明了主张的划型")
    DISPROVE = "DISPROVE", _("材料不能证明，按核实的划型办")


SIZE_DISPUTE = register(
    Kind(
        code="size-dispute",
        prefix="HX",
        label=_("划型异议"),
        initial=FILED,
        transitions={
            # Checked in the same moment against what we know.
            FILED: frozenset({COMMITTED, PROOF}),
            COMMITTED: frozenset({REMINDED, EVIDENCE}),
            REMINDED: frozenset({EVIDENCE, DISPROVED}),
            # No commitment counts: the recorded class holds until a person has seen papers.
            PROOF: frozenset({PROPOSED}),
            EVIDENCE: frozenset({PROPOSED}),
            PROPOSED: frozenset({CONFIRMED, DISPROVED, NOT_PROVEN, EVIDENCE, PROOF}),
            CONFIRMED: frozenset(),
            DISPROVED: frozenset(),
            NOT_PROVEN: frozenset(),
        },
        waits_for={
            FILED: WaitsFor.MACHINE,
            COMMITTED: WaitsFor.APPLICANT,
            REMINDED: WaitsFor.APPLICANT,
            PROOF: WaitsFor.HANDLER,
            EVIDENCE: WaitsFor.HANDLER,
            PROPOSED: WaitsFor.REVIEWER,
            CONFIRMED: WaitsFor.NOBODY,
            DISPROVED: WaitsFor.NOBODY,
            NOT_PROVEN: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "dispute.filed",
                "dispute.accepted",
                "dispute.contradicted",
                "dispute.barred",
                "dispute.reminded",
                "dispute.papers_given",
                "dispute.proposed",
                "dispute.sent_back",
                "dispute.confirmed",
                "dispute.disproved",
                "dispute.not_proven",
                "dispute.expired",
            }
        ),
        status_labels={
            FILED: _("已提交，正在核对"),
            COMMITTED: _("承诺有效，等单位交材料"),
            REMINDED: _("材料已逾期，已催"),
            PROOF: _("不适用承诺，等核实"),
            EVIDENCE: _("已交材料，等核实"),
            PROPOSED: _("等复核"),
            CONFIRMED: _("划型已认定"),
            DISPROVED: _("承诺不成立"),
            NOT_PROVEN: _("未能证明，划型不变"),
        },
        verb_labels={
            "dispute.filed": _("提出划型异议，签承诺书"),
            "dispute.accepted": _("和已知情况相符，先按承诺办"),
            "dispute.contradicted": _("和已知情况不符，不适用承诺，转人工核实"),
            "dispute.barred": _("以前的承诺不成立，不适用承诺，转人工核实"),
            "dispute.reminded": _("材料逾期，催交一次"),
            "dispute.papers_given": _("单位交来材料"),
            "dispute.proposed": _("提出认定意见，送复核"),
            "dispute.sent_back": _("退回经办"),
            "dispute.confirmed": _("认定主张的划型"),
            "dispute.disproved": _("认定承诺不成立"),
            "dispute.not_proven": _("认定未能证明，划型不变"),
            "dispute.expired": _("催交后仍未交材料，承诺不成立"),
        },
        max_age={
            FILED: timedelta(hours=1),
            # Behind the time for the papers and behind the reminder's: then the sweep has not run.
            COMMITTED: timedelta(days=70),
            REMINDED: timedelta(days=20),
            PROOF: timedelta(days=30),
            EVIDENCE: timedelta(days=30),
            PROPOSED: timedelta(days=7),
        },
        decided=frozenset({CONFIRMED, DISPROVED, NOT_PROVEN}),
        place=Place.QUEUE,
    )
)
