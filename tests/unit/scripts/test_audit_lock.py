import os
import runpy
import subprocess
import sys

from local_stack.config import ROOT

SCRIPT = ROOT / "scripts" / "audit_lock.py"


def test_every_locked_version_is_audited_also_those_of_other_pythons() -> None:
    lock = """
    [[package]]
    name = "song-preference"
    source = { editable = "." }
    [[package]]
    name = "numpy"
    version = "2.4.6"
    source = { registry = "https://index.example/simple" }
    resolution-markers = ["python_full_version < '3.12'"]
    [[package]]
    name = "numpy"
    version = "2.5.5"
    source = { registry = "https://index.example/simple" }
    resolution-markers = ["python_full_version >= '3.12'"]
    [[package]]
    name = "pywin32"
    version = "312"
    source = { registry = "https://index.example/simple" }
    """

    assert runpy.run_path(str(SCRIPT))["requirements"](lock) == [["numpy==2.4.6", "pywin32==312"], ["numpy==2.5.5"]]


def test_an_audit_without_pypi_fails_and_says_why() -> None:
    nowhere = "http://127.0.0.1:9"
    environment = {**os.environ, "HTTPS_PROXY": nowhere, "https_proxy": nowhere, "NO_PROXY": "", "no_proxy": ""}

    audit = subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=False)

    assert audit.returncode == 1
    assert "The audit failed." in audit.stderr
