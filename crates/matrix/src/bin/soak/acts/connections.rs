//! Connections: what comes back is what was sent, as far as it comes.

use super::Ended;
use crate::world::World;
use conformance::Dice;
use core_loop::gather;
use http_body_util::BodyExt;
use hyper::Request;
use loop_io::open_connection;
use std::error::Error;
use std::io;

/// Whoever is cut off has no more to say: that is what the soak does.
const CUT_OFF: &str = "cut off";

/// Sends bytes, gets them back, and ends in one of the ways in which a connection ends.
pub(super) async fn echo(world: &World, dice: &mut Dice) -> Ended {
    let (length, salt) = (dice.below(200_000) as usize, dice.below(251) as usize);
    let sent: Vec<u8> = (0..length).map(|at| ((at + salt) % 251) as u8).collect();
    match echoed(world, dice, &sent).await {
        Ok(came) if came == sent => Ok("echoes"),
        Ok(_) => Err("an echo is not what was sent".to_owned()),
        Err(_) => Ok(CUT_OFF),
    }
}

async fn echoed(world: &World, dice: &mut Dice, sent: &[u8]) -> io::Result<Vec<u8>> {
    let (mut reader, writer) = open_connection(world.echo(dice)).await?;
    writer.write(sent)?;
    let came = reader.read_exact(sent.len()).await.map_err(io::Error::other)?;
    match dice.below(4) {
        0 => {
            writer.close();
            writer.wait_closed().await.map_err(io::Error::other)?;
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
