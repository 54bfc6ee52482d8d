"""THE table of what is brought in from the core system: each kind of sheet, who takes it, and its words."""

from collections.abc import Mapping

from django.utils.functional import Promise

from cases.intake import Line
from cases.intake_models import Intake
from claims import contributions

LINES: Mapping[str, Line] = {
    Intake.Kind.CONTRIBUTIONS.value: Line(Intake.Kind.CONTRIBUTIONS, contributions.ContributionTaker),
}

REASONS: Mapping[str, str | Promise] = {**contributions.REASONS}
