//! The patients of the demo clinic. Nobody of them exists.

use chrono::{Days, NaiveDate};
use medilink_domain::doctor::Specialization;
use medilink_domain::email::Email;
use medilink_domain::name::PersonName;
use medilink_domain::patient::{BloodGroup, Gender, PatientDetails};
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::Date;

use super::chance::Chance;
use crate::failure::Failure;

/// A person with a record.
pub(super) struct Person {
    pub(super) details: PatientDetails,
    years: usize,
}

const WOMEN: &[&str] = &[
    "Ama", "Ana", "Aylin", "Camille", "Chiara", "Dalia", "Elif", "Emma", "Esther", "Fatima",
    "Freja", "Grace", "Hye-jin", "Ingrid", "Isabel", "Joana", "Keiko", "Leila", "Lena", "Maria",
    "Mei", "Nadia", "Ngozi", "Nour", "Olivia", "Priya", "Rosa", "Sara", "Sofía", "Tamar", "Thandi",
    "Wanjiru", "Yara", "Zoë", "Zuzanna",
];
const MEN: &[&str] = &[
    "Adam", "Ahmed", "Andrei", "Bongani", "Carlos", "Daniel", "David", "Emeka", "Emil", "Felix",
    "Giorgos", "Hiroshi", "Ibrahim", "Ivan", "Jakub", "João", "Kofi", "Lars", "Lucas", "Luca",
    "Mateo", "Min-jun", "Mohammed", "Noah", "Olu", "Omar", "Pavel", "Rahul", "Samuel", "Sven",
    "Tariq", "Thomas", "Tuan", "Wei", "Yusuf",
];
const FAMILIES: &[&str] = &[
    "Abebe",
    "Andersson",
    "Bakker",
    "Bauer",
    "Castillo",
    "Costa",
    "Demir",
    "Diallo",
    "Dubois",
    "Edwards",
    "Farouk",
    "Fischer",
    "Fernández",
    "Gomes",
    "Haddad",
    "Hansen",
    "Hassan",
    "Ito",
    "Jansen",
    "Jørgensen",
    "Kamau",
    "Kaya",
    "Kim",
    "Kowalski",
    "Kumar",
    "Lee",
    "Lopez",
    "Mbeki",
    "Mensah",
    "Moreau",
    "Murphy",
    "Nakamura",
    "Novák",
    "O'Connor",
    "Okoye",
    "Papadopoulos",
    "Patel",
    "Petrov",
    "Popescu",
    "Ramos",
    "Reyes",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Suzuki",
    "Tran",
    "Virtanen",
    "Wang",
    "Weiss",
    "Williams",
    "Yilmaz",
    "Zhang",
];
const STREETS: &[&str] = &[
    "Chestnut Street",
    "Elm Road",
    "Harbour Lane",
    "Hill Street",
    "Maple Avenue",
    "Mill Road",
    "Orchard Way",
    "Park Road",
    "Station Street",
    "Willow Close",
];
const CITIES: &[(&str, &str)] = &[
    ("Boston", "United States"),
    ("Los Angeles", "United States"),
    ("Toronto", "Canada"),
    ("São Paulo", "Brazil"),
    ("London", "United Kingdom"),
    ("Madrid", "Spain"),
    ("Berlin", "Germany"),
    ("København", "Denmark"),
    ("Lagos", "Nigeria"),
    ("Mumbai", "India"),
    ("Tokyo", "Japan"),
    ("Sydney", "Australia"),
];
const ALLERGIES: &[&str] = &[
    "Penicillin: rash",
    "Peanuts: anaphylaxis",
    "Latex",
    "Aspirin",
    "Birch pollen",
    "Shellfish",
    "Bee stings",
    "Sulfonamides: rash",
];
/// What somebody has, and what they take for it.
const CONDITIONS: &[(&str, &str)] = &[
    ("Essential hypertension", "Lisinopril 10 mg daily"),
    ("Type 2 diabetes", "Metformin 500 mg twice daily"),
    ("Asthma", "Salbutamol inhaler as needed"),
    ("Hypothyroidism", "Levothyroxine 75 micrograms daily"),
    ("High cholesterol", "Atorvastatin 20 mg at night"),
    ("Migraine", "Sumatriptan 50 mg as needed"),
    ("Gastro-oesophageal reflux", "Omeprazole 20 mg daily"),
    ("Osteoarthritis of the knee", "Paracetamol 1 g as needed"),
];
/// As frequent as among people: so many in a hundred.
const BLOOD_GROUPS: &[(BloodGroup, usize)] = &[
    (BloodGroup::OPositive, 38),
    (BloodGroup::APositive, 32),
    (BloodGroup::BPositive, 12),
    (BloodGroup::ONegative, 6),
    (BloodGroup::ANegative, 5),
    (BloodGroup::AbPositive, 4),
    (BloodGroup::BNegative, 2),
    (BloodGroup::AbNegative, 1),
];

