//! Rows, transactions and locks.

use super::{
    column::holds,
    row::{Age, Columns, Key, Row},
    statement::{LockMode, Statement},
    table::Table,
};

/// All rows, and what open transactions did to them.
///
/// Of committed versions only the newest is kept: a statement decides within one step what it will
/// visit, so nobody reads an older one later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    slots: Table<Slot>,
    transactions: Vec<Transaction>,
    /// Since when each client has been at work on what it writes.
    begun: Vec<Age>,
    next_xid: u32,
    newest_ended: u32,
    /// Whether manifests that nothing keeps are collected.
    pub(crate) collect_untagged: bool,
}

/// The committed version of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Slot {
    row: Option<Row>,
    /// How often the key's row was deleted: tells a row from one inserted later.
    incarnation: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Transaction {
    xid: Option<u32>,
    locks: Table<LockMode>,
    writes: Table<Option<Row>>,
}

impl Database {
    /// A store for so many clients, with the first pass under way.
    pub(crate) fn new(clients: usize) -> Self {
        let mut database = Self {
            newest_ended: 1,
            next_xid: 2,
            ..Self::default()
        };
        database.restart(clients);
        database.put(Key::Current, Row::new(Columns::Current(1)));
        database
    }

    /// Ends what is open, and makes room for so many clients.
    pub(crate) fn restart(&mut self, clients: usize) {
        self.transactions = vec![Transaction::default(); clients];
        self.begun = vec![Age::default(); clients];
    }

    /// The client begins anew with something.
    pub(crate) fn begin_work(&mut self, client: usize) {
        self.begun[client] = Age::default();
    }

    /// Whether the client began too long ago to name an object.
    pub(super) fn is_late(&self, client: usize) -> bool {
        self.begun[client].is_late()
    }

    /// Commits a row out of nothing.
    pub(crate) fn put(&mut self, key: Key, row: Row) {
        self.slots.get_or(key, Slot::default()).row = Some(row);
    }

    /// Rows as committed.
    pub(crate) fn committed(&self) -> Vec<(Key, &Row)> {
        let rows = self.slots.iter();
        rows.filter_map(|(key, slot)| Some((key, slot.row.as_ref()?)))
            .collect()
    }

    /// A row as committed.
    pub(crate) fn row(&self, key: Key) -> Option<&Row> {
        self.slots.get(key)?.row.as_ref()
    }

    /// Rows as a statement of this client would see them.
    pub(crate) fn snapshot(&self, client: usize) -> Vec<(Key, &Row)> {
        let own = &self.transactions[client].writes;
        let mut rows = self.committed();
        if own.iter().next().is_some() {
            rows.retain(|(key, _)| own.get(*key).is_none());
            rows.extend(
                own.iter()
                    .filter_map(|(key, row)| Some((key, row.as_ref()?))),
            );
            rows.sort_unstable_by_key(|(key, _)| *key);
        }
        rows
    }

    /// The newest version of a row that this client may see.
    pub(crate) fn newest(&self, client: usize, key: Key) -> Option<&Row> {
        match self.transactions[client].writes.get(key) {
            Some(own) => own.as_ref(),
            None => self.row(key),
        }
    }

    /// Tells a key's row from one inserted after it was deleted.
    pub(crate) fn incarnation(&self, key: Key) -> u8 {
        self.slots.get(key).map_or(0, |slot| slot.incarnation)
    }

    /// Whether another client's lock is in the way of this one.
    pub(crate) fn is_locked(&self, client: usize, key: Key, mode: LockMode) -> bool {
        self.others(client).any(|other| {
            let held = other.locks.get(key);
            held.is_some_and(|held| held.conflicts(mode))
        })
    }

    /// Whether another client has inserted, changed or deleted this key and not ended.
    pub(crate) fn is_written(&self, client: usize, key: Key) -> bool {
        self.others(client)
            .any(|other| other.writes.get(key).is_some())
    }

    fn others(&self, client: usize) -> impl Iterator<Item = &Transaction> {
        let transactions = self.transactions.iter().enumerate();
        transactions
            .filter(move |(index, _)| *index != client)
            .map(|(_, transaction)| transaction)
    }

    /// Takes a lock that is free; the transaction has an id from then on.
    pub(crate) fn lock(&mut self, client: usize, key: Key, mode: LockMode) {
        self.xid(client);
        let locks = &mut self.transactions[client].locks;
        let held = locks.get_or(key, mode);
        *held = mode.max(*held);
    }

