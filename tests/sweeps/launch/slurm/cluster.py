"""A real Slurm on this machine, for the tests: two virtual nodes with a counted GPU each."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

NODES = ("n1", "n2")
# preempt_send_user_signal: what `sbatch --signal` asks for comes at preemption too. cred_expire: a job that is queued
# again starts after so many seconds. Count-only GPUs are refused by slurmd 22.05: each has a file.
CONF = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=5
CryptoType=crypto/munge
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
GresTypes=gpu
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
KillWait=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=16000 Gres=gpu:1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=16000 Gres=gpu:1
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=30
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


def why_not() -> str | None:
    """Why no Slurm can be started here; None where it can."""
    missing = [name for name in ("munged", "slurmctld", "slurmd", "sbatch", "srun") if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}: make setup-services"
    return None if os.geteuid() == 0 else "Slurm's daemons are started as root"


class Cluster:
    """Slurm's daemons, as children of this process.

    Args:
        folder: for all their files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        self._daemons: list[subprocess.Popen[bytes]] = []

    def up(self) -> None:
        """Start, and wait until both nodes are idle."""
        for name in ("state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        filled = CONF.format(host=socket.gethostname(), folder=self.folder, ports=_free_ports(3))
        (self.folder / "slurm.conf").write_text(filled)
        (self.folder / "gres.conf").write_text(f"NodeName={','.join(NODES)} Name=gpu File=/dev/null\n")
        files = {
            "--key-file": "munge.key",
            "--socket": "munge.sock",
            "--pid-file": "munge.pid",
            "--log-file": "munge.log",
            "--seed-file": "munge.seed",
        }
        own = [f"{option}={self.folder / name}" for option, name in files.items()]
        self._start("munged", "--foreground", "--force", "--num-threads=2", *own)
        self._wait_until(lambda: (self.folder / "munge.sock").exists())
        self._start("slurmctld", "-D", "-c")
        for node in NODES:
            self._start("slurmd", "-D", "-N", node)
        self._wait_until(lambda: self.ask("sinfo", "-h", "-N", "-p", "main", "-o", "%T").split() == ["idle", "idle"])

    def down(self) -> None:
        """End all jobs and every process."""
        if len(self._daemons) > 1:
            self.ask("scancel", "--full", "--signal=KILL", "--user=root")
            self.ask("scancel", "--user=root")
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in self._daemons:
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for process in self._of_jobs():
            process.kill()
        self._daemons.clear()

    def ask(self, *command: str) -> str:
        """Run one of Slurm's commands; gives what it says."""
        done = subprocess.run(
            command, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
        return done.stdout

    def jobs(self) -> dict[str, str]:
        """The state of each job that Slurm knows."""
        lines = self.ask("squeue", "-h", "-r", "-t", "all", "-o", "%i %T").splitlines()
        return dict(tuple(line.split()) for line in lines)  # type: ignore[misc]

    def _of_jobs(self) -> list[psutil.Process]:
        """What is left of jobs: Slurm's own processes beside them too, which are nobody's children."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                # Not psutil's reading of it, which ends at the gap that a change of a process's title leaves.
                environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
                of_job = process.name() == "slurmstepd" or any(
                    line.startswith(b"SLURM_JOB_ID=") for line in environment
                )
                if of_job and f"SLURM_CONF={self.env['SLURM_CONF']}".encode() in environment:
                    found.append(process)
        return found

    def _start(self, *command: str) -> None:
        with (self.folder / "daemons.log").open("ab") as log:
            # Not the test's own pipes: a job would hold them open. No signals of its terminal either.
            self._daemons.append(
                subprocess.Popen(
                    command,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_end_with_parent,
                )
            )

    def _wait_until(self, condition) -> None:
        end = time.monotonic() + 30
        while not condition():
            if time.monotonic() > end or any(daemon.poll() is not None for daemon in self._daemons):
                logs = "\n".join(file.read_text(errors="replace")[-2000:] for file in self.folder.glob("*.log"))
                raise RuntimeError(f"Slurm does not start:\n{logs}")
            time.sleep(0.1)


def _end_with_parent() -> None:
    """Have the kernel end this process when the tests' own is killed, which then cannot do it."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM))  # PR_SET_PDEATHSIG


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
