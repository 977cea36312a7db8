"""The URI of a store: which kind of store it names, and what to type where nothing answers."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path

_SQLITE = "sqlite:///"


def is_sqlite(uri: str) -> bool:
    """Tell whether a store is a file."""
    return uri.startswith(_SQLITE)


def is_remote(uri: str) -> bool:
    """Tell whether a store is another process, which can be unavailable."""
    return not uri.startswith("sqlite:")


def is_server(uri: str) -> bool:
    """Tell whether MLflow's own server stands before the database."""
    return uri.startswith(("http:", "https:", "databricks"))  # "databricks" alone is a URI too


def sqlite_file(uri: str) -> Path:
    """Return the path of the database file that a sqlite URI names."""
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])


def hide_password(text: str) -> str:
    """Return a text with the password of every URI in it replaced by stars."""
    return re.sub(r"(://[^:/@\s]+):[^@/\s]+@", r"\1:***@", text)


def how_to_start(uri: str) -> str:
    """Return what to type where nothing answers at a URI."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme in ("http", "https"):
        where = f"--host 127.0.0.1 --port {parts.port or 5000}"
        return (
            f"start a server: mlflow server {where} --backend-store-uri sqlite:///outputs/mlflow.db "
            "--artifacts-destination outputs/mlartifacts; or type tracking=sqlite"
        )
    if parts.scheme.startswith("postgresql"):
        name, host, port = parts.path.strip("/") or "mlflow", parts.hostname or "127.0.0.1", parts.port or 5432
        return f"start PostgreSQL there, and make the database: createdb -h {host} -p {port} {name}; docs/cluster.md"
    return "start it, or type tracking=sqlite"
