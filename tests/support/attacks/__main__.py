"""Run every attack against the platform of the environment; print what each did and the longest stall it caused."""

import sys

from song_preference.settings import ClientSettings, load
from tests.support.attacks.all_attacks import ATTACKS
from tests.support.attacks.attack import Target, Watch

MAX_STALL_SECONDS = 2
"""A busy machine takes one second."""


def main() -> None:
    """Exit with status 1 where an attack broke its bound."""
    target = Target.of(load(ClientSettings))
    has_failed = False
    for name, attack in ATTACKS.items():
        watch = Watch(target)
        try:
            with watch:
                outcome = attack(target)
        except AssertionError as error:
            has_failed, outcome = True, f"FAILED: {error}"
        has_failed = has_failed or watch.longest_seconds > MAX_STALL_SECONDS
        print(f"{name}: {outcome} Longest stall of /health/live: {watch.longest_seconds * 1e3:.0f} ms.", flush=True)
    sys.exit(has_failed)


if __name__ == "__main__":
    main()
