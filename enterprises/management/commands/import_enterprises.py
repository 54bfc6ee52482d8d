"""`import_enterprises FILE`: insured units and their years from the core system."""

from cases.intake_command import ImportCommand
from cases.intake_models import Intake
from enterprises.sheets import LINE, REASONS


class Command(ImportCommand):
    """Good rows in, bad ones listed in a file beside it. Run twice, it changes nothing."""

    help = "Import insured units and their years (CSV or XLSX) from the core system."
    kind = Intake.Kind.ENTERPRISES
    lines = {Intake.Kind.ENTERPRISES.value: LINE}
    reasons = REASONS
