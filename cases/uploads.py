"""Takes uploaded files into memory, up to the size that may be kept, and never writes one to a disk.

A paper about a person lies nowhere in the clear, not even for the length of a request; and who sends a
gigabyte costs a loop, not memory. What is too long or too many is cut here and refused, in words, by
`cases.attachments.check`. A page that takes larger files takes them only from those who may do what it is
for. For the edge alone: this is Django's upload handler.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from accounts.roles import Action, can
from cases import sheets
from cases.attachments import MAX_BYTES, MOST_AN_ACT, Paper

LARGER: Mapping[str, tuple[Action, int]] = {"imports": (Action.IMPORT, sheets.MOST_BYTES)}
"""Pages that take larger files than papers are, by the name of their address: who may send how large ones."""


class BoundedUploads(FileUploadHandler):
    """At most one file more than is allowed, each at most one byte longer than is allowed."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.most_bytes = _most_bytes(request)
        self.count = 0
        self.kept = BytesIO()

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Begin with nothing. Files beyond the one that shows that there are too many are not read."""
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        self.count += 1
        self.kept = BytesIO()
        if self.count > MOST_AN_ACT + 1:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what still fits, and one byte more to show that it did not."""
        room = self.most_bytes + 1 - self.kept.tell()
        if room > 0:
            self.kept.write(raw_data[:room])

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """The file as Django's forms know it; its size is what was kept."""
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            file=self.kept,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


def _most_bytes(request: HttpRequest | None) -> int:
    match = request.resolver_match if request is not None else None
    name = match.url_name if match is not None else None
    if request is None or name is None or name not in LARGER:
        return MAX_BYTES
    action, most_bytes = LARGER[name]
    return most_bytes if can(request.user, action) else MAX_BYTES


def papers(files: list[UploadedFile[bytes]]) -> list[Paper]:
    """What came in a form's file field, as services take it. A field left empty brings none."""
    return [Paper(name=file.name or "", content=file.read()) for file in files]
