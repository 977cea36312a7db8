"""Real servers of the tests' own, to be stopped and started: MLflow's, PostgreSQL, and a line between that fails."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).with_name("mlflow_server_process.py")
INITDB = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MlflowServer:
    """MLflow's server on a sqlite store."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._forker = subprocess.Popen(
            [sys.executable, "-P", SERVER, f"sqlite:///{folder}/server.db", folder / "artifacts", str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        self.pid = 0

    def start(self) -> None:
        """Start it, and wait until it answers."""
        print("start", file=self._forker.stdin, flush=True)
        self.pid = int(self._forker.stdout.readline())
        wait_for_answer(f"{self.uri}/health")

    def stop(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        while _listens(self.port):
            time.sleep(0.01)

    def close(self) -> None:
        """End it for good."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._forker.kill()
        self._forker.communicate()


def wait_for_answer(url: str, timeout: float = 120) -> None:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.05)
    raise TimeoutError(url)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Line:
    """A line to a server, in this process: it can be cut, and it can lose the answer to a request."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.lost: list[str] = []  # requests whose answer was lost
        self._to_lose: list[str] = []
        self._to_hold: tuple[str, float] | None = None
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        """Let connections through."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Refuse connections, and end those that there are."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            self._listener.close()
            self._listener = None
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def lose_answers(self, *requests: str) -> None:
        """Carry out the next request of each of these beginnings, such as "POST /api", and lose its answer."""
        self._to_lose = list(requests)
        self.lost.clear()

    def hold(self, request: str, seconds: float) -> None:
        """Carry out the next request of this beginning so much later, whether or not somebody still waits for it."""
        self._to_hold = (request, seconds)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            self._open += [client, server]
            loses = threading.Event()
            back = threading.Thread(target=self._back, args=(server, client, loses), daemon=True)
            back.start()
            while content := client.recv(1 << 16):
                if self._to_hold and content.startswith(self._to_hold[0].encode()):
                    held, self._to_hold = self._to_hold, None
                    time.sleep(held[1])
                if lost := next((start for start in self._to_lose if content.startswith(start.encode())), None):
                    self._to_lose.remove(lost)
                    self.lost.append(lost)
                    loses.set()
                server.sendall(content)
            back.join(10)  # the server drops what it has not begun to answer once the line is closed

    @staticmethod
    def _back(server: socket.socket, client: socket.socket, loses: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while content := server.recv(1 << 16):
                if loses.is_set():
                    break
                client.sendall(content)
            client.shutdown(socket.SHUT_RDWR)


class Postgres:
    """A PostgreSQL of its own, in one folder, on 127.0.0.1; run by the user postgres where this one is root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._bin = INITDB[-1].parent
        self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self._as:
            subprocess.run(["chown", "postgres", str(folder)], check=True)
        self._run("initdb", "-D", str(folder / "data"), "-U", "mlflow", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "mlflow", "mlflow")

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://mlflow@127.0.0.1:{self.port}/mlflow"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._bin / program), *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout

    def _control(self, *arguments: str) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "-s", *arguments)

    def start(self) -> None:
        self._control("start")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Start one for the block. The folder, and those above it, must be open to the user postgres."""
    database = Postgres(folder)
    try:
        yield database
    finally:
        with contextlib.suppress(AssertionError):
            database.stop()
