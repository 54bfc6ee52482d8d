"""The sandbox's own pages, for people: who is there, what is sent, and buttons for what may go wrong.

They work without script and use the product's stylesheet if it lies beside. Every page says that all of it is
synthetic. A page only shows; what a button does is `sandbox.control` or `sandbox.bank`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sandbox import scenarios
from sandbox.identity import ASKED
from sandbox.wire import HTML, Answer, Json
from sandbox.world import FREE, SEED, Person

Listed = Sequence[tuple[Person, bool]]
"""People to show, each with whether they are used already."""

STYLESHEET = Path(__file__).resolve().parent.parent / "static" / "app.css"
_PLAIN = b"body{font-family:sans-serif;max-width:70rem;margin:0 auto}th,td{text-align:left;padding:.3rem}"
_SOURCES = {
    "identity": "公安人口库",
    "insurance": "本市社保",
    "insurance-province": "省内社保",
    "insurance-national": "全国比对",
    "separation": "离职申报",
    "pension": "养老待遇",
    "justice": "服刑信息",
    "market": "市场主体",
    "card": "社保卡",
    "comparison": "全国信息查询比对",
    "bank": "银行",
    "sms": "短信",
    "identity-provider": "统一身份认证",
}
_MODES = {
    "down": ("停机", "down"),
    "slow": ("变慢", "slow"),
    "twice": ("回两遍", "twice"),
    "ok": ("正常", "ok"),
    "auto": ("照剧本", "auto"),
}
_POOLS = {FREE: ("ok", "可申请", "free"), SEED: ("idle", "已有申请", "seeded")}

_FRAME = """<!doctype html>
<html lang="zh-Hans">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · 沙盒</title>
<link rel="stylesheet" href="/app.css">
</head>
<body class="dense">
<a class="skip" href="#main">跳到正文 <span lang="en">Skip to content</span></a>
<header class="top"><div class="wrap">
<a class="brand" href="/"><span><b>沙盒</b><small lang="en">Sandbox</small></span></a>
<nav class="tools" aria-label="页面">
<a href="/">总览 <span lang="en">Overview</span></a>
<a href="/phone">短信 <span lang="en">Phone</span></a>
<a href="{signin}">去办事 <span lang="en">Sign in</span></a>
</nav></div></header>
<main id="main"><div class="wrap stack far section">
<p class="notice warn"><span><b>这里的人、单位、账户和钱都是合成的。</b>
<span lang="en">Everybody and everything here is synthetic: no real person, unit, account or money.</span>
</span></p>
{main}
</div></main>
</body>
</html>
"""
_FIND = """<div class="grow"><label for="q">姓名或证件号开头
<span lang="en">Name or number begins with</span></label>
<input class="input" id="q" name="q" value="{text}"></div>
<button class="button">找 <span lang="en">Find</span></button>"""
_AUTHORIZE = """<div><h1>统一身份认证（模拟） <small lang="en">Identity provider (simulated)</small></h1>
<p class="lead">选一个人，或填姓名和证件号。不用密码。
<span lang="en">Pick a person, or type name and number. There is no password.</span></p></div>
{error}
<form class="sheet stack" method="post" action="/oidc/authorize">{hidden}
<div class="field"><label for="name">姓名（可不填） <span lang="en">Name (optional)</span></label>
<input class="input w-m" id="name" name="name" autocomplete="off"></div>
<div class="field"><label for="id_number">证件号 <span lang="en">ID number</span></label>
<input class="input w-l" id="id_number" name="id_number" autocomplete="off" required></div>
<p><button class="button main">登录 <span lang="en">Sign in</span></button></p>
</form>
<form class="filters" method="get" action="/oidc/authorize">{hidden}
<div><label for="scenario">剧本 <span lang="en">Scenario</span></label>
<select class="input" id="scenario" name="scenario">{options}</select></div>
{find}</form>
<form class="stack" method="post" action="/oidc/authorize">{hidden}{table}</form>
<form method="post" action="/oidc/authorize">{hidden}
<button class="button plain" name="deny" value="1">不登录，回去
<span lang="en">Go back without signing in</span></button></form>"""
_HOME = """<div><h1>外面的世界 <small lang="en">The world outside</small></h1>
<p class="lead">{people} 人，以 {today} 为准，种子 {seed}；已用 {claimed} 人。
<span lang="en">Registers, bank, phone and identity provider answer as of the asker's time.</span></p></div>
<section class="stack" id="people" aria-labelledby="people-head">
<h2 id="people-head">人员 <small lang="en">People</small></h2>
<nav class="row" aria-label="剧本 Scenarios">{links}</nav>
<form class="filters" method="get" action="/">{find}</form>
{table}
<p class="note">要以某人身份办事：打开“去办事”，在身份认证页选这个人；替单位办事，选“单位”。
<span lang="en">To act as somebody: follow “Sign in” and pick them on the identity page; for a unit, choose
“Organisation” there.</span></p>
</section>
{payments}
{messages}
{sources}"""
_PHONE = """<h1>{whose}</h1>
<form class="filters" method="get" action="/phone">
<div><label for="mobile">手机号 <span lang="en">Mobile</span></label>
<input class="input" id="mobile" name="mobile" inputmode="numeric" value="{mobile}"></div>
<button class="button">查看 <span lang="en">Show</span></button></form>
{messages}"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page needs: the product's address, and the origins that a form may lead to."""

    product: str
    form_targets: tuple[str, ...]

    def page(self, title: str, main: str, *, status: int = 200) -> Answer:
        """A whole page around `main`, which is HTML."""
        signin = escape(self.product.rstrip("/") + "/sign-in/")
        policy = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none';"
            f" frame-ancestors 'none'; form-action 'self' {' '.join(self.form_targets)}"
        )
        html = _FRAME.format(title=escape(title), signin=signin, main=main)
        return Answer(status, html.encode(), HTML, (("Content-Security-Policy", policy),))


