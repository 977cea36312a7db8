"""The kind of file system that a path is on: sqlite needs locks that those of a network do not keep."""

from __future__ import annotations

from pathlib import Path

from sweeps.errors import ConfigError

# Types as the kernel's table of mounts names them.
_NETWORK = """
nfs nfs4 cifs smb smbfs smb3 lustre gpfs beegfs ceph glusterfs afs panfs wekafs orangefs pvfs2 ncpfs
fuse.sshfs fuse.ceph fuse.ceph-fuse fuse.glusterfs fuse.beegfs fuse.lustre fuse.juicefs fuse.quobyte
fuse.moosefs fuse.mfs fuse.s3fs fuse.rclone fuse.gcsfuse fuse.davfs davfs
"""
NETWORK = frozenset(_NETWORK.split())


def filesystem_of(path: Path) -> str | None:
    """Return the type of the file system that a path is on, or would be created on: ext4, nfs4.

    Args:
        path: need not exist.

    Returns:
        None where the system has no table of mounts.
    """
    import psutil

    target = path.expanduser().resolve()
    try:
        mounts = [mount for mount in psutil.disk_partitions(all=True) if target.is_relative_to(mount.mountpoint)]
    except OSError:
        return None
    # of two mounts at one place the later one hides the earlier one
    deepest = max(reversed(mounts), key=lambda mount: len(Path(mount.mountpoint).parts), default=None)
    return deepest.fstype if deepest else None


def network_filesystem(path: Path) -> str | None:
    """Return the type of the network file system that a path is on; None where it is on none, or it is unknown."""
    kind = filesystem_of(path)
    return kind if kind in NETWORK else None


def check_sqlite_place(database: Path) -> None:
    """Refuse a sqlite database on a network file system, where two writers can damage it (sqlite.org/faq.html#q5).

    Args:
        database: its file, which need not exist.

    Raises:
        ConfigError: it is on one.
    """
    kind = network_filesystem(database)
    if kind is not None:
        raise ConfigError(
            f"tracking.uri=sqlite:///{database} is on a network file system ({kind}), where sqlite can lose what jobs "
            "write; type tracking=server tracking.uri=http://HOST:5000, or on one machine alone its own disk: "
            "tracking.uri=sqlite:////LOCAL/DISK/mlflow.db"
        )
