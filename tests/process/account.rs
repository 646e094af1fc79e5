//! Accounts as the settings of an operator make them, and what is left of them in the database.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Answer, Program, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::json;

use super::command_line::run;

on_both_databases! {
    development_approves_at_once_and_takes_long_common_passwords_and_production_does_neither,
    a_closed_registration_lets_administrators_alone_make_users,
    a_hash_that_was_cheaper_is_made_anew_when_its_owner_signs_in,
    nothing_that_signs_anybody_in_is_stored,
    a_wrong_password_takes_as_long_for_nobody_as_for_somebody,
}

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";

/// Starts a server with settings of its own.
fn serve(database: &TestDatabase, settings: &[(&str, &str)]) -> Program {
    let mut command = Program::serving(database);
    command.envs(settings.iter().copied());
    Program::start(command)
}

async fn register(server: &Program, name: &str, role: &str, password: &str) -> Answer {
    let body = json!({
        "email": format!("{name}@example.org"), "username": name, "password": password,
        "role": role,
    });
    server.unknown().post(REGISTER, body).await
}

async fn development_approves_at_once_and_takes_long_common_passwords_and_production_does_neither(
    database: TestDatabase,
) {
    for (profile, status, taken) in [("development", "active", 201), ("production", "pending", 422)]
    {
        let server = serve(&database, &[("MEDILINK_PROFILE", profile)]);
        let name = |role: &str| format!("{role}.{profile}");

        for role in ["doctor", "pharmacy", "coordinator"] {
            let made = register(&server, &name(role), role, PASSWORD).await.created();
            assert_eq!(made["user"]["status"], status, "{role}, {profile}");
        }
        let patient = register(&server, &name("patient"), "patient", PASSWORD).await.created();
        assert_eq!(patient["user"]["status"], "active", "{profile}");
        let common = register(&server, &name("common"), "patient", "password123").await;
        assert_eq!(common.status, taken, "{profile}");
        for password in ["password1", "12345678901", "1234567"] {
            let refused = register(&server, &name("weak"), "patient", password).await;
            assert_eq!(refused.wrong_fields(), ["password"], "{password}, {profile}");
        }
    }

    let server = serve(
        &database,
        &[("MEDILINK_PASSWORD_MIN_LENGTH", "12"), ("MEDILINK_ACCESS_TOKEN_MINUTES", "1")],
    );
    let short = register(&server, "short", "patient", "staple hors").await;
    assert_eq!(short.body["errors"]["password"], json!(["Use at least 12 characters."]));
    let made = register(&server, "long", "patient", "staple horse").await.created();
    assert_eq!(made["tokens"]["expires_in"], 60);
}

async fn a_closed_registration_lets_administrators_alone_make_users(database: TestDatabase) {
    let server = serve(&database, &[("MEDILINK_REGISTRATION", "closed")]);
    let create = ["admin", "create", "--username", "root", "--email", "root@example.org"];
    run(&database, &[&create[..], &["--password-stdin"]].concat(), Some(PASSWORD));
    let admin = server.unknown().logs_in("root", PASSWORD).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "role": "patient"});

    let refused = server.unknown().post(REGISTER, body.clone()).await.problem(403, "forbidden");
    assert!(text(&refused.body["detail"]).contains("administrator"), "{}", refused.text);
    let refused = admin.post(REGISTER, body.clone()).await;
    let _ = refused.problem(403, "forbidden");
    admin.post("/api/v1/users", body).await.created();

    server.unknown().logs_in("ada@example.org", PASSWORD).await;
}

