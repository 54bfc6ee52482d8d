"""A simulated year: a city's people, officers, bank and registers played through the real services.

`plan` says what happens to whom, `year` lets it happen day by day, `crowd` and `office` are the people and
the officers, `faults` kills, `entitlement` says from the plan and the law alone what everybody had to get,
and `proof` compares that with the bank's book and with ours. Time is handed in, to the sandbox too.
"""
