"""A proxy before a server that cuts a connection at a chosen moment."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sql.servers import Place

_PORTS = {"postgresql": 5432, "mariadb": 3306, "mysql": 3306}


@contextmanager
def cutting_proxy(
    place: Place, moment: bytes | int, *, after_answer: bool = False, stays: bool = True
) -> Iterator[Callable[[], bool]]:
    """Lead the loader of a place through a proxy that cuts one connection; tells whether it did.

    Args:
        place: The place; its URL is another one within the block.
        moment: Cut when the client sends this text, or once it has sent so many bytes.
        after_answer: Hand the text on, and cut when the server has answered; else cut before.
        stays: Whether the proxy takes further connections after the cut.
    """
    parts, direct = urlsplit(place.url), place.url
    server = (parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme])
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        proxy = _Proxy(listener, server, moment, after_answer=after_answer, stays=stays)
        thread = threading.Thread(target=proxy.serve)
        thread.start()
        user = parts.netloc.rpartition("@")[0]
        host = f"{user}@127.0.0.1:{listener.getsockname()[1]}"
        # Without TLS, or the proxy could not read along.
        query = "&sslmode=disable" if parts.scheme == "postgresql" else ""
        place.url = parts._replace(netloc=host, query=parts.query + query).geturl()
        try:
            yield lambda: proxy.cut
        finally:
            place.url = direct
            proxy.stopped.set()
            thread.join()


class _Proxy:
    def __init__(
        self,
        listener: socket.socket,
        server: tuple[str, int],
        moment: bytes | int,
        *,
        after_answer: bool,
        stays: bool,
    ) -> None:
        self.listener, self.server, self.moment = listener, server, moment
        self.after_answer, self.stays = after_answer, stays
        self.stopped = threading.Event()
        self.cut = False

    def serve(self) -> None:
        """Serve one connection after the other."""
        self.listener.settimeout(0.05)
        while not self.stopped.is_set() and (self.stays or not self.cut):
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            with client, socket.create_connection(self.server) as server:
                self._relay(client, server)
        self.listener.close()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        while not self.stopped.is_set():
            for source in select.select([client, server], [], [], 0.05)[0]:
                try:
                    data = source.recv(65_536)
                except ConnectionError:
                    return
                if not data:
                    return
                sent += len(data) if source is client else 0
                if source is client and self._is_moment(data, sent):
                    self.cut = True
                    if self.after_answer:
                        server.sendall(data)
                        server.recv(65_536)
                    return
                (server if source is client else client).sendall(data)

    def _is_moment(self, data: bytes, sent: int) -> bool:
        if self.cut:
            return False
        return self.moment in data if isinstance(self.moment, bytes) else sent >= self.moment
