//! Which connections are open, and which one gives way when there is no room.
//!
//! A connection is idle while no request of it is under way: between requests, and while a client takes its time with a
//! head. When there is no room, or one address has its share, the connection that has been idle longest is closed. So
//! whoever holds thousands of connections open and sends nothing keeps nobody out.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// Since when, and which connection.
type IdleKey = (u64, u64);

/// The open connections. Cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub struct Connections {
    open: Arc<Mutex<Open>>,
    max: usize,
    per_address_max: usize,
}

#[derive(Debug, Default)]
struct Open {
    /// Counts whatever happens: what is smaller happened earlier.
    clock: u64,
    next_id: u64,
    all: HashMap<u64, Connection>,
    idle: BTreeSet<IdleKey>,
    by_address: HashMap<IpAddr, OfAddress>,
}

#[derive(Debug)]
struct Connection {
    address: IpAddr,
    /// Where it stands in the idle sets.
    idle_since: Option<u64>,
    requests: u32,
    end: Arc<Notify>,
}

#[derive(Debug, Default)]
struct OfAddress {
    count: usize,
    idle: BTreeSet<IdleKey>,
}

/// One connection's place, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    connections: Connections,
    id: u64,
    end: Arc<Notify>,
}

/// A request under way: until it is dropped, the connection does not give way.
#[derive(Debug)]
pub struct Underway {
    connections: Connections,
    id: u64,
}

impl Connections {
    /// * `max`: in all; `per_address_max`: of one address, 0 for no limit of its own.
    pub fn new(max: usize, per_address_max: usize) -> Self {
        let per_address_max = if per_address_max == 0 { usize::MAX } else { per_address_max };
        Self { open: Arc::default(), max, per_address_max }
    }

    /// A place for a new connection, where need be by closing an idle one; `None` when all are at work.
    ///
    /// * `is_shared`: many clients come from this address (a trusted proxy): no limit of its own.
    pub fn admit(&self, address: IpAddr, is_shared: bool) -> Option<Place> {
        let mut open = self.open();
        let of_address = open.by_address.get(&address);
        if !is_shared && of_address.is_some_and(|held| self.per_address_max <= held.count) {
            let oldest = of_address.and_then(|held| held.idle.first().copied())?;
            open.close(oldest.1);
        }
        if self.max <= open.all.len() {
            let oldest = open.idle.first().copied()?;
            open.close(oldest.1);
        }
        let (id, end) = (open.next_id, Arc::new(Notify::new()));
        open.next_id += 1;
        open.all.insert(id, Connection { address, idle_since: None, requests: 0, end: end.clone() });
        open.by_address.entry(address).or_default().count += 1;
        open.rest(id);
        Some(Place { connections: self.clone(), id, end })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn close(&mut self, id: u64) {
        if let Some(connection) = self.remove(id) {
            connection.end.notify_one();
        }
    }

    fn remove(&mut self, id: u64) -> Option<Connection> {
        self.work(id);
        let connection = self.all.remove(&id)?;
        if let Some(held) = self.by_address.get_mut(&connection.address) {
            held.count -= 1;
            if held.count == 0 {
                self.by_address.remove(&connection.address);
            }
        }
        Some(connection)
    }

    /// The connection begins to be idle.
    fn rest(&mut self, id: u64) {
        self.clock += 1;
        let Some(connection) = self.all.get_mut(&id) else { return };
        connection.idle_since = Some(self.clock);
        self.idle.insert((self.clock, id));
        self.by_address.entry(connection.address).or_default().idle.insert((self.clock, id));
    }

    /// The connection is idle no more.
    fn work(&mut self, id: u64) {
        let Some(connection) = self.all.get_mut(&id) else { return };
        if let Some(since) = connection.idle_since.take() {
            self.idle.remove(&(since, id));
            if let Some(held) = self.by_address.get_mut(&connection.address) {
                held.idle.remove(&(since, id));
            }
        }
    }
}

impl Place {
    /// Resolves when the connection has to give way.
    pub async fn taken(&self) {
        self.end.notified().await;
    }

    pub fn begin_request(&self) -> Underway {
        let mut open = self.connections.open();
        open.work(self.id);
        if let Some(connection) = open.all.get_mut(&self.id) {
            connection.requests += 1;
        }
        drop(open);
        Underway { connections: self.connections.clone(), id: self.id }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(self.id);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        let Some(connection) = open.all.get_mut(&self.id) else { return };
        connection.requests -= 1;
        if connection.requests == 0 {
            open.rest(self.id);
        }
    }
}

/// How many connections the system's limit of open files leaves room for.
///
/// The log, the databases and the lake's files need some too.
pub fn room(configured: usize) -> usize {
    const FOR_FILES: usize = 512;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).and_then(|word| word.parse::<usize>().ok());
    let room = soft.map_or(configured, |soft| configured.min(soft.saturating_sub(FOR_FILES).max(16)));
    if room < configured {
        tracing::warn!(room, configured, "the limit of open files leaves room for fewer connections: raise it (`ulimit -n`, LimitNOFILE=)");
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    async fn is_taken(place: &Place) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(1), place.taken()).await.is_ok()
    }

    #[tokio::test]
    async fn the_longest_idle_gives_way_and_none_that_works() {
        let connections = Connections::new(3, 0);
        let first = connections.admit(ip(1), false).unwrap();
        let second = connections.admit(ip(2), false).unwrap();
        let third = connections.admit(ip(3), false).unwrap();
        let working = first.begin_request();
        let fourth = connections.admit(ip(4), false).expect("the second gave way");
        assert!(is_taken(&second).await && !is_taken(&first).await && !is_taken(&third).await);
        drop(working);
        let works: Vec<Underway> = [&third, &fourth].map(Place::begin_request).into();
        let fifth = connections.admit(ip(5), false).expect("the first is idle again");
        assert!(is_taken(&first).await);
        let _also = fifth.begin_request();
        assert!(connections.admit(ip(6), false).is_none(), "all are at work");
        drop(works);
        drop(third);
        assert!(connections.admit(ip(6), false).is_some());
    }

    #[tokio::test]
    async fn an_address_has_its_share_and_takes_from_its_own() {
        let connections = Connections::new(100, 2);
        let others = connections.admit(ip(1), false).unwrap();
        let mut own: Vec<Place> = (0..2).map(|_| connections.admit(ip(9), false).unwrap()).collect();
        own.push(connections.admit(ip(9), false).expect("its own oldest gave way"));
        assert!(is_taken(&own[0]).await && !is_taken(&own[1]).await && !is_taken(&others).await);
        let _working: Vec<Underway> = own[1..].iter().map(Place::begin_request).collect();
        assert!(connections.admit(ip(9), false).is_none());
        assert!(connections.admit(ip(9), true).is_some(), "a proxy brings many people");
        drop(own);
        let open = connections.open();
        assert_eq!((open.all.len(), open.idle.len()), (1, 1), "what ended leaves nothing behind");
    }
}
