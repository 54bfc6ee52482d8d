"""The words of the messages a claim sends. What has happened, and what to do now; no personal number."""

from django.utils.translation import gettext_lazy as _

from cases.messages import register

register(
    "claim.received",
    _("收到您的申请（{case}），失业登记已经生效。{promise_due:date}前给您答复，现在不用做什么。"),
)
register(
    "claim.granted",
    _("您的失业保险金（{case}）批准了：{months} 个月，每月 {monthly_fen:money}，{first_month:month}起发。"),
)
register(
    "claim.reopened",
    _("您的申请（{case}）凭新的证据重新受理了。{promise_due:date}前给您答复，失业登记一直有效。"),
)
register(
    "claim.refused",
    _(
        "您的申请（{case}）这次没有核定失业保险金。失业登记仍然有效，缴费年限都保留。原因和救济办法请看“我的”。"
    ),
)
register(
    "claim.closed_without_answer",
    _("您的申请（{case}）到期没有等到补充，先结了。失业登记仍然有效，缴费都保留；材料齐了随时可以再申请。"),
)
register(
    "claim.papers_requested",
    _("您的申请（{case}）还差一样，请在 {due:date}前到“我的”里补充。补上之前期限停着，不算在您头上。"),
)
register(
    "claim.person_answered",
    _("工作人员看过您的申请（{case}），答复在“我的”里。"),
)
register(
    "claim.job_reported",
    _("收到您找到工作的报告（{case}）：失业保险金发到{month:month}为止，没领的 {left} 个月给您留着。"),
)
register(
    "claim.job_reported_late",
    _(
        "收到您找到工作的报告（{case}）：失业保险金应当发到{month:month}为止，没领的 {left} 个月给您留着。"
        "之后多发了 {count} 个月，共 {total_fen:money}，要退回，工作人员会和您联系怎么退。"
    ),
)
register(
    "claim.months_used_up",
    _(
        "您的失业保险金（{case}）{months} 个月都发完了，最后一个月是{month:month}。"
        "还没找到工作，可以打 12333 问职业介绍。"
    ),
)
register(
    "claim.suspended",
    _(
        "您的失业保险金（{case}）从下一笔起先暂停，正在核实一件事，{due:date}前给您答复。没有问题就恢复，"
        "暂停的一起补发。是什么事、怎么说明，请看“我的”。"
    ),
)
register(
    "claim.resumed",
    _("核实清楚了：您的失业保险金（{case}）恢复发放，暂停期间的下一批一起补发。"),
)
register(
    "claim.stopped",
    _(
        "您的失业保险金（{case}）停发了，发到{month:month}为止，留着以后用的有 {left} 个月。"
        "理由和救济办法请看“我的”里的决定书。"
    ),
)
register(
    "claim.annulled",
    _(
        "您的失业保险金核定（{case}）撤销了：经核实，申请时不符合条件。缴费月数恢复，以后符合条件可以再申请。"
        "理由和救济办法请看“我的”里的决定书。"
    ),
)
register(
    "claim.interrupted",
    _(
        "您的失业保险金（{case}）发到{month:month}为止，服刑期间不发，剩下的 {left} 个月都留着。"
        "释放后告诉我们，接着发。"
    ),
)
register(
    "claim.interruption_ended",
    _("您的失业保险金（{case}）从{month:month}起接着发，发到{last:month}为止。"),
)
register(
    "claim.extended",
    _(
        "您的失业保险金（{case}）{months} 个月发完了。您离法定退休年龄不到一年、还没有工作，"
        "继续按月发到{month:month}，不用申请。"
    ),
)
register(
    "claim.extension_over",
    _(
        "您的失业保险金（{case}）发到{month:month}：您到了法定退休年龄。"
        "养老金从下个月起领，还没申请的请尽快向社会保险经办机构申请。"
    ),
)
register(
    "claim.to_return",
    _(
        "您的失业保险金（{case}）多发了 {count} 个月，共 {total_fen:money}，要退回，"
        "工作人员会和您联系怎么退。"
    ),
)
