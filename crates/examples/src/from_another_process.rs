//! Another process asks the loop, through a Unix socket.
//!
//! ```python
//! import asyncio, os, sys
//! from asyncio.subprocess import PIPE
//!
//! ASK = """
//! import socket, sys
//! with socket.socket(socket.AF_UNIX) as sock, sock.makefile("rw") as file:
//!     sock.connect("\\0" + sys.argv[1])
//!     for question in ["6 7", "8 9"]:
//!         print(question, file=file, flush=True)
//!         print("the other process heard", file.readline(), end="")
//! """
//!
//! async def answer(reader, writer):
//!     async for line in reader:
//!         one, two = line.split()
//!         print(f"the loop was asked for {int(one)} times {int(two)}")
//!         writer.write(b"%d\n" % (int(one) * int(two)))
//!         await writer.drain()
//!     writer.close()
//!
//! async def main():
//!     name = f"an-example-{os.getpid()}"
//!     server = await asyncio.start_unix_server(answer, "\0" + name)
//!     other = await asyncio.create_subprocess_exec(sys.executable, "-c", ASK, name, stdout=PIPE)
//!     said, _ = await other.communicate()
//!     print(said.decode(), end="")
//!     server.close()
//!
//! asyncio.run(main())
//! ```

use loop_io::process::{Command, Stdio};
use loop_io::{StreamReader, StreamWriter, start_unix_server};
use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

/// The program starts itself once more; this tells the two apart, and the other one where to ask.
const ASK: &str = "EXAMPLES_ASK";

// ANCHOR: answer
/// Multiplies for whoever asks.
async fn answer(mut reader: StreamReader, writer: StreamWriter) -> Result<(), Box<dyn Error>> {
    while let Some(line) = reader.next_line().await? {
        let (one, two) = line.split_once(' ').ok_or("two numbers")?;
        println!("the loop was asked for {one} times {two}");
        let product = one.parse::<u32>()? * two.parse::<u32>()?;
        writer.write(format!("{product}\n").as_bytes())?;
        writer.drain().await?;
    }
    Ok(())
}

/// Answers until the other process has ended, and prints what that said.
///
/// # Errors
///
/// The program cannot be started once more.
pub async fn main() -> io::Result<()> {
    let name = format!("an-example-{}", std::process::id());
    let server = start_unix_server(answer, format!("\0{name}"))?;
    let mut other = Command::new(env::current_exe()?).env(ASK, name).stdout(Stdio::PIPE).spawn()?;
    let output = other.communicate("").await?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    server.close();
    Ok(())
}
// ANCHOR_END: answer

// ANCHOR: ask
/// What the other process does, which has no loop: it asks twice. `false` in the one that answers.
///
/// # Errors
///
/// Nobody is there to be asked.
pub fn asks() -> io::Result<bool> {
    let Some(name) = env::var_os(ASK) else { return Ok(false) };
    let address = SocketAddr::from_abstract_name(name.as_encoded_bytes())?;
    let mut stream = BufReader::new(UnixStream::connect_addr(&address)?);
    for question in ["6 7", "8 9"] {
        writeln!(stream.get_mut(), "{question}")?;
        let mut answer = String::new();
        stream.read_line(&mut answer)?;
        print!("the other process heard {answer}");
    }
    Ok(true)
}
// ANCHOR_END: ask
