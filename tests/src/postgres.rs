//! A real PostgreSQL, 15 or later, for tests.
//!
//! The first test that asks starts a throwaway cluster: in memory if there is enough, on a socket
//! only, unsafe from a power cut, and gone soon after the tests are, however they ended.
//! `MEDILINK_TEST_POSTGRES` names a server to use instead, by the URL of one of its databases, such
//! as `postgres://postgres@localhost/postgres`; the tests drop what they made there.

use std::cmp::Reverse;
use std::collections::hash_map::RandomState;
use std::env;
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, parent_id};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Returns the server of this test run, which the first call starts.
///
/// # Errors
///
/// Says what to do about it where there is no server to be had.
pub fn server() -> Result<&'static Server, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let url = || env::var_os("MEDILINK_TEST_POSTGRES").filter(|url| !url.is_empty());
    SERVER
        .get_or_init(|| url().map_or_else(throwaway, |url| named(&url.to_string_lossy())))
        .as_ref()
        .map_err(Clone::clone)
}

/// A PostgreSQL server on which tests make databases of their own.
#[derive(Debug)]
pub struct Server {
    psql: PathBuf,
    /// The URL of a database is what stands before its name, the name, and what stands after it.
    before: String,
    after: String,
    /// The database from which others are made.
    maintenance: String,
    /// Acts when the pipe to it breaks, so it is kept for as long as this process lives.
    _watchdog: Option<Child>,
}

impl Server {
    /// Makes a new, empty database and returns its URL.
    ///
    /// # Panics
    ///
    /// Panics if the server refuses.
    pub fn create_database(&self) -> String {
        // Unlike template1, nobody can be connected to it, which would forbid to copy it.
        self.copy("template0")
    }

    /// Makes a new database with everything that is in the template, and returns its URL.
    ///
    /// Nobody may be connected to the template: close its pool first.
    ///
    /// # Panics
    ///
    /// Panics if the server refuses, or if the template is not one of its databases.
    pub fn copy_database(&self, template_url: &str) -> String {
        let name = template_url.strip_prefix(&self.before).and_then(|rest| rest.split('?').next());
        name.map_or_else(|| panic!("{template_url} is not on {}", self.before), |it| self.copy(it))
    }

