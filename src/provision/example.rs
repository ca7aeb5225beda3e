//! Example populations of any size, for trying the previewer and for measuring it: users
//! as Graph gives them, their role assignments, and a target that holds most of them.
//!
//! All follow from a seed. Each person follows from the seed and their number alone, so
//! [`users`], [`assignments`] and [`target`] agree with each other without sharing state,
//! and the first people of a large population are those of a small one.

use crate::scim::unicode::nfd;
use serde_json::{Value, json};
use std::ops::Range;

const USER_ROLE: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// How many people report to one manager.
const REPORTS: usize = 8;

const GIVEN: [&str; 32] = [
    "Ana", "Marcus", "Noor", "Grace", "Kenji", "Ingrid", "Tiago", "Priya", "Daniel", "Yuki", "Lucía", "Omar",
    "Wei", "Amara", "Jan", "Sofia", "Mai", "Arjun", "Emily", "Łukasz", "Beatriz", "David", "Mei", "Hiroshi",
    "Fatima", "Oliver", "Kavya", "Rafael", "Hannah", "Thandiwe", "Björn", "Zuzana",
];

const FAMILY: [&str; 32] = [
    "Ferreira",
    "Lindqvist",
    "Haddad",
    "Okafor",
    "Watanabe",
    "Solberg",
    "Almeida",
    "Raman",
    "O'Connor",
    "Tanaka",
    "Fernández",
    "Farouk",
    "Chen",
    "Nwosu",
    "Novák",
    "Rossi",
    "Nguyễn",
    "Mehta",
    "Carter",
    "Wójcik",
    "Souza",
    "Cohen",
    "Tan",
    "Sato",
    "Idrissi",
    "Schmidt",
    "Iyer",
    "Costa",
    "Goldberg",
    "Dlamini",
    "Eriksson",
    "Dvořáková",
];

/// Departments with their titles.
const DEPARTMENTS: [(&str, [&str; 3]); 5] = [
    ("Sales", ["Account Executive", "Account Manager", "Solutions Consultant"]),
    ("Engineering", ["Software Engineer", "QA Engineer", "Architect"]),
    ("Finance", ["Accountant", "Financial Analyst", "Payroll Specialist"]),
    ("HR", ["Recruiter", "HR Generalist", "HR Business Partner"]),
    ("Support", ["Support Engineer", "Support Analyst", "Knowledge Manager"]),
];

struct Site {
    office: &'static str,
    street: &'static str,
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    country: &'static str,
    language: &'static str,
    dial: &'static str,
}

const SITES: [Site; 5] = [
    Site {
        office: "LIS/2",
        street: "Rua do Exemplo 12",
        city: "Lisbon",
        state: "Lisboa",
        postal_code: "1100-148",
        country: "Portugal",
        language: "pt-PT",
        dial: "+351 21 555",
    },
    Site {
        office: "SEA/18",
        street: "400 Example Avenue",
        city: "Seattle",
        state: "WA",
        postal_code: "98101",
        country: "United States",
        language: "en-US",
        dial: "+1 206 555",
    },
    Site {
        office: "PRG/4",
        street: "Příkladná 7",
        city: "Prague",
        state: "Praha",
        postal_code: "110 00",
        country: "Czechia",
        language: "cs-CZ",
        dial: "+420 555 01",
    },
    Site {
        office: "TYO/11",
        street: "1-2-3 Rei, Chiyoda-ku",
        city: "Tokyo",
        state: "Tokyo",
        postal_code: "100-0001",
        country: "Japan",
        language: "ja-JP",
        dial: "+81 3 5550",
    },
    Site {
        office: "BLR/3",
        street: "22 Example Road",
        city: "Bengaluru",
        state: "Karnataka",
        postal_code: "560001",
        country: "India",
        language: "en-IN",
        dial: "+91 80 5550",
    },
];

/// SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, by multiplication: the high bits are as good as the low.
    fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    fn pick<'a, T>(&mut self, first: &'a T, items: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or_default();
        items.get(index).unwrap_or(first)
    }

    fn guid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            (low >> 48) & 0x3FFF | 0x8000,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

/// What the target holds of a person.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// What the mapping gives.
    Equal,
    /// Another title.
    Title,
    /// Another department.
    Department,
    /// Another display name.
    DisplayName,
    /// Nothing.
    Absent,
}

/// One person: their source record and their account's standing.
struct Person {
    id: String,
    target_id: String,
    upn: String,
    nick: String,
    given: &'static str,
    family: &'static str,
    department: &'static str,
    title: &'static str,
    site: &'static Site,
    number: usize,
    enabled: bool,
    has_mail: bool,
    assigned: bool,
    default_access: bool,
    standing: Standing,
}

