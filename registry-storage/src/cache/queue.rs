//! What is kept, and what goes when there must be room: S3-FIFO, by bytes.
//!
//! What comes is put into a small queue of a tenth of the room. At its end goes what nobody asked for again; the rest
//! moves to the main queue, whose end gives each a further round for every time it was asked for, three at most. The
//! names of what went from the small queue are remembered: what comes back soon goes to the main queue at once. So
//! blobs that are read once, as by a scan or a mirror, push out nothing that is read often, and a hit changes no
//! order. A plain LRU is as short, but one scan empties it; LFU keeps for ever what was popular once.

use std::collections::{BTreeMap, HashMap};

use super::place::{Kept, Name};

/// The small queue is this part of the room.
const SMALL: u64 = 10;

/// A blob of more than this part of the room is not kept: it would push out too much else.
const LARGEST: u64 = 4;

/// An entry has so many further rounds at most.
const MOST_HITS: u8 = 3;

/// What is kept, in the order in which it goes.
pub(super) struct Queue {
    room: u64,
    /// Bytes of what is kept, and of what is promised to those who are coming.
    used: u64,
    /// Those of them that are promised: nothing can go for them.
    promised: u64,
    small_bytes: u64,
    turn: u64,
    entries: HashMap<Name, Entry>,
    small: BTreeMap<u64, Name>,
    main: BTreeMap<u64, Name>,
    ghosts: Ghosts,
}

struct Entry {
    size: u64,
    cost: u64,
    hits: u8,
    turn: u64,
    is_main: bool,
}

/// The names of what went lately, up to as many bytes as there is room.
#[derive(Default)]
struct Ghosts {
    turns: HashMap<Name, u64>,
    order: BTreeMap<u64, (Name, u64)>,
    bytes: u64,
}

impl Queue {
    pub(super) fn new(room: u64) -> Self {
        Self {
            room,
            used: 0,
            promised: 0,
            small_bytes: 0,
            turn: 0,
            entries: HashMap::new(),
            small: BTreeMap::new(),
            main: BTreeMap::new(),
            ghosts: Ghosts::default(),
        }
    }

    /// The size of what is kept under a name; it was asked for.
    pub(super) fn hit(&mut self, name: &Name) -> Option<u64> {
        let entry = self.entries.get_mut(name)?;
        entry.hits = MOST_HITS.min(entry.hits + 1);
        Some(entry.size)
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.entries.contains_key(name)
    }

    /// Promises so many bytes, and answers what must go for it; none where they cannot be had.
    pub(super) fn promise(&mut self, cost: u64) -> Option<Vec<Kept>> {
        // Nothing goes for what cannot be had even so.
        if cost > self.room / LARGEST || self.promised + cost > self.room {
            return None;
        }
        let mut gone = Vec::new();
        while self.used + cost > self.room {
            gone.extend(self.look());
        }
        self.used += cost;
        self.promised += cost;
        Some(gone)
    }

    /// Takes a promise back.
    pub(super) fn release(&mut self, cost: u64) {
        self.promised -= cost;
        self.used -= cost;
    }

    /// Keeps what bytes were promised for.
    pub(super) fn keep(&mut self, kept: &Kept, cost: u64) {
        self.promised -= cost;
        let is_main = self.ghosts.remove(&kept.name);
        self.enter(kept, cost, is_main);
    }

    /// Takes up what was kept by a process before, the oldest first; what has no room goes.
    pub(super) fn restore(&mut self, kept: &Kept, cost: u64) -> Option<Vec<Kept>> {
        let gone = self.promise(cost)?;
        self.promised -= cost;
        self.enter(kept, cost, true);
        Some(gone)
    }

    pub(super) fn remove(&mut self, name: &Name) -> Option<u64> {
        let entry = self.entries.remove(name)?;
        if entry.is_main {
            self.main.remove(&entry.turn);
        } else {
            self.small.remove(&entry.turn);
            self.small_bytes -= entry.cost;
        }
        self.used -= entry.cost;
        Some(entry.size)
    }

    /// Bytes of what is kept and promised.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn enter(&mut self, kept: &Kept, cost: u64, is_main: bool) {
        self.turn += 1;
        let (turn, name) = (self.turn, kept.name.clone());
        if is_main {
            self.main.insert(turn, name.clone());
        } else {
            self.small.insert(turn, name.clone());
            self.small_bytes += cost;
        }
        let entry = Entry {
            size: kept.size,
            cost,
            hits: 0,
            turn,
            is_main,
        };
        self.entries.insert(name, entry);
    }

    /// Looks at the end of a queue: what is there goes, or has a further round.
    fn look(&mut self) -> Option<Kept> {
        let from_small = self.small_bytes > self.room / SMALL || self.main.is_empty();
        let queue = if from_small { &self.small } else { &self.main };
        let (_, name) = queue.first_key_value()?;
        let name = name.clone();
        let entry = self.entries.get(&name)?;
        let (cost, hits) = (entry.cost, entry.hits);
        let size = self.remove(&name)?;
        let kept = Kept { name, size };
        if hits > 0 {
            self.used += cost;
            self.enter(&kept, cost, true);
            let rounds = if from_small { 0 } else { hits - 1 };
            self.entries
                .entry(kept.name)
                .and_modify(|entry| entry.hits = rounds);
            return None;
        }
        if from_small {
            self.turn += 1;
            self.ghosts
                .add(self.turn, kept.name.clone(), cost, self.room);
        }
        Some(kept)
    }
}

