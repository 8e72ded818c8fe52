//! Whoever talks to the programs that `scripts/window-peers` measures: to parlor's host by lines, to an IRC client as a server
//! that is as small as one can be.
//!
//! Both are told on standard input what to say: how many messages, and how many of them a second (0 is as fast as it goes).

use std::{
    io::{BufRead, BufReader, BufWriter, Write, stdin, stdout},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::messages;

/// Prints messages, a line each.
pub(super) fn lines() {
    let mut out = BufWriter::new(stdout().lock());
    say_as_told(
        |number| {
            if let Some(number) = number { writeln!(out, "{}", messages::text(number)) } else { out.flush() }
        },
    );
}

/// Listens on loopback, prints the port, and is an IRC server to the first who comes.
pub(super) fn irc() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let (client, _) = listener.accept().expect("a client");
    let answers = client.try_clone().expect("a second handle");
    let reader = thread::spawn(move || converse(&answers));
    let mut out = BufWriter::new(client);
    say_as_told(|number| {
        if let Some(number) = number {
            write!(out, ":Ben!ben@localhost PRIVMSG #kitchen :{}\r\n", messages::text(number))
        } else {
            out.flush()
        }
    });
    drop(out);
    let _ = reader.join();
}

/// Says what standard input asks for: a message by its number, and `None` when what was said has to be on its way.
fn say_as_told(mut say: impl FnMut(Option<u64>) -> std::io::Result<()>) {
    let mut number = 0;
    for line in stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split_whitespace().map_while(|word| word.parse::<u64>().ok());
        let (Some(count), Some(rate)) = (words.next(), words.next()) else { continue };
        let begun = Instant::now();
        for said in 0..count {
            let due = Duration::from_secs_f64(if rate == 0 { 0.0 } else { said as f64 / rate as f64 });
            thread::sleep(due.saturating_sub(begun.elapsed()));
            let is_sent = say(Some(number)).and_then(|()| if rate == 0 { Ok(()) } else { say(None) });
            if is_sent.is_err() {
                return;
            }
            number += 1;
        }
        if say(None).is_err() {
            return;
        }
    }
}

/// Answers what a client asks before it shows a channel: a welcome, the channel, and pings. RFC 2812, as little of it as goes.
fn converse(client: &TcpStream) {
    let mut out = client;
    let mut nick = String::from("*");
    for line in BufReader::new(client).lines().map_while(Result::ok) {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match command.to_ascii_uppercase().as_str() {
            "CAP" if rest.starts_with("LS") => ":here CAP * LS :\r\n".to_owned(),
            "NICK" => {
                nick = rest.trim_start_matches(':').to_owned();
                continue;
            }
            "USER" => format!(":here 001 {nick} :Welcome\r\n:here 422 {nick} :There is no message of the day\r\n"),
            "JOIN" => format!(
                ":{nick}!u@h JOIN {rest}\r\n:here 353 {nick} = {rest} :Ben Chiara {nick}\r\n:here 366 {nick} {rest} :end\r\n"
            ),
            "PING" => format!(":here PONG here {rest}\r\n"),
            "QUIT" => return,
            _ => continue,
        };
        if out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
