"""Journeys of people through the running site, in Chromium."""
