//! The rights in PostgreSQL that the program needs.

use medilink_domain::policy::{Access, permits};
use medilink_tests::{LeastRights, TestApp};

use super::cast::{Cast, Persona};
use super::operation::OPERATIONS;

/// Whoever grants what docs/audit.md says has granted enough for every operation.
#[actix_web::test]
async fn every_operation_is_done_with_the_rights_that_the_page_gives() {
    let rights = LeastRights::granted().await;
    let cast = Cast::of(TestApp::on(rights.program()).await).await;

    for operation in OPERATIONS {
        let may = |persona: &&Persona| {
            let relations = persona.relations(operation).into_iter();
            let access =
                relations.map(|relation| permits(persona.role, operation.action, relation));
            access.max() == Some(Access::Allow)
        };
        let persona = cast.people.iter().find(may).expect(operation.name);
        let status = cast.tries(&persona.person, operation, &persona.patient).await;
        assert!((200..300).contains(&status), "{}, {}: {status}", persona.name, operation.name);
    }

    drop(cast);
    rights.revoke().await;
}
