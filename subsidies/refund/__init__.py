"""Job-retention refund (稳岗返还): a whole city screened in one campaign a year, nobody has to apply.

The rule is `law.retention_refund`; facts of units come from `enterprises`, money leaves through `payouts`.
It must never import another programme of `subsidies`.
"""
