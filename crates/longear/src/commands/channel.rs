//! `longear channel …`: founding a channel, and changing who may speak for it.

use longear_core::charter::Delegate;
use longear_core::holdings::Holdings;
use longear_core::lineage::Standing;
use longear_core::{Address, ChannelId, Charter, CharterBody, PublicKey, Roles};
use longear_store::ChannelState;
use serde_json::json;

use super::{Context, channel_argument, own_channel};
use crate::arguments::channel::{
    AddArguments, ApplyArguments, ChangeArguments, ChannelCommand, DelegateCommand, EnrolArguments, NewArguments,
    RevokeArguments, RoleArgument, ShowArguments, SignArguments,
};
use crate::failure::Failure;
use crate::home::{DelegateKey, RootFile, make_private_folder, write_open};
use crate::newsroom::change::{self, Request};
use crate::newsroom::founding::{found, random_number};
use crate::newsroom::signing::known;
use crate::terminal::{printable, qr};

/// Carries the command out.
pub fn run(context: &Context<'_>, command: &ChannelCommand) -> Result<(), Failure> {
    match command {
        ChannelCommand::New(arguments) => new(context, arguments),
        ChannelCommand::Show(arguments) => show(context, arguments),
        ChannelCommand::Enrol(arguments) => enrol(context, arguments),
        ChannelCommand::Delegate(DelegateCommand::Add(arguments)) => add(context, arguments),
        ChannelCommand::Delegate(DelegateCommand::List(arguments)) => list(context, arguments.channel.as_deref()),
        ChannelCommand::Revoke(arguments) => revoke(context, arguments),
        ChannelCommand::Rotate(arguments) => rotate(context, arguments),
        ChannelCommand::Sign(arguments) => sign(context, arguments),
        ChannelCommand::Apply(arguments) => apply(context, arguments),
    }
}

fn new(context: &Context<'_>, arguments: &NewArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    make_private_folder(&arguments.roots)?;
    let name = context.normalised(&arguments.name);
    let mut random = || context.random();
    let channel = found(&home, &store, &name, &arguments.roots, context.now_ms(), &mut random)?;
    let address = Address::new(channel);
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "id": channel.to_string(), "address": address.to_string(), "digits": address.digits(),
            "roots": arguments.roots,
        }));
    }
    context.screen.print(&format!("{address}\n{}\n", address.digits()))?;
    if let Some(code) = qr(context.screen.look(), &address.to_string()) {
        context.screen.note(&code);
    }
    context.screen.note(&format!(
        "Three root files are in {}. Move them to three different places, away from this machine:\n\
         two of them together decide who may speak for the channel. Daily work needs none of them.",
        arguments.roots.display()
    ));
    Ok(())
}

fn show(context: &Context<'_>, arguments: &ShowArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channel = channel_argument(&store, arguments.address.as_deref())?;
    let state = known(&store, &channel)?;
    let address = Address::new(channel);
    let charter = newest(&state)?;
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "id": channel.to_string(), "name": charter.name, "address": address.to_string(),
            "digits": address.digits(), "charter": charter.number,
            "roots": charter.roots.keys.len(), "threshold": charter.roots.threshold,
            "contradicted": !state.lineage().rivals().is_empty(),
            "delegates": charter.delegates.iter().map(|delegate| delegate_json(&state, delegate)).collect::<Vec<_>>(),
        }));
    }
    let screen = context.screen;
    screen.print(&format!("{}\n{address}\n{}\n", printable(&charter.name), address.digits()))?;
    if let Some(code) = qr(screen.look(), &address.to_string()) {
        screen.note(&code);
    }
    screen.print(&format!(
        "charter {}, signed by {} of {} roots\n",
        charter.number,
        charter.roots.threshold,
        charter.roots.keys.len()
    ))?;
    for delegate in &charter.delegates {
        screen.print(&format!("{}\n", delegate_line(delegate)))?;
    }
    if !state.lineage().rivals().is_empty() {
        screen.print("Two newer charters contradict each other. Neither counts; ask the publisher in person.\n")?;
    }
    Ok(())
}

fn enrol(context: &Context<'_>, arguments: &EnrolArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let channel = channel_argument(&store, Some(&arguments.address))?;
    let state = known(&store, &channel)?;
    let bits = arguments.roles.iter().map(|role| role_of(*role)).fold(Roles::NONE, Roles::with).bits();
    let roles = Roles::from_bits(bits).map_err(|_| {
        Failure::usage("A desk never publishes").hint("Enrol another device for posts, or leave out desk")
    })?;
    let mut key = match home.delegate_key(&channel)? {
        // A key that was left out can never come back: this device needs another one.
        Some(key) if revoked(&state, &key.secret.public()) => fresh_key(context)?,
        Some(key) => key,
        None => fresh_key(context)?,
    };
    home.write_delegate_key(&channel, &mut key)?;
    let request = Request {
        channel,
        key: key.secret.public(),
        roles,
        label: context.normalised(arguments.label.as_deref().unwrap_or("device")),
        enrolment: Delegate::enrol(&key.secret, state.lineage().founding(), roles, ""),
    };
    let path = arguments.out.clone().unwrap_or_else(|| "longear.request".into());
    write_open(&path, &request.encode())?;
    if context.screen.json() {
        let key = request.key.to_string();
        return context.screen.print_json(&json!({"request": path, "key": key, "roles": roles.to_string()}));
    }
    context.screen.print(&format!("{}\n", path.display()))?;
    context.screen.note("Bring this file to where the root files are: longear channel delegate add FILE");
    Ok(())
}

