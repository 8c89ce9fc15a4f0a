//! What a way through a proxy does to those who take it.

use std::time::Duration;

use crate::clients::random::Random;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each piece comes later.
    Delay,
    /// Few bytes in a second.
    Bandwidth,
    /// The connection breaks somewhere: reset.
    Reset,
    /// The connection ends somewhere, as if there was no more to say.
    End,
    /// Connections are taken, and nothing comes.
    HalfOpen,
    /// Somewhere nothing comes any more, and the connection stays.
    Silence,
    /// HTTP: 500 to a request.
    Error,
    /// HTTP: 503 to a request, in S3's words.
    SlowDown,
    /// HTTP: an answer's body is shorter than its head said.
    Truncation,
}

/// What one connection meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Each piece comes so much later.
    Delay(Duration),
    /// So many bytes in a second.
    Bandwidth(u64),
    /// It is reset after so many bytes.
    Reset(u64),
    /// It ends after so many bytes.
    End(u64),
    /// Nothing comes after so many bytes.
    Silence(u64),
    /// A request is answered with this status, and goes no further.
    Refusal(u16),
    /// An answer is cut where this number says, modulo its length.
    Truncation(u64),
}

/// What connections meet for a while: so many of a hundred one of these kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// In a hundred connections.
    pub percent: u64,
    /// Which of them is left to chance.
    pub kinds: Vec<Kind>,
}

impl Kind {
    /// What can happen to any connection.
    pub const TCP: [Self; 6] = [
        Self::Delay,
        Self::Bandwidth,
        Self::Reset,
        Self::End,
        Self::HalfOpen,
        Self::Silence,
    ];

    /// What can happen to one to a store.
    pub const HTTP: [Self; 9] = [
        Self::Delay,
        Self::Bandwidth,
        Self::Reset,
        Self::End,
        Self::HalfOpen,
        Self::Silence,
        Self::Error,
        Self::SlowDown,
        Self::Truncation,
    ];
}

impl Weather {
    /// Every connection meets one of these.
    #[must_use]
    pub fn always(kinds: &[Kind]) -> Self {
        Self::sometimes(100, kinds)
    }

    /// So many in a hundred do.
    #[must_use]
    pub fn sometimes(percent: u64, kinds: &[Kind]) -> Self {
        Self {
            percent,
            kinds: kinds.to_vec(),
        }
    }

    /// What a connection meets.
    #[must_use]
    pub fn draw(&self, random: &mut Random) -> (Option<Kind>, Fault) {
        let kind = match random.chance(self.percent) {
            true => random.pick(&self.kinds).copied(),
            false => None,
        };
        (kind, kind.map_or(Fault::None, |kind| kind.draw(random)))
    }
}

impl Kind {
    fn draw(self, random: &mut Random) -> Fault {
        // Half of what breaks does so in the first words.
        let somewhere = match random.chance(50) {
            true => random.below(2 << 10),
            false => random.below(6 << 20),
        };
        match self {
            Self::Delay => Fault::Delay(Duration::from_millis(5 + random.below(300))),
            Self::Bandwidth => Fault::Bandwidth((128 << 10) << random.below(5)),
            Self::Reset => Fault::Reset(somewhere),
            Self::End => Fault::End(somewhere),
            Self::HalfOpen => Fault::Silence(0),
            Self::Silence => Fault::Silence(somewhere),
            Self::Error => Fault::Refusal(500),
            Self::SlowDown => Fault::Refusal(503),
            Self::Truncation => Fault::Truncation(random.next()),
        }
    }
}
