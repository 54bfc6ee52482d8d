"""Tests of the sandbox: over real HTTP, each on a server and a file of its own."""
