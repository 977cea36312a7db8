"""Which file system a path is on, by a table of mounts that stands in for the kernel's."""

from pathlib import Path

import psutil
import pytest
from omegaconf import OmegaConf

from sweeps.errors import ConfigError
from sweeps.tracking.filesystem import check_sqlite_place, filesystem_of, network_filesystem
from sweeps.tracking.store import open_store

TABLE = """\
proc /proc proc rw,relatime 0 0
/dev/vda1 / ext4 rw,relatime 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/local ext4 rw 0 0
lustre@o2ib:/scratch /scratch lustre rw,flock 0 0
server:/my /mnt/my\\040disk nfs rw 0 0
tmpfs /mnt/twice tmpfs rw 0 0
me@host: /mnt/twice fuse.sshfs rw 0 0
//server/share /mnt/win cifs rw 0 0
broken line
"""


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "proc" / "self" / "mounts"
    file.parent.mkdir(parents=True)
    file.write_text(TABLE)
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))
    return file


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/var/x/mlflow.db", "ext4", False),
        ("/home/me/outputs/mlflow.db", "nfs4", True),
        ("/home", "nfs4", True),
        ("/homes/me", "ext4", False),
        ("/home/local/me/mlflow.db", "ext4", False),
        ("/scratch/me", "lustre", True),
        ("/mnt/my disk/mlflow.db", "nfs", True),
        ("/mnt/twice/x", "fuse.sshfs", True),
        ("/mnt/win/x", "cifs", True),
        ("/home/me/../local/x", "ext4", False),
    ],
)
def test_the_longest_and_latest_mount_counts(mounts, path, kind, network):
    assert filesystem_of(Path(path)) == kind
    assert network_filesystem(Path(path)) == (kind if network else None)


def test_a_link_counts_as_where_it_leads(mounts, tmp_path):
    (tmp_path / "outputs").symlink_to("/scratch/me")
    assert filesystem_of(tmp_path / "outputs" / "mlflow.db") == "lustre"


def test_without_a_table_nothing_is_refused(mounts, tmp_path):
    mounts.unlink()
    assert filesystem_of(tmp_path) is None
    check_sqlite_place(tmp_path / "mlflow.db")


def test_this_machine_has_a_table(tmp_path):
    assert filesystem_of(tmp_path)


def test_a_store_there_is_refused_before_anything_is_written(mounts, tmp_path):
    mounts.write_text(f"{TABLE}server:/data {tmp_path}/data nfs4 rw 0 0\n")
    tracking = OmegaConf.create({"uri": f"sqlite:///{tmp_path}/data/mlflow.db?timeout=9", "experiment": "test"})
    with pytest.raises(ConfigError) as told:
        open_store(tracking, str(tmp_path / "data"))
    assert str(told.value) == (
        f"tracking.uri=sqlite:///{tmp_path}/data/mlflow.db is on a network file system (nfs4), where sqlite can lose "
        "what jobs write; type tracking=server tracking.uri=http://HOST:5000, or on one machine alone its own disk: "
        "tracking.uri=sqlite:////LOCAL/DISK/mlflow.db"
    )
    assert not (tmp_path / "data").exists()
