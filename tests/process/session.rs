//! Sessions across instances, and across a restart.

use medilink_tests::app::PASSWORD;
use medilink_tests::person::text;
use medilink_tests::{Answer, Person, Program, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use super::command_line::run;

on_both_databases! {
    what_ends_a_session_acts_on_every_instance_and_after_a_restart,
    whoever_is_disabled_is_out_on_every_instance_and_after_a_restart,
    another_role_holds_on_every_instance_and_after_a_restart,
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

/// Makes an administrator, as an operator does, and signs them in.
async fn an_admin(database: &TestDatabase, server: &Program) -> Person {
    let create = ["admin", "create", "--username", "root", "--email", "root@example.org"];
    run(database, &[&create[..], &["--password-stdin"]].concat(), Some(PASSWORD));
    server.unknown().logs_in("root", PASSWORD).await
}

/// Shows that a session is over at a server, whichever of its tokens is presented.
async fn is_over(person: &Person, token: &str, server: &Program) {
    let refused = person.at(server.base()).get(ME).await;
    let _ = refused.problem(401, "authentication-required");
    let _ = refresh(server.base(), token).await.problem(401, "refresh-token-refused");
}

async fn what_ends_a_session_acts_on_every_instance_and_after_a_restart(database: TestDatabase) {
    let (mut one, mut other) = (Program::serve(&database), Program::serve(&database));
    let admin = an_admin(&database, &one).await;
    let ways = [
        "log out",
        "log out with the refresh token",
        "end this session",
        "end all sessions",
        "an administrator ends it",
        "an administrator ends them all",
        "another password, chosen elsewhere",
        "another password, given by an operator",
        "a refresh token that comes back",
    ];

    let mut ended = Vec::new();
    for (number, how) in ways.into_iter().enumerate() {
        let name = format!("ada{number}");
        register(&one, &name).await;
        let (person, token) = signed_in(&one, &log_in(&one, &name, PASSWORD).await.ok());
        let elsewhere = person.at(other.base());
        elsewhere.get(ME).await.ok();

        end(how, (&database, &one, &admin), &person, &token).await;

        is_over(&person, &token, &other).await;
        is_over(&person, &token, &one).await;
        ended.push((person, token));
    }

    one.kill();
    other.kill();
    let again = Program::serve(&database);
    for (person, token) in &ended {
        is_over(person, token, &again).await;
    }
    admin.at(again.base()).get(ME).await.ok();
}

/// Ends a session at one server, in one of the ways.
async fn end(
    how: &str,
    (database, server, admin): (&TestDatabase, &Program, &Person),
    person: &Person,
    token: &str,
) {
    const OWN: &str = "/api/v1/auth/sessions";
    const LOGOUT: &str = "/api/v1/auth/logout";
    let name = text(&person.user["username"]);
    let session = async || {
        let sessions = person.get(OWN).await.ok();
        let current = sessions["items"].as_array().unwrap().iter();
        text(&current.clone().find(|session| session["is_current"] == true).unwrap()["id"])
    };
    let answer = match how {
        "log out" => person.post(LOGOUT, json!({})).await,
        "log out with the refresh token" => {
            server.unknown().post(LOGOUT, json!({"refresh": token})).await
        }
        "end this session" => person.delete(&format!("{OWN}/{}", session().await)).await,
        "end all sessions" => person.delete(OWN).await,
        "an administrator ends it" => admin.delete(&format!("{OWN}/{}", session().await)).await,
        "an administrator ends them all" => {
            admin.delete(&format!("/api/v1/users/{}/sessions", person.user_id())).await
        }
        "another password, chosen elsewhere" => {
            let (elsewhere, _) = signed_in(server, &log_in(server, &name, PASSWORD).await.ok());
            let change = json!({"current_password": PASSWORD, "new_password": "staple battery"});
            elsewhere.post("/api/v1/auth/password", change).await
        }
        "another password, given by an operator" => {
            let reset = ["admin", "reset-password", "--username", &name, "--password-stdin"];
            let done = run(database, &reset, Some("staple battery"));
            assert!(done.status.success());
            return;
        }
        _ => {
            let next = refresh(server.base(), token).await.ok();
            refresh(server.base(), &text(&next["tokens"]["refresh"])).await.ok();
            // Its successor was used: whoever presents it now has a copy.
            let _ = refresh(server.base(), token).await.problem(401, "refresh-token-refused");
            return;
        }
    };
    let _ = answer.with_status(204);
}

async fn whoever_is_disabled_is_out_on_every_instance_and_after_a_restart(database: TestDatabase) {
    let (mut one, mut other) = (Program::serve(&database), Program::serve(&database));
    let admin = an_admin(&database, &one).await;
    let (person, token) = register(&one, "ada").await;
    person.at(other.base()).get(ME).await.ok();
    let path = |action: &str| format!("/api/v1/users/{}/{action}", person.user_id());

    admin.post(&path("disable"), json!({})).await.ok();

    let refused = async |server: &Program| {
        is_over(&person, &token, server).await;
        let refused = log_in(server, "ada", PASSWORD).await;
        let _ = refused.problem(401, "wrong-credentials");
    };
    refused(&other).await;
    refused(&one).await;
    one.kill();
    other.kill();
    let again = Program::serve(&database);
    refused(&again).await;
    admin.at(again.base()).post(&path("enable"), json!({})).await.ok();
    log_in(&again, "ada", PASSWORD).await.ok();
    // What was ended stays ended.
    is_over(&person, &token, &again).await;
}

async fn another_role_holds_on_every_instance_and_after_a_restart(database: TestDatabase) {
    const USERS: &str = "/api/v1/users";
    let (mut one, mut other) = (Program::serve(&database), Program::serve(&database));
    let admin = an_admin(&database, &one).await;
    let (person, token) = register(&one, "ada").await;
    let elsewhere = person.at(other.base());
    let change = async |admin: &Person, role: &str| {
        let path = format!("{USERS}/{}", person.user_id());
        admin.patch(&path, json!({"role": role})).await.ok();
    };
    let _ = elsewhere.get(USERS).await.problem(403, "forbidden");

    change(&admin, "admin").await;
    assert_eq!(elsewhere.get(ME).await.ok()["role"], "admin");
    elsewhere.get(USERS).await.ok();

    // The token still says that its bearer is what they were when it was made.
    change(&admin, "coordinator").await;
    let _ = elsewhere.get(USERS).await.problem(403, "forbidden");
    let fresh = refresh(other.base(), &token).await.ok();
    let fresh = person.with_token(&text(&fresh["tokens"]["access"]));

    one.kill();
    other.kill();
    let again = Program::serve(&database);
    for token in [&person, &fresh] {
        let person = token.at(again.base());
        assert_eq!(person.get(ME).await.ok()["role"], "coordinator");
        let _ = person.get(USERS).await.problem(403, "forbidden");
    }
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
