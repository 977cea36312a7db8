"""On what kind of file system a path lies: sqlite needs locks that those of a network do not keep."""

from __future__ import annotations

import re
from pathlib import Path

from sweeps.errors import ConfigError

MOUNTS = Path("/proc/self/mounts")
# Names as they stand in the third column of /proc/self/mounts.
_NETWORK = """
nfs nfs4 cifs smb smbfs smb3 lustre gpfs beegfs ceph glusterfs afs panfs wekafs orangefs pvfs2 ncpfs
fuse.sshfs fuse.ceph fuse.ceph-fuse fuse.glusterfs fuse.beegfs fuse.lustre fuse.juicefs fuse.quobyte
fuse.moosefs fuse.mfs fuse.s3fs fuse.rclone fuse.gcsfuse fuse.davfs davfs
"""
NETWORK = frozenset(_NETWORK.split())


def filesystem_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Give the type of the file system that a path is on, or would be made on: ext4, nfs4.

    Args:
        path: need not exist.
        mounts: a table as Linux has it, the later line of two for one place being the one that counts.

    Returns:
        None where there is no such table, as on other systems.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    target = path.expanduser().resolve()
    best, kind = -1, None
    for line in lines:
        fields = line.split(" ")
        place = Path(_unescaped(fields[1])) if len(fields) > 2 else None
        if place is not None and target.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), fields[2]
    return kind


def network_filesystem(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Give the type of the network file system that a path is on; None where it is on none, or nobody can tell."""
    kind = filesystem_of(path, mounts)
    return kind if kind in NETWORK else None


def check_sqlite_place(database: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a sqlite database on a network file system, where two writers can damage it (sqlite.org/faq.html#q5).

    Args:
        database: its file, which need not exist.
        mounts: as `filesystem_of` has it.

    Raises:
        ConfigError: it is on one.
    """
    kind = network_filesystem(database, mounts)
    if kind is not None:
        raise ConfigError(
            f"tracking.uri=sqlite:///{database} is on a network file system ({kind}), where sqlite can lose what jobs "
            "write; type tracking=server tracking.uri=http://HOST:5000, or on one machine alone its own disk: "
            "tracking.uri=sqlite:////LOCAL/DISK/mlflow.db"
        )


def _unescaped(place: str) -> str:
    """Undo what the kernel does to blanks and backslashes, which it writes as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place)
