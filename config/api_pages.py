"""The API's description for people: the OpenAPI document as a plain page, without scripts.

Reads the description alone, never the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from accounts.roles import Action, requires

ANCHOR = "shape-"


@dataclass(frozen=True)
class Kind:
    """What a value may be, in a word; `shape` names the object it is, `choices` the only values."""

    word: str
    shape: str = ""
    choices: Sequence[str] = ()
    is_list: bool = False
    is_nullable: bool = False


@dataclass(frozen=True)
class Field:
    """A parameter, or a member of an object."""

    name: str
    kind: Kind
    says: str
    required: bool
    where: str = ""


@dataclass(frozen=True)
class Answer:
    """A status and what comes with it."""

    status: str
    says: str
    kind: Kind | None


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked."""

    anchor: str
    method: str
    path: str
    says: str
    scopes: Sequence[str]
    fields: Sequence[Field]
    answers: Sequence[Answer]


@dataclass(frozen=True)
class Shape:
    """An object that answers are made of."""

    name: str
    says: str
    fields: Sequence[Field]


@dataclass(frozen=True)
class Description:
    """The whole of it."""

    says: str
    operations: Sequence[Operation]
    shapes: Sequence[Shape]


@cache
def description() -> Description:
    """The description, made once a process: it changes with the program only."""
    with override("en"):
        generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # published without types
        found: dict[str, Any] = generator.get_schema(request=None, public=True)
    shapes: Mapping[str, Any] = found["components"]["schemas"]
    operations = [
        _operation(path, method, operation, shapes)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]
    objects = [
        Shape(name, shape.get("description", ""), _members(shape, shapes))
        for name, shape in shapes.items()
        if shape.get("type") == "object"
    ]
    return Description(found["info"]["description"], operations, objects)


def _operation(path: str, method: str, operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> Operation:
    fields = [
        Field(
            name=parameter["name"],
            kind=_kind(parameter["schema"], shapes),
            says=parameter.get("description", ""),
            required=parameter.get("required", False),
            where=parameter["in"],
        )
        for parameter in operation.get("parameters", [])
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        fields += _members(content["schema"], shapes, where="body")
    answers = [
        Answer(status, answer.get("description", ""), _content(answer, shapes))
        for status, answer in operation["responses"].items()
    ]
    scopes = [scope for need in operation.get("security", []) for needed in need.values() for scope in needed]
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        says=operation["summary"],
        scopes=scopes,
        fields=fields,
        answers=answers,
    )


def _content(answer: Mapping[str, Any], shapes: Mapping[str, Any]) -> Kind | None:
    for content in answer.get("content", {}).values():
        return _kind(content["schema"], shapes)
    return None


def _members(schema: Mapping[str, Any], shapes: Mapping[str, Any], where: str = "") -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _kind(member, shapes), member.get("description", ""), name in required, where)
        for name, member in schema.get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> Kind:
    """One word for a schema; what is referred to is looked up."""
    nullable = bool(schema.get("nullable"))
    if "allOf" in schema:
        inner = _kind(schema["allOf"][0], shapes)
        return Kind(inner.word, inner.shape, inner.choices, inner.is_list, nullable)
    if "oneOf" in schema:
        return Kind(" / ".join(one["type"] for one in schema["oneOf"]), is_nullable=nullable)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        named = shapes[name]
        if "enum" in named:
            return Kind(named["type"], choices=named["enum"])
        return Kind(name, shape=ANCHOR + name)
    if schema.get("type") == "array":
        inner = _kind(schema["items"], shapes)
        return Kind(inner.word, inner.shape, inner.choices, is_list=True, is_nullable=nullable)
    word = schema.get("format") or schema.get("type") or "JSON"
    return Kind(str(word), choices=schema.get("enum", ()), is_nullable=nullable)


@requires(Action.PUBLIC)
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """`/api/v1/docs/`: what can be asked, with what, and what comes back."""
    return render(request, "api_docs.html", {"description": description(), "base": request.get_host()})
