"""The words for why a row of a file was not taken, and the list of such rows. Words only."""

from collections.abc import Iterable, Iterator, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.intake_models import IntakeFault
from cases.sheets import Fault, Layout
from cases.spreadsheet import Row

REASONS: Mapping[str, str | Promise] = {
    "row.width": gettext_lazy("这一行的列数和表头不一样；内容里如果有逗号，要用引号括起来"),
    "cell.empty": gettext_lazy("不能空着"),
    "number.length": gettext_lazy("号码位数不对"),
    "number.character": gettext_lazy("号码里有不允许的字符"),
    "number.region": gettext_lazy("号码前两位不是省级代码"),
    "number.date": gettext_lazy("号码里的出生日期不存在"),
    "number.check": gettext_lazy("号码的校验位不符"),
    "number.scientific": gettext_lazy("号码被表格软件改成了科学计数，末几位已经丢了；请按文本格式重新导出"),
    "number.shape": gettext_lazy("号码的格式不对"),
    "region.shape": gettext_lazy("不是六位的区县代码，例如 130102"),
    "month.shape": gettext_lazy("不是年月，例如 2025-09"),
    "month.future": gettext_lazy("这个月还没有到"),
    "month.early": gettext_lazy("年月太早，不可能"),
    "day.shape": gettext_lazy("不是日期，例如 2025-09-26"),
    "day.none": gettext_lazy("没有这一天"),
    "day.future": gettext_lazy("这一天还没有到"),
    "day.early": gettext_lazy("日期太早，不可能"),
    "money.negative": gettext_lazy("金额不能是负数"),
    "money.decimals": gettext_lazy("金额最多两位小数"),
    "money.shape": gettext_lazy("不是金额，例如 1,980.00"),
    "money.large": gettext_lazy("金额大得不可能"),
    "whole.shape": gettext_lazy("不是整数"),
    "whole.range": gettext_lazy("数字超出了范围"),
    "choice.unknown": gettext_lazy("不认识这个写法"),
    "text.long": gettext_lazy("内容太长"),
    "text.signs": gettext_lazy("含有看不见的控制字符"),
}
"""Reasons of single cells; what an app finds wrong with a row as a whole it words itself."""


def heading_of(layout: Layout, column: str) -> str:
    """A column as its heading says it; empty for a whole row."""
    return next((one.headings[0] for one in layout.columns if one.name == column), column)


def fault_rows(
    faults: Iterable[Fault | IntakeFault], *, layout: Layout, reasons: Mapping[str, str | Promise]
) -> Iterator[Row]:
    """The list of refused rows with its headings, for a page or a file."""
    yield [_("行号"), _("列"), _("原因"), _("内容")]
    known = {**REASONS, **reasons}
    for fault in faults:
        words = str(known.get(fault.reason, fault.reason))
        yield [str(fault.line), heading_of(layout, fault.column), words, fault.value]
