//! Where requests of ours may go: the judgement of a URL's parts, before anything is sent.
//!
//! Whoever names an address for us to call could name one that only we can reach. So an address is
//! `https://` on the public Internet; a developer's machine may call itself besides. A name that
//! leads to a private address cannot be seen here: the platform must keep us out of private networks.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest address, in bytes.
pub const MAX_LENGTH: usize = 2_048;

/// Ports from 1024 up that stand for something else than the Web (Fetch Standard, “bad port”).
const BAD_PORTS: [u16; 18] = [
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
    6697,
];
/// The last of them, apart because it has five digits.
const LAST_BAD_PORT: u16 = 10_080;

/// Names that mean this machine or a private network, with all that is below them (RFC 6761,
/// RFC 6762, RFC 8375, and ICANN's `internal`).
const PRIVATE_NAMES: [&str; 7] = ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion"];

/// The parts of an address, as a parser of the URL Standard writes them: scheme and host in lower
/// case, IPv4 as four decimals, IPv6 in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Such as `https`, without the colon.
    pub scheme: &'a str,
    /// A name, an IPv4 address or an IPv6 address in brackets.
    pub host: &'a str,
    /// The port, if it is not the scheme's own.
    pub port: Option<u16>,
    /// Whether a user name or a password is in it.
    pub has_user: bool,
}

/// From where requests go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A deployment: only to the public Internet.
    Deployment,
    /// A developer's machine: to itself as well.
    LocalMachine,
}

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no URL, or has no host.
    NoUrl,
    /// It is longer than [`MAX_LENGTH`].
    TooLong,
    /// It is not `https://`.
    Scheme,
    /// It has a user name or a password.
    User,
    /// Its port is not one for HTTP.
    Port,
    /// Its host is an address, or a name, of a private network or of the machine itself.
    Private,
    /// Its name ends in a dot.
    Dot,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoUrl => "it is no URL; send one such as `https://app.example.com/events`",
            Self::TooLong => "it has more than 2048 bytes; send a shorter `https://` address",
            Self::Scheme => "it is not encrypted; send an `https://` address",
            Self::User => "it has a user name or a password in it; send it without a user name",
            Self::Port => "its port is not one for HTTP; use 443, or one from 1024 up",
            Self::Private => {
                "it is of a private network or of the machine itself; send a public `https://` address"
            }
            Self::Dot => "its name ends in a dot; leave the dot out",
        })
    }
}

impl std::error::Error for Refusal {}

/// Judges where a request would go.
///
/// # Errors
/// The [`Refusal`] that says why not.
///
/// ```
/// use provisor::outbound::{Origin, Parts, Refusal, judge};
/// let metadata = Parts { scheme: "https", host: "169.254.169.254", port: None, has_user: false };
/// assert_eq!(judge(metadata, Origin::Deployment), Err(Refusal::Private));
/// let app = Parts { host: "app.example.com", ..metadata };
/// assert_eq!(judge(app, Origin::Deployment), Ok(()));
/// ```
pub fn judge(parts: Parts<'_>, from: Origin) -> Result<(), Refusal> {
    if parts.host.is_empty() {
        return Err(Refusal::NoUrl);
    }
    if parts.has_user {
        return Err(Refusal::User);
    }
    let is_local = from == Origin::LocalMachine;
    match parts.scheme {
        "https" => {}
        "http" if is_local && is_loopback(parts.host) => return Ok(()),
        _ => return Err(Refusal::Scheme),
    }
    if is_local {
        return Ok(());
    }
    if parts.host.ends_with('.') {
        return Err(Refusal::Dot);
    }
    if !is_public(parts.host) {
        return Err(Refusal::Private);
    }
    match parts.port {
        None | Some(443) => Ok(()),
        Some(port) if port >= 1024 && port != LAST_BAD_PORT && !BAD_PORTS.contains(&port) => Ok(()),
        Some(_) => Err(Refusal::Port),
    }
}

/// A host as it is meant.
enum Host<'a> {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Name(&'a str),
    /// It looks like an address and is none.
    Broken,
}

fn read(host: &str) -> Host<'_> {
    if let Some(rest) = host.strip_prefix('[') {
        let address = rest.strip_suffix(']').and_then(|text| text.parse().ok());
        return address.map_or(Host::Broken, Host::V6);
    }
    if let Ok(address) = host.parse() {
        return Host::V4(address);
    }
    // A parser of the URL Standard takes a host whose last label is a number for an IPv4 address, and
    // writes it as four decimals. One that is not written so was not read by such a parser.
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or_else(|| last.strip_prefix("0X"))
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_name =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_');
    if is_number || !is_name { Host::Broken } else { Host::Name(host) }
}

fn is_loopback(host: &str) -> bool {
    match read(host) {
        Host::V4(address) => address.is_loopback(),
        Host::V6(address) => address.is_loopback(),
        Host::Name(name) => is_below(name, "localhost"),
        Host::Broken => false,
    }
}

/// Whether a name is this one or below it, whatever the case.
fn is_below(name: &str, parent: &str) -> bool {
    let Some(start) = name.len().checked_sub(parent.len()) else { return false };
    let ends = name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(parent));
    ends && (start == 0 || name.as_bytes().get(start - 1) == Some(&b'.'))
}

fn is_public(host: &str) -> bool {
    match read(host) {
        Host::V4(address) => is_public_v4(address),
        Host::V6(address) => is_public_v6(address),
        // A name of one label is found in a private network's search list, if at all.
        Host::Name(name) => {
            name.contains('.') && !PRIVATE_NAMES.iter().any(|private| is_below(name, private))
        }
        Host::Broken => false,
    }
}

/// Whether anybody may reach it (IANA's registry of special-purpose IPv4 addresses).
fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]                       // this network, private, loopback
            | [100, 64..=127, ..]                // carrier-grade NAT
            | [169, 254, ..]                     // link-local, and clouds' metadata
            | [172, 16..=31, ..] | [192, 168, ..] // private
            | [192, 0, 0 | 2, _]                 // protocol assignments, documentation
            | [192, 88, 99, _]                   // 6to4 relays
            | [198, 18 | 19, ..]                 // benchmarks
            | [198, 51, 100, _] | [203, 0, 113, _] // documentation
            | [224..=255, ..] // multicast, reserved, broadcast
    )
}

/// Whether anybody may reach it: global unicast (RFC 4291 §2.4) without what is set apart there.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    (0x2000..=0x3fff).contains(&first)
        && !(first == 0x2001 && second < 0x0200) // protocol assignments, Teredo
        && !(first == 0x2001 && second == 0x0db8) // documentation
        && first != 0x2002 // 6to4, which carries an IPv4 address
        && !(first == 0x3fff && second < 0x1000) // documentation
}
