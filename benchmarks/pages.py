"""How long a page takes against others, asked for in turn by one signed-in browser without a network."""

import time

from django.test import Client

ROUNDS = 3
REQUESTS = 30
WARM_UP = 5


def best_in_turn(client: Client, *paths: str) -> list[float]:
    """Seconds for one request of each path: the best mean of three rounds. RuntimeError for any but a page.

    They take turns, so that what else the machine does falls on all of them.
    """
    for address in paths * WARM_UP:
        client.get(address)
    rounds = []
    for _ in range(ROUNDS):
        spent = [0.0] * len(paths)
        for _request in range(REQUESTS):
            for index, address in enumerate(paths):
                begun = time.perf_counter()
                answer = client.get(address)
                spent[index] += time.perf_counter() - begun
                if answer.status_code != 200:
                    raise RuntimeError(f"{address} answered {answer.status_code}")
        rounds.append([total / REQUESTS for total in spent])
    return [min(means) for means in zip(*rounds, strict=True)]
