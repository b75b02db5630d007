//! What has been spent, by each subject and by all, and the budgets that nobody can exceed. An
//! amount is reserved before money is spent and settled afterwards, both by compare-and-set, so two
//! requests at the same time cannot spend the same dollar.

use guest::Capabilities;
use guest::store::{Expect, NewValue, Outcome, StoreError};
use serde::{Deserialize, Serialize};

use crate::gallery::owner::Subject;
use crate::providers::cost::Usd;
use crate::time::iso;

/// How long a reservation holds. Whoever made it is gone by then; the money counts as spent.
const RESERVATION_SECONDS: u64 = 3600;

/// How long the account of a period is kept.
const ACCOUNT_TTL_SECONDS: u32 = 400 * 24 * 60 * 60;

/// Times that a change is tried when others change the account too.
const ATTEMPTS: usize = 32;

/// Reservations of an account; more would not fit into a value of the store.
const MAX_RESERVATIONS: usize = 500;

/// The accounts of a caller.
#[derive(Clone, Copy)]
pub struct Spending<'a> {
    capabilities: Capabilities<'a>,
    subject: Option<Subject>,
}

/// Money that is set aside. Dropped without being settled, it counts as spent in the end.
#[must_use = "a reservation must be settled"]
pub struct Reservation<'a> {
    spending: Spending<'a>,
    id: u64,
    keys: Vec<String>,
}

/// Why nothing may be spent.
#[derive(Debug, thiserror::Error)]
pub enum SpendingError {
    /// The store failed. The text is for the log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The budget does not allow it.
    #[error("this would cost about {}, and {} of the budget of {} for {whose} {period} is left\nhint: wait, choose a cheaper model, or ask the operator of this server", dollars(*.amount), dollars(*.left), dollars(*.budget))]
    Exceeded {
        /// What was asked for.
        amount: Usd,
        /// What is left.
        left: Usd,
        /// The budget.
        budget: Usd,
        /// `each user` or `all users`.
        whose: &'static str,
        /// `this month` and the like.
        period: &'static str,
    },
    /// The setting of a budget cannot be read: nothing may be spent.
    #[error("the budget of this server is not configured correctly")]
    Misconfigured,
}

/// What the store holds of an account.
#[derive(Default, Serialize, Deserialize)]
struct Account {
    spent_micros: u64,
    #[serde(default)]
    reserved: Vec<Reserved>,
}

#[derive(Serialize, Deserialize)]
struct Reserved {
    id: u64,
    micros: u64,
    until: u64,
}

/// One budget, or just the account when there is none.
struct Limit {
    key: String,
    budget: Option<Usd>,
    whose: &'static str,
}

impl<'a> Spending<'a> {
    /// The accounts of a subject; all who are unknown share one.
    pub fn new(capabilities: Capabilities<'a>, subject: Option<Subject>) -> Self {
        Self {
            capabilities,
            subject,
        }
    }