fn fresh_key(context: &Context<'_>) -> Result<DelegateKey, Failure> {
    let mut random = || context.random();
    let incarnation = random_number(&mut random)?;
    Ok(DelegateKey::new(context.random()?, incarnation))
}

fn revoked(state: &ChannelState, key: &PublicKey) -> bool {
    state.lineage().entry(key).is_some() && !state.lineage().is_delegate(key)
}

fn add(context: &Context<'_>, arguments: &AddArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let request = change::read_request(&arguments.request)?;
    let state = known(&store, &request.channel)?;
    let mut body = change::draft(&state, context.now_ms())?;
    change::add_delegate(&mut body, request, arguments.until.as_ref().map(|date| date.end_ms()));
    finish(context, &state, body, &arguments.change, &[])
}

fn list(context: &Context<'_>, channel: Option<&str>) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channel = channel_argument(&store, channel)?;
    let state = known(&store, &channel)?;
    for delegate in &newest(&state)?.delegates {
        if context.screen.json() {
            context.screen.print_json(&delegate_json(&state, delegate))?;
        } else {
            context.screen.print(&format!("{}\n", delegate_line(delegate)))?;
        }
    }
    Ok(())
}

fn revoke(context: &Context<'_>, arguments: &RevokeArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channel = changed_channel(context, &store, &arguments.change)?;
    let state = known(&store, &channel)?;
    let wanted = arguments.delegate.as_str();
    let matches = |delegate: &&Delegate| {
        delegate.label == wanted || (wanted.len() >= 8 && delegate.key.to_string().starts_with(wanted))
    };
    let found = newest(&state)?.delegates.iter().filter(matches).map(|delegate| delegate.key).collect::<Vec<_>>();
    let key = match found.as_slice() {
        [key] => *key,
        [] => {
            return Err(Failure::refused(format!("No delegate is called {wanted}"))
                .hint("See them: longear channel delegate list"));
        }
        _ => {
            return Err(Failure::refused(format!("Several delegates are called {wanted}"))
                .hint("Name the key instead: longear channel delegate list"));
        }
    };
    let last_good = arguments.last_good.as_deref().map(super::item_argument).transpose()?;
    let mut body = change::draft(&state, context.now_ms())?;
    change::revoke(&store, &state, &mut body, &key, last_good.as_ref())?;
    finish(context, &state, body, &arguments.change, &[])
}

fn rotate(context: &Context<'_>, arguments: &ChangeArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channel = changed_channel(context, &store, arguments)?;
    let state = known(&store, &channel)?;
    let mut body = change::draft(&state, context.now_ms())?;
    let holders = change::read_roots(&arguments.roots)?;
    let mut random = || context.random();
    let files = change::rotate(&mut body, &holders, &mut random)?;
    let count = files.len();
    for (index, file) in files.iter().enumerate() {
        let path = match arguments.roots.get(index) {
            Some(old) => with_suffix(old, ".new"),
            None => with_suffix(&arguments.roots[0], &format!(".holder-{}.new", index + 1)),
        };
        file.write(&path, &channel, &body.name, (index + 1, count), false)?;
        context.screen.note(&format!("New root file: {}", path.display()));
    }
    context.screen.note("Keep the old root files until the new charter is in force everywhere, then destroy them.");
    finish(context, &state, body, arguments, &holders)
}

fn with_suffix(path: &std::path::Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Signs a draft with the root files at hand; applies it when that is enough, else writes it out for the next holder.
fn finish(
    context: &Context<'_>,
    state: &ChannelState,
    body: CharterBody,
    arguments: &ChangeArguments,
    extra: &[RootFile],
) -> Result<(), Failure> {
    let mut charter = Charter::unsigned(body);
    let roots = change::read_roots(&arguments.roots)?;
    sign_with(&mut charter, state.lineage().newest(), roots.iter().chain(extra))?;
    settle(context, state, charter, arguments.out.as_deref())
}

fn sign_with<'r>(
    charter: &mut Charter,
    before: Option<&CharterBody>,
    roots: impl Iterator<Item = &'r RootFile>,
) -> Result<(), Failure> {
    for root in roots {
        if !change::sign(charter, before, root) {
            return Err(Failure::refused("One of the root files is not a root of this channel")
                .hint("Use the files that were written for this channel, at its last change of roots"));
        }
    }
    Ok(())
}