    /// Changes, inserts or deletes a row that this client has locked.
    pub(crate) fn write(&mut self, client: usize, key: Key, row: Option<Row>) {
        *self.transactions[client].writes.get_or(key, None) = row;
    }

    /// The transaction's id, given to it now where it has none.
    pub(crate) fn xid(&mut self, client: usize) -> u32 {
        if let Some(xid) = self.transactions[client].xid {
            return xid;
        }
        let xid = self.next_xid;
        self.next_xid += 1;
        self.transactions[client].xid = Some(xid);
        xid
    }

    /// Whether the transaction has an id.
    pub(super) fn has_xid(&self, client: usize) -> bool {
        self.transactions[client].xid.is_some()
    }

    /// One past the newest id that has ended.
    pub(crate) fn xmax(&self) -> u32 {
        self.newest_ended + 1
    }

    /// The oldest id that is open.
    pub(crate) fn xmin(&self) -> u32 {
        let open = self.transactions.iter().filter_map(|open| open.xid);
        open.min().map_or(self.xmax(), |xid| xid.min(self.xmax()))
    }

    /// The keys whose rows the client's transaction deletes.
    pub(crate) fn deleted(&self, client: usize) -> Vec<Key> {
        let writes = self.transactions[client].writes.iter();
        writes
            .filter(|(_, row)| row.is_none())
            .map(|(key, _)| key)
            .collect()
    }

    /// Ends the client's transaction; its changes stay.
    pub(crate) fn commit(&mut self, client: usize) {
        let writes = std::mem::take(&mut self.transactions[client].writes);
        for (key, row) in writes.into_entries() {
            let slot = self.slots.get_or(key, Slot::default());
            if row.is_none() {
                slot.incarnation += 1;
            }
            slot.row = row;
        }
        self.roll_back(client);
    }

    /// Ends the client's transaction; its changes are gone.
    pub(crate) fn roll_back(&mut self, client: usize) {
        let ended = std::mem::take(&mut self.transactions[client]);
        self.newest_ended = self.newest_ended.max(ended.xid.unwrap_or_default());
    }

    /// The grace period passes.
    pub(crate) fn tick(&mut self) {
        self.rows_mut().for_each(Row::age);
        self.begun.iter_mut().for_each(Age::grow);
    }

    /// Forgets what can make no difference, so that states that go on alike are alike. Where no
    /// statement is between two rows, `still`, nobody compares incarnations.
    pub(crate) fn canonicalise(&mut self, still: bool) {
        if still {
            self.slots.retain(|slot| slot.row.is_some());
            self.slots
                .values_mut()
                .for_each(|slot| slot.incarnation = 0);
        }
        let mut ids: Vec<u32> = self.ids_mut().map(|id| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let numbers = numbers(&ids);
        for id in self.ids_mut() {
            let place = ids.binary_search(id).expect("it was just collected");
            *id = numbers[place];
        }
    }

    /// All ids that may yet be compared.
    fn ids_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let counters = [&mut self.newest_ended, &mut self.next_xid];
        let written = self.transactions.iter_mut().flat_map(|open| {
            let fences = open.writes.values_mut().flatten().filter_map(Row::id);
            open.xid.as_mut().into_iter().chain(fences)
        });
        let committed = self.slots.values_mut().filter_map(|slot| slot.row.as_mut());
        counters
            .into_iter()
            .chain(written)
            .chain(committed.filter_map(Row::id))
    }

    fn rows_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        let written = self.transactions.iter_mut();
        let written = written.flat_map(|open| open.writes.values_mut().flatten());
        let committed = self.slots.values_mut().filter_map(|slot| slot.row.as_mut());
        written.chain(committed)
    }

    /// The rows that a statement visits, in the order of their keys.
    pub(crate) fn visited(&self, client: usize, statement: &Statement) -> Vec<(Key, Row)> {
        let view = self.snapshot(client);
        let found = view.iter().filter(|(key, row)| {
            self.scanned(&view, &statement.scan, *key, row) && holds(&statement.when, row)
        });
        found.map(|(key, row)| (*key, (*row).clone())).collect()
    }
}

/// The smallest numbers that are ordered like these ids, and next to each other where they are.
fn numbers(ids: &[u32]) -> Vec<u32> {
    let mut numbers = vec![1];
    for pair in ids.windows(2) {
        let last = numbers[numbers.len() - 1];
        numbers.push(last + (pair[1] - pair[0]).min(2));
    }
    numbers
}
