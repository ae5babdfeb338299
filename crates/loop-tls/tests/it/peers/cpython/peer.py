"""The other side of the tests with CPython: asyncio's streams over ssl, as a client and as a server."""

import asyncio
import ssl
import sys

CHUNK = bytes(i * 31 % 251 for i in range(65536))
CHUNKS = 1024


def context(place, purpose):
    made = ssl.create_default_context(purpose, cafile=f"{place}/root.pem")
    if purpose == ssl.Purpose.CLIENT_AUTH:
        made.load_cert_chain(f"{place}/cert.pem", f"{place}/key.pem")
    made.set_alpn_protocols(["echo"])
    return made


async def client(port, ours):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=ours, server_hostname="localhost")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "echo"
    for line in (b"hello\n", b"\xff no text \xfe\n"):
        writer.write(line)
        assert await reader.readline() == line

    async def send():
        for _ in range(CHUNKS):
            writer.write(CHUNK)
            await writer.drain()

    sending = asyncio.create_task(send())
    for _ in range(CHUNKS):
        assert await reader.readexactly(len(CHUNK)) == CHUNK
    await sending
    writer.close()
    await writer.wait_closed()
    print("ok")


async def asks(port, ours):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"STARTTLS\n")
    assert await reader.readline() == b"go ahead\n"
    await writer.start_tls(ours, server_hostname="localhost")
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    writer.close()
    await writer.wait_closed()
    print("ok")


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def asked(theirs):
    async def serve(reader, writer):
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go ahead\n")
        await writer.start_tls(theirs)
        await echo(reader, writer)

    return serve


async def serve(handler, **options):
    server = await asyncio.start_server(handler, "127.0.0.1", 0, **options)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until whoever started this closes the pipe.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


place = sys.argv[1]
match sys.argv[2:]:
    case ["client", port]:
        asyncio.run(client(int(port), context(place, ssl.Purpose.SERVER_AUTH)))
    case ["asks", port]:
        asyncio.run(asks(int(port), context(place, ssl.Purpose.SERVER_AUTH)))
    case ["server"]:
        asyncio.run(serve(echo, ssl=context(place, ssl.Purpose.CLIENT_AUTH)))
    case ["asked"]:
        asyncio.run(serve(asked(context(place, ssl.Purpose.CLIENT_AUTH))))
