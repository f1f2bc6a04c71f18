//! Who somebody is: all that does not change in their life.

use std::fmt::Write as _;

use crate::{
    dice::Dice,
    group::{PhonePlan, Tongue},
    moment::SHARED,
    name::Name,
    world::{Domain, World},
};

#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub number: u32,
    pub kind: Kind,
    pub tongue: Tongue,
    pub name: Name,
    /// Index into the group's regions, and of the city in the region.
    pub region: u8,
    pub city: u8,
    /// The dealer nearest to them: index into the group's.
    pub dealer: u8,
    /// Years after 1945 and days into that year.
    pub birth_year: u8,
    pub birth_day: u16,
    /// 1 to 3.
    pub devices: u8,
    /// The person whose device they use at times: always the number before, who has no such host.
    pub household: Option<u32>,
    pub has_email: bool,
    pub consents: Consents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Comes to the site first.
    Visitor,
    /// Bought before the history begins.
    Owner,
    /// Comes to the dealer or calls, and is never seen on the site.
    WalkIn,
}

#[derive(Debug, Clone, Copy)]
pub struct Consents {
    pub email: bool,
    pub sms: bool,
    pub calls: bool,
}

/// Share of people who come to the site first.
pub const VISITORS_SHARE: f64 = 0.88;
const HOUSEHOLDS_SHARE: f64 = 0.06;

impl Person {
    pub fn of(world: &World, number: u32) -> Self {
        let mut dice = world.dice(Domain::Person, u64::from(number));
        let mut person = Self::alone(world, number, &mut dice);
        if let Some(host) = person.household {
            let host = Self::alone(world, host, &mut world.dice(Domain::Person, u64::from(host)));
            (person.region, person.city, person.dealer, person.tongue) = (host.region, host.city, host.dealer, host.tongue);
            person.name = Name::of(host.tongue, dice.chance(0.5), dice.below(1_000), host.name.family);
        }
        person
    }

    fn alone(world: &World, number: u32, dice: &mut Dice) -> Self {
        let kind = [Kind::Visitor, Kind::Owner, Kind::WalkIn][dice.weighted([VISITORS_SHARE, 0.08, 0.04].into_iter())];
        let regions = &world.group.regions;
        let region = dice.weighted(regions.iter().map(|region| region.weight));
        let tongue = tongue(regions[region].tongue, dice);
        let dealers = &world.group.dealers;
        let dealer = dice.weighted(dealers.iter().map(|dealer| if dealer.region == region { dealer.weight } else { 0.0 }));
        let city = regions[region].cities.iter().position(|city| *city == dealers[dealer].city).unwrap_or(0);
        // Only odd numbers have a host, so that a host has none.
        let household = (number % 2 == 1 && kind != Kind::WalkIn && dice.chance(2.0 * HOUSEHOLDS_SHARE)).then(|| number - 1);
        Self {
            number,
            kind,
            tongue,
            name: Name::of(tongue, dice.chance(0.46), dice.below(1_000), dice.below(1_000)),
            region: region as u8,
            city: city as u8,
            dealer: dealer as u8,
            birth_year: dice.between(5, 60) as u8,
            birth_day: dice.between(0, 364) as u16,
            devices: [1, 2, 3][dice.weighted([0.58, 0.34, 0.08].into_iter())],
            household,
            has_email: dice.chance(0.78),
            consents: Consents { email: dice.chance(0.71), sms: dice.chance(0.48), calls: dice.chance(0.62) },
        }
    }

    /// Writes the id that the browser or app of one of their devices made up.
    pub fn write_anonymous_id(&self, world: &World, device: u8, out: &mut String) {
        let (owner, device) = match self.household {
            Some(host) if device == SHARED => (host, 0),
            _ => (self.number, device),
        };
        let mut dice = world.dice(Domain::Device, u64::from(owner) << 8 | u64::from(device));
        let (high, low) = (dice.bits(), dice.bits());
        let _ = write!(
            out,
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        );
    }