    fn copy(&self, template: &str) -> String {
        static COUNTER: AtomicU32 = AtomicU32::new(1);
        let name = format!("{}{}", prefix(), COUNTER.fetch_add(1, Ordering::Relaxed));
        // A named server may still have one, of a process of the same id killed with its sweeper.
        let drop = format!("DROP DATABASE IF EXISTS {name}");
        // The default strategy logs every page, and takes up to twice as long.
        let create = format!(r#"CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY file_copy"#);
        let output = Command::new(&self.psql)
            .args(["-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-d", &self.maintenance])
            .args(["-c", &drop, "-c", &create])
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", self.psql.display()));
        let reason = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cannot copy {template} to {name}: {reason}");
        format!("{}{name}{}", self.before, self.after)
    }
}

/// What the names of this process's databases begin with.
fn prefix() -> String {
    format!("medilink_test_{}_", process::id())
}

fn named(url: &str) -> Result<Server, String> {
    let programs = folder_with(&["psql"])
        .ok_or("MEDILINK_TEST_POSTGRES needs psql: apt-get install postgresql-client")?;
    let path = url.split('?').next().unwrap_or(url);
    let (before, _) = path
        .rsplit_once('/')
        .filter(|(server, name)| server.contains("://") && !name.is_empty())
        .ok_or("MEDILINK_TEST_POSTGRES must be like postgres://postgres@localhost/postgres")?;

    let psql = programs.join("psql");
    let mut sweeper = Command::new("sh");
    sweeper.args(["-c", SWEEPER, "sweeper"]).arg(&psql).args([url, &prefix()]);
    Ok(Server {
        psql,
        before: format!("{before}/"),
        after: url.strip_prefix(path).unwrap_or_default().to_owned(),
        maintenance: url.to_owned(),
        _watchdog: Some(unleash(&mut sweeper)?),
    })
}

fn throwaway() -> Result<Server, String> {
    let programs = folder_with(&["initdb", "pg_ctl", "psql"]).ok_or(
        "PostgreSQL is missing: apt-get install postgresql (or brew install postgresql), \
         or let MEDILINK_TEST_POSTGRES=postgres://user@host/postgres name a server",
    )?;
    let home = |run: &str| format!("{}/medilink-postgres-{run}", volume());
    let (home, watchdog) = if let Some(run) = env::var_os("NEXTEST_RUN_ID") {
        // Here every test is a process. They share a cluster for as long as their runner lives.
        let _turn = turn().map_err(|error| format!("cannot lock the test program: {error}"))?;
        let home = home(&run.to_string_lossy());
        let is_started = Path::new(&home).join(".s.PGSQL.5432").exists();
        let start = || start(&programs, &home, &parent_id().to_string());
        let watchdog = (!is_started).then(start).transpose()?;
        (home, watchdog)
    } else {
        let home = home(&format!("{:x}", RandomState::new().hash_one(())));
        let watchdog = start(&programs, &home, "")?;
        (home, Some(watchdog))
    };

    // The port is said, lest PGPORT be taken.
    let before = "postgres://postgres@localhost:5432/".to_owned();
    let after = format!("?host={home}");
    let maintenance = format!("{before}postgres{after}");
    Ok(Server { psql: programs.join("psql"), before, after, maintenance, _watchdog: watchdog })
}

/// Chooses where a cluster is kept.
///
/// Not in `TMPDIR`: a socket's path has at most 107 bytes, and the user postgres must get there.
fn volume() -> &'static str {
    // A database is three hundred files. In memory they are there in 12 ms; ext4 takes up to 250 ms
    // if others were deleted of late, as they are when tests are run again and again.
    let report = Command::new("df").args(["-Pk", "/dev/shm"]).output();
    let report = report.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    let kibibytes = report.unwrap_or_default().lines().find_map(|line| {
        line.strip_suffix(" /dev/shm")?.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    // A container may have 64 MB there, or eight databases.
    if kibibytes.is_some_and(|size| 4_000_000 <= size) { "/dev/shm" } else { "/tmp" }
}

/// Waits until no other test process starts a cluster.
fn turn() -> io::Result<File> {
    // The program itself is a lock that is there already, and that nobody has to clean up.
    let program = File::open(env::current_exe()?)?;
    program.lock()?;
    Ok(program)
}

/// Finds the folder that has all of the programs, by the PATH or where Debian keeps them.
fn folder_with(programs: &[&str]) -> Option<PathBuf> {
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> = entries.map(|entry| entry.path()).collect();
    debian.sort_by_key(|folder| Reverse(version(folder)));

    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .chain(debian.iter().map(|folder| folder.join("bin")))
        // A link stands alone on the PATH, its companions are where it leads. This also passes over
        // Debian's psql on the PATH, a wrapper six times as slow as the program.
        .filter_map(|folder| fs::canonicalize(folder.join(programs.first()?)).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .find(|folder| programs.iter().all(|program| folder.join(program).is_file()))
}

/// Starts a cluster in a new folder, and waits until it can be connected to.
fn start(programs: &Path, home: &str, runner: &str) -> Result<Child, String> {
    // PostgreSQL refuses to run as root.
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = Command::new(if is_root { "runuser" } else { "sh" });
    command.args(["-u", "postgres", "--", "sh"].iter().filter(|_| is_root));
    command.args(["-c", CLUSTER, "cluster"]).arg(programs).args([home, runner]);
    let mut cluster = unleash(&mut command)?;

    let mut answer = String::new();
    let read = cluster.stdout.take().map(|out| BufReader::new(out).read_line(&mut answer));
    if answer == "ready\n" {
        return Ok(cluster);
    }
    let reason = cluster.wait_with_output().map_or_else(
        |error| format!("{error} {read:?}"),
        |output| String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    Err(format!("the throwaway PostgreSQL did not start: {reason}"))
}

/// Starts a watchdog, whose standard input ends with this process.
fn unleash(command: &mut Command) -> Result<Child, String> {
    let pipe = Stdio::piped;
    // A group of its own, for Ctrl-C is for the tests: the watchdog cleans up behind them.
    command.current_dir("/").stdin(pipe()).stdout(pipe()).stderr(pipe()).process_group(0);
    let program = command.get_program().to_owned();
    command.spawn().map_err(|error| format!("cannot run {}: {error}", program.display()))
}

/// Makes a cluster, starts it, and removes it when the tests are gone.
///
/// One process does it all, in order: no moment is left in which a kill of the tests could leave
/// something behind. Nothing of the server holds a pipe, or its reader would wait for ever.
const CLUSTER: &str = r#"
bin=$1 home=$2 runner=$3
mkdir -m 700 "$home" || exit
trap '"$bin/pg_ctl" -D "$home/data" -m immediate stop >"$home/log" 2>&1; rm -rf "$home"' EXIT
trap exit HUP INT TERM PIPE
make() {
    "$bin/initdb" -D "$home/data" -U postgres -E UTF8 --locale="$1" --auth=trust --no-sync
}
start() {
    "$bin/pg_ctl" -D "$home/data" -l "$home/log" start -o "-k $home -p 5432 \
        -c listen_addresses= -c max_connections=300 -c autovacuum=off -c fsync=off \
        -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"
}
# Not every system has C.UTF-8; C sorts the same way.
if ! { { make C.UTF-8 || make C; } && start; } </dev/null >>"$home/log" 2>&1; then
    tail -n 20 "$home/log" >&2
    exit 1
fi
echo ready
exec >/dev/null 2>&1
if [ "$runner" ]; then
    # A process of root cannot be signalled from here, but seen.
    while kill -0 "$runner" || [ -e "/proc/$runner" ]; do sleep 0.5; done
else
    read -r _
fi
"#;

/// Drops the databases of this process from a named server when the process is gone.
const SWEEPER: &str = r#"
read -r _
"$1" -X -q -w -d "$2" >/dev/null 2>&1 <<END
SELECT format('DROP DATABASE %I WITH (FORCE)', datname)
FROM pg_database WHERE starts_with(datname, '$3') \gexec
END
"#;