/// Makes up a person, who has a number among all.
pub(super) fn make_up(chance: &mut Chance, number: usize, today: Date) -> Result<Person, Failure> {
    let (gender, first) = match chance.below(50) {
        0 => (Gender::Other, chance.word(WOMEN)),
        1 => (Gender::Unsaid, chance.word(MEN)),
        even if even % 2 == 0 => (Gender::Female, chance.word(WOMEN)),
        _ => (Gender::Male, chance.word(MEN)),
    };
    let last = chance.word(FAMILIES);
    // Every fifth is a child.
    let years = if chance.of_a_hundred(20) { chance.below(18) } else { 18 + chance.below(72) };
    let (city, country) = chance.pick(CITIES).unwrap_or_default();
    let address = format!("{} {}", 1 + chance.below(180), chance.word(STREETS));
    let mut details = PatientDetails {
        name: PersonName::parse(first, last).map_err(Failure::other)?,
        email: Some(Email::parse(&format!("patient{number}@example.com")).map_err(Failure::other)?),
        phone: Some(phone(number)?),
        date_of_birth: Some(birthday(today, years, chance.below(365))?),
        gender: Some(gender),
        blood_group: blood_group(chance.below(100)),
        address: Some(Address::parse(&address).map_err(Failure::other)?),
        city: Some(Place::parse(city).map_err(Failure::other)?),
        country: Some(Place::parse(country).map_err(Failure::other)?),
        ..PatientDetails::default()
    };
    if chance.of_a_hundred(30) {
        details.allergies = Some(clinical(chance.word(ALLERGIES))?);
    }
    if chance.of_a_hundred(if years < 40 { 10 } else { 45 })
        && let Some((condition, medication)) = chance.pick(CONDITIONS)
    {
        details.medical_history = Some(clinical(condition)?);
        details.current_medications = Some(clinical(medication)?);
    }
    if chance.of_a_hundred(60) {
        let name = format!("{} {last}", chance.word(if years % 2 == 0 { WOMEN } else { MEN }));
        details.emergency_contact_name = Some(Name::parse(&name).map_err(Failure::other)?);
        details.emergency_contact_phone = Some(phone(number + 500)?);
    }
    Ok(Person { details, years })
}

/// Writes down the one whom one can sign in as.
pub(super) fn ada() -> Result<Person, Failure> {
    let details = PatientDetails {
        name: PersonName::parse("Ada", "Lovelace").map_err(Failure::other)?,
        phone: Some(phone(0)?),
        date_of_birth: Some(Date::parse("1984-02-29").map_err(Failure::other)?),
        gender: Some(Gender::Female),
        blood_group: Some(BloodGroup::OPositive),
        allergies: Some(clinical("Penicillin: rash")?),
        address: Some(Address::parse("12 St James's Square").map_err(Failure::other)?),
        city: Some(Place::parse("London").map_err(Failure::other)?),
        country: Some(Place::parse("United Kingdom").map_err(Failure::other)?),
        ..PatientDetails::default()
    };
    Ok(Person { details, years: 40 })
}

impl Person {
    /// Tells whether a person would go to a doctor of a field.
    pub(super) fn goes_to(&self, field: Specialization) -> bool {
        let is_child = self.years < 18;
        let is_woman = self.details.gender == Some(Gender::Female);
        if field == Specialization::Pediatrics {
            is_child
        } else if field == Specialization::ObstetricsGynecology {
            is_woman && !is_child
        } else {
            !is_child || [Specialization::General, Specialization::Dermatology].contains(&field)
        }
    }
}

fn birthday(today: Date, years: usize, days: usize) -> Result<Date, Failure> {
    let back = u64::try_from(years * 365 + years / 4 + days).unwrap_or_default();
    let day = today.as_naive().checked_sub_days(Days::new(back)).unwrap_or(NaiveDate::MIN);
    Date::new(day).map_err(Failure::other)
}

fn blood_group(percentile: usize) -> Option<BloodGroup> {
    let mut so_far = 0;
    BLOOD_GROUPS.iter().find_map(|(group, share)| {
        so_far += share;
        (percentile < so_far).then_some(*group)
    })
}

/// Numbers that no telephone has.
fn phone(number: usize) -> Result<Phone, Failure> {
    Phone::parse(&format!("+1 555 01{} {:04}", number % 10, number)).map_err(Failure::other)
}

fn clinical(text: &str) -> Result<ClinicalText, Failure> {
    ClinicalText::parse(text).map_err(Failure::other)
}
