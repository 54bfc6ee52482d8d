"""Files handed out to a browser: saved, never shown with the rights of this site. For the edge alone."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header


def file_response(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """A file to be saved. Whatever is in it, the browser opens it with no rights of this site."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