    pub fn write_email(&self, out: &mut String) {
        let (first, last, number) = (self.name.first_latin, self.name.last_latin, self.number);
        let domain = ["example.com", "example.org", "mail.example.com", "post.example.org"][number as usize / 7 % 4];
        let _ = match number % 3 {
            0 => write!(out, "{first}.{last}{number}@{domain}"),
            1 => write!(out, "{last}.{first}.{number}@{domain}"),
            _ => write!(out, "{}{last}{number}@{domain}", first.chars().next().unwrap_or('a')),
        };
    }

    /// Writes a number that is valid but, as far as the plans allow, given to nobody; no two people share one.
    ///
    /// `spaced`: as offices write it, with blanks and a dash.
    pub fn write_phone(&self, plan: PhonePlan, spaced: bool, out: &mut String) {
        // Odd and prime to 10: neighbours get numbers that look unrelated, none meet.
        let scrambled = |digits: u64| u64::from(self.number) % digits * 7_654_321 % digits;
        let (code, local) = match plan {
            PhonePlan::Ru => (["972", "973", "974"][(self.number / 10_000_000) as usize % 3], scrambled(10_000_000)),
            PhonePlan::Kz => ("763", scrambled(10_000_000)),
            PhonePlan::Ua => ("94", scrambled(10_000_000)),
            PhonePlan::By => ("44", scrambled(10_000_000)),
            PhonePlan::Cn => ("174", scrambled(6_000_000)),
        };
        let country = match plan {
            PhonePlan::Ru | PhonePlan::Kz => "+7",
            PhonePlan::Ua => "+380",
            PhonePlan::By => "+375",
            PhonePlan::Cn => "+86",
        };
        let _ = match (plan, spaced) {
            (PhonePlan::Cn, false) => write!(out, "{country}{code}0{local:07}"),
            (PhonePlan::Cn, true) => write!(out, "{country} {code} 0{:03} {:04}", local / 10_000, local % 10_000),
            (_, false) => write!(out, "{country}{code}{local:07}"),
            (_, true) => write!(out, "{country} {code} {:03}-{:04}", local / 10_000, local % 10_000),
        };
    }
}

/// Most people of a region write in its script, some don't.
fn tongue(of_region: Tongue, dice: &mut Dice) -> Tongue {
    match of_region {
        _ if dice.chance(0.82) => of_region,
        Tongue::Latin => Tongue::Cyrillic,
        Tongue::Cyrillic | Tongue::Chinese => Tongue::Latin,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use forecourt_model::phone;

    use super::*;
    use crate::Plan;

    #[test]
    fn phones_are_valid_in_both_notations_and_nobody_shares_one() {
        let world = World::of(&Plan::default());
        let mut seen = BTreeSet::new();
        for number in (0..30_000).chain(9_990_000..10_000_000) {
            let person = world.person(number);
            for plan in [PhonePlan::Ru, PhonePlan::Kz, PhonePlan::Ua, PhonePlan::By, PhonePlan::Cn] {
                let (mut plain, mut spaced) = (String::new(), String::new());
                person.write_phone(plan, false, &mut plain);
                person.write_phone(plan, true, &mut spaced);
                if number % 100 == 0 {
                    let read = [&plain, &spaced].map(|text| phone::normalise(text, "RU").map(|phone| phone.e164));
                    assert_eq!(read, [Ok(plain.clone()), Ok(plain.clone())], "{spaced}");
                }
                let wraps = plan == PhonePlan::Cn && 6_000_000 <= number;
                assert!(wraps || seen.insert(plain), "{spaced} twice");
            }
        }
    }

    #[test]
    fn a_household_lives_together_and_shares_its_first_device() {
        let world = World::of(&Plan::default());
        let guests: Vec<Person> = (0..4_000).map(|number| world.person(number)).filter(|person| person.household.is_some()).collect();
        assert!((160..320).contains(&guests.len()), "{}", guests.len());
        for guest in guests {
            let host = world.person(guest.number - 1);
            assert_eq!((guest.region, guest.dealer, guest.name.last_latin), (host.region, host.dealer, host.name.last_latin));
            let id = |person: &Person, device| {
                let mut out = String::new();
                person.write_anonymous_id(&world, device, &mut out);
                out
            };
            assert_eq!(id(&guest, SHARED), id(&host, 0));
            assert_ne!(id(&guest, 0), id(&host, 0));
        }
    }
}
