"""Supervision of the fund: monthly cross-province checks, inspections, findings and recovery.

Will hold check runs, findings, inspections, rectifications and recoveries. Calls downwards only: it asks
`claims` to suspend and `enterprises` to hold, and must never decide in their place.
"""
