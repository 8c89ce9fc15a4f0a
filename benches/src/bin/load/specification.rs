//! How a server is named on the command line.

use crate::failure::{Failure, Result};
use crate::fixture::Place;

/// `KEY=VALUE` words, then the command that starts it, if it does not run already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Specification {
    /// As tables say it.
    pub(crate) name: String,
    /// What it promises, as tables say it.
    pub(crate) durability: String,
    /// Where it answers. Without one, it prints `registry: ready at URL`.
    pub(crate) url: Option<String>,
    /// Its process, if it was not started here.
    pub(crate) pid: Option<u32>,
    pub(crate) place: Place,
    pub(crate) command: String,
}

impl Specification {
    /// `_` in a name stands for a space.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut specification = Self::default();
        let mut rest = text.trim();
        while let Some(behind) = specification.take(rest)? {
            rest = behind.trim_start();
        }
        rest.clone_into(&mut specification.command);
        if specification.name.is_empty() {
            let name = match rest {
                "" => specification.url.as_deref().unwrap_or_default(),
                command => command,
            };
            name.clone_into(&mut specification.name);
        }
        Ok(specification)
    }

    /// Takes a word that says something of the server: what is behind it.
    fn take<'a>(&mut self, text: &'a str) -> Result<Option<&'a str>> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let Some((key, value)) = word.split_once('=') else {
            return Ok(None);
        };
        let words = || value.replace('_', " ");
        match key {
            "name" => self.name = words(),
            "durability" => self.durability = words(),
            "url" => self.url = Some(value.to_owned()),
            "pid" => self.pid = Some(value.parse().map_err(|_| no_number(value))?),
            "files" => self.place.files = Some(value.into()),
            "serves" => self.place.serves = Some(value.into()),
            "kept" => self.place.kept = Some(value.into()),
            _ => return Ok(None),
        }
        Ok(Some(rest))
    }
}

fn no_number(value: &str) -> Failure {
    Failure::new(format!("pid={value} is not the number of a process"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_the_command_say_what_it_is() {
        let text = "name=a_b durability=strict url=http://h:1 files=/d  run --x=1 name=c";
        let found = Specification::parse(text).unwrap();
        assert_eq!(found.name, "a b");
        assert_eq!(found.durability, "strict");
        assert_eq!(found.url.as_deref(), Some("http://h:1"));
        assert_eq!(found.place.files, Some("/d".into()));
        assert_eq!(found.command, "run --x=1 name=c");
    }

    #[test]
    fn a_server_without_a_name_is_called_by_its_command_or_address() {
        assert_eq!(Specification::parse("A=b run").unwrap().name, "A=b run");
        let running = Specification::parse("url=http://h:1 pid=7").unwrap();
        assert_eq!(
            (running.name.as_str(), running.pid),
            ("http://h:1", Some(7))
        );
        assert_eq!(running.command, "");
        assert!(Specification::parse("pid=x").is_err());
    }
}
