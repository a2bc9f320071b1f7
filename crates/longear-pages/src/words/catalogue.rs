//! The list of everything the pages say: one field a phrase, so that a catalogue with a gap does not compile.

use super::{Forms, ar, en, fa, kk, ru};
use crate::Language;

/// Declares the catalogue, and for tests a way to walk through all of it.
macro_rules! catalogue {
    ($( $(#[$note:meta])* $field:ident: $kind:ty, )*) => {
        /// The words of one language. `{names}` in braces are filled in.
        pub(crate) struct Catalogue {
            $( $(#[$note])* pub(crate) $field: $kind, )*
        }

        #[cfg(test)]
        impl Catalogue {
            /// Every field with all of its texts.
            fn fields(&self) -> Vec<(&'static str, Vec<&'static str>)> {
                vec![ $( (stringify!($field), tests::Texts::texts(&self.$field)), )* ]
            }
        }
    };
}

catalogue! {
    // The frame.
    brand: &'static str,
    box_title: &'static str,
    checked_by_box: &'static str,
    checked_take_address: &'static str,
    checked_save_file: &'static str,
    how_checked: &'static str,
    last_word: &'static str,
    last_word_none: &'static str,
    choose_language: &'static str,
    to_newest: &'static str,
    look_again: &'static str,

    // Times and numbers.
    just_now: &'static str,
    minutes_ago: Forms,
    hours_ago: Forms,
    days_ago: Forms,
    /// The months as they stand in a date.
    months: [&'static str; 12],
    date: &'static str,
    moment: &'static str,
    bytes: &'static str,
    kilobytes: &'static str,
    megabytes: &'static str,
    gigabytes: &'static str,
    percent: &'static str,
    decimal_mark: &'static str,
    thousands_mark: &'static str,

    // How much is here.
    here: &'static str,
    not_here: &'static str,
    whole: &'static str,
    percent_here: &'static str,
    here_of: &'static str,
    not_here_of: &'static str,
    missing_from: &'static str,
    gap: &'static str,
    gaps_more: Forms,
    /// Between a name and a time, a size and a length. A raised dot beside Farsi digits would read as a nought.
    separator: &'static str,
    list_comma: &'static str,
    posts_missing: Forms,
    in_channel: &'static str,

    // What can be done.
    watch: &'static str,
    listen: &'static str,
    play: &'static str,
    playing: &'static str,
    save: &'static str,
    save_video: &'static str,
    save_sound: &'static str,
    save_photo: &'static str,
    save_file: &'static str,
    save_for_app: &'static str,
    save_later: &'static str,
    forms_title: &'static str,
    sound_only: &'static str,

    // What items are called.
    video: &'static str,
    sound: &'static str,
    photo: &'static str,
    file: &'static str,
    post_untitled: &'static str,
    photos: Forms,
    photo_of: &'static str,
    notice: &'static str,
    corrected: &'static str,
    disputed: &'static str,
    disputed_text: &'static str,
    retracted: &'static str,
    retracted_text: &'static str,
    unconfirmed: &'static str,
    unconfirmed_text: &'static str,
    not_shown: &'static str,
    not_shown_text: &'static str,

    // Broadcasts.
    live: &'static str,
    live_soon: &'static str,
    live_soon_text: &'static str,
    live_waiting: &'static str,
    live_lost: &'static str,
    live_lost_text: &'static str,
    live_over: &'static str,
    live_here: &'static str,
    live_beginning: &'static str,
    live_chapters: &'static str,
    live_moments: &'static str,
    live_sound: &'static str,
    live_players: &'static str,
    live_players_text: &'static str,

    // Languages of a text.
    original: &'static str,
    by_person_from: &'static str,
    by_person: &'static str,
    by_machine_from: &'static str,
    by_machine: &'static str,
    other_texts: &'static str,
    table: &'static str,

    // The list.
    all_posts: &'static str,
    page_number: &'static str,
    older: &'static str,
    newer: &'static str,
    end_of_list: &'static str,
    posts_held: Forms,
    empty: &'static str,
    empty_text: &'static str,
    empty_no_channel: &'static str,

    // The channel.
    take_address: &'static str,
    take_address_text: &'static str,
    thirty_digits: &'static str,
    digits_text: &'static str,
    show_qr: &'static str,
    qr_label: &'static str,
    qr_text: &'static str,
    address_of: &'static str,
    full_address: &'static str,
    two_charters: &'static str,
    two_charters_text: &'static str,

    // How this was checked.
    signed_on: &'static str,
    bytes_compared: &'static str,
    about_done: &'static str,
    about_done_text: &'static str,
    about_cannot: &'static str,
    about_cannot_text: &'static str,
    about_sure: &'static str,
    about_sure_digits: &'static str,
    about_sure_app: &'static str,
    about_sure_boxes: &'static str,
    about_remembers: &'static str,
    about_remembers_text: &'static str,
    about_channels: &'static str,
    charter_number: &'static str,

    // When there is no page.
    not_found: &'static str,
    not_found_text: &'static str,
    gone: &'static str,
    gone_text: &'static str,
    failed: &'static str,
    failed_text: &'static str,
    not_ready: &'static str,
    not_ready_text: &'static str,

    // Rooms.
    rooms: &'static str,
    rooms_none: &'static str,
    rooms_more: &'static str,
    room_since: &'static str,
    room_closed: &'static str,
    room_whose: &'static str,
    room_open: &'static str,
    room_tickets: &'static str,
    room_about: &'static str,
    room_days: Forms,
    notes_here: Forms,
    notes_here_of: &'static str,
    notes: &'static str,
    notes_none: &'static str,
    newest_note: &'static str,
    rules: &'static str,
    rules_none: &'static str,
    read_rules: &'static str,
    digest_three: &'static str,
    digest: Forms,
    digest_text: &'static str,
    pinned: &'static str,
    you: &'static str,
    answered_missing: &'static str,
    answered_hidden: &'static str,
    note_empty: &'static str,
    note_hidden: &'static str,
    note_purged: &'static str,
    note_taken_back: &'static str,
    note_banned: &'static str,
    note_ahead: &'static str,
    note_after_close: &'static str,
    note_early: &'static str,
    note_beyond: &'static str,
    note_unadmitted: &'static str,
    reason_rule: &'static str,
    reason_number: &'static str,
    reason_personal: &'static str,
    reason_threats: &'static str,
    reason_advertising: &'static str,
    reason_invented: &'static str,
    reason_other: &'static str,
    show_anyway: &'static str,
    hide_again: &'static str,
    moderated_run: Forms,
    search: &'static str,
    search_notes: &'static str,
    search_for: &'static str,
    notes_found: Forms,
    notes_not_found: &'static str,
    all_notes: &'static str,
    to_room: &'static str,
    note_by: &'static str,
    answer: &'static str,
    more_of_note: &'static str,
    answers: Forms,
    answers_none: &'static str,
    flag: &'static str,
    flag_text: &'static str,
    take_back: &'static str,
    take_back_text: &'static str,
    write_note: &'static str,
    write_answer: &'static str,
    no_answer: &'static str,
    write_as: &'static str,
    write_public: &'static str,
    write_box: &'static str,
    your_note: &'static str,
    post_note: &'static str,
    notes_left: &'static str,
    notes_spent: &'static str,
    write_closed: &'static str,
    write_off: &'static str,
    write_ticket: &'static str,
    ticket_box: &'static str,
    your_ticket: &'static str,
    use_ticket: &'static str,
    problem_empty: &'static str,
    problem_long: &'static str,
    problem_ticket: &'static str,
    problem_old: &'static str,
    problem_failed: &'static str,
    done_posted: &'static str,
    done_taken_back: &'static str,
    done_flagged: &'static str,
    done_ticket: &'static str,
    ticket_sheet: &'static str,
    ticket_what: &'static str,
    ticket_whose: &'static str,
    ticket_how: &'static str,
    ticket_qr: &'static str,
    sheet_text: &'static str,
}

/// The catalogue of `language`.
pub(crate) fn catalogue(language: Language) -> &'static Catalogue {
    match language {
        Language::Kazakh => &kk::WORDS,
        Language::Russian => &ru::WORDS,
        Language::English => &en::WORDS,
        Language::Farsi => &fa::WORDS,
        Language::Arabic => &ar::WORDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::placeholders;

    /// What a field says, as a list.
    pub(super) trait Texts {
        fn texts(&self) -> Vec<&'static str>;
    }

    impl Texts for &'static str {
        fn texts(&self) -> Vec<&'static str> {
            vec![self]
        }
    }

    impl Texts for [&'static str; 12] {
        fn texts(&self) -> Vec<&'static str> {
            self.to_vec()
        }
    }

    impl Texts for Forms {
        fn texts(&self) -> Vec<&'static str> {
            self.all().to_vec()
        }
    }

    #[test]
    fn no_catalogue_is_silent_or_fills_other_places_than_english() {
        for language in Language::ALL {
            let ours = catalogue(language).fields();
            let english = catalogue(Language::English).fields();
            for ((field, texts), (_, english_texts)) in ours.iter().zip(&english) {
                let expected = placeholders(english_texts[english_texts.len() - 1]);
                for text in texts {
                    assert!(!text.is_empty() || *field == "thousands_mark", "{language:?} {field}");
                    let found = placeholders(text);
                    // "One" and "two" may be said in words.
                    let is_form = texts.len() == 6;
                    let fits = found == expected || (is_form && found.iter().all(|name| expected.contains(name)));
                    assert!(fits, "{language:?} {field}: {text}");
                }
            }
        }
    }

    #[test]
    fn no_catalogue_promises_what_a_page_cannot_hold() {
        let promises = ["verified", "secure", "anonymous", "trusted", "безопасн", "анонимн", "!"];
        for language in Language::ALL {
            for (field, texts) in catalogue(language).fields() {
                for text in texts {
                    let lower = text.to_lowercase();
                    for promise in promises {
                        assert!(!lower.contains(promise), "{language:?} {field}: {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn markup_never_hides_in_a_catalogue() {
        for language in Language::ALL {
            for (field, texts) in catalogue(language).fields() {
                assert!(!texts.concat().contains(['<', '>', '&']), "{language:?} {field}");
            }
        }
    }

    #[test]
    fn the_sentences_that_matter_are_word_for_word() {
        let said = |language| catalogue(language).checked_by_box;
        assert_eq!(said(Language::English), "Checked by this box; this page cannot check the box.");
        assert_eq!(said(Language::Russian), "Проверено этим узлом; эта страница не может проверить сам узел.");
        assert_eq!(said(Language::Kazakh), "Осы торап тексерген; бұл бет тораптың өзін тексере алмайды.");
    }
}
