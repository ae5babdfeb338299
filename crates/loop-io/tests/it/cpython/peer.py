"""The other side of the tests with CPython: asyncio's streams and protocols, as a client and as a server."""

import asyncio
import sys

CHUNK = bytes(i * 31 % 251 for i in range(65536))
CHUNKS = 1024


async def client(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for line in (b"hello\n", b"\xff no text \xfe\n"):
        writer.write(line)
        assert await reader.readline() == line

    async def send():
        for _ in range(CHUNKS):
            writer.write(CHUNK)
            await writer.drain()
        writer.write_eof()

    sending = asyncio.create_task(send())
    for _ in range(CHUNKS):
        assert await reader.readexactly(len(CHUNK)) == CHUNK
    assert await reader.read() == b"" and reader.at_eof()
    await sending
    writer.close()
    await writer.wait_closed()
    print("ok")


class Ask(asyncio.Protocol):
    """Sends all of it, as fast as it may, and compares what comes back."""

    def __init__(self, over):
        self.over, self.left, self.came, self.paused = over, CHUNKS, 0, False

    def connection_made(self, transport):
        self.transport = transport
        self.send()

    def send(self):
        while self.left and not self.paused:
            self.left -= 1
            self.transport.write(CHUNK)
            if not self.left:
                self.transport.write_eof()

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        self.send()

    def data_received(self, data):
        at = self.came % len(CHUNK)
        assert (CHUNK * (2 + len(data) // len(CHUNK)))[at:at + len(data)] == data
        self.came += len(data)

    def connection_lost(self, error):
        assert error is None and self.came == CHUNKS * len(CHUNK), (error, self.came)
        self.over.set_result(None)


async def protocol_client(port):
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    await loop.create_connection(lambda: Ask(over), "127.0.0.1", port)
    await over
    print("ok")


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def serve(make):
    server = await make()
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until whoever started this closes the pipe.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


match sys.argv[1:]:
    case ["client", port]:
        asyncio.run(client(int(port)))
    case ["protocol-client", port]:
        asyncio.run(protocol_client(int(port)))
    case ["streams"]:
        asyncio.run(serve(lambda: asyncio.start_server(echo, "127.0.0.1", 0)))
    case ["protocols"]:
        asyncio.run(serve(lambda: asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)))
