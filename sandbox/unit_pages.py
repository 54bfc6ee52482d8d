"""The page on which one signs in for a unit, and the list of units for programs that play a story.

Nobody proves who they are: one picks a unit and who of it one is, or types the number of somebody to whom a
unit has delegated its business. All of it is synthetic, and the page says so.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

from sandbox import scenarios
from sandbox.identity import ASKED
from sandbox.pages import Frame, error_line, hidden, table
from sandbox.unit_records import UnitRecords
from sandbox.units import DEREGISTERED, Principal, RegisteredUnit, Units
from sandbox.wire import Answer, Json, WireError, whole_number
from sandbox.world import CITIZEN_ID

_PAGE = """<div><h1>法人统一身份认证（模拟）
<small lang="en">Identity provider for units (simulated)</small></h1>
<p class="lead">选一个单位，再选以谁的身份登录。不用密码。单位和人都是合成的。
<span lang="en">Pick a unit and who of it you are. No password; all of it is synthetic.</span></p></div>
{error}
<form class="filters" method="get" action="/oidc/units/authorize">{hidden}
<div><label for="scenario">剧本 <span lang="en">Scenario</span></label>
<select class="input" id="scenario" name="scenario">{options}</select></div>
<div class="grow"><label for="q">单位名称，或整个代码
<span lang="en">Part of the name, or the whole code</span></label>
<input class="input" id="q" name="q" value="{text}"></div>
<button class="button">找 <span lang="en">Find</span></button></form>
<form class="stack" method="post" action="/oidc/units/authorize">{hidden}{table}</form>
<form class="sheet stack" method="post" action="/oidc/units/authorize">{hidden}
<h2>受单位委托的人 <small lang="en">Somebody a unit has delegated to</small></h2>
<div class="field"><label for="name">姓名（可不填） <span lang="en">Name (optional)</span></label>
<input class="input w-m" id="name" name="name" autocomplete="off"></div>
<div class="field"><label for="id_number">证件号 <span lang="en">ID number</span></label>
<input class="input w-l" id="id_number" name="id_number" autocomplete="off" required></div>
<p><button class="button main">登录 <span lang="en">Sign in</span></button></p>
</form>
<form method="post" action="/oidc/units/authorize">{hidden}
<button class="button plain" name="deny" value="1">不登录，回去
<span lang="en">Go back without signing in</span></button></form>"""
_HEAD = ("单位 Unit", "代码 Code", "剧本 Scenario", "法定代表人 Representative", "经办人 Agent")


def authorize(
    frame: Frame,
    asked: Mapping[str, str],
    *,
    listed: Sequence[RegisteredUnit],
    chosen: str,
    text: str,
    problem: str = "",
) -> Answer:
    """The page: pick a unit and a person of it, or type the number of somebody else."""
    options = "\n".join(
        f'<option value="{code}"{" selected" if code == chosen else ""}>{known.chinese} {code}</option>'
        for code, known in scenarios.UNIT_SCENARIOS.items()
    )
    main = _PAGE.format(
        error=error_line(problem),
        hidden=hidden({name: asked[name] for name in ASKED if asked.get(name)}),
        options=options,
        text=escape(text),
        table=table(_HEAD, "\n".join(map(_row, listed)), "可登录的单位 Units"),
    )
    return frame.page("单位登录", main, status=400 if problem else 200)


def _row(known: RegisteredUnit) -> str:
    tone = "bad" if known.status == DEREGISTERED else "ok"
    scenario = scenarios.UNIT_SCENARIOS[known.scenario]
    return (
        f'<tr><th scope="row" class="head">{escape(known.unit.name)}</th>'
        f'<td><span class="code">{known.unit.code}</span></td>'
        f'<td><span class="tag {tone}">{known.scenario}</span> {scenario.chinese}'
        f' <small lang="en">{scenario.english}</small></td>'
        f"<td>{_button(known.representative)}</td><td>{_button(known.agent)}</td></tr>"
    )


def _button(principal: Principal) -> str:
    return (
        f'<button class="button" name="id_number" value="{principal.id_number}"><span class="nb">'
        f'{escape(principal.name)} 登录 <span lang="en">Sign in</span></span></button>'
    )


def units(known: Units, query: Mapping[str, str]) -> list[Json]:
    """`GET /units`: by number. Raises WireError: unknown scenario, number out of range."""
    scenario = query.get("scenario", "")
    if scenario and scenario not in scenarios.UNIT_SCENARIOS:
        raise WireError(400, "bad_request", f"There is no scenario {scenario[:40]!r}.")
    limit = whole_number(query, "limit", default=20, least=1, most=1000)
    # Units are counted from 0, so that "after" may be one less than the first.
    after = whole_number(query, "after", default=0, least=0, most=10**9) if query.get("after") else -1
    return [_described(unit) for unit in known.listed(scenario=scenario, after=after, limit=limit)]


def records(known: UnitRecords, query: Mapping[str, str]) -> list[Json]:
    """`GET /units/records`: figures by number, as known on `asked_on`. Raises WireError as `units`."""
    limit = whole_number(query, "limit", default=20, least=1, most=1000)
    first = whole_number(query, "after", default=0, least=0, most=10**9) + 1 if query.get("after") else 0
    on = _asked_on(query)
    return [known.record(index, on) for index in range(first, min(first + limit, known.units.count))]


def lists(known: UnitRecords, query: Mapping[str, str]) -> list[Json]:
    """`GET /units/lists`: the public lists as published last by `asked_on`. Raises WireError: no such day."""
    return known.lists(_asked_on(query))


def _asked_on(query: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(query.get("asked_on", ""))
    except ValueError as error:
        raise WireError(400, "bad_request", "asked_on must be a date, YYYY-MM-DD.") from error


def _described(known: RegisteredUnit) -> Json:
    return {
        "index": known.index,
        "name": known.unit.name,
        "code": known.unit.code,
        "county": known.county,
        "scenario": known.scenario,
        "status": known.status,
        "representative": _person(known.representative),
        "agent": _person(known.agent),
        "synthetic": True,
    }


def _person(principal: Principal) -> Json:
    return {"name": principal.name, "id_kind": CITIZEN_ID, "id_number": principal.id_number}