impl Person {
    fn of(seed: u64, number: usize) -> Self {
        let mut random = stream(seed, number);
        let (id, target_id) = (random.guid(), random.guid());
        let given = *random.pick(&"Ana", &GIVEN);
        let family = *random.pick(&"Ferreira", &FAMILY);
        let [first, ..] = &DEPARTMENTS;
        let (department, titles) = random.pick(first, &DEPARTMENTS);
        let title = *random.pick(&"Consultant", titles);
        let [first, ..] = &SITES;
        let site = random.pick(first, &SITES);
        let nick = format!("{}.{}{}", ascii(given), ascii(family), number + 1);
        Self {
            id,
            target_id,
            upn: format!("{nick}@contoso.com"),
            nick,
            given,
            family,
            department,
            title,
            site,
            number,
            enabled: random.below(50) != 0,
            has_mail: random.below(20) != 0,
            assigned: random.below(25) != 0,
            default_access: random.below(50) == 0,
            standing: match random.below(100) {
                0..75 => Standing::Equal,
                75..80 => Standing::Title,
                80..85 => Standing::Department,
                85..90 => Standing::DisplayName,
                _ => Standing::Absent,
            },
        }
    }

    fn display_name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    fn phone(&self) -> String {
        format!("{} {:05}", self.site.dial, self.number % 100_000)
    }

    fn employee(&self) -> String {
        (100_000 + self.number).to_string()
    }

    fn manager(&self, seed: u64) -> Option<Self> {
        self.number.checked_sub(1).map(|before| Self::of(seed, before / REPORTS))
    }

    fn user(&self, seed: u64) -> Value {
        json!({
            "id": self.id,
            "userPrincipalName": self.upn,
            "accountEnabled": self.enabled,
            "displayName": self.display_name(),
            "givenName": self.given,
            "surname": self.family,
            "mail": self.has_mail.then_some(&self.upn),
            "mailNickname": self.nick,
            "jobTitle": self.title,
            "department": self.department,
            "employeeId": self.employee(),
            "businessPhones": [self.phone()],
            "officeLocation": self.site.office,
            "streetAddress": self.site.street,
            "city": self.site.city,
            "state": self.site.state,
            "postalCode": self.site.postal_code,
            "country": self.site.country,
            "preferredLanguage": self.site.language,
            "userType": "Member",
            "manager": self.manager(seed).map(|manager| json!({ "id": manager.id })),
        })
    }

    /// The account, if there is one. Accounts are active: what has left the source since
    /// is for the plan to find.
    fn account(&self, seed: u64) -> Option<Value> {
        let displayed = match self.standing {
            Standing::Absent => return None,
            Standing::DisplayName => format!("{}, {}", self.family, self.given),
            _ => self.display_name(),
        };
        let title = if self.standing == Standing::Title { "Trainee" } else { self.title };
        let department = if self.standing == Standing::Department { "Operations" } else { self.department };
        let mut enterprise = json!({ "department": department, "employeeNumber": self.employee() });
        if let (Some(manager), Some(enterprise)) = (self.manager(seed), enterprise.as_object_mut())
            && manager.standing != Standing::Absent
        {
            enterprise.insert("manager".to_owned(), json!({ "value": manager.target_id }));
        }
        let mut account = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "id": self.target_id,
            "externalId": self.nick,
            "userName": self.upn,
            "active": true,
            "displayName": displayed,
            "name": {
                "formatted": self.display_name(),
                "familyName": self.family,
                "givenName": self.given,
            },
            "title": title,
            "preferredLanguage": self.site.language,
            "addresses": [{
                "type": "work",
                "formatted": self.site.office,
                "country": self.site.country,
                "region": self.site.state,
                "locality": self.site.city,
                "postalCode": self.site.postal_code,
                "streetAddress": self.site.street,
            }],
            "phoneNumbers": [{ "type": "work", "value": self.phone() }],
            "roles": [{ "primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "User" }],
            ENTERPRISE: enterprise,
            "meta": { "resourceType": "User" },
        });
        if let Some(account) = account.as_object_mut()
            && self.has_mail
        {
            let mail = json!([{ "primary": true, "type": "work", "value": self.upn }]);
            account.insert("emails".to_owned(), mail);
        }
        Some(account)
    }
}

/// The random numbers of one person.
fn stream(seed: u64, number: usize) -> SplitMix {
    let mut seeds = SplitMix(seed ^ (number as u64).wrapping_mul(0xD134_2543_DE82_EF95));
    SplitMix(seeds.next())
}

/// Lower-case ASCII letters of a name from the lists above.
fn ascii(name: &str) -> String {
    nfd(&name.replace(['Ł', 'ł'], "l"))
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// `head`, the items one a line, `tail`.
fn list(head: &str, items: impl Iterator<Item = Value>, tail: &str) -> String {
    let mut text = head.to_owned();
    for (index, item) in items.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&item.to_string());
    }
    text.push_str(tail);
    text
}

/// `count` people as Graph's `/users?$expand=manager($select=id)` gives them. About one in
/// fifty is disabled, one in twenty has no mail; everybody but the first has a manager.
pub fn users(seed: u64, count: usize) -> String {
    some_users(seed, 0..count)
}

/// A page of [`users`].
pub fn some_users(seed: u64, numbers: Range<usize>) -> String {
    let people = numbers.map(|number| Person::of(seed, number).user(seed));
    list(
        "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#users(manager(id))\",\"value\":[",
        people,
        "\n]}\n",
    )
}