    /// Sets an amount aside in the accounts of the subject and of all.
    ///
    /// # Errors
    /// See [`SpendingError`]; nothing is set aside then.
    pub fn reserve(self, amount: Usd) -> Result<Reservation<'a>, SpendingError> {
        let mut reservation = Reservation {
            spending: self,
            id: self.capabilities.random.random_u64(),
            keys: Vec::new(),
        };
        for limit in self.limits()? {
            if let Err(error) = self.reserve_in(&limit, reservation.id, amount) {
                reservation.settle(Usd::default());
                return Err(error);
            }
            reservation.keys.push(limit.key);
        }
        Ok(reservation)
    }

    /// What the subject has spent in this period.
    ///
    /// # Errors
    /// When the store fails.
    pub fn spent(self) -> Result<Usd, StoreError> {
        let key = self.key(&self.account(), self.period().0);
        let (account, _) = self.read(&key)?;
        Ok(Usd {
            micros: account.spent_micros,
        })
    }

    /// The budget of the subject, if there is one.
    ///
    /// # Errors
    /// A budget that cannot be read.
    pub fn budget_of_subject(self) -> Result<Option<Usd>, SpendingError> {
        self.budget("BUDGET_USD_PER_SUBJECT")
    }

    /// The time that a budget is for.
    pub fn period_in_words(self) -> &'static str {
        self.period().1
    }

    fn reserve_in(self, limit: &Limit, id: u64, amount: Usd) -> Result<(), SpendingError> {
        let period = self.period().1;
        self.change(&limit.key, |account| {
            if let Some(budget) = limit.budget {
                let reserved = account.reserved.iter().map(|one| one.micros);
                let taken = reserved.fold(account.spent_micros, u64::saturating_add);
                let left = Usd {
                    micros: budget.micros.saturating_sub(taken),
                };
                // An amount that nobody knows can be spent while anything is left.
                if amount > left || left.micros == 0 {
                    return Err(SpendingError::Exceeded {
                        amount,
                        left,
                        budget,
                        whose: limit.whose,
                        period,
                    });
                }
            }
            if account.reserved.len() >= MAX_RESERVATIONS {
                let message = "too many requests that cost money at a time";
                return Err(StoreError::Other(message.to_owned()).into());
            }
            account.reserved.push(Reserved {
                id,
                micros: amount.micros,
                until: self.now() + RESERVATION_SECONDS,
            });
            Ok(())
        })
    }

    fn limits(self) -> Result<[Limit; 2], SpendingError> {
        let period = self.period().0;
        Ok([
            Limit {
                key: self.key(&self.account(), period),
                budget: self.budget("BUDGET_USD_PER_SUBJECT")?,
                whose: "each user",
            },
            Limit {
                key: self.key("tenant", period),
                budget: self.budget("BUDGET_USD_PER_TENANT")?,
                whose: "all users",
            },
        ])
    }

    fn budget(self, name: &str) -> Result<Option<Usd>, SpendingError> {
        let Some(text) = self.capabilities.settings.setting(name) else {
            return Ok(None);
        };
        match text.trim().parse::<f64>() {
            Ok(dollars) if dollars.is_finite() && dollars >= 0.0 => {
                Ok(Some(Usd::from_dollars(dollars)))
            }
            _ => Err(SpendingError::Misconfigured),
        }
    }

    /// Characters of the time that name the period, and the period in words.
    fn period(self) -> (usize, &'static str) {
        let setting = self.capabilities.settings.setting("BUDGET_PERIOD");
        match setting.as_deref() {
            Some("day") => ("2026-07-10".len(), "today"),
            Some("total") => (0, "in all"),
            _ => ("2026-07".len(), "this month"),
        }
    }

    fn account(self) -> String {
        self.subject
            .map_or_else(|| "unknown".to_owned(), |subject| subject.to_string())
    }

    fn key(self, account: &str, period: usize) -> String {
        let now = iso(self.capabilities.clock.now());
        let period = now
            .get(..period)
            .filter(|text| !text.is_empty())
            .unwrap_or("total");
        format!("spending/{account}/{period}")
    }

    fn now(self) -> u64 {
        self.capabilities.clock.now().as_secs()
    }

    fn read(self, key: &str) -> Result<(Account, Expect), StoreError> {
        let Some(stored) = self.capabilities.state.get(key)? else {
            return Ok((Account::default(), Expect::Absent));
        };
        let account = serde_json::from_slice(&stored.value)
            .map_err(|error| StoreError::Damaged(format!("account: column {}", error.column())))?;
        Ok((account, Expect::Version(stored.version)))
    }

    fn change(
        self,
        key: &str,
        mut change: impl FnMut(&mut Account) -> Result<(), SpendingError>,
    ) -> Result<(), SpendingError> {
        for _ in 0..ATTEMPTS {
            let (mut account, expected) = self.read(key)?;
            account.expire(self.now());
            change(&mut account)?;
            let bytes = serde_json::to_vec(&account)
                .map_err(|error| StoreError::Other(error.to_string()))?;
            let value = NewValue {
                bytes: &bytes,
                ttl_seconds: Some(ACCOUNT_TTL_SECONDS),
            };
            if let Outcome::Done(_) = self.capabilities.state.put(key, value, expected)? {
                return Ok(());
            }
        }
        Err(StoreError::Other("an account changes too fast".to_owned()).into())
    }
}

impl Account {
    /// Whoever reserved and did not come back may have spent it.
    fn expire(&mut self, now: u64) {
        let expired = self.reserved.iter().filter(|one| one.until < now);
        let micros = expired.map(|one| one.micros).fold(0, u64::saturating_add);
        self.spent_micros = self.spent_micros.saturating_add(micros);
        self.reserved.retain(|one| one.until >= now);
    }
}

