//! Senders of RTMP and SRT: what is asked for, and what they have to be told.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use serde_json::{Value, json};

use crate::arguments::live::{RTMP_PORT, SRT_PORT, StartArguments};
use crate::commands::serve::{addresses, bind_failure};
use crate::failure::Failure;
use crate::home::{Intake, LiveSession};
use crate::live::ffmpeg;
use crate::live::receiver::{Protocol, RTMP_PATH, srt_secret};
use crate::terminal::printable;

/// Where senders are to be listened for. Looks whether that can be, before anything is published.
pub fn wished(arguments: &StartArguments, sessions: &[LiveSession]) -> Result<Intake, Failure> {
    let intake = Intake { rtmp: arguments.rtmp, srt: arguments.srt };
    for (protocol, address) in asked(&intake) {
        let option = option(protocol);
        if address.port() == 0 {
            return Err(Failure::usage(format!("{option} needs a port, which senders have to be told"))
                .hint(format!("Write for example {option} 127.0.0.1:{}", usual_port(protocol))));
        }
        ffmpeg::check(protocol)?;
        let is_taken = |live: &&LiveSession| asked(&live.intake).any(|other| other == (protocol, address));
        if let Some(live) = sessions.iter().find(is_taken) {
            let name = printable(&live.title);
            return Err(Failure::refused(format!("“{name}” takes {} at {address} already", protocol.name()))
                .hint(format!("End it (longear live stop), or choose another port: {option} ADDR")));
        }
        let bound = match protocol {
            Protocol::Rtmp => TcpListener::bind(address).map(drop),
            Protocol::Srt => UdpSocket::bind(address).map(drop),
        };
        bound.map_err(|error| bind_failure(option, address, usual_port(protocol), &error))?;
    }
    Ok(intake)
}

fn asked(intake: &Intake) -> impl Iterator<Item = (Protocol, SocketAddr)> {
    let both = [(Protocol::Rtmp, intake.rtmp), (Protocol::Srt, intake.srt)];
    both.into_iter().filter_map(|(protocol, address)| Some((protocol, address?)))
}

fn option(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Rtmp => "--rtmp",
        Protocol::Srt => "--srt",
    }
}

fn usual_port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Rtmp => RTMP_PORT,
        Protocol::Srt => SRT_PORT,
    }
}

/// What is typed into a sender of RTMP.
pub fn rtmp_json(live: &LiveSession) -> Value {
    let Some(address) = live.intake.rtmp else { return Value::Null };
    json!({"listen": address, "servers": rtmp_servers(address), "key": *live.token.sender_key()})
}

/// What is typed into a sender of SRT.
pub fn srt_json(live: &LiveSession) -> Value {
    let Some(address) = live.intake.srt else { return Value::Null };
    json!({"listen": address, "urls": srt_urls(live, address), "passphrase": *live.token.sender_key()})
}

/// The same for people. Empty where nobody is listened for.
pub fn told(live: &LiveSession) -> String {
    let mut told = String::new();
    if let Some(address) = live.intake.rtmp {
        let servers = rtmp_servers(address).join("\n              ");
        let key = live.token.sender_key();
        told.push_str(&format!("OBS and others that send RTMP:\n  Server      {servers}\n  Stream key  {}\n\n", *key));
    }
    if let Some(address) = live.intake.srt {
        told.push_str(&format!("Phones and others that send SRT:\n  {}\n\n", srt_urls(live, address).join("\n  ")));
    }
    told
}

fn rtmp_servers(address: SocketAddr) -> Vec<String> {
    reached(address).iter().map(|address| format!("rtmp://{address}/{RTMP_PATH}")).collect()
}

fn srt_urls(live: &LiveSession, address: SocketAddr) -> Vec<String> {
    let secret = srt_secret(&live.token.sender_key());
    reached(address).iter().map(|address| format!("srt://{address}?mode=caller&{}", *secret)).collect()
}

/// By which addresses senders reach what listens at one.
fn reached(address: SocketAddr) -> Vec<SocketAddr> {
    let mut hosts = addresses(address.ip());
    if address.ip().is_unspecified() {
        hosts.insert(0, IpAddr::from([127, 0, 0, 1]));
        hosts.dedup();
    }
    hosts.into_iter().map(|host| SocketAddr::new(host, address.port())).collect()
}
