import subprocess
import sys

from local_stack.config import ROOT


def test_no_attack_stops_the_others(environment: dict[str, str]) -> None:
    # A process of its own, as `make attacks` has it.
    ended = subprocess.run(
        [sys.executable, "-m", "tests.attacks"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout
