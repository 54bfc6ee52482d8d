"""Layouts in which a batch may be handed to a bank. Pure: bytes in, values out, and back."""
