//! Connections: what comes back is what was sent, as far as it comes.

use super::Ended;
use crate::world::World;
use conformance::Dice;
use core_loop::gather;
use http_body_util::BodyExt;
use hyper::Request;
use loop_io::{StreamReader, StreamWriter, open_connection};
use std::error::Error;
use std::io;

/// Whoever is cut off has no more to say: that is what the soak does.
const CUT_OFF: &str = "cut off";

/// Sends bytes, gets them back, and ends in one of the ways in which a connection ends.
pub(super) async fn echo(world: &World, dice: &mut Dice) -> Ended {
    let address = world.echo(dice);
    echoed_over(async { open_connection(address).await }, "echoes", dice).await
}

/// The same over TLS, from the start or in the middle.
pub(super) async fn tls_echo(world: &World, dice: &mut Dice) -> Ended {
    let (address, at_once) = (world.tls_echo(dice), dice.once_in(2));
    let opening = async {
        if at_once {
            return world.tls.open_connection(address).await;
        }
        let (mut reader, writer) = open_connection(address).await?;
        world.tls.start_tls(&mut reader, &writer).await?;
        Ok((reader, writer))
    };
    echoed_over(opening, "echoes over TLS", dice).await
}

/// Talks to a server of TLS as to any other: it gets an answer of TLS, or nothing, and never what it has sent.
pub(super) async fn no_tls(world: &World, dice: &mut Dice) -> Ended {
    const HELLO: &[u8] = b"EHLO somebody";
    let address = world.tls_echo(dice);
    let talk = async {
        let (mut reader, writer) = open_connection(address).await?;
        writer.write(HELLO)?;
        reader.read_to_end().await
    };
    match talk.await {
        Ok(came) if came.windows(HELLO.len()).any(|part| part == HELLO) => {
            Err("plain text was taken for TLS".to_owned())
        }
        Ok(_) => Ok("refused by TLS"),
        Err(_) => Ok(CUT_OFF),
    }
}

async fn echoed_over(
    opening: impl Future<Output = io::Result<(StreamReader, StreamWriter)>>,
    word: &'static str,
    dice: &mut Dice,
) -> Ended {
    let (length, salt) = (dice.below(200_000) as usize, dice.below(251) as usize);
    let sent: Vec<u8> = (0..length).map(|at| ((at + salt) % 251) as u8).collect();
    match echoed(opening, dice, &sent).await {
        Ok(came) if came == sent => Ok(word),
        Ok(_) => Err("an echo is not what was sent".to_owned()),
        // What TLS refuses was damaged on its way.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(format!("an echo over TLS: {error}")),
        Err(_) => Ok(CUT_OFF),
    }
}

async fn echoed(
    opening: impl Future<Output = io::Result<(StreamReader, StreamWriter)>>,
    dice: &mut Dice,
    sent: &[u8],
) -> io::Result<Vec<u8>> {
    let (mut reader, writer) = opening.await?;
    writer.write(sent)?;
    let came = reader.read_exact(sent.len()).await?;
    match dice.below(4) {
        0 => {
            writer.close();
            writer.wait_closed().await?;
        }
        1 => writer.abort(),
        2 => {
            writer.write_eof();
            reader.read_to_end().await?;
        }
        _ => drop(writer),
    }
    Ok(came)
}

/// Some requests over one connection; the last answer may be left unread.
pub(super) async fn http(world: &World, dice: &mut Dice) -> Ended {
    match asked(world, dice).await {
        Ok(true) => Ok("answers"),
        Ok(false) => Err("an answer is not as long as was asked".to_owned()),
        Err(_) => Ok(CUT_OFF),
    }
}

async fn asked(world: &World, dice: &mut Dice) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut sender = loop_hyper::connect::<String>(world.http()).await?;
    for _ in 0..=dice.below(3) {
        let length = dice.below(300_000) as usize;
        sender.ready().await?;
        let request = Request::get(format!("/{length}")).header("host", "soak").body(String::new())?;
        let answer = sender.send_request(request).await?;
        if dice.once_in(4) {
            return Ok(true);
        }
        if answer.into_body().collect().await?.to_bytes().len() != length {
            return Ok(false);
        }
    }
    // Two at once over two connections, of which one is the first.
    let other = loop_hyper::connect::<String>(world.http());
    gather((async { drop(sender) }, async { drop(other.await) })).await?;
    Ok(true)
}
