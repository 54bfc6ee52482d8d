"""Has sealing ask whether a refund that is owed may still be paid. Registers, and does nothing else."""

from law.retention_refund import PROGRAM
from payouts.standing import register
from subsidies.refund.services.financing import fallen

register(PROGRAM, fallen)