async fn a_hash_that_was_cheaper_is_made_anew_when_its_owner_signs_in(database: TestDatabase) {
    let raw = database.raw().await;
    let hashes = async |cost: &str| {
        raw.count(&format!("SELECT count(*) FROM users WHERE password_hash LIKE '%{cost}%'")).await
    };
    let mut before = serve(&database, &[]);
    for name in ["ada", "alan"] {
        register(&before, name, "patient", PASSWORD).await.created();
    }
    assert_eq!(hashes("$argon2id$v=19$m=19456,t=2,p=1$").await, 2);
    before.kill();

    let dearer = serve(
        &database,
        &[("MEDILINK_PASSWORD_PASSES", "3"), ("MEDILINK_PASSWORD_MEMORY_MIB", "20")],
    );
    let wrong = json!({"username": "ada", "password": "not the password"});
    let _ = dearer.unknown().post(LOGIN, wrong).await.problem(401, "wrong-credentials");
    assert_eq!(hashes("m=20480,t=3,p=1$").await, 0);
    dearer.unknown().logs_in("ada", PASSWORD).await;

    assert_eq!((hashes("m=20480,t=3,p=1$").await, hashes("m=19456,t=2,p=1$").await), (1, 1));
    dearer.unknown().logs_in("ada", PASSWORD).await;
}

async fn nothing_that_signs_anybody_in_is_stored(database: TestDatabase) {
    let server = serve(&database, &[]);
    let password = "Zanzibar lemon 7 harbour";
    let registered = register(&server, "ada", "patient", password).await.with_status(201);
    let first = text(&registered.body["tokens"]["refresh"]);
    let again = json!({"refresh": first});
    let again = server.unknown().post("/api/v1/auth/refresh", again).await.ok();
    let wrong_field = json!({"username": password, "password": "x"});
    let _ = server.unknown().post(LOGIN, wrong_field).await.with_status(401);
    let change = json!({"current_password": password, "new_password": "Quokka violet 9 meadow"});
    let ada = server.unknown().with_token(&text(&again["tokens"]["access"]));
    let _ = ada.post("/api/v1/auth/password", change).await.with_status(204);
    let cookie = registered.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    let secrets = [
        password.to_owned(),
        "Quokka violet 9 meadow".to_owned(),
        text(&registered.body["tokens"]["access"]),
        text(&again["tokens"]["access"]),
        first,
        text(&again["tokens"]["refresh"]),
        cookie,
    ];

    // What is looked for is found, if it is there.
    assert!(is_stored(&database, b"ada@example.org").await);
    for secret in secrets {
        assert!(!is_stored(&database, secret.as_bytes()).await, "{secret}");
        if let Ok(bytes) = URL_SAFE_NO_PAD.decode(&secret) {
            assert!(!is_stored(&database, &bytes).await, "{secret}");
        }
    }
}

/// Looks for bytes anywhere in a database, as text or as they are.
async fn is_stored(database: &TestDatabase, sought: &[u8]) -> bool {
    if !database.is_postgres() {
        let files = ["medilink.db", "medilink.db-wal"].map(|name| database.folder().join(name));
        let mut files = files.iter().filter_map(|file| std::fs::read(file).ok());
        return files.any(|file| file.windows(sought.len()).any(|window| window == sought));
    }
    let raw = database.raw().await;
    let tables =
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let hex: Vec<_> = sought.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    let text = String::from_utf8_lossy(sought).replace('\'', "''");
    for table in raw.rows(tables).await {
        let table: String = table.try_get_by_index(0).unwrap();
        let found = format!(
            "SELECT count(*) FROM \"{table}\" AS line
            WHERE strpos(line::text, '{hex}') > 0 OR strpos(line::text, '{}') > 0",
            text.replace('\0', "")
        );
        if raw.count(&found).await > 0 {
            return true;
        }
    }
    false
}

/// Whoever skips a hash for a name that is nobody's answers in a fraction of the time. Names take turns,
/// so whatever else the machine does falls on all of them.
async fn a_wrong_password_takes_as_long_for_nobody_as_for_somebody(database: TestDatabase) {
    const ROUNDS: usize = 15;
    let server = serve(&database, &[]);
    register(&server, "ada", "patient", PASSWORD).await.created();
    let disabled = register(&server, "alan", "patient", PASSWORD).await.created();
    let raw = database.raw().await;
    raw.execute("UPDATE users SET status = 'disabled' WHERE username = 'alan'").await.unwrap();
    assert_eq!(disabled["user"]["status"], "active");
    let people = [("ada", "a guess"), ("nobody.at.all", "a guess"), ("alan", PASSWORD)];
    let nobody = server.unknown();

    let mut taken: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for ((name, password), taken) in people.iter().zip(&mut taken) {
            let began = Instant::now();
            let answer = nobody.post(LOGIN, json!({"username": name, "password": password})).await;
            taken.push(began.elapsed());
            let _ = answer.problem(401, "wrong-credentials");
        }
    }

    let [known, unknown, disabled] = taken.map(|mut taken| {
        taken.sort_unstable();
        taken[ROUNDS / 2].as_secs_f64()
    });
    for (who, other) in [("unknown", unknown), ("disabled", disabled)] {
        let ratio = other / known;
        assert!((0.67..=1.5).contains(&ratio), "{who}: {ratio:.2} of somebody known, {known:.4} s");
    }
}

