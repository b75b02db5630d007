//! Prints the SHA-256 of every drawing of the table in `tests/models/table.rs`. Built for WASI it shows
//! that a component draws the same bytes as the native tests.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../tests/models/table.rs"]
mod table;

fn main() {
    for case in table::cases() {
        println!("{}", table::line(&case));
    }
}
