"""Read a listing of channels off an event socket with nothing but a socket, and print it.

Usage: python raw_esl.py PORT
"""

from __future__ import annotations

import socket
import sys


def main() -> None:
    """Log in, ask, and read as many bytes as are announced."""
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connected, connected.makefile("rb") as answers:
        head(answers)
        connected.sendall(b"auth ClueCon\n\n")
        head(answers)
        connected.sendall(b"api show channels as json\n\n")
        sys.stdout.buffer.write(answers.read(head(answers)))


def head(answers: socket.SocketIO) -> int:
    """Read header lines and return the length that they announce."""
    length = 0
    while (line := answers.readline()) not in (b"\n", b""):
        name, _, value = line.partition(b": ")
        if name == b"Content-Length":
            length = int(value)
    return length


if __name__ == "__main__":
    main()
