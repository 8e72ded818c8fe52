//! Puts a chat server under load: many members in one process, of whom some speak, and every message that each of them gets is
//! checked. Prints one line of JSON with what that took, of the server's processor and memory, too, as the system tells it.
//!
//! One thread does it all, so that it takes a known share of the machine. `scripts/peers` starts it with its servers.
//!
//! - `run`: from an empty room to the figures
//! - `plan`: what was asked for
//! - `member`: one member's tasks
//! - `tally`: each message once for each member, all in one order, and how long it took
//! - `body`: what is said, so that it can be checked
//! - `speaker`: the languages of the servers
//! - `link`, `trust`, `provider`: a connection of any transport
//! - `process`: what the server has used
//! - `report`: the figures

mod body;
mod link;
mod member;
mod plan;
mod process;
#[path = "../limit/provider.rs"]
mod provider;
mod report;
mod run;
mod speaker;
mod tally;
mod trust;

use std::process::ExitCode;

use argh::FromArgs;
use tokio::{runtime::Builder, task::LocalSet};

use self::{
    plan::{Language, Plan},
    speaker::{Irc, Limit, Mqtt, Mumble, Nats, Parlor},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if arguments.is_empty() {
        eprintln!("usage: load --help (scripts/peers starts it)");
        return ExitCode::SUCCESS;
    }
    let plan = match Plan::from_args(&["load"], &arguments) {
        Ok(plan) => plan,
        Err(early) => {
            eprintln!("{}", early.output);
            return if early.status.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let report = runtime.block_on(LocalSet::new().run_until(async {
        match plan.speak {
            Language::Parlor => run::run::<Parlor>(plan).await,
            Language::Limit => run::run::<Limit>(plan).await,
            Language::Irc => run::run::<Irc>(plan).await,
            Language::Nats => run::run::<Nats>(plan).await,
            Language::Mqtt => run::run::<Mqtt>(plan).await,
            Language::Mumble => run::run::<Mumble>(plan).await,
        }
    }));
    match report {
        Ok(report) => {
            println!("{}", serde_json::to_string(&report).expect("figures"));
            if report.is_valid { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
