//! From what was typed to what is valid, once.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use super::{doctor::Examination, log::Log, typed};
use crate::{
    host::{self, Keep, Save},
    identity::{DEFAULT_PORT, DataDir, Name, RoomName},
    reach::doctor::Question,
    session::{self, Consent, Target, Way},
    transport::{Kind, Proxy},
    wire::limits,
};

/// What the program is to do.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) data_dir: DataDir,
    pub(super) log: Option<Log>,
    pub(super) task: Task,
}

#[derive(Debug)]
pub(super) enum Task {
    /// A window in which to choose, and what to fill in as the place to join.
    Choose(#[cfg_attr(not(feature = "gui"), expect(dead_code, reason = "only a window can be filled in"))] String),
    Host(host::Options, Front),
    Join(session::Options, Front),
    /// The rooms that are announced, as JSON or for a person.
    ListRooms {
        json: bool,
    },
    ListHosts,
    ForgetHost(String),
    ShowId,
    Examine(Examination),
}

/// Where the conversation is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Front {
    /// `named` is whether a name was typed, which goes before one that the window remembers.
    Window {
        named: bool,
    },
    Console {
        json: bool,
    },
}

impl Request {
    /// Makes sense of what was typed. `can_ask` says whether a person sits at the terminal.
    ///
    /// # Errors
    ///
    /// What does not make sense, and what would.
    pub(super) fn new(typed: typed::Parlor, can_ask: bool) -> Result<Self, String> {
        let (mut log, mut level) = (typed.log, typed.log_level);
        let (own_dir, task) = match typed.command {
            None => (None, Task::Choose(String::new())),
            Some(typed::Command::Host(mut host)) => {
                (log, level) = (host.log.take().or(log), host.log_level.take().or(level));
                (host.data_dir.take(), host_task(host)?)
            }
            Some(typed::Command::Join(mut join)) => {
                (log, level) = (join.log.take().or(log), join.log_level.take().or(level));
                (join.data_dir.take(), join_task(join, can_ask)?)
            }
            Some(typed::Command::Open(mut open)) => {
                (log, level) = (open.log.take().or(log), open.log_level.take().or(level));
                (open.data_dir, Task::Choose(open.invite.unwrap_or_default()))
            }
            Some(typed::Command::Rooms(rooms)) => {
                (log, level) = (rooms.log.or(log), rooms.log_level.or(level));
                (rooms.data_dir, Task::ListRooms { json: rooms.json })
            }
            Some(typed::Command::Hosts(typed::Hosts { command: None, data_dir })) => (data_dir, Task::ListHosts),
            Some(typed::Command::Hosts(typed::Hosts { command: Some(command), data_dir })) => {
                let typed::HostsCommand::Forget(typed::Forget { who, data_dir: last }) = command;
                (last.or(data_dir), Task::ForgetHost(who))
            }
            Some(typed::Command::Id(typed::Id { data_dir })) => (data_dir, Task::ShowId),
            Some(typed::Command::Doctor(mut doctor)) => {
                (log, level) = (doctor.log.take().or(log), doctor.log_level.take().or(level));
                (doctor.data_dir.take(), doctor_task(&doctor)?)
            }
        };
        let chosen = own_dir.or(typed.data_dir).map(PathBuf::from);
        let data_dir = DataDir::resolve(chosen).map_err(|error| error.to_string())?;
        let log = Log::new(log, level.as_deref())?;
        Ok(Self { data_dir, log, task })
    }
}

fn host_task(typed: typed::Host) -> Result<Task, String> {
    let front = front(typed.console, typed.json, typed.name.is_some());
    let name = name(typed.name)?;
    let save = match (typed.save, typed.keep) {
        (Some(path), _) if path.is_empty() => return Err("--save names no file: write its path after it.".to_owned()),
        (Some(path), kept) => {
            let keep = kept.as_deref().map(keep).transpose()?.unwrap_or_default();
            Some(Save { path: path.into(), sync: typed.save_sync, keep })
        }
        (None, None) if !typed.save_sync => None,
        (None, _) => return Err("--save-sync and --keep say how a room is saved: name a file with --save.".to_owned()),
    };
    let options = host::Options {
        room: typed.room.as_deref().map(room_name).transpose()?,
        name,
        save,
        port: typed.port.unwrap_or(DEFAULT_PORT),
        bind: bind(typed.bind)?,
        encrypted: typed.quic || !typed.tcp,
        plain: typed.tcp,
        map_port: typed.map_port,
        announce: !typed.no_announce,
    };
    Ok(Task::Host(options, front))
}

