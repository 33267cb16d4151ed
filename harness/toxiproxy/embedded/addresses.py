"""Addresses as Toxiproxy takes them, ``HOST:PORT``, with Go's error texts. The embedded server knows loopback only.

A host that means every interface (none, 0.0.0.0, ``[::]``) is taken for 127.0.0.1: the answer's ``listen`` says so.
The one exception is the address to which whoever started the server opened it, such as for machines of a storm.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

_MOST = 65_535
_BACKLOG = 1024
_WORDS = {
    errno.EADDRINUSE: "address already in use",
    errno.EADDRNOTAVAIL: "cannot assign requested address",
    errno.EACCES: "permission denied",
}
_EVERY = {"", "0.0.0.0", "::"}  # noqa: S104 - these are taken for loopback


class WrongAddressError(ValueError):
    """An address cannot be used; the message is Go's, without what was attempted."""


def split(address: str) -> tuple[str, str]:
    """Return host and port of ``HOST:PORT``, both as text.

    Raises:
        WrongAddressError: It has another form.
    """
    host, colon, port = address.rpartition(":")
    if address.startswith("["):
        inside, bracket, after = address[1:].partition("]")
        if not bracket:
            raise WrongAddressError(f"address {address}: missing ']' in address")
        if not after.startswith(":"):
            raise WrongAddressError(f"address {address}: missing port in address")
        return inside, after[1:]
    if not colon:
        raise WrongAddressError(f"address {address}: missing port in address")
    if ":" in host:
        raise WrongAddressError(f"address {address}: too many colons in address")
    return host, port


def resolve(address: str, open_to: str = "") -> tuple[str, int]:
    """Return the IP address and port on which *address* tells to listen; port 0 lets the kernel choose.

    The server is open to the IP address *open_to* besides loopback; empty: to none.

    Raises:
        WrongAddressError: It has another form, names no port, or a host that nobody knows.
    """
    host, port_text = split(address) if address else ("", "")
    port = port_of(port_text)
    if host in _EVERY:
        return open_to if host and host == open_to else "127.0.0.1", port
    try:
        return str(ipaddress.ip_address(host)), port
    except ValueError:
        pass
    try:
        return socket.gethostbyname(host), port
    except OSError as error:
        raise WrongAddressError(f"lookup {host}: no such host") from error


def port_of(text: str) -> int:
    """Return the number of a port or of a service's name; 0 for none.

    Raises:
        WrongAddressError: It is no port.
    """
    if not text:
        return 0
    try:
        port = int(text)
    except ValueError:
        try:
            return socket.getservbyname(text, "tcp")
        except OSError as error:
            raise WrongAddressError(f"lookup tcp/{text}: unknown port") from error
    if not 0 <= port <= _MOST:
        raise WrongAddressError(f"address {text}: invalid port")
    return port


def shown(ip: str, port: int | str) -> str:
    """Return ``IP:PORT`` as Go writes it."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def listening_socket(address: str, open_to: str = "") -> socket.socket:
    """Return a socket that listens on *address*; *open_to* as for :func:`resolve`.

    Raises:
        WrongAddressError: It cannot be listened on, or is neither a loopback address nor *open_to*.
    """
    try:
        ip, port = resolve(address, open_to)
    except WrongAddressError as error:
        raise WrongAddressError(f"listen tcp: {error}") from error
    if ip != open_to and not ipaddress.ip_address(ip).is_loopback:
        raise WrongAddressError(f"listen tcp {shown(ip, port)}: bind: {_WORDS[errno.EADDRNOTAVAIL]}")
    listener = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ip, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        word = _WORDS.get(error.errno or 0, str(error.strerror).lower())
        raise WrongAddressError(f"listen tcp {shown(ip, port)}: bind: {word}") from error
    listener.setblocking(False)
    return listener


def name_of(listener: socket.socket) -> str:
    """Return ``IP:PORT`` of a socket that listens."""
    ip, port = listener.getsockname()[:2]
    return shown(ip, port)
