//! The OpenAPI document, and how everything is mounted.

mod schema;

use actix_web::body::BoxBody;
use actix_web::dev::{ResourceDef, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, web};
use medilink_application::Application;
use medilink_application::appointment::{
    AppointmentHistory, AppointmentStatistics, AppointmentView, BookingCheck,
};
use medilink_application::assignment::{AssignedDoctorView, AssignmentView};
use medilink_application::audit::{AccessView, AuditEntryView};
use medilink_application::availability::FreeTimeView;
use medilink_application::doctor::DoctorView;
use medilink_application::patient::PatientView;
use medilink_application::pharmacy::PharmacyView;
use medilink_application::session::{SessionView, SignedInView};
use medilink_application::statistics::StatisticsView;
use medilink_application::time_slot::{PublishedView, TimeSlotView};
use medilink_application::user::UserView;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document, RefOr};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;

use crate::edge::Edge;
use crate::problem::{Problem, ProblemKind};
use crate::query::Queried;
use crate::{api, docs, host, limit, middleware, responses};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "MediLink",
        description = "Healthcare coordination: people, appointments, and who may see what.\n\n\
            Register or log in, press **Authorize**, and paste the `access` token. Instants are \
            UTC (`2030-01-07T09:00:00Z`). Every failure has the shape of `Problem`, and each \
            `code` is explained under `/problems/{code}`. `RateLimit-Policy` and `RateLimit` say \
            how often you may ask, and how much of that is left.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(
        crate::problem::Details,
        AccessView,
        AppointmentHistory,
        AppointmentStatistics,
        AppointmentView,
        AssignedDoctorView,
        AssignmentView,
        AuditEntryView,
        BookingCheck,
        DoctorView,
        FreeTimeView,
        PatientView,
        PharmacyView,
        PublishedView,
        SessionView,
        SignedInView,
        StatisticsView,
        TimeSlotView,
        UserView,
    )),
    modifiers(&Bearer),
    tags(
        (name = "auth", description = "Making an account and signing in."),
        (name = "users", description = "Accounts, for administrators."),
        (name = "patients", description = "Patients' records."),
        (name = "doctors", description = "The directory of doctors."),
        (name = "pharmacies", description = "The directory of pharmacies."),
        (name = "assignments", description = "Which doctors care for which patients."),
        (name = "time slots", description = "What doctors publish of their time."),
        (name = "appointments", description = "Booking, and what becomes of it."),
        (name = "statistics", description = "The installation in figures, for administrators."),
        (name = "audit", description = "Who did, saw or was refused what, for administrators."),
        (name = "operations", description = "For those who run MediLink."),
    ),
)]
struct ApiDoc;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The `access` token of a log-in or a registration."))
            .build();
        document
            .components
            .get_or_insert_with(Components::default)
            .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Returns the OpenAPI document: exactly what is mounted.
pub fn openapi() -> Document {
    let app = App::new().into_utoipa_app().openapi(ApiDoc::openapi()).configure(api::routes);
    let mut document = app.split_for_parts().1;
    let components = document.components.get_or_insert_default();
    components.examples = responses::examples();
    components.headers = responses::headers();
    schema::name_items(components);
    name_common_headers(&mut document);
    schema::close_bodies(&mut document);
    schema::drop_orphans(&mut document);
    document
}

/// Names the headers that the layers around the handlers write.
fn name_common_headers(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let headers: &[_] = if path.starts_with("/api/") {
            &["X-Request-Id", "RateLimit", "RateLimit-Policy"]
        } else {
            &["X-Request-Id"]
        };
        for operation in operations(item) {
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    responses::name_headers(response, headers);
                }
            }
        }
    }
}

/// Returns the operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().flatten()
}

/// What the API says of itself, and what follows from that. It is made once and shared by all threads: a
/// document of utoipa takes twenty megabytes, its text one.
#[derive(Clone)]
pub struct Description {
    text: Bytes,
    methods: Data<Methods>,
    queried: Data<Queried>,
}

impl Description {
    /// Takes down what a document says.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn of(document: &Document) -> Result<Self, serde_json::Error> {
        Ok(Self {
            text: document.to_json()?.into(),
            methods: Data::new(Methods::of(document)),
            queried: Data::new(Queried::of(document)),
        })
    }
}

