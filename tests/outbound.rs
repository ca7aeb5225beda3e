//! Where requests of ours may go: addresses by hand, read by a parser of the URL Standard as the
//! runtime's is, and the laws that hold of all. The Worker takes the same vectors
//! (tests/edge/outbound.test.mjs).
#![cfg(not(target_arch = "wasm32"))]

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use provisor::outbound::{MAX_LENGTH, Origin, Parts, Refusal, judge};
use serde_json::Value;
use url::{Host, Url};

const VECTORS: &str = include_str!("vectors/outbound/addresses.json");

fn judged(text: &str, from: Origin) -> Result<(), Refusal> {
    if text.len() > MAX_LENGTH {
        return Err(Refusal::TooLong);
    }
    let url = Url::parse(text).map_err(|_| Refusal::NoUrl)?;
    let parts = Parts {
        scheme: url.scheme(),
        host: url.host_str().unwrap_or_default(),
        port: url.port(),
        has_user: !url.username().is_empty() || url.password().is_some_and(|text| !text.is_empty()),
    };
    judge(parts, from)
}

fn named(outcome: Result<(), Refusal>) -> Value {
    match outcome {
        Ok(()) => Value::Null,
        Err(refusal) => match refusal {
            Refusal::NoUrl => "noUrl",
            Refusal::TooLong => "tooLong",
            Refusal::Scheme => "scheme",
            Refusal::User => "user",
            Refusal::Port => "port",
            Refusal::Private => "private",
            Refusal::Dot => "dot",
        }
        .into(),
    }
}

#[test]
fn addresses_are_judged_as_the_vectors_say() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 100);
    for vector in vectors {
        let url = vector["url"].as_str().unwrap();
        assert_eq!(named(judged(url, Origin::Deployment)), vector["refused"], "{url}");
        assert_eq!(named(judged(url, Origin::LocalMachine)), vector["local"], "{url}, locally");
    }
}

#[test]
fn refusals_say_what_to_send() {
    for refusal in [
        Refusal::NoUrl,
        Refusal::TooLong,
        Refusal::Scheme,
        Refusal::User,
        Refusal::Port,
        Refusal::Private,
        Refusal::Dot,
    ] {
        let words = refusal.to_string();
        assert!(["send", "use", "leave"].iter().any(|verb| words.contains(verb)), "{words}");
    }
}

/// The standard library's own opinion, where it has a stable one.
fn is_set_apart(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_unspecified()
}

/// One address in the forms in which a URL may hold it.
fn forms(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let whole = u32::from(address);
    vec![
        format!("{a}.{b}.{c}.{d}"),
        format!("{whole}"),
        format!("0x{whole:x}"),
        format!("0{whole:o}"),
        format!("0{a:o}.0x{b:X}.{c}.{d}"),
        format!("{a}.{}", whole & 0xff_ffff),
        format!("{a}.{b}.{}.", whole & 0xffff),
        format!("{a}.{b}.{c}.{d}").replace('1', "%31"),
    ]
}

fn near_the_borders() -> impl Strategy<Value = Ipv4Addr> {
    let starts = prop::sample::select(vec![
        [0, 0, 0, 0],
        [10, 0, 0, 0],
        [100, 64, 0, 0],
        [127, 0, 0, 0],
        [169, 254, 0, 0],
        [172, 16, 0, 0],
        [192, 0, 0, 0],
        [192, 0, 2, 0],
        [192, 168, 0, 0],
        [198, 18, 0, 0],
        [198, 51, 100, 0],
        [203, 0, 113, 0],
        [224, 0, 0, 0],
        [240, 0, 0, 0],
    ]);
    (starts, -2_000_000_i64..20_000_000).prop_map(|(start, more)| {
        Ipv4Addr::from((i64::from(u32::from(Ipv4Addr::from(start))) + more).rem_euclid(1 << 32) as u32)
    })
}

fn any_v4() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![any::<u32>().prop_map(Ipv4Addr::from), near_the_borders()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_form_of_an_address_changes_the_judgement(address in any_v4()) {
        let plain = judged(&format!("https://{address}/"), Origin::Deployment);
        for form in forms(address) {
            let url = format!("https://{form}/");
            if let Ok(read) = Url::parse(&url) && read.host() == Some(Host::Ipv4(address)) {
                prop_assert_eq!(judged(&url, Origin::Deployment), plain, "{}", url);
            }
        }
        if is_set_apart(address) {
            prop_assert_eq!(plain, Err(Refusal::Private));
        }
        // Within IPv6, however it is carried, it is refused: it would be one more way in.
        for carried in [address.to_ipv6_mapped(), address.to_ipv6_compatible()] {
            prop_assert_eq!(judged(&format!("https://[{carried}]/"), Origin::Deployment), Err(Refusal::Private));
        }
    }

    #[test]
    fn only_global_unicast_is_public(bits in any::<u128>(), first in any::<u16>()) {
        let bits = (bits >> 16) | (u128::from(first) << 112);
        let address = Ipv6Addr::from(bits);
        let outcome = judged(&format!("https://[{address}]/"), Origin::Deployment);
        if !(0x2000..=0x3fff).contains(&first) {
            prop_assert_eq!(outcome, Err(Refusal::Private), "{}", address);
        } else if ![0x2001, 0x2002, 0x3fff].contains(&first) {
            prop_assert_eq!(outcome, Ok(()), "{}", address);
        }
    }

    #[test]
    fn what_is_below_a_private_name_is_private(
        below in "([a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\\.){0,3}",
        name in prop::sample::select(vec!["localhost", "local", "internal", "home.arpa"]),
        rest in "(/[a-z]{0,4})?",
    ) {
        let url = format!("https://{below}{name}{rest}");
        // Labels such as `xn--` may be no name at all.
        if Url::parse(&url).is_ok() {
            prop_assert_eq!(judged(&url, Origin::Deployment), Err(Refusal::Private), "{}", url);
            let other = format!("https://{below}{name}.example.com{rest}");
            prop_assert_eq!(judged(&other, Origin::Deployment), Ok(()), "{}", other);
        }
    }

    #[test]
    fn a_host_that_no_parser_wrote_is_never_public(host in "[0-9a-fxX.:\\[\\]%]{0,24}") {
        let parts = Parts { scheme: "https", host: &host, port: None, has_user: false };
        if judge(parts, Origin::Deployment).is_ok() {
            let url = Url::parse(&format!("https://{host}/"));
            let same = url.as_ref().ok().and_then(Url::host_str).map(str::to_owned);
            prop_assert_eq!(same.map(|read| read.to_lowercase()), Some(host.to_lowercase()));
        }
    }
}
