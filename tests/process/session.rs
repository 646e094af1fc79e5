//! Sessions across instances, and across a restart.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Answer, Person, Program, TestDatabase, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases! {
    what_ends_a_session_acts_on_every_instance_and_after_a_restart,
    of_twenty_refreshes_on_two_instances_one_lineage_lives,
    failed_attempts_are_counted_on_all_instances_together,
    keys_are_changed_without_signing_anybody_out,
}

const ME: &str = "/api/v1/auth/me";

async fn register(server: &Program, name: &str) -> (Person, String) {
    let body = json!({
        "email": format!("{name}@example.org"), "username": name, "password": PASSWORD,
        "role": "patient",
    });
    let answer = server.unknown().post("/api/v1/auth/register", body).await.created();
    signed_in(server, &answer)
}

fn signed_in(server: &Program, answer: &Value) -> (Person, String) {
    let mut person = server.unknown().with_token(&text(&answer["tokens"]["access"]));
    person.user = answer["user"].clone();
    (person, text(&answer["tokens"]["refresh"]))
}

async fn log_in(server: &Program, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    server.unknown().post("/api/v1/auth/login", body).await
}

async fn refresh(base: &str, token: &str) -> Answer {
    Person::unknown(base).post("/api/v1/auth/refresh", json!({"refresh": token})).await
}

async fn what_ends_a_session_acts_on_every_instance_and_after_a_restart(database: TestDatabase) {
    let (one, mut other) = (Program::serve(&database), Program::serve(&database));
    let (patient, _) = register(&one, "ada").await;
    let raw = database.raw().await;

    let mut ended = Vec::new();
    for how in ["log out", "log out everywhere", "password", "disabled"] {
        let (person, token) = signed_in(&one, &log_in(&one, "ada", PASSWORD).await.ok());
        let elsewhere = person.at(other.base());
        elsewhere.get(ME).await.ok();
        let path = "/api/v1/auth/sessions";
        match how {
            "log out" => {
                let answer = person.post("/api/v1/auth/logout", json!({})).await;
                let _ = answer.with_status(204);
            }
            "log out everywhere" => {
                let _ = person.send(Method::DELETE, path, &[], None).await.with_status(204);
            }
            "password" => {
                // Somebody else's new password leaves this one without a session.
                let (at_home, _) = signed_in(&one, &log_in(&one, "ada", PASSWORD).await.ok());
                let body = json!({"current_password": PASSWORD, "new_password": "staple battery"});
                let _ = at_home.post("/api/v1/auth/password", body).await.with_status(204);
                let back = json!({"current_password": "staple battery", "new_password": PASSWORD});
                let _ = at_home.post("/api/v1/auth/password", back).await.with_status(204);
            }
            _ => {
                raw.execute("UPDATE users SET status = 'disabled'").await.unwrap();
            }
        }
        let _ = elsewhere.get(ME).await.problem(401, "authentication-required");
        let _ = refresh(other.base(), &token).await.problem(401, "refresh-token-refused");
        ended.push(person);
    }
    raw.execute("UPDATE users SET status = 'active'").await.unwrap();

    other.kill();
    let again = Program::serve(&database);
    // Being disabled ended no session by itself here, for it was written past the program.
    for person in &ended[..3] {
        let _ = person.at(again.base()).get(ME).await.problem(401, "authentication-required");
    }
    raw.execute("UPDATE users SET role = 'coordinator'").await.unwrap();
    let (person, _) = signed_in(&again, &log_in(&again, "ada", PASSWORD).await.ok());
    assert_eq!(person.get(ME).await.ok()["role"], "coordinator");
    assert_ne!(patient.user["role"], "coordinator");
}

async fn of_twenty_refreshes_on_two_instances_one_lineage_lives(database: TestDatabase) {
    let servers = [Program::serve(&database), Program::serve(&database)];
    let (_, token) = register(&servers[0], "ada").await;

    let at_once = (0..20).map(|number| refresh(servers[number % 2].base(), &token));
    let answers = futures_util::future::join_all(at_once).await;

    let next: Vec<_> =
        answers.into_iter().map(|answer| text(&answer.ok()["tokens"]["refresh"])).collect();
    assert!(next.iter().all(|token| *token == next[0]), "they are all of one lineage");
    let last = refresh(servers[1].base(), &next[0]).await.ok();
    refresh(servers[0].base(), &text(&last["tokens"]["refresh"])).await.ok();
    // Now the first one has a successor that was used: whoever presents it is a thief.
    let _ = refresh(servers[1].base(), &token).await.problem(401, "refresh-token-refused");
    let raw = database.raw().await;
    let open = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(raw.count(open).await, 0);
}

async fn failed_attempts_are_counted_on_all_instances_together(database: TestDatabase) {
    let serve = || {
        let mut command = Program::command(&database);
        command.env("MEDILINK_RATE_LIMITS", "on").args(["serve", "--bind", "127.0.0.1:0"]);
        Program::start(command)
    };
    let servers = [serve(), serve()];
    register(&servers[0], "ada").await;

    let at_once = (0..24).map(|number| log_in(&servers[number % 2], "ada", "a guess"));
    let answers = futures_util::future::join_all(at_once).await;

    let made = answers.iter().filter(|answer| answer.status == 401).count();
    // Hashes take time: after the first second another attempt or two may be due.
    assert!((5..=8).contains(&made), "{made}");
    assert!(answers.iter().all(|answer| [401, 429].contains(&answer.status)));
}

async fn keys_are_changed_without_signing_anybody_out(database: TestDatabase) {
    const OLD: &str = "a key of processes under test 0123456789";
    const NEW: &str = "one more key of processes 9876543210 abc";
    let serve = |key: &str, also: &str| {
        let mut command = Program::command(&database);
        command.env("MEDILINK_SECRET_KEY", key).env("MEDILINK_SECRET_KEY_ALSO_VALID", also);
        command.args(["serve", "--bind", "127.0.0.1:0"]);
        Program::start(command)
    };
    let before = serve(OLD, NEW);
    let (patient, token) = register(&before, "ada").await;
    let answered = refresh(before.base(), &token).await.ok();

    let during = serve(NEW, OLD);
    patient.at(during.base()).get(ME).await.ok();
    // An answer that was lost on the way is given again, though another key signs by now.
    let repeated = refresh(during.base(), &token).await.ok();
    assert_eq!(repeated["tokens"]["refresh"], answered["tokens"]["refresh"]);
    let fresh = patient.with_token(&text(&repeated["tokens"]["access"]));
    fresh.at(before.base()).get(ME).await.ok();

    let after = serve(NEW, "");
    fresh.at(after.base()).get(ME).await.ok();
    let old = patient.at(after.base()).get(ME).await;
    let _ = old.problem(401, "authentication-required");
}
