"""Compare memory and open files of the services before and after minutes of attacks: `make soak`.

Needs the running platform without Docker. Clients of every protocol predict all the time, and the attacks take turns.
"""

import sys
import time
from threading import Event, Thread

from local_stack.config import Config
from local_stack.supervisor import Supervisor
from song_preference.clients import clients
from song_preference.errors import ServiceUnavailable
from song_preference.features import EXAMPLE
from song_preference.prediction import PredictionClient
from song_preference.settings import ClientSettings, load
from tests.support.attacks.all_attacks import ATTACKS
from tests.support.attacks.attack import Target

SERVICES = ("fastapi_app", "grpc_service", "streamlit_app", "mlflow", "weed")
SETTLE_SECONDS = 80
"""Wait after the last attack: an idle HTTP connection ends within 75 s."""


def main(seconds: float) -> None:
    """Print memory and files of each service before and after, and how many predictions succeeded and failed."""
    protocols = clients(load(ClientSettings))
    for client in protocols.values():
        client.predict(EXAMPLE)
    before = held()
    ended, outcomes = Event(), {name: [0, 0] for name in protocols}
    threads = [Thread(target=ask, args=(client, ended, outcomes[name])) for name, client in protocols.items()]
    for thread in threads:
        thread.start()
    try:
        rounds = attack(seconds)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    time.sleep(SETTLE_SECONDS)
    print(f"{rounds} rounds of {len(ATTACKS)} attacks in {seconds / 60:.0f} minutes.")
    for name, (answered, failed) in outcomes.items():
        print(f"{name:<8} {answered} predictions answered, {failed} failed.")
    for name, (memory, files) in held().items():
        print(f"{name:<14} memory {before[name][0]:4.0f} -> {memory:4.0f} MB, files {before[name][1]} -> {files}")


def held() -> dict[str, tuple[float, int]]:
    """Return resident memory in MB and the number of open files of each service, summed over its processes."""
    processes = Supervisor(Config.read()).processes()
    found = {}
    for name in SERVICES:
        of_service = [process for process in processes if any(name in part for part in process.cmdline())]
        memory = sum(process.memory_info().rss for process in of_service) / 1e6
        found[name] = memory, sum(process.num_fds() for process in of_service)
    return found


def attack(seconds: float) -> int:
    """Repeat all attacks until the time is up; return the number of rounds."""
    target, rounds, end = Target.of(load(ClientSettings)), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for name, one in ATTACKS.items():
            try:
                one(target)
            except AssertionError as error:
                print(f"{name}: {error}", flush=True)
        rounds += 1
    return rounds


def ask(client: PredictionClient, ended: Event, outcomes: list[int]) -> None:
    """Predict until `ended`; count answers and failures."""
    while not ended.is_set():
        try:
            client.predict(EXAMPLE)
        except ServiceUnavailable:
            outcomes[1] += 1
        else:
            outcomes[0] += 1


if __name__ == "__main__":
    main(float(sys.argv[1]))
