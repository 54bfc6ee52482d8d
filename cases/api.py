"""The API for auditors: determinations with facts, sources and reasons, and the numbers they were made with.

Read only, by the scope `determinations:read`. Each answer leaves a line in the access log for every file it
shows; none holds a name or a number of a person.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import ClientTokenAuthentication, client_of, declares, scope_permission
from accounts.roles import Action
from accounts.services import record_machine_reads
from cases import auditing
from cases.models import Determination
from law.decision import Outcome
from law.programs import PROGRAMS

PAGE = 50
LARGEST_PAGE = 200
CASE_NUMBER = r"[A-Z]{2,4}\d{8}-\d{4,}"


# --- shapes -----------------------------------------------------------------------------------------------


class MoneySerializer(serializers.Serializer[auditing.Money]):
    """An amount in whole fen, and the same in yuan."""

    fen = serializers.IntegerField(help_text="1/100 yuan")
    yuan = serializers.CharField(help_text="with two decimals, `1980.00`")


class ReferenceSerializer(serializers.Serializer[dict[str, str]]):
    """Where the law says so."""

    title = serializers.CharField()
    article = serializers.CharField(allow_blank=True)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}], "nullable": True})
class ScalarField(serializers.JSONField):
    """Text, a whole number, or null."""


class ReasonSerializer(serializers.Serializer[dict[str, object]]):
    """One test of the rule."""

    code = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    given = ScalarField(allow_null=True, help_text="what was found")
    limit = ScalarField(allow_null=True, help_text="what is required")
    reference = ReferenceSerializer()
    explanation = serializers.CharField(help_text="one Chinese sentence; its wording may change")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`fields` is a property of every serializer, so it is given here."""
        names = serializers.ListField(
            child=serializers.CharField(), help_text="the facts the test rests on, by name"
        )
        return {**super().get_fields(), "fields": names}


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "example": {"employed": [{"source": "INSURANCE", "lookup": 7, "at": "2025-09-26T06:06:00+00:00"}]},
    }
)
class SourcesField(serializers.JSONField):
    """For each fact the lookups, answers or amendments it came from."""


class DeterminationSerializer(serializers.Serializer[auditing.Audited]):
    """A decision of a rule, with what it rests on and what vouches for it."""

    id = serializers.IntegerField()
    case_number = serializers.CharField()
    region = serializers.CharField(help_text="county or city, six digits")
    program = serializers.ChoiceField(choices=sorted(PROGRAMS))
    rule_version = serializers.CharField()
    verdict = serializers.ChoiceField(choices=Determination.Verdict.values)
    made_at = serializers.DateTimeField()
    made_by = serializers.ChoiceField(choices=["MACHINE", "OFFICER"])
    amount = MoneySerializer(allow_null=True, help_text="granted in all; null where it cannot be known")
    results = serializers.DictField(
        help_text="the program's own answers as `decide` gives them, each `x_fen` as an amount `x`"
    )
    reasons = ReasonSerializer(many=True)
    facts = serializers.DictField(help_text="as `decide` takes them, without `id`")
    sources = SourcesField()
    parameters_digest = serializers.CharField(help_text="see /api/v1/parameter-sets/{digest}/")
    content_hash = serializers.CharField()
    event_sequence = serializers.IntegerField(help_text="the event of the case's trail that vouches for it")
    event_hash = serializers.CharField()


class LinkSerializer(serializers.Serializer[auditing.Link]):
    """One event of the case's trail; each part as it was hashed."""

    sequence = serializers.IntegerField()
    verb = serializers.CharField()
    actor_id = serializers.IntegerField()
    at = serializers.CharField(help_text="UTC to the microsecond, `2025-09-26T06:05:00.000000Z`")
    payload = serializers.CharField(help_text="JSON text, hashed to the letter")
    previous_hash = serializers.CharField(allow_blank=True)
    hash = serializers.CharField()


class EvidenceSerializer(DeterminationSerializer):
    """A determination with all that it takes to recompute its hashes."""

    decision = serializers.DictField(help_text="as it is stored and hashed")
    trail = LinkSerializer(many=True, help_text="from the case's first event to the one that vouches")


class PageSerializer(serializers.Serializer[dict[str, object]]):
    """One page of a list."""

    next = serializers.URLField(allow_null=True, help_text="address of the next page; null on the last one")
    results = DeterminationSerializer(many=True)


