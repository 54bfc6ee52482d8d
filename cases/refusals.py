"""The words for what `cases.services` refuses: what happened, why, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import kinds
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "case.changed_meanwhile": gettext_lazy("%(who)s 刚刚办过这件：%(act)s。页面是旧的，请看最新的经过再办。"),
    "case.held_by_other": gettext_lazy("%(number)s 由 %(who)s 在办。请先和同事联系，或办下一件。"),
    "case.not_waiting": gettext_lazy("%(number)s 现在不等人办理：%(waits_for)s。"),
    "case.not_your_step": gettext_lazy("%(number)s 现在%(waits_for)s，不归您这个岗位办。"),
    "case.not_your_region": gettext_lazy("%(number)s 不在您负责的区县。"),
    "case.hold_date": gettext_lazy("请选今天以后、%(most)s 天以内的日期；到时还要等，可以再放一次。"),
    "case.hold_reason": gettext_lazy("请写明在等哪个单位、等什么。"),
    "case.cannot_be_given": gettext_lazy(
        "%(number)s 不能转给 %(who)s：岗位或区县不合，或者这件正是本人提出、要别人复核的。"
    ),
    "proposal.own": gettext_lazy("复核人不能是提出意见的本人。请由另一位同事签。"),
    "proposal.decided": gettext_lazy("这项意见已由 %(who)s 签过。请看最新的经过。"),
    "proposal.open": gettext_lazy("%(number)s 已有一项意见在等复核。"),
    "attachment.too_many": gettext_lazy("一次最多交 %(most)s 份文件。请分次交，或把几页合成一份。"),
    "attachment.empty": gettext_lazy("“%(name)s”是空的，里面没有内容。请看看是不是选错了文件。"),
    "attachment.too_large": gettext_lazy("“%(name)s”超过 %(most)s MB。请把照片拍小一点，或分成几份交。"),
    "attachment.wrong_kind": gettext_lazy(
        "“%(name)s”不是 PDF、JPEG 或 PNG 文件（看的是内容，不是名字）。请拍照，或存成 PDF 再交。"
    ),
    "job.reason": gettext_lazy("请写明为什么要导出：导出的是很多人的情况，原因会留痕。"),
    "job.nothing": gettext_lazy("这个分类里没有可以导出的。"),
    "job.too_many": gettext_lazy("一次最多导出 %(most)s 件。请用筛选缩小范围，分几次导。"),
    "job.no_result": gettext_lazy("文件不在了，或者不是您导出的。请重新导出。"),
    "job.no_right": gettext_lazy("您现在没有导出的权限，没有导完。"),
    "sheet.empty": gettext_lazy("文件是空的，里面没有内容。请看看是不是选错了文件。"),
    "sheet.no_rows": gettext_lazy("文件里只有表头，没有数据。"),
    "sheet.too_many": gettext_lazy("一个文件最多 %(most)s 行。请分成几个文件导入。"),
    "sheet.encoding": gettext_lazy(
        "第 %(line)s 行的文字既不是 UTF-8 也不是 GB18030 编码。请另存为“CSV UTF-8”再导入。"
    ),
    "sheet.damaged": gettext_lazy("文件在第 %(line)s 行附近坏了，读不下去（引号可能没有成对）。请重新导出。"),
    "sheet.old_workbook": gettext_lazy("这是旧的 .xls 文件。请另存为 .xlsx 或 CSV 再导入。"),
    "sheet.workbook_large": gettext_lazy("Excel 文件超过 %(most)s MB，太大了。请另存为 CSV 再导入。"),
    "sheet.more_sheets": gettext_lazy("Excel 文件里有 %(count)s 张有内容的表，不知道用哪一张。请只留一张。"),
    "sheet.column_missing": gettext_lazy("缺少这些列：%(columns)s。第一行要是表头。"),
    "sheet.column_unknown": gettext_lazy("不认识这些列：%(columns)s。请删掉或改成约定的列名。"),
    "sheet.column_twice": gettext_lazy("“%(column)s”这一列出现了两次，不知道用哪一列。"),
    "intake.empty": gettext_lazy("文件是空的，里面没有内容。请看看是不是选错了文件。"),
    "intake.too_large": gettext_lazy(
        "文件超过 %(most)s MB。请分成几个文件导入，或请系统管理员在服务器上导入。"
    ),
    "intake.own": gettext_lazy("复核人不能是导入文件的本人。请由另一位同事签。"),
    "intake.not_waiting": gettext_lazy("这个文件现在不等签字。请看最新的情况。"),
    "intake.withdrawn": gettext_lazy("没有签字，已撤回，什么都没有写入。"),
    "intake.no_right": gettext_lazy("导入的人现在没有这个权限，没有导入。"),
    "intake.stopped": gettext_lazy("导入中断了，请重新导入。"),
    "seal.out_of_order": gettext_lazy("%(day)s 之后的日子已经封存。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; one that no app has words for shows its code."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return _("这一步现在不能办（%(code)s）。请刷新页面再看。") % {"code": refused.code}
    numbers: dict[str, object] = dict(refused.numbers)
    if "kind" in numbers and "verb" in numbers:
        numbers["act"] = kinds.get(str(numbers["kind"])).verb_label(str(numbers["verb"]))
    if "waits_for" in numbers:
        numbers["waits_for"] = kinds.WAITS_FOR_LABELS[kinds.WaitsFor(str(numbers["waits_for"]))]
    return str(pattern) % numbers
