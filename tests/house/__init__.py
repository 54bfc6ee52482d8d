"""House rules as tests: what every module must keep to."""
