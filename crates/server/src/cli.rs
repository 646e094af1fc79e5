//! The command line: verbs and flags.

use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::failure::Failure;
use crate::{admin, audit, check, demo, migrate, serve, show, telemetry};

/// A healthcare coordination backend: people, appointments, and who may see what.
#[derive(Parser)]
#[command(name = "medilink", version, after_help = "Example: medilink serve --bind 127.0.0.1:8000")]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    verb: Verb,
}

/// Settings as flags. Each wins over its `MEDILINK_` variable; the secret key has no flag, since
/// other users of a machine can read a command line.
#[derive(Args, Debug, Default)]
pub(crate) struct SettingFlags {
    /// production, or development
    #[arg(long, global = true, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// the address and port to listen on
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// how much to log: error, warn, info, debug, or a filter
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// pretty, or json
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the API.
    #[command(after_help = "Example: medilink serve --profile development --demo")]
    Serve(serve::Serve),
    /// Try MediLink out on a clinic that is forgotten when it stops.
    #[command(after_help = "Example: medilink demo --bind 127.0.0.1:8001")]
    Demo,
    /// Bring the database's schema up to date, or say how far it has come.
    #[command(subcommand, after_help = "Example: medilink migrate up")]
    Migrate(migrate::Migrate),
    /// Make administrators, and let in who is locked out.
    #[command(
        subcommand,
        after_help = "Example: medilink admin create --username ada --email ada@example.org"
    )]
    Admin(admin::Admin),
    /// Look whether the audit trail is whole.
    #[command(subcommand, after_help = "Example: medilink audit verify")]
    Audit(audit::Audit),
    /// Print the OpenAPI document.
    #[command(after_help = "Example: medilink openapi > openapi.json")]
    Openapi,
    /// Look at the settings.
    #[command(subcommand, after_help = "Example: medilink config show")]
    Config(ConfigVerb),
}

#[derive(Subcommand)]
enum ConfigVerb {
    /// Print each setting and where its value comes from.
    #[command(after_help = "Example: medilink config show --profile development")]
    Show,
    /// Say what production would refuse to start with, and what to do about it.
    #[command(after_help = "Example: medilink config check && systemctl restart medilink")]
    Check,
    /// Print an example of a `.env` file: every setting, its default and what it decides.
    #[command(after_help = "Example: medilink config example > .env")]
    Example,
}

/// Reads the command line and does what it says.
pub(crate) async fn run() -> Result<(), Failure> {
    let cli = Cli::parse();
    match cli.verb {
        Verb::Openapi => return show::openapi(),
        Verb::Config(ConfigVerb::Check) => return check::check(&cli.settings).await,
        Verb::Config(ConfigVerb::Example) => return show::example(),
        Verb::Demo => return demo::demo(cli.settings).await,
        Verb::Serve(_)
        | Verb::Migrate(_)
        | Verb::Admin(_)
        | Verb::Audit(_)
        | Verb::Config(ConfigVerb::Show) => {}
    }
    let config = Config::read(&cli.settings)?;
    telemetry::start(&config)?;
    match cli.verb {
        Verb::Serve(verb) => serve::serve(verb, config).await,
        Verb::Migrate(verb) => migrate::migrate(&verb, &config).await,
        Verb::Admin(verb) => admin::admin(verb, &config).await,
        Verb::Demo => demo::demo(cli.settings).await,
        Verb::Audit(verb) => audit::audit(verb, &config).await,
        Verb::Openapi => show::openapi(),
        Verb::Config(ConfigVerb::Show) => show::config(&config),
        Verb::Config(ConfigVerb::Check) => check::check(&cli.settings).await,
        Verb::Config(ConfigVerb::Example) => show::example(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
