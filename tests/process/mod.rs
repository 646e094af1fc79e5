//! The program as an operator runs it: two at once, killed in the middle, told to stop.

mod account;
mod assignment;
mod audit;
mod canary;
mod command_line;
mod config;
mod history;
mod kill;
mod race;
mod rights;
mod session;
mod start;
mod storm;
