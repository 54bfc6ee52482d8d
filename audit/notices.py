"""The words of the messages that the audit app sends. What has happened, and what to do now; no personal
number.
"""

from django.utils.translation import gettext_lazy as _

from cases.messages import register

register(
    "finding.notified",
    _(
        "每月核查中，别的单位有一条和您有关的记录，要向您核实（{finding}）。"
        "请在 {due:date}前到“我的”里看是什么、说明情况。这只是线索，不是结论。"
    ),
)
register(
    "finding.cleared",
    _("要向您核实的事（{finding}）查清了，没有问题。暂停过的待遇会补发，您不用再做什么。"),
)
