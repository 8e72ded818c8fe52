//! What was typed. Nothing here says whether it makes sense.

use argh::FromArgs;

/// Encrypted chat for the people on one network: one hosts a room, the others join it, and they talk.
/// Without a command, a window opens in which to do either.
#[derive(Debug, FromArgs)]
pub(super) struct Parlor {
    /// print the version
    #[argh(switch)]
    pub(super) version: bool,

    /// write what happens to connections into this file; what people write is never in it
    #[argh(option, arg_name = "file")]
    pub(super) log: Option<String>,

    /// how much of it: error, warn, info, debug or trace; info unless given
    #[argh(option, arg_name = "level")]
    pub(super) log_level: Option<String>,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,

    #[argh(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, FromArgs)]
#[argh(subcommand)]
pub(super) enum Command {
    Host(Host),
    Join(Join),
    Open(Open),
    Rooms(Rooms),
    Hosts(Hosts),
    Id(Id),
}

/// Host a room. Others join it with the invite that is shown.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "host")]
pub(super) struct Host {
    /// serve QUIC, and TLS for those whom UDP does not reach: the default
    #[argh(switch)]
    pub(super) quic: bool,

    /// serve plain TCP, which everybody on the way can read; with --quic, both
    #[argh(switch)]
    pub(super) tcp: bool,

    /// your name in the room
    #[argh(option)]
    pub(super) name: Option<String>,

    /// the room's name
    #[argh(option)]
    pub(super) room: Option<String>,

    /// the port, for all transports: 7275 unless given; 0 takes any that is free
    #[argh(option)]
    pub(super) port: Option<u16>,

    /// listen on this address of the machine only
    #[argh(option, arg_name = "ip")]
    pub(super) bind: Option<String>,

    /// do not announce the room on the network: others do not see it in their lists, and join with the invite
    #[argh(switch)]
    pub(super) no_announce: bool,

    /// keep what is said in this file, and go on with the room that is in it; everybody in the room is told so
    #[argh(option, arg_name = "file")]
    pub(super) save: Option<String>,

    /// with --save: let nobody hear anything before it is on the disk, so that nothing is lost when the power fails
    #[argh(switch)]
    pub(super) save_sync: bool,

    /// with --save: keep only so much, such as 30d (days), 12h or 10000 (entries); what is older is erased
    #[argh(option, arg_name = "how-much")]
    pub(super) keep: Option<String>,

    /// stay in the terminal
    #[argh(switch)]
    pub(super) console: bool,

    /// stay in the terminal, and print one JSON object a line: for scripts and bots
    #[argh(switch)]
    pub(super) json: bool,

    /// write what happens to connections into this file; what people write is never in it
    #[argh(option, arg_name = "file")]
    pub(super) log: Option<String>,

    /// how much of it: error, warn, info, debug or trace; info unless given
    #[argh(option, arg_name = "level")]
    pub(super) log_level: Option<String>,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}

/// Join a room by its invite, its address or its name.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "join")]
pub(super) struct Join {
    /// an invite (parlor://…), the host's address, with or without a port, or the name of a room on this network
    #[argh(positional, arg_name = "place")]
    pub(super) place: String,

    /// the host's fingerprint, in whatever form you got it
    #[argh(option)]
    pub(super) fingerprint: Option<String>,

    /// on first contact, trust whatever key answers, without asking
    #[argh(switch)]
    pub(super) accept_new: bool,

    /// use only this encrypted transport: quic or tls
    #[argh(option)]
    pub(super) transport: Option<String>,

    /// plain TCP, which everybody on the way can read; refused for a host whose key you have
    #[argh(switch)]
    pub(super) tcp: bool,

    /// plain: when nothing encrypted gets through to a host whose key you do not have, go on in plain TCP
    #[argh(option, arg_name = "how")]
    pub(super) fallback: Option<String>,

    /// your name in the room
    #[argh(option)]
    pub(super) name: Option<String>,

    /// the room you expect there; another one is not joined
    #[argh(option)]
    pub(super) room: Option<String>,

    /// the port, if the address has none: 7275 unless given
    #[argh(option)]
    pub(super) port: Option<u16>,

    /// dial from this address of the machine
    #[argh(option, arg_name = "ip")]
    pub(super) bind: Option<String>,

    /// connect through this SOCKS5 proxy, which also looks up names: socks5://[name:password@]host:port; QUIC is not tried then
    #[argh(option, arg_name = "url")]
    pub(super) proxy: Option<String>,

    /// stay in the terminal
    #[argh(switch)]
    pub(super) console: bool,

    /// stay in the terminal, and print one JSON object a line: for scripts and bots
    #[argh(switch)]
    pub(super) json: bool,

    /// write what happens to connections into this file; what people write is never in it
    #[argh(option, arg_name = "file")]
    pub(super) log: Option<String>,

    /// how much of it: error, warn, info, debug or trace; info unless given
    #[argh(option, arg_name = "level")]
    pub(super) log_level: Option<String>,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}

/// Open the window, with an invite filled in if one is given. Nothing is joined before a person says so: this is what a click on a
/// parlor: link does.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "open")]
pub(super) struct Open {
    /// an invite (parlor://…)
    #[argh(positional)]
    pub(super) invite: Option<String>,

    /// write what happens to connections into this file; what people write is never in it
    #[argh(option, arg_name = "file")]
    pub(super) log: Option<String>,

    /// how much of it: error, warn, info, debug or trace; info unless given
    #[argh(option, arg_name = "level")]
    pub(super) log_level: Option<String>,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}

/// List the rooms that are announced on this network.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "rooms")]
pub(super) struct Rooms {
    /// print one JSON object a line
    #[argh(switch)]
    pub(super) json: bool,

    /// write what happens into this file
    #[argh(option, arg_name = "file")]
    pub(super) log: Option<String>,

    /// how much of it: error, warn, info, debug or trace; info unless given
    #[argh(option, arg_name = "level")]
    pub(super) log_level: Option<String>,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}

/// List the hosts whose keys you have agreed to trust.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "hosts")]
pub(super) struct Hosts {
    #[argh(subcommand)]
    pub(super) command: Option<HostsCommand>,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}

#[derive(Debug, FromArgs)]
#[argh(subcommand)]
pub(super) enum HostsCommand {
    Forget(Forget),
}

/// Forget a host: on the next contact its key is asked about again.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "forget")]
pub(super) struct Forget {
    /// its room's name, its address, or its fingerprint
    #[argh(positional)]
    pub(super) who: String,

    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}

/// Print your own fingerprint, in all its forms.
#[derive(Debug, FromArgs)]
#[argh(subcommand, name = "id")]
pub(super) struct Id {
    /// keep key and pins in this folder
    #[argh(option, arg_name = "dir")]
    pub(super) data_dir: Option<String>,
}
