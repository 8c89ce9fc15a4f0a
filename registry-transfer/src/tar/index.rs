//! Where in a tar its members are.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    BLOCK,
    extended::{self, Extended},
    header::{self, Block, Header, Kind},
    padding,
};
use crate::{
    Result,
    files::{aside, open},
};

/// No name is longer, and no extended header says more.
const MAX_EXTENDED: u64 = 64 << 10;

/// More members than this are not taken down. A layout of a hundred thousand images has less.
const MAX_MEMBERS: usize = 1 << 20;

/// A tar that is not changed while it is read.
pub(crate) struct Archive {
    path: PathBuf,
    file: Arc<File>,
    members: BTreeMap<String, Range<u64>>,
}

impl Archive {
    /// Takes down where the members are that are wanted.
    pub(crate) async fn open(path: PathBuf, wanted: fn(&str) -> bool) -> Result<Self> {
        let (file, members) = aside(&path, move |path| {
            let file = open(path)?;
            let members = Pass::over(&file, wanted)?.members()?;
            Ok((Arc::new(file), members))
        })
        .await?;
        Ok(Self {
            path,
            file,
            members,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A member: the file, and where in it the bytes are.
    pub(crate) fn member(&self, name: &str) -> Option<(Arc<File>, Range<u64>)> {
        let range = self.members.get(name)?.clone();
        Some((Arc::clone(&self.file), range))
    }
}

/// A pass over all headers.
struct Pass<'a> {
    file: &'a File,
    length: u64,
    at: u64,
    wanted: fn(&str) -> bool,
    /// What is known already of the member that comes next.
    next: Extended,
}

impl<'a> Pass<'a> {
    fn over(file: &'a File, wanted: fn(&str) -> bool) -> io::Result<Self> {
        Ok(Self {
            file,
            length: file.metadata()?.len(),
            at: 0,
            wanted,
            next: Extended::default(),
        })
    }

    fn members(mut self) -> io::Result<BTreeMap<String, Range<u64>>> {
        let mut members = BTreeMap::new();
        while let Some(header) = self.header()? {
            match header.kind {
                Kind::File | Kind::Other => {
                    let kind = header.kind;
                    let (name, range) = self.member(header)?;
                    if let (Some(name), Kind::File) = (name, kind) {
                        members.insert(name, range);
                    }
                }
                Kind::LongName => {
                    let name = self.bytes(header.size)?;
                    self.next.name = Some(header::until_zero(&name).to_vec());
                }
                Kind::LongLink => drop(self.bytes(header.size)?),
                Kind::Extended => self.next = self.extended(header.size)?,
                Kind::Global => {
                    if self.extended(header.size)? != Extended::default() {
                        return Err(wrong("it gives all of its members one name or size"));
                    }
                }
            }
            if members.len() > MAX_MEMBERS {
                return Err(wrong("it holds more than a layout has"));
            }
        }
        Ok(members)
    }

    /// The header that comes next; `None` at the end, which must be there.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut block: Block = [0; BLOCK as usize];
        self.take(BLOCK)?;
        self.file.read_exact_at(&mut block, self.at - BLOCK)?;
        match compression(&block) {
            Some(command) if self.at == BLOCK => {
                let sentence = format!("it is compressed: unpack it first, with {command}");
                Err(wrong(sentence))
            }
            _ => header::parse(&block).map_err(wrong),
        }
    }

    /// The bytes of a member of which all is known; the name where it is wanted.
    fn member(&mut self, header: Header) -> io::Result<(Option<String>, Range<u64>)> {
        let known = std::mem::take(&mut self.next);
        let size = match header.kind {
            Kind::File => known.size.unwrap_or(header.size),
            _ => 0,
        };
        let name = known.name.unwrap_or(header.name);
        let range = self.skip(size)?;
        let name = String::from_utf8(name).map_err(|_| wrong("a name in it is not of UTF-8"))?;
        let name = name.strip_prefix("./").unwrap_or(&name);
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(wrong(format!("the name {name:?} leads out of it")));
        }
        Ok(((self.wanted)(name).then(|| name.to_owned()), range))
    }

    fn extended(&mut self, size: u64) -> io::Result<Extended> {
        extended::parse(&self.bytes(size)?).map_err(wrong)
    }

    /// The bytes of what is kept in memory.
    fn bytes(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > MAX_EXTENDED {
            return Err(wrong("an extended header in it is too long"));
        }
        let range = self.skip(size)?;
        let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes)
    }

    /// Passes a member's bytes by, and says where they are.
    fn skip(&mut self, size: u64) -> io::Result<Range<u64>> {
        let start = self.at;
        self.take(size)?;
        let end = self.at;
        self.take(padding(size))?;
        Ok(start..end)
    }

    /// Goes on, where there is so much.
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        let end = self.at.checked_add(bytes);
        let end = end.filter(|end| *end <= self.length);
        self.at = end.ok_or_else(|| wrong("it is cut short"))?;
        Ok(())
    }
}

/// What unpacks a file that begins like this.
fn compression(block: &Block) -> Option<&'static str> {
    match block {
        [0x1f, 0x8b, ..] => Some("gunzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("unzstd"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("unxz"),
        [b'B', b'Z', b'h', ..] => Some("bunzip2"),
        _ => None,
    }
}

fn wrong(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
