//! Parse cases: what people will really type.

use clap::{CommandFactory, Parser};

use super::carriers::StickCommand;
use super::channel::{ChannelCommand, DelegateCommand, RoleArgument};
use super::publish::{OriginArgument, TextSource, VariantArguments};
use super::*;

fn read(line: &str) -> Result<Cli, clap::Error> {
    Cli::read(format!("longear {line}").split_whitespace())
}

fn command(line: &str) -> Command {
    match read(line) {
        Ok(cli) => cli.command,
        Err(error) => panic!("{line}: {error}"),
    }
}

fn variants(line: &str) -> Vec<VariantArguments> {
    match command(line) {
        Command::Publish(arguments) => arguments.post.texts.variants,
        Command::Correct(arguments) => arguments.post.texts.variants,
        other => panic!("{other:?}"),
    }
}

fn variant(language: &str, title: &str, text: &str, origin: OriginArgument) -> VariantArguments {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    VariantArguments {
        language: some(language),
        title: some(title),
        text: some(text).map(|text| OsString::from(text).into()),
        origin,
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_documented_line_parses() {
    let lines = [
        "channel new Newsroom --roots keys",
        "channel show",
        "channel show longear:abc",
        "channel enrol longear:abc --role post,edit --label Field --out a.request",
        "channel delegate add a.request --until 2027-01-31 --root 1.key --root 2.key --out c",
        "channel delegate list",
        "channel revoke Field --last-good 5be1 --root 1.key --root 2.key --out c",
        "channel rotate --root 1.key --root 2.key --out c",
        "channel sign c --root 2.key --out d",
        "channel apply d",
        "publish a.mp4 b.jpg --title T --lang kk --text kk.md --lang ru --text ru.md",
        "retract 1 2",
        "correct 1 --text -",
        "follow longear:abc --from http://127.0.0.1:1 /media/stick",
        "unfollow longear:abc --delete",
        "sync http://127.0.0.1:1 /media/stick --proxy socks5h://127.0.0.1:9050 --watch 5 --pull-only",
        "list --channel abc --limit 3 --all --json",
        "export 1 --to out",
        "serve --listen 0.0.0.0:7777 --token t --sync http://a --sync http://b",
        "serve --read-only",
        "live start --title T --lang kk --text kk.md --lang ru --title R --hours 3",
        "live start --title T --rtmp --srt 0.0.0.0:9000",
        "live stop",
        "live stop 5be1",
        "live list",
        "stick write /media/stick --budget 500MB --plain",
        "stick read /media/stick",
        "archive write news.longear --channel longear:abc --channel longear:def --budget 4GiB --without-films",
        "archive write news.longear --without-files",
        "archive read a.longear b.longear",
        "archive show a.longear",
        "check --repair",
        "status --json --quiet",
        "demo --exit --listen 127.0.0.1:0",
        "completions bash",
        "man --out man",
        "--home h -vv --color never status",
    ];
    for line in lines {
        command(line);
    }
}

#[test]
fn wrong_lines_end_with_two() {
    let lines = [
        "publish",
        "retract",
        "sync",
        "sync --watch",
        "sync --watch 30",
        "sync --watch 0 http://a",
        "sync http://a --proxy http://b:1",
        "channel sign c",
        "stick write d --budget lots",
        "archive read",
        "channel delegate add r --until tomorrow",
        "serve --read-only --token t",
        "serve --listen here",
        "status --quiet --verbose",
        "publish --lang kk --text - --lang ru --text -",
        "publish --lang kk --text a --lang kk --text b",
        "publish --text a --text b",
        "publish a.mp4 --origin machine",
        "export 1",
        "nonsense",
    ];
    for line in lines {
        let error = read(line).err().unwrap_or_else(|| panic!("`{line}` was accepted"));
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn languages_pair_with_texts_and_titles_by_order() {
    assert_eq!(
        variants("publish --lang kk --text kk.md --lang ru --text ru.md --title K --title R"),
        [variant("kk", "K", "kk.md", OriginArgument::Original), variant("ru", "R", "ru.md", OriginArgument::Human),]
    );
    assert_eq!(
        variants("publish --text kk.md --text ru.md --lang kk --lang ru --origin original --origin machine"),
        [variant("kk", "", "kk.md", OriginArgument::Original), variant("ru", "", "ru.md", OriginArgument::Machine),]
    );
}

#[test]
fn fewer_values_belong_to_the_language_before_them() {
    assert_eq!(
        variants("publish --title T --lang kk --text kk.md --lang ru --text ru.md"),
        [variant("kk", "T", "kk.md", OriginArgument::Original), variant("ru", "", "ru.md", OriginArgument::Human),]
    );
    assert_eq!(
        variants("correct 1 --lang kk --lang ru --text ru.md --origin machine"),
        [variant("kk", "", "", OriginArgument::Original), variant("ru", "", "ru.md", OriginArgument::Machine),]
    );
}

#[test]
fn files_need_no_words_and_words_need_no_language() {
    assert_eq!(variants("publish a.mp4"), []);
    assert_eq!(
        variants("publish --text - a.mp4"),
        [VariantArguments {
            language: None,
            title: None,
            text: Some(TextSource::StandardInput),
            origin: OriginArgument::Original
        }]
    );
}

#[test]
fn watch_takes_seconds_or_a_carrier_behind_it() {
    let sync = |line: &str| match command(line) {
        Command::Sync(arguments) => (arguments.carriers, arguments.watch_seconds.map(std::num::NonZeroU64::get)),
        other => panic!("{other:?}"),
    };
    assert_eq!(sync("sync a"), (vec!["a".into()], None));
    assert_eq!(sync("sync a --watch"), (vec!["a".into()], Some(60)));
    assert_eq!(sync("sync a --watch 5"), (vec!["a".into()], Some(5)));
    assert_eq!(sync("sync --watch 5 a"), (vec!["a".into()], Some(5)));
    assert_eq!(sync("sync --watch http://a b"), (vec!["http://a".into(), "b".into()], Some(60)));
}

#[test]
fn values_arrive_as_types() {
    match command("channel enrol longear:a --role post,edit --role live") {
        Command::Channel(ChannelCommand::Enrol(arguments)) => {
            assert_eq!(arguments.roles, [RoleArgument::Post, RoleArgument::Edit, RoleArgument::Live]);
        }
        other => panic!("{other:?}"),
    }
    match command("channel delegate add r --until 2027-01-31") {
        Command::Channel(ChannelCommand::Delegate(DelegateCommand::Add(arguments))) => {
            assert_eq!(arguments.until.map(|date| date.day), Some(31));
        }
        other => panic!("{other:?}"),
    }
    match command("stick write d --budget 4GiB") {
        Command::Stick(StickCommand::Write(arguments)) => {
            assert_eq!(arguments.budget.map(|size| size.bytes), Some(4 << 30));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn home_is_the_flag_or_the_users_data_folder() {
    let cli = Cli::parse_from(["longear", "--home", "/x", "status"]);
    assert_eq!(cli.home_folder().ok(), Some(PathBuf::from("/x")));
    if cfg!(all(unix, not(target_os = "macos"))) {
        let folder = |xdg: &'static str| {
            per_user_data_folder(move |name| match name {
                "HOME" => Some("/users/a".into()),
                "XDG_DATA_HOME" if !xdg.is_empty() => Some(xdg.into()),
                _ => None,
            })
        };
        assert_eq!(folder(""), Some("/users/a/.local/share/longear".into()));
        assert_eq!(folder("/data"), Some("/data/longear".into()));
        assert_eq!(folder("relative"), Some("/users/a/.local/share/longear".into()));
        assert_eq!(per_user_data_folder(|_| None), None);
    }
}

#[test]
fn help_texts_teach_and_end_without_a_full_stop() {
    let mut root = Cli::command();
    root.build();
    let mut waiting = vec![root];
    while let Some(command) = waiting.pop() {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && !about.ends_with('.'), "{name}: {about:?}");
        let is_group = command.get_subcommands().next().is_some();
        if !is_group && name != "longear-status" {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Example") && after.contains("longear "), "{name} shows no example");
        }
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for example in after.lines().filter(|line| line.starts_with("  ")) {
            assert!(example.chars().count() <= 80, "{name}: an example that would be broken: {example}");
        }
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && !help.ends_with('.'), "{name} {}: {help:?}", argument.get_id());
        }
        waiting.extend(command.get_subcommands().cloned());
    }
}
