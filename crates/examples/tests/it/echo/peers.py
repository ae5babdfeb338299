import asyncio, http.client, sys

PORT = int(sys.argv[1])


def blocking():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    for path, status, body in [
        ("/echo/hello", 200, b"hello"),
        ("/echo/a%20b", 200, b"a b"),
        ("/", 404, b"there is only /echo/{what}\n"),
        ("/echo/%zz", 400, None),
        ("/echo/last", 200, b"last"),
    ]:
        connection.request("GET", path)
        socket = connection.sock
        answer = connection.getresponse()
        read = answer.read()
        assert answer.status == status and (body is None or read == body), (path, answer.status, read)
        assert connection.sock is socket, "the connection was not kept"
    connection.close()


async def one(number):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    # In two pieces, and the next request before the answer.
    writer.write(b"GET /echo/%d HTTP/1.1\r\nho" % number)
    await asyncio.sleep(0)
    writer.write(b"st: x\r\n\r\nGET /echo/more HTTP/1.1\r\nhost: x\r\n\r\n")
    for body in (b"%d" % number, b"more"):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        assert await reader.readexactly(int(length.split(b":")[1])) == body
    # Half a close: the server sees the end, and closes.
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def many():
    await asyncio.wait_for(asyncio.gather(*(one(number) for number in range(50))), 60)


blocking()
asyncio.run(many())
print("ok")