class ParameterRowSerializer(serializers.Serializer[dict[str, object]]):
    """One dated number of law."""

    key = serializers.CharField()
    region = serializers.CharField()
    value = serializers.JSONField(help_text="text, or lists and objects of text")
    unit = serializers.CharField()
    reference = serializers.DictField(child=serializers.CharField(allow_blank=True))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of the language."""
        found = super().get_fields()
        return {**found, "from": serializers.DateField(help_text="in force from this day on")}


class ParameterSetSerializer(serializers.Serializer[dict[str, object]]):
    """The numbers of law a determination was made with: what `decide --parameters` reads."""

    region = serializers.CharField()
    rows = ParameterRowSerializer(many=True)


class AskedSerializer(serializers.Serializer[dict[str, object]]):
    """What an address of the list may ask for."""

    program = serializers.ChoiceField(choices=sorted(PROGRAMS), required=False)
    verdict = serializers.ChoiceField(choices=Determination.Verdict.values, required=False)
    case_number = serializers.RegexField(rf"^{CASE_NUMBER}$", required=False)
    to = serializers.DateField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=PAGE)
    cursor = serializers.CharField(max_length=100, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of the language."""
        return {**super().get_fields(), "from": serializers.DateField(required=False)}

    def validate_cursor(self, value: str) -> auditing.Place:
        """Where the page begins, out of the text that `cursor_of` made."""
        try:
            at, key = base64.urlsafe_b64decode(value.encode()).decode().split(" ")
            return auditing.Place(datetime.fromisoformat(at).astimezone(UTC), int(key))
        except (ValueError, OverflowError, binascii.Error, UnicodeError):
            raise serializers.ValidationError(_("这不是本接口给出的游标。")) from None


def cursor_of(last: auditing.Audited) -> str:
    """The place after a determination as text for an address."""
    return base64.urlsafe_b64encode(f"{last.made_at.astimezone(UTC).isoformat()} {last.id}".encode()).decode()


# --- views ------------------------------------------------------------------------------------------------


class AuditorsView(APIView):
    """What the views for auditors have in common: who may, and that it is written down."""

    authentication_classes = [ClientTokenAuthentication]
    permission_classes = [scope_permission(Action.API_DETERMINATIONS)]

    def record(self, request: Request, *shown: auditing.Audited) -> None:
        """Whose files were read, each once."""
        record_machine_reads(
            client=client_of(request),
            files=sorted({(one.party_id, one.case_number) for one in shown if one.party_id is not None}),
            address=str(request.META.get("REMOTE_ADDR", "")),
            now=datetime.now(UTC),
        )


def _day(name: str, says: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.DATE, description=says)


@extend_schema_view(
    get=extend_schema(
        operation_id="determinations_list",
        summary="Determinations, oldest first",
        tags=["determinations"],
        parameters=[
            OpenApiParameter("program", str, enum=sorted(PROGRAMS)),
            OpenApiParameter("verdict", str, enum=Determination.Verdict.values),
            OpenApiParameter("case_number", str),
            _day("from", "first day (Asia/Shanghai) on which they were made"),
            _day("to", "last day, included"),
            OpenApiParameter("limit", int, description=f"rows a page, 1 to {LARGEST_PAGE}", default=PAGE),
            OpenApiParameter("cursor", str, description="out of `next`; do not make one"),
        ],
        responses=PageSerializer,
    )
)
class Determinations(AuditorsView):
    """Decisions of the rules in the regions of the client, by a cursor that nothing new disturbs."""

    @transaction.atomic
    def get(self, request: Request) -> Response:
        """One page."""
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        limit: int = given["limit"]
        wanted = auditing.Wanted(
            program=given.get("program", ""),
            verdict=given.get("verdict", ""),
            case_number=given.get("case_number", ""),
            start=_date(given.get("from")),
            end=_date(given.get("to")),
        )
        found = auditing.determinations(
            client_of(request), wanted=wanted, after=given.get("cursor"), limit=limit + 1
        )
        page, address = found[:limit], None
        if len(found) > limit:
            query = request.query_params.copy()
            query["cursor"] = cursor_of(page[-1])
            address = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
        self.record(request, *page)
        return Response(
            {"next": address, "results": [DeterminationSerializer(one).data for one in page]},
            headers={"Cache-Control": "no-store"},
        )


def _date(value: object) -> date | None:
    return value if isinstance(value, date) else None


@extend_schema_view(
    get=extend_schema(
        operation_id="determinations_read",
        summary="One determination, with the trail that vouches for it",
        tags=["determinations"],
        responses=EvidenceSerializer,
    )
)
class OneDetermination(AuditorsView):
    """All that is needed to recompute a decision and its hashes."""

    @transaction.atomic
    def get(self, request: Request, key: int) -> Response:
        """The determination. 404 outside the client's regions."""
        found = auditing.determination(client_of(request), key=key)
        if found is None:
            raise Http404
        self.record(request, found)
        return Response(EvidenceSerializer(found).data, headers={"Cache-Control": "no-store"})


@extend_schema_view(
    get=extend_schema(
        operation_id="parameter_sets_read",
        summary="The numbers of law a determination was made with",
        tags=["parameter sets"],
        responses=ParameterSetSerializer,
    )
)
class OneParameterSet(AuditorsView):
    """Every dated value with its reference, as it stood; its digest is SHA-256 of its canonical JSON."""

    def get(self, request: Request, digest: str) -> Response:
        """The set, as `decide --parameters` reads it. It never changes."""
        found = auditing.parameter_set(digest)
        if found is None:
            raise Http404
        return Response(found.snapshot, headers={"Cache-Control": "private, max-age=86400, immutable"})


determinations = declares(Action.API_DETERMINATIONS)(Determinations.as_view())
one_determination = declares(Action.API_DETERMINATIONS)(OneDetermination.as_view())
one_parameter_set = declares(Action.API_DETERMINATIONS)(OneParameterSet.as_view())
