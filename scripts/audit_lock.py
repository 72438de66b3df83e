"""Ask PyPI for the known vulnerabilities of every version in uv.lock; fail if it does not answer for one of them.

By itself, pip-audit skips versions for other Pythons and systems: on Python 3.11, those that the images run. And it
accepts versions that the service does not know: behind a mirror without vulnerabilities, all of them.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path

PIP_AUDIT = str(Path(sys.executable).with_name("pip-audit"))
LOCK = Path(__file__).parents[1] / "uv.lock"
FAILED = (
    "The audit failed. Upgrade the packages listed above (uv lock --upgrade-package NAME). If PyPI did not answer, run "
    "the audit in a network that reaches it directly: a mirror of the index does not know vulnerabilities."
)


def requirements(lock: str) -> list[list[str]]:
    """Return every locked version in lists with at most one version of each package, as pip-audit requires."""
    versions = defaultdict(list)
    for package in tomllib.loads(lock)["package"]:
        if "registry" in package["source"]:
            versions[package["name"]].append(f"{package['name']}=={package['version']}")
    return [[one for one in column if one] for column in zip_longest(*versions.values())]


def audited(versions: list[str]) -> bool:
    """Return whether PyPI knows all of these versions and none of them has a known vulnerability."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(versions))
        file.flush()
        command = [PIP_AUDIT, "--strict", "--disable-pip", "--no-deps", "--requirement", file.name]
        # Hides the warning about requirements without hashes; nothing is downloaded here.
        environment = {**os.environ, "PIP_AUDIT_LOGLEVEL": "ERROR"}
        return subprocess.run(command, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    columns = requirements(LOCK.read_text())
    results = [audited(column) for column in columns]
    if not all(results):
        sys.exit(FAILED)
    if not results:
        sys.exit(f"{LOCK} names no package: nothing was audited.")
    print(f"{sum(map(len, columns))} locked versions audited")