def stylesheet() -> Answer:
    """The product's stylesheet, or a plain line where it is not there."""
    body = STYLESHEET.read_bytes() if STYLESHEET.is_file() else _PLAIN
    return Answer(200, body, "text/css; charset=utf-8", (("Cache-Control", "max-age=300"),))


def home(
    frame: Frame,
    *,
    listed: Listed,
    chosen: str,
    state: Json,
    payments: Sequence[Json],
    messages: Sequence[Json],
) -> Answer:
    """`/`: sources, people by scenario, payments, messages."""
    links = "\n".join(
        f'<a href="/?scenario={code}#people"{_current(code == chosen)}>{_scenario(code)}</a>'
        for code in scenarios.SCENARIOS
    )
    main = _HOME.format(
        **{name: escape(str(state[name])) for name in ("people", "today", "seed", "claimed")},
        sources=_sources(state),
        links=links,
        find=_FIND.format(text=""),
        table=_people(listed),
        payments=_payments(payments),
        messages=_messages(messages),
    )
    return frame.page("总览", main)


def phone(frame: Frame, *, mobile: str, owner: Person | None, messages: Sequence[Json]) -> Answer:
    """`/phone`: the inbox of one phone, or of all."""
    whose = f"{owner.name} {mobile}" if owner is not None else mobile or "所有手机 All phones"
    main = _PHONE.format(whose=escape(whose), mobile=escape(mobile), messages=_messages(messages))
    return frame.page("短信", main)


def person(frame: Frame, known: Person, *, account: str, cards: int, messages: Sequence[Json]) -> Answer:
    """`/person/<ordinal>`: what is known of one person."""
    job = known.next_job
    facts = (
        ("证件号 ID number", known.id_number),
        ("出生、性别 Born, sex", f"{known.birth_date.isoformat()} {known.sex}"),
        ("手机 Mobile", known.mobile),
        ("原单位 Unit", f"{known.unit.name} {known.unit.code}"),
        ("缴费月数 Months paid", str(known.contributed_months)),
        ("离职 Separated", f"{known.separated_on.isoformat()} {known.reason}"),
        ("单位申报 Reported", known.reported_at.isoformat() if known.reported_at else "没有 none"),
        ("本人会说 Person says", known.says_reason),
        ("再就业 Next job", f"{job.starts_on.isoformat()} {job.unit.name}" if job else "没有 none"),
        ("银行账户 Account", f"{known.bank_name} {known.bank_code} {account}"),
        ("账户状态 Account status", "ACTIVE" if cards else known.card_status),
    )
    rows = "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
    button = _button("/control/card", {"id_number": known.id_number}, "换一张新卡", "Issue a new card")
    head = f'<h1>{escape(known.name)} <small>合成 <span lang="en">synthetic</span></small></h1>'
    tag = f"<p>{_scenario_tag(known.scenario)}</p>"
    main = f'{head}{tag}<dl class="facts">{rows}</dl>{button}{_messages(messages)}'
    return frame.page(known.name, main)


def authorize(
    frame: Frame, asked: Mapping[str, str], *, listed: Listed, chosen: str, text: str, problem: str = ""
) -> Answer:
    """The identity provider's page: pick a person, or type name and number."""
    options = "\n".join(
        f'<option value="{code}"{" selected" if code == chosen else ""}>{known.chinese} {code}</option>'
        for code, known in scenarios.SCENARIOS.items()
    )
    body = "\n".join(
        f'<tr><th scope="row" class="head">{escape(known.name)}</th>'
        f'<td><span class="code">{known.id_number}</span></td><td>{_scenario_tag(known.scenario)}</td>'
        f"<td>{_used(used)}</td>"
        f'<td><button class="button" name="id_number" value="{known.id_number}">'
        f'<span class="nb">登录<span class="sr"> {known.name}</span> <span lang="en">Sign in</span></span>'
        f"</button></td></tr>"
        for known, used in listed
    )
    head = ("姓名 Name", "证件号 ID", "剧本 Scenario", "用过 Used", "登录 Sign in")
    main = _AUTHORIZE.format(
        error=error_line(problem),
        hidden=hidden({name: asked[name] for name in ASKED if asked.get(name)}),
        options=options,
        find=_FIND.format(text=escape(text)),
        table=table(head, body, "可登录的人 People"),
    )
    return frame.page("登录", main, status=400 if problem else 200)


def problem(frame: Frame, status: int, code: str, message: str) -> Answer:
    """A page for a request that a browser made and that cannot be done."""
    main = (
        '<h1>办不了 <small lang="en">Not possible</small></h1>'
        f'<p lang="en">{escape(message)}</p><p class="code">{escape(code)}</p>'
    )
    return frame.page("办不了", main, status=status)


def _current(is_current: bool) -> str:
    return ' aria-current="page"' if is_current else ""


def _used(used: bool) -> str:
    return '用过 <span lang="en">used</span>' if used else ""


def error_line(problem: str) -> str:
    """A notice of what was wrong, or nothing."""
    return f'<p class="notice bad" role="alert"><span>{escape(problem)}</span></p>' if problem else ""


def hidden(values: Mapping[str, str]) -> str:
    """Fields that a form hands on."""
    return "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in values.items()
    )


def _button(action: str, values: Mapping[str, str], chinese: str, english: str) -> str:
    return (
        f'<form method="post" action="{action}">{hidden(values)}'
        f'<button class="button">{escape(chinese)} <span lang="en">{escape(english)}</span></button></form>'
    )


def _scenario(code: str) -> str:
    known = scenarios.SCENARIOS[code]
    return f'{escape(known.chinese)} <small lang="en">{escape(known.english)}</small>'


def _scenario_tag(code: str) -> str:
    tone = "ok" if code == scenarios.CLEAN else "info"
    return f'<span class="tag {tone}">{code}</span> {_scenario(code)}'


def table(head: Iterable[str], body: str, caption: str) -> str:
    """A table around rows of HTML."""
    cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    label = escape(caption)
    return (
        f'<div class="sheet flush"><div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        f'<table class="table"><caption class="sr">{label}</caption><thead><tr>{cells}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></div>"
    )


def _section(code: str, chinese: str, english: str, body: str) -> str:
    return (
        f'<section class="stack" id="{code}" aria-labelledby="{code}-head">'
        f'<h2 id="{code}-head">{chinese} <small lang="en">{english}</small></h2>{body}</section>'
    )


