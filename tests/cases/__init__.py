"""Tests of cases: kinds, services, the trail, the queue, clocks and messages."""
