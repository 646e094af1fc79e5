//! The program starts. That it is tested here makes cargo build it together with all other tests,
//! which run it as a process of its own.

use std::process::Command;

#[test]
fn the_program_says_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_medilink")).arg("--version").output().unwrap();

    assert!(output.status.success());
    let version = concat!("medilink ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), version);
}