def _people(listed: Listed) -> str:
    rows = []
    for known, used in listed:
        tone, chinese, english = _POOLS[known.pool]
        rows.append(
            f'<tr><th scope="row" class="head"><a href="/person/{known.ordinal}">{known.name}</a></th>'
            f'<td><span class="code">{escape(known.id_number)}</span></td>'
            f"<td>{_scenario_tag(known.scenario)}</td>"
            f'<td><span class="tag {tone}">{chinese} {english}</span></td><td>{_used(used)}</td>'
            f'<td><a href="/phone?mobile={known.mobile}">{known.mobile}</a></td></tr>'
        )
    head = ("姓名 Name", "证件号 ID", "剧本 Scenario", "名单 Pool", "用过 Used", "手机 Phone")
    return table(head, "\n".join(rows), "人员 People")


def _sources(state: Json) -> str:
    faults, requests = state["faults"], state["requests"]
    told: dict[str, str] = {}
    if isinstance(faults, list):
        told = {str(fault["source"]): str(fault["mode"]) for fault in faults if not fault["id_number"]}
    counts = requests if isinstance(requests, dict) else {}
    rows = []
    for source in scenarios.SOURCES:
        mode = told.get(source, scenarios.AUTO)
        buttons = "\n".join(
            f'<button class="button" name="mode" value="{code}"{" disabled" if code == mode else ""}>'
            f'{chinese} <span lang="en">{english}</span></button>'
            for code, (chinese, english) in _MODES.items()
        )
        tone = "bad" if mode in (scenarios.DOWN, scenarios.SLOW) else "ok"
        rows.append(
            f'<tr><th scope="row" class="head">{_SOURCES[source]} <small>{source}</small></th>'
            f'<td><span class="tag {tone}">{" ".join(_MODES[mode])}</span></td>'
            f'<td class="num">{counts.get(source, 0)}</td>'
            f'<td><form class="row" method="post" action="/control/fault">'
            f'<input type="hidden" name="source" value="{source}">{buttons}</form></td></tr>'
        )
    head = ("来源 Source", "现在 Now", "被问次数 Requests", "让它 Make it")
    return _section("sources", "来源", "Sources", table(head, "\n".join(rows), "来源 Sources"))


def _payments(payments: Sequence[Json]) -> str:
    rows = []
    for row in payments:
        result, act = _result_of(row)
        fen = int(str(row["amount_fen"]))
        rows.append(
            f'<tr><th scope="row" class="head">{escape(str(row["end_to_end_id"]))}</th>'
            f"<td>{escape(str(row['batch_number']))}</td><td>{escape(str(row['name']))}</td>"
            f'<td class="num">{fen // 100:,}.{fen % 100:02d}</td><td>{escape(result)}</td><td>{act}</td></tr>'
        )
    if not rows:
        return _section("payments", "付款", "Payments", '<p class="note">还没有付款。 No payment yet.</p>')
    head = ("编号 Id", "批次 Batch", "收款人 Payee", "元 Yuan", "结果 Result", "让它 Make it")
    shown = table(head, "\n".join(rows), "付款 Payments")
    every = _button(
        "/control/return", {"all_due": "1"}, "该退的现在都退", "Let all that are due come back now"
    )
    return _section("payments", "付款", "Payments", shown + every)


def _result_of(row: Json) -> tuple[str, str]:
    """What became of a payment, and the button that may stand beside it."""
    if row["returned_at"]:
        return f"已退 returned {row['return_reason']}", ""
    if row["status"] == "F":
        return f"没付成 failed {row['reason_code']}", ""
    if row["return_asked"]:
        return "下次查询时退回 returns at the next question", ""
    values = {"end_to_end_id": str(row["end_to_end_id"])}
    act = _button("/control/return", values, "现在就退", "Let it come back now")
    if row["return_due_at"]:
        return f"到账，将于 {str(row['return_due_at'])[:10]} 退回 settled, will return", act
    return "到账 settled", act


def _messages(messages: Sequence[Json]) -> str:
    items = "\n".join(
        f"<li><time>{escape(str(row['received_at'])[:16])}</time> "
        f'<a href="/phone?mobile={escape(str(row["mobile"]))}">{escape(str(row["mobile"]))}</a>'
        f"<p>{escape(str(row['text']))}</p></li>"
        for row in messages
    )
    none = '<p class="note">还没有短信。 No message yet.</p>'
    return _section("messages", "短信", "Messages", f'<ul class="list stack">{items}</ul>' if items else none)
