"""The words of the messages a dispute about a size class sends. What has happened, and what to do now."""

from django.utils.translation import gettext_lazy as _

from cases.messages import register

register(
    "dispute.accepted",
    _("单位的划型异议（{case}）已按承诺受理，稳岗返还先按承诺的划型办。请在 {due:date}前交来证明材料。"),
)
register(
    "dispute.proof_needed",
    _("单位的划型异议（{case}）收到了，这次不适用承诺：请到这件异议里交来证明材料，核实前按原来的划型办。"),
)
register(
    "dispute.reminded",
    _("单位的划型异议（{case}）还没有收到证明材料。请在 {due:date}前交来，过了这一天承诺就不成立。"),
)
register(
    "dispute.expired",
    _("单位的划型异议（{case}）没有等到证明材料，承诺不成立，按原来的划型办。认定书在这件异议里。"),
)
register(
    "dispute.confirmed",
    _("单位的划型异议（{case}）核实了：主张的划型成立。认定书在这件异议里。"),
)
register(
    "dispute.disproved",
    _("单位的划型异议（{case}）核实了：承诺的划型不成立，按核实的划型办。认定书在这件异议里。"),
)
register(
    "dispute.not_proven",
    _("单位的划型异议（{case}）核实了：没有证明主张的划型。认定书在这件异议里。"),
)
