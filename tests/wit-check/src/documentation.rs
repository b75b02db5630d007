//! Every interface, world, type, function and case of our contracts says what it means. Fields of a
//! record may be left to their names.

use wit_parser::{Docs, Resolve, TypeDef, TypeDefKind};

use crate::contracts::Contracts;

/// Undocumented items of our packages, one sentence each.
#[must_use]
pub fn faults(contracts: &Contracts) -> Vec<String> {
    let resolve = &contracts.resolve;
    let mut missing = Missing(Vec::new());
    for package in contracts
        .packages
        .iter()
        .filter_map(|id| resolve.packages.get(*id))
    {
        for (name, id) in &package.worlds {
            if let Some(world) = resolve.worlds.get(*id) {
                missing.check(&world.docs, || format!("world `{}/{name}`", package.name));
            }
        }
        for (name, id) in &package.interfaces {
            let Some(interface) = resolve.interfaces.get(*id) else {
                continue;
            };
            let place = format!("{}/{name}", package.name);
            missing.check(&interface.docs, || format!("interface `{place}`"));
            for function in interface.functions.values() {
                missing.check(&function.docs, || {
                    format!("function `{place}.{}`", function.name)
                });
            }
            for (name, ty) in interface
                .types
                .iter()
                .filter_map(|(name, id)| Some((name, resolve.types.get(*id)?)))
            {
                missing.check_type(resolve, ty, &format!("{place}.{name}"));
            }
        }
    }
    missing.0
}

struct Missing(Vec<String>);

impl Missing {
    fn check(&mut self, docs: &Docs, what: impl Fn() -> String) {
        if docs
            .contents
            .as_deref()
            .is_none_or(|text| text.trim().is_empty())
        {
            self.0.push(format!("undocumented: {}", what()));
        }
    }

    fn check_type(&mut self, resolve: &Resolve, ty: &TypeDef, place: &str) {
        if is_used_from_elsewhere(resolve, ty) {
            return;
        }
        self.check(&ty.docs, || format!("type `{place}`"));
        let cases: Vec<(&str, &Docs)> = match &ty.kind {
            TypeDefKind::Variant(variant) => variant
                .cases
                .iter()
                .map(|case| (case.name.as_str(), &case.docs))
                .collect(),
            TypeDefKind::Enum(choice) => choice
                .cases
                .iter()
                .map(|case| (case.name.as_str(), &case.docs))
                .collect(),
            TypeDefKind::Flags(flags) => flags
                .flags
                .iter()
                .map(|flag| (flag.name.as_str(), &flag.docs))
                .collect(),
            _ => Vec::new(),
        };
        for (name, docs) in cases {
            self.check(docs, || format!("case `{place}.{name}`"));
        }
    }
}

/// Whether `use` brought the type here: it is documented where it is defined.
fn is_used_from_elsewhere(resolve: &Resolve, ty: &TypeDef) -> bool {
    let TypeDefKind::Type(wit_parser::Type::Id(id)) = ty.kind else {
        return false;
    };
    resolve
        .types
        .get(id)
        .is_some_and(|origin| origin.owner != ty.owner)
}

#[cfg(test)]
mod tests {
    use wit_parser::Resolve;

    use super::faults;
    use crate::contracts::Contracts;

    fn faults_of(wit: &str) -> Vec<String> {
        let mut resolve = Resolve::new();
        let packages = vec![resolve.push_source("case.wit", wit).unwrap()];
        faults(&Contracts { resolve, packages })
    }

    #[test]
    fn a_documented_package_has_no_faults() {
        let wit = "package a:b@0.1.0;
            /// Shared.
            interface types {
              /// Why.
              enum level {
                /// Low.
                low,
              }
              /// Fields may speak for themselves.
              record pair { first: u8, second: u8 }
            }
            /// What `use` brings needs no second documentation.
            interface user {
              use types.{level};
              /// Acts.
              act: func(level: level);
            }";
        assert_eq!(faults_of(wit), Vec::<String>::new());
    }

    #[test]
    fn each_undocumented_item_is_named() {
        let wit = "package a:b@0.1.0;
            interface i {
              enum level { low }
              variant choice { one(u8) }
              flags switches { on }
              act: func();
            }
            world w { import i; }";
        let expected = [
            "world `a:b@0.1.0/w`",
            "interface `a:b@0.1.0/i`",
            "function `a:b@0.1.0/i.act`",
            "type `a:b@0.1.0/i.level`",
            "case `a:b@0.1.0/i.level.low`",
            "type `a:b@0.1.0/i.choice`",
            "case `a:b@0.1.0/i.choice.one`",
            "type `a:b@0.1.0/i.switches`",
            "case `a:b@0.1.0/i.switches.on`",
        ];
        assert_eq!(
            faults_of(wit),
            expected.map(|item| format!("undocumented: {item}"))
        );
    }
}
