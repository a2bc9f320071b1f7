//! What people write in the room that is measured: common words and stems with endings in three languages, and names.

use crate::disk::Noise;

/// A language: words that stand in every sentence, stems, and what they end with.
struct Language {
    /// Of so many notes in a hundred.
    share: u64,
    small: &'static str,
    stems: &'static str,
    endings: &'static str,
}

const LANGUAGES: [Language; 3] = [
    Language {
        share: 40,
        small: "және мен бұл бір да де емес бар жоқ үшін ғана сол осы не біз олар өте енді бірақ керек деп туралы қазір бүгін \
                кеше ертең тағы дейін кейін бәрі ешкім неге қалай қашан қайда ол сіз маған бізге",
        stems: "қала ауыл көше мектеп ұстаз бала ана әке үкімет билік халық заң сот қаулы жол көпір су газ жарық баға ақша жалақы \
                жұмыс зауыт мұнай кен өзен теңіз дала тау аурухана дәрігер дәрі көмек өрт төтенше хабар жаңалық газет сайт \
                тілші сұрақ жауап шешім жиналыс митинг наразылық сайлау дауыс депутат әкім министр президент полиция әскер шекара \
                елші келісім жоба құрылыс үй пәтер несие банк салық бюджет қаржы нарық сауда дүкен нан ет сүт көкөніс егін жер \
                мал шөп ауа табиғат экология қоқыс түтін шу тіл мәдениет тарих кітап ән күй театр спорт футбол ойын балалар \
                жастар студент оқу университет ғылым технология байланыс телефон интернет желі блок тыйым түрме адвокат айып \
                куәгер дәлел құжат мұра сәлем рахмет дұрыс өтірік шындық әділет бостандық құқық ел отан болашақ үміт",
        endings: " лар дар тар лер дер тер ның дың тың нің дің тің ға қа ге ке ны ды ты ні ді ті да та де те дан тан ден тен мен \
                  лардың лерге дары тері ымыз іміз сы сі лық лік дағы дегі тағы лары лері ына іне ында інде",
    },
    Language {
        share: 45,
        small: "и в не на что с по это как а но за из у от так же к бы о для уже там все мы они вы его ее их или если когда где \
                почему кто только ещё нет да то до при без под про сейчас сегодня вчера завтра очень тоже надо можно будет было",
        stems: "город деревн улиц школ учител ребен мам пап власт народ закон суд решени дорог мост вод газ свет цен деньг \
                зарплат работ завод нефт рек мор степ гор больниц врач лекарств помощ пожар новост газет сайт журналист вопрос \
                ответ собрани митинг протест выбор голос депутат мэр министр президент полици арми границ посольств договор \
                проект стройк дом квартир кредит банк налог бюджет рынок магазин хлеб мяс молок овощ урожа земл скот воздух \
                природ эколог мусор дым шум язык культур истори книг песн театр спорт футбол игр молодеж студент учеб \
                университет наук технологи связ телефон интернет сет блокировк запрет тюрьм адвокат обвинени свидетел \
                доказательств документ привет спасиб правд лож справедливост свобод прав стран родин будущ надежд",
        endings: " а у ы и е ой ом ами ах ов ей ям ый ого ому ая ую ские ский ского ному ность ности ать ает али ил или ение ения",
    },
    Language {
        share: 15,
        small: "the and to of a in is it that for on with they we you not was are be this have but at from what when where who \
                all there will can about more here today yesterday just now",
        stems: "city village street school teacher child mother father power people law court decision road bridge water gas light \
                price money salary work factory oil river sea mountain hospital doctor medicine help fire report newspaper site \
                journalist question answer meeting protest election vote minister president police army border agreement project \
                house flat credit bank tax budget market shop bread meat milk harvest land air nature rubbish smoke language \
                culture history book song theatre sport football game student science network block prison lawyer witness \
                document truth freedom right country future hope",
        endings: " s ing ed er ers less ful ly ness",
    },
];

const SYLLABLES: [&str; 24] = [
    "ба", "ве", "го", "да", "жа", "за", "ка", "ле", "мо", "на", "пе", "ра", "се", "та", "ку", "қо", "шы", "нұр", "бек",
    "гүл", "сын", "хан", "әл", "өт",
];
/// Words of a hundred that stand in every sentence.
const SMALL_SHARE: u64 = 35;
/// Of the others in a hundred: names and what is misspelt, which are met rarely.
const RARE_SHARE: u64 = 6;
/// Different ones of them.
const RARE_WORDS: u64 = 150_000;

/// The words of a note of about so many letters.
pub fn text(noise: &mut Noise, letters: usize) -> String {
    let mut share = noise.number() % 100;
    let language = LANGUAGES.iter().find(|language| {
        let is_it = share < language.share;
        share = share.saturating_sub(language.share);
        is_it
    });
    let Some(language) = language else { return String::new() };
    let lists =
        [language.small, language.stems, language.endings].map(|list| list.split(' ').filter(|word| !word.is_empty()));
    let [small, stems, endings] = lists.map(Iterator::collect::<Vec<_>>);
    let (mut text, mut length) = (String::new(), 0);
    while length < letters {
        let word = if noise.number() % 100 < SMALL_SHARE {
            zipf(noise, small.len() as u64, &small).to_owned()
        } else if noise.number() % 100 < RARE_SHARE {
            rare(noise)
        } else {
            let ending =
                if noise.number().is_multiple_of(3) { "" } else { zipf(noise, endings.len() as u64, &endings) };
            format!("{}{ending}", zipf(noise, stems.len() as u64, &stems))
        };
        length += word.chars().count() + 1;
        text.push_str(&word);
        text.push(if noise.number().is_multiple_of(9) { ',' } else { ' ' });
    }
    text.pop();
    text
}

/// One of a list; the first ones often, the last ones rarely, each about as often as its number says.
fn zipf<'a>(noise: &mut Noise, count: u64, list: &[&'a str]) -> &'a str {
    let part = (noise.number() >> 11) as f64 / (1_u64 << 53) as f64;
    let at = (count as f64 + 1.0).powf(part) - 1.0;
    list.get(at as usize).copied().unwrap_or_default()
}

fn rare(noise: &mut Noise) -> String {
    let mut word = Noise::new(noise.number() % RARE_WORDS);
    let syllables = 2 + word.number() % 3;
    (0..syllables).map(|_| SYLLABLES[(word.number() >> 32) as usize % SYLLABLES.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_it_shall_be_and_has_words_of_its_language_only() {
        let mut noise = Noise::new(1);
        for _ in 0..200 {
            let text = text(&mut noise, 100);
            let letters = text.chars().count();
            assert!((90..140).contains(&letters), "{letters}: {text}");
            assert_eq!(text, text.trim());
        }
    }
}
