"""The limit: a client of its own process that only reads the bytes of every page, and keeps nothing.

    python -m bench.peers.bare URL charges,customers OBJECTS [--no-limits]

It knows where each page begins, which nobody who reads Stripe can, and sends 25 requests a second to each list, 100 in
all. It prints {"seconds", "objects", "bytes", "cpu", "refused"}: CPU in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time

import uvloop

from tillwright_sandbox.bulk import OBJECTS, PREFIXES

LIST_RATE, ACCOUNT_RATE, CONNECTIONS = 25.0, 100.0, 24


async def read(host: str, port: int, pages: asyncio.Queue[tuple[float, str, bytes]], found: dict[str, int]) -> None:
    """One keep-alive connection that asks for a page after another, none before its time."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    while not pages.empty():
        at, path, mark = pages.get_nowait()
        while True:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            writer.write(f"GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer sk_live_bare\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(size)
            if head.startswith(b"HTTP/1.1 200"):
                break
            found["refused"] += 1
        found["objects"] += body.count(mark)
        found["bytes"] += size
    writer.close()


async def measure(url: str, lists: list[str], objects: int, limits: bool) -> dict[str, float]:
    host, port = url.removeprefix("http://").split(":")
    each = min(LIST_RATE, ACCOUNT_RATE / len(lists))
    began = time.perf_counter()
    waiting: list[tuple[float, str, bytes]] = []
    for number, name in enumerate(lists):
        mark = b'"object":"%s"' % OBJECTS[name].encode()
        for page in range(-(-objects // 100)):
            at = began + (page + number / len(lists)) / each if limits else began
            after = f"&starting_after={PREFIXES[name]}_{objects - page * 100:012d}" if page else ""
            waiting.append((at, f"/v1/{name}?limit=100{after}", mark))
    pages: asyncio.Queue[tuple[float, str, bytes]] = asyncio.Queue()
    for row in sorted(waiting):
        pages.put_nowait(row)
    found = {"objects": 0, "bytes": 0, "refused": 0}
    await asyncio.gather(*(read(host, int(port), pages, found) for _ in range(CONNECTIONS)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": time.perf_counter() - began, "cpu": used.ru_utime + used.ru_stime, **found}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url")
    arguments.add_argument("lists")
    arguments.add_argument("objects", type=int, help="in each list")
    arguments.add_argument("--no-limits", action="store_true")
    given = arguments.parse_args()
    print(json.dumps(uvloop.run(measure(given.url, given.lists.split(","), given.objects, not given.no_limits))))


if __name__ == "__main__":
    main()