/// The role assignments of the same people as Graph's `appRoleAssignedTo` gives them: most
/// hold the role `User`, about one in fifty Default Access, one in twenty-five nothing.
pub fn assignments(seed: u64, count: usize) -> String {
    some_assignments(seed, 0..count)
}

/// A page of [`assignments`].
pub fn some_assignments(seed: u64, numbers: Range<usize>) -> String {
    let held = numbers.map(|number| Person::of(seed, number)).filter(|person| person.assigned);
    let items = held.map(|person| {
        json!({
            "appRoleId": if person.default_access { DEFAULT_ACCESS } else { USER_ROLE },
            "principalDisplayName": person.display_name(),
            "principalId": person.id,
            "principalType": "User",
            "resourceDisplayName": "Clarizen One",
        })
    });
    list(
        "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#appRoleAssignments\",\"value\":[",
        items,
        "\n]}\n",
    )
}

/// The application that [`assignments`] refers to, as Graph's `/servicePrincipals/{id}`
/// gives it.
pub fn roles() -> String {
    json!({
        "displayName": "Clarizen One",
        "appRoles": [{
            "allowedMemberTypes": ["User"],
            "description": "User",
            "displayName": "User",
            "id": USER_ROLE,
            "isEnabled": true,
            "value": null,
        }],
    })
    .to_string()
}

/// What the target holds of the same people, as a SCIM ListResponse: three in four are what
/// the Clarizen One profile gives, about one in seven differ in title, department or
/// display name, one in ten are absent; beside them a twentieth of `count` local accounts.
pub fn target(seed: u64, count: usize) -> String {
    some_target(seed, 0..count)
}

/// The part of [`target`] that goes with these people.
pub fn some_target(seed: u64, numbers: Range<usize>) -> String {
    let locals = numbers.start / 20..numbers.end / 20;
    let present =
        numbers.clone().filter(|number| Person::of(seed, *number).standing != Standing::Absent).count();
    let total = present + locals.len();
    let accounts = numbers.filter_map(|number| Person::of(seed, number).account(seed));
    let locals = locals.map(|number| {
        let name = format!("local.account{}@example.com", number + 1);
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": stream(!seed, number).guid(),
            "userName": name,
            "active": true,
            "displayName": format!("Local Account {}", number + 1),
            "meta": { "resourceType": "User" },
        })
    });
    let head = format!(
        "{{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":{total},\"startIndex\":1,\"itemsPerPage\":{total},\"Resources\":["
    );
    list(&head, accounts.chain(locals), "\n]}\n")
}

#[cfg(test)]
mod tests {
    use super::super::configuration::JobSettings;
    use super::super::plan::Engine;
    use super::super::plan::Summary;
    use super::*;
    use std::collections::HashSet;

    fn items(text: &str, key: &str) -> Vec<Value> {
        let document: Value = serde_json::from_str(text).unwrap();
        document[key].as_array().unwrap().clone()
    }

    fn plan(seed: u64, count: usize) -> Summary {
        let mut engine = Engine::new();
        engine.load_source("users.json", &users(seed, count)).unwrap();
        engine.load_source("roles.json", &roles()).unwrap();
        engine.load_source("assignments.json", &assignments(seed, count)).unwrap();
        engine.load_target(&target(seed, count)).unwrap();
        engine.configure("", &JobSettings::default());
        engine.plan()
    }

    #[test]
    fn splitmix_gives_the_published_numbers() {
        let mut random = SplitMix(1_234_567);
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn the_same_seed_gives_the_same_text_and_another_seed_another() {
        assert_eq!(users(7, 50), users(7, 50));
        assert_eq!(assignments(7, 50), assignments(7, 50));
        assert_eq!(target(7, 50), target(7, 50));
        assert_ne!(users(7, 50), users(8, 50));
        assert_eq!(items(&users(7, 50), "value"), items(&users(7, 90), "value")[..50]);
    }

    #[test]
    fn counts_are_as_asked_and_names_are_unique() {
        for count in [0, 1, 500] {
            let people = items(&users(3, count), "value");
            assert_eq!(people.len(), count);
            for key in ["id", "userPrincipalName"] {
                let unique: HashSet<_> = people.iter().map(|person| person[key].to_string()).collect();
                assert_eq!(unique.len(), count);
            }
            assert!(items(&assignments(3, count), "value").len() <= count);
            let listed: Value = serde_json::from_str(&target(3, count)).unwrap();
            assert_eq!(listed["totalResults"], listed["Resources"].as_array().unwrap().len());
        }
    }

    #[test]
    fn the_plan_finds_most_equal_some_different_and_locals_untouched() {
        let summary = plan(1, 1_000);
        assert_eq!(summary.users, 1_000);
        assert_eq!(summary.local, 50);
        assert_eq!(summary.failed, 0);
        assert!((550..750).contains(&summary.unchanged), "{} unchanged", summary.unchanged);
        assert!((80..300).contains(&summary.update), "{} updated", summary.update);
        assert!((50..130).contains(&summary.create), "{} created", summary.create);
        assert!((20..130).contains(&summary.disable), "{} disabled", summary.disable);
    }
}