fn settle(
    context: &Context<'_>,
    state: &ChannelState,
    charter: Charter,
    out: Option<&std::path::Path>,
) -> Result<(), Failure> {
    let (number, signatures) = (charter.body.number, charter.signatures.len());
    let missing = change::missing(&charter, state.lineage().newest());
    if let Some(out) = out {
        write_open(out, &charter.encode())?;
    }
    let in_force = missing == 0;
    if in_force {
        let (_, store) = context.open()?;
        change::apply(&store, charter)?;
    } else if out.is_none() {
        return Err(Failure::refused(format!("{missing} more root signatures are needed"))
            .hint("Name more root files with --root, or write the draft for the next holder: --out FILE"));
    }
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "charter": number, "signatures": signatures, "missing": missing, "in_force": in_force, "file": out,
        }));
    }
    let words = if in_force {
        format!("Charter {number} is in force here. Others get it by their next sync or stick.")
    } else {
        format!(
            "Charter {number} is signed by {signatures}; {missing} more needed. Sign it on: longear channel sign FILE --root ROOT"
        )
    };
    context.screen.print(&format!("{words}\n"))
}

fn sign(context: &Context<'_>, arguments: &SignArguments) -> Result<(), Failure> {
    let mut charter = change::read_charter(&arguments.file)?;
    let roots = change::read_roots(&arguments.roots)?;
    let (_, store) = context.open()?;
    let channel = charter.body.channel();
    let held = store.channel(&channel).map_err(|error| crate::home::store_failure(&error))?;
    let state = held.filter(|state| state.lineage().number() + 1 == charter.body.number);
    let before = state.as_ref().and_then(|state| state.lineage().newest());
    sign_with(&mut charter, before, roots.iter())?;
    let out = arguments.out.as_deref().unwrap_or(&arguments.file);
    match &state {
        Some(state) => settle(context, state, charter, Some(out)),
        None => {
            // A root holder's machine need not know the channel: it signs, and hands the file on.
            write_open(out, &charter.encode())?;
            let words = format!(
                "Signed by {}. Bring it to a machine of the newsroom: longear channel apply FILE\n",
                charter.signatures.len()
            );
            context.screen.print(&words)
        }
    }
}

fn apply(context: &Context<'_>, arguments: &ApplyArguments) -> Result<(), Failure> {
    let charter = change::read_charter(&arguments.file)?;
    let (_, store) = context.open()?;
    let (number, channel) = (charter.body.number, charter.body.channel());
    let applied = change::apply(&store, charter)?;
    if context.screen.json() {
        let state = known(&store, &channel)?;
        return context.screen.print_json(&json!({"charter": number, "in_force": state.lineage().number() == number}));
    }
    context.screen.print(match applied {
        longear_core::Applied::Next => "The new charter is in force here.\n",
        longear_core::Applied::Known => "This charter is in force here already.\n",
        _ => "Two charters of this number contradict each other. Both are kept as proof; neither counts.\n",
    })
}

fn changed_channel(
    context: &Context<'_>,
    store: &longear_store::Store,
    arguments: &ChangeArguments,
) -> Result<ChannelId, Failure> {
    own_channel(context, store, arguments.channel.as_deref())
}

fn newest(state: &ChannelState) -> Result<&CharterBody, Failure> {
    state.lineage().newest().ok_or_else(|| Failure::refused("Nothing of this channel has arrived here yet"))
}

fn delegate_json(state: &ChannelState, delegate: &Delegate) -> serde_json::Value {
    let logs = state.known_logs().into_iter().filter(|(_, opening)| opening.key == delegate.key);
    let logs = logs.map(
        |(log, opening)| json!({"log": log.to_string(), "open": state.lineage().standing(&opening) == Standing::Open}),
    );
    json!({
        "key": delegate.key.to_string(), "label": delegate.label, "roles": delegate.roles.to_string(),
        "region": delegate.region, "not_after": super::time_json(delegate.not_after),
        "logs": logs.collect::<Vec<_>>(),
    })
}

fn delegate_line(delegate: &Delegate) -> String {
    let until = match delegate.not_after {
        0 => String::new(),
        time => format!(", until {}", super::date_text(time)),
    };
    format!("{}  {}  {}{until}", &delegate.key.to_string()[..16], printable(&delegate.label), delegate.roles)
}

fn role_of(role: RoleArgument) -> Roles {
    match role {
        RoleArgument::Post => Roles::POST,
        RoleArgument::Edit => Roles::EDIT,
        RoleArgument::Live => Roles::LIVE,
        RoleArgument::Moderate => Roles::MODERATE,
        RoleArgument::Desk => Roles::DESK,
    }
}