impl Ghosts {
    fn add(&mut self, turn: u64, name: Name, cost: u64, room: u64) {
        self.bytes += cost;
        self.turns.insert(name.clone(), turn);
        self.order.insert(turn, (name, cost));
        while self.bytes > room
            && let Some((_, (name, cost))) = self.order.pop_first()
        {
            self.bytes -= cost;
            self.turns.remove(&name);
        }
    }

    /// Whether it was there.
    fn remove(&mut self, name: &Name) -> bool {
        let turn = self.turns.remove(name);
        let ghost = turn.and_then(|turn| self.order.remove(&turn));
        self.bytes -= ghost.as_ref().map_or(0, |(_, cost)| *cost);
        ghost.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use registry_core::backend::ObjectKey;

    use super::*;

    const ROOM: u64 = 1000;

    fn kept(number: u64, size: u64) -> Kept {
        let key = ObjectKey::new(number.to_string());
        let name = Name::of(&key);
        Kept { name, size }
    }

    /// Reads one of that size, as the cache does; whether it was kept.
    fn read(queue: &mut Queue, number: u64, size: u64) -> bool {
        let kept = kept(number, size);
        if queue.hit(&kept.name).is_some() {
            return true;
        }
        if queue.promise(size).is_some() {
            queue.keep(&kept, size);
        }
        false
    }

    fn read_all(queue: &mut Queue, numbers: std::ops::Range<u64>, size: u64) {
        for number in numbers {
            read(queue, number, size);
        }
    }

    #[test]
    fn a_scan_pushes_out_nothing_that_is_read_often() {
        let mut queue = Queue::new(ROOM);
        for _ in 0..3 {
            read_all(&mut queue, 0..8, 100);
        }
        for scan in 100..1000 {
            read(&mut queue, scan, 20);
            if scan % 20 == 0 {
                (0..8).for_each(|hot| assert!(read(&mut queue, hot, 100), "{hot} at {scan}"));
            }
        }
    }

    #[test]
    fn what_comes_back_soon_stays() {
        let mut queue = Queue::new(ROOM);
        read_all(&mut queue, 0..30, 50);
        assert!(!read(&mut queue, 0, 50), "it went, and is remembered");
        read_all(&mut queue, 100..118, 50);
        assert!(read(&mut queue, 0, 50));
    }

    #[test]
    fn what_is_too_large_pushes_out_nothing() {
        let mut queue = Queue::new(ROOM);
        read_all(&mut queue, 0..10, 100);
        assert!(queue.promise(ROOM / LARGEST + 1).is_none());
        (0..10).for_each(|one| assert!(read(&mut queue, one, 100)));
    }

    #[derive(Clone, Debug)]
    enum Act {
        Read(u64, u64),
        Begin(u64),
        GiveUp,
        Remove(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..40_u64, 1..300_u64).prop_map(|(one, size)| Act::Read(one, size)),
            2 => (1..300_u64).prop_map(Act::Begin),
            2 => Just(Act::GiveUp),
            1 => (0..40_u64).prop_map(Act::Remove),
        ]
    }

    proptest! {
        /// Against a plain map: what went was there, what is there was not told gone, and the sums agree.
        #[test]
        fn the_room_is_never_exceeded(acts in proptest::collection::vec(act(), 1..200)) {
            let (mut queue, mut there) = (Queue::new(ROOM), HashMap::new());
            let mut promised = Vec::new();
            for act in acts {
                let mut gone = None;
                match act {
                    Act::Read(one, size) => {
                        let one = kept(one, size);
                        let found = queue.hit(&one.name);
                        prop_assert_eq!(found, there.get(&one.name).copied());
                        if found.is_none() {
                            gone = queue.promise(size);
                            if gone.is_some() {
                                queue.keep(&one, size);
                                there.insert(one.name, size);
                            }
                        }
                    }
                    Act::Begin(size) => {
                        gone = queue.promise(size);
                        promised.extend(gone.is_some().then_some(size));
                    }
                    Act::GiveUp => promised.pop().into_iter().for_each(|size| queue.release(size)),
                    Act::Remove(one) => {
                        let name = kept(one, 0).name;
                        prop_assert_eq!(queue.remove(&name), there.remove(&name));
                    }
                }
                for one in gone.unwrap_or_default() {
                    prop_assert_eq!(there.remove(&one.name), Some(one.size));
                }
                prop_assert!(queue.used() <= ROOM);
                let sum = there.values().sum::<u64>() + promised.iter().sum::<u64>();
                prop_assert_eq!(queue.used(), sum);
                prop_assert_eq!(queue.len(), there.len());
                prop_assert!(queue.ghosts.bytes <= ROOM);
            }
        }
    }
}
