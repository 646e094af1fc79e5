//! The verbs of the program, and what it says when it is called wrongly.

use std::io::{BufRead, BufReader, Write};
use std::process::{Output, Stdio};

use medilink_tests::{Program, TestDatabase};

pub(super) fn run(database: &TestDatabase, words: &[&str], input: Option<&str>) -> Output {
    let mut command = Program::command(database);
    command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.unwrap_or_default().as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[actix_web::test]
async fn an_administrator_is_made_and_signs_in() {
    let database = TestDatabase::empty(false);
    let create = |name: &str, email: &str, password: &str| {
        let words = ["admin", "create", "--username", name, "--email", email, "--password-stdin"];
        run(&database, &words, Some(password))
    };

    let made = create("root", "root@example.org", "correct horse\n");
    assert_eq!(code(&made), Some(0), "{}", said(&made));
    let again = create("ROOT", "Root@example.org", "correct horse\n");
    assert_eq!(code(&again), Some(1));
    assert!(said(&again).contains("--username") && said(&again).contains("--email"));
    let weak = create("other", "other@example.org", "1234567\n");
    assert_eq!(code(&weak), Some(2));
    assert!(said(&weak).contains("8 characters") && said(&weak).contains("digits"));

    let server = Program::serve(&database);
    let admin = server.unknown().logs_in("root", "correct horse").await;
    assert_eq!(admin.user["role"], "admin");
}

#[actix_web::test]
async fn an_administrator_who_is_locked_out_gets_another_password() {
    let database = TestDatabase::empty(false);
    let create = ["admin", "create", "--username", "root", "--email", "root@example.org"];
    run(&database, &[&create[..], &["--password-stdin"]].concat(), Some("correct horse"));
    let reset = |name: &str, password: &str| {
        let words = ["admin", "reset-password", "--username", name, "--password-stdin"];
        run(&database, &words, Some(password))
    };
    let server = Program::serve(&database);
    let admin = server.unknown().logs_in("root", "correct horse").await;

    let done = reset("root", "battery staple\n");

    assert_eq!(code(&done), Some(0), "{}", said(&done));
    assert!(!said(&done).contains("battery"));
    assert_eq!(admin.get("/api/v1/auth/me").await.status, 401);
    server.unknown().logs_in("root@example.org", "battery staple").await;
    for (name, password, remedy) in
        [("nobody", "battery staple", "--username"), ("root", "12345678", "digits")]
    {
        let refused = reset(name, password);
        assert_eq!(code(&refused), Some(1), "{name}");
        assert!(said(&refused).contains(remedy), "{}", said(&refused));
    }
}

#[actix_web::test]
async fn the_first_administrator_comes_from_the_settings_once() {
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        comes_from_the_settings_once(&database).await;
    }
}

async fn comes_from_the_settings_once(database: &TestDatabase) {
    let file = database.folder().join("password");
    std::fs::write(&file, "correct horse\n").unwrap();
    let serve = |name: &str| {
        let mut command = Program::command(database);
        command
            .env("MEDILINK_ADMIN_USERNAME", name)
            .env("MEDILINK_ADMIN_EMAIL", format!("{name}@example.org"))
            .env("MEDILINK_ADMIN_PASSWORD_FILE", &file)
            .args(["serve", "--bind", "127.0.0.1:0"]);
        Program::start(command)
    };

    serve("root").unknown().logs_in("root", "correct horse").await;
    let later = serve("other");

    later.unknown().logs_in("root", "correct horse").await;
    let body = serde_json::json!({"username": "other", "password": "correct horse"});
    assert_eq!(later.unknown().post("/api/v1/auth/login", body).await.status, 401);

    let mut half = Program::command(database);
    half.env("MEDILINK_ADMIN_USERNAME", "root").arg("serve");
    let half = half.output().unwrap();
    assert_eq!(code(&half), Some(2));
    assert!(said(&half).contains("MEDILINK_ADMIN_PASSWORD_FILE"), "{}", said(&half));
}

