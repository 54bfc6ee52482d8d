"""`import_recipients FILE`: people who draw benefit in the core system."""

from cases.intake_command import ImportCommand
from cases.intake_models import Intake
from claims.intakes import LINES, REASONS


class Command(ImportCommand):
    """Good rows in, bad ones listed in a file beside it. Run twice, it changes nothing."""

    help = "Take over people who draw benefit in the core system (CSV or XLSX)."
    kind = Intake.Kind.RECIPIENTS
    lines = LINES
    reasons = REASONS