impl Reservation<'_> {
    /// Gives back what was set aside, and books what was spent. What cannot be booked counts with
    /// the reserved amount in the end.
    pub fn settle(self, spent: Usd) {
        for key in &self.keys {
            let booked = self.spending.change(key, |account| {
                account.reserved.retain(|one| one.id != self.id);
                account.spent_micros = account.spent_micros.saturating_add(spent.micros);
                Ok(())
            });
            if let Err(error) = booked {
                let log = self.spending.capabilities.log;
                log.error(&format!(
                    "spending not booked: {} micros: {error}",
                    spent.micros
                ));
            }
        }
    }
}

/// An amount for people.
pub fn dollars(amount: Usd) -> String {
    let dollars = amount.dollars();
    if amount.micros == 0 || dollars >= 0.01 {
        format!("${dollars:.2}")
    } else {
        format!("${dollars:.4}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::Memory;

    const CENT: Usd = Usd { micros: 10_000 };

    fn account<'a>(memory: &'a Memory, subject: &str) -> Spending<'a> {
        Spending::new(memory.capabilities(), Some(Subject::of(subject)))
    }

    #[test]
    fn what_is_reserved_cannot_be_spent_twice() {
        let memory = Memory::new().with_setting("BUDGET_USD_PER_SUBJECT", "0.02");
        let anna = account(&memory, "anna");
        let first = anna.reserve(CENT).unwrap();
        let second = anna.reserve(CENT).unwrap();
        assert!(matches!(
            anna.reserve(CENT),
            Err(SpendingError::Exceeded { .. })
        ));
        assert!(
            account(&memory, "bert").reserve(CENT).is_ok(),
            "a budget is each one's own"
        );
        first.settle(Usd::default());
        anna.reserve(CENT).unwrap().settle(CENT);
        second.settle(CENT);
        assert_eq!(anna.spent().unwrap(), CENT + CENT);
        let text = anna.reserve(CENT).err().unwrap().to_string();
        assert!(text.starts_with("this would cost about $0.01, and $0.00 of the budget of $0.02 for each user this month is left"), "{text}");
    }

    #[test]
    fn all_share_the_budget_of_the_tenant() {
        let memory = Memory::new()
            .with_setting("BUDGET_USD_PER_SUBJECT", "1")
            .with_setting("BUDGET_USD_PER_TENANT", "0.015");
        account(&memory, "anna").reserve(CENT).unwrap().settle(CENT);
        let refused = account(&memory, "bert").reserve(CENT);
        assert!(matches!(
            refused,
            Err(SpendingError::Exceeded {
                whose: "all users",
                ..
            })
        ));
        // What was refused by one account is not kept by the other.
        assert!(
            account(&memory, "bert")
                .reserve(Usd { micros: 4000 })
                .is_ok()
        );
        assert_eq!(account(&memory, "bert").spent().unwrap(), Usd::default());
    }

    #[test]
    fn what_nobody_settles_counts_as_spent() {
        let memory = Memory::new().with_setting("BUDGET_USD_PER_SUBJECT", "0.01");
        let anna = account(&memory, "anna");
        drop(anna.reserve(CENT).unwrap());
        memory.advance(Duration::from_secs(RESERVATION_SECONDS + 1));
        assert!(matches!(
            anna.reserve(CENT),
            Err(SpendingError::Exceeded { .. })
        ));
    }

    #[test]
    fn a_new_period_begins_with_nothing_spent() {
        for (period, days) in [("day", 1), ("month", 31)] {
            let memory = Memory::new()
                .with_setting("BUDGET_USD_PER_SUBJECT", "0.01")
                .with_setting("BUDGET_PERIOD", period);
            let anna = account(&memory, "anna");
            anna.reserve(CENT).unwrap().settle(CENT);
            assert!(anna.reserve(CENT).is_err(), "{period}");
            memory.advance(Duration::from_secs(days * 24 * 60 * 60));
            assert!(anna.reserve(CENT).is_ok(), "{period}");
        }
    }

    #[test]
    fn a_budget_that_cannot_be_read_lets_nothing_pass() {
        for text in ["ten", "-1", "NaN", "inf"] {
            let memory = Memory::new().with_setting("BUDGET_USD_PER_TENANT", text);
            let refused = account(&memory, "anna").reserve(CENT);
            assert!(
                matches!(refused, Err(SpendingError::Misconfigured)),
                "{text}"
            );
        }
    }
}
