//! The program as a process of its own, as an operator runs it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::database::TestDatabase;
use crate::person::Person;

/// A server in a process of its own. It is killed when dropped.
pub struct Program {
    child: Child,
    base: String,
    said: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Returns the program: the one that `MEDILINK_TEST_PROGRAM` names, or one that is built now.
    pub fn path() -> &'static Path {
        static PATH: OnceLock<PathBuf> = OnceLock::new();
        PATH.get_or_init(|| {
            if let Some(named) = std::env::var_os("MEDILINK_TEST_PROGRAM") {
                return PathBuf::from(named).canonicalize().expect("the program that is named");
            }
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo)
                .args(["build", "--quiet", "--locked", "--package", "medilink-server"])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status();
            assert!(built.is_ok_and(|status| status.success()), "the program does not build");
            // This test's own program is target/debug/deps/medilink-….
            let own = std::env::current_exe().expect("a path");
            own.ancestors().nth(2).expect("target/debug").join("medilink")
        })
    }

    /// Prepares a call of the program on a database, with nothing of this process's settings.
    pub fn command(database: &TestDatabase) -> Command {
        let mut command = Command::new(Self::path());
        command
            .env_clear()
            .current_dir(database.folder())
            .env("MEDILINK_DATABASE_URL", database.url())
            .env("MEDILINK_SECRET_KEY", "a key of processes under test 0123456789")
            .env("MEDILINK_PROFILE", "development")
            .env("MEDILINK_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    /// Starts a server on a database and waits until it listens.
    pub fn serve(database: &TestDatabase) -> Self {
        Self::start(Self::serving(database))
    }

    /// Prepares a server on a database.
    pub fn serving(database: &TestDatabase) -> Command {
        let mut command = Self::command(database);
        command.args(["serve", "--bind", "127.0.0.1:0"]);
        command
    }

    /// Starts a prepared server and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        // The rest is read too, or the program would block when the pipe is full.
        let said = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().expect("what was said").push(line);
            }
        });
        let base = first.rsplit(' ').next().filter(|last| last.starts_with("http"));
        let base = base.unwrap_or_else(|| panic!("it says where it listens, not {first:?}"));
        Self { base: base.to_owned(), child, said }
    }

    /// Returns where the API is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns somebody whom nobody knows.
    pub fn unknown(&self) -> Person {
        Person::unknown(&self.base)
    }

    /// Returns a line with these words that it has printed by now, or prints within a second.
    pub fn says(&self, words: &str) -> Option<String> {
        for _ in 0..20 {
            let said = self.said.lock().expect("what was said");
            if let Some(line) = said.iter().find(|line| line.contains(words)) {
                return Some(line.clone());
            }
            drop(said);
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop, and returns its exit code once it has.
    pub fn stop(&mut self) -> Option<i32> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "it is gone already");
        self.child.wait().expect("its end").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
