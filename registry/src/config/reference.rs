//! `registry config reference`: every key, in Markdown.

use std::fmt::Write;

use super::{
    SECTIONS,
    declaration::{Flag, Key, Takes, running},
};

const HEAD: &str = "# Configuration

`registry serve` needs none: without a file it listens on 127.0.0.1:5000 and keeps everything in `./registry-data`.

What can be set stands in one TOML file (`--config FILE`, or `REGISTRY_CONFIG`), in the environment, or, for common
settings, in flags. A flag wins over the environment, the environment over the file, the file over the default. In the
environment a list has commas between its items or is written as in TOML, and an empty variable takes back what a file
says where a setting may be without a value. Paths are relative to the directory that the server is started in.

`registry config check [FILE]` says what is wrong with a configuration; a key that does not exist is wrong, too.
`registry config show` prints what everything comes to, and where each value comes from. This page is what `registry
config reference` prints.

On SIGHUP a server reads its configuration again. What can change while it runs says so below; of what changed otherwise,
the log says that it needs a restart. A configuration with anything wrong in it changes nothing.
";

/// The reference.
pub(crate) fn reference() -> String {
    let mut out = String::from(HEAD);
    for section in SECTIONS {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "\n## `[{}]`\n\n{}",
            section.name,
            running(section.about)
        );
        for key in section.keys {
            entry(&mut out, key);
        }
    }
    out
}

fn entry(out: &mut String, key: &Key) {
    let _ = writeln!(out, "\n### `{}`\n\n{}\n", key.full_name(), key.text());
    let _ = writeln!(out, "- It is {}.", (key.kind)());
    let default = (key.default)().map_or("none".to_owned(), |value| format!("`{value}`"));
    let _ = writeln!(out, "- Default: {default}");
    let _ = writeln!(out, "- Environment: `{}`", key.variable());
    for flag in key.flags {
        let _ = writeln!(out, "- Flag: `{}`", usage(flag));
    }
    if key.reloaded {
        let _ = writeln!(out, "- A change takes effect on SIGHUP");
    }
}

fn usage(flag: &Flag) -> String {
    match flag.takes {
        Takes::Value(name) => format!("--{} {name}", flag.long),
        Takes::Nothing { .. } => format!("--{}", flag.long),
    }
}