#[actix_web::test]
async fn the_token_of_the_set_up_is_printed_once_and_never_logged() {
    let database = TestDatabase::empty(false);
    let start = || {
        let mut command = Program::command(&database);
        command.env("MEDILINK_LOG", "debug").args(["serve", "--bind", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let told = output.find(|line| line.contains("Set-up token"));
        child.kill().unwrap();
        let logged = child.wait_with_output().unwrap().stderr;
        (told.unwrap(), String::from_utf8_lossy(&logged).into_owned())
    };

    let (told, logged) = start();
    let token = told.split_whitespace().last().unwrap().to_owned();
    assert_eq!(token.len(), 43, "{told}");
    assert!(!logged.is_empty() && !logged.contains(&token));

    let create = ["admin", "create", "--username", "root", "--email", "root@example.org"];
    run(&database, &[&create[..], &["--password-stdin"]].concat(), Some("correct horse"));
    let server = Program::serve(&database);
    let body = serde_json::json!({
        "token": token, "username": "eve", "email": "eve@example.org",
        "password": "correct horse",
    });
    let refused = server.unknown().post("/api/v1/auth/setup", body).await;
    let _ = refused.problem(409, "already-set-up");
}

#[actix_web::test]
async fn the_token_that_is_printed_makes_one_administrator_and_is_not_printed_again() {
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        let server = Program::serve(&database);
        let told = server.says("Set-up token").unwrap();
        let body = |name: &str| {
            serde_json::json!({
                "token": told.split_whitespace().last(), "username": name,
                "email": format!("{name}@example.org"), "password": "correct horse",
            })
        };
        let set_up = "/api/v1/auth/setup";
        let raw = database.raw().await;
        assert_eq!(raw.count("SELECT count(*) FROM users").await, 0, "there is no account yet");

        let made = server.unknown().post(set_up, body("root")).await.created();
        assert_eq!(made["user"]["role"], "admin");
        let again = server.unknown().post(set_up, body("eve")).await;
        let _ = again.problem(409, "already-set-up");
        drop(server);

        let later = Program::serve(&database);
        assert_eq!(later.says("Set-up token"), None);
        let late = later.unknown().post(set_up, body("eve")).await;
        let _ = late.problem(409, "already-set-up");
        let admin = later.unknown().logs_in("root", "correct horse").await;
        let users = admin.get("/api/v1/users?count=true").await.ok();
        assert_eq!(users["total"], 1);
    }
}

#[actix_web::test]
async fn a_schema_is_brought_up_to_date_and_shown() {
    for postgres in [false, true] {
        let database = TestDatabase::empty(postgres);

        let before = said(&run(&database, &["migrate", "status"], None));
        assert!(before.contains("pending  m0001_foundation"), "{before}");
        if postgres {
            let refused = run(&database, &["serve"], None);
            assert_eq!(code(&refused), Some(3));
            assert!(said(&refused).contains("medilink migrate up"));
        }
        for _ in 0..2 {
            let after = run(&database, &["migrate", "up"], None);
            assert_eq!(code(&after), Some(0), "{}", said(&after));
            assert!(said(&after).contains("applied  m0001_foundation"));
        }
    }
}

#[actix_web::test]
async fn asking_how_far_a_schema_has_come_makes_nothing() {
    let database = TestDatabase::empty(false);

    let asked = run(&database, &["migrate", "status"], None);

    assert!(said(&asked).contains("pending  m0001_foundation"), "{}", said(&asked));
    assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
}

#[actix_web::test]
async fn a_start_that_fails_makes_nothing_and_says_what_to_do() {
    let database = TestDatabase::empty(false);
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let not_postgres = format!("postgres://m@{}/m", stranger.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::Write;
        for stream in stranger.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });

    for (url, remedy) in [
        ("sqlite://:memory:", "give sqlite://PATH"),
        ("sqlite://dtaa/medilink.db", "make the folder dtaa first"),
        ("postgres://m:a/b@localhost/m", "percent-encode / @ : # in the password"),
        (&not_postgres, "what answers there is not PostgreSQL"),
    ] {
        let mut command = Program::command(&database);
        command.env_remove("MEDILINK_SECRET_KEY").args(["serve", "--database-url", url]);
        let output = command.output().unwrap();
        assert_ne!(code(&output), Some(0));
        assert!(said(&output).contains(remedy), "{}", said(&output));
        assert!(!said(&output).contains(".rs:"), "{}", said(&output));
    }
    assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
}