fn join_task(typed: typed::Join, can_ask: bool) -> Result<Task, String> {
    let port = typed.port.unwrap_or(DEFAULT_PORT);
    if port == 0 {
        return Err("--port 0 is nowhere to join; leave it out, or give the host's port.".to_owned());
    }
    let mut target = Target::parse(&typed.place, typed.fingerprint.as_deref(), port).map_err(|e| e.to_string())?;
    // The name in an invite tells a person where they go; only --room makes it a condition.
    target.room = typed.room.as_deref().map(room_name).transpose()?;
    let way = match (typed.tcp, typed.transport.as_deref()) {
        (false, None) => Way::Encrypted,
        (false, Some("quic")) => Way::Only(Kind::Quic),
        (false, Some("tls")) => Way::Only(Kind::Tls),
        (true, None) => Way::Plain,
        (true, Some(_)) => return Err("--tcp and --transport contradict each other: choose one.".to_owned()),
        (false, Some(other)) => return Err(format!("--transport takes quic or tls, not “{other}”.")),
    };
    if way == Way::Plain && target.fingerprint.is_some() {
        let why =
            "Plain TCP cannot prove whose key it is, so --tcp cannot keep what a fingerprint or an invite asks for.";
        return Err(format!("{why} Leave --tcp out."));
    }
    let proxy: Option<Proxy> =
        typed.proxy.as_deref().map(str::parse).transpose().map_err(|why| format!("--proxy: {why}."))?;
    if proxy.is_some() && way == Way::Only(Kind::Quic) {
        return Err("QUIC cannot go through a SOCKS5 proxy: leave out --proxy, or take --transport tls.".to_owned());
    }
    let front = front(typed.console, typed.json, typed.name.is_some());
    let ask = match front {
        Front::Window { .. } => Consent::Ask,
        Front::Console { json: false } if can_ask => Consent::Ask,
        Front::Console { .. } => Consent::Withheld,
    };
    let plaintext = match typed.fallback.as_deref() {
        Some("plain") => Consent::Given,
        Some(other) => return Err(format!("--fallback takes plain, not “{other}”.")),
        // A terminal is told how to ask for it; only the window asks by itself.
        None if matches!(front, Front::Window { .. }) => Consent::Ask,
        None => Consent::Withheld,
    };
    let options = session::Options {
        target,
        name: name(typed.name)?,
        way,
        first_contact: if typed.accept_new { Consent::Given } else { ask },
        plaintext,
        bind: bind(typed.bind)?,
        proxy,
    };
    Ok(Task::Join(options, front))
}

fn doctor_task(typed: &typed::Doctor) -> Result<Task, String> {
    let port = typed.port.unwrap_or(DEFAULT_PORT);
    if port == 0 {
        return Err("--port 0 is no room's; leave it out, or give the one that the host's window shows.".to_owned());
    }
    let question = match (&typed.place, &typed.fingerprint) {
        (Some(place), fingerprint) => {
            let target = Target::parse(place, fingerprint.as_deref(), port).map_err(|error| error.to_string())?;
            if target.addresses.is_empty() {
                return Err(format!(
                    "“{place}” is no address. If it is a room's name, parlor rooms tells where that is: give one of its addresses."
                ));
            }
            Some(Question { addresses: target.addresses, fingerprint: target.fingerprint })
        }
        (None, Some(_)) => return Err("--fingerprint is a host's: give its address, too.".to_owned()),
        (None, None) => None,
    };
    Ok(Task::Examine(Examination { question, port, json: typed.json }))
}

fn front(console: bool, json: bool, named: bool) -> Front {
    if console || json { Front::Console { json } } else { Front::Window { named } }
}

fn name(typed: Option<String>) -> Result<Name, String> {
    match typed {
        Some(name) => name.parse().map_err(|error| format!("--name: {error}")),
        None => Ok(Name::default_name()),
    }
}

fn room_name(typed: &str) -> Result<RoomName, String> {
    typed.parse().map_err(|error| format!("--room: {error}"))
}

/// How much of a saved room is kept: a number of entries, or a time in days or hours.
fn keep(typed: &str) -> Result<Keep, String> {
    let (digits, unit) = typed.split_at(typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len()));
    let seconds = match unit {
        "" => None,
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        _ => return Err(wrong_keep(typed)),
    };
    let number = digits.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(|| wrong_keep(typed))?;
    match seconds {
        None if u64::from(number) > limits::SAVED_ENTRIES => {
            Err(format!("--keep: {} entries are the most that a room can keep.", limits::SAVED_ENTRIES))
        }
        None => Ok(Keep { entries: number.into(), ..Keep::default() }),
        Some(seconds) => Ok(Keep { age: Some(Duration::from_secs(u64::from(number) * seconds)), ..Keep::default() }),
    }
}

fn wrong_keep(typed: &str) -> String {
    format!("--keep takes a time such as 30d or 12h, or a number of entries such as 10000, not “{typed}”.")
}

fn bind(typed: Option<String>) -> Result<Option<IpAddr>, String> {
    let parse = |ip: String| ip.parse().map_err(|_| format!("--bind takes an IP address of this machine, not “{ip}”."));
    typed.map(parse).transpose()
}
