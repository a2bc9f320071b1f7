//! What languages are called: by themselves, and as the language a text was translated from.

use crate::Language;
use crate::language::primary;

/// One language that posts are written in.
struct Name {
    tag: &'static str,
    own: &'static str,
    from_kk: &'static str,
    from_ru: &'static str,
    from_en: &'static str,
    from_fa: &'static str,
    from_ar: &'static str,
}

#[rustfmt::skip]
static NAMES: [Name; 14] = [
    Name { tag: "kk", own: "Қазақша", from_kk: "қазақшадан", from_ru: "с казахского", from_en: "Kazakh", from_fa: "از قزاقی", from_ar: "من الكازاخية" },
    Name { tag: "ru", own: "Русский", from_kk: "орысшадан", from_ru: "с русского", from_en: "Russian", from_fa: "از روسی", from_ar: "من الروسية" },
    Name { tag: "en", own: "English", from_kk: "ағылшыншадан", from_ru: "с английского", from_en: "English", from_fa: "از انگلیسی", from_ar: "من الإنجليزية" },
    Name { tag: "fa", own: "فارسی", from_kk: "парсышадан", from_ru: "с фарси", from_en: "Farsi", from_fa: "از فارسی", from_ar: "من الفارسية" },
    Name { tag: "ar", own: "العربية", from_kk: "арабшадан", from_ru: "с арабского", from_en: "Arabic", from_fa: "از عربی", from_ar: "من العربية" },
    Name { tag: "ky", own: "Кыргызча", from_kk: "қырғызшадан", from_ru: "с киргизского", from_en: "Kyrgyz", from_fa: "از قرقیزی", from_ar: "من القيرغيزية" },
    Name { tag: "uz", own: "Oʻzbekcha", from_kk: "өзбекшеден", from_ru: "с узбекского", from_en: "Uzbek", from_fa: "از ازبکی", from_ar: "من الأوزبكية" },
    Name { tag: "tg", own: "Тоҷикӣ", from_kk: "тәжікшеден", from_ru: "с таджикского", from_en: "Tajik", from_fa: "از تاجیکی", from_ar: "من الطاجيكية" },
    Name { tag: "tk", own: "Türkmençe", from_kk: "түрікменшеден", from_ru: "с туркменского", from_en: "Turkmen", from_fa: "از ترکمنی", from_ar: "من التركمانية" },
    Name { tag: "tr", own: "Türkçe", from_kk: "түрікшеден", from_ru: "с турецкого", from_en: "Turkish", from_fa: "از ترکی استانبولی", from_ar: "من التركية" },
    Name { tag: "az", own: "Azərbaycanca", from_kk: "әзербайжаншадан", from_ru: "с азербайджанского", from_en: "Azerbaijani", from_fa: "از آذربایجانی", from_ar: "من الأذربيجانية" },
    Name { tag: "uk", own: "Українська", from_kk: "украиншадан", from_ru: "с украинского", from_en: "Ukrainian", from_fa: "از اوکراینی", from_ar: "من الأوكرانية" },
    Name { tag: "be", own: "Беларуская", from_kk: "беларусшадан", from_ru: "с белорусского", from_en: "Belarusian", from_fa: "از بلاروسی", from_ar: "من البيلاروسية" },
    Name { tag: "zh", own: "中文", from_kk: "қытайшадан", from_ru: "с китайского", from_en: "Chinese", from_fa: "از چینی", from_ar: "من الصينية" },
];

/// The name a language gives itself; none for languages that are not in the list.
pub(super) fn own_name(tag: &str) -> Option<&'static str> {
    find(tag).map(|name| name.own)
}

/// The phrase that says from which language a text was translated.
pub(super) fn source_phrase(language: Language, tag: &str) -> Option<&'static str> {
    find(tag).map(|name| match language {
        Language::Kazakh => name.from_kk,
        Language::Russian => name.from_ru,
        Language::English => name.from_en,
        Language::Farsi => name.from_fa,
        Language::Arabic => name.from_ar,
    })
}

fn find(tag: &str) -> Option<&'static Name> {
    let wanted = primary(tag);
    NAMES.iter().find(|name| name.tag.eq_ignore_ascii_case(wanted))
}