#[actix_web::test]
async fn who_is_behind_a_proxy_and_which_pages_may_read_is_up_to_the_settings() {
    let database = TestDatabase::sqlite().await;
    let listed = "https://app.example.org";
    let told = [
        ("MEDILINK_PROFILE", "production"),
        ("MEDILINK_TRUSTED_PROXIES", "127.0.0.1"),
        ("MEDILINK_CORS_ALLOWED_ORIGINS", listed),
    ];

    for (settings, address, read) in
        [(&told[..], "192.0.2.7", listed), (&told[..1], "127.0.0.1", "")]
    {
        let server = serve(&database, settings);
        let headers = [("x-forwarded-for", "192.0.2.7"), ("origin", listed)];
        let body = json!({
            "email": format!("a{address}@example.org"), "password": PASSWORD, "role": "patient",
        });
        let answer = server.unknown().post_with(REGISTER, &headers, body).await.with_status(201);
        assert_eq!(answer.header("access-control-allow-origin"), read);
        let ada = server.unknown().with_token(&text(&answer.body["tokens"]["access"]));
        let sessions = ada.get("/api/v1/auth/sessions").await.ok();
        assert_eq!(sessions["items"][0]["address"], address);
        let other = [("origin", "https://evil.example.net")];
        let answer = ada.send(Method::GET, "/api/v1/auth/me", &other, None).await.with_status(200);
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

/// The database itself counts how often it has looked into a table, and by which index.
#[actix_web::test]
async fn each_request_reads_its_session_once_by_its_key() {
    const REQUESTS: i64 = 40;
    let database = TestDatabase::postgres().await;
    let mut server = serve(&database, &[]);
    let answer = register(&server, "ada", "patient", PASSWORD).await.created();
    let raw = database.raw().await;
    // As many others that a plan which walks the table would be felt.
    let copies = |table: &str, changes: &str| {
        format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(it, jsonb_build_object({changes}))).*
            FROM {table} AS it, generate_series(1, 3000) AS number"
        )
    };
    let users = "'id', gen_random_uuid(), 'username', 'u' || number, 'username_key', 'u' || number,
        'email', number || '@example.org', 'email_key', number || '@example.org'";
    raw.execute(&copies("users", users)).await.unwrap();
    let sessions = "'id', gen_random_uuid(), 'refresh_hash', '\\x' || md5(number::text) || md5('')";
    raw.execute(&copies("sessions", sessions)).await.unwrap();
    raw.execute("ANALYZE users, sessions").await.unwrap();
    // What a server has counted is told when it has ended.
    server.stop();
    let looks = async || {
        let count = async |what: &str| raw.count(&format!("SELECT {what} = 'sessions'")).await;
        [
            count("seq_scan FROM pg_stat_user_tables WHERE relname").await,
            count("coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname").await,
            count(
                "idx_scan FROM pg_stat_user_indexes
                WHERE indexrelname = 'sessions_pkey' AND relname",
            )
            .await,
        ]
    };
    let before = looks().await;

    let mut server = serve(&database, &[]);
    let ada = server.unknown().with_token(&text(&answer["tokens"]["access"]));
    for number in 0..REQUESTS {
        let path = ["/api/v1/auth/me", "/api/v1/doctors", "/api/v1/appointments"];
        ada.get(path[usize::try_from(number).unwrap() % 3]).await.ok();
    }
    server.stop();

    let after = looks().await;
    let counted: Vec<_> = before.iter().zip(&after).map(|(before, after)| after - before).collect();
    assert_eq!(counted, [0, REQUESTS, REQUESTS], "walks, seeks, and seeks by the key");
}
