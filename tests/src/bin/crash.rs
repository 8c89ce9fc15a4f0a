//! Crashes a registry and compares what is there with what was acknowledged; see `registry_tests::crash`.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use registry_storage::marked;
use registry_tests::{
    clients::{moment::Moment, server::Program},
    crash::{
        machine::{Disk, FileSystem},
        run::{Crash, Run},
    },
};

/// Crashes a registry again and again, and compares what is there with what was acknowledged.
#[derive(Debug, Parser)]
struct Arguments {
    /// The registry's binary
    #[arg(long, value_name = "PATH", default_value = "target/debug/registry")]
    registry: PathBuf,
    /// A directory for the data, the log and the disk's image; it must not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Decides everything that is left to chance, but for what threads and time decide
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Kill it so often
    #[arg(long, value_name = "N", default_value_t = 0)]
    kills: u64,
    /// Have it end itself at every marked step; needs a binary with the feature `abort-points`
    #[arg(long)]
    steps: bool,
    /// Cut the power so often; needs root
    #[arg(long, value_name = "N", default_value_t = 0, requires = "fs")]
    power_cuts: u64,
    /// The file system whose power is cut
    #[arg(long, value_enum)]
    fs: Option<Kind>,
    /// Have the registry leave syncs out: of files or of directories; needs the feature `abort-points`
    #[arg(long, value_enum)]
    leave_out: Option<LeftOut>,
    /// Start the registry with --relaxed
    #[arg(long)]
    relaxed: bool,
    /// Succeed where something is lost, and fail where nothing is
    #[arg(long)]
    expect_loss: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Ext4,
    Xfs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LeftOut {
    FileSyncs,
    DirectorySyncs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let begun = Moment::now();
    let ended = arguments.run();
    say(&format!("{} s", begun.age().as_secs()));
    match (ended, arguments.expect_loss) {
        (Ok(()), false) => ExitCode::SUCCESS,
        (Err(loss), true) => {
            say(&format!("lost, as it must be: {loss}"));
            ExitCode::SUCCESS
        }
        (Ok(()), true) => {
            say("nothing was lost, but it must be: what does this harness find?");
            ExitCode::FAILURE
        }
        (Err(wrong), false) => {
            say(&format!("WRONG: {wrong}"));
            say(&format!(
                "seed {}; the data is left in {}",
                arguments.seed,
                arguments.data.display()
            ));
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn run(&self) -> Result<(), String> {
        fs::create_dir(&self.data).map_err(|error| error.to_string())?;
        let disk = self.disk().map_err(|error| error.to_string())?;
        let below = disk.as_ref().map_or(self.data.as_path(), Disk::path);
        let data = below.join("data");
        let program = self.program();
        if self.leave_out.is_some() || self.relaxed {
            // Where the files that make it a registry are lost, nothing is learnt about the others.
            make_whole(&program, &data).map_err(|error| error.to_string())?;
        }
        let mut run = Run::new(&program, &data, disk, self.seed);
        say(&format!("seed {}", self.seed));
        let ended = self.crash(&mut run);
        say(&format!("{} requests were answered", run.answered()));
        ended
    }

    fn crash(&self, run: &mut Run) -> Result<(), String> {
        for kill in 1..=self.kills {
            if run.random().chance(10) {
                run.cycle(&Crash::KillAtStart)?;
            }
            run.cycle(&Crash::Kill)
                .map_err(|wrong| format!("after kill {}: {wrong}", kill - 1))?;
        }
        for cut in 1..=self.power_cuts {
            run.cycle(&Crash::Cut)
                .map_err(|wrong| format!("after cut {}: {wrong}", cut - 1))?;
        }
        if self.steps {
            visit(run)?;
        }
        run.end().map_err(|wrong| format!("in the end: {wrong}"))
    }

    fn disk(&self) -> io::Result<Option<Disk>> {
        let kind = match self.fs {
            None => return Ok(None),
            Some(Kind::Ext4) => FileSystem::Ext4,
            Some(Kind::Xfs) => FileSystem::Xfs,
        };
        Disk::make(&self.data, kind).map(Some)
    }

    fn program(&self) -> Program {
        let mut environment = Vec::new();
        if let Some(left_out) = self.leave_out {
            let value = match left_out {
                LeftOut::FileSyncs => "file-syncs",
                LeftOut::DirectorySyncs => "directory-syncs",
            };
            environment.push(("MARKED_LEAVE_OUT".to_owned(), value.to_owned()));
        }
        Program {
            path: self.registry.clone(),
            arguments: self
                .relaxed
                .then(|| "--relaxed".to_owned())
                .into_iter()
                .collect(),
            environment,
            log: absolute(&self.data).join("registry.log"),
        }
    }
}

/// Steps that nothing brings about that a client can ask for.
const OUT_OF_REACH: [&str; 11] = [
    "create_namespace",
    "update_namespace",
    "create_repository",
    "set_repository_visibility",
    // The server does not scrub by itself.
    "keep_scrub_note",
    // Only a database that was restored holds what it does not know.
    "hold_orphans",
    // Only content that is damaged is put aside.
    "quarantine",
    // Only a bucket must be told of an upload before it is there.
    "enter",
    // Only an import takes files in.
    "disk.link",
    // Nobody listens for changes.
    "acknowledge",
    // Once a minute, and nobody is answered for it.
    "add_pulls",
];

/// After so many steps collection gets its time.
const STEPS_WITHOUT_REST: usize = 8;

/// A step is waited for in so many lives of a server.
const LIVES: u64 = 60;

fn visit(run: &mut Run) -> Result<(), String> {
    let steps = marked::steps().into_iter().filter(|step| {
        let (name, _) = step.rsplit_once('.').unwrap_or_default();
        !OUT_OF_REACH.contains(&name)
    });
    for (number, step) in steps.enumerate() {
        // Lives are short and each leaves objects that nobody names; where they are more than a few, the
        // collector takes them for its own mistake and stops.
        if number % STEPS_WITHOUT_REST == 0 {
            run.end()
                .map_err(|wrong| format!("before {step}: {wrong}"))?;
        }
        let mut came = false;
        for life in 0..LIVES {
            let times = if life == 0 {
                1 + run.random().below(5)
            } else {
                1
            };
            came = run
                .cycle(&Crash::At(format!("{step}:{times}")))
                .map_err(|wrong| format!("at or before {step}: {wrong}"))?;
            if came {
                break;
            }
        }
        if !came {
            return Err(format!("{step} was never reached"));
        }
        say(&format!("ended at {step}"));
    }
    Ok(())
}

fn make_whole(program: &Program, data: &Path) -> io::Result<()> {
    let mut whole = program.clone();
    whole.arguments.clear();
    whole.environment.clear();
    whole.start(data)?.kill().map(drop)
}

fn absolute(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn say(line: &str) {
    // Where nobody reads there is nothing to do about it.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
