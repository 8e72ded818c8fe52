//! The program: parse, run, exit code. All else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    parlor::cli::run(std::env::args_os().skip(1)).into()
}
