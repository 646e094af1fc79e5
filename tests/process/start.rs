//! Starting: on an empty database, twice at once, with demo data.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use medilink_tests::app::PASSWORD;
use medilink_tests::{Person, Program, TestDatabase};
use serde_json::json;

/// Registers a doctor and a patient with a server of the development profile.
pub(super) async fn people(server: &Program) -> (String, Person) {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let body = |role: &str| json!({"email": format!("{role}{number}@example.org"), "password": PASSWORD, "role": role});
    let doctor = server.unknown().registers(body("doctor")).await;
    let patient = server.unknown().registers(body("patient")).await;
    (doctor.doctor_id(), patient)
}

#[actix_web::test]
async fn servers_start_at_once_on_an_empty_database() {
    for postgres in [false, true] {
        let database = TestDatabase::empty(postgres);
        let start = || {
            let mut command = Program::command(&database);
            command.args(["serve", "--migrate", "--bind", "127.0.0.1:0"]);
            command
        };
        let commands = [start(), start(), start()];
        let servers = commands.map(|command| std::thread::spawn(|| Program::start(command)));
        let servers = servers.map(|server| server.join().unwrap());

        let (doctor, patient) = people(&servers[0]).await;
        let elsewhere = patient.at(servers[1].base());
        elsewhere.books(&doctor, "2030-01-07T09:00:00Z").await.created();
        assert_eq!(servers[2].unknown().get("/health/ready").await.ok()["status"], "ok");
    }
}

#[actix_web::test]
async fn demo_data_are_added_once_and_every_demo_log_in_works() {
    let database = TestDatabase::empty(false);
    let serve = || {
        let mut command = Program::command(&database);
        command.args(["serve", "--demo", "--bind", "127.0.0.1:0"]);
        Program::start(command)
    };
    drop(serve());
    let server = serve();

    for (name, password) in [
        ("admin", "admin123"),
        ("admin@example.com", "admin123"),
        ("coordinator", "demo-coordinator"),
        ("chen", "demo-doctor"),
        ("ada", "demo-patient"),
        ("pharmacy", "demo-pharmacy"),
    ] {
        server.unknown().logs_in(name, password).await;
    }
    let admin = server.unknown().logs_in("admin", "admin123").await;
    for (list, total) in [("doctors", 12), ("users", 6)] {
        let page = admin.get(&format!("/api/v1/{list}?count=true")).await.ok();
        assert_eq!(page["total"], total, "{list}");
    }
}

/// As far as a person sees: ids and the instants at which something was written are others.
async fn clinic(server: &Program) -> Vec<String> {
    let admin = server.unknown().logs_in("admin", "admin123").await;
    let mut seen = Vec::new();
    for (path, fields) in [
        ("doctors", &["/display_name", "/time_zone", "/license_number"][..]),
        ("assignments", &["/patient/full_name", "/doctor/display_name", "/is_primary"]),
        ("time-slots", &["/starts_at", "/ends_at", "/blocked"]),
        ("appointments", &["/starts_at", "/patient/full_name", "/reason"]),
    ] {
        let mut next = format!("/api/v1/{path}?limit=100");
        loop {
            let page = admin.get(&next).await.ok();
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| {
                let fields = fields.iter().map(|it| item.pointer(it).unwrap().to_string());
                fields.collect::<Vec<_>>().join(" ")
            }));
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("/api/v1/{path}?limit=100&cursor={cursor}");
        }
    }
    seen.sort();
    seen
}

#[actix_web::test]
async fn the_demo_is_the_same_clinic_every_time_with_every_status_and_leaves_nothing() {
    let database = TestDatabase::empty(false);
    let temporary = database.folder().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let demo = || {
        let mut command = Program::command(&database);
        command
            .env_remove("MEDILINK_SECRET_KEY")
            .env_remove("MEDILINK_PROFILE")
            .env("TMPDIR", &temporary)
            .args(["demo", "--bind", "127.0.0.1:0"]);
        command
    };
    let left = left_by_a_killed(demo(), &temporary).await;
    let (mut one, mut other) = (Program::start(demo()), Program::start(demo()));
    assert!(!left.exists());

    let (seen, again) = (clinic(&one).await, clinic(&other).await);
    assert!(4000 < seen.len() && seen == again);
    let admin = one.unknown().logs_in("admin", "admin123").await;
    for status in
        ["scheduled", "confirmed", "checked_in", "in_progress", "completed", "cancelled", "no_show"]
    {
        let page = admin.get(&format!("/api/v1/appointments?status={status}&limit=1")).await.ok();
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{status}");
    }

    assert_eq!((one.stop(), other.stop()), (Some(0), Some(0)));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(!database.folder().join("medilink.db").exists());
}

/// Kills a demo as soon as it has made its database, and returns the folder that it leaves.
async fn left_by_a_killed(mut demo: Command, temporary: &Path) -> PathBuf {
    let mut demo = demo.stdout(Stdio::null()).spawn().unwrap();
    let left = loop {
        let folder = std::fs::read_dir(temporary).unwrap().next();
        let folder = folder.map(|folder| folder.unwrap().path());
        if let Some(folder) = folder.filter(|it| it.join("medilink.db").exists()) {
            break folder;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    demo.kill().unwrap();
    demo.wait().unwrap();
    left
}

#[actix_web::test]
async fn production_refuses_a_database_with_demo_accounts() {
    let database = TestDatabase::empty(false);
    let mut demo = Program::command(&database);
    demo.args(["serve", "--demo", "--bind", "127.0.0.1:0"]);
    drop(Program::start(demo));

    let mut production = Program::command(&database);
    production.args(["serve", "--profile", "production", "--bind", "127.0.0.1:0"]);
    let output = production.output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("demo accounts"));
}

#[actix_web::test]
async fn a_new_database_is_announced_and_one_file_after_a_stop() {
    let database = TestDatabase::empty(false);
    let log = database.folder().join("log");
    let mut command = Program::command(&database);
    command
        .args(["serve", "--bind", "127.0.0.1:0", "--log", "info"])
        .stderr(std::fs::File::create(&log).unwrap());
    let mut server = Program::start(command);
    people(&server).await;

    assert_eq!(server.stop(), Some(0));

    assert!(std::fs::read_to_string(log).unwrap().contains("made a new database at"));
    for name in ["medilink.db-wal", "medilink.db-shm"] {
        assert!(!database.folder().join(name).exists(), "{name}");
    }
    let raw = database.raw().await;
    assert_eq!(raw.count("SELECT count(*) FROM users").await, 2);
}

#[actix_web::test]
async fn a_server_whose_database_was_moved_away_is_not_ready_and_says_why() {
    let database = TestDatabase::sqlite().await;
    let server = Program::serve(&database);
    server.unknown().get("/health/ready").await.ok();

    let file = database.folder().join("medilink.db");
    std::fs::rename(&file, database.folder().join("moved.db")).unwrap();

    let unready = server.unknown().get("/health/ready").await.problem(503, "unavailable");
    assert_eq!(unready.body["detail"], "Nothing can be written.");
}

#[actix_web::test]
async fn files_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let database = TestDatabase::empty(false);
    let mut command = Program::command(&database);
    command.env_remove("MEDILINK_SECRET_KEY").args(["serve", "--bind", "127.0.0.1:0"]);
    let _server = Program::start(command);

    for name in ["medilink.db", "medilink.key", "medilink.db-wal"] {
        let mode = std::fs::metadata(database.folder().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
