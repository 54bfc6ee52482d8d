"""What supervisors fill in about a dated value: which one, from when, how much, on what document.

Cleaning only, no writes. The fields of the value follow its unit and shape, in people's units; what comes out
is a `policy.checks.Draft`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from law import size_class
from law.parameters import NATION, REPEALED, SEEN, Citation, DatedValue, Value
from policy import entry, wording
from policy.checks import CALENDAR, CODES, Draft

DAY_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]


class Records(NamedTuple):
    """How the records of a list are written, one a line."""

    columns: tuple[str, ...]
    optional: tuple[str, ...]
    help_text: wording.Label


RECORDS: Mapping[str, Records] = {
    "benefit.separation_reasons": Records(
        ("code", "eligible", "name", "basis"),
        ("hint",),
        _("代码 | Y、N 或 MANUAL（人工认定）| 名称 | 依据 | 提示（可以没有）"),
    ),
    "size_class.lines": Records(
        size_class.COLUMNS,
        (),
        _("行业 | 代码，空格隔开 | 人数 | 营业收入 | 资产总额；指标写大、中、小型的下限，不用的空着"),
    ),
}
ENTRY = "entry_"
SOURCE = frozenset({"title", "number", "article", "url", "seen", "assumption", "reason"})
WEB_ADDRESS = URLValidator(schemes=["http", "https"], message=_("这不是一个完整的网址：请从浏览器复制。"))

Choices = Sequence[tuple[str, str]]


class DayField(forms.DateField):
    """A day as people write it."""

    def __init__(self, *, label: Any, help_text: Any = "", required: bool = True) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            input_formats=DAY_FORMATS,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={
                "required": _("还没有填日期。"),
                "invalid": _("这不是一个日期：请写成 2027-01-01 这样。"),
            },
        )


class FilterForm(forms.Form):
    """Which parameters to show: where, on which day, of what name."""

    region = forms.ChoiceField(label=_("地区"), required=False)
    on = DayField(label=_("哪一天"), required=False)
    text = forms.CharField(label=_("名称或代码"), required=False, max_length=60)

    def __init__(self, data: Mapping[str, object] | None, *, regions: Choices) -> None:
        super().__init__(data)
        field = self.fields["region"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = regions


class ProposalForm(forms.Form):
    """One value of one key, with the document it rests on."""

    region = forms.ChoiceField(
        label=_("地区"), error_messages={"invalid_choice": _("没有这个地区：请从列表里选。")}
    )
    start = DayField(label=_("从哪一天起"), help_text=_("文件写的施行日期。已经过去的日子也可以填。"))
    repeal = forms.BooleanField(
        label=_("从这一天起废止，没有新值"),
        required=False,
        help_text=_("用到这一项的办件会停下来等新值，请只在文件写明废止时勾选。"),
    )
    title = forms.CharField(
        label=_("依据：文件标题"),
        max_length=200,
        error_messages={
            "required": _("还没有写依据：请写文件标题。"),
            "max_length": _("标题太长：最多 200 个字。"),
        },
    )
    number = forms.CharField(
        label=_("文号"), required=False, max_length=80, help_text=_("例如 国办发明电〔2026〕1号")
    )
    article = forms.CharField(label=_("条款"), required=False, max_length=80, help_text=_("例如 第四十六条"))
    url = forms.CharField(
        label=_("网址"),
        required=False,
        max_length=400,
        help_text=_("http:// 或 https:// 开头，方便批准的人核对。"),
        validators=[WEB_ADDRESS],
    )
    seen = forms.ChoiceField(
        label=_("看到的是什么"),
        choices=[("", _("请选择")), *((code, wording.SEEN_LONG[code]) for code in SEEN)],
        error_messages={"required": _("还没有选：是文件原文、报道、转载，还是自定？")},
    )
    assumption = forms.BooleanField(
        label=_("这是演示假设，没有文件支持"),
        required=False,
        help_text=_("数值旁边会一直标着“演示假设”。"),
    )
    reason = forms.CharField(
        label=_("给批准人的话"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("可以不写。"),
    )

    def __init__(
        self,
        data: Mapping[str, object] | None = None,
        *,
        model: DatedValue,
        key: str,
        regions: Choices,
        region: str,
        current: Value | None,
    ) -> None:
        """`model` shows unit and shape, `current` is the value to begin with (None: empty fields)."""
        super().__init__(data)
        self.key, self.model = key, model
        calendar = CALENDAR.fullmatch(key)
        self.year = int(calendar[1]) if calendar else None
        field = self.fields["region"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [row for row in regions if row[0] == NATION] if calendar else regions
        field.initial = NATION if calendar else region
        if self.year is not None:
            self._fix_start(self.year)
        start = None if current is None or current == REPEALED else current
        self.value_names = self._add_value(model.value if not model.repealed else "", start)
        order = ["region", "start", *self.value_names, "repeal", "title", "number", "article", "url", "seen"]
        self.order_fields([*order, "assumption", "reason"])

    def _fix_start(self, year: int) -> None:
        self.fields["start"].initial = date(year, 1, 1)
        self.fields["start"].help_text = _("工作日历从那一年的 1 月 1 日起。")
        del self.fields["repeal"]

    def _add_value(self, shape: Value, current: Value | None) -> list[str]:
        """The fields of the value, named by their entries."""
        unit = self.model.unit
        match shape:
            case dict() if unit == "calendar":
                return [self._add_days(name, current) for name in ("off", "worked")]
            case dict():
                return self._add_table(shape, current if isinstance(current, dict) else {})
            case list():
                records = current if isinstance(current, list) else shape
                written = RECORDS[self.key]
                text = entry.records_text(records, (*written.columns, *written.optional))
                self.fields["records"] = forms.CharField(
                    label=_("新值，一行一项"),
                    required=False,
                    help_text=str(written.help_text),
                    initial=text,
                    widget=forms.Textarea(attrs={"rows": 16}),
                )
                return ["records"]
            case _:
                self.fields["value"] = self._leaf_field(
                    gettext("新值"), current if isinstance(current, str) else ""
                )
                return ["value"]

    def _add_days(self, name: str, current: Value | None) -> str:
        days = current.get(name) if isinstance(current, dict) else None
        helps = {
            "off": _("通知里放假的周一到周五。可以写一段：%(year)s-02-08 至 %(year)s-02-12。"),
            "worked": _("通知里要上班的周六、周日。没有就空着。"),
        }
        self.fields[name] = forms.CharField(
            label=str(wording.ENTRIES[name]),
            required=False,
            max_length=4000,
            help_text=str(helps[name]) % {"year": self.year},
            initial=entry.days_text([str(day) for day in days]) if isinstance(days, list) else "",
            widget=forms.Textarea(attrs={"rows": 5}),
        )
        return name

    def _add_table(self, shape: Mapping[str, Value], current: Mapping[str, Value]) -> list[str]:
        names = []
        for name in shape:
            label = wording.entry_title(self.key, name)
            initial = current.get(name, "")
            self.fields[ENTRY + name] = self._leaf_field(label, initial if isinstance(initial, str) else "")
            names.append(ENTRY + name)
        if all(name.isdecimal() for name in shape):
            self.fields["more"] = forms.CharField(
                label=_("新增的格"),
                required=False,
                max_length=2000,
                help_text=_("一行一格，写成“名称 = 值”。没有就空着。"),
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            names.append("more")
        return names

    def _leaf_field(self, label: str, leaf: str) -> forms.Field:
        """A field for one number, code or text. It is asked for later: a repeal has no value."""
        unit = self.model.unit
        words: Mapping[str, object] = (
            wording.FLAG_WORDS if unit == "flag" else wording.CODE_WORDS.get(self.key, {})
        )
        if unit == "flag" or self.key in CODES:
            offered = [(code, str(words.get(code, code))) for code in CODES.get(self.key, ("true", "false"))]
            return forms.ChoiceField(
                label=label,
                required=False,
                initial=leaf,
                choices=offered,
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": _("请从列出的几项里选。")},
            )
        counted = unit not in ("code", "table")
        return forms.CharField(
            label=gettext("%(label)s（%(unit)s）")
            % {"label": label, "unit": wording.unit_name(unit, self.key)}
            if counted
            else label,
            required=False,
            max_length=200,
            initial=entry.text_of(leaf, unit),
            widget=forms.TextInput(attrs={"inputmode": "decimal"} if counted else {}),
        )

    @property
    def value_part(self) -> list[forms.BoundField]:
        """The fields about where, when and how much."""
        return [bound for bound in self if bound.name not in SOURCE]

    @property
    def source_part(self) -> list[forms.BoundField]:
        """The fields about the document, and the words to whoever approves."""
        return [bound for bound in self if bound.name in SOURCE]

    # --- cleaning ---------------------------------------------------------------------------------------

    def clean(self) -> dict[str, object]:
        """The value as text that the rules read, under `cleaned`; each wrong field keeps its own words."""
        cleaned = super().clean() or {}
        if cleaned.get("repeal"):
            cleaned["cleaned"] = REPEALED
        else:
            cleaned["cleaned"] = self._value(cleaned)
        title = str(cleaned.get("title", ""))
        if self.year is not None and title and not cleaned.get("assumption") and str(self.year) not in title:
            self.add_error("title", _("标题里没有 %(year)s 年：请写通知的全称。") % {"year": self.year})
        return cleaned

    def _value(self, cleaned: Mapping[str, object]) -> Value | None:
        if self.year is not None:
            return self._days(cleaned, self.year)
        if "records" in self.fields:
            text = str(cleaned.get("records", ""))
            columns, optional, _help_text = RECORDS[self.key]
            return self._tried("records", lambda: entry.records_from(text, columns, optional))
        if "value" in self.fields:
            return self._leaf("value", cleaned)
        table: dict[str, Value] = {}
        for name in self.value_names:
            if name.startswith(ENTRY):
                leaf = self._leaf(name, cleaned)
                if leaf is not None:
                    table[name.removeprefix(ENTRY)] = leaf
        more = str(cleaned.get("more", ""))
        added = self._tried("more", lambda: entry.entries_from(more, self.model.unit, table))
        return table | (added if isinstance(added, dict) else {})

    def _leaf(self, name: str, cleaned: Mapping[str, object]) -> Value | None:
        if name not in cleaned:
            return None
        text = str(cleaned[name])
        if not text.strip():
            self.add_error(name, _("还没有填。"))
            return None
        return self._tried(name, lambda: entry.leaf_from(text, self.model.unit))

    def _days(self, cleaned: Mapping[str, object], year: int) -> Value | None:
        value: dict[str, Value] = {}
        for name in ("off", "worked"):
            read = partial(entry.days_from, str(cleaned.get(name, "")), year, worked=name == "worked")
            days = self._tried(name, read)
            if days is not None:
                value[name] = days
        if not value.get("off") and "off" not in self.errors:
            self.add_error("off", _("一天也没有写：每年都有放假的工作日，请照通知写。"))
        return value

    def _tried(self, name: str, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except forms.ValidationError as fault:
            self.add_error(name, fault)
            return None

    # --- what comes out ---------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """The value to be proposed; only of a valid form."""
        cleaned = self.cleaned_data
        return Draft(
            key=self.key,
            region=cleaned["region"],
            start=cleaned["start"],
            value=cleaned["cleaned"],
            unit=self.model.unit,
            reference=Citation(
                title=cleaned["title"],
                number=cleaned["number"],
                article=cleaned["article"],
                url=cleaned["url"],
                seen=cleaned["seen"],
            ),
            assumption=cleaned["assumption"],
        )


def fingerprint(draft: Draft) -> str:
    """What a preview was of: so that nothing is proposed that has not been looked at."""
    content = [draft.key, draft.region, draft.start.isoformat(), draft.value, draft.reference.to_json()]
    text = json.dumps([*content, draft.assumption], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class DecideForm(forms.Form):
    """The second supervisor's word."""

    agreed = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("yes", _("批准，从起始日起生效")), ("no", _("不批准"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项。"), "invalid_choice": _("请选一项。")},
    )
    remark = forms.CharField(
        label=_("说明"),
        required=False,
        max_length=500,
        help_text=_("不批准的，请写明原因。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, object]:
        """A refusal says why."""
        cleaned = super().clean() or {}
        if cleaned.get("agreed") == "no" and not str(cleaned.get("remark", "")).strip():
            self.add_error("remark", _("请写明为什么不批准，提出的人才知道改什么。"))
        return cleaned


class WithdrawForm(forms.Form):
    """Taking one's own proposal back."""

    remark = forms.CharField(
        label=_("为什么撤回"),
        required=False,
        max_length=500,
        help_text=_("可以不写。"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