#[actix_web::test]
async fn settings_are_shown_with_their_source_and_without_secrets() {
    let database = TestDatabase::empty(false);

    let shown = said(&run(&database, &["config", "show", "--log", "error"], None));

    let line = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("MEDILINK_LOG "), "error flag");
    assert_eq!(line("MEDILINK_SECRET_KEY"), "******** environment");
    assert_eq!(line("MEDILINK_REGISTRATION"), "open default");
}

#[actix_web::test]
async fn wrong_settings_end_with_code_2_and_a_remedy() {
    let database = TestDatabase::empty(false);

    for (name, value, remedy) in [
        ("MEDILINK_PROFILE", "staging", "production or development"),
        ("MEDILINK_BINDING", "x", "did you mean MEDILINK_BIND?"),
        ("MEDILINK_BIND", "0.0.0.0:8000", "loopback"),
    ] {
        let mut command = Program::command(&database);
        let output = command.env(name, value).arg("serve").output().unwrap();
        assert_eq!(code(&output), Some(2), "{name}");
        assert!(said(&output).contains(remedy), "{}", said(&output));
    }
    for key in [
        "short",
        "change-me-please: 8f3k2l9x0qpvbn",
        "django-insecure-8f3k2l9x0qpvbn4w7",
        "abcdefghijklmnopqrstuvwxyz012345",
        &"ab".repeat(40),
        &"12345678".repeat(4),
    ] {
        let mut command = Program::command(&database);
        command.env("MEDILINK_SECRET_KEY", key).args(["serve", "--profile", "production"]);
        let output = command.output().unwrap();
        assert_eq!(code(&output), Some(2), "{key}");
        assert!(!said(&output).contains(key), "a key is never repeated");
    }
    let mut keyless = Program::command(&database);
    keyless.env_remove("MEDILINK_SECRET_KEY").args(["serve", "--profile", "production"]);
    assert_eq!(code(&keyless.output().unwrap()), Some(2));
}

#[actix_web::test]
async fn a_port_that_is_taken_is_named() {
    let database = TestDatabase::empty(false);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    // A web server would share a port that another of its kind has, but not one that is a
    // stranger's.
    let output = run(&database, &["serve", "--bind", &address], None);

    assert_eq!(code(&output), Some(1));
    assert!(said(&output).contains(&address), "{}", said(&output));
}

#[actix_web::test]
async fn a_database_that_cannot_be_reached_ends_the_start() {
    let database = TestDatabase::empty(false);
    let nowhere = "postgres://nobody:hidden@127.0.0.1:9/none";

    let output = run(&database, &["serve", "--database-url", nowhere], None);

    assert_eq!(code(&output), Some(1));
    assert!(said(&output).contains("cannot reach PostgreSQL at 127.0.0.1:9"), "{}", said(&output));
    assert!(!said(&output).contains("hidden"), "{}", said(&output));
}

#[actix_web::test]
async fn the_openapi_document_is_printed() {
    let database = TestDatabase::empty(false);

    let output = run(&database, &["openapi"], None);

    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}

#[actix_web::test]
async fn the_demo_keeps_to_the_machine_and_to_a_database_of_its_own() {
    let database = TestDatabase::empty(false);

    for (words, remedy) in [
        (&["demo", "--bind", "0.0.0.0:0"][..], "loopback only"),
        (&["demo", "--profile", "production"], "--profile: the demo brings its own"),
        (&["demo", "--database-url", "sqlite://m.db"], "medilink serve --profile development"),
    ] {
        let output = run(&database, words, None);
        assert_eq!(code(&output), Some(2), "{words:?}");
        assert!(said(&output).contains(remedy), "{}", said(&output));
    }
    assert_eq!(std::fs::read_dir(database.folder()).unwrap().count(), 0);
}
