"""Any facts of a benefit claim that the contract allows. Holds no expected value."""

from datetime import date, timedelta

from hypothesis import strategies as st

from law.parameters import ParameterBook
from law.unemployment_reasons import ANSWERS, CARD_ACCOUNTS, IDENTITIES

_BOOK = ParameterBook.shipped()
_ON = date(2025, 1, 1)
COUNTIES = sorted(_BOOK.value("region.tier", region="130100", on=_ON).table())
SEPARATIONS = [
    row["code"] for row in _BOOK.value("benefit.separation_reasons", region="130100", on=_ON).records()
]
APPLIED = st.dates(date(2024, 1, 1), date(2026, 12, 15))


@st.composite
def benefit_lines(draw: st.DrawFn) -> dict[str, object]:
    """A line of `unemployment-benefit` without a fault."""
    applied_on = draw(APPLIED)
    sex = draw(st.sampled_from("MF"))
    again = draw(st.booleans())
    answers = st.sampled_from(sorted(ANSWERS))
    mostly_no = st.one_of(st.just("NO"), st.just("NO"), answers)
    return {
        "id": draw(st.text(max_size=5)),
        "applied_on": applied_on.isoformat(),
        "birth_date": (applied_on - timedelta(days=draw(st.integers(0, 27_000)))).isoformat(),
        "sex": sex,
        "retirement_category": None if sex == "M" else draw(st.sampled_from([None, "WORKER", "CADRE"])),
        "contributed_months": draw(st.one_of(st.integers(0, 500), st.integers(0, 500), st.just("UNKNOWN"))),
        "deemed_months": draw(st.one_of(st.just(0), st.integers(0, 60))),
        "had_previous_spell": again,
        "residual_months": draw(st.integers(0, 24)) if again else 0,
        "separation_reason": draw(st.sampled_from([*SEPARATIONS, "UNKNOWN"])),
        "employed": draw(mostly_no),
        "drawing_pension": draw(mostly_no),
        "drawing_elsewhere": draw(mostly_no),
        "imprisoned": draw(mostly_no),
        "deceased": draw(mostly_no),
        "operates_business": draw(mostly_no),
        "agency_competent": draw(st.one_of(st.just("YES"), answers)),
        "identity": draw(st.sampled_from(sorted(IDENTITIES))),
        "card_account": draw(st.sampled_from(sorted(CARD_ACCOUNTS))),
        "paying_county": draw(st.sampled_from(COUNTIES)),
    }
