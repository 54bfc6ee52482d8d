"""`import_contributions FILE`: contribution histories from the core system."""

from cases.intake_command import ImportCommand
from cases.intake_models import Intake
from claims.intakes import LINES, REASONS


class Command(ImportCommand):
    """Good rows in, bad ones listed in a file beside it. Run twice, it changes nothing."""

    help = "Import contribution histories (CSV or XLSX) from the core system."
    kind = Intake.Kind.CONTRIBUTIONS
    lines = LINES
    reasons = REASONS
