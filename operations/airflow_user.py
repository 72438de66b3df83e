"""Create Airflow's administrator, or set an existing one's password: `python -m operations.airflow_user`.

A process of its own, since the arguments of Airflow's command would show in the list of processes.
"""

import os
import sys
from contextlib import redirect_stdout
from io import StringIO

from airflow.__main__ import main as airflow


def _users(*arguments: str) -> str:
    """Run `airflow users` for the administrator; return and print what it prints."""
    account = [os.environ[f"_AIRFLOW_WWW_USER_{name}"] for name in ("USERNAME", "PASSWORD")]
    # After a sign, since a password may begin with a dash.
    sys.argv = ["airflow", "users", *arguments, f"--username={account[0]}", f"--password={account[1]}"]
    with redirect_stdout(StringIO()) as output:
        airflow()  # type: ignore[no-untyped-call]
    print(output.getvalue())
    return output.getvalue()


def main() -> None:
    """Create the administrator, or set the password if there is one."""
    user = os.environ["_AIRFLOW_WWW_USER_USERNAME"]
    profile = ("--role", "Admin", "--email", f"{user}@localhost", "--firstname", user, "--lastname", user)
    if "already exist" in _users("create", *profile):
        _users("reset-password")


if __name__ == "__main__":
    main()
