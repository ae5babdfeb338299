//! Who listens where, and who is connected.

use super::connection::{Connection, End};
use super::link::Link;
use super::listener::{Listening, Port};
use crate::world::World;
use contract::driver::{Connecting, Listener, Sockets, Stream};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// The first of the ports that nobody asked for by number.
const FIRST_FREE_PORT: u16 = 49_152;

/// How long one waits before one knocks again at a port whose queue is full; twice as long each time. As in Linux.
const KNOCK_AGAIN: Duration = Duration::from_secs(1);

/// How often one knocks again before one gives up: after two minutes, as in Linux.
const KNOCKS: u32 = 6;

pub(crate) struct Network {
    world: Rc<World>,
    link: Rc<Link>,
    ports: RefCell<BTreeMap<SocketAddr, Rc<Port>>>,
    next_port: Cell<u16>,
    connections: RefCell<Vec<Weak<Connection>>>,
    this: Weak<Self>,
}

impl Network {
    pub(crate) fn new(world: Rc<World>, link: Link) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            world,
            link: Rc::new(link),
            ports: RefCell::default(),
            next_port: Cell::new(FIRST_FREE_PORT),
            connections: RefCell::default(),
            this: this.clone(),
        })
    }

    /// Two connected ends that nobody listened for.
    pub(crate) fn pair(&self, link: Link) -> [Box<dyn Stream>; 2] {
        let [from, to] = [(); 2].map(|()| {
            let address = self.free_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
            address.expect("fewer than sixteen thousand connections live at a time")
        });
        self.connected(&Rc::new(link), from, to).map(|end| Box::new(end) as Box<dyn Stream>)
    }

    /// The connections with an end at `address`; those that are gone are forgotten.
    pub(crate) fn each_at(&self, address: SocketAddr, change: Change) -> usize {
        let mut connections = self.connections.borrow_mut();
        connections.retain(|connection| connection.strong_count() > 0);
        let there: Vec<_> = connections.iter().filter_map(Weak::upgrade).collect();
        drop(connections);
        let there = there.iter().filter(|connection| connection.has(address));
        there
            .map(|connection| match change {
                Change::Lose => connection.lose(),
                Change::Silence => connection.silence(),
            })
            .count()
    }

    pub(super) fn close(&self, address: SocketAddr) {
        let port = self.ports.borrow_mut().remove(&address);
        drop(port);
    }

    fn connected(&self, link: &Rc<Link>, from: SocketAddr, to: SocketAddr) -> [End; 2] {
        let ends = Connection::ends(&self.world, link, from, to);
        let mut connections = self.connections.borrow_mut();
        // Swept when it would grow, so that it is never more than twice what lives.
        if connections.len() == connections.capacity() {
            connections.retain(|connection| connection.strong_count() > 0);
        }
        connections.push(Rc::downgrade(ends[0].connection()));
        ends
    }

    /// Who listens at `address`, or at every address with its port.
    fn port(&self, address: SocketAddr) -> Option<Rc<Port>> {
        let ports = self.ports.borrow();
        ports.get(&address).or_else(|| ports.get(&everywhere(address))).cloned()
    }

    fn is_taken(&self, address: SocketAddr) -> bool {
        let same = |taken: &SocketAddr| {
            taken.port() == address.port()
                && taken.is_ipv4() == address.is_ipv4()
                && (taken.ip() == address.ip()
                    || taken.ip().is_unspecified()
                    || address.ip().is_unspecified())
        };
        self.ports.borrow().keys().any(same)
    }

    /// `ip` with a port that nobody has; each is used once before any is used again.
    fn free_address(&self, ip: IpAddr) -> io::Result<SocketAddr> {
        for _ in FIRST_FREE_PORT..=u16::MAX {
            let port = self.next_port.get();
            self.next_port.set(port.checked_add(1).unwrap_or(FIRST_FREE_PORT));
            let address = SocketAddr::new(ip, port);
            let connected = |connection: &Weak<Connection>| {
                connection.upgrade().is_some_and(|connection| connection.has(address))
            };
            if !self.is_taken(address) && !self.connections.borrow().iter().any(connected) {
                return Ok(address);
            }
        }
        Err(io::ErrorKind::AddrNotAvailable.into())
    }

    /// Knocks until there is room in the queue.
    async fn knock(&self, to: SocketAddr) -> io::Result<Rc<Port>> {
        for knock in 0..=KNOCKS {
            self.travel().await;
            match self.port(to) {
                None => {
                    self.travel().await;
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                Some(port) if port.is_full() => self.world.travel(KNOCK_AGAIN * (1 << knock)).await,
                Some(port) => return Ok(port),
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// One way.
    async fn travel(&self) {
        self.world.travel(self.world.random.span(&self.link.latency)).await;
    }
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Lose,
    Silence,
}

fn everywhere(address: SocketAddr) -> SocketAddr {
    let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    SocketAddr::new(any, address.port())
}

fn here(address: SocketAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}

impl Sockets for Network {
    fn connect(&self, address: SocketAddr) -> Connecting {
        let network = self.this.upgrade().expect("it is asked through a reference");
        Box::pin(async move {
            let to = if address.ip().is_unspecified() {
                SocketAddr::new(here(address), address.port())
            } else {
                address
            };
            let port = network.knock(to).await?;
            let from = network.free_address(here(address))?;
            let [ours, theirs] = network.connected(&network.link, from, to);
            port.admit(theirs);
            network.travel().await;
            Ok(Box::new(ours) as Box<dyn Stream>)
        })
    }

    fn listener(&self, _listener: TcpListener) -> io::Result<Box<dyn Listener>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the kernel's sockets do not exist on virtual time: bind an address in the network in memory instead",
        ))
    }

    fn listen(&self, address: SocketAddr, backlog: u16) -> Option<io::Result<Box<dyn Listener>>> {
        let address = match address.port() {
            0 => match self.free_address(address.ip()) {
                Ok(address) => address,
                Err(error) => return Some(Err(error)),
            },
            _ => address,
        };
        if self.is_taken(address) {
            return Some(Err(io::ErrorKind::AddrInUse.into()));
        }
        let port = Port::new(backlog);
        self.ports.borrow_mut().insert(address, port.clone());
        Some(Ok(Box::new(Listening::new(address, port, self.this.clone()))))
    }
}
