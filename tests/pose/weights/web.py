"""A web server on this machine that answers right, wrong, or half."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebServer:
    """Serves `content` under any name; `cut` sends half of it, and `status` something else.

    With `chunked` the answer's length is not told before, as through many proxies. `garbage` is sent in place of all.
    """

    def __init__(self) -> None:
        self.content = b""
        self.cut = False
        self.chunked = False
        self.garbage = b""
        self.status = 200
        self.requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> Any:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # 1.0 has no chunks

            def do_GET(self) -> None:
                served.requests += 1
                self.close_connection = True
                if served.garbage:
                    self.wfile.write(served.garbage)
                    return
                self.send_response(served.status)
                self.send_header("Connection", "close")
                if served.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                else:
                    self.send_header("Content-Length", str(len(served.content)))
                self.end_headers()
                if served.chunked:
                    self.wfile.write(f"{len(served.content):x}\r\n".encode())
                self.wfile.write(served.content[: len(served.content) // 2] if served.cut else served.content)
                if served.chunked and not served.cut:
                    self.wfile.write(b"\r\n0\r\n\r\n")

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
