//! The yardstick of the benchmark: plain text over HTTP, and nothing else.

use std::io::Write;

use actix_web::{App, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().route("/", web::get().to(|| async { "ok" })));
    let server = server.bind("127.0.0.1:0")?;
    for address in server.addrs() {
        writeln!(std::io::stdout(), "http://{address}")?;
    }
    server.run().await
}
