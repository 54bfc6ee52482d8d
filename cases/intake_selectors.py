"""Reads of intakes: the latest ones, one of them, and the rows that were not taken."""

from collections.abc import Iterator

from cases.intake_models import Intake, IntakeFault

SHOWN = 100
LATEST = 30


def latest() -> list[Intake]:
    """The latest files, newest first."""
    return list(Intake.objects.select_related("asked_by").order_by("-pk")[:LATEST])


def intake_by_key(key: int) -> Intake | None:
    """One of them."""
    return Intake.objects.select_related("asked_by", "signed_by").filter(pk=key).first()


def first_faults(intake: Intake) -> list[IntakeFault]:
    """The first refused rows, as many as a page can show."""
    return list(IntakeFault.objects.filter(intake=intake).order_by("line", "pk")[:SHOWN])


def all_faults(intake: Intake) -> Iterator[IntakeFault]:
    """All refused rows in their order, a few at a time."""
    return IntakeFault.objects.filter(intake=intake).order_by("line", "pk").iterator(chunk_size=5_000)