/// Builds the whole web application: the API, its document, Swagger UI, and what happens to every
/// request on its way in and out. All copies of it count requests together: they share the edge.
pub fn app(
    application: Data<Application>,
    edge: Data<Edge>,
    description: Description,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    // The layers, the innermost first. Whatever a layer answers gets the headers of those around
    // it, so that a browser can read a refusal, too.
    let app = App::new()
        .wrap(from_fn(middleware::catch))
        .wrap(from_fn(limit::count))
        .wrap(from_fn(host::refuse_foreign))
        .wrap(edge.allowed_origins.cors())
        .wrap(from_fn(middleware::handle));
    app.configure(|config| {
        let Description { text, methods, queried } = description;
        config.app_data(application).app_data(edge);
        methods.guard_fixed_paths(config);
        api::routes(&mut utoipa_actix_web::service_config::ServiceConfig::new(config));
        docs::routes(config, text);
        config
            .route("/", web::get().to(index))
            .app_data(methods)
            .app_data(queried)
            .default_service(web::to(nothing_here));
    })
}

/// A small page for whoever opens the address in a browser.
async fn index() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(
        "<!doctype html><html lang=\"en\"><title>MediLink</title><h1>MediLink</h1><ul>\
         <li><a href=\"/docs/\">Swagger UI</a>: explore and try the API\
         <li><a href=\"/openapi.json\">openapi.json</a>: its description for tools\
         <li><a href=\"/health/ready\">/health/ready</a>: whether all is well</ul></html>",
    )
}

/// Answers what no route does: 405 where another method would be answered, else 404.
async fn nothing_here(
    request: HttpRequest,
    methods: Data<Methods>,
) -> Result<HttpResponse, Problem> {
    let allowed = methods.at(request.path());
    if allowed.is_empty() {
        return Err(Problem::new(ProblemKind::NOT_FOUND, "There is nothing at this address."));
    }
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header(("Allow", allowed)).finish());
    }
    Err(Problem::plain(ProblemKind::METHOD_NOT_ALLOWED).allowing(allowed))
}

/// Which methods are answered where: paths without parameters before those with them.
struct Methods(Vec<Answering>);

/// A path, and the methods that are answered there.
struct Answering {
    path: String,
    pattern: ResourceDef,
    methods: Vec<&'static str>,
}

impl Methods {
    fn of(document: &Document) -> Self {
        let pages = ["/", "/docs", "/docs/", "/docs/{file}", "/openapi.json"];
        let pages = pages.map(|page| Answering::new(page, vec!["GET", "HEAD"]));
        let operations = document.paths.paths.iter();
        let operations = operations.map(|(path, item)| Answering::new(path, answered(item)));
        let mut all: Vec<_> = operations.chain(pages).collect();
        all.sort_by_key(|it| !it.is_fixed());
        Self(all)
    }

    /// Returns the methods that are answered at a path, as `Allow` lists them.
    fn at(&self, path: &str) -> String {
        let found = self.0.iter().find(|it| it.pattern.is_match(path));
        found.map(|it| it.methods.join(", ")).unwrap_or_default()
    }

    /// Keeps what asks for a fixed path by a method that it does not answer away from the routes with a
    /// parameter in its place: `PATCH /time-slots/bulk` names no time slot.
    fn guard_fixed_paths(&self, config: &mut ServiceConfig) {
        let is_taken_for_another =
            |path: &str| self.0.iter().any(|it| !it.is_fixed() && it.pattern.is_match(path));
        for it in self.0.iter().filter(|it| it.is_fixed() && is_taken_for_another(&it.path)) {
            let methods = it.methods.clone();
            let is_other = move |context: &GuardContext<'_>| {
                !methods.contains(&context.head().method.as_str())
            };
            config.service(web::resource(&*it.path).guard(fn_guard(is_other)).to(nothing_here));
        }
    }
}

impl Answering {
    fn new(path: &str, methods: Vec<&'static str>) -> Self {
        Self { path: path.to_owned(), pattern: ResourceDef::new(path), methods }
    }

    fn is_fixed(&self) -> bool {
        !self.path.contains('{')
    }
}

fn answered(item: &PathItem) -> Vec<&'static str> {
    let methods = [
        ("GET", item.get.is_some()),
        ("HEAD", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ];
    methods.into_iter().filter(|(_, is_answered)| *is_answered).map(|(name, _)| name).collect()
}
